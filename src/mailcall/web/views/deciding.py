"""The page behind the link of an approval mail: whoever has the link decides, with no sign-in.

Mail scanners open links, so that opening one only shows what is asked; its buttons decide, once.
"""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mailcall.desk.approvals import decide
from mailcall.desk.errors import Refused
from mailcall.desk.models import Approval, ApprovalState, Channel
from mailcall.desk.work import by
from mailcall.desk.work_states import Verb, how_it_stands
from mailcall.outbound import tokens
from mailcall.outbound.models import Token
from mailcall.web.acting import CONFLICT, UNPROCESSABLE
from mailcall.web.links import count_wrong, kept_to_itself, too_many_wrong
from mailcall.web.views.approvals import UNCLEAR, VERBS, again
from mailcall.web.views.errors import too_many_links
from mailcall.web.work_forms import DecideForm
from mailcall.web.work_page import approvals_to_show, asked_for


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked; by POST the decision, which uses the token up in the same transaction."""
    return kept_to_itself(_answer(request, token))


def _answer(request: HttpRequest, text: str) -> HttpResponse:
    if too_many_wrong(request):
        return too_many_links(request)
    token = tokens.find(text)
    if token is None:
        count_wrong(request)
        return _no_longer(request, "This link is none that this desk gave, or was cut off on its way.", 404)
    approval = approvals_to_show().get(pk=token.approval_id)
    if sentence := tokens.check(text, token.person, approval, timezone.now()):
        return _ended(request, approval, sentence)
    if request.method == "POST":
        return _posted(request, text, token, approval)
    return _page(request, token, approval, DecideForm(initial={"version": approval.task.version}))


def _posted(request: HttpRequest, text: str, token: Token, approval: Approval) -> HttpResponse:
    form = DecideForm(request.POST)
    verb = VERBS.get(request.POST.get("decision", ""))
    if verb is None:
        form.add_error(None, UNCLEAR)
    if verb is None or not form.is_valid():
        return _page(request, token, approval, form, status=UNPROCESSABLE)
    try:
        _decide(token, text, approval, verb, form)
    except Refused as refusal:
        approval = approvals_to_show().get(pk=approval.pk)
        return _page(request, token, approval, again(form, approval, str(refusal)), status=CONFLICT)
    return redirect(request.path)


def _decide(token: Token, text: str, approval: Approval, verb: Verb, form: DecideForm) -> None:
    """Decide and use the token up, or neither. Raises Refused."""
    said = form.cleaned_data
    deed = by(token.person, Channel.PAGE, said["text"], proof="token")
    with transaction.atomic():
        if sentence := tokens.use(text, token.person, approval, deed.now):
            raise Refused(sentence)
        decide(approval, verb, deed, version=said["version"])


def _page(
    request: HttpRequest, token: Token, approval: Approval, form: DecideForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "approval": approval,
        "person": token.person,
        "asked": asked_for(approval.task.request or approval.task),
        "form": form,
        "may_decide": True,
        "as_delegate": token.person_id != approval.person_id,
    }
    return render(request, "web/work/decide.html", context, status=status)


def _ended(request: HttpRequest, approval: Approval, sentence: str) -> HttpResponse:
    """Why the token counts no more; after a decision, which."""
    if approval.state == ApprovalState.WAITING:
        return _no_longer(request, sentence, 410)
    context = {
        "title": approval.get_state_display(),
        "sentence": f"{how_it_stands(approval)}. Nothing is left to decide.",
        "approval": approval,
    }
    return render(request, "web/work/decided.html", context)


def _no_longer(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    context = {"title": "This link doesn't count", "sentence": sentence}
    return render(request, "web/work/decided.html", context, status=status)
