"""The message table: what is to be sent, what was, and what the servers said."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages as notices
from django.db.models import Exists, OuterRef, Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.models import Right
from mailcall.message import BadAddress, BadHeader
from mailcall.outbound import operations
from mailcall.outbound.message_types import ROUND_TRIP
from mailcall.outbound.models import Delivery, DeliveryState, Message
from mailcall.outbound.render import draft_of, shown
from mailcall.web import safety
from mailcall.web.access import analysts_only, demand, visible_partitions
from mailcall.web.paging import digest, key_from, newest_first

WINDOW = 10_000
SOURCE_SHOWN = 64 * 1024
UNRENDERABLE = (BadAddress, BadHeader, KeyError, OSError, Refused)
OPERATIONS: dict[str, tuple[Callable[[Delivery], None], str]] = {
    "retry": (operations.retry, "It is tried again at once."),
    "hold": (operations.hold, "It is held until somebody releases it."),
    "release": (operations.release, "It is released and will be sent."),
    "cancel": (operations.cancel, "It is cancelled and won't be sent."),
}


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """All messages, newest first; or those with a delivery in one state."""
    state = request.GET.get("state", "")
    before = key_from(request.GET.get("before"))
    rows = Message.objects.select_related("call").defer("data", "references")
    rows = rows.prefetch_related(Prefetch("deliveries", Delivery.objects.order_by("pk")))
    partitions = visible_partitions(request)
    window = None if partitions is None else WINDOW
    if partitions is not None:
        rows = rows.filter(partition__in=partitions)
    if state in DeliveryState.values:
        rows = rows.filter(Exists(Delivery.objects.filter(message=OuterRef("pk"), state=state)))
        window = WINDOW
    else:
        rows = rows.exclude(type_code=ROUND_TRIP.code)  # no mail for people
    page = newest_first(rows, before=before, window=window)
    shown = [
        [(copy.pk, copy.state, copy.attempts) for copy in message.deliveries.all()] for message in page.rows
    ]
    seen = "" if window else digest([message.pk for message in page.rows], shown, page.older)
    if seen and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {
        "page": page,
        "seen": seen,
        "before": before,
        "window": WINDOW,
        "state": state,
        "states": DeliveryState.choices,
    }
    template = "web/parts/message_table.html" if request.headers.get("HX-Request") else "web/messages.html"
    return render(request, template, context)


@require_safe
@analysts_only
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One message: what it says, and what became of each copy."""
    rows = Message.objects.select_related("call", "author", "partition", "entry__received_mail")
    message = get_object_or_404(rows.defer("entry__html", "entry__received_mail__raw"), pk=pk)
    demand(request, Right.VIEW, message.partition)
    context: dict[str, Any] = {
        "message": message,
        "deliveries": message.deliveries.select_related("server").order_by("pk"),
    }
    try:
        draft, source = draft_of(message), shown(message)
    except UNRENDERABLE as error:
        context["problem"] = f"It can't be made into a mail: {error}"
    else:
        context |= {
            "draft": draft,
            "source": source[:SOURCE_SHOWN].decode("utf-8", "replace"),
            "source_cut": len(source) > SOURCE_SHOWN,
        }
    return render(request, "web/message.html", context)


@require_safe
@analysts_only
def as_sent(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML of a message, for a sandboxed frame."""
    try:
        draft = draft_of(_message(request, pk))
    except UNRENDERABLE:
        raise Http404 from None
    return safety.frame(request, draft.html, cid={}, remote_images=False)


@require_safe
@analysts_only
def raw(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole source: as plain text, or with `download=1` to be saved."""
    try:
        source = shown(_message(request, pk))
    except UNRENDERABLE:
        raise Http404 from None
    download = request.GET.get("download") == "1"
    return safety.source_answer(
        source, name=f"message-{pk}.{'eml' if download else 'txt'}", download=download
    )


@require_POST
@analysts_only
def operate(request: HttpRequest, pk: int) -> HttpResponse:
    """Retry, release or cancel one delivery."""
    delivery = get_object_or_404(Delivery.objects.select_related("message__partition"), pk=pk)
    demand(request, Right.MAIL, delivery.message.partition)
    operation, sentence = OPERATIONS.get(request.POST.get("operation", ""), (None, ""))
    if operation is None:
        notices.error(request, "There is no such operation.")
        return redirect("web:message", delivery.message_id)
    try:
        operation(delivery)
    except Refused as refusal:
        notices.error(request, str(refusal))
    else:
        notices.success(request, f"{delivery.recipient}: {sentence}")
    return redirect("web:message", delivery.message_id)


def _message(request: HttpRequest, pk: int) -> Message:
    message = get_object_or_404(Message.objects.select_related("partition"), pk=pk)
    demand(request, Right.VIEW, message.partition)
    return message
