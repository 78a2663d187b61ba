"""Approvals: those that wait for whoever is signed in, and one of them, decided on its page."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from mailcall.desk.approvals import decide
from mailcall.desk.delegations import waiting_for
from mailcall.desk.errors import Refused
from mailcall.desk.models import Approval, Right
from mailcall.desk.work_states import Verb
from mailcall.outbound.recipients import partition_of
from mailcall.web.access import acting_person, people_only, why_not_here
from mailcall.web.acting import CONFLICT, UNPROCESSABLE, deed_of
from mailcall.web.paging import key_from, newest_first
from mailcall.web.work_forms import DecideForm
from mailcall.web.work_page import approvals_to_show, asked_for

VERBS = {"approve": Verb.APPROVE, "reject": Verb.REJECT}
UNCLEAR = "Say whether you approve or reject it."


@require_safe
@people_only
def index(request: HttpRequest) -> HttpResponse:
    """What this person may decide now, for themself or as a delegate; and what they decided."""
    person = acting_person(request)
    assert person is not None  # who has none was sent away
    before = key_from(request.GET.get("before"))
    decided = request.GET.get("show") == "decided"
    if decided:
        rows = approvals_to_show().filter(decided_by=person, state__in=("approved", "rejected"))
    else:
        rows = approvals_to_show().filter(pk__in=waiting_for(person, timezone.now()).order_by())
    page = newest_first(rows, before=before)
    context = {"page": page, "before": before, "decided": decided, "person": person}
    return render(request, "web/work/approvals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@people_only
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One approval: what is asked, and the decision."""
    approval = _approval(request, number)
    if request.method != "POST":
        return _page(request, approval, DecideForm(initial={"version": approval.task.version}))
    form = DecideForm(request.POST)
    verb = VERBS.get(request.POST.get("decision", ""))
    if verb is None:
        form.add_error(None, UNCLEAR)
    if verb is None or not form.is_valid():
        return _page(request, approval, form, status=UNPROCESSABLE)
    said = form.cleaned_data
    try:
        decide(approval, verb, deed_of(request, said["text"]), version=said["version"])
    except Refused as refusal:
        approval = _approval(request, number)
        form = again(form, approval, str(refusal))
        return _page(request, approval, form, status=CONFLICT)
    messages.success(request, f"{approval} is {verb}.")
    return redirect("web:approvals")


def again(form: DecideForm, approval: Approval, sentence: str) -> DecideForm:
    """The form as it was filled in, about the task as it is now, with why it was refused."""
    filled = DecideForm({"text": form.data.get("text", ""), "version": approval.task.version})
    filled.add_error(None, sentence)
    return filled


def _page(request: HttpRequest, approval: Approval, form: DecideForm, *, status: int = 200) -> HttpResponse:
    person = acting_person(request)
    may_decide = person and waiting_for(person, timezone.now()).filter(pk=approval.pk).exists()
    context = {
        "approval": approval,
        "asked": asked_for(approval.task.request or approval.task),
        "form": form,
        "may_decide": may_decide,
        "as_delegate": person is not None and person.pk != approval.person_id,
    }
    return render(request, "web/work/approval.html", context, status=status)


def _approval(request: HttpRequest, number: int) -> Approval:
    """One that this person has to do with, or whose partition they may see as an analyst; else a 404."""
    approval = get_object_or_404(approvals_to_show(), pk=number)
    person = acting_person(request)
    assert person is not None  # who has none was sent away
    if person.pk in (approval.person_id, approval.decided_by_id):
        return approval
    if waiting_for(person, timezone.now()).filter(pk=approval.pk).exists():
        return approval
    if person.is_analyst and not why_not_here(request, Right.VIEW, partition_of(approval.task)):
        return approval
    raise Http404
