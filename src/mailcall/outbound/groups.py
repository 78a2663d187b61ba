"""The groups in which deliveries are taken from the message table, and come back with their results."""

import time
from collections import deque
from collections.abc import Sequence

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from mailcall.database.rows import run_for_each
from mailcall.outbound.choosing import waiting
from mailcall.outbound.models import Delivery, DeliveryState, OutgoingServer
from mailcall.outbound.pacing import Pacing
from mailcall.outbound.suppressing import drop_suppressed, note_refused
from mailcall.outbound.telling_authors import tell_authors

GROUP = 20  # deliveries in `sending` at once: as many may be unknown after a power cut
LOOK = 100  # deliveries looked up at once
LOOK_EVERY = 1.0  # seconds until what was found is looked up again: servers and breakers change

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


class Waiting:
    """What waits for one server: looked up for several groups at once, and taken a group at a time."""

    def __init__(self, server: OutgoingServer) -> None:
        self._server = server
        self._pacing = Pacing(server)
        self._found: deque[Delivery] = deque()
        self._until = 0.0
        self._new: QuerySet[Delivery] | None = None  # those never tried, of the last look

    def take(self) -> list[Delivery]:
        """Up to GROUP due deliveries, as the rate limits allow, now `sending`. Call it in a transaction."""
        while True:
            if not self._found or time.monotonic() > self._until:
                self._look()
            most = self._most()
            if not self._found or not most:
                return []
            some = [self._found.popleft() for _ in range(min(most, len(self._found)))]
            if group := self._taken(self._allowed(some)):
                return group

    def _most(self) -> int:
        if not self._pacing.limited:
            return GROUP
        room = self._pacing.room(timezone.now())
        return GROUP if room is None else min(GROUP, room)

    def _allowed(self, some: list[Delivery]) -> list[Delivery]:
        if not self._pacing.limited:
            return some
        now = timezone.now()
        chosen = self._pacing.choose(some, now)
        self._pacing.took(len(chosen), now)
        return chosen

    def _look(self) -> None:
        """What had to wait comes first, once in LOOK_EVERY, so that no flood of new ones holds it up."""
        if self._new is not None and time.monotonic() < self._until:
            self._add(self._new.all())
            return
        self._until = time.monotonic() + LOOK_EVERY
        self._found.clear()
        self._new = None
        kinds = waiting(self._server, timezone.now())
        for some in kinds:
            if len(self._found) >= LOOK:
                return
            self._add(some)
        self._new = kinds[-1] if kinds else None

    def _add(self, due: "QuerySet[Delivery]") -> None:
        found = due.select_related("message")[: LOOK - len(self._found)]
        self._found += drop_suppressed(list(found), timezone.now())

    def _taken(self, some: Sequence[Delivery]) -> list[Delivery]:
        """Those of them that still wait, and that nobody else is just taking."""
        if not some:
            return []
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
    if lost := [delivery for delivery in group if delivery.state == DeliveryState.FAILED]:
        note_refused(lost)
        tell_authors(lost)
