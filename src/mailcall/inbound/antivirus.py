"""Asks clamd whether a mail holds a virus: bounded for each mail, and let alone for a while when it is away.

Imports no Django: the processes that read mail need none. The protocol is that of clamd(8).
"""

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from mailcall.message.records import Record
from mailcall.message.transfer import Buffer

SECONDS = 15.0  # that looking at a mail may take; less than its reader has
SECONDS_PER_MB = 2.0
ANSWER_SECONDS = 2.0  # in which it must take a connection, and answer whether it is there
PAUSE = 10.0  # seconds for which nobody asks one that is away
PIECE = 256 * 1024
MOST_ANSWER = 1024
_LENGTH = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Scan(Record):
    """The daemon's word on one mail: the name of a virus; or why it gave none, in a sentence.

    `away` says that it is the daemon's doing and not the mail's.
    """

    virus: str = ""
    unscanned: str = ""
    away: bool = False


class Daemon:
    """One clamd, at `unix:/path` or `host:port`. For one thread."""

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._clock = clock
        self._away = ""  # the sentence, until `_paused_until`
        self._paused_until = 0.0

    def scan(self, raw: Buffer) -> Scan:
        """What it says of a mail. Never raises."""
        if self._away and self._clock() < self._paused_until:
            return Scan(unscanned=self._away, away=True)
        self._away = ""
        try:
            answer = self._ask(raw)
        except TimeoutError:
            seconds = self._most_seconds(raw)
            if self._is_there():
                return Scan(unscanned=f"The antivirus daemon took more than {seconds:.0f} seconds for it.")
            return self._is_away("it does not answer")
        except OSError as error:
            return self._is_away(error.strerror or type(error).__name__)
        return _read_answer(answer)

    def _ask(self, raw: Buffer) -> str:
        """Send the mail and have the answer (clamd(8), INSTREAM). Raises OSError."""
        until = self._clock() + self._most_seconds(raw)
        with self._connected() as connection:
            # One that has heard enough answers and hangs up, while we are still sending.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(b"zINSTREAM\0")
                view = memoryview(raw)
                for start in range(0, len(raw), PIECE):
                    piece = view[start : start + PIECE]
                    connection.settimeout(self._left(until))
                    connection.sendall(_LENGTH.pack(len(piece)))
                    connection.sendall(piece)
                connection.sendall(_LENGTH.pack(0))
            return self._answer(connection, until)

    def _answer(self, connection: socket.socket, until: float) -> str:
        answer = b""
        while b"\0" not in answer and len(answer) < MOST_ANSWER:
            connection.settimeout(self._left(until))
            piece = connection.recv(MOST_ANSWER)
            if not piece:
                break
            answer += piece
        if not answer:
            raise ConnectionError(0, "it hung up")
        return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()

    def _left(self, until: float) -> float:
        left = until - self._clock()
        if left <= 0:
            raise TimeoutError
        return left

    def _connected(self) -> socket.socket:
        path = self._address.removeprefix("unix:")
        if path == self._address:
            host, _, port = self._address.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _is_there(self) -> bool:
        """Whether it answers anything at all: then the mail was too much for it."""
        try:
            with self._connected() as connection:
                connection.sendall(b"zPING\0")
                return self._answer(connection, self._clock() + ANSWER_SECONDS) == "PONG"
        except OSError:
            return False

    def _is_away(self, why: str) -> Scan:
        self._away = f"The antivirus daemon at {self._address} is away: {why}."
        self._paused_until = self._clock() + PAUSE
        return Scan(unscanned=self._away, away=True)

    @staticmethod
    def _most_seconds(raw: Buffer) -> float:
        return SECONDS + SECONDS_PER_MB * len(raw) / 1_000_000


def _read_answer(answer: str) -> Scan:
    """`stream: OK`, `stream: Eicar-Signature FOUND`, or `... ERROR`."""
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return Scan()
    if said.endswith(" FOUND"):
        return Scan(virus=_printable(said.removesuffix(" FOUND")))
    why = _printable(said.removesuffix(" ERROR"))
    return Scan(unscanned=f"The antivirus daemon could not look at it: {why}.")


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:200].strip(" .") or "without a name"


@cache
def daemon(address: str) -> Daemon:
    """The one at this address, with what this process knows of it."""
    return Daemon(address)
