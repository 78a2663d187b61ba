"""What the clock brings, each once: reminders and time limits of tasks, calls that close or come back."""

import datetime as dt

from mailcall.desk import events
from mailcall.desk.advancing import end_task, set_reminder
from mailcall.desk.call_handling import end_pause
from mailcall.desk.closing import close_or_warn
from mailcall.desk.models import ApprovalState, Call, Channel, OnTimeLimit, Task
from mailcall.desk.work import Work, by, work_on
from mailcall.desk.work_states import Verb

AT_ONCE = 100  # tasks dealt with by one call


def remind_due(now: dt.datetime) -> int:
    """Have people reminded of open tasks whose time for it has come; of how many, 0 when none is left.

    Each task is a transaction of its own. However long nobody called this, each is reminded of once.
    """
    due = Task.objects.filter(remind_at__lte=now).order_by("remind_at")[:AT_ONCE]
    for task in due:
        with work_on(task, by(None, Channel.SYSTEM, now=now)) as work:
            current = work.task(task.pk)
            if current.remind_at and current.remind_at <= now:  # still, now that it is locked
                _remind(work, current)
    return len(due)


def time_out_due(now: dt.datetime) -> int:
    """Note of open tasks that their time limit has passed, and reject those that say so; as `remind_due`."""
    due = Task.objects.filter(time_out_at__lte=now).order_by("time_out_at")[:AT_ONCE]
    for task in due:
        with work_on(task, by(None, Channel.SYSTEM, now=now)) as work:
            current = work.task(task.pk)
            if current.time_out_at and current.time_out_at <= now:
                _time_out(work, current)
    return len(due)


def close_resolved(now: dt.datetime) -> int:
    """Warn of resolved calls that they will be closed, and close those whose time is up; as `remind_due`."""
    due = Call.objects.filter(close_step_at__lte=now).order_by("close_step_at")[:AT_ONCE]
    for call in due:
        with work_on(call, by(None, Channel.SYSTEM, now=now)) as work:
            step_at = work.the_call.close_step_at
            if step_at and step_at <= now:  # still, now that it is locked
                close_or_warn(work)
    return len(due)


def resume_deferred(now: dt.datetime) -> int:
    """Have deferred calls come back whose moment has come; as `remind_due`."""
    due = Call.objects.filter(resume_at__lte=now).order_by("resume_at")[:AT_ONCE]
    for call in due:
        with work_on(call, by(None, Channel.SYSTEM, now=now)) as work:
            resume_at = work.the_call.resume_at
            if resume_at and resume_at <= now:  # still, now that it is locked
                end_pause(work, "It comes back, as it was deferred until now")
    return len(due)


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
