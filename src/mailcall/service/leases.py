"""Who works alone on what where several machines share one database: leases, renewed while the work goes on.

A worker that dies or freezes stops renewing, and after LEASE_SECONDS another takes its work over. One that
was frozen and goes on finds its lease lost: it begins nothing more, and what it still writes is checked
against the rows by whoever writes it. Who asks for a lease that is held leaves a mark, and when it is given
back the work is nudged again: what was to be seen may have come after the last look.
"""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog
from django.db import DatabaseError, close_old_connections, connection

from mailcall.nudges import nudge_work
from mailcall.service.troubles import database_outage, one_line

log = structlog.get_logger("service.leases")

LEASE_SECONDS = 30.0
RENEW_SECONDS = 5.0
MARGIN_SECONDS = 5.0  # before the end of a lease, its holder takes it for lost

_TAKE = """
INSERT INTO service_lease AS lease (work, holder, until, again)
VALUES (%s, %s, now() + make_interval(secs => %s), false)
ON CONFLICT (work) DO UPDATE SET
    holder = CASE WHEN lease.until < now() THEN excluded.holder ELSE lease.holder END,
    until = CASE WHEN lease.until < now() THEN excluded.until ELSE lease.until END,
    again = lease.until >= now()
RETURNING holder
"""
_RENEW = """
UPDATE service_lease SET until = now() + make_interval(secs => %s) WHERE holder = ANY(%s) RETURNING holder
"""
_GIVE_BACK = "DELETE FROM service_lease WHERE holder = ANY(%s) RETURNING work, again"
_TAKE_TURNS = """
INSERT INTO service_lease AS lease (work, holder, until, again)
SELECT 'every ' || work, '', now() + make_interval(secs => seconds), false
FROM unnest(%s::text[], %s::float8[]) AS periodic (work, seconds)
ORDER BY work
ON CONFLICT (work) DO UPDATE SET until = excluded.until WHERE lease.until <= now()
RETURNING substr(work, 7)
"""
_HELD = "SELECT work FROM service_lease WHERE starts_with(work, %s) AND until >= now()"
_FORGET = "DELETE FROM service_lease WHERE until < now() - interval '1 day'"


class Lease:
    """One piece of work that is ours until `lost`. Moments are of the monotonic clock, in seconds."""

    def __init__(self, work: str) -> None:
        self.work = work
        self.holder = uuid.uuid4().hex
        self.good_until = 0.0

    def lost(self) -> bool:
        """Whether another may have taken it over: it could not be renewed in time."""
        return time.monotonic() > self.good_until

    def renewed(self, asked: float) -> None:
        """The database gave it for LEASE_SECONDS, at some moment after `asked`."""
        self.good_until = asked + LEASE_SECONDS - MARGIN_SECONDS


class Renewer:
    """One thread that renews all leases of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leases: dict[str, Lease] = {}
        self._thread: threading.Thread | None = None

    def add(self, lease: Lease) -> None:
        """Renew this one from now on."""
        with self._lock:
            self._leases[lease.holder] = lease
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
                self._thread.start()

    def remove(self, lease: Lease) -> None:
        """Renew it no longer."""
        with self._lock:
            self._leases.pop(lease.holder, None)

    def remove_all(self) -> list[Lease]:
        """Renew none any longer; those that were."""
        with self._lock:
            leases, self._leases = list(self._leases.values()), {}
        return leases

    def _run(self) -> None:
        while True:
            time.sleep(RENEW_SECONDS)
            with self._lock:
                leases = dict(self._leases)
                if not leases:
                    self._thread = None
                    break
            try:
                self._renew(leases)
                database_outage.over("leases")
            except DatabaseError as error:
                database_outage.seen("leases", error)
            finally:
                close_old_connections()
        connection.close()

    @staticmethod
    def _renew(leases: dict[str, Lease]) -> None:
        asked = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(_RENEW, [LEASE_SECONDS, list(leases)])
            renewed = {row[0] for row in cursor.fetchall()}
        for holder, lease in leases.items():
            if holder in renewed:
                lease.renewed(asked)


_renewer = Renewer()


@contextmanager
def leased(work: str) -> Iterator[Lease | None]:
    """Hold the lease of this work while the block runs; None when another holds it."""
    lease = Lease(work)
    asked = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [work, lease.holder, LEASE_SECONDS])
        taken = cursor.fetchone() == (lease.holder,)
    if not taken:
        yield None
        return
    lease.renewed(asked)
    _renewer.add(lease)
    try:
        yield lease
    finally:
        _renewer.remove(lease)
        _give_back([lease])


def give_back_all() -> None:
    """Give back what hangs in this process as it ends: others need not wait for the leases to run out."""
    leases = _renewer.remove_all()
    for lease in leases:
        lease.good_until = 0.0
    if leases:
        _give_back(leases)
    for lease in leases:
        nudge_work(lease.work)


def _give_back(leases: Sequence[Lease]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, [[lease.holder for lease in leases]])
            asked_for = [work for work, again in cursor.fetchall() if again]
    except DatabaseError as error:  # they run out by themselves; what went wrong inside matters more
        log.warning("leases not given back", work=[lease.work for lease in leases], error=one_line(error))
        return
    for work in asked_for:
        nudge_work(work)


def take_turns(every: Mapping[str, float]) -> list[str]:
    """Which of these are due and ours to do now. `every`: after how many seconds each is due again.

    However many workers ask, each is given out once in that time, by the database's clock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURNS, [list(every), list(every.values())])
        return [row[0] for row in cursor.fetchall()]


def held(prefix: str) -> set[str]:
    """The work that is held now, of that whose name begins so."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [prefix])
        return {row[0] for row in cursor.fetchall()}


def forget_old() -> None:
    """Remove what is left of workers that died, and of work that there is no more."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET)
