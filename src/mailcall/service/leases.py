"""Who works alone on what where several machines share one database: leases, renewed while the work goes on.

A worker that dies or freezes stops renewing, and after LEASE_SECONDS another takes its work over. One that
was frozen and goes on finds its lease lost: it begins nothing more, and what it still writes is checked
against the rows by whoever writes it.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import DatabaseError, close_old_connections, connection

log = structlog.get_logger("service.leases")

LEASE_SECONDS = 30.0
RENEW_SECONDS = 5.0
MARGIN_SECONDS = 5.0  # before the end of a lease, its holder takes it for lost

_TAKE = """
INSERT INTO service_lease (work, holder, until) VALUES (%s, %s, now() + make_interval(secs => %s))
ON CONFLICT (work) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE service_lease.until < now()
RETURNING work
"""
_RENEW = """
UPDATE service_lease SET until = now() + make_interval(secs => %s) WHERE holder = ANY(%s) RETURNING holder
"""
_GIVE_BACK = "DELETE FROM service_lease WHERE work = %s AND holder = %s"


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
            except DatabaseError as error:
                log.warning("leases can't be renewed", error=str(error).strip())
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
        taken = cursor.fetchone() is not None
    if not taken:
        yield None
        return
    lease.renewed(asked)
    _renewer.add(lease)
    try:
        yield lease
    finally:
        _renewer.remove(lease)
        try:
            with connection.cursor() as cursor:
                cursor.execute(_GIVE_BACK, [work, lease.holder])
        except DatabaseError as error:  # it runs out by itself; what went wrong inside matters more
            log.warning("lease not given back", work=work, error=str(error).strip())
