"""What an analyst does to a call. Only by POST; what the desk refuses is said, and nothing typed is lost."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from mailcall.desk import calls, closing, locks
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, CallLink, Channel, Participant, Right
from mailcall.desk.state_names import state_names
from mailcall.web.access import acting_person, analysts_only, demand
from mailcall.web.acting import CONFLICT, UNPROCESSABLE, Tried, act, deed_of
from mailcall.web.call_actions import CALL_ACTIONS
from mailcall.web.call_ending import ending_of
from mailcall.web.call_page import calls_to_show, render_call
from mailcall.web.forms import NoteForm, ParticipantForm

LINK_DECISIONS = {"accept": calls.accept_link, "dismiss": calls.dismiss_link}


@require_POST
@analysts_only
def note(request: HttpRequest, number: int) -> HttpResponse:
    """Add an internal note."""
    call = _call(request, number)
    form = NoteForm(request.POST, auto_id="note_%s")
    if not form.is_valid():
        return render_call(request, call, status=UNPROCESSABLE, note=form)
    try:
        entry = calls.add_note(
            call, actor=acting_person(request), text=form.cleaned_data["text"], channel=Channel.PAGE
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return render_call(request, call, status=UNPROCESSABLE, note=form)
    return _back(call, entry.pk)


@require_POST
@analysts_only
def resolve(request: HttpRequest, number: int) -> HttpResponse:
    """Resolve the call as its partition closes calls, unless it changed since the page was made."""

    def change(call: Call, said: Mapping[str, Any]) -> None:
        deed, solved = deed_of(request, said["comment"]), not said["unsolved"]
        closing.resolve(call, deed, solved=solved, analyst=said.get("analyst"), version=said["version"])

    return _change_state(request, number, Right.CLOSE, change)


@require_POST
@analysts_only
def close(request: HttpRequest, number: int) -> HttpResponse:
    """Close the call, unless it changed since the page was made."""

    def change(call: Call, said: Mapping[str, Any]) -> None:
        deed = deed_of(request, said["comment"])
        closing.close(call, deed, solved=not said["unsolved"], version=said["version"])

    return _change_state(request, number, Right.CLOSE, change)


@require_POST
@analysts_only
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    """Open the call again, unless it changed since the page was made."""

    def change(call: Call, said: Mapping[str, Any]) -> None:
        closing.reopen(call, deed_of(request, said["comment"]), version=said["version"])

    return _change_state(request, number, Right.REOPEN, change)


def _change_state(
    request: HttpRequest, number: int, right: Right, change: Callable[[Call, Mapping[str, Any]], None]
) -> HttpResponse:
    call = _call(request, number, right)
    form = ending_of(request, call).form(request.POST, auto_id="state_%s")
    if not form.is_valid():
        sentences = [str(sentence) for errors in form.errors.values() for sentence in errors]
        return _state_again(request, call, sentences, status=UNPROCESSABLE)
    try:
        change(call, form.cleaned_data)
    except Refused as refusal:
        return _state_again(request, _call(request, number, right), [str(refusal)], status=CONFLICT)
    call = _call(request, number, Right.VIEW)
    messages.success(request, f"{call} is {state_names(call.partition)[call.state].lower()}.")
    return _back(call)


def _state_again(request: HttpRequest, call: Call, sentences: list[str], *, status: int) -> HttpResponse:
    """The page as the call is now, so that the next try is about what it shows."""
    typed = {name: request.POST.get(name, "") for name in ("comment", "analyst", "unsolved")}
    form = ending_of(request, call).form(typed | {"version": str(call.version)}, auto_id="state_%s")
    for sentence in sentences:
        form.add_error(None, sentence)
    return render_call(request, call, status=status, state=form)


@require_POST
@analysts_only
def do(request: HttpRequest, number: int, action: str) -> HttpResponse:
    """Do one of the actions of the menu."""

    def again(call: Call, tried: Tried, status: int) -> HttpResponse:
        return render_call(request, call, tried=tried, status=status)

    def load() -> Call:
        return _call(request, number, Right.VIEW)

    return act(request, action, CALL_ACTIONS, load, again=again, back=_back)


@require_POST
@analysts_only
def lock(request: HttpRequest, number: int) -> HttpResponse:
    """Say who works on the call: `do` is lock, renew, take-over or release. htmx gets what shows it."""
    call = _call(request, number)
    deed = deed_of(request)
    try:
        match request.POST.get("do"):
            case "release":
                locks.unlock(call, deed)
            case "renew":
                locks.renew(call, deed)
            case "take-over":
                locks.lock(call, deed, take_over=True)
            case _:
                locks.lock(call, deed)
    except Refused as refusal:
        if not request.headers.get("HX-Request"):
            messages.error(request, str(refusal))
    if request.headers.get("HX-Request"):
        return render(request, "web/call/lock.html", {"call": call, "held": locks.holder(call)})
    return _back(call)


@require_POST
@analysts_only
def add_participant(request: HttpRequest, number: int) -> HttpResponse:
    """Have an address take part."""
    call = _call(request, number)
    form = ParticipantForm(request.POST, auto_id="participant_%s")
    if not form.is_valid():
        return render_call(request, call, status=UNPROCESSABLE, participant=form)
    try:
        calls.add_participant(call, actor=acting_person(request), **form.cleaned_data)
    except Refused as refusal:
        form.add_error("address", str(refusal))
        return render_call(request, call, status=UNPROCESSABLE, participant=form)
    messages.success(request, f"{form.cleaned_data['address']} takes part in call {number} now.")
    return _back(call)


@require_POST
@analysts_only
def remove_participant(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Have an address no longer take part."""
    participant = get_object_or_404(
        Participant.objects.select_related("call__user", "call__partition"), pk=pk, call=number
    )
    demand(request, Right.UPDATE, participant.call.partition)
    try:
        calls.remove_participant(participant, actor=acting_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{participant.address} takes part in call {number} no more.")
    return _back(participant.call)


@require_POST
@analysts_only
def decide_link(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Accept or dismiss a proposed link to an earlier call."""
    link = get_object_or_404(
        CallLink.objects.select_related("call__partition", "earlier"), pk=pk, call=number
    )
    demand(request, Right.UPDATE, link.call.partition)
    decide = LINK_DECISIONS.get(request.POST.get("decision", ""))
    if decide is None:
        messages.error(request, "Say whether the calls belong together.")
        return _back(link.call)
    try:
        decide(link, actor=acting_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return _back(link.call)


def _call(request: HttpRequest, number: int, right: Right = Right.UPDATE) -> Call:
    call = get_object_or_404(calls_to_show(), pk=number)
    demand(request, right, call.partition)
    return call


def _back(call: Call, entry: int | None = None) -> HttpResponse:
    address = reverse("web:call", args=[call.number])
    return redirect(f"{address}#entry-{entry}" if entry else address)
