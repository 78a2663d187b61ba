"""The interface that every outgoing protocol stands behind.

A transport hands over mails on an open connection, one after the other, and says, for each recipient, what
became of it. It never retries and never decides what a result means for the delivery's future.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, Self


class Result(StrEnum):
    """What became of one recipient."""

    SENT = "sent"
    DEFERRED = "deferred"  # 4xx to RCPT or DATA: later, this recipient
    FAILED = "failed"  # 5xx to RCPT or DATA: never
    UNKNOWN = "unknown"  # the final dot may have left and no answer came


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """The server's last word about one recipient, such as `550 5.1.1 User unknown`."""

    recipient: str
    result: Result
    reply: str


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """How to reach an outgoing server."""

    server: str = ""
    port: int = 0
    security: str = "starttls"  # tls | starttls | plain
    login: str = ""
    password: str = ""
    auth_method: str = "auto"  # auto | scram-sha-256 | scram-sha-1 | plain | login | cram-md5 | none
    ca_file: str = ""
    timeout: float = 30.0  # seconds, for connecting and for each answer but the last
    data_timeout: float = (
        600.0  # for the answer to the final dot; shorter makes duplicates (RFC 5321 4.5.3.2.6)
    )
    helo: str = ""  # the name we give; the machine's when empty
    path: str = ""  # for the Maildir transport

    def __repr__(self) -> str:
        """Without the password, so that no log or traceback shows it."""
        return f"TransportSettings({self.login}@{self.server}:{self.port} {self.path})"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail to hand over; `sender` may be empty (the null reverse-path, RFC 5321 4.5.5).

    `mail` should have CRLF lines; the transport mends bare ends and doubles dots.
    """

    sender: str
    recipients: Sequence[str]
    mail: bytes = field(repr=False)


class ServerTrouble(Exception):
    """The server itself can't be used now: connection, greeting, TLS, AUTH or MAIL FROM refused.

    No recipient of the mail in hand got it. The text is one sentence for people, without secrets.
    `temporary` is False where a person must act (wrong password, certificate, bad settings).
    """

    def __init__(self, sentence: str, *, temporary: bool = True) -> None:
        super().__init__(sentence)
        self.temporary = temporary


class Transport(Protocol):
    """One open connection for many mails. A context manager; leaving it says QUIT and ignores errors."""

    def __enter__(self) -> Self:
        """Connect, protect, sign in. Raises ServerTrouble."""
        ...

    def __exit__(self, *_: object) -> None: ...

    def send_all(self, envelopes: Iterable[Envelope]) -> Generator[list[RecipientResult], None, None]:
        """Hand over mails; for each in turn, a result for each recipient, in order. Raises ServerTrouble.

        After a lost connection with the final dot on its way every recipient that was accepted is UNKNOWN,
        and the next mail opens a new connection.

        A few mails may be taken from `envelopes`, which must not raise, and announced to the server before
        their turn. But what one contains leaves only when the results of those before it were given and the
        next are asked for. So whoever stops asking, or gets an exception, knows: only the first mail without
        results may have left. Of a ServerTrouble, not even that.
        """
        ...
