"""From what happened on the desk to rows of the message table, in the same transaction.

One function for each kind of event says who hears of it; `on_events` puts all their mails into the table
with one query for each kind of row.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from mailcall.config import config
from mailcall.database.rows import insert_rows, new_row
from mailcall.desk import events
from mailcall.desk.errors import Refused
from mailcall.desk.models import Attachment, Call, EntryKind, Group, Person, TimelineEntry
from mailcall.message import address_ok, comparable
from mailcall.message.subjects import strip_prefixes
from mailcall.message.thread_ids import without_tags
from mailcall.outbound import message_types
from mailcall.outbound.budget import Budget
from mailcall.outbound.echoes import Echoes
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.models import Delivery, DeliveryState, Message
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.threads import new_message_id, signing_keys

THREAD_MAILS = 10  # of a call that a mail about it refers to
MOST_AT_ONCE = 100  # mails that may have come on a call with those that are told of together

Recipient = tuple[str, str]


@dataclass(slots=True)
class _Instruction:
    """One mail to put into the table."""

    kind: MessageType
    event: events.Event
    to: Sequence[Recipient]
    why: str
    cc: Sequence[Recipient] = ()
    author: Person | None = None
    data: dict[str, Any] = field(default_factory=dict)
    withheld: str = ""


def on_events(happened: Sequence[events.Event]) -> None:
    """Put into the message table what these events cause."""
    groups = _Groups()
    instructions = [i for event in happened for i in _instructions(event, groups) if i.to]
    if not instructions:
        return
    now = timezone.now()
    by_mail = [i for i in instructions if isinstance(i.event.origin.context, MailOrigin)]
    if by_mail:
        answered = {i.to[0][1].casefold() for i in by_mail if i.kind.answer}
        budget = Budget.of(answered, {i.event.call.pk for i in by_mail}, now)
        echoes = Echoes.of([i.event.call for i in by_mail if not i.kind.answer], now)
        for instruction in by_mail:
            call = instruction.event.call
            if instruction.kind.answer:
                instruction.withheld = budget.take(instruction.to[0][1].casefold(), call.pk)
            else:
                instruction.withheld = echoes.take(call)
    context = _Context(
        signing_keys(),
        _threads({i.event.call.pk for i in instructions if not _is_answer(i)}),
        _files({i.event.entry.pk for i in instructions if i.kind is not message_types.CALL_LOGGED}),
    )
    messages = [_message(instruction, context) for instruction in instructions]
    insert_rows(messages)
    insert_rows(
        new_row(
            Delivery,
            message_id=message.pk,
            partition_id=message.partition_id,
            recipient=address,
            automatic=message.automatic,
            created_at=now,
            state=DeliveryState.WITHHELD if instruction.withheld else DeliveryState.QUEUED,
            reply=instruction.withheld,
        )
        for message, instruction in zip(messages, instructions, strict=True)
        for address in _once(instruction)
    )


def _once(instruction: _Instruction) -> list[str]:
    return list({comparable(a): comparable(a) for _, a in (*instruction.to, *instruction.cc)})


def _instructions(event: events.Event, groups: "_Groups") -> Iterator[_Instruction]:
    match event:
        case events.CallLogged():
            yield from _acknowledge(event)
        case events.ReplyWritten():
            yield from _reply(event)
        case events.CallUpdated():
            yield from _tell_analysts(event, groups)


def _acknowledge(event: events.CallLogged) -> Iterator[_Instruction]:
    """The User learns that the call is logged, unless the mail must not be answered."""
    origin, user = event.origin.context, event.call.user
    if not isinstance(origin, MailOrigin) or not origin.answer:
        return
    if not (user.available_recipient and address_ok(user.email)):
        return
    yield _Instruction(
        message_types.CALL_LOGGED,
        event,
        to=[(user.name, user.email)],
        why="The call was logged by mail, and its User is told.",
    )


def _reply(event: events.ReplyWritten) -> Iterator[_Instruction]:
    """What an analyst wrote goes to the people it is meant for, or to none of them."""
    for _, address in (*event.to, *event.cc):
        if not address_ok(address):
            raise Refused(f"“{address}” is no address that mail can go to.")
    yield _Instruction(
        message_types.CALL_REPLY,
        event,
        to=event.to,
        cc=event.cc,
        author=event.author,
        why=f"{event.author or event.entry.actor_name} wrote to them.",
    )


def _tell_analysts(event: events.CallUpdated, groups: "_Groups") -> Iterator[_Instruction]:
    """The assigned analyst, else the group, learns that mail updated a call; not whoever wrote it."""
    call, origin = event.call, event.origin.context
    if not isinstance(origin, MailOrigin):
        return
    if call.analyst:
        to, why = _analysts([call.analyst]), "Mail updated the call, and its analyst is told."
    elif call.group:
        to, why = groups.recipients(call.group), f"Mail updated the call of group {call.group}."
    else:
        return
    to = [recipient for recipient in to if recipient[1].casefold() != origin.sender_address]
    yield _Instruction(message_types.CALL_UPDATED_BY_EMAIL, event, to=to, why=why)


def group_recipients(group: Group) -> list[Recipient]:
    """Whom a group's mail goes to: the documented group delivery table."""
    own = [a.strip() for a in group.addresses.split(";") if address_ok(a.strip())]
    recipients: list[Recipient] = [(group.name, address) for address in own]
    if group.email_analysts:
        recipients += _analysts(group.members.filter(is_analyst=True, is_template=False))
    return recipients


