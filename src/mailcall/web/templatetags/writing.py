"""What the pages of calls, requests and tasks show of mails that are being written."""

from typing import Any

from django import template

from mailcall.outbound import sending
from mailcall.outbound.addressing import user_of
from mailcall.outbound.models import Draft, Message
from mailcall.outbound.recipients import Work, kind_of
from mailcall.outbound.sending import UNDO
from mailcall.outbound.typed_addresses import as_typed
from mailcall.web.access import acting_person

register = template.Library()

SHOWN = 20


@register.simple_tag(takes_context=True)
def own_drafts(context: template.Context, work: Work) -> dict[str, Any]:
    """What whoever is signed in is writing about something, and what they can take back for some seconds."""
    person = acting_person(context["request"])
    if person is None:
        return {}
    rows = list(sending.in_hand(person, work)[:SHOWN])
    sent = [row for row in rows if row.sent_at]
    seconds = int(UNDO.total_seconds()) if sent else 0
    return {"drafts": [row for row in rows if not row.sent_at], "sent": sent, "seconds": seconds}


@register.filter
def kind(work: Work) -> str:
    """Whether it is a call, a request or a task."""
    return kind_of(work)


@register.filter
def first_reader(work: Work) -> str:
    """Whom a mail about it goes to if nobody says otherwise, as one would type it."""
    user = user_of(work)
    return as_typed(user.name, user.email) if user.email and kind_of(work) != "task" else ""


@register.filter
def typed(mailboxes: tuple[tuple[str, str], ...]) -> str:
    """Several mailboxes as one would type them."""
    return ", ".join(as_typed(*box) for box in mailboxes)


@register.filter
def is_blind(recipient: str, message: Message) -> bool:
    """Whether a delivery is one that no header names."""
    return recipient not in {address.casefold() for _, address in (*message.to, *message.cc)}


@register.filter
def title(draft: Draft) -> str:
    """What a list calls a draft."""
    return draft.subject.strip() or "(no subject)"
