"""The page of one received mail: what became of it and why, what it says, and what can be done about it."""

from typing import Any

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from mailcall.desk.models import Right
from mailcall.desk.models.calls import content_name
from mailcall.inbound.models import Outcome, ReceivedMail
from mailcall.inbound.replay import why_not_replayed
from mailcall.outbound.models import Message
from mailcall.web.access import demand, why_not_here
from mailcall.web.forms import DiscardForm
from mailcall.web.mail_forms import ReplayForm

SOURCE_SHOWN = 64 * 1024
HEADERS_SHOWN = 16 * 1024
MOST_ANSWERS = 20
MOST_EDITS = 50


def mail_to_show(request: HttpRequest, pk: int, right: Right = Right.VIEW) -> ReceivedMail:
    """One mail with what its page names; a 404 when there is none, a 403 without the right."""
    rows = ReceivedMail.objects.select_related(
        "account__template__partition", "call", "entry", "request", "task"
    ).defer("account__password", "entry__html", "entry__text", "entry__quoted_text")
    mail = get_object_or_404(rows, pk=pk)
    demand(request, right, mail.account.template.partition)
    return mail


def render_mail(
    request: HttpRequest,
    mail: ReceivedMail,
    *,
    form: DiscardForm | None = None,
    replay: ReplayForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of one mail, with these forms if somebody typed into them already."""
    start, missing = _start(mail)
    headers, _, _ = start.replace(b"\r\n", b"\n").partition(b"\n\n")
    evidence = mail.evidence if isinstance(mail.evidence, dict) else {}
    context: dict[str, Any] = {
        "mail": mail,
        "missing": missing,
        "headers": headers[:HEADERS_SHOWN].decode("utf-8", "replace"),
        "source": start.decode("utf-8", "replace"),
        "source_cut": len(start) >= SOURCE_SHOWN,
        "trace": [item for item in mail.trace if isinstance(item, dict)],
        "evidence": tuple(evidence.items()),
        "virus": evidence.get("virus", ""),
        "spam": evidence.get("spam", ""),
        "form": form or DiscardForm(auto_id="discard_%s"),
        "replay": replay or new_replay_form(mail),
        "why_no_replay": why_not_here(request, Right.MAIL, mail.account.template.partition)
        or why_not_replayed(mail),
        "discarded": mail.outcome == Outcome.DISCARDED and not mail.removal,
        "edits": mail.edits.order_by("-pk")[:MOST_EDITS],
        "answers": _answers(mail),
    }
    return render(request, "web/mail.html", context, status=status)


def new_replay_form(mail: ReceivedMail, data: Any = None) -> ReplayForm:
    """The form to work on a mail once more, with the mail as it is read now."""
    initial = {"subject": mail.subject, "sender": mail.from_address}
    return ReplayForm(data, initial=initial, auto_id="replay_%s")


def _answers(mail: ReceivedMail) -> list[Message]:
    """What was sent because of it, the oldest first."""
    rows = Message.objects.filter(correlation_id=mail.correlation_id).prefetch_related("deliveries")
    return list(rows.defer("data").order_by("pk")[:MOST_ANSWERS])


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
