"""Received mail: the journal, and why each mail did what it did."""

from collections.abc import Set
from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mailcall.desk.errors import Refused
from mailcall.desk.models import Right
from mailcall.desk.models.calls import content_name
from mailcall.inbound.explain import compare, explain_mail, rehearse
from mailcall.inbound.models import IncomingAccount, MailState, Outcome, ReceivedMail
from mailcall.inbound.reading import Unreadable
from mailcall.inbound.replay import replay as replay_mail
from mailcall.web import safety
from mailcall.web.access import acting_person, analysts_only, demand, visible_partitions
from mailcall.web.mail_page import mail_to_show, new_replay_form, render_mail
from mailcall.web.paging import digest, key_from, newest_first

WINDOW = 5_000


@require_safe
@analysts_only
def index(request: HttpRequest) -> HttpResponse:
    """The journal, newest first, filtered by what became of the mails."""
    asked = {name: request.GET.get(name, "").strip()[:1_000] for name in ("became", "account", "q")}
    seen = visible_partitions(request)
    rows, indexed = _filtered(for_list(mails_of(ReceivedMail.objects.all(), seen)), **asked)
    indexed = indexed and seen is None
    before = key_from(request.GET.get("before"))
    page = newest_first(rows, before=before, window=None if indexed else WINDOW)
    rows_shown = [(mail.pk, mail.state, mail.outcome, mail.attempts, mail.call_id) for mail in page.rows]
    # What no index finds is not asked for every 2 s.
    seen_page = digest(rows_shown, page.older) if indexed else ""
    if seen_page and request.GET.get("seen") == seen_page:
        return HttpResponse(status=204)
    context = {
        "page": page,
        "seen": seen_page,
        "before": before,
        "window": WINDOW,
        "asked": asked,
        "filtered": any(asked.values()),
        "accounts": accounts_of(seen).only("pk", "name"),
        "choices": [*MailState.choices[::2], *Outcome.choices],
    }
    template = "web/parts/mail_table.html" if request.headers.get("HX-Request") else "web/mails.html"
    return render(request, template, context)


def mails_of(rows: "QuerySet[ReceivedMail]", partitions: Set[int] | None) -> "QuerySet[ReceivedMail]":
    """Those that came for these partitions (keys; None is all)."""
    return rows if partitions is None else rows.filter(account__in=accounts_of(partitions))


def accounts_of(partitions: Set[int] | None) -> "QuerySet[IncomingAccount]":
    """The accounts of these partitions (keys; None is all)."""
    accounts = IncomingAccount.objects.all()
    return accounts if partitions is None else accounts.filter(template__partition__in=partitions)


def for_list(rows: "QuerySet[ReceivedMail]") -> "QuerySet[ReceivedMail]":
    """The columns that a list shows; the raw mails stay where they are."""
    return rows.select_related("account", "call").defer(
        "raw", "trace", "evidence", "account__password", "account__last_error"
    )


def _filtered(
    rows: "QuerySet[ReceivedMail]", *, became: str, account: str, q: str
) -> tuple["QuerySet[ReceivedMail]", bool]:
    """The rows asked for, and whether an index finds them."""
    indexed = True
    if became in (MailState.NEW, MailState.HELD):
        rows = rows.filter(state=became, acted_at=None)
    elif became in Outcome.values:
        rows, indexed = rows.filter(outcome=became), False
    elif not q:
        rows = rows.exclude(outcome=Outcome.ROUND_TRIP)  # no mail of people's
    if key := key_from(account):
        rows = rows.filter(account=key)
    if q.startswith("<") or (q.endswith(">") and "@" in q):
        return rows.filter(message_id__in={q, f"<{q.strip('<>')}>", q.strip("<>")}), indexed
    if q:
        words = (
            Q(from_address__icontains=q) | Q(subject__icontains=q) | Q(message_id=q) | Q(message_id=f"<{q}>")
        )
        return rows.filter(words), False
    return rows, indexed


@require_safe
@analysts_only
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail: what became of it, by which rules, on what evidence, and its source."""
    return render_mail(request, mail_to_show(request, pk))


@require_safe
@analysts_only
def today(request: HttpRequest, pk: int) -> HttpResponse:
    """What today's desk would do with a mail, beside what was done. Changes nothing."""
    mail = mail_to_show(request, pk)
    context: dict[str, Any] = {"mail": mail}
    try:
        explained = explain_mail(mail)
    except (Unreadable, OSError) as error:
        context["problem"] = f"It can't be read: {error}"
    else:
        outcome, steps = rehearse(mail, explained)
        then = [step for step in mail.trace if isinstance(step, dict)]
        context |= {
            "decision": explained.decided.decision,
            "outcome": outcome,
            "same": outcome == mail.outcome,
            "rows": compare(then, (*explained.decided.trace, *steps)),
        }
    template = "web/mail_today.html" if request.headers.get("HX-Request") else "web/mail_today_page.html"
    return render(request, template, context)


@require_POST
@analysts_only
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a mail that did nothing worked on once more, as it came or edited."""
    mail = mail_to_show(request, pk, Right.MAIL)
    form = new_replay_form(mail, request.POST)
    if not form.is_valid():
        return render_mail(request, mail, replay=form, status=422)
    try:
        replay_mail(mail, actor=acting_person(request), now=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return render_mail(request, mail_to_show(request, pk), replay=form, status=409)
    messages.success(request, f"Mail {pk} is worked on once more.")
    return redirect("web:mail", pk)


@require_safe
@analysts_only
def raw(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The whole source: as plain text, or with `download=1` to be saved."""
    rows = ReceivedMail.objects.select_related("account__template__partition")
    columns = ("raw", "sha256", "raw_removed_at", "evidence", "account__template__partition")
    mail = get_object_or_404(rows.only(*columns), pk=pk)
    demand(request, Right.VIEW, mail.account.template.partition)
    if mail.raw_removed_at:
        raise Http404
    download = request.GET.get("download") == "1"
    if mail.evidence.get("virus") and request.GET.get("anyway") != "1":
        return render(request, "web/mail_virus.html", {"mail": mail, "download": download})
    name = f"mail-{pk}.{'eml' if download else 'txt'}"
    if mail.raw is not None:
        return safety.source_answer(bytes(mail.raw), name=name, download=download)
    try:
        file = default_storage.open(content_name(mail.sha256))
    except OSError:
        raise Http404 from None
    content_type = "message/rfc822" if download else "text/plain; charset=utf-8"
    return safety.guard(FileResponse(file, content_type=content_type), name=name, download=download)
