"""What all pages have in common: what they may load, that nobody keeps copies, that the service hears."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
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
