"""The people of the desk: the list, one person with their addresses, and what is changed about them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.desk import people
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Person, PersonAddress, Request, Right
from mailcall.desk.rights import rights_of
from mailcall.outbound.suppressing import suppressed
from mailcall.web.access import (
    acting_person,
    analysts_only,
    visible_partitions,
    why_not_here,
    with_administer,
)
from mailcall.web.logins import follow_address
from mailcall.web.paging import key_from
from mailcall.web.people_forms import AddressForm, NewPersonForm, PersonForm
from mailcall.web.people_list import KINDS, WINDOW, Asked, find_people

UNPROCESSABLE = 422
WORK_SHOWN = 20
CHANGES_SHOWN = 20
_TO_PERSON: dict[str, tuple[Callable[..., None], str]] = {
    "leave": (people.leave, "{} can do nothing on this desk any more."),
    "return": (people.come_back, "{} is back."),
}


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """The list, searched by name or address."""
    which = request.GET.get("show", "all")
    which = which if which in KINDS else "all"
    query = request.GET.get("q", "").strip()[:200]
    before = key_from(request.GET.get("before"))
    context = {
        "page": find_people(Asked(which, query, before)),
        "which": which,
        "kinds": KINDS,
        "query": query,
        "before": before,
        "window": WINDOW,
        "may_change": may_change(request),
    }
    return render(request, "web/people/index.html", context)


@require_safe
@analysts_only
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One person."""
    return _render(request, _person(pk))


@require_http_methods(["GET", "HEAD", "POST"])
@with_administer
def new(request: HttpRequest) -> HttpResponse:
    """Record a person."""
    return edit_form(request, NewPersonForm, Person(), "A new person", _saved)


@require_http_methods(["GET", "HEAD", "POST"])
@with_administer
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a person's record."""
    person = _person(pk)
    return edit_form(request, PersonForm, person, str(person), _saved)


@require_POST
@with_administer
def add_address(request: HttpRequest, pk: int) -> HttpResponse:
    """Have somebody known by a further address."""
    person = _person(pk)
    form = AddressForm(request.POST, auto_id="address_%s")
    if not form.is_valid():
        return _render(request, person, address_form=form, status=UNPROCESSABLE)
    try:
        added = people.add_address(person, by=acting_person(request), **form.cleaned_data)
    except Refused as refusal:
        form.add_error("address", str(refusal))
        return _render(request, person, address_form=form, status=UNPROCESSABLE)
    messages.success(request, f"{person} is known by {added.address} now, too.")
    return redirect("web:person", pk)


@require_POST
@with_administer
def change_address(request: HttpRequest, pk: int, key: int, verb: str) -> HttpResponse:
    """Verify a further address, remove it, or make it the one on record."""
    row = get_object_or_404(PersonAddress.objects.select_related("person"), pk=key, person=pk)
    actor = acting_person(request)
    try:
        if verb == "verify":
            people.verify_address(row, by=actor, how="an administrator knows it")
        elif verb == "record":
            with transaction.atomic():
                people.put_on_record(row, by=actor)
                follow_address(_person(pk))
        else:
            people.remove_address(row, by=actor)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("web:person", pk)


@require_POST
@with_administer
def change(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Say that somebody has left, or is back."""
    person = _person(pk)
    do, sentence = _TO_PERSON[verb]
    try:
        do(person, by=acting_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, sentence.format(person))
    return redirect("web:person", pk)


def may_change(request: HttpRequest) -> bool:
    """Whether they may change people, groups, organisations and roles."""
    return not why_not_here(request, Right.ADMINISTER, None)


def edit_form(
    request: HttpRequest,
    form_class: Callable[..., Any],
    thing: Any,
    title: str,
    save: Callable[[HttpRequest, Any], HttpResponse],
) -> HttpResponse:
    """The page of a form that makes or changes a thing; `save` gets the valid form and says where to go."""
    if request.method != "POST":
        form = form_class(instance=thing, auto_id="thing_%s")
    else:
        form = form_class(request.POST, instance=thing, auto_id="thing_%s")
        if form.is_valid():
            return save(request, form)
    context = {"form": form, "title": title, "is_new": thing.pk is None}
    return render(request, "web/people/form.html", context, status=200 if not form.errors else UNPROCESSABLE)


def _saved(request: HttpRequest, form: PersonForm) -> HttpResponse:
    is_new = form.instance.pk is None
    with transaction.atomic():
        form.instance.made_by_mail = False  # somebody looked at it
        person = form.save()
        if is_new:
            people.note(person, acting_person(request), "Recorded.")
        elif form.changed_data:
            told = ", ".join(name.removeprefix("is_").replace("_", " ") for name in form.changed_data)
            people.note(person, acting_person(request), f"Changed: {told}.")
    messages.success(request, f"{person} is saved.")
    return redirect("web:person", person.pk)


def _person(pk: int) -> Person:
    return get_object_or_404(Person.objects.select_related("organisation").exclude(email=""), pk=pk)


def _render(
    request: HttpRequest, person: Person, *, address_form: AddressForm | None = None, status: int = 200
) -> HttpResponse:
    partitions = visible_partitions(request)
    calls = Call.objects.filter(user=person).select_related("partition", "analyst", "group")
    requests = Request.objects.filter(user=person).select_related("partition", "type")
    if partitions is not None:
        calls = calls.filter(partition__in=partitions)
        requests = requests.filter(partition__in=partitions)
    sharing = people.people_by_address([person.email]).get(person.email, [])
    addresses = list(person.addresses.all())
    context = {
        "person": person,
        "addresses": addresses,
        "suppressed": suppressed([person.email, *(row.address for row in addresses)]),
        "sharing": [other for other in sharing if other.pk != person.pk],
        "first": not sharing or sharing[0].pk == person.pk,
        "groups": person.analyst_groups.annotate(count=Count("members")) if person.is_analyst else (),
        "grants": person.grants.select_related("role", "partition"),
        "rights": rights_of(person) if person.is_analyst else None,
        "calls": calls.order_by("-pk")[:WORK_SHOWN],
        "requests": requests.order_by("-pk")[:WORK_SHOWN],
        "changes": person.changes.all()[:CHANGES_SHOWN],
        "address_form": address_form or AddressForm(auto_id="address_%s"),
        "open_address": address_form is not None,
        "may_change": may_change(request),
    }
    return render(request, "web/people/person.html", context, status=status)
