"""A proxy before a real mail server that plays faults: lost answers, silence, nonsense, lies, refusals.

A session is taken apart into exchanges, each a command and its whole answer, one after the other even where
the client sends many commands at once. A *fault* is a function that meets every exchange and decides what
the client gets to hear; `pass_on` is the one that does no harm. With a certificate the client may speak TLS;
the server behind is always spoken to plainly, on loopback.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from servers.certificates import Certificates
from servers.process import HOST

PATIENCE = 20  # seconds that the proxy waits for either side


class Cut(Exception):
    """The fault wants both connections closed."""


@dataclass
class Exchange:
    """What a fault meets. `number` counts from 0, the greeting, whose command is empty.

    `verb` is the command's name in capitals: `UID FETCH`, `RETR`, `MAIL`; `GREETING`; `CONTENT` for the mail
    that follows DATA. `{tag}` in what is said stands for the tag of an IMAP command.
    """

    number: int
    verb: str
    command: bytes
    tag: bytes
    client: "Stream"
    ask: Callable[[], bytes] = field(repr=False)

    def say(self, words: bytes) -> None:
        """Send to the client."""
        self.client.send(words.replace(b"{tag}", self.tag))


Fault = Callable[[Exchange], None]


def pass_on(exchange: Exchange) -> None:
    """No fault: ask the server, and tell the client what it says."""
    exchange.client.send(exchange.ask())


def drop_before(_: Exchange) -> None:
    """The connection is lost before the server hears the command."""
    raise Cut


def drop_after(exchange: Exchange) -> None:
    """The server does as it was told, but its answer is lost."""
    exchange.ask()
    raise Cut


def drop_midway(exchange: Exchange) -> None:
    """Half of the answer arrives."""
    answer = exchange.ask()
    exchange.client.send(answer[: len(answer) // 2])
    raise Cut


def stall(exchange: Exchange) -> None:
    """The server does as it was told, and then nothing comes until the client goes."""
    exchange.ask()
    exchange.client.wait_for_end()
    raise Cut


def endless(exchange: Exchange) -> None:
    """A line that does not end, for as long as the client listens."""
    with contextlib.suppress(OSError):
        while True:
            exchange.client.send(b"x" * 65536)
    raise Cut


def says(words: bytes) -> Fault:
    """The client hears this, and the server nothing; if that waits for a mail, the session ends then."""

    def fault(exchange: Exchange) -> None:
        exchange.say(words)
        if exchange.verb == "CONTENT":
            raise Cut

    return fault


def says_instead(words: bytes) -> Fault:
    """The server does as it was told, but the client hears this."""

    def fault(exchange: Exchange) -> None:
        exchange.ask()
        exchange.say(words)

    return fault


def changes(change: Callable[[bytes], bytes]) -> Fault:
    """The client hears another answer than the server gave."""
    return lambda exchange: exchange.client.send(change(exchange.ask()))


def goes_after(count: int) -> Fault:
    """The go-ahead for a mail is given, and after so many of its bytes the connection is lost."""

    def fault(exchange: Exchange) -> None:
        pass_on(exchange)
        exchange.client.exactly(count)
        raise Cut

    return fault


def at(number: int, fault: Fault) -> Fault:
    """The fault at that exchange of each session."""
    return lambda exchange: (fault if exchange.number == number else pass_on)(exchange)


def on(verb: str, fault: Fault, *, times: int | None = None, then: Fault = pass_on) -> Fault:
    """The fault at each exchange of this verb, or the first so many; `then` at all others."""
    left = [times]

    def chosen(exchange: Exchange) -> None:
        if exchange.verb != verb or left[0] == 0:
            then(exchange)
            return
        if left[0] is not None:
            left[0] -= 1
        fault(exchange)

    return chosen


class Stream:
    """One connection, read by lines and by bytes. Raises Cut at its end, OSError."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")

    def line(self) -> bytes:
        """With its end."""
        if not (line := self._file.readline()):
            raise Cut
        return line

    def exactly(self, count: int) -> bytes:
        """So many bytes."""
        if len(data := self._file.read(count)) < count:
            raise Cut
        return data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def protect(self, context: ssl.SSLContext) -> None:
        """From now on by TLS."""
        self._file.close()
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self._file = self.sock.makefile("rb")

    def wait_for_end(self) -> None:
        """Until the other side hangs up."""
        with contextlib.suppress(Cut):
            while True:
                self.line()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self._file.close()
        self.sock.close()


class Dialect:
    """How a protocol's session is taken apart; one for each session."""

    start_tls = "STARTTLS"
    go_ahead = b""

    def __init__(self, server: Stream) -> None:
        self.server = server
        self.tag = b""

    def greeting(self) -> bytes:
        """What the server says unasked."""
        return self.server.line()

    def read(self, client: Stream) -> tuple[str, bytes]:
        """The next command: its verb and its bytes."""
        line = client.line()
        return line.decode("latin-1").upper().split()[0] if line.strip() else "", line

    def answer(self, verb: str, command: bytes) -> bytes:
        """The server's whole answer to a command that it was sent."""
        raise NotImplementedError


