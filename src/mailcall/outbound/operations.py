"""What people do to deliveries."""

from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.outbound.models import Delivery, DeliveryState


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
        reported="",
    )


def hold(delivery: Delivery) -> None:
    """Not send it until somebody lets it go. Raises Refused when it is not waiting."""
    _move(
        delivery,
        {DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.UNKNOWN},
        DeliveryState.HELD,
        "Only what waits to be sent is held; it is {}.",
        reply="Held by hand, until somebody releases it.",
    )


def release(delivery: Delivery) -> None:
    """Send what the budget withheld, or what is held. Raises Refused when it is neither."""
    word = delivery.get_state_display().lower()
    _move(
        delivery,
        {DeliveryState.WITHHELD, DeliveryState.HELD},
        DeliveryState.QUEUED,
        "Only a withheld or held mail is released; it is {}.",
        reply=f"Released. It had been {word}: {delivery.reply.removeprefix('Withheld: ')}",
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
