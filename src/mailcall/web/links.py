"""Pages that open by a secret link: kept to themselves, and not to be found by trying."""

from axes.helpers import get_client_ip_address
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

# Of wrong links from one address, in each process of the pages. A secret is not found by trying anyway.
MOST_WRONG = 20
WRONG_SECONDS = 600


def kept_to_itself(response: HttpResponse) -> HttpResponse:
    """Nobody keeps a copy, and no other page learns the address.

    Not by `no-referrer`: with it browsers send `Origin: null`, which the protection against forged forms
    refuses.
    """
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def too_many_wrong(request: HttpRequest) -> bool:
    """Whether so many wrong links came from this address that no more are looked at for a while."""
    return bool(cache.get(_key(request), 0) >= MOST_WRONG)


def count_wrong(request: HttpRequest) -> None:
    """Count one."""
    cache.add(_key(request), 0, WRONG_SECONDS)
    cache.incr(_key(request))


def _key(request: HttpRequest) -> str:
    return f"wrong-links-{get_client_ip_address(request)}"
