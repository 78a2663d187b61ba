"""What reports say of mails of ours: those that came back, and those that somebody complained of.

A report finds its delivery by the tag of its envelope sender, which says of which copy it is; else by the
Message-ID of the mail that it returns; else by the token of that, where the text of the mail shows it.
Without the tag it counts only by who sent it: else it is noted, and changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from mailcall.desk.models import Partition
from mailcall.message import comparable, thread_ids
from mailcall.outbound.models import Delivery, DeliveryState, SuppressionCause
from mailcall.outbound.reporting import counts
from mailcall.outbound.suppressing import says_no_such_mailbox, suppress
from mailcall.outbound.telling_authors import News, tell_authors
from mailcall.outbound.threads import domain_of

# A report shows that it did leave, even while its group is still being sent.
LEFT = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Returned:
    """A report: `recipients` are (address, reason), the address empty where it names nobody.

    `delivery` is the number in the envelope tag that it was sent to, or 0; `message_id` that of the mail that
    it is about, or empty; `tokens` are those that its text shows; `reporter` is the address that it is
    proved to be from, or empty.
    """

    recipients: tuple[tuple[str, str], ...]
    message_id: str = ""
    tokens: tuple[str, ...] = ()
    delivery: int = 0
    reporter: str = ""
    complaint: bool = False


def note_returned(report: Returned) -> list[Delivery]:
    """Move the deliveries that a report is about, suppress, and tell authors; the deliveries it found."""
    found = _found(report)
    told = [_note(report, *one) for one in found]
    for news in News:
        tell_authors([delivery for (delivery, _, _), of in zip(found, told, strict=True) if of is news], news)
    return [delivery for delivery, _, _ in found]


def _note(report: Returned, delivery: Delivery, reason: str, exact: bool) -> News | None:
    """Note what a report says of one delivery; what its author is to be told, if it is new."""
    if not report.delivery and not counts(report.reporter, delivery):
        new = not delivery.reported
        delivery.reported = reason
        delivery.save(update_fields=["reported"])
        return (News.PERHAPS_COMPLAINT if report.complaint else News.PERHAPS_LOST) if new else None
    new, delivery.reply = delivery.reply != reason, reason
    if report.complaint:
        delivery.save(update_fields=["reply"])
        suppress(delivery, SuppressionCause.COMPLAINT, reason)
        return News.COMPLAINT if new else None
    delivery.state = DeliveryState.BOUNCED
    delivery.finished_at = delivery.finished_at or timezone.now()
    delivery.save(update_fields=["state", "reply", "finished_at"])
    if exact and says_no_such_mailbox(reason):
        suppress(delivery, SuppressionCause.BOUNCE, reason)
    return News.LOST


def _found(report: Returned) -> list[tuple[Delivery, str, bool]]:
    """The deliveries, each with the reason, and whether the report names its very address."""
    left = Delivery.objects.filter(state__in=LEFT).select_related("message", "server")
    if report.delivery:
        return [_named(one, report.recipients) for one in left.filter(pk=report.delivery)]
    for message_ids in (_ids(report.message_id), [i for token in report.tokens for i in _ids(token)]):
        if found := _among(left.filter(message__message_id__in=message_ids), report.recipients):
            return found
    return []


def _named(delivery: Delivery, recipients: Sequence[tuple[str, str]]) -> tuple[Delivery, str, bool]:
    """The copy that came back, whoever it was forwarded to."""
    for address, reason in recipients:
        if comparable(address) in {delivery.recipient, ""}:
            return delivery, reason, True
    address, reason = recipients[0]
    return delivery, f"{address}: {reason}", False


def _among(
    copies: "QuerySet[Delivery]", recipients: Iterable[tuple[str, str]]
) -> list[tuple[Delivery, str, bool]]:
    """Of the copies of a mail those to these recipients; where none is named, the only one."""
    by_address = {copy.recipient: copy for copy in copies}
    found: list[tuple[Delivery, str, bool]] = []
    for address, reason in recipients:
        if copy := by_address.get(comparable(address)):
            found.append((copy, reason, True))
        elif not address and len(by_address) == 1:
            found += [(only, reason, True) for only in by_address.values()]
    return found


def _ids(about: str) -> list[str]:
    """The Message-IDs that are meant: one, or those of a token in any partition."""
    if not about or about.startswith("<"):
        return [about] if about else []
    domains = {domain_of(address) for address in Partition.objects.values_list("address", flat=True)}
    return [thread_ids.message_id(about, domain) for domain in sorted(domains)]