class Imap(Dialect):
    """RFC 3501."""

    go_ahead = b"{tag} OK go on\r\n"

    def read(self, client: Stream) -> tuple[str, bytes]:
        line = client.line()
        tag, *words = line.split() or [b""]
        if not words:  # what a `+` asked for
            return "", line
        self.tag = tag
        count = 2 if words[0].upper() == b"UID" else 1
        return b" ".join(words[:count]).decode("latin-1").upper(), line

    def answer(self, verb: str, command: bytes) -> bytes:
        responses = [self._response()]
        while not responses[-1].startswith((b"+", self.tag + b" ")):
            responses.append(self._response())
        return b"".join(responses)

    def idle(self, client: Stream) -> None:
        """Pass on what comes unasked, until the client is done with it."""

        def tell() -> None:
            with contextlib.suppress(Cut, OSError, ValueError):
                while not (response := self._response()).startswith(self.tag + b" "):
                    client.send(response)
                client.send(response)

        telling = threading.Thread(target=tell, daemon=True)
        telling.start()
        self.server.send(client.line())
        telling.join(PATIENCE)

    def _response(self) -> bytes:
        """With its literals."""
        response = line = self.server.line()
        while line.endswith(b"}\r\n"):
            response += self.server.exactly(int(line[line.rindex(b"{") + 1 : -3]))
            line = self.server.line()
            response += line
        return response


class Pop3(Dialect):
    """RFC 1939."""

    start_tls = "STLS"
    go_ahead = b"+OK go on\r\n"

    def answer(self, verb: str, command: bytes) -> bytes:
        long = verb in {"CAPA", "RETR", "TOP"} or (verb in {"LIST", "UIDL"} and len(command.split()) == 1)
        lines = [self.server.line()]
        while long and lines[0].startswith(b"+OK") and lines[-1] != b".\r\n":
            lines.append(self.server.line())
        return b"".join(lines)


class Smtp(Dialect):
    """RFC 5321, and with `lmtp` RFC 2033: an answer for each recipient."""

    go_ahead = b"220 go on\r\n"

    def __init__(self, server: Stream, *, lmtp: bool = False) -> None:
        super().__init__(server)
        self._lmtp = lmtp
        self._accepted = 0
        self._content_next = False

    def greeting(self) -> bytes:
        return self._reply()

    def read(self, client: Stream) -> tuple[str, bytes]:
        if not self._content_next:
            return super().read(client)
        self._content_next = False
        lines = [b""]
        while lines[-1] != b".\r\n":
            lines.append(client.line())
        return "CONTENT", b"".join(lines)

    def answer(self, verb: str, command: bytes) -> bytes:
        if verb == "CONTENT":
            return b"".join(self._reply() for _ in range(self._accepted if self._lmtp else 1))
        answer = self._reply()
        self._accepted += verb == "RCPT" and answer.startswith(b"2")
        self._content_next = answer.startswith(b"354")
        if verb in {"MAIL", "RSET"}:
            self._accepted = 0
        return answer

    def _reply(self) -> bytes:
        reply = line = self.server.line()
        while line[3:4] == b"-":
            line = self.server.line()
            reply += line
        return reply


DIALECTS: dict[str, Callable[[Stream], Dialect]] = {
    "imap": Imap,
    "pop3": Pop3,
    "smtp": Smtp,
    "lmtp": partial(Smtp, lmtp=True),
}


class Proxy:
    """`with Proxy("imap", backend_port) as proxy:` listens on `proxy.port`; set `proxy.fault` at any time.

    With `certificates` it does STARTTLS, or TLS from the first byte if `tls`. `heard` holds the verbs of all
    sessions, and `sessions` how many there were.
    """

    host = "localhost"

    def __init__(
        self, protocol: str, backend: int, *, certificates: Certificates | None = None, tls: bool = False
    ) -> None:
        self.fault: Fault = pass_on
        self.heard: list[str] = []
        self.sessions = 0
        self._dialect, self._backend, self._tls = DIALECTS[protocol], backend, tls
        self._context: ssl.SSLContext | None = None
        if certificates:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificates.certificate, certificates.key)
        self._open: set[Stream] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._serve)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(PATIENCE)

    def cut(self) -> None:
        """Break all connections."""
        for stream in list(self._open):
            stream.close()

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.sessions += 1
                self._start(partial(self._session, sock))

    def _session(self, sock: socket.socket) -> None:
        # a connection that was closed at the other end of the house shows as OSError or ValueError
        with contextlib.suppress(Cut, OSError, ValueError), self._stream(sock) as client:
            if self._tls and self._context:
                client.protect(self._context)
            with self._stream(socket.create_connection((HOST, self._backend))) as server:
                self._converse(client, self._dialect(server))

    @contextlib.contextmanager
    def _stream(self, sock: socket.socket) -> Iterator[Stream]:
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = Stream(sock)
        self._open.add(stream)
        try:
            yield stream
        finally:
            self._open.discard(stream)
            stream.close()

    def _converse(self, client: Stream, dialect: Dialect) -> None:
        self._meet(Exchange(0, "GREETING", b"", b"", client, dialect.greeting))
        number = 0
        while True:
            number += 1
            verb, command = dialect.read(client)

            def ask(verb: str = verb, command: bytes = command) -> bytes:
                dialect.server.send(command)
                return dialect.answer(verb, command)

            exchange = Exchange(number, verb, command, dialect.tag, client, ask)
            if verb == dialect.start_tls and self._context:
                exchange.say(dialect.go_ahead)
                client.protect(self._context)
                continue
            self._meet(exchange)
            if verb == "IDLE" and isinstance(dialect, Imap):
                dialect.idle(client)

    def _meet(self, exchange: Exchange) -> None:
        self.heard.append(exchange.verb)
        self.fault(exchange)
