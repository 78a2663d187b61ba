"""IMAP4rev1 on the wire (RFC 3501): commands out, answers in, literals whole or straight into a file.

Its own reader rather than a library's, because a mail above `BIG` must never be in memory, a folder may
hold more mails than `imaplib` accepts on one line, and IDLE must be wakeable while lines are buffered.
"""

import os
import re
import select
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mailcall.mailbox.connecting import ProtocolViolation, readable

CHUNK = 256 * 1024
LONGEST_LINE = 64 * 1024 * 1024  # a SEARCH of eight million mails
LONGEST_ANSWER = 2 * LONGEST_LINE  # without what goes into files
RESPONSE_BYTES = 500  # that a response takes beside its text

_LITERAL = re.compile(rb"\{(\d+)\}\r?\n\Z")  # RFC 3501 4.3; the mark ends its line
_FETCH = re.compile(rb"\* \d+ FETCH ", re.IGNORECASE)
_AFTER_LITERAL = re.compile(rb"\{\d+\}(?:\)| \S.*\))\s*\Z", re.DOTALL)
_STATUS = re.compile(
    rb"(OK|NO|BAD|BYE|PREAUTH)(?: \[([^\]\s]+)(?: ([^\]]*))?\])? ?(.*)", re.IGNORECASE | re.DOTALL
)


