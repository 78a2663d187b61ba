"""Who may see the pages, and do what on them: analysts as their roles say, and superusers."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mailcall.desk.delegations import is_active
from mailcall.desk.models import Partition, Person, Right
from mailcall.desk.rights import Rights, rights_of, why_not
from mailcall.web.models import Login

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
AnyView = TypeVar("AnyView", bound=Callable[..., HttpResponseBase])

ANALYSTS_ONLY = "These pages are for analysts, and your sign-in doesn't belong to one."
PEOPLE_ONLY = "This page is for people of this desk, and your sign-in belongs to none."
ADMINISTRATORS_ONLY = "This page is for administrators. Ask whoever runs this desk if you need it."


def analysts_only(view: Callable[Concatenate[HttpRequest, P], R]) -> Callable[Concatenate[HttpRequest, P], R]:
    """Let analysts and superusers in; all others get a 403 page that says so."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> R:
        login = request.user
        if not isinstance(login, Login) or not may_see(login):
            raise PermissionDenied(ANALYSTS_ONLY)
        return view(request, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], R]", guarded)


def administrators_only(
    view: Callable[Concatenate[HttpRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], R]:
    """Let superusers in; all others get a 403 page that says so."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> R:
        if not getattr(request.user, "is_superuser", False):
            raise PermissionDenied(ADMINISTRATORS_ONLY)
        return view(request, *args, **kwargs)

    return analysts_only(cast("Callable[Concatenate[HttpRequest, P], R]", guarded))


def with_administer(
    view: Callable[Concatenate[HttpRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], R]:
    """Let those in who may change people, groups, organisations and roles; others get a 403 page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> R:
        demand(request, Right.ADMINISTER, None)
        return view(request, *args, **kwargs)

    return analysts_only(cast("Callable[Concatenate[HttpRequest, P], R]", guarded))


def public(view: AnyView) -> AnyView:
    """Let everybody in, signed in or not."""
    return login_not_required(view)


def may_see(login: Login) -> bool:
    """Whether the pages are for this sign-in."""
    person = login.person
    return login.is_superuser or (person is not None and person.is_analyst and is_active(person))


def acting_person(request: HttpRequest) -> Person | None:
    """Whose hand it is. None for a superuser's sign-in that belongs to nobody."""
    return request.user.person if isinstance(request.user, Login) else None


def rights_here(request: HttpRequest) -> Rights | None:
    """What the roles of whoever is signed in give, asked for once; None for a superuser, who may do all."""
    login = request.user
    if not isinstance(login, Login) or login.person is None:
        return None
    if not hasattr(login, "mailcall_rights"):
        login.mailcall_rights = None if login.is_superuser else rights_of(login.person)  # type: ignore[attr-defined]
    return cast("Rights | None", login.mailcall_rights)  # type: ignore[attr-defined]


def why_not_here(request: HttpRequest, right: Right, partition: Partition | None) -> str:
    """Why whoever is signed in may not do that in a partition, or with None in all; empty if they may."""
    if getattr(request.user, "is_superuser", False):
        return ""
    person = acting_person(request)
    return why_not(person, right, partition, rights=rights_here(request)) if person else ANALYSTS_ONLY


def demand(request: HttpRequest, right: Right, partition: Partition | None) -> None:
    """Raise PermissionDenied, a 403 page that says why, unless they may do that in this partition."""
    if sentence := why_not_here(request, right, partition):
        raise PermissionDenied(sentence)


def visible_partitions(request: HttpRequest) -> frozenset[int] | None:
    """The keys of the partitions whose work they may see; None is all."""
    return partitions_with(request, Right.VIEW)


def partitions_with(request: HttpRequest, right: Right) -> frozenset[int] | None:
    """The keys of the partitions in which whoever is signed in has a right; None is all."""
    rights = rights_here(request)
    return rights.partitions(right) if rights else None


def people_only(view: Callable[Concatenate[HttpRequest, P], R]) -> Callable[Concatenate[HttpRequest, P], R]:
    """Let everybody in who is signed in as a person of the desk, Users among them; others get a 403 page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> R:
        person = acting_person(request)
        if person is None or not is_active(person):
            raise PermissionDenied(PEOPLE_ONLY)
        return view(request, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], R]", guarded)
