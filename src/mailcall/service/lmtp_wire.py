"""LMTP on the wire: command lines, the content of DATA, answers sent together."""

import select
import socket
import time
from collections.abc import Iterator

RECEIVE = 64 * 1024
MOST_LINE = 4096  # bytes of a command; RFC 5321 4.5.3.1.4 asks for 512 and what extensions add
COMMAND_SECONDS = 300.0  # RFC 5321 4.5.3.2.7
PIECE_SECONDS = 180.0  # between two pieces of content
CONTENT_SECONDS = 1800.0  # for all of it
SEND_SECONDS = 60.0
MOST_ANSWER = 400  # characters; RFC 5321 4.5.3.1.5 allows 512 bytes


class Vanished(Exception):
    """The client went away."""


class Stopping(Exception):
    """The service stops, and no mail is in hand."""


class BadLine(Exception):
    """A line that is no command. The text says why."""


class Content:
    """What DATA brings, out of its transparent form (RFC 5321 4.5.2), piece by piece.

    Only CR LF, a dot, CR LF end it. A dot between bare LFs ends nothing, or mails could be smuggled in by
    whoever writes one (RFC 5321 2.3.8).
    """

    def __init__(self) -> None:
        self._held = bytearray(b"\r\n")  # the line end of the command counts as one before the first line
        self._not_content = 2
        self.rest: bytes | None = None  # once it has ended, what came behind the end

    def feed(self, received: bytes) -> bytes:
        """The content that these bytes bring. Not to be called once it has ended."""
        held = self._held
        held += received
        found, at = [], 0
        while (dot := held.find(b"\r\n.", at)) >= 0:
            after = bytes(held[dot + 3 : dot + 5])
            if after in {b"", b"\r"}:
                found.append(held[at:dot])
                at = dot
                break
            found.append(held[at : dot + 2])
            at = dot + 3
            if after == b"\r\n":
                self.rest = bytes(held[dot + 5 :])
                break
        else:
            end = len(held) - _begun_line_end(held)
            found.append(held[at:end])
            at = end
        del held[:at]
        content = b"".join(found)
        content, self._not_content = (
            content[self._not_content :],
            max(0, self._not_content - len(content)),
        )
        return content


def _begun_line_end(held: bytearray) -> int:
    """How many bytes at the end may belong to what is looked for."""
    return 2 if held.endswith(b"\r\n") else 1 if held.endswith(b"\r") else 0


class Wire:
    """One connection. Answers wait until the client's next words are needed (RFC 2920 3.2)."""

    def __init__(self, connection: socket.socket, stopping: int) -> None:
        """`stopping` is a descriptor that something happens on when the service stops."""
        self._connection = connection
        connection.settimeout(SEND_SECONDS)
        self._stopping = stopping
        self._in = bytearray()
        self._out = bytearray()

    def say(self, code: int, *lines: str) -> None:
        """Answer. Lines are made short and plain, whatever is in them."""
        for number, line in enumerate(lines, 1):
            plain = " ".join(line.split())[:MOST_ANSWER].encode("ascii", "replace")
            self._out += b"%d%s%s\r\n" % (code, b" " if number == len(lines) else b"-", plain)

    def flush(self) -> None:
        """Send what was said. Raises OSError."""
        if self._out:
            self._connection.sendall(self._out)
            self._out.clear()

    def command(self) -> str:
        """The next command without its line end. Raises BadLine, Stopping, Vanished, OSError."""
        line, searched, too_long = self._in, 0, False
        while (end := line.find(b"\n", searched)) < 0:
            if len(line) > MOST_LINE:
                too_long = True
                line.clear()
            searched = len(line)
            line += self._receive(COMMAND_SECONDS, unless_stopping=True)
        command = bytes(line[: end + 1])
        del line[: end + 1]
        if too_long or len(command) > MOST_LINE:
            raise BadLine("The line is too long.")
        if not command.endswith(b"\r\n"):
            raise BadLine("A line must end in CR LF.")
        try:
            text = command[:-2].decode()
        except UnicodeDecodeError:
            raise BadLine("A command must be in UTF-8.") from None
        if not text.isprintable():
            raise BadLine("A command can't hold control characters.")
        return text

    def content(self) -> Iterator[bytes]:
        """What follows DATA, piece by piece. Raises Vanished, OSError."""
        content, deadline = Content(), time.monotonic() + CONTENT_SECONDS
        received = bytes(self._in)
        self._in.clear()
        while True:
            if piece := content.feed(received):
                yield piece
            if content.rest is not None:
                self._in += content.rest
                return
            received = self._receive(min(PIECE_SECONDS, deadline - time.monotonic()))

    def _receive(self, seconds: float, *, unless_stopping: bool = False) -> bytes:
        self.flush()
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        if unless_stopping:
            poll.register(self._stopping, select.POLLIN)
        ready = [descriptor for descriptor, _ in poll.poll(max(0.0, seconds) * 1000)]
        if not ready:
            raise TimeoutError
        if self._stopping in ready:
            raise Stopping
        received = self._connection.recv(RECEIVE)
        if not received:
            raise Vanished
        return received
