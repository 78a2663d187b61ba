"""Addresses that no mail goes to, and how they are released."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.models import Right
from mailcall.message import comparable
from mailcall.outbound import suppressing
from mailcall.outbound.models import Suppression
from mailcall.web.access import acting_person, analysts_only, demand, visible_partitions, why_not_here
from mailcall.web.paging import key_from, newest_first


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """Those that are suppressed, newest first; or one address, with its history.

    Each by the partition of the mail because of which it is.
    """
    query = request.GET.get("q", "").strip()[:320]
    before = key_from(request.GET.get("before"))
    rows = Suppression.objects.select_related("delivery")
    rows = rows.filter(address=comparable(query)) if query else rows.filter(released_at=None)
    if (partitions := visible_partitions(request)) is not None:
        rows = rows.filter(delivery__partition__in=partitions)
    context = {
        "all_seen": partitions is None,
        "page": newest_first(rows, before=before),
        "before": before,
        "query": query,
        "may_release": not why_not_here(request, Right.MAIL, None),
    }
    return render(request, "web/outbox/suppressed.html", context)


@require_POST
@analysts_only
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Let mail go to an address again."""
    demand(request, Right.MAIL, None)
    row = get_object_or_404(Suppression, pk=pk)
    try:
        suppressing.release(row, str(acting_person(request) or "An administrator"))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, f"Mail goes to {row.address} again. What failed meanwhile is not sent by itself."
        )
    return redirect("web:suppressed")
