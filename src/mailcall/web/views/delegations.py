"""Delegations: who decides for whom, for how long, in what."""

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from mailcall.desk.delegations import delegate, revoke
from mailcall.desk.errors import Refused
from mailcall.desk.models import Delegation, Person
from mailcall.web.access import acting_person, people_only
from mailcall.web.acting import CONFLICT, UNPROCESSABLE
from mailcall.web.paging import key_from, newest_first
from mailcall.web.work_forms import DelegationForm


@require_http_methods(["GET", "HEAD", "POST"])
@people_only
def index(request: HttpRequest) -> HttpResponse:
    """Those of whoever is signed in, for analysts all; and by POST a new one."""
    person = _person(request)
    form = DelegationForm(request.POST or None, own=not person.is_analyst, initial=_initial(person))
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                made = _make(form, person)
            except Refused as refusal:
                form.add_error(None, str(refusal))
                status = CONFLICT
            else:
                messages.success(request, f"{made.delegate} decides for {made.person}.")
                return redirect("web:delegations")
    return render(request, "web/work/delegations.html", _context(request, person, form), status=status)


@require_POST
@people_only
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one at once."""
    person = _person(request)
    row = get_object_or_404(_seen_by(person).select_related("person", "delegate"), pk=pk)
    try:
        revoke(row, by=person)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{row.delegate} decides no more for {row.person}.")
    return redirect("web:delegations")


def _make(form: DelegationForm, person: Person) -> Delegation:
    said = form.cleaned_data
    return delegate(
        said.get("person", person),
        said["delegate"],
        starts_at=said["starts_at"],
        ends_at=said["ends_at"],
        made_by=person,
        **form.in_what(),  # type: ignore[arg-type]
    )


def _initial(person: Person) -> dict[str, object]:
    return {"person": person.email, "starts_at": timezone.localtime()}


def _seen_by(person: Person) -> "QuerySet[Delegation]":
    """All of them for an analyst, their own for a User."""
    if person.is_analyst:
        return Delegation.objects.all()
    return Delegation.objects.filter(Q(person=person) | Q(delegate=person))


def _context(request: HttpRequest, person: Person, form: DelegationForm) -> dict[str, object]:
    now = timezone.now()
    ended = request.GET.get("show") == "ended"
    over = Q(ends_at__lte=now) | Q(revoked_at__isnull=False)
    rows = _seen_by(person).select_related(
        "person", "delegate", "partition", "request_type", "made_by", "revoked_by"
    )
    before = key_from(request.GET.get("before"))
    page = newest_first(rows.filter(over) if ended else rows.exclude(over), before=before)
    return {"page": page, "before": before, "ended": ended, "now": now, "form": form, "person": person}


def _person(request: HttpRequest) -> Person:
    person = acting_person(request)
    assert person is not None  # who has none was sent away
    return person
