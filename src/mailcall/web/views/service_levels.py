"""Agreements, business calendars and who is told: changed by administrators, who see first what that does."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mailcall.desk.agreeing import Agreed, Author, changing, last_change, refuse_to_remove, remove
from mailcall.desk.calendars import holidays_from, refuse_country
from mailcall.desk.errors import Refused
from mailcall.desk.issue_types import full_names
from mailcall.desk.models import (
    Agreement,
    BusinessCalendar,
    IssueType,
    Recompute,
    ServiceLevelChange,
    Timer,
)
from mailcall.desk.previewing import MOST_LISTED, effects_of
from mailcall.web.access import administrators_only
from mailcall.web.acting import CONFLICT, UNPROCESSABLE, author
from mailcall.web.paging import key_from, newest_first
from mailcall.web.service_level_forms import (
    AgreementForm,
    CalendarForm,
    IssueTypeForm,
    addresses_of,
    issue_type_names,
    level_rows,
)

CHANGES_SHOWN = 10


@require_safe
@administrators_only
def index(request: HttpRequest) -> HttpResponse:
    """All agreements, calendars and issue types, and what was changed last."""
    named = ("calendar", "partition", "organisation", "issue_type", "group")
    agreements = Agreement.objects.select_related(*named).prefetch_related("targets", "levels")
    context = {
        "agreements": agreements,
        "calendars": BusinessCalendar.objects.all(),
        "issue_types": issue_type_names(),
        "changes": ServiceLevelChange.objects.all()[:CHANGES_SHOWN],
        "recomputing": Recompute.objects.exists(),
    }
    return render(request, "web/levels/index.html", context)


@require_safe
@administrators_only
def changes(request: HttpRequest) -> HttpResponse:
    """What was changed, newest first."""
    before = key_from(request.GET.get("before"))
    context = {"page": newest_first(ServiceLevelChange.objects.all(), before=before), "before": before}
    return render(request, "web/levels/changes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def agreement(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """An agreement: what it says, what a change of it would do, and its change."""
    stored = get_object_or_404(Agreement, pk=pk) if pk else Agreement()
    title = f"Agreement {stored}" if pk else "A new agreement"
    posted = request.POST or None
    form = AgreementForm(posted, instance=stored, initial={"seen": last_change(stored)}, auto_id="thing_%s")
    levels = level_rows(posted, Agreement(pk=pk))
    context = {"title": title, "form": form, "levels": levels, "pk": pk}
    if request.method != "POST":
        return render(request, "web/levels/agreement.html", context)
    if form.is_valid() & levels.is_valid():
        return _preview_or_save(request, form, lambda: form.keep(levels.levels), context)
    return render(request, "web/levels/agreement.html", context, status=UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def calendar(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A business calendar, likewise, with the holidays to come."""
    stored = get_object_or_404(BusinessCalendar, pk=pk) if pk else BusinessCalendar()
    title = f"Calendar {stored}" if pk else "A new calendar"
    posted = request.POST or None
    form = CalendarForm(posted, instance=stored, initial={"seen": last_change(stored)}, auto_id="thing_%s")
    valid = form.is_valid()  # fills the instance
    context = {"title": title, "form": form, "pk": pk, "holidays": _holidays(stored)}
    if valid:
        return _preview_or_save(request, form, form.save, context)
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "web/levels/calendar.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def issue_type(request: HttpRequest, pk: int) -> HttpResponse:
    """Who are told of the escalations of an issue type."""
    stored = get_object_or_404(IssueType, pk=pk)
    initial = {"analysts": addresses_of(stored.analysts.order_by("name", "pk")), "seen": last_change(stored)}
    form = IssueTypeForm(request.POST or None, initial=initial, auto_id="thing_%s")
    if form.is_valid() and _is_fresh(form, stored):
        with changing(stored, _author(request)):
            stored.analysts.set(form.cleaned_data["analysts"])
        messages.success(request, f"Whom {stored} tells is saved.")
        return redirect("web:service-levels")
    context = {"title": full_names()[pk], "form": form}
    status = UNPROCESSABLE if form.is_bound else 200
    return render(request, "web/levels/issue_type.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def remove_agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, with what would come of it; then remove an agreement."""
    return _remove(request, get_object_or_404(Agreement, pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only
def remove_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask; then remove a calendar that no agreement has."""
    return _remove(request, get_object_or_404(BusinessCalendar, pk=pk))


def _remove(request: HttpRequest, stored: Agreement | BusinessCalendar) -> HttpResponse:
    name, page = str(stored), reverse(f"web:{_KINDS[type(stored)]}", args=[stored.pk])
    try:
        if request.method == "POST":
            remove(stored, _author(request))
            messages.success(request, f"{name} is removed.")
            return redirect("web:service-levels")
        refuse_to_remove(stored)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(page)
    context: dict[str, Any] = {"thing": stored, "page": page, "most_listed": MOST_LISTED}
    if isinstance(stored, Agreement):
        rows = Agreement.objects.filter(pk=stored.pk)
        context["figures"] = Timer.objects.filter(agreement=stored, met_at__isnull=False).count()
        context["effects"] = effects_of(lambda: rows.update(active=False), timezone.now())
    return render(request, "web/levels/remove.html", context)


def _preview_or_save(
    request: HttpRequest,
    form: AgreementForm | CalendarForm,
    keep: Callable[[], object],
    context: dict[str, Any],
) -> HttpResponse:
    """Save what is typed; or show what that would do, where that is asked for or things changed meanwhile."""
    thing = form.instance
    if "save" in request.POST and _is_fresh(form, thing):
        with changing(thing, _author(request)):
            keep()
        messages.success(request, f"{thing} is saved. Open work follows within seconds.")
        return redirect("web:service-levels")
    context["effects"] = None if form.errors else effects_of(keep, timezone.now())
    context["most_listed"] = MOST_LISTED
    template = f"web/levels/{_KINDS[type(thing)]}.html"
    return render(request, template, context, status=CONFLICT if form.errors else 200)


_KINDS: Mapping[type[Agreement | BusinessCalendar], str] = {
    Agreement: "agreement",
    BusinessCalendar: "calendar",
}


def _is_fresh(form: Any, stored: Agreed) -> bool:
    """Whether nobody changed it since the page was made; if somebody did, the form says who, and what."""
    newest = last_change(stored)
    if (form.cleaned_data["seen"] or 0) == newest:
        return True
    change = ServiceLevelChange.objects.get(pk=newest)
    data = form.data.copy()
    data["seen"] = newest
    form.data = data
    form.add_error(
        None,
        f"{change.by_name} changed it while you did: {change.text} "
        "Save again to have what stands here instead, or load the page anew.",
    )
    return False


def _author(request: HttpRequest) -> Author:
    who = author(request)
    return Author(who["by"], who["by_name"])


def _holidays(calendar: BusinessCalendar) -> list[tuple[dt.date, str]]:
    """Those of the coming year; none where the country is none."""
    try:
        refuse_country(calendar.country, calendar.subdivision)
    except ValueError:
        return []
    return holidays_from(calendar.country, calendar.subdivision, timezone.localdate())
