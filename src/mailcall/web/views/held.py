"""Held mail: what could not be worked on, to be tried again or thrown away."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.models import Right
from mailcall.inbound import journal
from mailcall.inbound.models import MailState, ReceivedMail
from mailcall.web.access import acting_person, analysts_only, demand, visible_partitions
from mailcall.web.forms import DiscardForm
from mailcall.web.paging import key_from, newest_first
from mailcall.web.views.mails import for_list, mail_to_show, mails_of, render_mail


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """All held mails, newest first, with their errors."""
    before = key_from(request.GET.get("before"))
    held = mails_of(ReceivedMail.not_done().filter(state=MailState.HELD), visible_partitions(request))
    page = newest_first(for_list(held), before=before)
    return render(request, "web/held.html", {"page": page, "before": before})


@require_POST
@analysts_only
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Have one mail worked on again."""
    mail = mail_to_show(request, pk, Right.MAIL)
    try:
        journal.retry(mail)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Mail {pk} is tried again.")
    return redirect("web:held" if request.POST.get("next") == "held" else _address(pk))


@require_POST
@analysts_only
def retry_all(request: HttpRequest) -> HttpResponse:
    """Have all held mails worked on again."""
    demand(request, Right.MAIL, None)
    try:
        count = journal.retry_all()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{count} held mail{'' if count == 1 else 's'} will be tried again.")
    return redirect("web:held")


@require_POST
@analysts_only
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a held mail away, with a reason. It stays in the journal."""
    mail = mail_to_show(request, pk, Right.MAIL)
    form = DiscardForm(request.POST, auto_id="discard_%s")
    if not form.is_valid():
        return render_mail(request, mail, form=form, status=422)
    try:
        journal.discard(mail, actor=acting_person(request), reason=form.cleaned_data["reason"])
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return render_mail(request, mail_to_show(request, pk), form=form, status=422)
    messages.success(request, f"Mail {pk} is discarded.")
    return redirect(_address(pk))


def _address(pk: int) -> str:
    return reverse("web:mail", args=[pk])
