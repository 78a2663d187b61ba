"""Drafts of analysts' mails: begun from what they answer, saved as they are typed, never lost."""

import contextlib
import datetime as dt
import mimetypes
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, ProtectedError, Q, QuerySet
from django.utils import timezone

from mailcall.desk.changes import NewFile, new_file
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Attachment,
    Content,
    EntryKind,
    Partition,
    Person,
    Request,
    Task,
    TimelineEntry,
)
from mailcall.message import comparable, without_detail
from mailcall.message.file_names import safe_name
from mailcall.outbound.addressing import user_of
from mailcall.outbound.letters import MOST_BYTES, MOST_FILES, refuse_files, senders
from mailcall.outbound.models import Draft, DraftFile, DraftKind, SenderKind, Snippet
from mailcall.outbound.quoting import forwarded, quoted
from mailcall.outbound.ready_words import language_of
from mailcall.outbound.recipients import Work, kind_of, partition_of
from mailcall.outbound.snapshots import moment, subject_about
from mailcall.outbound.templating.phrases import Phrase, said
from mailcall.outbound.templating.wording import moment_in
from mailcall.outbound.typed_addresses import Mailbox, all_as_typed, as_typed

TYPED = ("sender", "to", "cc", "bcc", "subject", "text")  # the fields that are saved as they are typed
PREFIXES = {DraftKind.REPLY: "Re: ", DraftKind.REPLY_ALL: "Re: ", DraftKind.FORWARD: "Fwd: "}
TWICE = dt.timedelta(minutes=2)  # within which the same mail once more is a slip


class Moved(Refused):
    """A draft that was changed elsewhere since the page was made."""


@dataclass(frozen=True, slots=True)
class Correspondents:
    """Whom an answer goes to, None where the author's own mail is answered; and who else got the mail."""

    sender: Mailbox | None
    to: Sequence[Mailbox] = ()
    cc: Sequence[Mailbox] = ()


def begin(
    author: Person,
    about: Work,
    kind: DraftKind = DraftKind.NEW,
    *,
    answers: TimelineEntry | None = None,
    between: Correspondents | None = None,
) -> Draft:
    """A new draft; one that answers or forwards a mail has its people, its words as a quote, its files.

    Raises Refused for an internal entry: what was said among analysts is never quoted.
    """
    if answers and (answers.internal or answers.kind not in {EntryKind.MAIL_IN, EntryKind.MAIL_OUT}):
        raise Refused("Only a mail that was not internal can be answered or forwarded.")
    draft = Draft(
        author=author,
        **{kind_of(about): about},
        kind=kind if answers else DraftKind.NEW,
        answers=answers,
        sender=next(iter(senders(author, partition_of(about))), SenderKind.PARTITION),
        subject=f"{PREFIXES.get(kind, '') if answers else ''}{subject_about(about)}"[:500],
    )
    if answers and between:
        _take_over(draft, answers, between)
    elif not isinstance(about, Task):
        user = user_of(about)
        draft.to = as_typed(user.name, user.email)
    with transaction.atomic():
        draft.save()
        if answers and draft.kind == DraftKind.FORWARD:
            attach_from(draft, list(_files_of(answers).values_list("pk", flat=True)[:MOST_FILES]))
            Draft.objects.filter(pk=draft.pk).update(version=1)
            draft.version = 1
    return draft


def _take_over(draft: Draft, answers: TimelineEntry, between: Correspondents) -> None:
    sender = [between.sender] if between.sender else []
    if draft.kind == DraftKind.FORWARD:
        language = language_of(draft)
        fields = [
            (Phrase.FROM, all_as_typed(sender) or answers.actor_name),
            (Phrase.DATE, _when(draft, answers, language)),
            (Phrase.SUBJECT, answers.subject),
            (Phrase.TO, all_as_typed(between.to)),
            (Phrase.CC, all_as_typed(between.cc)),
        ]
        draft.text = "\n\n" + forwarded(answers.text, fields, language)
        return
    to, cc = (sender, ()) if sender else (between.to, between.cc)
    if draft.kind == DraftKind.REPLY_ALL and sender:
        to, cc = [*sender, *between.to], between.cc
    own = _own_addresses(draft.author)
    draft.to = all_as_typed(_but(own, to) or sender)
    if draft.kind == DraftKind.REPLY_ALL:
        draft.cc = all_as_typed(_but(own | {comparable(address) for _, address in to}, cc))
    language = language_of(draft)
    who, when = answers.actor_name or said(Phrase.SOMEBODY, language), _when(draft, answers, language)
    draft.text = "\n\n" + quoted(answers.text, who=who, when=when, language=language)


