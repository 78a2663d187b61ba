"""What people do to one task: log it on a request or a call, close it, cancel it, open it again."""

import datetime as dt

from mailcall.desk import events
from mailcall.desk.advancing import end_task, open_task, set_reminder
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Request, RequestState, RequestTypeStep, Task, TaskState, TimelineEntry
from mailcall.desk.next_steps import followers
from mailcall.desk.work import Deed, Work, work_on
from mailcall.desk.work_states import Verb, how_it_stands
from mailcall.desk.workflows import Step, persons_asked, step_problems


def log_task(on: Request | Call, step: Step, deed: Deed) -> Task:
    """Have something more done for a request or a call; it opens at once. Raises Refused.

    Of the step, what places it in a workflow counts for nothing.
    """
    if wrong := step_problems(step):
        raise Refused(" ".join(wrong))
    with work_on(on, deed) as work:
        request = work.request
        if request and request.has_ended:
            raise Refused(f"{how_it_stands(request)}, so no task can be logged on it.")
        if work.call and work.call.is_closed:
            raise Refused(f"{work.call} is closed, so no task can be logged on it. Reopen it first.")
        task = new_task(step, request=request, call=work.call, now=deed.now)
        work.add_tasks([task])
        work.tell(task, f"Logged on {request or work.call}")
        open_task(work, task, persons_asked(step.approvers, step.approver_group, step.kind))
    return task


def close_task(task: Task, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Say that a plain task is done. Raises Refused when it is not open, or wants approval."""
    with work_on(task, deed, version) as work:
        task = work.task(task.pk)
        if task.is_approval and not task.has_ended:
            raise Refused(f"{task} wants approval: it is approved or rejected, not just closed.")
        _refuse_waiting(task, "closed")
        entry = work.tell(task, "Closed")
        end_task(work, task, Verb.CLOSE, entry)
    return entry


def cancel_task(task: Task, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Say that an open task need not be done; what follows it runs. Raises Refused when it is not open."""
    with work_on(task, deed, version) as work:
        task = work.task(task.pk)
        _refuse_waiting(task, "cancelled")
        entry = work.tell(task, "Cancelled")
        end_task(work, task, Verb.CANCEL, entry)
    return entry


def reopen_task(task: Task, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Open a closed plain task again, and with it a request that was closed. Raises Refused.

    What was decided stays decided, and what follows must not have begun.
    """
    with work_on(task, deed, version) as work:
        task = work.task(task.pk)
        _refuse_too_late(work, task)
        work.move(task, Verb.REOPEN)
        set_reminder(task, work.now)
        if task.due_at and task.due_at > work.now:
            task.time_out_at = task.due_at
        entry = work.tell(task, "Reopened")
        work.happened(events.TaskOpened(entry, deed.origin, task))
        request = work.request
        if request and request.state != RequestState.OPEN:
            work.move(request, Verb.REOPEN)
            reopened = work.follow(request, f"Reopened, since {task} is open again.")
            work.happened(events.RequestReopened(reopened, deed.origin, request))
    return entry


def _refuse_waiting(task: Task, verb: str) -> None:
    if task.state == TaskState.WAITING:
        raise Refused(f"{task} waits for what comes before it; it can be {verb} when it has opened.")


def _refuse_too_late(work: Work, task: Task) -> None:
    if work.call and work.call.is_closed:
        raise Refused(f"{work.call} is closed, so {task} can't be reopened. Reopen the call first.")
    if task.step_id is None:
        return
    after = followers(task.step_id, work.nodes)
    begun = [other for other in work.tasks if other.step_id in after and other.state != TaskState.WAITING]
    if begun:
        raise Refused(f"{begun[0]} follows {task} and has begun, so it can't be reopened. Log another task.")


def new_task(
    step: Step | RequestTypeStep, *, request: Request | None, call: Call | None, now: dt.datetime
) -> Task:
    """A task, not saved, that waits."""
    return Task(
        request=request,
        call=call,
        title=step.title.strip(),
        kind=step.kind,
        group=step.group,
        analyst=step.analyst,
        rule=step.rule,
        needed=step.needed,
        time_limit_hours=step.time_limit_hours,
        reminder_hours=step.reminder_hours,
        on_time_limit=step.on_time_limit,
        updated_at=now,
    )
