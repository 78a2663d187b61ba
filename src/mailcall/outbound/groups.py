"""The groups in which deliveries are taken from the message table, and come back with their results."""

import datetime as dt
import time
from collections import deque
from collections.abc import Sequence

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from mailcall.database.rows import run_for_each
from mailcall.outbound.models import WAITING_STATES, Delivery, DeliveryState, OutgoingServer

GROUP = 20  # deliveries in `sending` at once: as many may be unknown after a power cut
LOOK = 100  # deliveries looked up at once
LOOK_EVERY = 1.0  # seconds until what was found is looked up again: servers and breakers change
TRIED_STATES = tuple(state for state in WAITING_STATES if state != DeliveryState.QUEUED)

_TAKE = """
UPDATE outbound_delivery SET state = 'sending', server_id = %s, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM outbound_delivery
    WHERE id IN ({ids}) AND state IN ('queued', 'deferred', 'unknown') AND (due_at IS NULL OR due_at <= %s)
    ORDER BY id {lock}
)
RETURNING id, attempts, unknowns
"""
_RECORD = """
UPDATE outbound_delivery
SET state = %s, attempts = %s, unknowns = %s, due_at = %s, reply = %s, finished_at = %s
WHERE id = %s AND attempts = %s AND state IN ('sending', %s)
"""


def servers_for(
    partition_id: int | None, servers: Sequence[OutgoingServer], now: dt.datetime
) -> list[OutgoingServer]:
    """The servers that may take a partition's mail now, the partition's own first, then by priority.

    Without a partition: those for the mail of any.
    """
    usable = [
        s
        for s in servers
        if s.active
        and s.partition_id in {None, partition_id}
        and not (s.breaker_until and now < s.breaker_until)
    ]
    return sorted(usable, key=lambda s: (s.partition_id is None, s.priority, s.name))


def waiting(server: OutgoingServer, now: dt.datetime) -> "QuerySet[Delivery]":
    """What is due and this server's to send, in the order of the index by state."""
    servers = list(OutgoingServer.objects.filter(active=True))
    special = {s.partition_id for s in servers if s.partition_id}
    mine = {partition for partition in special if servers_for(partition, servers, now)[:1] == [server]}
    due = Delivery.unfinished().filter(Q(due_at=None) | Q(due_at__lte=now), state__in=WAITING_STATES)
    due = due.order_by("state", "pk")
    if servers_for(None, servers, now)[:1] == [server]:
        return due.exclude(partition__in=special - mine) if special - mine else due
    return due.filter(partition__in=mine)


class Waiting:
    """What waits for one server: looked up for several groups at once, and taken a group at a time."""

    def __init__(self, server: OutgoingServer) -> None:
        self._server = server
        self._found: deque[Delivery] = deque()
        self._until = 0.0

    def take(self) -> list[Delivery]:
        """Up to GROUP due deliveries, now `sending`. To be called in a transaction."""
        while True:
            if not self._found or time.monotonic() > self._until:
                self._look()
            if not self._found:
                return []
            some = [self._found.popleft() for _ in range(min(GROUP, len(self._found)))]
            if group := self._taken(some):
                return group

    def _look(self) -> None:
        """Those tried before come first, so that no flood of new ones holds them up."""
        self._until = time.monotonic() + LOOK_EVERY
        self._found.clear()
        due = waiting(self._server, timezone.now()).select_related("message")
        for states in (TRIED_STATES, (DeliveryState.QUEUED,)):
            self._found += due.filter(state__in=states)[: LOOK - len(self._found)]

    def _taken(self, some: Sequence[Delivery]) -> list[Delivery]:
        """Those of them that still wait, and that nobody else is just taking."""
        lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
        statement = _TAKE.format(ids=", ".join(["%s"] * len(some)), lock=lock)
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(statement, [self._server.pk, *(delivery.pk for delivery in some), now])
            counts = {key: counts for key, *counts in cursor.fetchall()}
        group = [delivery for delivery in some if delivery.pk in counts]
        for delivery in group:
            delivery.state, delivery.server = DeliveryState.SENDING, self._server
            delivery.attempts, delivery.unknowns = counts[delivery.pk]
        return group


def record(group: Sequence[Delivery]) -> None:
    """Record what became of deliveries that were taken.

    A report that overtook this has the last word. So has whoever took over meanwhile, unless all that it
    knows is that it knows nothing.
    """
    moment = connection.ops.adapt_datetimefield_value
    values = [
        (
            delivery.state,
            delivery.attempts,
            delivery.unknowns,
            moment(delivery.due_at),
            delivery.reply,
            moment(delivery.finished_at),
            delivery.pk,
            delivery.attempts + (delivery.state == DeliveryState.QUEUED),  # put back: it does not count
            DeliveryState.UNKNOWN if delivery.state == DeliveryState.SENT else DeliveryState.SENDING,
        )
        for delivery in sorted(group, key=lambda delivery: delivery.pk)
    ]
    run_for_each(_RECORD, values)
