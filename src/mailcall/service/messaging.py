"""The Messaging Service: one process that collects, acts and delivers until it is told to stop."""

import contextlib
import gc
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections

from mailcall.config import config
from mailcall.inbound.readers import readers
from mailcall.service import alarms, certificates, health, metrics
from mailcall.service.colleagues import Colleagues, present
from mailcall.service.engine import Engine
from mailcall.service.jobs import Jobs
from mailcall.service.leases import give_back_all
from mailcall.service.lmtp import Listener
from mailcall.service.periodic import Periodic
from mailcall.service.troubles import database_outage, explain
from mailcall.service.watchers import Watchers

if TYPE_CHECKING:
    from mailcall.service.distributed import DistributedEngine

log = structlog.get_logger("service")

# How many threads for which jobs, so that mailboxes or servers that never answer hold up nothing else. On the
# journal one acts at a time, since its readers serve one.
THREADS = {
    ("collect",): 16,
    ("deliver",): 4,
    ("act",): 1,
    ("sweep", "clock", "alarms", "due", "escalate", "tidy"): 4,
    ("retention",): 1,
}
LOOK_SECONDS = 1.0
REFRESH_LOOKS = 10
STOP_SECONDS = 9.0
MOST_DESCRIPTORS = 65_536
SWITCH_SECONDS = 0.0005
GARBAGE_AFTER = 20_000  # new objects


class MessagingService:
    """Runs in the calling thread until `stop`.

    1. Threads of the engines run the jobs.
    2. Watchers nudge `collect` the moment a mailbox that can push has something.
    3. Where the settings say so, a listener takes mail by LMTP, and nudges `act`.
    4. What is periodic is nudged when its time has come, the sweep that picks up whatever is due among it;
       accounts have intervals of their own.
    5. On `stop` the mail in hand is finished; what takes longer is left to the next start, which is safe, or
       to the other workers of the same database.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._jobs = Jobs(self._nudge, self._stop.is_set)
        self._periodic = Periodic()
        self._engines: dict[str, Engine | DistributedEngine] = {}
        for names, threads in THREADS.items():
            jobs = {name: getattr(self._jobs, name) for name in names}
            self._engines |= dict.fromkeys(names, _engine(jobs, threads))
        self._watchers = Watchers(lambda account: self._nudge("collect", str(account)))
        lmtp = config().lmtp_listen
        self._lmtp = Listener(lmtp, lambda: self._nudge("act", "")) if lmtp else None

    def _nudge(self, job: str, argument: str) -> None:
        self._engines[job].nudge(job, argument)

    def run(self) -> bool:
        """Work until `stop`; whether everything in hand was finished in time."""
        log.info("service started", pid=os.getpid())
        with contextlib.suppress(OSError):  # which the first mail finds again, and says
            readers().warm()
        engines = set(self._engines.values())
        for engine in engines:
            engine.start()
        end_metrics = metrics.serve(config().metrics_listen) if config().metrics_listen else None
        with present() as colleagues:
            looks = 0
            while not self._stop.is_set():
                self._look(colleagues, refresh=looks % REFRESH_LOOKS == 0)
                looks += 1
                self._stop.wait(LOOK_SECONDS)
        self._watchers.end()
        if end_metrics:
            end_metrics()
        deadline = time.monotonic() + STOP_SECONDS
        for engine in engines:
            engine.stop(0)
        finished = self._lmtp is None or self._lmtp.stop(deadline)
        finished &= not [engine for engine in engines if not engine.stop(deadline - time.monotonic())]
        give_back_all()
        log.info("service stopped", finished=finished)
        return finished

    def _look(self, colleagues: Colleagues, *, refresh: bool) -> None:
        """Nudge what is due, and keep the watchers as they should be."""
        if refresh:
            self._listen()
        try:
            if colleagues.changed() or refresh:
                self._refresh(colleagues)
            for job in self._periodic.due():
                self._nudge(job, "")
            database_outage.over("service")
        except (OperationalError, InterfaceError) as error:
            database_outage.seen("service", error)
        finally:
            close_old_connections()
            health.beat("look")

    def _refresh(self, colleagues: Colleagues) -> None:
        try:
            self._watchers.refresh(colleagues.ours)
            certificates.remember()
            alarms.note_disk()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("mailboxes can't be watched", error=str(error))

    def _listen(self) -> None:
        """Take mail by LMTP, if that is wanted; what hinders it is tried again with the next refresh."""
        if self._lmtp:
            try:
                self._lmtp.start()
            except OSError as error:
                why = f"{self._lmtp.address}: {explain(error)}"
                log.error("mail can't be taken by LMTP", error=why)  # noqa: TRY400  that says it all

    def stop(self, *_: object) -> None:
        """Ask it to end. Safe from a signal handler and from any thread."""
        self._stop.set()


def _engine(jobs: Mapping[str, Callable[[str], None]], threads: int) -> "Engine | DistributedEngine":
    if config().embedded:
        return Engine(jobs, threads)
    from mailcall.service.distributed import DistributedEngine

    return DistributedEngine(jobs, threads)


def allow_descriptors() -> None:
    """Let this process have as many files and connections open as it may: a watched mailbox takes three.

    Usually 1,024 are allowed until a process asks for more (getrlimit(2)).
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def tune_interpreter() -> None:
    """Have Python's interpreter suit threads of which one computes and the others talk with servers.

    One that computes lets go of the interpreter after 5 ms unless told otherwise, and each read from a server
    waits for that: a mailbox came in slower than it was acted on. And thousands of objects are made for a
    chunk and go with it, so that looking for garbage every 700 of them finds little.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 20, 20)


def run_until_signalled() -> bool:
    """Run the service in the main thread; SIGTERM and SIGINT end it."""
    allow_descriptors()
    tune_interpreter()
    service = MessagingService()

    def end(_number: int, _frame: FrameType | None) -> None:
        service.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return service.run()
