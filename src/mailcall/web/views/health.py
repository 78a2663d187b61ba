"""Whether the pages are served, and whether they can be used: for load balancers and whoever watches."""

import structlog
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

log = structlog.get_logger("web.health")


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the pages are served."""
    return _said(200, "ok")


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Say whether the database answers; 503 and a sentence if not. Tells nothing of the desk."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
            made = cursor.fetchone()
    except DatabaseError as error:  # its words may tell a stranger where it is
        log.error("not ready", error=str(error).strip())  # noqa: TRY400  one sentence each time it is asked
        return _said(503, "The database can't be used; the log says why.")
    return _said(200, "ok") if made else _said(503, "The database is empty.")


def _said(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(
        f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )  # fmt: skip
