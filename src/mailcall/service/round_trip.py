"""Round trips: mails by which the desk writes to itself, to see whether mail comes and goes.

One is put into the message table like any other mail, leaves by the partition's outgoing server, comes back
into the account's mailbox and is known there by its signed Message-ID. The tables are the truth: the journal
says whether it came back, so no step needs to tell the next.
"""

import datetime as dt
import uuid
from contextlib import suppress

import structlog
from django.db import transaction
from django.utils import timezone

from mailcall.config import config
from mailcall.desk.errors import Refused
from mailcall.inbound.models import IncomingAccount, Outcome, ReceivedMail
from mailcall.message import comparable
from mailcall.outbound import operations
from mailcall.outbound.message_types import ROUND_TRIP
from mailcall.outbound.models import Delivery, Message
from mailcall.outbound.threads import new_message_id, signing_keys
from mailcall.service.models import RoundTrip

log = structlog.get_logger("service.round_trip")

CLOCKS_DIFFER = dt.timedelta(seconds=30)  # by so much at most, between machines that share a database


def look() -> bool:
    """Note what came back, and send the next when it is due; whether a mail was put into the message table.

    Safe beside other workers: whoever locks the account's row first sends, the others find it sent.
    """
    account = watched_account()
    if account is None:
        return False
    trip = RoundTrip.objects.select_related("message").filter(account=account).first()
    if trip and trip.waiting_since:
        _note_arrival(trip)
    return (trip is None or _is_due(trip, timezone.now())) and _send(account)


def watched_account() -> IncomingAccount | None:
    """The account that the settings name, if it is there and active."""
    name = config().round_trip_account
    if not name:
        return None
    accounts = IncomingAccount.objects.select_related("template__partition").defer("password")
    return accounts.filter(name=name, active=True).first()


def trouble(now: dt.datetime, since: dt.datetime) -> str:
    """What is wrong, in a sentence; empty when nothing is. `since`: when this service began."""
    name = config().round_trip_account
    if not name:
        return ""
    account = watched_account()
    if account is None:
        return f"The setting `round_trip_account` names {name}, but there is no active account of that name."
    trip = RoundTrip.objects.filter(account=account).first()
    limit = dt.timedelta(seconds=config().round_trip_limit)
    if trip is None or trip.waiting_since is None or now - max(trip.waiting_since, since) <= limit:
        return ""
    return (
        f"No round-trip mail came back to account {name} since {trip.waiting_since:%Y-%m-%d %H:%M} UTC."
        f"{_fate_of(trip)}"
    )


def _fate_of(trip: RoundTrip) -> str:
    delivery = Delivery.objects.filter(message=trip.message_id).first() if trip.message_id else None
    if delivery is None:
        return ""
    reply = f": {delivery.reply.rstrip('.')}" if delivery.reply else ""
    return f" The last one is {delivery.get_state_display().lower()}{reply}."


def _note_arrival(trip: RoundTrip) -> None:
    """An old one that comes once more is not the one waited for, and changes nothing."""
    if trip.message is None:
        return
    came = (
        ReceivedMail.objects.filter(
            message_id=trip.message.message_id, account=trip.account_id, outcome=Outcome.ROUND_TRIP
        )
        .order_by("pk")
        .values_list("acted_at", flat=True)
        .first()
    )
    if came is None:
        return
    seconds = max((came - trip.message.created_at).total_seconds(), 0.0)
    noted = RoundTrip.objects.filter(pk=trip.pk, message=trip.message, waiting_since__isnull=False).update(
        waiting_since=None, last_good_at=came, seconds=seconds
    )
    if noted:
        trip.waiting_since = None
        log.info("round trip", account=trip.account_id, seconds=round(seconds, 3))


def _is_due(trip: RoundTrip, now: dt.datetime) -> bool:
    """Whether the next is to be sent; while one is on its way, not before it counts as lost."""
    if trip.sent_at is None:
        return True
    every, limit = config().round_trip_every, config().round_trip_limit
    pause = dt.timedelta(seconds=max(every, limit) if trip.waiting_since else every)
    return not -CLOCKS_DIFFER <= now - trip.sent_at < pause


@transaction.atomic
def _send(account: IncomingAccount) -> bool:
    """Put the next into the message table, unless another worker did; one lost on the way out is recalled."""
    RoundTrip.objects.get_or_create(account=account)
    trip = RoundTrip.objects.select_for_update().get(account=account)
    now = timezone.now()
    if not _is_due(trip, now):
        return False
    for delivery in Delivery.objects.filter(message=trip.message_id) if trip.message_id else ():
        with suppress(Refused):  # it has left, or is leaving
            operations.cancel(delivery)
    trip.message = _message(account, now)
    trip.sent_at = now
    trip.waiting_since = trip.waiting_since or now
    trip.save()
    return True


def _message(account: IncomingAccount, now: dt.datetime) -> Message:
    partition = account.partition
    message = Message.objects.create(
        type_code=ROUND_TRIP.code,
        partition=partition,
        created_at=now,
        correlation_id=uuid.uuid4().hex,
        message_id=new_message_id(account.pk, partition.address, signing_keys(), "round trip"),
        sender=[partition.sender_name or partition.name, partition.address],
        to=[[account.name, account.address]],
        subject="Round trip",
        data={"subject": "Round trip", "partition": partition.name, "account": account.name},
        why=f"A round trip of account {account.name} is due.",
    )
    recipient = comparable(account.address)
    Delivery.objects.create(message=message, partition=partition, recipient=recipient, created_at=now)
    return message