def _when(draft: Draft, answers: TimelineEntry, language: str) -> str:
    """When a mail came or went, by its author's clock, in the words of a language."""
    return moment_in(language, moment(answers.at, draft.author))


def _own_addresses(author: Person) -> set[str]:
    """The addresses of the desk, and of who answers: an answer to all goes to none of them."""
    desk = Partition.objects.values_list("address", flat=True)
    further = author.addresses.values_list("address", flat=True)
    return {comparable(address) for address in (author.email, *desk, *further)}


def _but(own: Collection[str], boxes: Iterable[Mailbox]) -> list[Mailbox]:
    found = {
        comparable(address): (name, address)
        for name, address in boxes
        if not {comparable(address), without_detail(comparable(address))} & set(own)
    }
    return list(found.values())


def save(
    draft: Draft, typed: Mapping[str, str], *, version: int, tab: str = "", anyway: bool = False
) -> Draft:
    """Keep what was typed on a page that was made of `version`; the draft as it is now.

    Raises Moved when it was changed since, elsewhere than in the same `tab` of a browser, unless `anyway`;
    Refused when it is sent, or waits for its time.
    """
    with transaction.atomic():
        current = locked(draft)
        refuse_closed(current)
        if all(getattr(current, name) == typed.get(name, getattr(current, name)) for name in TYPED):
            return current
        if current.version != version and current.tab != tab and not anyway:
            at = timezone.localtime(current.updated_at)
            raise Moved(f"This draft was changed in another tab or window at {at:%H:%M:%S}.")
        for name in TYPED:
            setattr(current, name, typed.get(name, getattr(current, name)))
        current.tab = tab
        _touch(current, "tab", *TYPED)
    return current


def copy_of(draft: Draft, typed: Mapping[str, str]) -> Draft:
    """What was typed, as a draft of its own, with the same files."""
    with transaction.atomic():
        files = list(draft.files.all())
        made = Draft(
            author=draft.author,
            **{kind_of(draft.about): draft.about},
            kind=draft.kind,
            answers=draft.answers,
            version=2,
            **{name: typed.get(name, getattr(draft, name)) for name in TYPED},
        )
        made.save()
        for file in files:
            file.pk, file.draft, file._state.adding = None, made, True
            file.save()
    return made


def locked(draft: Draft) -> Draft:
    """The draft as it is now, locked. Raises Refused when it is gone."""
    rows = Draft.objects.select_for_update(of=("self",)).select_related("author")
    current = rows.filter(pk=draft.pk).first()
    if current is None:
        raise Refused("This draft was thrown away.")
    return current


def refuse_closed(draft: Draft) -> None:
    """Raise Refused unless the draft can be written on."""
    if draft.sent_at:
        raise Refused("This mail was sent.")
    if draft.send_at:
        raise Refused(f"This mail leaves by itself {moment(draft.send_at, draft.author)}. Stop that first.")


def attach(draft: Draft, files: Sequence[tuple[str, bytes]]) -> None:
    """Add files, as (name, bytes). Raises Refused when they are too many or too big."""
    kept = [_file(*file) for file in files]
    with transaction.atomic():
        current = locked(draft)
        refuse_closed(current)
        refuse_files([*files_of(current), *kept])
        for file in kept:
            content, _ = Content.objects.get_or_create(
                sha256=file.sha256, defaults={"size": file.size, "data": file.data}
            )
            DraftFile.objects.create(
                draft=current, content=content, name=file.name, content_type=file.content_type
            )
        _touch(current)


def _file(name: str, data: bytes) -> NewFile:
    if len(data) > MOST_BYTES:
        raise Refused(f"{safe_name(name)} is too big: {MOST_BYTES // 2**20} MB is the most for one mail.")
    name = safe_name(name) or "attachment"
    return new_file(name, mimetypes.guess_type(name)[0] or "application/octet-stream", data)


