"""The embedded job engine: a few threads that run named jobs, each never twice at once.

A job is only a nudge to look at the tables; the tables are the truth. A nudge for a job that waits is
dropped, one for a job that runs has it run once more.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

import structlog
from django.db import close_old_connections

log = structlog.get_logger("service.engine")

Key = tuple[str, str]


def run_job(job: Callable[[str], None], name: str, argument: str) -> None:
    """Run a job with a database connection that is alive; what it raises is logged, and ends nothing."""
    try:
        close_old_connections()
        job(argument)
    except Exception as error:
        log.exception("job failed", job=name, argument=argument, error=str(error))
    finally:
        close_old_connections()


class Engine:
    """Runs jobs on threads of this process."""

    def __init__(self, jobs: Mapping[str, Callable[[str], None]], threads: int) -> None:
        """`jobs` by name; each takes one argument, such as an account's number, or an empty text."""
        self._jobs = jobs
        self._changed = threading.Condition()
        self._waiting: OrderedDict[Key, None] = OrderedDict()
        self._running: set[Key] = set()
        self._again: set[Key] = set()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"job-{n}", daemon=True) for n in range(threads)
        ]

    def start(self) -> None:
        """Begin to run jobs."""
        for thread in self._threads:
            thread.start()

    def nudge(self, job: str, argument: str = "") -> None:
        """Have a job run soon. Safe from any thread."""
        key = (job, argument)
        with self._changed:
            if key in self._running:
                self._again.add(key)
            else:
                self._waiting[key] = None
                self._changed.notify()

    def stop(self, seconds: float) -> bool:
        """Begin nothing new, and wait for what runs; whether all ended in time."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while key := self._next():
            job, argument = key
            run_job(self._jobs[job], job, argument)
            self._done(key)

    def _next(self) -> Key | None:
        with self._changed:
            while not self._waiting and not self._stopping:
                self._changed.wait()
            if self._stopping:
                return None
            key, _ = self._waiting.popitem(last=False)
            self._running.add(key)
            return key

    def _done(self, key: Key) -> None:
        with self._changed:
            self._running.discard(key)
            if key in self._again:
                self._again.discard(key)
                self._waiting[key] = None
                self._changed.notify()
