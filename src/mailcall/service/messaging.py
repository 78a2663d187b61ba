"""The Messaging Service: one process that collects, acts and delivers until it is told to stop."""

import os
import signal
import threading
import time
from types import FrameType

import structlog
from django.db import close_old_connections

from mailcall.config import config
from mailcall.service import certificates, metrics
from mailcall.service.engine import Engine
from mailcall.service.jobs import Jobs
from mailcall.service.lmtp import Listener
from mailcall.service.troubles import explain
from mailcall.service.watchers import Watchers

log = structlog.get_logger("service")

SWEEP_SECONDS = 1.0
COLLECTORS = 16
DELIVERERS = 4
REFRESH_SWEEPS = 10
STOP_SECONDS = 9.0


class MessagingService:
    """Runs in the calling thread until `stop`.

    1. Threads of the engines run the jobs.
    2. Watchers nudge `collect` the moment a mailbox that can push has something.
    3. Where the settings say so, a listener takes mail by LMTP, and nudges `act`.
    4. Every SWEEP_SECONDS a sweep picks up whatever else is due; accounts have intervals of their own.
    5. On `stop` the mail in hand is finished; what takes longer is left to the next start, which is safe.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._jobs = Jobs(self._nudge, self._stop.is_set)
        # Threads of their own, so that mailboxes or servers that never answer hold up nothing else.
        desk = Engine({"act": self._jobs.act, "sweep": self._jobs.sweep}, threads=2)
        self._engines = {
            "collect": Engine({"collect": self._jobs.collect}, threads=COLLECTORS),
            "deliver": Engine({"deliver": self._jobs.deliver}, threads=DELIVERERS),
            "act": desk,
            "sweep": desk,
            "alarms": Engine({"alarms": self._jobs.alarms}, threads=1),
        }
        self._watchers = Watchers(lambda account: self._nudge("collect", str(account)))
        lmtp = config().lmtp_listen
        self._lmtp = Listener(lmtp, lambda: self._nudge("act", "")) if lmtp else None

    def _nudge(self, job: str, argument: str) -> None:
        self._engines[job].nudge(job, argument)

    def run(self) -> bool:
        """Work until `stop`; whether everything in hand was finished in time."""
        log.info("service started", pid=os.getpid())
        engines = set(self._engines.values())
        for engine in engines:
            engine.start()
        end_metrics = metrics.serve(config().metrics_listen) if config().metrics_listen else None
        sweeps = 0
        while not self._stop.is_set():
            if sweeps % REFRESH_SWEEPS == 0:
                self._refresh()
                self._listen()
            self._nudge("sweep", "")
            sweeps += 1
            self._stop.wait(SWEEP_SECONDS)
        self._watchers.end()
        if end_metrics:
            end_metrics()
        deadline = time.monotonic() + STOP_SECONDS
        for engine in engines:
            engine.stop(0)
        finished = self._lmtp is None or self._lmtp.stop(deadline)
        finished &= not [engine for engine in engines if not engine.stop(deadline - time.monotonic())]
        log.info("service stopped", finished=finished)
        return finished

    def _refresh(self) -> None:
        try:
            self._watchers.refresh()
            certificates.remember()
        except Exception as error:
            log.exception("mailboxes can't be watched", error=str(error))
        finally:
            close_old_connections()

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


def run_until_signalled() -> bool:
    """Run the service in the main thread; SIGTERM and SIGINT end it."""
    service = MessagingService()

    def end(_number: int, _frame: FrameType | None) -> None:
        service.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return service.run()
