"""Words kept ready for analysts' mails: templates and texts, filled with what the mail is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mailcall.config import config
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call
from mailcall.desk.state_names import state_names
from mailcall.outbound.letters import people_with
from mailcall.outbound.message_types import WRITTEN_BY_HAND, MessageType
from mailcall.outbound.models import (
    Draft,
    DraftKind,
    Snippet,
    Template,
    TemplateChannel,
    TemplateRule,
    TemplateVersion,
)
from mailcall.outbound.quoting import split_quote
from mailcall.outbound.recipients import Work, kind_of, partition_of
from mailcall.outbound.snapshots import MOST_TEXT, snapshot, subject_about
from mailcall.outbound.template_use import note_trouble
from mailcall.outbound.templating import builtin
from mailcall.outbound.templating.checking import command_in
from mailcall.outbound.templating.engine import TemplateError
from mailcall.outbound.templating.filling import compile_template, data_for, fill, fill_line
from mailcall.outbound.templating.wording import DEFAULT, LANGUAGES, nearest
from mailcall.outbound.typed_addresses import read_typed


@dataclass(frozen=True, slots=True)
class Words:
    """What is put into a mail. The subject is empty where it stays as it is."""

    text: str
    subject: str = ""


def templates_for(about: Work) -> dict[int, str]:
    """The templates that a mail about this can begin with, by key: its message type's, for mail.

    Those that the map names stand around each such mail anyway, so they are not offered.
    """
    kind = WRITTEN_BY_HAND[kind_of(about)]
    around = TemplateRule.objects.filter(type_code=kind.code).values("template")
    rows = Template.objects.filter(type_code=kind.code, channel=TemplateChannel.EMAIL, versions__isnull=False)
    return dict(rows.exclude(pk__in=around).distinct().values_list("pk", "name"))


def words_of_template(key: int, draft: Draft) -> Words:
    """What a template says about the work of a draft, in its reader's language.

    Raises Refused when it can't be chosen, or says nothing that can be sent.
    """
    about = draft.about
    name = templates_for(about).get(key)
    if name is None:
        raise Refused("Choose a template.")
    kind, values = WRITTEN_BY_HAND[kind_of(about)], _values(draft)
    version = _version(key, language_of(draft))
    try:
        text = fill(compile_template(version.language, version.html, version.text), kind, values).text
        subject = _subject(version, kind, values)
    except TemplateError as error:
        note_trouble(version.pk, error)
        raise _unusable(f"The template {name}", error) from error
    return Words(text.strip(), subject)


def words_of_snippet(snippet: Snippet, draft: Draft) -> Words:
    """What a text says about the work of a draft. Raises Refused when it can't be filled."""
    kind = WRITTEN_BY_HAND[kind_of(draft.about)]
    language = nearest(snippet.language or language_of(draft), LANGUAGES)
    try:
        source = builtin.engine("txt", language).compile(snippet.text)
        return Words(source.filled(data_for(kind, language, _values(draft))).strip())
    except TemplateError as error:
        raise _unusable(f"The text {snippet}", error) from error


def put_into(draft: Draft, words: Words) -> dict[str, str]:
    """The fields of a draft with these words: below what was written, above what is quoted.

    A subject that somebody typed stays. Raises Refused when it is more than a mail may have.
    """
    own, quote = split_quote(draft.text)
    text = "\n\n".join(part for part in (own, words.text, quote) if part)
    if len(text) > MOST_TEXT:
        raise Refused(f"With it the mail would be longer than {MOST_TEXT:,} characters.")
    fields = {"text": text}
    if words.subject and draft.kind == DraftKind.NEW and draft.subject == subject_about(draft.about):
        fields["subject"] = words.subject
    return fields


def _values(draft: Draft) -> dict[str, Any]:
    """What every mail about this may tell, and who writes; their name is put below what they write anyway."""
    about = draft.about
    names = state_names(partition_of(about)) if isinstance(about, Call) else {}
    return {**snapshot(about, names), "writer": draft.author.name}


def language_of(draft: Draft) -> str:
    """That of the first reader who is on record, else the partition's, else the desk's."""
    boxes = read_typed(draft.to).mailboxes[:1]
    people = people_with([address for _, address in boxes])
    own = next((one.language for one in people.values() if one.language), "")
    return own or partition_of(draft.about).language or config().language


def _version(key: int, language: str) -> TemplateVersion:
    """The newest in the best language that there is."""
    rows = TemplateVersion.objects.filter(template=key).order_by("number")
    by_language = {row.language: row for row in rows}
    for wanted in (language, config().language, DEFAULT):
        if best := nearest(wanted, by_language):
            return by_language[best]
    return next(iter(by_language.values()))


def _subject(version: TemplateVersion, kind: MessageType, values: Mapping[str, Any]) -> str:
    if not version.subject.strip():
        return ""
    compiled = builtin.engine("txt", version.language).compile(version.subject)
    subject = fill_line(compiled, kind, version.language, values)[:500]
    return "" if command_in(subject) else subject  # the data may make a command of it


def _unusable(what: str, error: TemplateError) -> Refused:
    return Refused(f"{what} can't be put in, and nothing you typed is lost: {error}")
