"""Ten minutes in which everything fails that may: workers are killed and frozen, the database crashes, and
whoever speaks by the network meets faults."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from installations import Installation
from servers.postgresql import PostgreSQL
from servers.proxy import (
    Exchange,
    Fault,
    Proxy,
    drop_after,
    drop_before,
    drop_midway,
    pass_on,
    says,
    says_instead,
    stall,
)
from service.flows import Flow
from service.killing import kill

LATER = {
    "imap": b"{tag} NO [UNAVAILABLE] later\r\n",
    "pop3": b"-ERR [SYS/TEMP] later\r\n",
    "smtp": b"451 4.3.0 later\r\n",
    "lmtp": b"451 4.3.0 later\r\n",
}
# Of so many exchanges one goes wrong.
ONE_IN = {"imap": 100, "pop3": 100, "smtp": 300, "lmtp": 50}
LOST: dict[str, Fault] = {
    "connection lost": drop_before,
    "answer lost": drop_after,
    "answer cut": drop_midway,
    "silence": stall,
}


@dataclass
class Tally:
    """What was done to the desk."""

    kills: Counter[str] = field(default_factory=Counter)  # by way
    frozen: list[float] = field(default_factory=list)  # seconds
    crashes: list[float] = field(default_factory=list)  # seconds that the database was away
    faults: Counter[str] = field(default_factory=Counter)
    gave_up: int = 0  # services that ended by themselves


class Chaos:
    """Does all that while its block runs; afterwards everybody is alive and well again."""

    def __init__(
        self,
        desk: Sequence[Installation],
        database: PostgreSQL,
        proxies: Mapping[str, Sequence[Proxy]],
        seed: int,
    ) -> None:
        """`proxies` by their protocol."""
        self.tally = Tally()
        self._desk, self._database, self._proxies, self._seed = desk, database, proxies, seed
        self._in_hand = [threading.Lock() for _ in desk]  # a worker is killed or frozen, not both at once
        self._over = threading.Event()
        self._failed: list[Exception] = []

    def __enter__(self) -> "Chaos":
        works = (self._kill, self._freeze, self._crash, self._supervise)
        self._threads = [
            threading.Thread(target=self._repeat, args=(work, random.Random(self._seed + number)))
            for number, work in enumerate(works)
        ]
        for protocol, proxies in self._proxies.items():
            for proxy in proxies:
                proxy.fault = self._faults(protocol)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for proxies in self._proxies.values():
            for proxy in proxies:
                proxy.fault = pass_on
        self._restart_ended()
        assert not self._failed, self._failed

    def wait(self, seconds: float) -> None:
        """Let it go on for so long, or until it fails itself."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._failed:
            time.sleep(0.5)

    def _repeat(self, work: Callable[[random.Random], None], chance: random.Random) -> None:
        try:
            while not self._over.is_set():
                work(chance)
        except Exception as error:  # noqa: BLE001  told when all is over
            self._failed.append(error)

    def _kill(self, chance: random.Random) -> None:
        """Kill a worker each few seconds, and soon start it again."""
        self._over.wait(chance.uniform(2, 8))
        with self._worker(chance) as worker:
            if worker and worker.process and worker.process.poll() is None:
                self.tally.kills[kill(worker, chance)] += 1
                self._over.wait(chance.uniform(0, 4))
                if not worker.process:
                    worker.start()

    def _freeze(self, chance: random.Random) -> None:
        """Have a worker stand still for a while; the others may take its work over meanwhile."""
        self._over.wait(chance.uniform(2, 15))
        with self._worker(chance) as worker:
            if worker and worker.process and not self._over.is_set():
                begun = time.monotonic()
                os.killpg(worker.process.pid, signal.SIGSTOP)
                self._over.wait(chance.uniform(5, 90))
                os.killpg(worker.process.pid, signal.SIGCONT)
                self.tally.frozen.append(time.monotonic() - begun)

    def _crash(self, chance: random.Random) -> None:
        """End the database as a power cut does, and start it again."""
        if not self._over.wait(chance.uniform(20, 80)):
            begun = time.monotonic()
            self._database.stop("immediate")
            self._over.wait(chance.uniform(0, 10))
            self._database.start()
            self.tally.crashes.append(time.monotonic() - begun)

    def _supervise(self, _: random.Random) -> None:
        """Start again what ended by itself, as systemd does."""
        self._over.wait(1)
        self._restart_ended()

    def _restart_ended(self) -> None:
        for worker, lock in zip(self._desk, self._in_hand, strict=True):
            if lock.acquire(blocking=False):
                if worker.process is None or worker.process.poll() is not None:
                    self.tally.gave_up += worker.process is not None
                    worker.start()
                lock.release()

    @contextmanager
    def _worker(self, chance: random.Random) -> Iterator[Installation | None]:
        """One that nothing is done to now; None if the one that was thought of is in hand."""
        number = chance.randrange(len(self._desk))
        if not self._in_hand[number].acquire(blocking=False):
            yield None
            return
        try:
            yield self._desk[number]
        finally:
            self._in_hand[number].release()

    def _faults(self, protocol: str) -> Fault:
        """At times one of them, else none. None of them tells the client that a mail is taken that is not."""
        chance = random.Random(f"{self._seed} {protocol}")
        words = {"nonsense": says_instead(b"\0\xff nonsense\r\n"), "refused": says(LATER[protocol])}

        def fault(exchange: Exchange) -> None:
            if chance.randrange(ONE_IN[protocol]):
                pass_on(exchange)
                return
            # where more than an answer is awaited, other words would be the end of the proxy's wits
            named = LOST if exchange.verb in {"GREETING", "IDLE", "DATA", ""} else {**LOST, **words}
            name = chance.choice(list(named))
            self.tally.faults[f"{protocol}, {name}"] += 1
            named[name](exchange)

        return fault


@contextmanager
def brought(flows: Mapping[Flow, int], seconds: float, patience: float) -> Iterator[None]:
    """Bring so many mails of each flow, spread over these seconds, while the block runs and until all are."""

    def bring(flow: Flow, count: int) -> None:
        begun = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, begun + number * seconds / count - time.monotonic()))
            flow.feed(1)

    threads = [threading.Thread(target=bring, args=each, daemon=True) for each in flows.items()]
    for thread in threads:
        thread.start()
    yield
    until = time.monotonic() + patience
    for thread, flow in zip(threads, flows, strict=True):
        thread.join(max(0.0, until - time.monotonic()))
        assert not thread.is_alive(), f"the mails of {flow.name} were not accepted"
