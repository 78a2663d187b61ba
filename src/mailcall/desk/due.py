"""What the clock brings, each once: reminders, time limits, calls that close or come back, escalations."""

import datetime as dt
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.models import Q

from mailcall.checkpoints import checkpoint
from mailcall.desk import events
from mailcall.desk.advancing import end_task, set_reminder
from mailcall.desk.call_handling import end_pause
from mailcall.desk.closing import close_or_warn
from mailcall.desk.firing import fire
from mailcall.desk.models import ApprovalState, Call, Channel, Clock, OnTimeLimit, Task
from mailcall.desk.work import Work, by, work_on
from mailcall.desk.work_states import Verb

AT_ONCE = 300  # found by one query

Row = Task | Call | Clock


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that the clock brings, and to which rows."""

    name: str
    rows: type[Task] | type[Call] | type[Clock]
    column: str  # the moment at which it is due; whoever does it sets another, or none
    do: Callable[
        [Sequence[Any], dt.datetime], int
    ]  # to how many it was done, as they are now that it has them
    many: bool = False  # at once, in one transaction


Failed = Callable[[Row, Exception], None]


def do_due(
    duty: Duty,
    now: dt.datetime,
    failed: Failed | None = None,
    *,
    but: Container[int] = (),
    stop: Callable[[], bool] = lambda: False,
    on_many: Callable[[], None] = lambda: None,
) -> int:
    """Do what is due to all rows whose time has come, the longest due first; to how many it was done.

    Each row is a transaction of its own, but of those that are done many at a time, where one that fails is
    left behind by the others. However long nobody called this, it is done once to each. What one raises is
    told to `failed`, and the next is done; without `failed`, and when the database is gone, it is raised.
    `but` are keys of rows to pass over. `on_many` is called whenever there may be more than were found.
    """
    done = 0
    after: tuple[dt.datetime, int] | None = None
    while found := _find(duty, now, after):
        after = (getattr(found[-1], duty.column), found[-1].pk)
        if len(found) == AT_ONCE:
            on_many()
        rows = [row for row in found if row.pk not in but]
        for some in [rows] if duty.many else [[row] for row in rows]:
            if stop():
                return done
            done += _do(duty, some, now, failed)
    return done


def first_due_at(duty: Duty) -> dt.datetime | None:
    """The moment that comes first of all rows, past or to come."""
    first: dt.datetime | None = (
        duty.rows._default_manager.filter(**{f"{duty.column}__isnull": False})
        .order_by(duty.column)
        .values_list(duty.column, flat=True)
        .first()
    )
    return first


def _find(duty: Duty, now: dt.datetime, after: tuple[dt.datetime, int] | None) -> list[Row]:
    """The next rows; those that were passed over, or failed, are not found again."""
    column = duty.column
    rows = duty.rows._default_manager.filter(**{f"{column}__lte": now}).order_by(column, "pk")
    if after:
        at, key = after
        rows = rows.filter(Q(**{f"{column}__gt": at}) | Q(**{column: at, "pk__gt": key}))
    return list(rows[:AT_ONCE])


def _do(duty: Duty, rows: Sequence[Row], now: dt.datetime, failed: Failed | None) -> int:
    try:
        return duty.do(rows, now) if rows else 0
    except (OperationalError, InterfaceError):  # nobody's fault here; the others would fail, too
        raise
    except Exception as error:
        if failed is None:
            raise
        if len(rows) > 1:
            return sum(_do(duty, [row], now, failed) for row in rows)
        failed(rows[0], error)
        return 0


def _each(
    column: str, do: Callable[[Work, Any], None]
) -> Callable[[Sequence[Task | Call], dt.datetime], int]:
    """Do this to each row for which it is due still, now that it is locked."""

    def do_each(rows: Sequence[Task | Call], now: dt.datetime) -> int:
        return sum(_do_alone(row, column, do, now) for row in rows)

    return do_each


def _do_alone(row: Task | Call, column: str, do: Callable[[Work, Any], None], now: dt.datetime) -> bool:
    with work_on(row, by(None, Channel.SYSTEM, now=now)) as work:
        current = work.task(row.pk) if isinstance(row, Task) else work.the_call
        due_at = getattr(current, column)
        is_due = due_at is not None and due_at <= now
        if is_due:
            do(work, current)
        checkpoint("due.done")
    checkpoint("due.committed")
    return is_due


def _remind(work: Work, task: Task) -> None:
    origin = work.deed.origin
    set_reminder(task, work.now)
    if not task.is_approval:
        entry = work.tell(task, f"Reminded {task.analyst or task.group or 'nobody, since it is for nobody'}")
        work.happened(events.TaskReminderDue(entry, origin, task))
        return
    waiting = [approval for approval in work.approvals(task) if approval.state == ApprovalState.WAITING]
    names = ", ".join(str(approval.person) for approval in waiting)
    entry = work.tell(task, f"Reminded {names or 'nobody, since nobody is asked'}")
    for approval in waiting:
        approval.reminded_at = work.now
        work.touch(approval)
        work.happened(events.ApprovalReminderDue(entry, origin, task, approval))


def _time_out(work: Work, task: Task) -> None:
    task.time_out_at = None
    rejected = task.is_approval and task.on_time_limit == OnTimeLimit.REJECTED
    what = "Closed-Rejected, since its time limit passed" if rejected else "Its time limit passed"
    entry = work.tell(task, what)
    if rejected:
        end_task(work, task, Verb.REJECT, entry)
    work.happened(events.TimeLimitPassed(entry, work.deed.origin, task))


def _close_or_warn(work: Work, _: Call) -> None:
    close_or_warn(work)


def _resume(work: Work, _: Call) -> None:
    end_pause(work, "It comes back, as it was deferred until now")


REMIND = Duty("remind", Task, "remind_at", _each("remind_at", _remind))
TIME_OUT = Duty("time out", Task, "time_out_at", _each("time_out_at", _time_out))
CLOSE = Duty("close", Call, "close_step_at", _each("close_step_at", _close_or_warn))
RESUME = Duty("resume", Call, "resume_at", _each("resume_at", _resume))
ESCALATE = Duty("escalate", Clock, "due_at", fire, many=True)
DUTIES = (REMIND, TIME_OUT, CLOSE, RESUME, ESCALATE)

remind_due, time_out_due, close_resolved, resume_deferred, escalate = (
    partial(do_due, duty) for duty in DUTIES
)
