"""A server that plays a written part, for what no real server does on request: stalls, lies, lost answers.

A part is a list of steps, each a tuple:

- `say("220 hello")` sends a line; `hear("EHLO")` reads a line and expects it to begin so (any case);
- `hear_mail()` reads up to the final dot; `raw(b"...")` sends bytes as they are;
- `stall(5)` is silent; `hang_up()` closes. The connection is closed at the part's end.

Each connection plays the next part; the last one is played again for all further connections.
"""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import BinaryIO, Self
from weakref import WeakSet

from servers.process import HOST


class _Connection:
    def __init__(self, sock: socket.socket, heard: list[str], mails: list[bytes]) -> None:
        self.sock, self.heard, self.mails = sock, heard, mails
        self.file: BinaryIO = sock.makefile("rb")


Step = Callable[[_Connection], None]
SHORT_PATIENCE = 0.5
long_stalls: WeakSet[Step] = WeakSet()


def say(*lines: str) -> Step:
    """Send these lines."""
    return raw("".join(f"{line}\r\n" for line in lines).encode())


def raw(data: bytes) -> Step:
    """Send these bytes."""
    return lambda connection: connection.sock.sendall(data)


def hear(beginning: str = "") -> Step:
    """Read a line; it must begin so."""

    def step(connection: _Connection) -> None:
        line = connection.file.readline().decode("utf-8", "replace").rstrip("\r\n")
        connection.heard.append(line)
        if not line.upper().startswith(beginning.upper()):
            raise ConnectionAbortedError(f"expected {beginning!r}, heard {line!r}")

    return step


def answer(beginning: str, *lines: str) -> Step:
    """Read a line that begins so and answer it."""

    def step(connection: _Connection) -> None:
        hear(beginning)(connection)
        say(*lines)(connection)

    return step


def answer_imap(command: str, *untagged: str, end: str = "OK done") -> Step:
    """Read an IMAP command (after its tag) and answer it with its own tag."""

    def step(connection: _Connection) -> None:
        hear()(connection)
        tag, _, rest = connection.heard[-1].partition(" ")
        if not rest.upper().startswith(command.upper()):
            raise ConnectionAbortedError(f"expected {command!r}, heard {rest!r}")
        say(*(f"* {line}" for line in untagged), f"{tag} {end}")(connection)

    return step


def hear_mail() -> Step:
    """Read a mail up to and with its final dot."""

    def step(connection: _Connection) -> None:
        lines = []
        while (line := connection.file.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        connection.mails.append(b"".join(lines))

    return step


def stall(seconds: float) -> Step:
    """Be silent."""

    def step(_: _Connection) -> None:
        time.sleep(seconds)

    if seconds >= SHORT_PATIENCE:
        long_stalls.add(step)
    return step


def hang_up() -> Step:
    """Close at once, with a reset."""

    def step(connection: _Connection) -> None:
        raise ConnectionAbortedError

    return step


class ScriptedServer:
    """`with ScriptedServer([part, part]) as server:` listens on `server.port`.

    `heard` and `mails` hold what the clients said, `trouble` where one left its part. `patience`: the seconds
    that a client should wait for an answer; few where the part has a stall to be found out.
    """

    host = HOST

    def __init__(self, *parts: Sequence[Step]) -> None:
        self.heard: list[str] = []
        self.mails: list[bytes] = []
        self.trouble: list[str] = []
        self.connections = 0
        stalls = any(step in long_stalls for part in parts for step in part)
        self.patience = SHORT_PATIENCE if stalls else 10.0
        self._parts = parts
        self._listener = socket.create_server((HOST, 0))
        self._listener.settimeout(0.1)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            part = self._parts[min(self.connections, len(self._parts) - 1)]
            self.connections += 1
            threading.Thread(target=self._play, args=(sock, part), daemon=True).start()

    def _play(self, sock: socket.socket, part: Sequence[Step]) -> None:
        with sock:
            sock.settimeout(10)
            connection = _Connection(sock, self.heard, self.mails)
            try:
                for step in part:
                    step(connection)
            except OSError as trouble:
                self.trouble.append(str(trouble))
            connection.file.close()
