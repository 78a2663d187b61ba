"""The data classes of one mail: what `read_mail` gives and what the rest of Mailcall works with."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .records import Record


class Kind(StrEnum):
    """What a mail is, judged by its headers and structure, never by its words alone."""

    NORMAL = "normal"
    BOUNCE = "bounce"
    AUTO_REPLY = "auto_reply"
    READ_RECEIPT = "read_receipt"
    FEEDBACK_REPORT = "feedback_report"
    CHALLENGE_RESPONSE = "challenge_response"
    DELIVERED_NOTICE = "delivered_notice"


@dataclass(frozen=True, slots=True)
class Mailbox(Record):
    """One address of a header, RFC 5322 3.4: a display name (may be empty) and an addr-spec.

    `address` keeps the case it was written in; an international domain is in A-labels where `read_mail`
    gives it, so that `address.casefold()` compares. Elsewhere compare with `comparable(address)`.
    """

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class PieceKind(StrEnum):
    """Who wrote a piece of a text, or what it is for."""

    NEW = "new"
    QUOTE = "quote"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Piece(Record):
    """A run of lines of a body. All pieces of a body, in order, are that body: nothing is left out."""

    kind: PieceKind
    text: str


@dataclass(frozen=True, slots=True)
class Attachment(Record):
    """A part that is not the body. `data` is decoded; `name` is safe to offer as a file name.

    A big one may be in `file` instead, with `data` empty; whoever put it there says for how long.
    """

    name: str
    content_type: str  # as declared
    data: bytes
    sha256: str
    inline: bool
    content_id: str
    size: int = -1  # bytes, decoded; -1 in the constructor: that of `data`
    true_type: str = ""  # by its first bytes; '' when they tell nothing
    container: str = ""  # the file that it was packed in: 'winmail.dat', 'smime.p7m'; else ''
    file: Path | None = None
    location: str = ""  # its Content-Location

    def __post_init__(self) -> None:
        if self.size < 0:
            object.__setattr__(self, "size", len(self.data))


@dataclass(frozen=True, slots=True)
class Forwarded(Record):
    """A mail inside a mail: quoted in the text, or attached as a file (`attachment` is its position)."""

    from_: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    date: dt.datetime | None = None
    subject: str = ""
    message_id: str = ""
    text: str = ""
    attachment: int | None = None  # None: inline
    depth: int = 1  # 2 for a mail forwarded inside a forwarded mail, and so on


@dataclass(frozen=True, slots=True)
class Attendee(Record):
    """One ATTENDEE of an event (RFC 5545 3.8.4.1); `status` is its PARTSTAT in lower case, or empty."""

    mailbox: Mailbox
    role: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Invitation(Record):
    """One event of a text/calendar part (RFC 5545, RFC 5546). Missing values are empty.

    `start` and `end` are aware moments, naive ones (floating), or dates for whole days, the end exclusive.
    """

    method: str = ""  # request | reply | cancel | publish | counter | ..., lower case
    uid: str = ""
    sequence: int = 0
    summary: str = ""
    description: str = ""
    location: str = ""
    status: str = ""
    start: dt.datetime | dt.date | None = None
    end: dt.datetime | dt.date | None = None
    time_zone: str = ""  # as named in the mail
    recurrence: str = ""  # the RRULE as written
    organizer: Mailbox | None = None
    attendees: tuple[Attendee, ...] = ()


class Seal(StrEnum):
    """How a part of a mail is signed or encrypted (RFC 8551, RFC 3156, inline PGP)."""

    SMIME_SIGNED = "smime-signed"
    SMIME_ENCRYPTED = "smime-encrypted"
    PGP_SIGNED = "pgp-signed"
    PGP_ENCRYPTED = "pgp-encrypted"


@dataclass(frozen=True, slots=True)
class Charset(Record):
    """How a text was decoded: which (`text`, `html`, `subject`, ...), by which charset, on what evidence."""

    where: str
    name: str
    evidence: str  # 'byte order mark', 'declared', 'valid UTF-8', 'guessed from the bytes', ...


@dataclass(frozen=True, slots=True)
class BouncedRecipient(Record):
    """One recipient of a delivery report (RFC 3464 2.3). `status` is like `5.1.1`, or empty."""

    address: str
    action: str  # failed | delayed | delivered | relayed | expanded | complained | ''
    status: str
    diagnostic: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Bounce(Record):
    """What a delivery report, or a complaint, says. `original_message_id` has its brackets, or is empty."""

    recipients: tuple[BouncedRecipient, ...]
    original_message_id: str
    envelope_sender: str = ""  # of the original mail, where the report says it

    @property
    def permanent(self) -> bool:
        """Whether any recipient failed for good."""
        return any(recipient.permanent for recipient in self.recipients)


@dataclass(frozen=True, slots=True)
class Mail(Record):
    """One mail as data. Message-IDs have their angle brackets. Missing values are empty."""

    subject: str = ""
    from_: tuple[Mailbox, ...] = ()
    sender: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    date: dt.datetime | None = None
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""
    html: str = ""  # as sent, not cleaned
    reply_text: str = ""  # what the sender newly wrote
    quoted_text: str = ""
    signature: str = ""
    pieces: tuple[Piece, ...] = ()  # the whole of `text`, in order
    forwarded: tuple[Forwarded, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    seals: tuple[Seal, ...] = ()
    charsets: tuple[Charset, ...] = ()
    kind: Kind = Kind.NORMAL
    kind_reason: str = ""  # the header or structure that decided `kind`, for people
    auto_generated: bool = False
    is_list: bool = False
    automatic_reason: str = ""  # the header that says so, for people
    bounce: Bounce | None = None
    trace: tuple[tuple[str, str], ...] = ()  # `received` and `authentication-results`, topmost first
    from_header_count: int = 0
    defects: tuple[str, ...] = field(default=())
    unreadable: bool = False  # our reader failed: only `text` and `defects` mean anything

    @property
    def folded_text(self) -> str:
        """What is not new, in order: quotes and signature, which a page shows folded."""
        return "\n".join(piece.text.strip("\n") for piece in self.pieces if piece.kind is not PieceKind.NEW)

    @property
    def automatic(self) -> bool:
        """Whether no person wrote it: it is never answered and never runs a command."""
        return self.kind is not Kind.NORMAL or self.auto_generated or self.is_list
