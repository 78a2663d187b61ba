"""Roles: which rights they give, and who has them where."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.granting import grant, withdraw
from mailcall.desk.models import Grant, Group, Person, Right, Role
from mailcall.web.access import acting_person, analysts_only, with_administer
from mailcall.web.people_forms import GrantForm, RoleForm
from mailcall.web.views.groups import analyst_by_address
from mailcall.web.views.people import UNPROCESSABLE, edit_form, may_change


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """All roles."""
    roles = [(role, _rights(role)) for role in Role.objects.prefetch_related("grants")]
    return render(request, "web/people/roles.html", {"roles": roles, "may_change": may_change(request)})


@require_safe
@analysts_only
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One role."""
    return _render(request, get_object_or_404(Role, pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@with_administer
def new(request: HttpRequest) -> HttpResponse:
    """Make a role."""
    return edit_form(request, RoleForm, Role(), "A new role", _saved)


@require_http_methods(["GET", "HEAD", "POST"])
@with_administer
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a role's name or rights."""
    role = get_object_or_404(Role, pk=pk)
    return edit_form(request, RoleForm, role, str(role), _saved)


@require_POST
@with_administer
def give(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the role to an analyst or a group."""
    role = get_object_or_404(Role, pk=pk)
    form = GrantForm(request.POST, auto_id="grant_%s")
    if not form.is_valid():
        return _render(request, role, form=form, status=UNPROCESSABLE)
    try:
        holder = _holder(form.cleaned_data["holder"].strip())
        grant(role, holder, form.cleaned_data["partition"], by=acting_person(request))
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _render(request, role, form=form, status=UNPROCESSABLE)
    messages.success(request, f"{holder} has the role {role} now.")
    return redirect("web:role", pk)


@require_POST
@with_administer
def take_away(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Take the role away from somebody."""
    rows = Grant.objects.select_related("role", "person", "partition")
    withdraw(get_object_or_404(rows, pk=key, role=pk), by=acting_person(request))
    return redirect("web:role", pk)


def _holder(name: str) -> Person | Group:
    if group := Group.objects.filter(name=name).first():
        return group
    if "@" not in name:
        raise Refused(f"There is no group {name}.")
    return analyst_by_address(name)


def _rights(role: Role) -> list[str]:
    return [str(right.label) for right in Right if right in role.rights]


def _saved(request: HttpRequest, form: RoleForm) -> HttpResponse:
    role = form.save()
    messages.success(request, f"The role {role} is saved.")
    return redirect("web:role", role.pk)


def _render(
    request: HttpRequest, role: Role, *, form: GrantForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "role": role,
        "rights": _rights(role),
        "grants": role.grants.select_related("person", "group", "partition"),
        "form": form or GrantForm(auto_id="grant_%s"),
        "may_change": may_change(request),
    }
    return render(request, "web/people/role.html", context, status=status)
