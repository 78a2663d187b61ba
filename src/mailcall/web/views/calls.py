"""The list of calls, and one call."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mailcall.desk.locks import holder
from mailcall.desk.models import RemovedCall, Right
from mailcall.desk.standing import standings
from mailcall.outbound.models import Message
from mailcall.web.access import analysts_only, demand, visible_partitions
from mailcall.web.call_ending import ending_of
from mailcall.web.call_list import FILTERS, find_calls
from mailcall.web.call_page import (
    calls_to_show,
    deliveries_seen,
    issue_type_of,
    linked_calls,
    links_of,
    lock_seen,
    render_call,
)
from mailcall.web.fresh_lists import render_list
from mailcall.web.paging import key_from
from mailcall.web.timelines import ENTRIES_SHOWN, shown_entries


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """The list. Asked by htmx, only the table; and nothing (204) when it is as `seen` says."""
    which = request.GET.get("show", "open")
    which = which if which in FILTERS else "open"
    query = request.GET.get("q", "").strip()[:200]
    before = request.GET.get("before", "")[:80]
    page = find_calls(which=which, query=query, before=before, partitions=visible_partitions(request))
    context = {"which": which, "query": query, "before": before, "filters": FILTERS}
    whole, table = "web/calls.html", "web/parts/call_table.html"
    return render_list(request, page, context, whole=whole, table=table)


@require_safe
@analysts_only
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One call with its timeline and forms."""
    if removed := RemovedCall.objects.filter(pk=number, how="deleted").first():
        context = {"title": f"Call {number} is gone", "sentence": str(removed), "status": 410}
        return render(request, "web/error.html", context, status=410)
    call = get_object_or_404(calls_to_show(), pk=number)
    demand(request, Right.VIEW, call.partition)
    return render_call(request, call, before=key_from(request.GET.get("before")))


@require_safe
@analysts_only
def news(request: HttpRequest, number: int) -> HttpResponse:
    """What happened since the page was made: new entries, heading, deliveries, the lock. 204 for nothing.

    `version`, `deliveries` and `lock` are what the page has; `last` is the key of its last entry.
    """
    call = get_object_or_404(calls_to_show(), pk=number)
    demand(request, Right.VIEW, call.partition)
    digest = deliveries_seen(call)
    moved = request.GET.get("version") != str(call.version)
    delivered = request.GET.get("deliveries") != digest
    held = holder(call)
    passed_on = request.GET.get("lock", "") != lock_seen(held)
    if not moved and not delivered and not passed_on:
        return HttpResponse(status=204)
    last = key_from(request.GET.get("last")) or 0
    entries = list(shown_entries(call.timeline.filter(pk__gt=last)).order_by("pk")[:ENTRIES_SHOWN])
    messages = Message.objects.filter(call=call, entry__lte=last).order_by("-pk")
    context = {
        "call": call,
        "linked": linked_calls(call, links_of(call)),
        "ending": ending_of(request, call),
        "issue_type": issue_type_of(call),
        "standings": standings(call, timezone.now()),
        "held": held,
        "lock_seen": lock_seen(held),
        "passed_on": passed_on,
        "entries": entries,
        "last": entries[-1].pk if entries else last,
        "deliveries_seen": digest,
        "messages_shown": messages.prefetch_related("deliveries__server")[:ENTRIES_SHOWN]
        if delivered
        else (),
    }
    return render(request, "web/call/news.html", context)
