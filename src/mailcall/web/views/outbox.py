"""The outbox: what is to be sent and what became of it, by recipient, worked on one by one or all at once."""

from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.models import Right
from mailcall.outbound import outbox
from mailcall.outbound.models import Delivery
from mailcall.outbound.outbox import MOST_AT_ONCE, OPERATIONS, OutboxFilter
from mailcall.outbound.readdressing import readdress
from mailcall.web.access import acting_person, analysts_only, demand, partitions_with, visible_partitions
from mailcall.web.outbox_forms import OutboxForm
from mailcall.web.paging import key_from, newest_first

WINDOW = 10_000
UNDO = "mailcall.outbox"
UNDO_SECONDS = 600
DID = {"hold": "held", "release": "released", "retry": "tried again", "cancel": "cancelled"}
MEANINGLESS = "That filter means no deliveries. Choose it again."


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """Deliveries, newest first; by state, server, recipient, type and age."""
    form = OutboxForm(request.GET, auto_id="outbox_%s")
    asked = form.asked()
    before = key_from(request.GET.get("before"))
    rows = (asked or OutboxFilter()).of(visible_partitions(request), timezone.now())
    if asked is None:
        rows = rows.none()
    rows = rows.select_related("message", "server").defer("message__data", "message__references")
    context = {
        "page": newest_first(rows, before=before, window=None if asked and asked.is_open else WINDOW),
        "before": before,
        "form": form,
        "asked": asked,
        "filtered": asked != OutboxFilter(),
        "meaningless": MEANINGLESS,
        "operations": OPERATIONS,
    }
    return render(request, "web/outbox/index.html", context)


@require_POST
@analysts_only
def do_to_all(request: HttpRequest) -> HttpResponse:
    """Do something to all that the filter shows: first ask, with their number; then do it."""
    partitions = partitions_with(request, Right.MAIL)
    form = OutboxForm(request.POST)
    asked, operation = form.asked(), request.POST.get("operation", "")
    if asked is None or operation not in OPERATIONS:
        messages.error(request, MEANINGLESS if asked is None else "There is no such operation.")
        return redirect("web:outbox")
    rows = asked.of(partitions, timezone.now()).order_by("-pk")
    if not asked.is_open:
        last = Delivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        rows = rows.filter(pk__gt=last - WINDOW)
    found = list(rows.select_related("message")[: MOST_AT_ONCE + 1])
    back = f"{reverse('web:outbox')}?{_query(request)}"
    if request.POST.get("confirmed") != "yes":
        context = {
            "count": len(found),
            "most": MOST_AT_ONCE,
            "operation": operation,
            "fields": [(name, request.POST.get(name, "")) for name in form.fields],
            "back": back,
        }
        return render(request, "web/outbox/confirm.html", context)
    done = outbox.do_to_all(operation, found[:MOST_AT_ONCE])
    rest = f" {done.refused} were not, since that makes no sense for them." if done.refused else ""
    messages.success(request, f"{done.count} of them {DID[operation]}.{rest}")
    if not done.count:
        return redirect(back)
    context = {
        "undo": signing.dumps(done.undo, salt=_salt(request), compress=True),
        "count": done.count,
        "did": DID[operation],
        "back": back,
    }
    return render(request, "web/outbox/done.html", context)


@require_POST
@analysts_only
def undo(request: HttpRequest) -> HttpResponse:
    """Put back what was just done to many, where nothing happened since."""
    try:
        rows = signing.loads(request.POST.get("undo", ""), salt=_salt(request), max_age=UNDO_SECONDS)
    except signing.BadSignature:
        messages.error(request, "That can't be undone any more: ten minutes are over.")
        return redirect("web:outbox")
    count = outbox.undo_all(rows, partitions_with(request, Right.MAIL))
    left = len(rows) - count
    gone = f" {left} had gone on, and stay as they are." if left else ""
    messages.success(request, f"{count} put back as they were.{gone}")
    return redirect("web:outbox")


@require_POST
@analysts_only
def change_address(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a mail to another address than it had."""
    rows = Delivery.objects.select_related("message__partition")
    delivery = get_object_or_404(rows, pk=pk)
    demand(request, Right.MAIL, delivery.message.partition)
    by = acting_person(request)
    try:
        again = readdress(delivery, request.POST.get("address", "")[:320], str(by or "An administrator"))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("web:message", delivery.message_id)
    messages.success(request, f"It goes to {again.recipient} instead.")
    return redirect("web:message", again.message_id)


def _query(request: HttpRequest) -> str:
    query: Any = request.POST.copy()
    for name in ("csrfmiddlewaretoken", "operation", "confirmed"):
        query.pop(name, None)
    return str(query.urlencode())


def _salt(request: HttpRequest) -> str:
    """Only who did it undoes it."""
    return f"{UNDO}.{request.user.pk}"
