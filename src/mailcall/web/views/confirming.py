"""What was asked in somebody's name without proof: they say whether it was theirs, by token or signed in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.inbound import confirming
from mailcall.inbound.models import Confirmation
from mailcall.web.access import acting_person, people_only
from mailcall.web.links import count_wrong, kept_to_itself, too_many_wrong
from mailcall.web.views.errors import too_many_links

GONE = 410


@require_http_methods(["GET", "HEAD", "POST"])
def by_token(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of a confirmation mail: looking at it changes nothing, only its buttons do."""
    return kept_to_itself(_by_token(request, token))


def _by_token(request: HttpRequest, token: str) -> HttpResponse:
    if too_many_wrong(request):
        return too_many_links(request)
    wait = confirming.find(token)
    if wait is None:
        count_wrong(request)
        return render(request, "web/confirm.html", {"wait": None}, status=404)
    refused = ""
    if request.method == "POST":
        refused = _answer(request, wait, "by token")
        wait.refresh_from_db()
    why_not = confirming.why_not(wait, timezone.now())
    page = {"wait": wait, "why_not": why_not, "refused": refused, "just_now": request.method == "POST"}
    status = GONE if why_not and request.method != "POST" else 200
    return render(request, "web/confirm.html", page, status=status)


@require_safe
@people_only
def index(request: HttpRequest) -> HttpResponse:
    """What waits for the word of whoever is signed in."""
    waiting = confirming.waiting_for_word(acting_person(request), timezone.now())
    return render(request, "web/confirmations.html", {"waiting": waiting.select_related("mail")})


@require_POST
@people_only
def signed_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm or disown one of them."""
    wait = get_object_or_404(Confirmation, pk=pk, person=acting_person(request))
    if refused := _answer(request, wait, "by signing in"):
        messages.error(request, refused)
    else:
        wait.refresh_from_db()
        told = " ".join(wait.results) if wait.confirmed else "Noted: you did not write that mail."
        messages.success(request, told)
    return redirect("web:confirmations")


def _answer(request: HttpRequest, wait: Confirmation, how: str) -> str:
    """Heed the button that was pressed; why it could not be, or empty."""
    now = timezone.now()
    try:
        if request.POST.get("answer") == "yes":
            confirming.confirm(wait, now=now, how=how)
        elif request.POST.get("answer") == "no":
            confirming.disown(wait, now=now)
        else:
            return "Say whether you wrote that mail."
    except Refused as refusal:
        return str(refusal)
    return ""
