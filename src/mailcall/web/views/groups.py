"""Groups of analysts: their members, and where their mail goes."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.granting import join, quit_group
from mailcall.desk.models import Group, Person
from mailcall.desk.people import people_by_address
from mailcall.message import comparable
from mailcall.outbound.recipients import group_recipients, reachable
from mailcall.web.access import acting_person, analysts_only, with_administer
from mailcall.web.people_forms import GroupForm, MemberForm
from mailcall.web.views.people import UNPROCESSABLE, edit_form, may_change

_ACTIVE = Q(members__is_analyst=True, members__active=True, members__is_template=False)


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """All groups."""
    groups = Group.objects.annotate(count=Count("members", filter=_ACTIVE))
    return render(request, "web/people/groups.html", {"groups": groups, "may_change": may_change(request)})


@require_safe
@analysts_only
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One group."""
    return _render(request, get_object_or_404(Group, pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@with_administer
def new(request: HttpRequest) -> HttpResponse:
    """Make a group."""
    return edit_form(request, GroupForm, Group(), "A new group", _saved)


@require_http_methods(["GET", "HEAD", "POST"])
@with_administer
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a group's name, or how mail reaches it."""
    group = get_object_or_404(Group, pk=pk)
    return edit_form(request, GroupForm, group, str(group), _saved)


@require_POST
@with_administer
def add_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Have an analyst be in the group."""
    group = get_object_or_404(Group, pk=pk)
    form = MemberForm(request.POST, auto_id="member_%s")
    if not form.is_valid():
        return _render(request, group, form=form, status=UNPROCESSABLE)
    try:
        person = analyst_by_address(form.cleaned_data["address"])
        join(group, person, by=acting_person(request))
    except Refused as refusal:
        form.add_error("address", str(refusal))
        return _render(request, group, form=form, status=UNPROCESSABLE)
    messages.success(request, f"{person} is in the group {group} now.")
    return redirect("web:group", pk)


@require_POST
@with_administer
def remove_member(request: HttpRequest, pk: int, person: int) -> HttpResponse:
    """Have somebody no longer be in the group."""
    group, member = get_object_or_404(Group, pk=pk), get_object_or_404(Person, pk=person)
    try:
        quit_group(group, member, by=acting_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("web:group", pk)


def analyst_by_address(address: str) -> Person:
    """The analyst whom an address means, the first record first. Raises Refused."""
    address = comparable(address)
    for person in people_by_address([address]).get(address, []):
        if person.is_analyst and person.active:
            return person
    raise Refused(f"No active Analyst has the address {address}.")


def _saved(request: HttpRequest, form: GroupForm) -> HttpResponse:
    group = form.save()
    messages.success(request, f"The group {group} is saved.")
    return redirect("web:group", group.pk)


def _render(
    request: HttpRequest, group: Group, *, form: MemberForm | None = None, status: int = 200
) -> HttpResponse:
    members = list(group.members.order_by("name", "pk"))
    context = {
        "group": group,
        "members": members,
        "recipients": [one for one in group_recipients(group) if not one.why_not],
        "unreached": [one for one in members if not reachable(one)] if group.email_analysts else [],
        "grants": group.grants.select_related("role", "partition"),
        "form": form or MemberForm(auto_id="member_%s"),
        "may_change": may_change(request),
    }
    return render(request, "web/people/group.html", context, status=status)
