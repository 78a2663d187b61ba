"""Requests: the list, one of them with its tasks, and a new one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.models import Person, Request, RequestType, Right, WhoLogs
from mailcall.desk.requests import log_request
from mailcall.desk.tasks import log_task
from mailcall.web.access import (
    PEOPLE_ONLY,
    acting_person,
    analysts_only,
    demand,
    may_see,
    people_only,
    visible_partitions,
    why_not_here,
)
from mailcall.web.acting import CONFLICT, UNPROCESSABLE, Tried, act, deed_of
from mailcall.web.fresh_lists import render_list
from mailcall.web.models import Login
from mailcall.web.paging import key_from
from mailcall.web.request_actions import REQUEST_ACTIONS
from mailcall.web.work_forms import RequestForm, TaskForm
from mailcall.web.work_list import REQUEST_FILTERS, find_requests
from mailcall.web.work_page import render_request, requests_to_show


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """The list. Asked by htmx, only the table; and nothing (204) when it is as `seen` says."""
    which = request.GET.get("show", "open")
    which = which if which in REQUEST_FILTERS else "open"
    query = request.GET.get("q", "").strip()[:200]
    before = request.GET.get("before", "")[:80]
    page = find_requests(which=which, query=query, before=before, partitions=visible_partitions(request))
    context = {"which": which, "query": query, "before": before, "filters": REQUEST_FILTERS}
    whole, table = "web/work/requests.html", "web/work/request_table.html"
    return render_list(request, page, context, whole=whole, table=table)


@require_safe
@analysts_only
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One request with its tasks, timeline and actions."""
    return render_request(request, _request(request, number), before=key_from(request.GET.get("before")))


@require_POST
@analysts_only
def do(request: HttpRequest, number: int, action: str) -> HttpResponse:
    """Do one of the actions of the menu."""

    def again(work: Request, tried: Tried, status: int) -> HttpResponse:
        return render_request(request, work, tried=tried, status=status)

    return act(
        request, action, REQUEST_ACTIONS, lambda: _request(request, number), again=again, back=_to_request
    )


@require_http_methods(["GET", "HEAD", "POST"])
@people_only
def new(request: HttpRequest) -> HttpResponse:
    """Log a request: analysts for anybody, Users for themselves."""
    person = acting_person(request)
    assert person is not None  # who has none was sent away
    own = None if _is_analyst(request) else person
    types = _types(request)
    initial: dict[str, Any] = {} if own else {"user": person.email if person.is_user else ""}
    form = RequestForm(request.POST or None, types=types, own=own, initial=initial)
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                made = _log(request, form, own)
            except Refused as refusal:
                form.add_error(None, str(refusal))
                status = CONFLICT
            else:
                messages.success(request, f"{made} is logged.")
                return redirect("web:approvals") if own else _to_request(made)
    context = {"form": form, "types": types, "own": own}
    return render(request, "web/work/new_request.html", context, status=status)


def _log(request: HttpRequest, form: RequestForm, own: Person | None) -> Request:
    said = form.cleaned_data
    return log_request(
        said["type"],
        user=own or said["user"],
        subject=said["subject"],
        deed=deed_of(request, said["text"]),
        logged_by=None if own else acting_person(request),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@analysts_only
def new_task(request: HttpRequest, number: int) -> HttpResponse:
    """Add a task to a request."""
    work = _request(request, number)
    demand(request, Right.LOG_TASK, work.partition)
    return log_task_on(request, work, back=reverse("web:request", args=[number]))


def log_task_on(request: HttpRequest, work: Any, *, back: str) -> HttpResponse:
    """The form of a new task of a request or a call, and what becomes of it."""
    form = TaskForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                task = log_task(work, form.step(), deed_of(request, form.cleaned_data["text"]))
            except Refused as refusal:
                form.add_error(None, str(refusal))
                status = CONFLICT
            else:
                messages.success(request, f"{task} is logged on {work}.")
                return redirect(back)
    return render(
        request, "web/work/new_task.html", {"form": form, "work": work, "back": back}, status=status
    )


def _types(request: HttpRequest) -> "QuerySet[RequestType]":
    """The types of which this person may log requests on a page."""
    types = RequestType.objects.filter(active=True).select_related("partition")
    if not _is_analyst(request):
        return types.filter(logged_on_page=WhoLogs.ANYBODY)
    allowed = [
        kind.pk
        for kind in types
        if kind.logged_on_page == WhoLogs.ANYBODY
        or not why_not_here(request, Right.LOG_REQUEST, kind.partition)
    ]
    return types.filter(pk__in=allowed)


def _is_analyst(request: HttpRequest) -> bool:
    if not isinstance(request.user, Login):
        raise PermissionDenied(PEOPLE_ONLY)
    return may_see(request.user)


def _request(request: HttpRequest, number: int) -> Request:
    work = get_object_or_404(requests_to_show(), pk=number)
    demand(request, Right.VIEW, work.partition)
    return work


def _to_request(work: Request) -> HttpResponse:
    return redirect("web:request", work.number)
