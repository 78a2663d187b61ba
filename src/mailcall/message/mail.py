"""The data classes of one mail: what `read_mail` gives and what the rest of Mailcall works with."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


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
class Mailbox:
    """One address of a header, RFC 5322 3.4: a display name (may be empty) and an addr-spec.

    `address` keeps the case it was written in; an international domain is in A-labels where `read_mail`
    gives it, so that `address.casefold()` compares. Elsewhere compare with `comparable(address)`.
    """

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the body. `data` is decoded; `name` is safe to offer as a file name."""

    name: str
    content_type: str
    data: bytes
    sha256: str
    inline: bool
    content_id: str

    @property
    def size(self) -> int:
        """Size in bytes, decoded."""
        return len(self.data)


@dataclass(frozen=True, slots=True)
class BouncedRecipient:
    """One recipient of a delivery report (RFC 3464 2.3). `status` is like `5.1.1`, or empty."""

    address: str
    action: str  # failed | delayed | delivered | relayed | expanded | ''
    status: str
    diagnostic: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says. `original_message_id` has its angle brackets, or is empty."""

    recipients: tuple[BouncedRecipient, ...]
    original_message_id: str

    @property
    def permanent(self) -> bool:
        """Whether any recipient failed for good."""
        return any(recipient.permanent for recipient in self.recipients)


@dataclass(frozen=True, slots=True)
class Mail:
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
    attachments: tuple[Attachment, ...] = ()
    kind: Kind = Kind.NORMAL
    kind_reason: str = ""  # the header or structure that decided `kind`, for people
    auto_generated: bool = False
    is_list: bool = False
    automatic_reason: str = ""  # the header that says so, for people
    bounce: Bounce | None = None
    authentication_results: tuple[str, ...] = ()  # unfolded values, topmost first
    trace: tuple[tuple[str, str], ...] = ()  # `received` and `authentication-results`, topmost first
    from_header_count: int = 0
    defects: tuple[str, ...] = field(default=())
    unreadable: bool = False  # our reader failed: only `text` and `defects` mean anything

    @property
    def automatic(self) -> bool:
        """Whether no person wrote it: it is never answered and never runs a command."""
        return self.kind is not Kind.NORMAL or self.auto_generated or self.is_list
