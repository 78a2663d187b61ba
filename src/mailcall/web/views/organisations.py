"""The organisations that people belong to."""

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from mailcall.desk.models import Organisation, Person
from mailcall.desk.people import set_domains
from mailcall.web.access import analysts_only, with_administer
from mailcall.web.paging import key_from, newest_first
from mailcall.web.people_forms import OrganisationForm
from mailcall.web.views.people import edit_form, may_change

SHOWN = 500


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """All organisations, or those whose name has some words."""
    query = request.GET.get("q", "").strip()[:200]
    rows = Organisation.objects.prefetch_related("domains").annotate(count=Count("people"))
    found = list(rows.filter(name__icontains=query)[: SHOWN + 1])
    context = {
        "organisations": found[:SHOWN],
        "cut_short": len(found) > SHOWN,
        "shown": SHOWN,
        "query": query,
        "may_change": may_change(request),
    }
    return render(request, "web/people/organisations.html", context)


@require_safe
@analysts_only
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One organisation with its people, newest first."""
    organisation = get_object_or_404(Organisation, pk=pk)
    before = key_from(request.GET.get("before"))
    context = {
        "organisation": organisation,
        "domains": organisation.domains.all(),
        "page": newest_first(Person.objects.filter(organisation=organisation), before=before),
        "before": before,
        "may_change": may_change(request),
    }
    return render(request, "web/people/organisation.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_administer
def new(request: HttpRequest) -> HttpResponse:
    """Make an organisation."""
    return edit_form(request, OrganisationForm, Organisation(), "A new organisation", _saved)


@require_http_methods(["GET", "HEAD", "POST"])
@with_administer
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an organisation's name or domains."""
    organisation = get_object_or_404(Organisation, pk=pk)
    return edit_form(request, OrganisationForm, organisation, str(organisation), _saved)


def _saved(request: HttpRequest, form: OrganisationForm) -> HttpResponse:
    with transaction.atomic():
        organisation = form.save()
        set_domains(organisation, form.cleaned_data["domains"])
    messages.success(request, f"{organisation} is saved.")
    return redirect("web:organisation", organisation.pk)
