"""The page on which the User of a closed call says how content they are."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Person, Survey
from mailcall.desk.models.surveys import BEST, WORST
from mailcall.desk.surveys import LONGEST_COMMENT, answer
from mailcall.outbound.surveys import asked_by
from mailcall.web.acting import CONFLICT, UNPROCESSABLE
from mailcall.web.links import count_wrong, kept_to_itself, too_many_wrong
from mailcall.web.views.errors import too_many_links

_WORDS = {WORST: "the worst", BEST: "the best"}


class SurveyForm(forms.Form):
    """A rating, and a word to it."""

    rating = forms.TypedChoiceField(
        choices=[(n, f"{n}, {_WORDS[n]}" if n in _WORDS else str(n)) for n in range(WORST, BEST + 1)],
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a number.", "invalid_choice": "Choose one of these numbers."},
    )
    comment = forms.CharField(
        required=False, max_length=LONGEST_COMMENT, widget=forms.Textarea(attrs={"rows": 4})
    )


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link of a survey mail: looking at it keeps nothing, only its button does."""
    return kept_to_itself(_show(request, token))


def _show(request: HttpRequest, token: str) -> HttpResponse:
    if too_many_wrong(request):
        return too_many_links(request)
    asked = asked_by(token)
    if asked is None:
        count_wrong(request)
        return render(request, "web/survey.html", {"call": None}, status=404)
    call, person = asked
    form = SurveyForm(request.POST or None, initial=_said_before(request, call, person))
    page: dict[str, Any] = {"call": call, "form": form, "thanks": False}
    if request.method != "POST":
        return render(request, "web/survey.html", page)
    if not form.is_valid():
        return render(request, "web/survey.html", page, status=UNPROCESSABLE)
    try:
        answer(call, person, form.cleaned_data["rating"], form.cleaned_data["comment"])
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return render(request, "web/survey.html", page, status=CONFLICT)
    return render(request, "web/survey.html", {**page, "thanks": True})


def _said_before(request: HttpRequest, call: Call, person: Person) -> dict[str, object]:
    said = Survey.objects.filter(call=call, person=person).first()
    if said:
        return {"rating": said.rating, "comment": said.comment}
    return {"rating": request.GET.get("rating", "")}
