"""What all pages have in common: what they may load, that nobody keeps copies, that the service hears."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url

from mailcall.nudges import nudge

POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-src 'self'; frame-ancestors 'self'"
)


class PageHeadersMiddleware:
    """Set Content-Security-Policy and Cache-Control, unless the view set its own.

    It belongs after AuthenticationMiddleware. An htmx request whose session has ended is told to load
    the whole page anew, so that the sign-in form never appears within a table.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view's answer with the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        elif request.headers.get("HX-Request") and _is_sign_in(response):
            response = HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return response


class NulMiddleware:
    """Take NUL characters out of what was asked and typed: they mean nothing, and PostgreSQL takes none.

    An address with one leads nowhere. It belongs after AuthenticationMiddleware, since the page that says so
    shows who is signed in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view's answer. Raises Http404."""
        if "\0" in request.path_info:
            raise Http404
        request.GET = _without_nul(request.GET)  # type: ignore[assignment]
        if request.method == "POST":
            request.POST = _without_nul(request.POST)  # type: ignore[assignment]
        return self.get_response(request)


def _without_nul(values: QueryDict) -> QueryDict:
    """The same values, or a copy without NUL."""
    if not any("\0" in text for name, some in values.lists() for text in (name, *some)):
        return values
    clean = QueryDict(mutable=True, encoding=values.encoding)
    for name, some in values.lists():
        clean.setlist(name.replace("\0", ""), [text.replace("\0", "") for text in some])
    clean._mutable = False
    return clean


class NudgeMiddleware:
    """Have the service look at once for what a page may have changed, such as a reply to be sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The view's answer."""
        response = self.get_response(request)
        if request.method == "POST":
            nudge("sweep")
        return response


def _is_sign_in(response: HttpResponse) -> bool:
    target = urlsplit(response.headers.get("Location", "")).path
    return response.status_code == 302 and target == resolve_url(settings.LOGIN_URL)
