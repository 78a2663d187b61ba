"""What the pages of one request and one task show, gathered in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from mailcall.desk.approval_rules import how_many
from mailcall.desk.delegations import waiting_for
from mailcall.desk.models import Approval, ApprovalState, EntryKind, Request, Right, Task, TimelineEntry
from mailcall.desk.standing import standings
from mailcall.outbound.recipients import partition_of
from mailcall.web.access import acting_person, why_not_here
from mailcall.web.acting import Tried, offered
from mailcall.web.request_actions import REQUEST_ACTIONS, TASK_ACTIONS
from mailcall.web.timelines import ENTRIES_SHOWN, TEXT_SHOWN, Timeline, shown_entries

_LOGGED = "Logged: "  # how the desk begins the entry that has what was asked for


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task among others of its request, or of a call."""

    task: Task
    approved: int = 0
    needed: int = 0
    waiting_for: tuple[str, ...] = ()


def requests_to_show() -> "QuerySet[Request]":
    """Requests with the people that their page names."""
    return Request.objects.select_related(
        "user", "group", "analyst", "partition", "type", "logged_by", "closed_by"
    )


def tasks_to_show() -> "QuerySet[Task]":
    """Tasks with whatever their page names."""
    return Task.objects.select_related(
        *("group", "analyst", "closed_by", "step"),
        *("request__user", "request__partition", "request__type", "call__user", "call__partition"),
    )


def approvals_to_show() -> "QuerySet[Approval]":
    """Approvals with whatever their pages name."""
    owners = ("request__user", "request__type", "request__partition", "call__user", "call__partition")
    return Approval.objects.select_related(
        "person", "decided_by", "task", *(f"task__{owner}" for owner in owners)
    )


def render_request(
    request: HttpRequest,
    work: Request,
    *,
    tried: Tried | None = None,
    status: int = 200,
    before: int | None = None,
) -> HttpResponse:
    """The page of a request; `tried` is an action that was refused, with what was typed."""
    rows = task_rows(work.tasks.all())
    actions = offered(REQUEST_ACTIONS, work, request, tried)
    context = {
        "work": work,
        "asked": asked_for(work),
        "rows": rows,
        "may_add": not work.has_ended and not why_not_here(request, Right.LOG_TASK, work.partition),
        "timeline": work_timeline(work, [row.task for row in rows], before),
        "before": before,
        "actions": [offer for offer in actions if offer.action.name != "update"],
        "updates": [offer for offer in actions if offer.action.name == "update"],
        "names_tasks": True,
        "standings": standings(work, timezone.now()),
    }
    return render(request, "web/work/request.html", context, status=status)


def render_task(
    request: HttpRequest,
    task: Task,
    *,
    tried: Tried | None = None,
    status: int = 200,
    before: int | None = None,
) -> HttpResponse:
    """The page of a task; `tried` is an action that was refused, with what was typed."""
    person = acting_person(request)
    approvals = task.approvals.select_related("person", "decided_by").order_by("pk")
    mine = waiting_for(person, timezone.now()).filter(task=task) if person else Approval.objects.none()
    actions = offered(TASK_ACTIONS, task, request, tried)
    context = {
        "work": task,
        "owner": task.request or task.call,
        "partition": partition_of(task),
        "approvals": approvals if task.is_approval else (),
        "mine": mine.select_related("person") if task.is_approval else (),
        "may_withdraw": not why_not_here(request, Right.FORWARD, partition_of(task)),
        "needed": how_many(task.rule, task.needed, _asked(approvals)) if task.is_approval else 0,
        "timeline": work_timeline(task, [], before),
        "before": before,
        "actions": [offer for offer in actions if offer.action.name != "update"],
        "updates": [offer for offer in actions if offer.action.name == "update"],
        "standings": standings(task, timezone.now()),
    }
    return render(request, "web/work/task.html", context, status=status)


def task_rows(tasks: "QuerySet[Task]") -> list[TaskRow]:
    """Tasks in the order of the workflow, those that were added by themselves last."""
    approvals = Prefetch("approvals", Approval.objects.select_related("person").order_by("pk"))
    rows = tasks.select_related("step", "group", "analyst").prefetch_related(approvals)
    return [_row(task) for task in sorted(rows, key=_place)]


def _place(task: Task) -> tuple[bool, int, int]:
    return task.step is None, task.step.position if task.step else 0, task.pk


def _row(task: Task) -> TaskRow:
    if not task.is_approval:
        return TaskRow(task)
    approvals = list(task.approvals.all())
    states = [approval.state for approval in approvals]
    waiting = tuple(str(one.person) for one in approvals if one.state == ApprovalState.WAITING)
    needed = how_many(task.rule, task.needed, _asked(approvals))
    return TaskRow(task, states.count(ApprovalState.APPROVED), needed, waiting)


def _asked(approvals: "Sequence[Approval] | QuerySet[Approval]") -> int:
    return sum(approval.state != ApprovalState.WITHDRAWN for approval in approvals)


def work_timeline(work: Request | Task, tasks: Sequence[Task], before: int | None) -> Timeline:
    """The last entries of a request or task and of these tasks of it, or the last ones before that key.

    The keys are read first, without an order, so that they come by the indexes and never by a walk through
    all entries.
    """
    keys = list(work.timeline.order_by().values_list("pk", flat=True))
    if tasks:
        of_tasks = TimelineEntry.objects.filter(task__in=[task.pk for task in tasks])
        keys += of_tasks.order_by().values_list("pk", flat=True)
    keys = sorted(key for key in keys if before is None or key < before)
    shown = keys[-ENTRIES_SHOWN:]
    entries = list(shown_entries(TimelineEntry.objects.filter(pk__in=shown)).order_by("pk"))
    return Timeline(entries, earlier=shown[0] if len(keys) > len(shown) else 0)


def asked_for(work: Request | Task) -> str:
    """What was said when it was logged, as far as it is shown."""
    first = work.timeline.order_by("pk").annotate(start=Substr("text", 1, TEXT_SHOWN))
    for kind, text in first.values_list("kind", "start")[:2]:
        if kind == EntryKind.MAIL_IN:
            return str(text)
        if text.startswith(_LOGGED):
            return str(text.removeprefix(_LOGGED))
        if text.startswith("Logged on ") and ": " in text:
            return str(text.partition(": ")[2])
    return ""