def attach_from(draft: Draft, keys: Collection[int]) -> None:
    """Add files that came or went with mails about the same; others, and internal ones, are passed over."""
    with transaction.atomic():
        current = locked(draft)
        refuse_closed(current)
        wanted = list(offered_files(current.about).filter(pk__in=keys))
        refuse_files(
            [*files_of(current), *(_as_new(one.name, one.content_type, one.content) for one in wanted)]
        )
        for one in wanted:
            DraftFile.objects.create(
                draft=current,
                content=one.content,
                name=one.name,
                content_type=one.content_type,
                warning=one.warning,
            )
        if wanted:
            _touch(current)


def detach(draft: Draft, key: int) -> None:
    """Take a file away. Doing it again is no error."""
    with transaction.atomic():
        current = locked(draft)
        refuse_closed(current)
        files = current.files.filter(pk=key)
        contents = list(files.values_list("content", flat=True))
        files.delete()
        _forget_contents(contents)
        _touch(current)


def offered_files(about: Work) -> "QuerySet[Attachment]":
    """The files that may go with a mail about this: those of mails that were not internal."""
    on = Q(**{f"entry__{kind_of(about)}": about})
    if isinstance(about, Request):
        on |= Q(entry__task__request=about)
    files = Attachment.objects.filter(on, entry__internal=False, inline=False)
    return files.select_related("content").defer("content__data").order_by("pk")


def _files_of(entry: TimelineEntry) -> "QuerySet[Attachment]":
    return entry.attachments.filter(inline=False).order_by("pk")


def files_of(draft: Draft) -> list[NewFile]:
    """The files of a draft, for a letter; their bytes are stored already."""
    rows = draft.files.select_related("content").defer("content__data").order_by("pk")
    return [_as_new(row.name, row.content_type, row.content, row.warning) for row in rows]


def _as_new(name: str, content_type: str, content: Content, warning: str = "") -> NewFile:
    return NewFile(name, content_type, None, content.sha256, content.size, warning=warning)


def snippets_for(about: Work) -> "QuerySet[Snippet]":
    """The texts that can be put into a mail about this."""
    return Snippet.objects.filter(partition=None) | Snippet.objects.filter(partition=partition_of(about))


def sent_lately(draft: Draft) -> bool:
    """Whether its author sent the very same a moment ago: a form that was sent twice."""
    same = {"author": draft.author, kind_of(draft.about): draft.about, "to": draft.to, "cc": draft.cc}
    sent = Draft.objects.filter(sent_at__gt=timezone.now() - TWICE, text=draft.text, **same)
    return sent.exclude(pk=draft.pk).exists()


def of_author(author: Person) -> "QuerySet[Draft]":
    """The drafts of somebody that are not sent; but for those that nobody typed into."""
    owners = ("call__partition", "request__partition", "task__call__partition", "task__request__partition")
    return Draft.objects.filter(author=author, sent_at=None).exclude(version=1).select_related(*owners)


def forget(drafts: "QuerySet[Draft]") -> int:
    """Throw these away with what only they have; how many."""
    with transaction.atomic():
        keys = list(drafts.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        contents = list(DraftFile.objects.filter(draft__in=keys).values_list("content", flat=True))
        Draft.objects.filter(pk__in=keys).delete()
        _forget_contents(contents)
    return len(keys)


def _forget_contents(contents: Collection[int]) -> None:
    """Bytes that nothing names any more; what is in the file storage is found there as named by nothing."""
    for key in set(contents):
        with contextlib.suppress(ProtectedError), transaction.atomic():
            Content.objects.filter(pk=key).only("pk").delete()


def _touch(draft: Draft, *fields: str) -> None:
    draft.version, draft.updated_at, draft.problem = F("version") + 1, timezone.now(), ""
    draft.save(update_fields=["version", "updated_at", "problem", *fields])
    draft.refresh_from_db(fields=["version"])


def untyped_before(moment: dt.datetime) -> "QuerySet[Draft]":
    """Drafts that were begun before this moment, and that nobody typed into."""
    return Draft.objects.filter(version=1, sent_at=None, send_at=None, created_at__lt=moment)
