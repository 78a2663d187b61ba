"""Instructions to send: from who is to hear of what, to rows of the message table, many at a time."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from mailcall.database.rows import insert_rows, new_row
from mailcall.desk.events import Origin
from mailcall.desk.models import Attachment, Call, EntryKind, Partition, Person, TimelineEntry
from mailcall.desk.state_names import state_names
from mailcall.message import comparable, without_detail
from mailcall.outbound.budget import Budget
from mailcall.outbound.echoes import Echoes
from mailcall.outbound.message_types import Audience, MessageType
from mailcall.outbound.models import Delivery, DeliveryState, DigestItem, Message, Notice, NotTold
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.recipients import Recipient, Work, kind_of, partition_of
from mailcall.outbound.snapshots import snapshot, subject_about
from mailcall.outbound.suppressing import fail_suppressed
from mailcall.outbound.telling import Copy, Later, tell
from mailcall.outbound.telling_authors import tell_authors
from mailcall.outbound.template_map import Choice, chosen
from mailcall.outbound.threads import new_message_id, signing_keys

THREAD_MAILS = 10  # of a call, request or task that a mail about it refers to
SHORT_TEXT = 300  # characters of what was said, where many notices share a mail
MOST_AT_ONCE = 100  # mails that may have come on one with those that are told of together


@dataclass(slots=True)
class Instruction:
    """One mail to put into the table.

    `data` is what its template needs besides what any mail about this work has. `approval` is the number of
    the one that it is about. Those in `to` may have a reason why they are not told. `by_mail` is what
    somebody said who was asked whether mail goes out. Nothing leaves before `due_at`. What a person wrote
    may have a subject, a sender (name, address) and a mail that it `answers`, by Message-ID, of its own.
    """

    kind: MessageType
    about: Work
    entry: TimelineEntry
    origin: Origin
    to: Sequence[Recipient]
    why: str
    cc: Sequence[Recipient] = ()
    bcc: Sequence[Recipient] = ()
    author: Person | None = None
    to_staff: bool = False
    by_mail: bool | None = None
    due_at: dt.datetime | None = None
    data: dict[str, Any] = field(default_factory=dict)
    approval: int | None = None
    prefix: str = ""
    subject: str = ""
    sender: tuple[str, str] | None = None
    answers: str = ""
    withheld: str = ""

    @property
    def mail(self) -> MailOrigin | None:
        """The mail that caused it, if one did."""
        return self.origin.context if isinstance(self.origin.context, MailOrigin) else None

    @property
    def audience(self) -> Audience:
        """Who is told: of what Users hear, those in charge may hear, too."""
        return Audience.STAFF if self.to_staff else self.kind.audience

    @property
    def everybody(self) -> list[Recipient]:
        """All whom it is for."""
        return [*self.to, *self.cc, *self.bcc]

    @property
    def partition(self) -> Partition:
        """Whose mail it is."""
        return partition_of(self.about)


def put(instructions: Sequence[Instruction]) -> None:
    """Put these into the message table, with one query for each kind of row; those to nobody are left out."""
    instructions = [instruction for instruction in instructions if instruction.to]
    if not instructions:
        return
    now = timezone.now()
    told = tell(instructions, now)
    insert_rows(_not_told(told.not_told))
    if told.notices:
        insert_rows(_notice(instruction, person, now) for instruction, person in told.notices)
    if told.later:
        insert_rows(_digest_item(later, now) for later in told.later)
    if told.copies:
        _put_mails(told.copies, now)


def _put_mails(copies: Sequence[Copy], now: dt.datetime) -> None:
    sent = list({id(copy.instruction): copy.instruction for copy in copies}.values())
    _budget([instruction for instruction in sent if instruction.mail], now)
    context = _Context.of(sent)
    messages = [_message(copy, context) for copy in copies]
    insert_rows(messages)
    deliveries = [
        new_row(
            Delivery,
            message_id=message.pk,
            partition_id=message.partition_id,
            recipient=address,
            automatic=message.automatic,
            created_at=now,
            due_at=copy.due_at,
            stranger=without_detail(address) if _is_to_stranger(copy.instruction) else "",
            state=DeliveryState.WITHHELD if copy.instruction.withheld else DeliveryState.QUEUED,
            reply=copy.instruction.withheld,
        )
        for message, copy in zip(messages, copies, strict=True)
        for address in dict.fromkeys(comparable(r.address) for r in (*copy.to, *copy.cc, *copy.bcc))
    ]
    failed = fail_suppressed(deliveries, now)
    insert_rows(deliveries)
    tell_authors(failed)


def _not_told(left_out: Sequence[tuple[Instruction, Recipient]]) -> Iterator[NotTold]:
    for instruction, recipient in left_out:
        yield new_row(
            NotTold,
            entry_id=instruction.entry.pk,
            type_code=instruction.kind.code,
            who=(recipient.name or recipient.address)[:320],
            reason=recipient.why_not[:300],
        )


def _notice(instruction: Instruction, person: Person, now: dt.datetime) -> Notice:
    return new_row(Notice, person_id=person.pk, **_about(instruction, now))


def _digest_item(later: Later, now: dt.datetime) -> DigestItem:
    recipient = later.recipient
    return new_row(
        DigestItem,
        address=comparable(recipient.address),
        name=recipient.name[:200],
        person_id=recipient.person.pk if recipient.person else None,
        flood=later.flood,
        due_at=later.due_at,
        **_about(later.instruction, now),
    )


def _about(instruction: Instruction, now: dt.datetime) -> dict[str, Any]:
    about = instruction.about
    return {
        "type_code": instruction.kind.code,
        "partition_id": instruction.partition.pk,
        f"{kind_of(about)}_id": about.pk,
        "entry_id": instruction.entry.pk,
        "subject": subject_about(about, instruction.kind.opening),
        "text": " ".join(str(instruction.data.get("text", "")).split())[:SHORT_TEXT],
        "why": instruction.why[:300],
        "created_at": now,
    }


def _budget(by_mail: Sequence[Instruction], now: dt.datetime) -> None:
    """Withhold what mail causes beyond the budgets."""
    if not by_mail:
        return
    answers = [i for i in by_mail if i.kind.answer]
    calls = {i.about.pk for i in answers if isinstance(i.about, Call)}
    strangers = {i.to[0].address.casefold() for i in answers if _is_to_stranger(i)}
    budget = Budget.of({i.to[0].address.casefold() for i in answers}, calls, now, strangers)
    notices = [i for i in by_mail if not (i.kind.answer or i.kind.vital)]
    echoes = Echoes.of([i.about for i in notices], now)
    for instruction in answers:
        call = instruction.about.pk if isinstance(instruction.about, Call) else None
        known = not _is_to_stranger(instruction)
        instruction.withheld = budget.take(instruction.to[0].address.casefold(), call, known=known)
    for instruction in notices:
        instruction.withheld = echoes.take(instruction.about)


def _is_to_stranger(instruction: Instruction) -> bool:
    """Whether it answers somebody of whom nothing but mail that proves nothing is known."""
    return bool(instruction.kind.answer and instruction.mail and not instruction.mail.known)


@dataclass(frozen=True, slots=True)
class _Context:
    """What making several messages needs, asked for all at once."""

    keys: Sequence[bytes]
    threads: Mapping[Work, Sequence[tuple[int, str]]]  # entries and Message-IDs, newest first
    files: Mapping[int, Sequence[str]]  # by entry of the timeline: names of attached files
    state_names: Mapping[int, Mapping[str, str]]  # by partition

    @classmethod
    def of(cls, instructions: Sequence[Instruction]) -> "_Context":
        told = [i for i in instructions if not _is_answer(i)]
        partitions = {i.partition for i in told if isinstance(i.about, Call)}
        return cls(
            signing_keys(),
            _threads({i.about for i in told}),
            _files({i.entry.pk for i in told if "text" in i.data}),
            {partition.pk: state_names(partition) for partition in partitions},
        )


def _is_answer(instruction: Instruction) -> bool:
    return instruction.kind.answer and instruction.mail is not None


def _message(copy: Copy, context: _Context) -> Message:
    instruction = copy.instruction
    kind, about, entry = instruction.kind, instruction.about, instruction.entry
    if instruction.mail and kind.answer:
        in_reply_to = instruction.mail.message_id
        references = " ".join((*instruction.mail.references, in_reply_to))
    else:
        ids = [m for pk, m in context.threads.get(about, ()) if pk <= entry.pk][:THREAD_MAILS]
        if instruction.answers:
            ids = [instruction.answers, *(m for m in ids if m != instruction.answers)]
        in_reply_to, references = (ids[0], " ".join(reversed(ids))) if ids else ("", "")
    partition = instruction.partition
    number, target = about.pk, kind_of(about)
    if instruction.approval:
        number, target = instruction.approval, "approval"
    data = {**snapshot(about, context.state_names.get(partition.pk, {})), **instruction.data}
    if "text" in data:
        data["files"] = list(context.files.get(entry.pk, ()))
    language = copy.language or partition.language
    choice = chosen(
        kind, partition.pk, language, getattr(about, "priority", None), about.group_id, copy.channel
    )
    return new_row(
        Message,
        type_code=kind.code,
        partition_id=partition.pk,
        **{f"{kind_of(about)}_id": about.pk},
        entry_id=entry.pk,
        author_id=instruction.author.pk if instruction.author else None,
        correlation_id=instruction.origin.correlation_id,
        message_id=new_message_id(number, partition.address, context.keys, target),
        in_reply_to=in_reply_to[:998],
        references=references,
        sender=instruction.sender or sender_of(partition),
        to=[recipient.pair for recipient in copy.to],
        cc=[recipient.pair for recipient in copy.cc],
        channel=copy.channel,
        language=choice.language,
        template_version_id=choice.version_id,
        subject=instruction.subject[:500] or _subject(instruction, choice, data),
        data=data,
        automatic=bool(kind.auto_submitted),
        why=instruction.why[:300],
    )


def _subject(instruction: Instruction, choice: Choice, data: Mapping[str, Any]) -> str:
    """The subject of the template, else that which all mails of this type have."""
    kind, about = instruction.kind, instruction.about
    otherwise = f"{instruction.prefix}{subject_about(about, choice.opening(kind))}"[:500]
    return choice.subject_for(kind, data, otherwise=otherwise, tag=f"[{about}]")


def sender_of(partition: Partition) -> tuple[str, str]:
    """Whom a partition's mail is from, as (name, address)."""
    return partition.sender_name or partition.name, partition.address


def _threads(works: Collection[Work]) -> dict[Work, list[tuple[int, str]]]:
    """The last mails received on each of these, as (entry, Message-ID), newest first."""
    found: dict[Work, list[tuple[int, str]]] = defaultdict(list)
    for column in {kind_of(work) for work in works}:
        by_key = {work.pk: work for work in works if kind_of(work) == column}
        place = Window(RowNumber(), partition_by=F(column), order_by=F("pk").desc())
        received = TimelineEntry.objects.filter(
            **{f"{column}__in": list(by_key)}, kind=EntryKind.MAIL_IN
        ).exclude(external_id="")
        last = received.annotate(place=place).filter(place__lte=THREAD_MAILS + MOST_AT_ONCE).order_by("-pk")
        for key, entry, message_id in last.values_list(column, "pk", "external_id"):
            found[by_key[key]].append((entry, message_id))
    return found


def _files(entries: Collection[int]) -> dict[int, list[str]]:
    """The names of the files that hang on each of these entries."""
    found: dict[int, list[str]] = defaultdict(list)
    if entries:
        files = Attachment.objects.filter(entry__in=entries, inline=False).order_by("pk")
        for entry, name in files.values_list("entry", "name"):
            found[entry].append(name)
    return found
