"""Processes that read mails side by side: answers come in order, and a mail that ends one ends only that.

1. Each process is given a few mails ahead, and answers them one by one.
2. An answer waits until all before it have come. Only so many mails are begun before that, so that memory
   stays bounded.
3. A process that takes too long over a mail is ended by its own alarm, and the mail given up. One that
   ends otherwise may have had bad luck: its mail is tried once more.
"""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait

from mailcall.cli.inspecting.form import Form
from mailcall.cli.inspecting.sources import Source, Unusable

SECONDS = 30  # that reading and showing one mail may take
_AHEAD = 64  # mails begun that are not yet given out ...
_HELD = 64 * 1024 * 1024  # ... or 1, when their answers have so many bytes
_IN_HAND = 4

Answer = bytes | Unusable
Place = tuple[int, Source]  # the position of a mail in the order, and where it is


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    connection: "Connection[Source, Answer]"
    in_hand: deque[Place] = field(default_factory=deque)


class Crew:
    """Reads mails in as many processes as there are processors, each hired when there is a mail for it."""

    def __init__(self, form: Form, *, seconds: int = SECONDS) -> None:
        self._form = form
        self._seconds = seconds
        self._most = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._workers: list[_Worker] = []
        self._begun = 0
        self._again: deque[Place] = deque()
        self._tried: set[int] = set()

    def answers(self, sources: Iterator[Source]) -> Generator[Answer, None, None]:
        """The answer to each mail, in order. Closing this iterator ends the processes."""
        numbered = enumerate(sources)
        ready: dict[int, Answer] = {}
        given_out = 0
        try:
            while True:
                held = sum(len(answer) for answer in ready.values() if isinstance(answer, bytes))
                self._hand_out(numbered, given_out + (_AHEAD if held < _HELD else 1))
                if not any(worker.in_hand for worker in self._workers):
                    return
                ready.update(self._collected())
                while given_out in ready:
                    yield ready.pop(given_out)
                    given_out += 1
        finally:
            for worker in self._workers:
                worker.process.kill()
                worker.process.wait()

    def _hand_out(self, numbered: Iterator[Place], limit: int) -> None:
        """Give the workers mails ahead, those that wait for a second try first."""
        while self._again or self._begun < limit:
            worker = self._with_a_free_hand()
            if worker is None:
                return
            place = self._again.popleft() if self._again else next(numbered, None)
            if place is None:
                return
            self._begun = max(self._begun, place[0] + 1)
            worker.in_hand.append(place)
            with suppress(OSError):  # where it has ended, `_collected` finds out
                worker.connection.send(place[1])

    def _with_a_free_hand(self) -> _Worker | None:
        least = min(self._workers, key=lambda worker: len(worker.in_hand), default=None)
        if len(self._workers) < self._most and (least is None or least.in_hand):
            return self._hire()
        return least if least and len(least.in_hand) < _IN_HAND else None

    def _hire(self) -> _Worker:
        ours, theirs = Pipe()
        number = theirs.fileno()
        process = subprocess.Popen(
            # -P: nothing of the folder that one is in is taken for a module
            [sys.executable, "-P", "-m", "mailcall.cli.inspecting.worker", str(number), str(self._seconds)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[number],
            start_new_session=True,  # Ctrl-C is for us: we end it
        )
        theirs.close()
        with suppress(OSError):
            ours.send(self._form)
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _collected(self) -> Iterator[tuple[int, Answer]]:
        """Wait for the next answers; a mail that its worker did not survive is answered for it."""
        readable = wait([worker.connection for worker in self._workers])
        for worker in [each for each in self._workers if each.connection in readable]:
            try:
                answer = worker.connection.recv()
            except (EOFError, OSError):
                yield from self._buried(worker)
            else:
                yield worker.in_hand.popleft()[0], answer

    def _buried(self, worker: _Worker) -> Iterator[tuple[int, Answer]]:
        """Replace a worker that ended: the mail it had begun is tried once more or given up."""
        status = worker.process.wait()
        worker.connection.close()
        self._workers.remove(worker)
        if not worker.in_hand:
            return
        number, source = worker.in_hand[0]
        if status == -signal.SIGALRM or number in self._tried:
            worker.in_hand.popleft()
            yield number, self._given_up(source, status)
        self._tried.add(number)
        self._again.extendleft(reversed(worker.in_hand))

    def _given_up(self, source: Source, status: int) -> bytes:
        from mailcall.cli.inspecting.job import not_shown  # slow, and seldom needed here

        if status == -signal.SIGALRM:
            why = f"Reading this mail took more than {self._seconds} seconds."
        else:
            cause = f"signal {-status}" if status < 0 else f"exit status {status}"
            why = f"Reading this mail ended the process that read it ({cause})."
        return not_shown(source, why, self._form)