class Refused(Exception):
    """The server answered NO or BAD. `code` is its response code (RFC 5530), upper case, or empty."""

    def __init__(self, status: str, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


@dataclass(frozen=True, slots=True)
class Response:
    """One response: its text without the line end, `{n}` standing where each literal was."""

    text: bytes
    literals: list[bytes | Path] = field(default_factory=list)


class Wire:
    """One connection. Raises OSError when it breaks or times out, ProtocolViolation, Refused."""

    def __init__(self, sock: socket.socket, on_unsolicited: Callable[[bytes], None]) -> None:
        """`on_unsolicited` hears every untagged response, as what stands behind the `* `."""
        self._sock = sock
        self._buffer = bytearray()
        self._tag = 0
        self._hear = on_unsolicited
        self.capabilities: frozenset[str] = frozenset()
        self.signed_in = False

    @property
    def peer(self) -> str:
        """The server's address."""
        return str(self._sock.getpeername()[0])

    def greet(self) -> None:
        """Read the greeting (RFC 3501 7.1) and what the server can do."""
        text = self._read().text.removeprefix(b"* ")
        status, code, words = _status(text)
        if status not in {"OK", "PREAUTH"}:
            raise Refused(status, code, words)
        self.signed_in = status == "PREAUTH"
        self.ask_capabilities()

    def ask_capabilities(self) -> None:
        """Ask again: what the server offers changes with STARTTLS and with sign-in."""
        for response in self.command(b"CAPABILITY"):
            words = response.text.decode("ascii", "replace").upper().split()
            if words[:1] == ["CAPABILITY"]:
                self.capabilities = frozenset(words[1:])

    def start_tls(self, context: ssl.SSLContext, server: str) -> None:
        """RFC 3501 6.2.1. Nothing that came before the handshake is believed afterwards."""
        self.command(b"STARTTLS")
        if self._buffer:
            raise ProtocolViolation("bytes between STARTTLS and the handshake")
        self._sock = context.wrap_socket(self._sock, server_hostname=server)
        self.ask_capabilities()

    def command(
        self, *parts: bytes | str, spool: Path | None = None, above: int = LONGEST_LINE
    ) -> list[Response]:
        """Send a command and return its untagged responses; raises Refused unless it ends in OK.

        Parts that are `bytes` go out as they are, a `str` as a quoted string or literal, so that no login,
        password or folder name can become a command. Literals above `above` bytes are written into `spool`.
        """
        responses, refusal = self.try_command(*parts, spool=spool, above=above)
        if refusal:
            raise refusal
        return responses

    def try_command(
        self, *parts: bytes | str, spool: Path | None = None, above: int = LONGEST_LINE
    ) -> tuple[list[Response], Refused | None]:
        """Like `command`, but a NO or BAD is returned beside what came before it."""
        tag = self._next_tag()
        line = bytearray(tag)
        for part in parts:
            line += b" "
            if isinstance(part, bytes):
                line += part
            elif re.fullmatch(r"[\x20-\x7e]*", part):
                line += b'"' + re.sub(rb'(["\\])', rb"\\\1", part.encode()) + b'"'
            else:
                literal = part.encode()
                self._send(bytes(line) + b"{%d}\r\n" % len(literal))
                self._await_continuation(tag)
                line = bytearray(literal)
        self._send(bytes(line) + b"\r\n")
        return self._answer(tag, spool, above)

    def authenticate(
        self, mechanism: bytes, respond: Callable[[bytes], bytes], initial: bytes | None
    ) -> None:
        """RFC 3501 6.2.2; `initial` goes along where the server allows it (RFC 4959). All base64."""
        tag = self._next_tag()
        at_once = initial is not None and "SASL-IR" in self.capabilities
        tail = b" " + (initial or b"") if at_once else b""
        self._send(tag + b" AUTHENTICATE " + mechanism + tail + b"\r\n")
        while (response := self._read()).text[:1] in {b"+", b"*"}:
            if response.text[:1] == b"*":
                self._note(response.text[2:])
                continue
            challenge = response.text[1:].strip()
            self._send((initial if initial is not None and not at_once else respond(challenge)) + b"\r\n")
            at_once = True
        self._finish(tag, response)

    def idle(self, until: Callable[[], bool], wake: int, seconds: float) -> bool:
        """Idle (RFC 2177) until `until()` holds after a response: True.

        False when the descriptor `wake` became readable or the seconds are over.
        """
        tag = self._next_tag()
        self._send(tag + b" IDLE\r\n")
        self._await_continuation(tag)
        woken = False
        for _ in self._lines_within(wake, seconds):
            response = self._read()
            if not response.text.startswith(b"* "):
                raise ProtocolViolation(f"{readable(response.text)} during IDLE")
            self._note(response.text[2:])
            if until():
                woken = True
                break
        self._send(b"DONE\r\n")
        _, refusal = self._answer(tag, None, LONGEST_LINE)
        if refusal:
            raise refusal
        return woken

    def close(self) -> None:
        """Say LOGOUT and hang up; errors on the way out are of no interest."""
        try:
            self._sock.settimeout(min(self._sock.gettimeout() or 2.0, 2.0))
            self._send(self._next_tag() + b" LOGOUT\r\n")
        except OSError:
            pass
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self._sock.close()

    def _lines_within(self, wake: int, seconds: float) -> Iterator[None]:
        """Once for each line that is there to be read."""
        end = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while True:
            # what we or TLS have read already does not show on the socket
            self._receive_now()
            while b"\n" in self._buffer:
                yield
            left = end - time.monotonic()
            ready = {number for number, _ in poll.poll(max(0.0, left) * 1000)}
            if wake in ready or (not ready and left <= 0):
                return

    def _receive_now(self) -> None:
        """Read what has arrived, without waiting: a TLS record need not hold a byte for us."""
        timeout = self._sock.gettimeout()
        self._sock.setblocking(False)
        try:
            self._buffer += self._receive()
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        finally:
            self._sock.settimeout(timeout)

    def _next_tag(self) -> bytes:
        self._tag += 1
        return b"m%d" % self._tag

    def _await_continuation(self, tag: bytes) -> None:
        while (response := self._read()).text[:1] != b"+":
            if response.text.startswith(b"* "):
                self._note(response.text[2:])
            else:
                self._finish(tag, response)
                raise ProtocolViolation("an answer where a continuation was due")

    def _answer(self, tag: bytes, spool: Path | None, above: int) -> tuple[list[Response], Refused | None]:
        untagged: list[Response] = []
        held = 0
        try:
            while (response := self._read(spool, above)).text.startswith((b"* ", b"+")):
                if response.text[:1] == b"*":
                    untagged.append(Response(response.text[2:], response.literals))
                    self._note(response.text[2:])
                held = _bounded(held + _weight(response))
            self._finish(tag, response)
        except Refused as refusal:
            return untagged, refusal
        except BaseException:
            discard(untagged)
            raise
        return untagged, None

    def _finish(self, tag: bytes, response: Response) -> None:
        own, _, rest = response.text.partition(b" ")
        if own != tag:
            raise ProtocolViolation(f"{readable(response.text)} is no answer to {tag.decode()}")
        status, code, words = _status(rest)
        if status != "OK":
            raise Refused(status, code, words)

    def _note(self, text: bytes) -> None:
        if text[:4].upper() == b"BYE ":  # RFC 3501 7.1.5: the server hangs up
            raise ConnectionAbortedError(readable(text[4:]))
        self._hear(text)

    def _send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def _read(self, spool: Path | None = None, above: int = LONGEST_LINE) -> Response:
        """One response with all its literals."""
        text, literals = bytearray(), list[bytes | Path]()
        try:
            while True:
                line = self._line()
                mark = _LITERAL.search(line)
                if not mark:
                    text += line.rstrip(b"\r\n")
                    response = Response(bytes(text), literals)
                    _check_literals(response)
                    return response
                text += line[: mark.start()] + b"{" + mark[1] + b"}"
                size = number(mark[1])
                literals.append(self._file(size, spool) if size > above and spool else self._bytes(size))
        except BaseException:
            discard([Response(b"", literals)])
            raise

    def _line(self) -> bytes:
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > LONGEST_LINE:
                raise ProtocolViolation("a line without an end")
            self._buffer += self._receive()
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line

    def _bytes(self, size: int) -> bytes:
        if size > LONGEST_LINE:
            raise ProtocolViolation(f"{size} bytes at once")
        while len(self._buffer) < size:
            self._buffer += self._receive()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _file(self, size: int, spool: Path) -> Path:
        number, name = tempfile.mkstemp(dir=spool, prefix="imap-", suffix=".eml")
        try:
            with os.fdopen(number, "wb") as file:
                while size:
                    data = self._bytes(min(size, len(self._buffer))) if self._buffer else self._receive(size)
                    size -= len(data)
                    file.write(data)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name)

    def _receive(self, most: int = CHUNK) -> bytes:
        data = self._sock.recv(min(most, CHUNK))
        if not data:
            raise ConnectionResetError("the server closed the connection")
        return data


