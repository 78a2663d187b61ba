"""Has what the clock brings done to tasks and calls, and what fails tried again later, and later still."""

import datetime as dt
from collections.abc import Callable

import structlog

from mailcall import measures
from mailcall.desk.clocks import Thing
from mailcall.desk.due import DUTIES, ESCALATE, Duty, Row, do_due
from mailcall.desk.recomputing import recompute

log = structlog.get_logger("service.duties")

FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=1)


class Duties:
    """What this worker does when its turn comes. What failed it knows until it ends."""

    def __init__(self) -> None:
        self._failed: dict[tuple[str, int], tuple[dt.datetime, dt.timedelta]] = {}  # until when, how long

    def do(self, now: dt.datetime, stop: Callable[[], bool]) -> None:
        """All that is due now, but for escalations, and for what failed a short while ago."""
        recompute(now, _not_recomputed, stop)
        for duty in DUTIES:
            if duty is not ESCALATE:
                self._do(duty, now, stop, lambda: None)

    def escalate(
        self, now: dt.datetime, stop: Callable[[], bool], on_many: Callable[[], None] = lambda: None
    ) -> None:
        """Fire the clocks that are due; `on_many` is called where there is work for others, too."""
        self._do(ESCALATE, now, stop, on_many)

    def _do(
        self, duty: Duty, now: dt.datetime, stop: Callable[[], bool], on_many: Callable[[], None]
    ) -> None:
        waiting = {pk for (name, pk), (until, _) in self._failed.items() if name == duty.name and until > now}
        failed: set[int] = set()

        def note(row: Row, error: Exception) -> None:
            failed.add(row.pk)
            self._note(duty, row, now, error)

        done = do_due(duty, now, note, but=waiting, stop=stop, on_many=on_many)
        measures.DUE_DONE.labels(duty.name).inc(done)
        if not stop():  # then all others were done, or are due no more
            kept = waiting | failed
            for key in [key for key in self._failed if key[0] == duty.name and key[1] not in kept]:
                del self._failed[key]

    def _note(self, duty: Duty, row: Row, now: dt.datetime, error: Exception) -> None:
        known = self._failed.get((duty.name, row.pk))
        pause = min(2 * known[1], LONGEST_PAUSE) if known else FIRST_PAUSE
        self._failed[duty.name, row.pk] = (now + pause, pause)
        measures.DUE_FAILED.labels(duty.name).inc()
        log.error(
            "due, and failed",
            what=duty.name,
            of=str(row),
            error=str(error),
            again_at=(now + pause).isoformat(),
            exc_info=None if known else error,
        )


def _not_recomputed(thing: Thing, error: Exception) -> None:
    """It follows with the next thing that happens to it."""
    measures.DUE_FAILED.labels("recompute").inc()
    log.error("not recomputed, and passed over", of=str(thing), error=str(error), exc_info=error)
