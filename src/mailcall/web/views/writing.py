"""Where mails that analysts write begin, and what becomes of those that just left: lists, and taking back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.models import Person, Right
from mailcall.inbound.correspondents import correspondents
from mailcall.outbound import drafts, sending
from mailcall.outbound.addressing import addressed
from mailcall.outbound.models import Draft, DraftKind
from mailcall.outbound.recipients import Work, partition_of
from mailcall.outbound.typed_addresses import MOST_TYPED
from mailcall.web.access import acting_person, analysts_only, demand, visible_partitions
from mailcall.web.acting import UNPROCESSABLE
from mailcall.web.call_page import calls_to_show
from mailcall.web.compose_page import ComposeForm, page_of, render_compose
from mailcall.web.views.drafts import own_draft, refuse_unseen
from mailcall.web.views.entries import OWNED
from mailcall.web.work_page import requests_to_show, tasks_to_show

NO_PERSON = "Your sign-in belongs to no person, so it can't write mail."
LISTED = 200
_WORK: dict[str, Callable[[], Any]] = {
    "call": calls_to_show,
    "request": requests_to_show,
    "task": tasks_to_show,
}


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """The drafts of whoever is signed in, and their mails that leave later."""
    person = acting_person(request)
    rows = drafts.of_author(person)[:LISTED] if person else []
    seen = visible_partitions(request)
    shown = [row for row in rows if seen is None or partition_of(row.about).pk in seen]
    return render(request, "web/compose/drafts.html", {"drafts": shown})


@require_safe
@analysts_only
def panel(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """One's own drafts about something, for its page."""
    return render(request, "web/compose/panel.html", {"work": _work(request, kind, number, Right.VIEW)})


@require_POST
@analysts_only
def new(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Begin a mail, with what was typed on the page of the call, request or task.

    By `do` it is sent from there, if nothing is wrong and it was seen there whom it goes to; else it is shown
    with all its fields.
    """
    work = _work(request, kind, number, Right.UPDATE)
    draft = drafts.begin(_author(request), work)
    form = ComposeForm(request.POST)
    draft = drafts.save(draft, form.typed() if form.is_valid() else {}, version=draft.version)
    draft = own_draft(request, draft.pk)
    if request.POST.get("do") != "send":
        return redirect("web:draft", draft.pk)
    if drafts.sent_lately(draft):
        drafts.forget(Draft.objects.filter(pk=draft.pk))
        messages.info(request, "You sent this very mail a moment ago, so it is not sent once more.")
        return redirect(f"{page_of(work)}#reply")
    if problems := form.sentences():
        return render_compose(request, draft, problems=problems, status=UNPROCESSABLE)
    try:
        refuse_unseen(request, draft)
        sending.send(draft)
    except Refused as refusal:
        return render_compose(request, draft, problems=[str(refusal)], status=UNPROCESSABLE)
    return redirect(f"{page_of(work)}#reply")


@require_safe
@analysts_only
def readers(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Whom a mail would go to that is begun there, for the page."""
    work = _work(request, kind, number, Right.UPDATE)
    typed = {name: request.GET.get(name, "")[:MOST_TYPED] for name in ("to", "cc")}
    draft = Draft(author=_author(request), **{kind: work}, **typed)
    return render(request, "web/compose/quick_readers.html", {"addressed": addressed(draft)})


@require_POST
@analysts_only
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin an answer to a mail of the timeline, or forward it."""
    entry = get_object_or_404(OWNED.select_related("actor"), pk=pk)
    kind = request.POST.get("kind", "")
    if kind not in {DraftKind.REPLY, DraftKind.REPLY_ALL, DraftKind.FORWARD}:
        raise Http404
    work = entry.call or entry.request or entry.task
    assert work is not None  # a constraint of the table
    demand(request, Right.UPDATE, partition_of(work))
    try:
        between = None if entry.internal else correspondents(entry)
        draft = drafts.begin(_author(request), work, DraftKind(kind), answers=entry, between=between)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(page_of(work))
    return redirect("web:draft", draft.pk)


@require_POST
@analysts_only
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a mail that has not left."""
    draft = own_draft(request, pk)
    try:
        sending.undo(draft)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{page_of(draft.about)}#reply")
    messages.success(request, "The mail did not leave. Here it is, to be written on.")
    return redirect("web:draft", pk)


def _work(request: HttpRequest, kind: str, number: int, right: Right) -> Work:
    if kind not in _WORK:
        raise Http404
    work: Work = get_object_or_404(_WORK[kind](), pk=number)
    demand(request, right, partition_of(work))
    return work


def _author(request: HttpRequest) -> Person:
    person = acting_person(request)
    if person is None:
        raise PermissionDenied(NO_PERSON)
    return person
