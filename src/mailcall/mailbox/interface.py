"""The interface that every incoming protocol stands behind.

A mailbox lists what is there, hands over raw bytes in batches, and disposes of what it is told to.
It never decides that a mail has been dealt with: the caller disposes only of what its journal holds.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, Self


class Security(StrEnum):
    """How the connection is protected. Certificates are verified always."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


class Disposal(StrEnum):
    """What happens in the mailbox to a mail that the journal holds."""

    DELETE = "delete"
    MOVE = "move"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """How to reach a mailbox. For Maildir only `path` counts; `server` and the rest are for networks."""

    server: str = ""
    port: int = 0
    security: Security = Security.TLS
    login: str = ""
    password: str = ""
    auth_method: str = "auto"  # auto | scram-sha-256 | scram-sha-1 | plain | login | cram-md5 | apop (POP3)
    folder: str = "INBOX"
    disposal: Disposal = Disposal.DELETE
    move_to: str = ""  # folder, for Disposal.MOVE, and for what `set_aside` is told of; made when missing
    ca_file: str = ""  # a private certification authority, PEM
    timeout: float = 30.0  # seconds, for connecting and for each answer
    session_limit: int = 0  # mails disposed of before the session is closed and opened again; 0: no limit
    size_limit: int = 0  # bytes; of a mail above only the header is fetched; 0: no limit
    path: str = ""
    high_water: str = ""  # what `Mailbox.high_water` said last; mails that it covers are not listed

    def __repr__(self) -> str:
        """Without the password, so that no log or traceback shows it."""
        return f"MailboxSettings({self.login}@{self.server}:{self.port} {self.folder} {self.path})"


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail that the mailbox lists. `key` is the protocol's own (a UID, a file name).

    `identity` is what makes the mail one, or None where the protocol needs the bytes to tell.
    `size` is in bytes, or None where the server does not say. `kept_as` is, for a mail that may stay (by
    Disposal.KEEP, or since it is too big) and where `identity` is None, what the listing alone tells of the
    mail: the journal remembers it beside the identity, and what it remembers is not fetched again.
    """

    key: str
    identity: str | None
    size: int | None
    kept_as: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as it came: the bytes unchanged, in memory or, above `BIG` bytes, in a file.

    Exactly one of `raw` and `file` is set. The file is the caller's to move or delete. Of a mail above the
    settings' `size_limit` it is only the header, at most `MOST_HEADER` bytes of it; `size` is the mail's.
    """

    key: str
    identity: str
    size: int
    raw: bytes | None = None
    file: Path | None = None
    arrived: dt.datetime | None = None  # the server's own arrival time, aware, where it has one
    header_only: bool = False


BATCH_MAILS = 100
BATCH_BYTES = 8 * 1024 * 1024
BIG = 256 * 1024  # a mail above this is streamed to a file
MOST_HEADER = 256 * 1024  # bytes fetched of a mail that is too big
LIST_MAILS = 10_000  # what one `list` gives at most, so that memory does not grow with the mailbox


class MailboxError(Exception):
    """A mailbox could not be used. The text is one sentence for people, without secrets.

    `temporary` tells a condition that waiting may mend (connection, "in use", over quota) from one that
    needs a person (wrong password, unknown folder, certificate).
    """

    def __init__(self, sentence: str, *, temporary: bool) -> None:
        super().__init__(sentence)
        self.temporary = temporary


class FolderError(MailboxError):
    """One folder can't be used; others of the same login may."""


class Mailbox(Protocol):
    """One open session. A context manager; leaving it closes the session.

    Errors are ignored then, but for disposals that were refused, or hang on it (POP3): MailboxError, if
    nothing else was raised.
    """

    can_push: bool  # whether `wait` is woken by the server rather than by the clock

    def __enter__(self) -> Self:
        """Connect and sign in. Raises MailboxError."""
        ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def high_water(self) -> str:
        """Which mails stay and are done with; to be kept for the next session's settings.

        Empty where there are none, or the protocol needs no such mark. Never ahead of what the journal holds,
        because only `dispose` and `set_aside` move it.
        """
        ...

    def list(self) -> Sequence[Listed]:
        """The mails of the folder that may be new, in order of arrival. Raises MailboxError.

        At most `LIST_MAILS`: fetch and dispose of these, then list again, until nothing is listed.
        """
        ...

    def fetch(self, listed: Sequence[Listed], spool: Path) -> Iterator[Fetched]:
        """The bytes of these mails, in order; big ones into files in `spool`.

        A mail that vanished meanwhile is left out. Raises MailboxError.
        """
        ...

    def dispose(self, keys: Sequence[str]) -> None:
        """Delete, move or keep (as the settings say) mails that the journal holds. Raises MailboxError.

        Doing it again for mails that are gone is no error. A mail that was not fetched since `list` may be
        left alone, where only its bytes tell which it is (POP3).
        """
        ...

    def set_aside(self, keys: Sequence[str]) -> None:
        """Move to `move_to`, or else leave, mails of which the journal holds only the header.

        They are never deleted, and not listed again as far as the protocol allows. Raises MailboxError.
        """
        ...

    def wait(self, seconds: float) -> bool:
        """Block until something may have arrived (True) or the time is over (False). Raises MailboxError.

        What came since `list`, or since a `wait` that said so, is told at once. `interrupt` ends it at once
        from another thread.
        """
        ...

    def interrupt(self) -> None:
        """End a `wait` in another thread. Safe to call at any time."""
        ...
