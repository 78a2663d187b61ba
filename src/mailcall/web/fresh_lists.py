"""Lists that keep themselves up to date: whole, their table alone for htmx, or nothing new."""

from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class Seen(Protocol):
    """A page of a list that can tell whether it is as it was."""

    @property
    def seen(self) -> str:
        """What changes when anything on it does."""
        ...


def render_list(
    request: HttpRequest, page: Seen, context: dict[str, Any], *, whole: str, table: str
) -> HttpResponse:
    """The list by the template `whole`. Asked by htmx, only `table`; and 204 when it is as `seen` says."""
    context = {"page": page, **context}
    if not request.headers.get("HX-Request"):
        return render(request, whole, context)
    if request.GET.get("seen") == page.seen:
        return HttpResponse(status=204)
    return render(request, table, context)
