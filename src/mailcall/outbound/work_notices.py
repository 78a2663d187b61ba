"""From what happens to requests and tasks to rows of the message table, in the same transaction."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import prefetch_related_objects

from mailcall.desk import events
from mailcall.desk.models import Person, RequestState, Task
from mailcall.outbound import message_types
from mailcall.outbound.approval_notices import approval_instructions
from mailcall.outbound.instructions import Instruction, put
from mailcall.outbound.mentions import mentions
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.recipients import (
    DID_IT,
    Charges,
    Work,
    but_not_writer,
    did_it,
    excused,
    kind_of,
    mailboxes,
)
from mailcall.outbound.snapshots import MOST_TEXT, words

_PARENTS = ("request__partition", "request__type", "request__user", "call__partition", "call__user")


def on_work_events(happened: Sequence[events.WorkEvent]) -> None:
    """Put into the message table what these events cause."""
    tasks = [event.task for event in happened if isinstance(event, events.TaskEvent)]
    prefetch_related_objects(tasks, *_PARENTS)
    charges = Charges()
    instructions = [instruction for event in happened for instruction in _instructions(event, charges)]
    approvals = [event for event in happened if isinstance(event, events.ApprovalEvent)]
    put([*instructions, *approval_instructions(approvals)])


def _instructions(event: events.WorkEvent, charges: Charges) -> Iterator[Instruction]:
    match event:
        case events.RequestLogged():
            yield from _acknowledge(event)
            yield from _assign(event, charges)
        case events.RequestUpdated():
            kinds = message_types.REQUEST_UPDATED_BY_EMAIL, message_types.REQUEST_NOTE_ADDED
            yield from _tell_update(*kinds, event, event.request, charges)
        case events.RequestForwarded():
            yield from _forward(message_types.REQUEST_FORWARDED, event, event.request, charges)
        case events.RequestClosed():
            yield from _close(event)
        case events.RequestReopened():
            why = "The request was reopened, and its User is told."
            yield from _tell_user(message_types.REQUEST_REOPENED, event, event.request.user, why)
        case events.TaskOpened():
            yield from _open(event, charges)
        case events.TaskUpdated():
            kinds = message_types.TASK_UPDATED_BY_EMAIL, message_types.TASK_NOTE_ADDED
            yield from _tell_update(*kinds, event, event.task, charges)
        case events.TaskForwarded():
            yield from _forward(message_types.TASK_FORWARDED, event, event.task, charges)
        case events.ApprovalDecided():
            yield from _tell_decision(event, charges)
        case events.TaskReminderDue():
            yield from _remind(event, charges)
        case events.TimeLimitPassed():
            yield from _time_out(event, charges)


def _acknowledge(event: events.RequestLogged) -> Iterator[Instruction]:
    """The User learns that the request is logged, unless a mail of theirs did, which is answered itself."""
    user = event.request.user
    if isinstance(event.origin.context, MailOrigin) and did_it(user, event.entry, event.origin):
        return
    yield _instruction(
        message_types.REQUEST_LOGGED,
        event,
        event.request,
        to=mailboxes([user]),
        data={"by": "" if event.entry.actor_id == user.pk else event.entry.actor_name},
        why="The request was logged, and its User is told.",
    )


def _assign(event: events.RequestLogged, charges: Charges) -> Iterator[Instruction]:
    """Whoever is in charge of a new request learns of it, unless nobody is."""
    request = event.request
    if request.analyst or request.group:
        yield _instruction(
            message_types.REQUEST_ASSIGNED,
            event,
            request,
            to=but_not_writer(charges.of(request), event.entry, event.origin),
            data={**words(event.entry), "whom": str(request.analyst or request.group)},
            why=f"The new request is for {request.analyst or request.group}.",
        )


def _tell_update(
    by_mail: MessageType, note: MessageType, event: events.WorkEvent, work: Work, charges: Charges
) -> Iterator[Instruction]:
    """Whoever is in charge learns what was said; not whoever said it."""
    mail = isinstance(event.origin.context, MailOrigin)
    mention = message_types.TASK_MENTION if isinstance(work, Task) else message_types.REQUEST_MENTION
    yield from mentions(mention, work, event.entry, event.origin)
    yield _instruction(
        by_mail if mail else note,
        event,
        work,
        to=but_not_writer(charges.of(work), event.entry, event.origin),
        data=words(event.entry),
        why=f"{'Mail updated' if mail else 'A note was added to'} the {kind_of(work)}, and whoever is in "
        "charge is told.",
    )


def _forward(
    kind: MessageType,
    event: events.RequestForwarded | events.TaskForwarded,
    work: Work,
    charges: Charges,
) -> Iterator[Instruction]:
    """The analyst, else the group, learns that it is for them now."""
    whom = str(work.analyst or work.group)
    yield _instruction(
        kind,
        event,
        work,
        to=but_not_writer(charges.of(work), event.entry, event.origin),
        data={**words(event.entry), "whom": whom},
        by_mail=event.tell,
        why=f"The {kind_of(work)} was forwarded to {whom}.",
    )


def _close(event: events.RequestClosed) -> Iterator[Instruction]:
    """The User learns how the request ended."""
    how = {RequestState.REJECTED: "rejected", RequestState.CANCELLED: "cancelled"}
    yield from _tell_user(
        message_types.REQUEST_CLOSED,
        event,
        event.request.user,
        "The request ended, and its User is told.",
        how=how.get(RequestState(event.request.state), "closed"),
    )


def _open(event: events.TaskOpened, charges: Charges) -> Iterator[Instruction]:
    """Who is to do a plain task learns of it; of an approval without approvers, who can ask somebody."""
    task = event.task
    if not task.is_approval:
        yield _instruction(
            message_types.TASK_OPENED,
            event,
            task,
            to=but_not_writer(charges.of(task), event.entry, event.origin),
            why="The task is to be done from now on, and whoever is in charge is told.",
        )
    elif not task.approvals.exists():
        yield _instruction(
            message_types.TASK_APPROVER_NEEDED,
            event,
            task,
            to=charges.of(task),
            why="Nobody is asked to approve the task, and whoever is in charge is told.",
        )


def _tell_decision(event: events.ApprovalDecided, charges: Charges) -> Iterator[Instruction]:
    """Whoever is in charge of what was to be approved learns of each decision."""
    approval = event.approval
    yield _instruction(
        message_types.APPROVAL_DECIDED,
        event,
        event.task,
        to=but_not_writer(charges.of(event.task), event.entry, event.origin),
        data={
            "approval": approval.pk,
            "approver": str(approval.person),
            "decided_by": str(approval.decided_by),
            "decision": approval.get_state_display().lower(),
            "comment": approval.comment[:MOST_TEXT],
        },
        approval=approval.pk,
        why=f"{approval.decided_by} decided, and whoever is in charge is told.",
    )


def _remind(event: events.TaskReminderDue, charges: Charges) -> Iterator[Instruction]:
    yield _instruction(
        message_types.TASK_REMINDER,
        event,
        event.task,
        to=charges.of(event.task),
        why="The task is not done yet, and whoever is in charge is reminded.",
    )


def _time_out(event: events.TimeLimitPassed, charges: Charges) -> Iterator[Instruction]:
    """Whoever is in charge learns that a task was not done in its time, and whether that ended it."""
    yield _instruction(
        message_types.TASK_TIME_LIMIT,
        event,
        event.task,
        to=charges.of(event.task),
        data={"ended": event.task.has_ended},
        why="The time limit of the task passed, and whoever is in charge is told.",
    )


def _tell_user(
    kind: MessageType, event: events.RequestEvent, user: Person, why: str, **data: Any
) -> Iterator[Instruction]:
    """Tell the User, unless they did it themselves; what was said only if it was meant for them."""
    to = mailboxes([user])
    if did_it(user, event.entry, event.origin):
        to = excused(to, DID_IT)
    said = {} if event.entry.internal else words(event.entry)
    yield _instruction(kind, event, event.request, to=to, data={**said, **data}, why=why)


def _instruction(kind: MessageType, event: events.WorkEvent, work: Work, **more: Any) -> Instruction:
    return Instruction(kind, work, event.entry, event.origin, **more)
