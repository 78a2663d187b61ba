"""Who may see the pages: analysts and superusers."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mailcall.desk.models import Person
from mailcall.web.models import Login

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
AnyView = TypeVar("AnyView", bound=Callable[..., HttpResponseBase])

ANALYSTS_ONLY = "These pages are for analysts, and your sign-in doesn't belong to one."
ADMINISTRATORS_ONLY = "This page is for administrators. `mailcall password --superuser` makes one."


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


def public(view: AnyView) -> AnyView:
    """Let everybody in, signed in or not."""
    return login_not_required(view)


def may_see(login: Login) -> bool:
    """Whether the pages are for this sign-in."""
    return login.is_superuser or (login.person is not None and login.person.is_analyst)


def acting_person(request: HttpRequest) -> Person | None:
    """Whose hand it is. None for a superuser's sign-in that belongs to nobody."""
    return request.user.person if isinstance(request.user, Login) else None