def discard(responses: list[Response]) -> None:
    """Remove the files of responses that nobody will get."""
    for response in responses:
        for literal in response.literals:
            if isinstance(literal, Path):
                literal.unlink(missing_ok=True)


def number(digits: bytes) -> int:
    """A number that the server said, of at most 63 bits. Raises ProtocolViolation."""
    if not re.fullmatch(rb"[0-9]{1,18}", digits):
        raise ProtocolViolation(f"{readable(digits)} where a number was due")
    return int(digits)


def _check_literals(response: Response) -> None:
    """A literal of another size than was said swallows what follows, or leaves its own end behind.

    We never ask for two at once. So the mail is not what the server holds, or not the one that it is said
    to be.
    """
    text, count = response.text, len(response.literals)
    if count and _FETCH.match(text) and (count > 1 or not _AFTER_LITERAL.search(text)):
        raise ProtocolViolation("a mail that does not end where the server said")


def _bounded(held: int) -> int:
    if held > LONGEST_ANSWER:
        raise ProtocolViolation("an answer without an end")
    return held


def _weight(response: Response) -> int:
    """In memory, in bytes."""
    literals = sum(len(literal) for literal in response.literals if isinstance(literal, bytes))
    return RESPONSE_BYTES + len(response.text) + literals


def _status(text: bytes) -> tuple[str, str, str]:
    match = _STATUS.match(text)
    if not match:
        raise ProtocolViolation(readable(text))
    return match[1].decode().upper(), (match[2] or b"").decode("ascii", "replace").upper(), readable(match[4])
