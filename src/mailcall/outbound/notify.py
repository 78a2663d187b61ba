"""From what happens to calls to rows of the message table, in the same transaction.

One function for each kind of event says who hears of it; `on_events` puts all their mails into the table
with one query for each kind of row.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from mailcall.desk import events
from mailcall.desk.errors import Refused
from mailcall.desk.models import Channel, ClosureMethod, Pause, State
from mailcall.message import address_ok
from mailcall.outbound import message_types
from mailcall.outbound.instructions import Instruction, put
from mailcall.outbound.mentions import mentions
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.recipients import (
    DID_IT,
    Charges,
    Recipient,
    but_not_writer,
    did_it,
    excused,
    mailboxes,
)
from mailcall.outbound.snapshots import moment, name_of, words
from mailcall.outbound.surveys import survey, take_back


def on_events(happened: Sequence[events.Event]) -> None:
    """Put into the message table what these events cause."""
    charges = Charges()
    put([instruction for event in happened for instruction in _instructions(event, charges)])


def _instructions(event: events.Event, charges: Charges) -> Iterator[Instruction]:
    match event:
        case events.CallLogged():
            yield from _acknowledge(event)
            yield from _assign(event, charges)
        case events.ReplyWritten():
            yield from _reply(event)
        case events.CallUpdated():
            yield from _tell_update(event, charges)
        case events.CallForwarded():
            yield from _forward(event, charges)
        case events.StateChanged():
            yield from _change_state(event, charges)
        case events.CallResolved():
            yield from _resolve(event, charges)
        case events.CallClosesSoon():
            yield from _warn(event)
        case events.CallMerged():
            yield from _merge(event)
        case events.CallPaused():
            yield from _pause(event)
        case events.CallResumed():
            yield from _resume(event, charges)


def _acknowledge(event: events.CallLogged) -> Iterator[Instruction]:
    """The User learns that the call is logged, unless the mail must not be answered."""
    origin, user = event.origin.context, event.call.user
    if not isinstance(origin, MailOrigin):
        return
    to = mailboxes([user])
    if not origin.answer:
        to = excused(to, "The mail must not be answered.")
    why = "The call was logged by mail, and its User is told."
    yield _instruction(message_types.CALL_LOGGED, event, to=to, why=why)


def _assign(event: events.CallLogged, charges: Charges) -> Iterator[Instruction]:
    """Whoever is in charge of a new call learns of it, unless nobody is."""
    call = event.call
    if call.analyst or call.group:
        yield _instruction(
            message_types.CALL_ASSIGNED,
            event,
            to=but_not_writer(charges.of(call), event.entry, event.origin),
            data={**words(event.entry), "whom": str(call.analyst or call.group)},
            why=f"The new call is for {call.analyst or call.group}.",
        )


def _reply(event: events.ReplyWritten) -> Iterator[Instruction]:
    """What an analyst wrote goes to the people it is meant for, or to none of them."""
    for _, address in (*event.to, *event.cc):
        if not address_ok(address):
            raise Refused(f"“{address}” is no address that mail can go to.")
    yield _instruction(
        message_types.CALL_REPLY,
        event,
        to=[Recipient(*pair) for pair in event.to],
        cc=[Recipient(*pair) for pair in event.cc],
        author=event.author,
        prefix="Re: ",
        data={**words(event.entry), "author": str(event.author or "")},
        why=f"{event.author or event.entry.actor_name} wrote to them.",
    )


def _tell_update(event: events.CallUpdated, charges: Charges) -> Iterator[Instruction]:
    """Of mail the assigned analyst learns, else the group; of a note the analyst; not whoever wrote it."""
    by_mail = isinstance(event.origin.context, MailOrigin)
    yield from mentions(message_types.CALL_MENTION, event.call, event.entry, event.origin)
    if not by_mail and event.call.analyst is None:
        return  # a group wrote its note to itself
    whose = "its analyst is" if event.call.analyst else f"group {event.call.group} is"
    yield _instruction(
        message_types.CALL_UPDATED_BY_EMAIL if by_mail else message_types.CALL_NOTE_ADDED,
        event,
        to=but_not_writer(charges.of(event.call), event.entry, event.origin),
        data={**words(event.entry), "reopened": event.reopened},
        why=f"{'Mail updated' if by_mail else 'A note was added to'} the call, and {whose} told.",
    )


def _forward(event: events.CallForwarded, charges: Charges) -> Iterator[Instruction]:
    """The analyst, else the group, learns that the call is for them now."""
    call = event.call
    yield _instruction(
        message_types.CALL_FORWARDED,
        event,
        to=but_not_writer(charges.of(call), event.entry, event.origin),
        data={**words(event.entry), "whom": str(call.analyst or call.group)},
        by_mail=event.tell,
        why=f"The call was forwarded to {call.analyst or call.group}.",
    )


def _change_state(event: events.StateChanged, charges: Charges) -> Iterator[Instruction]:
    """The User learns that the call is closed, or open again; of the latter whoever is in charge, too."""
    call, closed = event.call, event.call.is_closed
    kind = message_types.CALL_CLOSED if closed else message_types.CALL_REOPENED
    what = "closed" if closed else "reopened"
    data = {
        "solved": call.state == State.CLOSED,
        "reopen_days": call.partition.reopen_days,
        "for_user": True,
    }
    yield from _tell_user(kind, event, f"The call was {what}, and its User is told.", data)
    if closed:
        yield from survey(event.call, event.entry, event.origin)
    else:
        take_back(call)
        yield _instruction(
            kind,
            event,
            to=but_not_writer(charges.of(call), event.entry, event.origin),
            to_staff=True,
            data=words(event.entry),
            why="The call was reopened, and whoever is in charge is told.",
        )


def _resolve(event: events.CallResolved, charges: Charges) -> Iterator[Instruction]:
    """The User learns that the call is solved, if it is; and whoever may close it that it is up to them."""
    call, partition = event.call, event.call.partition
    if call.state == State.RESOLVED:
        by_itself = partition.closure_method == ClosureMethod.RULES and partition.close_after_hours
        data = {"hours": partition.close_after_hours if by_itself else 0}
        why = "The call was resolved, and its User is told."
        yield from _tell_user(message_types.CALL_RESOLVED, event, why, data)
    if partition.closure_group or partition.closure_method == ClosureMethod.COMMENTS:
        yield _instruction(
            message_types.CALL_TO_CLOSE,
            event,
            to=but_not_writer(charges.of(call), event.entry, event.origin),
            data={**words(event.entry), "solved": call.state == State.RESOLVED},
            why="The call was forwarded to those who may close it.",
        )


def _warn(event: events.CallClosesSoon) -> Iterator[Instruction]:
    """The User learns when the call will be closed."""
    data = {"closes": moment(event.closes_at, event.call.user)}
    why = "The resolved call will be closed soon, and its User is warned."
    yield from _tell_user(message_types.CALL_CLOSES_SOON, event, why, data)


def _merge(event: events.CallMerged) -> Iterator[Instruction]:
    """The User learns where the call goes on."""
    data = {"survivor": name_of(event.survivor)}
    why = f"The call was merged into {name_of(event.survivor)}, and its User is told."
    yield from _tell_user(message_types.CALL_MERGED, event, why, data)


def _pause(event: events.CallPaused) -> Iterator[Instruction]:
    """The User learns that the call waits, where the administrator wants them to."""
    deferred = event.call.pause == Pause.DEFERRED
    kind = message_types.CALL_DEFERRED if deferred else message_types.CALL_SUSPENDED
    until = event.call.resume_at
    data = {"until": moment(until, event.call.user) if until else ""}
    what = "deferred" if deferred else "suspended"
    yield from _tell_user(kind, event, f"The call was {what}, and its User is told.", data)


def _resume(event: events.CallResumed, charges: Charges) -> Iterator[Instruction]:
    """Whoever is in charge learns that a deferred call came back by itself."""
    if event.entry.channel == Channel.SYSTEM:
        yield _instruction(
            message_types.CALL_RESUMED,
            event,
            to=charges.of(event.call),
            why="The call was deferred until now, and whoever is in charge is told.",
        )


def _tell_user(
    kind: MessageType, event: events.Event, why: str, data: dict[str, Any]
) -> Iterator[Instruction]:
    """Tell the User, unless they did it themselves; who did it by mail gets an answer for that.

    What was said is told only if it was meant for them.
    """
    call, entry = event.call, event.entry
    to = mailboxes([call.user])
    if did_it(call.user, entry, event.origin):
        to = excused(to, DID_IT)
    said = {} if entry.internal else words(entry)
    yield _instruction(kind, event, to=to, data={**said, **data}, why=why)


def _instruction(kind: MessageType, event: events.Event, **more: Any) -> Instruction:
    return Instruction(kind, event.call, event.entry, event.origin, **more)
