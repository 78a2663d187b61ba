"""Has mails read in a few processes of their own, so that none of them can stop or hang the service."""

import atexit
import os
import select
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mailcall.config import config
from mailcall.inbound.orders import Answer, Order
from mailcall.inbound.reader_process import ForkServer, ReaderProcess
from mailcall.inbound.reading import Reading, Unreadable
from mailcall.inbound.spool import claim, empty

SECONDS = 5.0  # of computing that reading a mail may take
SECONDS_PER_MB = 1.0
MEMORY = 48 * 1024 * 1024  # bytes that it may take, beyond what a reader has in use anyway
MEMORY_PER_BYTE = 12  # texts are short on the wire: four bytes a character, in several copies
MOST_MEMORY = 112 * 1024 * 1024  # and the mail's size, since how much of it is taken for text is bounded
ABREAST = 64  # mails in the hand of one reader, so that it has enough while its last are acted on
POLL_SECONDS = 0.5
# For answers to come together, since waking costs the most: so long for each that is awaited, and at most.
GATHER_SECONDS, MOST_GATHER_SECONDS = 0.0002, 0.01


@dataclass(frozen=True, slots=True)
class Unread:
    """Why there is no reading, in a sentence; `deadly` when the mail ended or outlasted two readers."""

    why: str
    deadly: bool = False


Result = Reading | Unread


def order_for(source: bytes | Path, size: int, *about: Any) -> Order:
    """An order to read a mail of `size` bytes, with what that may cost; `about` is for `reading.read`."""
    seconds = SECONDS + SECONDS_PER_MB * size / 1_000_000
    memory = min(MEMORY + MEMORY_PER_BYTE * size, MOST_MEMORY + size)
    return Order(source, about, seconds, memory)


class Readers:
    """At most so many processes, each started when it is first needed. For one thread at a time."""

    def __init__(self, most: int, spool: Path) -> None:
        """`spool` is a folder for big attachments, of which nobody else makes use."""
        self._most = most
        self._spool = spool
        self._server = ForkServer(spool)
        self._processes: list[ReaderProcess] = []
        self.finished = True  # whether the results that were given last are the last

    def read(
        self, orders: Sequence[Order], stop: Callable[[], bool] = lambda: False
    ) -> Generator[list[tuple[int, Result]], None, None]:
        """Read all of these: results with their positions, in order, all but the troubled ones at once.

        The readers begin at once, whenever the results are asked for; one call must have ended, or been
        dropped, before the next.

        1. A mail that ends or outlasts its reader is tried once more, alone, when the others are done.
        2. The others wait no longer for one by the clock than it may take of computing.
        3. The files of attachments are the caller's until it asks for more.
        4. Ends early when `stop` says so. Raises OSError for trouble that no mail is to blame for.
        """
        run = _Run(orders)
        self.finished = False
        self._take_in(run)  # finds those that have ended meanwhile
        self._hand_out(run)
        return self._results(run, stop)

    def _results(
        self, run: "_Run", stop: Callable[[], bool]
    ) -> Generator[list[tuple[int, Result]], None, None]:
        try:
            while run.left and not stop():
                self._hand_out(run)
                self._wait()
                self._take_in(run)
                if run.done and not run.waiting and all(process.late for process in self._busy()):
                    done = run.take_done()
                    self.finished = not run.left
                    yield done
                    _remove_files(done)
        finally:
            self.drop()

    def warm(self) -> None:
        """Have ready what readers are forked from, so that the first mail does not wait. Raises OSError."""
        self._server.start()

    def drop(self) -> None:
        """End what is being read, and remove its files."""
        for process in self._busy():
            self._remove(process)
        empty(self._spool)
        self.finished = True

    def close(self) -> None:
        """End all processes."""
        for process in list(self._processes):
            self._remove(process)
        self._server.end()

    def _busy(self) -> list[ReaderProcess]:
        return [process for process in self._processes if process.in_hand]

    def _hand_out(self, run: "_Run") -> None:
        """Give what waits to whoever has room; a second try only when nothing else is in hand."""
        if not run.waiting and not self._busy() and run.again:
            run.waiting.append(run.again.popleft())
        while run.waiting and (process := self._with_room()):
            position = run.waiting.popleft()
            process.hand(position, run.orders[position])
        for process in self._processes:
            process.send()

    def _with_room(self) -> ReaderProcess | None:
        """One that is idle, else a new one, else the one with least in hand; None when all have enough."""
        ready = [process for process in self._processes if not process.retiring]
        least = min(ready, key=lambda process: len(process.in_hand), default=None)
        if least and not least.in_hand:
            return least
        if len(ready) < self._most and len(self._processes) < 2 * self._most:
            self._processes.append(ReaderProcess(self._server))
            return self._processes[-1]
        return least if least and len(least.in_hand) < ABREAST else None

    def _wait(self) -> None:
        """Until one of them has something to say, or can be told more, and a little for others to."""
        poll = select.poll()
        for process in self._processes:
            poll.register(process, select.POLLIN | (select.POLLOUT if process.has_to_send else 0))
        awaited = sum(len(process.in_hand) for process in self._processes) - 1
        if poll.poll(POLL_SECONDS * 1000) and awaited > 0:
            time.sleep(min(awaited * GATHER_SECONDS, MOST_GATHER_SECONDS))

    def _take_in(self, run: "_Run") -> None:
        """Take their answers, and see to those that have ended or whose time is over."""
        for process in list(self._processes):
            process.send()
            for position, answer in process.answers():
                run.answered(position, answer)
            process.watch_clock()
            if process.ended:
                self._remove(process)
                left = [position for position, _ in process.in_hand]
                if why := process.why():
                    run.failed(left.pop(0), why)
                run.put_back(left)
            elif process.late:
                run.put_back(process.take_back())

    def _remove(self, process: ReaderProcess) -> None:
        self._processes.remove(process)
        process.end()


