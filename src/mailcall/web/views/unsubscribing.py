"""The page behind List-Unsubscribe: one POST is enough, by a mail program or by its button (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mailcall.outbound.unsubscribing import SUBSCRIBED, read_token, unsubscribe
from mailcall.web.links import count_wrong, kept_to_itself, too_many_wrong
from mailcall.web.views.errors import too_many_links


@csrf_exempt  # the token is the proof, and mail programs have no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at it changes nothing: mail scanners follow links."""
    return kept_to_itself(_show(request, token))


def _show(request: HttpRequest, token: str) -> HttpResponse:
    if too_many_wrong(request):
        return too_many_links(request)
    found = read_token(token)
    if found is None:
        count_wrong(request)
        return render(request, "web/unsubscribe.html", {"what": ""}, status=404)
    person, kind = found
    if request.method == "POST":
        unsubscribe(person, kind)
    what = SUBSCRIBED.get(kind, kind.name)
    return render(request, "web/unsubscribe.html", {"what": what, "done": request.method == "POST"})
