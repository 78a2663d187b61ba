"""Tasks: the lists of what is to be done, and one of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from mailcall.desk import approvals
from mailcall.desk.errors import Refused
from mailcall.desk.models import Approval, Right, Task
from mailcall.outbound.recipients import partition_of
from mailcall.web.access import acting_person, analysts_only, demand, visible_partitions
from mailcall.web.acting import Tried, act, deed_of
from mailcall.web.fresh_lists import render_list
from mailcall.web.paging import key_from
from mailcall.web.request_actions import TASK_ACTIONS
from mailcall.web.work_list import TASK_FILTERS, find_tasks
from mailcall.web.work_page import render_task, tasks_to_show

_NAMES = {"mine": "Mine", "groups": "Of my groups", "open": "All open", "ended": "Ended"}


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """A list. Asked by htmx, only the table; and nothing (204) when it is as `seen` says."""
    which = request.GET.get("show", "mine")
    which = which if which in TASK_FILTERS else "mine"
    before = request.GET.get("before", "")[:80]
    page = find_tasks(
        which=which, person=acting_person(request), before=before, partitions=visible_partitions(request)
    )
    context = {"which": which, "before": before, "filters": _NAMES.items()}
    whole, table = "web/work/tasks.html", "web/work/task_table.html"
    return render_list(request, page, context, whole=whole, table=table)


@require_safe
@analysts_only
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One task with its approvals, timeline and actions."""
    return render_task(request, _task(request, number), before=key_from(request.GET.get("before")))


@require_POST
@analysts_only
def do(request: HttpRequest, number: int, action: str) -> HttpResponse:
    """Do one of the actions of the menu."""

    def again(task: Task, tried: Tried, status: int) -> HttpResponse:
        return render_task(request, task, tried=tried, status=status)

    return act(request, action, TASK_ACTIONS, lambda: _task(request, number), again=again, back=_to_task)


@require_POST
@analysts_only
def withdraw(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Have somebody need not decide any more."""
    task = _task(request, number)
    demand(request, Right.FORWARD, partition_of(task))
    approval = get_object_or_404(Approval.objects.select_related("person", "task"), pk=pk, task=task)
    reason = request.POST.get("text", "")[:1_000]
    try:
        approvals.withdraw(approval, deed_of(request, reason), version=key_from(request.POST.get("version")))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{approval.person} need not decide any more.")
    return _to_task(task)


def _task(request: HttpRequest, number: int) -> Task:
    task = get_object_or_404(tasks_to_show(), pk=number)
    demand(request, Right.VIEW, partition_of(task))
    return task


def _to_task(task: Task) -> HttpResponse:
    return redirect("web:task", task.number)
