"""What becomes of a delivery after a try: sent, failed, later, unknown, or a person is needed."""

import datetime as dt

from mailcall.outbound.models import Delivery, DeliveryState
from mailcall.transport.interface import RecipientResult, Result

BACK_OFF_MINUTES = (1, 5, 15, 30, 60, 120, 240, 480, 720)  # then every 12 hours
GIVE_UP_AFTER = dt.timedelta(days=5)
UNKNOWN_PAUSE = dt.timedelta(minutes=2)
RESENDS_OF_UNKNOWN = 1


def settle(delivery: Delivery, result: RecipientResult, now: dt.datetime) -> None:
    """Note what the server said."""
    delivery.due_at = None
    match result.result:
        case Result.SENT:
            delivery.state, delivery.reply, delivery.finished_at = DeliveryState.SENT, result.reply, now
        case Result.FAILED:
            delivery.state, delivery.reply, delivery.finished_at = DeliveryState.FAILED, result.reply, now
        case Result.DEFERRED:
            defer(delivery, now, result.reply)
        case Result.UNKNOWN:
            doubt(delivery, now, result.reply, pause=UNKNOWN_PAUSE)


def defer(delivery: Delivery, now: dt.datetime, reply: str) -> None:
    """Later, with growing pauses, until it is older than GIVE_UP_AFTER and has been tried at each pause.

    Age alone does not end it: a person may have released it late, or its server may have been down.
    """
    delivery.reply = reply
    if now - delivery.created_at > GIVE_UP_AFTER and delivery.attempts > len(BACK_OFF_MINUTES):
        delivery.state, delivery.finished_at = DeliveryState.FAILED, now
        delivery.reply = given_up(reply)
        return
    delivery.state = DeliveryState.DEFERRED
    step = min(max(delivery.attempts, 1), len(BACK_OFF_MINUTES)) - 1
    delivery.due_at = now + dt.timedelta(minutes=BACK_OFF_MINUTES[step])


def doubt(delivery: Delivery, now: dt.datetime, reply: str, *, pause: dt.timedelta) -> None:
    """It may have left: resent once after a pause, then held."""
    delivery.unknowns += 1
    delivery.reply = reply
    if delivery.unknowns > RESENDS_OF_UNKNOWN:
        hold(delivery, f"{reply} It was resent once already; a person must decide.")
        return
    delivery.state = DeliveryState.UNKNOWN
    delivery.due_at = now + pause if pause else None


def hold(delivery: Delivery, reply: str) -> None:
    """Not sent until a person says so."""
    delivery.state, delivery.reply, delivery.due_at = DeliveryState.HELD, reply, None


def put_back(delivery: Delivery) -> None:
    """Nothing of it left: it is as if it had not been taken."""
    delivery.state = DeliveryState.QUEUED
    delivery.attempts -= 1


def given_up(last_word: str) -> str:
    """Why a delivery failed that was never refused for good."""
    return f"Given up after {GIVE_UP_AFTER.days} days. The last word was: {last_word}"
