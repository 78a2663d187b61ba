"""What people do to deliveries, and what a delivery report says about them."""

from collections.abc import Sequence

from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.message import comparable
from mailcall.outbound.models import Delivery, DeliveryState

# A report shows that it did leave, even while its group is still being sent.
LEFT = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN)


def retry(delivery: Delivery) -> None:
    """Send it again now. Raises Refused where that makes no sense."""
    _move(
        delivery,
        {
            DeliveryState.DEFERRED,
            DeliveryState.FAILED,
            DeliveryState.HELD,
            DeliveryState.UNKNOWN,
            DeliveryState.BOUNCED,
            DeliveryState.CANCELLED,
        },
        DeliveryState.QUEUED,
        "It can't be sent again while it is {}.",
        attempts=0,
        unknowns=0,
    )


def release(delivery: Delivery) -> None:
    """Send what the budget withheld. Raises Refused when it is not withheld."""
    _move(
        delivery,
        {DeliveryState.WITHHELD},
        DeliveryState.QUEUED,
        "Only a withheld mail is released; it is {}.",
        reply=f"Released. It had been withheld: {delivery.reply.removeprefix('Withheld: ')}",
    )


def cancel(delivery: Delivery) -> None:
    """Never send it. Raises Refused when it is too late."""
    _move(
        delivery,
        {
            DeliveryState.QUEUED,
            DeliveryState.DEFERRED,
            DeliveryState.HELD,
            DeliveryState.UNKNOWN,
            DeliveryState.WITHHELD,
        },
        DeliveryState.CANCELLED,
        "It can't be cancelled any more: it is {}.",
        finished_at=timezone.now(),
    )


def bounced(message_id: str, recipients: Sequence[tuple[str, str]]) -> list[Delivery]:
    """Mark what a delivery report says was refused, as (address, reason); the deliveries it found."""
    found = []
    for address, reason in recipients:
        for delivery in Delivery.objects.filter(
            message__message_id=message_id,
            recipient=comparable(address),
            state__in=LEFT,
        ):
            delivery.state = DeliveryState.BOUNCED
            delivery.reply = reason
            delivery.finished_at = delivery.finished_at or timezone.now()
            delivery.save(update_fields=["state", "reply", "finished_at"])
            found.append(delivery)
    return found


def _move(
    delivery: Delivery, allowed: set[DeliveryState], state: DeliveryState, refusal: str, **changes: object
) -> None:
    if state == DeliveryState.QUEUED and delivery.message.removal:
        raise Refused(delivery.message.removal)
    defaults: dict[str, object] = {"due_at": None, "finished_at": None}
    moved = Delivery.objects.filter(pk=delivery.pk, state__in=allowed).update(
        **{**defaults, **changes, "state": state}
    )
    delivery.refresh_from_db()
    if not moved:
        raise Refused(refusal.format(delivery.get_state_display().lower()))