def _remove_files(results: Sequence[tuple[int, Result]]) -> None:
    for _, result in results:
        for attachment in result.mail.attachments if isinstance(result, Reading) else ():
            if attachment.file:
                attachment.file.unlink(missing_ok=True)


class _Run:
    """How far the reading of some mails has come; each is named by its position."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self.orders = orders
        self.left = len(orders)  # not taken yet
        self.waiting = deque(range(len(orders)))
        self.again = deque[int]()  # to be tried a second time
        self.done: dict[int, Result] = {}
        self._failed = set[int]()

    def answered(self, position: int, answer: Answer) -> None:
        """A reader has dealt with it. Raises the trouble it had."""
        if answer.trouble:
            raise answer.trouble
        self.done[position] = answer.reading or Unread(answer.error)

    def failed(self, position: int, why: str) -> None:
        """Its reader ended, or its time: the first time something else may have been the cause."""
        if position in self._failed:
            self.done[position] = Unread(why, deadly=True)
        else:
            self._failed.add(position)
            self.again.append(position)

    def put_back(self, positions: Sequence[int]) -> None:
        """These were handed out and not begun."""
        self.waiting.extendleft(reversed(positions))

    def take_done(self) -> list[tuple[int, Result]]:
        """What is done, in order, and not to be given again."""
        done = sorted(self.done.items(), key=lambda item: item[0])
        self.done.clear()
        self.left -= len(done)
        return done


@cache
def readers() -> Readers:
    """Those of this process, which end with it."""
    pool = Readers(config().readers or min(2, os.cpu_count() or 1), claim(config().spool_dir / "reading"))
    atexit.register(pool.close)
    return pool


def read_apart(raw: bytes, *about: Any) -> Reading:
    """One mail, read by a process of its own. Raises Unreadable, and OSError for trouble it can't help."""
    [[(_, result)]] = readers().read([order_for(raw, len(raw), *about)])
    if isinstance(result, Unread):
        raise Unreadable(result.why)
    return result
