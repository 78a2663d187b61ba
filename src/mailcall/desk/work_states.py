"""The states of requests, tasks and approvals as tables, and the only function that changes one."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Approval,
    ApprovalState,
    Person,
    Request,
    RequestState,
    Task,
    TaskState,
)


class Verb(StrEnum):
    """What can happen to a request, a task or an approval; the value is how a sentence says it."""

    OPEN = "opened"
    SKIP = "skipped"
    CLOSE = "closed"
    APPROVE = "approved"
    REJECT = "rejected"
    CANCEL = "cancelled"
    WITHDRAW = "withdrawn"
    REOPEN = "reopened"


Table = Mapping[tuple[str, Verb], str]

# A rejected or cancelled request stays so: people were told, and approvals withdrawn. Another is logged.
REQUEST: Table = {
    (RequestState.OPEN, Verb.CLOSE): RequestState.CLOSED,
    (RequestState.OPEN, Verb.REJECT): RequestState.REJECTED,
    (RequestState.OPEN, Verb.CANCEL): RequestState.CANCELLED,
    (RequestState.CLOSED, Verb.REOPEN): RequestState.OPEN,
}
_ANY_TASK: Table = {
    (TaskState.WAITING, Verb.OPEN): TaskState.OPEN,
    (TaskState.WAITING, Verb.SKIP): TaskState.SKIPPED,
    (TaskState.WAITING, Verb.CANCEL): TaskState.CANCELLED,
    (TaskState.OPEN, Verb.CANCEL): TaskState.CANCELLED,
}
PLAIN_TASK: Table = {
    **_ANY_TASK,
    (TaskState.OPEN, Verb.CLOSE): TaskState.CLOSED,
    (TaskState.CLOSED, Verb.REOPEN): TaskState.OPEN,
}
# What was decided stays decided: there is no way back to open.
APPROVAL_TASK: Table = {
    **_ANY_TASK,
    (TaskState.OPEN, Verb.APPROVE): TaskState.APPROVED,
    (TaskState.OPEN, Verb.REJECT): TaskState.REJECTED,
}
APPROVAL: Table = {
    (ApprovalState.WAITING, Verb.APPROVE): ApprovalState.APPROVED,
    (ApprovalState.WAITING, Verb.REJECT): ApprovalState.REJECTED,
    (ApprovalState.WAITING, Verb.WITHDRAW): ApprovalState.WITHDRAWN,
}

_PAST: Mapping[str, str] = {
    TaskState.CLOSED: "was closed",
    TaskState.APPROVED: "was approved",
    TaskState.REJECTED: "was rejected",
    TaskState.CANCELLED: "was cancelled",
    TaskState.SKIPPED: "was skipped",
    ApprovalState.WITHDRAWN: "was withdrawn",
}


def table_of(row: Request | Task | Approval) -> Table:
    """What may happen to this row, in each of its states."""
    if isinstance(row, Request):
        return REQUEST
    if isinstance(row, Approval):
        return APPROVAL
    return APPROVAL_TASK if row.is_approval else PLAIN_TASK


def move(row: Request | Task | Approval, verb: Verb, by: Person | None, now: dt.datetime) -> None:
    """Change the state and its dates, not saved. Raises Refused when that can't happen now."""
    state = table_of(row).get((row.state, verb))
    if state is None:
        raise Refused(f"{how_it_stands(row)}, so it can't be {verb}.")
    row.state = state
    if isinstance(row, Approval):
        row.decided_at, row.decided_by = now, by
        return
    row.closed_at, row.closed_by = (now, by) if row.has_ended else (None, None)
    if isinstance(row, Task):
        if row.has_ended:
            row.remind_at = row.time_out_at = None
        else:
            row.opened_at = row.opened_at or now


def how_it_stands(row: Request | Task | Approval) -> str:
    """The beginning of a sentence that says why not: “Task 9 was closed on 2026-11-22 at 14:03 by Ann”."""
    if isinstance(row, Approval):
        at, by = row.decided_at, row.decided_by
    else:
        at, by = row.closed_at, row.closed_by
    if at is None:
        return f"{row} is {'open' if row.state == TaskState.OPEN else 'waiting'}"
    return f"{row} {_PAST[row.state]} on {timezone.localtime(at):%Y-%m-%d at %H:%M} by {by or 'Mailcall'}"
