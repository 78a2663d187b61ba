"""Addresses that mail came back from for good: nothing more goes there until somebody releases them.

A refusal counts only where it says that there is no such mailbox. One for policy, size or a full mailbox
says nothing of the address.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.message import comparable
from mailcall.outbound.models import (
    WAITING_STATES,
    Delivery,
    DeliveryState,
    Suppression,
    SuppressionCause,
)
from mailcall.outbound.telling_authors import tell_authors

# RFC 3463 3.2, 3.3: no such mailbox, no such host, bad address, moved, disabled; RFC 7505: takes no mail.
_GONE = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
_STATUS = re.compile(r"(?<![\d.])5\.(\d{1,3}\.\d{1,3})(?![\d.])")
_UNSAID = frozenset({"0.0", "1.0"})  # a status that says nothing more
_REFUSED = re.compile(r"(?<![\d.])55[013](?![\d.])")
_NO_MAILBOX = re.compile(
    r"user unknown|unknown (?:user|recipient|mailbox|address|local)|"
    r"no such (?:user|recipient|mailbox|address|person)|"
    r"(?:user|recipient|mailbox|address|account)(?: \S{1,320})? (?:does not|doesn't) exist|"
    r"(?:user|recipient|mailbox|address) (?:was )?not found|(?:recipient|address|mailbox|account) unknown|"
    r"invalid (?:recipient|mailbox)|no mailbox here|unrouteable address|account (?:is |has been )?disabled|"
    r"not a (?:valid|known) (?:mailbox|recipient|user)",
    re.IGNORECASE,
)
_POLICY = re.compile(r"spam|block|polic|reputation|black ?list|dns[bw]l|relay|spf|dkim|dmarc", re.IGNORECASE)
_MOST_READ = 2_000


def says_no_such_mailbox(reply: str) -> bool:
    """Whether what a server said means that no mail will ever be taken for this address."""
    reply = reply[:_MOST_READ]
    statuses = [status for status in _STATUS.findall(reply) if status not in _UNSAID]
    if statuses:
        return statuses[0] in _GONE
    refused = bool(_REFUSED.search(reply) or _STATUS.search(reply))
    return refused and bool(_NO_MAILBOX.search(reply)) and not _POLICY.search(reply)


def suppressed(addresses: Iterable[str]) -> dict[str, str]:
    """Of these addresses those that no mail goes to, as they were given, each with why in a sentence."""
    given: dict[str, list[str]] = {}
    for address in addresses:
        given.setdefault(comparable(address), []).append(address)
    if not given:
        return {}
    rows = Suppression.objects.filter(address__in=given, released_at=None)
    return {address: row.sentence for row in rows for address in given[row.address]}


def note_refused(failed: Sequence[Delivery]) -> None:
    """Suppress the addresses of deliveries that a server refused in saying that there is no such mailbox.

    A reply that several recipients of one mail got in the same words is one to the mail, and may mean any.
    """
    alike = Counter((delivery.message_id, delivery.reply) for delivery in failed)
    for delivery in failed:
        if alike[delivery.message_id, delivery.reply] == 1 and says_no_such_mailbox(delivery.reply):
            suppress(delivery, SuppressionCause.BOUNCE, delivery.reply)


def suppress(delivery: Delivery, cause: SuppressionCause, reason: str) -> None:
    """Have no more mail go to the address of a delivery; what was said of it first stays."""
    Suppression.objects.get_or_create(
        address=delivery.recipient,
        released_at=None,
        defaults={
            "cause": cause,
            "reason": reason[:_MOST_READ],
            "delivery": delivery,
            "since": timezone.now(),
        },
    )


def release(suppression: Suppression, by: str) -> None:
    """Let mail go there again. Raises Refused when somebody did so before."""
    done = Suppression.objects.filter(pk=suppression.pk, released_at=None).update(
        released_at=timezone.now(), released_by=by[:200]
    )
    if not done:
        raise Refused(f"{suppression.address} is released already.")


def why_not_sent(sentence: str) -> str:
    """What a delivery says whose address is suppressed."""
    return f"Not sent, since its address is suppressed until somebody releases it. {sentence}"


def fail_suppressed(deliveries: Sequence[Delivery], now: dt.datetime) -> list[Delivery]:
    """Have those fail that would be sent to a suppressed address, not in the database yet; give them."""
    waiting = [delivery for delivery in deliveries if delivery.state in WAITING_STATES]
    stopped = suppressed(delivery.recipient for delivery in waiting)
    failed = [delivery for delivery in waiting if delivery.recipient in stopped]
    for delivery in failed:
        delivery.state, delivery.finished_at, delivery.due_at = DeliveryState.FAILED, now, None
        delivery.reply = why_not_sent(stopped[delivery.recipient])
    return failed


def drop_suppressed(found: Sequence[Delivery], now: dt.datetime) -> list[Delivery]:
    """Of deliveries that are due those that may go; the others fail, as part of the caller's transaction."""
    failed = fail_suppressed(found, now)
    for delivery in failed:
        Delivery.unfinished().filter(pk=delivery.pk).exclude(state=DeliveryState.SENDING).update(
            state=DeliveryState.FAILED, finished_at=now, due_at=None, reply=delivery.reply
        )
    tell_authors(failed)
    return [delivery for delivery in found if delivery not in failed]
