"""Pages for what went wrong, and the sign of life."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from mailcall.web.access import ANALYSTS_ONLY


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the browser's question makes no sense."""
    return _page(
        400, "The request makes no sense", "The address or what was sent with it can't be understood."
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: not for this sign-in."""
    sentence = str(exception) or ANALYSTS_ONLY
    context = {"title": "Not for you", "sentence": sentence, "status": 403}
    return render(request, "web/error.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: there is no such page, or what it showed is gone."""
    context = {
        "title": "There is no such page",
        "sentence": "The address may be mistyped, or what was here is gone.",
        "status": 404,
    }
    return render(request, "web/error.html", context, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault. Asks neither the database nor the session, since they may be what failed."""
    return _page(
        500, "Something broke on our side", "It was written to the log. What you typed was not kept."
    )


def too_many(request: HttpRequest, credentials: object = None) -> HttpResponse:
    """429: too many wrong passwords for this user name from this address."""
    return _page(
        429,
        "Too many wrong passwords",
        "Signing in with this address is locked for a quarter of an hour. Then try again.",
    )


def too_many_links(request: HttpRequest) -> HttpResponse:
    """429: too many links of approvals from this address that are none."""
    return _page(429, "Too many wrong links", "Wait ten minutes, then open the link of the mail again.")


def _page(status: int, title: str, sentence: str) -> HttpResponse:
    context = {"status": status, "title": title, "sentence": sentence}
    return HttpResponse(loader.render_to_string("web/error_plain.html", context), status=status)
