"""Calls that belong together: linked, merged after a second look, split, no longer linked."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mailcall.desk import call_relations
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Right, TimelineEntry
from mailcall.web.access import analysts_only, demand, why_not_here
from mailcall.web.acting import CONFLICT, UNPROCESSABLE, deed_of
from mailcall.web.call_page import calls_to_show
from mailcall.web.views.requests import log_task_on
from mailcall.web.work_forms import JoinForm, OtherCallForm, SplitForm


@require_http_methods(["GET", "HEAD", "POST"])
@analysts_only
def join(request: HttpRequest, number: int) -> HttpResponse:
    """Link a call to another, or merge it into that: first its number, then a look at both, then the button.

    A merge can't be undone, so nobody does it by a number alone.
    """
    call = _call(request, number, Right.UPDATE)
    which = OtherCallForm(request.POST if request.method == "POST" else (request.GET or None))
    other = None
    if which.is_valid():
        other = calls_to_show().filter(pk=which.cleaned_data["other"]).first()
        if other is None or why_not_here(request, Right.VIEW, other.partition):
            which.add_error("other", f"There is no call {which.cleaned_data['other']} that you may see.")
            other = None
        elif other.pk == call.pk:
            which.add_error("other", "That is this call itself.")
            other = None
    form = JoinForm(request.POST if request.method == "POST" and other else None)
    status = UNPROCESSABLE if which.is_bound and other is None else 200
    if request.method == "POST" and other and form.is_valid():
        try:
            return _join(request, call, other, form.cleaned_data["text"])
        except Refused as refusal:
            form.add_error(None, str(refusal))
            status = CONFLICT
    context = {
        "call": call,
        "other": other,
        "which": which,
        "form": form,
        "no_merge": why_not_here(request, Right.CLOSE, call.partition),
    }
    return render(request, "web/call/join.html", context, status=status)


def _join(request: HttpRequest, call: Call, other: Call, text: str) -> HttpResponse:
    """Do what the button says. Raises Refused."""
    deed = deed_of(request, text)
    match request.POST.get("do"):
        case "link":
            demand(request, Right.UPDATE, other.partition)
            call_relations.link(call, other, deed)
            messages.success(request, f"{call} and {other} are linked.")
            return _to(call)
        case "merge":
            demand(request, Right.CLOSE, call.partition)
            demand(request, Right.UPDATE, other.partition)
            call_relations.merge(call, other, deed)
            messages.success(request, f"{call} goes on in {other}.")
            return _to(other)
    raise Refused("Say whether the calls are linked or merged.")


@require_POST
@analysts_only
def unlink(request: HttpRequest, number: int, other: int) -> HttpResponse:
    """Say that two calls don't belong together."""
    call = _call(request, number, Right.UPDATE)
    there = _call(request, other, Right.UPDATE)
    try:
        call_relations.unlink(call, there, deed_of(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{call} and {there} are no longer linked.")
    return _to(call)


@require_http_methods(["GET", "HEAD", "POST"])
@analysts_only
def split(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Start a call of its own with one entry."""
    call = _call(request, number, Right.LOG_CALL)
    entry = get_object_or_404(TimelineEntry.objects.select_related("actor"), pk=pk, call=call)
    first_line = entry.subject or next(iter(entry.text.strip().splitlines()), "")
    form = SplitForm(request.POST or None, initial={"subject": first_line[:120]})
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            said = form.cleaned_data
            try:
                new = call_relations.split(
                    call, entry, deed_of(request, said["text"]), subject=said["subject"]
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
                status = CONFLICT
            else:
                messages.success(request, f"{new} is logged, and linked to {call}.")
                return _to(new)
    context = {"call": call, "entry": entry, "form": form}
    return render(request, "web/call/split.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@analysts_only
def new_task(request: HttpRequest, number: int) -> HttpResponse:
    """Add a task to a call."""
    call = _call(request, number, Right.LOG_TASK)
    return log_task_on(request, call, back=reverse("web:call", args=[number]))


def _call(request: HttpRequest, number: int, right: Right) -> Call:
    call = get_object_or_404(calls_to_show(), pk=number)
    demand(request, Right.VIEW, call.partition)
    demand(request, right, call.partition)
    return call


def _to(call: Call) -> HttpResponse:
    return redirect("web:call", call.number)
