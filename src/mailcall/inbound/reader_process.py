"""One reader seen from the service: orders out, answers in, and a sentence when it has ended."""

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from mailcall.inbound.orders import NUMBER, SIZE, Answer, Order, packed

WALL_FACTOR = 6.0  # by the clock a mail may take so much longer: name servers, and a machine with more to do
START_SECONDS = 60.0
END_SECONDS = 10.0
AT_ONCE = 256 * 1024
# So that the memory of a big mail goes back to the system at once (mallopt(3)).
ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "MALLOC_ARENA_MAX": "1",
}


class ForkServer:
    """The process that readers are forked from; readers end with it. `spool` is for their big files."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin it, unless it runs. Raises OSError."""
        if self._process and self._process.poll() is None:
            return
        self.end()
        self._socket, theirs = socket.socketpair()
        program = [sys.executable, "-P", "-m", "mailcall.inbound.fork_server"]  # -P: not from this folder
        with theirs:
            self._process = subprocess.Popen(
                [*program, str(self._spool)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={**os.environ, **ENVIRONMENT},
            )

    def fork(self) -> tuple[socket.socket, socket.socket]:
        """Ask for a reader; its socket, and its lifeline. Raises OSError."""
        self.start()
        (orders, theirs), (lifeline, other) = socket.socketpair(), socket.socketpair()
        with (
            theirs,
            other,
            contextlib.suppress(ConnectionError),
        ):  # if it has just ended, both ends are closed
            for end in (orders, theirs):  # room for what is read while nobody looks
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, AT_ONCE)
            socket.send_fds(self._socket, [b"r"], [theirs.fileno(), other.fileno()])
        return orders, lifeline

    def end(self) -> None:
        """End it, and its readers."""
        if self._process:
            self._socket.close()
            self._process.kill()
            self._process.wait()


class ReaderProcess:
    """A process that reads what is handed to it, in order. Raises OSError when it can't be started.

    `in_hand` are the positions and orders that it has not answered; only the first is being read.
    """

    def __init__(self, server: ForkServer) -> None:
        self.in_hand: deque[tuple[int, Order]] = deque()
        self.retiring = False  # it is handed nothing more
        self.ended = False  # nothing more can come from it
        self.started = False
        self._finished = False  # it ended as it should
        self._why = ""
        self._out, self._in = bytearray(), bytearray()
        self._since = time.monotonic()  # when it was begun, then when the mail being read was
        self._socket, self._lifeline = server.fork()
        self._lifeline.settimeout(END_SECONDS)
        self._told = b""  # of it, by its lifeline
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._socket.fileno()

    @property
    def has_to_send(self) -> bool:
        """Whether part of an order waits for room in the socket."""
        return bool(self._out)

    @property
    def late(self) -> bool:
        """Whether the mail being read takes longer by the clock than it may take of computing."""
        return bool(self.in_hand) and self._seconds > self.in_hand[0][1].seconds

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._since if self.started else 0.0

    def hand(self, position: int, order: Order) -> None:
        """Put one more mail into its hand; `send` sends it."""
        if self.started and not self.in_hand:
            self._since = time.monotonic()
        self.in_hand.append((position, order))
        self._out += packed(order)

    def send(self) -> None:
        """Send as much as the socket takes now."""
        try:
            while self._out:
                del self._out[: self._socket.send(self._out)]
        except BlockingIOError:
            pass
        except ConnectionError:
            self._out.clear()  # `answers` finds that it has ended

    def answers(self) -> Iterator[tuple[int, Answer]]:
        """What it answered since it was last asked."""
        self._receive()
        while len(self._in) >= SIZE.size:
            end = SIZE.size + SIZE.unpack_from(self._in)[0]
            if len(self._in) < end:
                return
            answer: Answer | None = pickle.loads(bytes(self._in[SIZE.size : end]))  # noqa: S301  of our own
            del self._in[:end]
            self._since = time.monotonic()
            if answer is None:
                self.started = True
                continue
            position, _ = self.in_hand.popleft()
            yield position, answer
            if answer.last or self.retiring:
                self.ended = self._finished = True
                return

    def _receive(self) -> None:
        try:
            while received := self._socket.recv(AT_ONCE):
                self._in += received
            self.ended = True
        except BlockingIOError:
            pass
        except ConnectionError:
            self.ended = True

    def watch_clock(self) -> None:
        """End it when its time is over. Raises TimeoutError when it has not even begun in time."""
        if not self.started:
            if time.monotonic() - self._since > START_SECONDS:
                raise TimeoutError(f"A process to read mail did not start within {START_SECONDS:.0f} seconds")
        elif self.in_hand:
            most = self.in_hand[0][1].seconds * WALL_FACTOR
            if self._seconds > most:
                self._why = f"Reading it took more than {most:.0f} seconds."
                self.ended = True

    def take_back(self) -> list[int]:
        """The positions behind the mail being read, which will be its last."""
        self.retiring = True
        behind = [position for position, _ in self.in_hand][1:]
        while len(self.in_hand) > 1:
            self.in_hand.pop()
        return behind

    @property
    def pid(self) -> int:
        """Its process id, 0 if there never was a process. Waits for the fork server."""
        if not self._told:
            self._told = self._lifeline.recv(NUMBER.size, socket.MSG_WAITALL)
        return NUMBER.unpack(self._told[: NUMBER.size])[0] if self._told else 0

    def end(self) -> None:
        """End it, if it has not ended by itself, and learn how it did."""
        self._socket.close()
        with self._lifeline, contextlib.suppress(TimeoutError):
            self._lifeline.shutdown(socket.SHUT_WR)
            while told := self._lifeline.recv(AT_ONCE):
                self._told += told

    def why(self) -> str:
        """Of the mail that was being read when it ended: a sentence that says why it was not; or ''.

        Raises ChildProcessError when it ended before it could read anything.
        """
        if self._why or self._finished or not self.in_hand:
            return self._why
        status = self._status
        cause = f"signal {-status}" if status < 0 else f"exit status {status}"
        if not self.started:
            raise ChildProcessError(f"A process to read mail could not be started ({cause})")
        if status == -signal.SIGPROF:
            return f"Reading it took more than {self.in_hand[0][1].seconds:.0f} seconds."
        return f"Reading it ended the process that read it ({cause})."

    @property
    def _status(self) -> int:
        """How it ended, negative for a signal. One of which nobody told was killed with its fork server."""
        if len(self._told) < 2 * NUMBER.size:
            return -signal.SIGKILL
        return os.waitstatus_to_exitcode(NUMBER.unpack_from(self._told, NUMBER.size)[0])
