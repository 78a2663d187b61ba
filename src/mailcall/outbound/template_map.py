"""Which template writes a mail: the map of the administrator, kept in memory."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mailcall.config import config
from mailcall.outbound import message_types
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.models import MessageChannel, TemplateRule, TemplateStamp, TemplateVersion, TypeName
from mailcall.outbound.template_use import note_trouble
from mailcall.outbound.templating import builtin
from mailcall.outbound.templating.checking import command_in
from mailcall.outbound.templating.engine import Compiled, TemplateError
from mailcall.outbound.templating.filling import fill_line
from mailcall.outbound.templating.wording import DEFAULT, LANGUAGES, nearest, opening_in

LOOK_EVERY = 1.0  # seconds between two looks whether the map has changed
LONGEST_SUBJECT = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """What writes a mail: a version, or without one the template that Mailcall has, in this language."""

    language: str
    version_id: int | None = None
    subject: Compiled | None = None

    def opening(self, kind: MessageType) -> str:
        """What the subject begins with, if the template has none of its own."""
        return opening_in(self.language, kind.opening)

    def subject_for(
        self, kind: MessageType, values: Mapping[str, Any], *, otherwise: str, tag: str = ""
    ) -> str:
        """The template's own behind the tag; `otherwise` where it has none, or none that may be sent."""
        if self.subject is None:
            return otherwise
        try:
            own = fill_line(self.subject, kind, self.language, values)
        except TemplateError as error:
            note_trouble(self.version_id, error)
            return otherwise
        if not own or command_in(own):  # the data may make a command of it
            return otherwise
        return f"{tag} {own}".strip()[:LONGEST_SUBJECT] if tag not in own else own[:LONGEST_SUBJECT]


@dataclass(frozen=True, slots=True)
class _Rule:
    template: int
    partition: int | None
    language: str
    priority: int | None
    group: int | None

    def fits(self, partition: int, language: str, priority: int | None, group: int | None) -> bool:
        return (
            self.partition in {None, partition}
            and self.priority in {None, priority}
            and self.group in {None, group}
            and (not self.language or bool(nearest(language, [self.language])))
        )


@dataclass(frozen=True, slots=True)
class _Map:
    """All rules and the newest versions: few, since people write them."""

    stamp: str = ""
    rules: Mapping[tuple[int, str], Sequence[_Rule]] = field(default_factory=dict)
    versions: Mapping[int, Mapping[str, Choice]] = field(default_factory=dict)  # by template and language
    names: Mapping[int, str] = field(default_factory=dict)  # of message types


class _Kept:
    """The map of this process, and when it was last looked whether it has changed."""

    map = _Map()
    looked_at = float("-inf")


def chosen(  # noqa: PLR0917  what mails are told apart by
    kind: MessageType,
    partition_id: int,
    language: str = "",
    priority: int | None = None,
    group_id: int | None = None,
    channel: str = MessageChannel.EMAIL,
) -> Choice:
    """What writes a mail of this type, for a reader of this language.

    The languages are tried from the reader's own, less and less particular, to the desk's and English.
    """
    known, desk = _current(), config().language
    language = language or desk
    for rule in known.rules.get((kind.code, channel), ()):
        found = known.versions.get(rule.template)
        if found and rule.fits(partition_id, language, priority, group_id):
            return found[_best(language, desk, found)]
    return _builtin(language, desk)


def name_of(code: int) -> str:
    """A message type as the administrator calls it, with its code: `1001 Call - Logged`."""
    own = _current().names.get(code)
    return f"{code} {own}" if own else message_types.name_of(code)


def forget() -> None:
    """Look at the tables with the next question."""
    _Kept.map, _Kept.looked_at = _Map(), float("-inf")


@lru_cache(maxsize=1_000)
def _builtin(language: str, desk: str) -> Choice:
    return Choice(_best(language, desk, LANGUAGES))


def _best(language: str, desk: str, among: Mapping[str, Any]) -> str:
    for wanted in (language, desk, DEFAULT):
        if best := nearest(wanted, among):
            return best
    return next(iter(among))


def _current() -> _Map:
    now = time.monotonic()
    if now - _Kept.looked_at >= LOOK_EVERY:
        stamp = TemplateStamp.now()
        if stamp != _Kept.map.stamp:
            _Kept.map = _read(stamp)
        _Kept.looked_at = now
    return _Kept.map


def _read(stamp: str) -> _Map:
    rules: dict[tuple[int, str], list[_Rule]] = defaultdict(list)
    for rule in TemplateRule.objects.select_related("template"):
        key = rule.type_code, rule.template.channel
        own = _Rule(rule.template_id, rule.partition_id, rule.language, rule.priority, rule.group_id)
        rules[key].append(own)
    versions: dict[int, dict[str, Choice]] = defaultdict(dict)
    used = {own.template for some in rules.values() for own in some}
    rows = TemplateVersion.objects.filter(template__in=used).order_by("template", "language", "number")
    for row in rows.only("template", "language", "number", "subject"):
        versions[row.template_id][row.language] = Choice(row.language, row.pk, _subject(row))
    return _Map(stamp, rules, versions, dict(TypeName.objects.values_list("type_code", "name")))


def _subject(version: TemplateVersion) -> Compiled | None:
    if not version.subject.strip():
        return None
    try:
        return builtin.engine("txt", version.language).compile(version.subject)
    except TemplateError as error:
        note_trouble(version.pk, error)
        return None
