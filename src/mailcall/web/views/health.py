"""Whether the pages are served, and whether they can be used: for load balancers and whoever watches."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mailcall.database.readiness import hindrance


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the pages are served."""
    return _said("")


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Say whether database and disk can be used; 503 and a sentence if not. Tells nothing of the desk."""
    return _said(hindrance())


def _said(trouble: str) -> HttpResponse:
    return HttpResponse(
        f"{trouble or 'ok'}\n", status=503 if trouble else 200, content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip
