"""How fast a server may be sent to, at all and for each domain of recipients: its rate limits.

Room for a few recipients at once fills up again by the clock, so that within any 60 seconds no more are sent
to than the limit says. It is kept in a table, so that a restart makes none. Whom there is no room for stands
in line: each gets a moment of their own at which they are due, and holds up nobody of another domain.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import connection

from mailcall.database.rows import run_for_each
from mailcall.outbound.models import WAITING_STATES, Delivery, OutgoingServer, Pace

AT_ONCE = 20  # the part of a limit that may be sent at once
ROUNDING = 0.001  # of the clock and of floats: nobody's moment comes too early
FORGET_AFTER = dt.timedelta(hours=1)

_PUT_OFF = """
UPDATE outbound_delivery SET due_at = %s, reply = %s WHERE id = %s AND state IN ({states})
""".format(states=", ".join(f"'{state.value}'" for state in WAITING_STATES))


def at_once(limit: int) -> float:
    """How many may be sent at once, by a limit for a minute."""
    return max(1.0, limit / AT_ONCE)


def a_second(limit: int) -> float:
    """How many more may be sent with each second: with those at once, never above the limit in a minute."""
    return (limit - at_once(limit) + 1) / 60


def room_after(room: float, seconds: float, limit: int) -> float:
    """The room after so many seconds; a clock set back takes none away."""
    return min(at_once(limit), room + max(seconds, 0.0) * a_second(limit))


class Pacing:
    """The pace of one server, for whoever works alone on it."""

    def __init__(self, server: OutgoingServer) -> None:
        self._server = server
        self.limited = bool(server.rate_limit or server.domain_rate_limit)
        self._paces: dict[str, Pace] = {}

    def room(self, now: dt.datetime) -> int | None:
        """How many recipients it may be sent to now; None: any number."""
        if not self._server.rate_limit:
            return None
        return int(self._pace("", self._server.rate_limit, now).room)

    def choose(self, some: Sequence[Delivery], now: dt.datetime) -> list[Delivery]:
        """Those of them that may be sent now; the others get in line, as part of the caller's transaction."""
        limit = self._server.domain_rate_limit
        if not limit:
            return list(some)
        chosen, put_off = [], []
        for delivery in some:
            domain = delivery.recipient.rpartition("@")[2]
            pace = self._pace(domain, limit, now)
            others_first = delivery.due_at is None and pace.put_off_until and pace.put_off_until > now
            if pace.room >= 1 - ROUNDING and not others_first:
                pace.room -= 1
                chosen.append(delivery)
            else:
                pace.put_off_until = max(now, pace.put_off_until or now) + _step(limit)
                why = delivery.reply or f"It waits, so that {domain} gets at most {limit} in a minute."
                put_off.append((_stored(pace.put_off_until), why, delivery.pk))
        run_for_each(_PUT_OFF, put_off)
        return chosen

    def took(self, count: int, now: dt.datetime) -> None:
        """Note that so many are being sent to; to be called in the transaction that takes them."""
        if self._server.rate_limit:
            self._pace("", self._server.rate_limit, now).room -= count
        for pace in self._paces.values():
            pace.save()
        if len(self._paces) > 1:
            old = self._server.paces.filter(at__lt=now - FORGET_AFTER).exclude(put_off_until__gt=now)
            old.delete()
        self._paces.clear()

    def _pace(self, domain: str, limit: int, now: dt.datetime) -> Pace:
        if domain not in self._paces:
            pace = self._server.paces.filter(domain=domain[:255]).first()
            if pace is None:
                pace = Pace(server=self._server, domain=domain[:255], room=at_once(limit), at=now)
            self._paces[domain] = pace
        pace = self._paces[domain]
        pace.room = room_after(pace.room, (now - pace.at).total_seconds(), limit)
        pace.at = now
        return pace


def _step(limit: int) -> dt.timedelta:
    """How far apart those in line are due."""
    return dt.timedelta(seconds=1 / a_second(limit))


def _stored(moment: dt.datetime) -> object:
    return connection.ops.adapt_datetimefield_value(moment)
