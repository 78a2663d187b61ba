"""How work goes on: a task opens or ends, what follows it comes to run, and in the end the request closes."""

import datetime as dt
from collections.abc import Sequence

from mailcall.desk import events
from mailcall.desk.approval_rules import how_many, in_words
from mailcall.desk.models import (
    ApprovalState,
    Person,
    Request,
    RequestTypeStep,
    Task,
    TaskKind,
    TaskState,
    TimelineEntry,
)
from mailcall.desk.next_steps import last_word_was_no, next_verb
from mailcall.desk.work import Work
from mailcall.desk.work_states import Verb
from mailcall.desk.workflows import persons_asked


def advance(work: Work) -> None:
    """Open or skip what waits for nothing more; when nothing is left, end the request."""
    states = _states_by_step(work)
    while _go_on(work, states):
        pass
    request = work.request
    if request and not request.has_ended and work.tasks and all(task.has_ended for task in work.tasks):
        _end_request(work, request)


def _states_by_step(work: Work) -> dict[int, str]:
    return {task.step_id: task.state for task in work.tasks if task.step_id is not None}


def _go_on(work: Work, states: dict[int, str]) -> bool:
    """Open or skip what can be, noting it in `states`; whether there was anything."""
    went_on = False
    for task in work.tasks:
        if task.state != TaskState.WAITING or task.step is None:
            continue
        match next_verb(task.step.pk, work.nodes, states):
            case Verb.OPEN:
                open_task(work, task, _to_ask(task.step))
            case Verb.SKIP:
                work.move(task, Verb.SKIP)
                work.follow(task, "Skipped, since what it was for did not come to pass.")
            case _:
                continue
        states[task.step.pk] = task.state
        went_on = True
    return went_on


def _to_ask(step: RequestTypeStep) -> list[Person]:
    if step.kind == TaskKind.PLAIN:
        return []
    return persons_asked(step.approvers.order_by("pk"), step.approver_group, step.kind)


def open_task(work: Work, task: Task, asked: Sequence[Person]) -> None:
    """Open a task that waits: its time begins, and whoever is to approve it is asked."""
    work.move(task, Verb.OPEN)
    if task.time_limit_hours:
        task.due_at = task.time_out_at = work.now + dt.timedelta(hours=task.time_limit_hours)
    set_reminder(task, work.now)
    approvals = work.add_approvals(task, asked)
    entry = work.follow(task, _opening(task, asked))
    work.happened(events.TaskOpened(entry, work.deed.origin, task))
    for approval in approvals:
        work.happened(events.ApprovalWanted(entry, work.deed.origin, task, approval))


def set_reminder(task: Task, now: dt.datetime) -> None:
    """Have people reminded of a task after its interval, from now."""
    task.remind_at = now + dt.timedelta(hours=task.reminder_hours) if task.reminder_hours else None


def _opening(task: Task, asked: Sequence[Person]) -> str:
    if not task.is_approval:
        return "Opened."
    if not asked:
        return "Opened, but there is nobody to ask: an analyst must ask somebody to approve it."
    who = ", ".join(str(person) for person in asked)
    needed = how_many(task.rule, task.needed, len(asked))
    if needed > len(asked):
        return f"Opened. Asked {who}, but {needed} must approve: an analyst must ask somebody else, too."
    return f"Opened. Asked {who}, {in_words(task.rule, task.needed, len(asked))}."


def end_task(work: Work, task: Task, verb: Verb, entry: TimelineEntry) -> None:
    """End an open task; who has not decided need not any more; what follows comes to run.

    `entry` tells why. Raises Refused when the task is not open.
    """
    work.move(task, verb, by=work.actor)
    withdraw_waiting(work, task, entry, f"{task} was {verb}.")
    work.happened(events.TaskClosed(entry, work.deed.origin, task))
    advance(work)


def withdraw_waiting(work: Work, task: Task, entry: TimelineEntry, why: str) -> None:
    """Have nobody asked about a task any more."""
    if not task.is_approval:
        return
    for approval in work.approvals(task):
        if approval.state == ApprovalState.WAITING:
            work.move(approval, Verb.WITHDRAW)
            approval.comment = why
            work.happened(events.ApprovalWithdrawn(entry, work.deed.origin, task, approval))


def _end_request(work: Work, request: Request) -> None:
    apart = [task.state for task in work.tasks if task.step_id is None]
    if TaskState.REJECTED in apart or last_word_was_no(work.nodes, _states_by_step(work)):
        verb, sentence = Verb.REJECT, "Closed-Rejected, since what it needed was not approved."
    elif all(task.state in (TaskState.CANCELLED, TaskState.SKIPPED) for task in work.tasks):
        verb, sentence = Verb.CANCEL, "Cancelled, since all its tasks were."
    else:
        verb, sentence = Verb.CLOSE, "Closed, since all its tasks have ended."
    work.move(request, verb, by=work.actor)
    entry = work.follow(request, sentence)
    work.happened(events.RequestClosed(entry, work.deed.origin, request))
