"""The outbox: deliveries by filter, and what people do to many of them at once, which can be undone."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from mailcall.desk.errors import Refused
from mailcall.outbound import operations
from mailcall.outbound.message_types import ROUND_TRIP
from mailcall.outbound.models import FINAL_STATES, Delivery, DeliveryState

MOST_AT_ONCE = 1_000
AT_ONCE = 100  # in one transaction, so that others may write between
OPERATIONS: dict[str, Callable[[Delivery], None]] = {
    "hold": operations.hold,
    "release": operations.release,
    "retry": operations.retry,
    "cancel": operations.cancel,
}


@dataclass(frozen=True, slots=True)
class OutboxFilter:
    """Which deliveries are meant. `hours` is the least age."""

    state: str = ""
    server: int | None = None
    recipient: str = ""
    type_code: int | None = None
    hours: int = 0

    @property
    def is_open(self) -> bool:
        """Whether only deliveries can be meant that are not at an end, which an index finds."""
        return bool(self.state) and self.state not in FINAL_STATES

    def of(self, partitions: Collection[int] | None, now: dt.datetime) -> "QuerySet[Delivery]":
        """Those of these partitions, or of all; round trips of Mailcall's own are left out."""
        rows = Delivery.objects.exclude(message__type_code=ROUND_TRIP.code)
        wanted = Q()
        if partitions is not None:
            wanted &= Q(partition__in=partitions)
        if self.state:
            wanted &= Q(state=self.state)
        if self.is_open:
            wanted &= Q(finished_at=None)
        if self.server:
            wanted &= Q(server=self.server)
        if self.recipient:
            wanted &= Q(recipient__icontains=self.recipient)
        if self.type_code:
            wanted &= Q(message__type_code=self.type_code)
        if self.hours:
            wanted &= Q(created_at__lte=now - dt.timedelta(hours=self.hours))
        return rows.filter(wanted)


@dataclass(frozen=True, slots=True)
class Done:
    """What an operation on many did: how many it was done to and not, and what undoes it."""

    count: int
    refused: int
    undo: list[list[Any]]


def do_to_all(operation: str, deliveries: Sequence[Delivery]) -> Done:
    """Do it to each that it makes sense for; the others stay as they are."""
    undo: list[list[Any]] = []
    for start in range(0, len(deliveries), AT_ONCE):
        with transaction.atomic():
            undo += _do(OPERATIONS[operation], deliveries[start : start + AT_ONCE])
    return Done(len(undo), len(deliveries) - len(undo), undo)


def _do(do: Callable[[Delivery], None], deliveries: Sequence[Delivery]) -> Iterator[list[Any]]:
    """What each was that it was done to, and the state that it has since."""
    for delivery in deliveries:
        before = [delivery.pk, delivery.state, delivery.reply, _stored(delivery.finished_at)]
        before += [_stored(delivery.due_at), delivery.attempts, delivery.unknowns]
        try:
            do(delivery)
        except Refused:
            continue
        yield [*before, delivery.state]


def undo_all(undo: Sequence[Sequence[Any]], partitions: Collection[int] | None) -> int:
    """Put deliveries back to what they were, where nothing happened to them since; how many."""
    count = 0
    with transaction.atomic():
        for pk, state, reply, finished_at, due_at, attempts, unknowns, after in undo:
            rows = Delivery.objects.filter(pk=pk, state=after)
            if partitions is not None:
                rows = rows.filter(partition__in=partitions)
            if after == DeliveryState.QUEUED:
                rows = rows.filter(attempts=0)
            count += rows.update(
                state=state,
                reply=reply,
                finished_at=_read(finished_at),
                due_at=_read(due_at),
                attempts=attempts,
                unknowns=unknowns,
            )
    return count


def _stored(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _read(moment: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(moment) if moment else None
