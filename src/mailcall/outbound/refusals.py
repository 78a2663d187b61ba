"""Tells senders of mails that were not taken: into the message table, as part of rejecting them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from mailcall.database.rows import insert_rows
from mailcall.desk.models import Partition
from mailcall.message import address_ok, comparable
from mailcall.message.subjects import strip_prefixes
from mailcall.message.thread_ids import without_tags
from mailcall.outbound.budget import Budget
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.models import Delivery, DeliveryState, Message
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.threads import new_message_id, signing_keys


@dataclass(frozen=True, slots=True)
class Refusal:
    """A mail of the journal, by its number there, and what its sender is told."""

    kind: MessageType
    mail: int
    correlation_id: str
    partition: Partition
    origin: MailOrigin
    subject: str
    why: str
    data: dict[str, Any] = field(default_factory=dict)


def tell_senders(refusals: Sequence[Refusal]) -> None:
    """Answer these, each to the address that it came from, within its budget."""
    refusals = [refusal for refusal in refusals if address_ok(refusal.origin.sender_address)]
    if not refusals:
        return
    now, keys = timezone.now(), signing_keys()
    budget = Budget.of({comparable(refusal.origin.sender_address) for refusal in refusals}, (), now)
    messages = [_message(refusal, keys) for refusal in refusals]
    insert_rows(messages)
    deliveries = []
    for message, refusal in zip(messages, refusals, strict=True):
        address = comparable(refusal.origin.sender_address)
        withheld = budget.take(address, None)
        deliveries.append(
            Delivery(
                message=message,
                partition_id=message.partition_id,
                recipient=address,
                automatic=message.automatic,
                created_at=now,
                state=DeliveryState.WITHHELD if withheld else DeliveryState.QUEUED,
                reply=withheld,
            )
        )
    insert_rows(deliveries)


def _message(refusal: Refusal, keys: Sequence[bytes]) -> Message:
    partition, origin = refusal.partition, refusal.origin
    about = without_tags(strip_prefixes(refusal.subject).text)
    return Message(
        type_code=refusal.kind.code,
        partition=partition,
        correlation_id=refusal.correlation_id,
        message_id=new_message_id(refusal.mail, partition.address, keys, "mail"),
        in_reply_to=origin.message_id[:998],
        references=" ".join((*origin.references, origin.message_id)),
        sender=[partition.sender_name or partition.name, partition.address],
        to=[[origin.sender_name, origin.sender_address]],
        subject=f"Not accepted: {about or '(no subject)'}"[:500],
        data={"subject": about, "partition": partition.name, "user": origin.sender_name, **refusal.data},
        automatic=bool(refusal.kind.auto_submitted),
        why=refusal.why,
    )
