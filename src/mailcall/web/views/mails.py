"""Received mail: the journal, and why each mail did what it did."""

from collections.abc import Set
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from mailcall.desk.models import Right
from mailcall.desk.models.calls import content_name
from mailcall.inbound.models import IncomingAccount, MailState, Outcome, ReceivedMail
from mailcall.web import safety
from mailcall.web.access import analysts_only, demand, visible_partitions
from mailcall.web.forms import DiscardForm
from mailcall.web.paging import digest, key_from, newest_first

WINDOW = 5_000
SOURCE_SHOWN = 64 * 1024
HEADERS_SHOWN = 16 * 1024


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
    seen_page = (
        digest(rows_shown, page.older) if indexed else ""
    )  # what no index finds is not asked for every 2 s
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


def mail_to_show(request: HttpRequest, pk: int, right: Right = Right.VIEW) -> ReceivedMail:
    """One mail with what its page names; a 404 when there is none, a 403 without the right."""
    rows = ReceivedMail.objects.select_related("account__template__partition", "call", "entry").defer(
        "account__password", "entry__html", "entry__text", "entry__quoted_text"
    )
    mail = get_object_or_404(rows, pk=pk)
    demand(request, right, mail.account.template.partition)
    return mail


def render_mail(
    request: HttpRequest, mail: ReceivedMail, *, form: DiscardForm | None = None, status: int = 200
) -> HttpResponse:
    """The page of one mail, with this form if somebody typed into it already."""
    start, missing = _start(mail)
    headers, _, _ = start.replace(b"\r\n", b"\n").partition(b"\n\n")
    context: dict[str, Any] = {
        "mail": mail,
        "missing": missing,
        "headers": headers[:HEADERS_SHOWN].decode("utf-8", "replace"),
        "source": start.decode("utf-8", "replace"),
        "source_cut": len(start) >= SOURCE_SHOWN,
        "trace": [item for item in mail.trace if isinstance(item, dict)],
        "evidence": tuple(mail.evidence.items()) if isinstance(mail.evidence, dict) else (),
        "form": form or DiscardForm(auto_id="discard_%s"),
    }
    return render(request, "web/mail.html", context, status=status)


def _start(mail: ReceivedMail) -> tuple[bytes, bool]:
    """The first part of the source, and whether its file is missing."""
    if mail.raw_removed_at:
        return b"", False
    if mail.raw is not None:
        return bytes(mail.raw[:SOURCE_SHOWN]), False
    try:
        with default_storage.open(content_name(mail.sha256)) as file:
            return bytes(file.read(SOURCE_SHOWN)), False
    except OSError:
        return b"", True


@require_safe
@analysts_only
def raw(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The whole source: as plain text, or with `download=1` to be saved."""
    rows = ReceivedMail.objects.select_related("account__template__partition")
    columns = ("raw", "sha256", "raw_removed_at", "account__template__partition")
    mail = get_object_or_404(rows.only(*columns), pk=pk)
    demand(request, Right.VIEW, mail.account.template.partition)
    if mail.raw_removed_at:
        raise Http404
    download = request.GET.get("download") == "1"
    name = f"mail-{pk}.{'eml' if download else 'txt'}"
    if mail.raw is not None:
        return safety.source_answer(bytes(mail.raw), name=name, download=download)
    try:
        file = default_storage.open(content_name(mail.sha256))
    except OSError:
        raise Http404 from None
    content_type = "message/rfc822" if download else "text/plain; charset=utf-8"
    return safety.guard(FileResponse(file, content_type=content_type), name=name, download=download)
