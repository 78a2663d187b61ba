"""What is said on the wire for one mail (RFC 5321): its commands, and the mail with its dots doubled."""

import re
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass

from mailcall.transport.interface import Envelope, RecipientResult, Result

# RFC 5321 4.1.2, generously; but nothing that could end the path, the command or the line
_ADDRESS = re.compile(
    r'(?:"(?:[^"\\\x00-\x1f\x7f-\x9f]|\\[\x20-\x7e])+"|[^\x00-\x20\x7f-\x9f<>"\ud800-\udfff]+)'
    r"@[^\x00-\x20\x7f-\x9f<>@\ud800-\udfff]+"
)
_LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3, less the brackets


@dataclass(frozen=True, slots=True)
class Introduction:
    """A mail's commands but DATA, for the recipients that can be said; the others have failed already."""

    envelope: Envelope
    recipients: Sequence[str]
    commands: Sequence[str]  # MAIL FROM and a RCPT TO for each recipient
    failed: Sequence[RecipientResult]


def introduction(session: smtplib.SMTP, envelope: Envelope) -> Introduction:
    """What can be said of this mail to a server with these extensions."""
    tried = [(to, _unspeakable(session, envelope, to)) for to in dict.fromkeys(envelope.recipients)]
    recipients = [to for to, failure in tried if failure is None]
    commands = [_mail_from(session, envelope, recipients), *(f"RCPT TO:<{to}>" for to in recipients)]
    return Introduction(envelope, recipients, commands, [failure for _, failure in tried if failure])


def lines(commands: Sequence[str]) -> bytes:
    """Commands as bytes."""
    return "".join(f"{command}\r\n" for command in commands).encode()


def dotted(mail: bytes) -> bytes:
    """CRLF lines, a dot doubled at the start of a line (RFC 5321 4.5.2), and a line end at the end.

    A bare CR or LF becomes CRLF before the doubling, or servers that take it for a line end would see
    commands in the rest (RFC 5321 2.3.8).
    """
    if not mail.count(b"\r\n") == mail.count(b"\n") == mail.count(b"\r"):
        mail = re.sub(rb"\r\n|\r|\n", b"\r\n", mail)
    if not mail.endswith(b"\r\n"):
        mail += b"\r\n"
    return (b"." if mail.startswith(b".") else b"") + mail.replace(b"\r\n.", b"\r\n..")


def _unspeakable(session: smtplib.SMTP, envelope: Envelope, to: str) -> RecipientResult | None:
    """Why this recipient can't even be tried; the codes are those a server would give (RFC 3463)."""
    size = session.esmtp_features.get("size", "")
    if re.fullmatch("[0-9]{1,18}", size) and 0 < int(size) < len(envelope.mail):  # RFC 1870 6
        return _failed(to, f"552 5.3.4 The mail is larger than the {size} bytes that the server takes")
    for address, code in ((to, "501 5.1.3"), (envelope.sender, "501 5.1.7")):
        if not address and address is envelope.sender:  # the null reverse-path
            continue
        if not _ADDRESS.fullmatch(address) or len(address.encode()) > _LONGEST_ADDRESS:
            return _failed(to, f"{code} {address[:_LONGEST_ADDRESS]!a} is no address that SMTP can carry")
        if not address.isascii() and not session.has_extn("smtputf8"):  # RFC 6531 3.2
            return _failed(to, f"553 5.6.7 The server can't take {address}: it has no SMTPUTF8")
    return None


def _failed(recipient: str, reply: str) -> RecipientResult:
    return RecipientResult(recipient, Result.FAILED, reply)


def _mail_from(session: smtplib.SMTP, envelope: Envelope, recipients: Sequence[str]) -> str:
    command = f"MAIL FROM:<{envelope.sender}>"
    if not all(address.isascii() for address in (envelope.sender, *recipients)):
        command += " SMTPUTF8"  # RFC 6531 3.4
    if not envelope.mail.isascii() and session.has_extn("8bitmime"):
        command += " BODY=8BITMIME"  # RFC 6152 2
    return command