class _Groups:
    """Whom the mail of each group goes to, asked once."""

    def __init__(self) -> None:
        self._known: dict[int, list[Recipient]] = {}

    def recipients(self, group: Group) -> list[Recipient]:
        """As `group_recipients`."""
        if group.pk not in self._known:
            self._known[group.pk] = group_recipients(group)
        return self._known[group.pk]


def _analysts(people: Iterable[Person]) -> list[Recipient]:
    return [(p.name, p.email) for p in people if p.available_recipient and address_ok(p.email)]


@dataclass(frozen=True, slots=True)
class _Context:
    """What making several messages needs, asked for all at once."""

    keys: Sequence[bytes]
    threads: Mapping[int, Sequence[tuple[int, str]]]  # by call: entries and Message-IDs, newest first
    files: Mapping[int, Sequence[str]]  # by entry of the timeline: names of attached files


def _is_answer(instruction: _Instruction) -> bool:
    return instruction.kind.answer and isinstance(instruction.event.origin.context, MailOrigin)


def _message(instruction: _Instruction, context: _Context) -> Message:
    event, kind = instruction.event, instruction.kind
    call, entry, origin = event.call, event.entry, event.origin.context
    if isinstance(origin, MailOrigin) and kind.answer:
        in_reply_to = origin.message_id
        references = " ".join((*origin.references, origin.message_id))
    else:
        ids = [m for pk, m in context.threads.get(call.pk, ()) if pk <= entry.pk][:THREAD_MAILS]
        in_reply_to, references = (ids[0], " ".join(reversed(ids))) if ids else ("", "")
    partition = call.partition
    return new_row(
        Message,
        type_code=kind.code,
        partition_id=partition.pk,
        call_id=call.pk,
        entry_id=entry.pk,
        author_id=instruction.author.pk if instruction.author else None,
        correlation_id=event.origin.correlation_id,
        message_id=new_message_id(call.pk, partition.address, context.keys),
        in_reply_to=in_reply_to[:998],
        references=references,
        sender=[partition.sender_name or partition.name, partition.address],
        to=list(instruction.to),
        cc=list(instruction.cc),
        subject=subject_about(call, entry if kind is message_types.CALL_REPLY else None),
        data=_snapshot(instruction, context.files.get(entry.pk, ())),
        automatic=bool(kind.auto_submitted),
        why=instruction.why,
    )


def subject_about(call: Call, entry: TimelineEntry | None) -> str:
    """The subject of a mail about a call, with its tag once; `Re:` for a person's words."""
    text = without_tags(strip_prefixes(call.subject).text)
    return f"{'Re: ' if entry else ''}[Call {call.pk}] {text}"[:500].strip()


def _threads(calls: Collection[int]) -> dict[int, list[tuple[int, str]]]:
    """The last mails received on each of these calls, as (entry, Message-ID), newest first."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    if calls:
        place = Window(RowNumber(), partition_by=F("call"), order_by=F("pk").desc())
        received = TimelineEntry.objects.filter(call__in=calls, kind=EntryKind.MAIL_IN).exclude(
            external_id=""
        )
        last = received.annotate(place=place).filter(place__lte=THREAD_MAILS + MOST_AT_ONCE).order_by("-pk")
        for call, entry, message_id in last.values_list("call", "pk", "external_id"):
            found[call].append((entry, message_id))
    return found


def _files(entries: Collection[int]) -> dict[int, list[str]]:
    """The names of the files that hang on each of these entries."""
    found: dict[int, list[str]] = defaultdict(list)
    if entries:
        files = Attachment.objects.filter(entry__in=entries, inline=False).order_by("pk")
        for entry, name in files.values_list("entry", "name"):
            found[entry].append(name)
    return found


def _snapshot(instruction: _Instruction, files: Sequence[str]) -> dict[str, Any]:
    event, call, entry = instruction.event, instruction.event.call, instruction.event.entry
    return {
        "call": call.pk,
        "subject": call.subject,
        "state": call.get_state_display(),
        "partition": call.partition.name,
        "user": call.user.name or call.user.email,
        "writer": entry.actor_name,
        "author": str(instruction.author or ""),
        "text": entry.text[:100_000],
        "url": f"{config().base_url}/calls/{call.pk}/",
        "reopened": isinstance(event, events.CallUpdated) and event.reopened,
        "files": list(files),
    }
