"""Held mail: what could not be worked on, to be tried again or thrown away."""

from collections import Counter

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.models import Right
from mailcall.inbound import journal
from mailcall.inbound.journal import HeldFilter
from mailcall.inbound.models import ReceivedMail
from mailcall.web.access import acting_person, analysts_only, partitions_with, visible_partitions
from mailcall.web.forms import DiscardForm
from mailcall.web.mail_forms import HeldForm
from mailcall.web.mail_page import mail_to_show, render_mail
from mailcall.web.paging import key_from, newest_first
from mailcall.web.views.mails import accounts_of, for_list, mails_of

MOST_COUNTED = 1_000
MOST_CAUSES = 20


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """Held mails, newest first, with their causes; filtered by account, cause, age and sender."""
    before = key_from(request.GET.get("before"))
    form = HeldForm(accounts_of(visible_partitions(request)), request.GET, auto_id="held_%s")
    mails = mails_of(journal.held(), visible_partitions(request))
    asked = form.asked()
    found = asked.of(mails, timezone.now()) if asked else mails.none()
    context = {
        "page": newest_first(for_list(found), before=before),
        "before": before,
        "form": form,
        "asked": asked,
        "filtered": asked != HeldFilter(),
        "count": found.order_by()[: MOST_COUNTED + 1].count(),
        "most": MOST_COUNTED,
        "causes": _causes(mails),
    }
    return render(request, "web/held.html", context)


def _causes(mails: "QuerySet[ReceivedMail]") -> list[str]:
    """The most frequent causes among the newest."""
    errors = mails.order_by("-pk").values_list("error", flat=True)[:MOST_COUNTED]
    return [cause for cause, _ in Counter(error[:100] for error in errors if error).most_common(MOST_CAUSES)]


@require_POST
@analysts_only
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Have one mail worked on again."""
    mail = mail_to_show(request, pk, Right.MAIL)
    try:
        journal.retry(mail, actor=acting_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Mail {pk} is tried again.")
    return redirect("web:held" if request.POST.get("next") == "held" else _address(pk))


@require_POST
@analysts_only
def retry_all(request: HttpRequest) -> HttpResponse:
    """Have held mails worked on again: those that the filter shows, where this person may."""
    partitions = partitions_with(request, Right.MAIL)
    asked = HeldForm(accounts_of(partitions), request.POST).asked()
    if asked is None:
        messages.error(request, "That filter means no held mail. Choose it again.")
        return redirect("web:held")
    mails = asked.of(mails_of(journal.held(), partitions), timezone.now())
    count = journal.retry_all(mails, actor=acting_person(request))
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


@require_POST
@analysts_only
def undo_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a discarded mail held again."""
    mail = mail_to_show(request, pk, Right.MAIL)
    try:
        journal.undo_discard(mail, actor=acting_person(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Mail {pk} is held again.")
    return redirect(_address(pk))


def _address(pk: int) -> str:
    return reverse("web:mail", args=[pk])
