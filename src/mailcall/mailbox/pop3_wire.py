"""POP3 on the wire (RFC 1939, RFC 2449): commands out, answers in, mails whole or straight into a file.

Its own reader rather than `poplib`, which reads line by line, refuses lines above 2,048 bytes, holds a whole
mail as a list of lines and can't have several commands under way.
"""

import hashlib
import os
import re
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailcall.mailbox.connecting import ProtocolViolation, readable

CHUNK = 256 * 1024
LONGEST_LINE = 64 * 1024  # of an answer or a listing; those of a mail are as long as they like
MOST_CAPABILITIES = 1_000

_REFUSAL = re.compile(rb"-ERR(?: +\[([A-Za-z0-9/_-]+)\])? *(.*)", re.IGNORECASE | re.DOTALL)


class Refused(Exception):
    """The server answered -ERR. `code` is its response code (RFC 2449 8), upper case, or empty."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class Body:
    """A mail as it was handed over: the bytes, or the file they are in, and their SHA-256 in hex."""

    content: bytes | Path
    size: int
    sha256: str


class Wire:
    """One connection. Raises OSError when it breaks or times out, ProtocolViolation, Refused."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()
        self._eol = b"\r\n"
        self._owed = 0  # answers that are still to come, whole
        self.banner = b""
        self.capabilities: dict[str, list[str]] | None = None  # None: the server has no CAPA

    @property
    def peer(self) -> str:
        """The server's address."""
        return str(self._sock.getpeername()[0])

    @property
    def pipelining(self) -> bool:
        """Whether commands may be sent ahead of answers (RFC 2449 6.6)."""
        return "PIPELINING" in (self.capabilities or {})

    def greet(self) -> None:
        """Read the greeting, which may hold a time stamp (RFC 1939 7), and what the server can do."""
        self._owed = 1
        self.banner = self.answer()
        self.ask_capabilities()

    def ask_capabilities(self) -> None:
        """RFC 2449 5. Ask again after STLS: what came before is not to be believed."""
        self.capabilities = None
        try:
            self.command(b"CAPA")
        except Refused:
            return
        self.capabilities = {}
        for block in self.lines():
            for line in block.decode("ascii", "replace").upper().splitlines():
                name, *arguments = line.split() or [""]
                self.capabilities[name] = arguments
            if len(self.capabilities) > MOST_CAPABILITIES:
                raise ProtocolViolation("capabilities without an end")

    def start_tls(self, context: ssl.SSLContext, server: str) -> None:
        """RFC 2595 4. Nothing that came before the handshake is believed afterwards."""
        self.command(b"STLS")
        if self._buffer:
            raise ProtocolViolation("bytes between STLS and the handshake")
        self._sock = context.wrap_socket(self._sock, server_hostname=server)
        self.ask_capabilities()

    def command(self, *parts: bytes) -> bytes:
        """Send one command; the words of its +OK. A listing or a mail is still to be read then."""
        self.send([b" ".join(parts)])
        return self.answer()

    def send(self, commands: Sequence[bytes]) -> None:
        """Send commands, each of which gets an `answer`; several only where there is `pipelining`."""
        self._owed += len(commands)
        self._sock.sendall(b"".join(command + b"\r\n" for command in commands))

    def answer(self) -> bytes:
        """The words of the next +OK. Raises Refused."""
        line = self._line()
        self._owed -= 1
        return _words(line)

    def authenticate(self, mechanism: bytes, *responses: Callable[[bytes], bytes]) -> None:
        """RFC 5034 4, without an initial response, which RFC 1734 doesn't know. All base64.

        Each challenge gets the next of the responses; one too many is told to cancel.
        """
        self.send([b"AUTH " + mechanism])
        line = self._line()
        for respond in (*responses, _cancel):
            if line[:1] == b"+" and line[:3].upper() != b"+OK":
                self._sock.sendall(respond(line[1:].strip()) + b"\r\n")
                line = self._line()
        self._owed -= 1
        _words(line)

    def lines(self) -> Iterator[bytes]:
        """What follows the +OK of a listing, in blocks of whole lines, each with its end."""
        rest = b""
        for block in self._body():
            data = rest + block
            end = data.rfind(b"\n") + 1
            rest = data[end:]
            if len(rest) > LONGEST_LINE:
                raise ProtocolViolation("a line without an end")
            if end:
                yield data[:end]

    def mail(self, spool: Path, *, above: int) -> Body:
        """What follows the +OK of RETR; once it is above `above` bytes, in a file of `spool`."""
        held, digest = bytearray(), hashlib.sha256()
        blocks = self._body()
        for block in blocks:
            digest.update(block)
            held += block
            if len(held) > above:
                file, size = _into_file(held, blocks, digest.update, spool)
                return Body(file, size, digest.hexdigest())
        return Body(bytes(held), len(held), digest.hexdigest())

    def quit(self, seconds: float) -> None:
        """End the session, which is when the server deletes (RFC 1939 6), and hang up. Raises Refused."""
        try:
            if self._owed:
                raise ProtocolViolation("the session ended in the middle of an answer")
            self._sock.settimeout(seconds)
            self.command(b"QUIT")
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the connection without a word: nothing is deleted."""
        self._sock.close()

    def _body(self) -> Iterator[bytes]:
        """Blocks of a multi-line answer up to its final dot, without the dots that shield lines (RFC 1939 3).

        Only a line end as the status line had it counts: a lone LF in a mail must not end it.
        """
        eol = self._eol
        final = b"." + eol
        self._owed += 1
        while len(self._buffer) < len(final):
            self._receive()
        if self._buffer.startswith(final):
            del self._buffer[: len(final)]
            self._owed -= 1
            return
        if self._buffer.startswith(b".."):
            del self._buffer[:1]
        shielded, bare = eol + b"..", eol + b"."
        while (end := self._buffer.find(eol + final)) < 0:
            if cut := self._decided(eol):
                block = bytes(self._buffer[:cut])
                del self._buffer[:cut]
                yield block.replace(shielded, bare)
            self._receive()
        block = bytes(self._buffer[: end + len(eol)])
        del self._buffer[: end + len(eol + final)]
        self._owed -= 1
        yield block.replace(shielded, bare)

    def _decided(self, eol: bytes) -> int:
        """How much of the buffer surely holds no part of a final dot or a shielded line."""
        size = len(self._buffer)
        last = self._buffer.rfind(eol, max(0, size - len(eol) * 2))
        if last >= 0:
            return last
        return size - 1 if eol == b"\r\n" and self._buffer.endswith(b"\r") else size

    def _line(self) -> bytes:
        """One line of an answer without its end, which tells how the server ends lines."""
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > LONGEST_LINE:
                raise ProtocolViolation("a line without an end")
            self._receive()
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        self._eol = b"\r\n" if line.endswith(b"\r\n") else b"\n"
        return line.rstrip(b"\r\n")

    def _receive(self) -> None:
        data = self._sock.recv(CHUNK)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self._buffer += data


def _cancel(_: bytes) -> bytes:
    return b"*"


def _words(line: bytes) -> bytes:
    if line[:3].upper() == b"+OK":
        return line[3:].strip()
    refusal = _REFUSAL.match(line)
    if not refusal:
        raise ProtocolViolation(readable(line) or "an empty line")
    raise Refused((refusal[1] or b"").decode().upper(), readable(refusal[2]))


def _into_file(
    held: bytearray, blocks: Iterator[bytes], update: Callable[[bytes], object], spool: Path
) -> tuple[Path, int]:
    """Write what is held and what still comes; the file is removed when the rest doesn't come."""
    number, name = tempfile.mkstemp(dir=spool, prefix="pop3-", suffix=".eml")
    size = len(held)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(held)
            held.clear()
            for block in blocks:
                update(block)
                size += len(block)
                file.write(block)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name), size
