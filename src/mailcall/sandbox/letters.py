"""Writes mails as a customer's mail program would, and hands them to the sandbox."""

import mimetypes
import re
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import localtime, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailcall.message import Mail  # slow to import, and not needed to write a first mail

_MAILBOX = re.compile(r"\s*(?:(?P<name>[^<>]*?)\s*<(?P<inside>[^<>]+)>|(?P<bare>[^<>]+))\s*")
_WORD = re.compile(r"[^\s@<>,;:\"()\[\]\\]+")


class LetterError(Exception):
    """The mail can't be written or sent. The text is one sentence for people."""


@dataclass(frozen=True, slots=True)
class File:
    """Something attached."""

    name: str
    data: bytes
    content_type: str = ""  # by its name when empty

    @classmethod
    def read(cls, path: Path) -> "File":
        """A file of this machine. Raises LetterError."""
        try:
            return cls(path.name, path.read_bytes())
        except OSError as error:
            raise LetterError(f"{path} can't be read: {error.strerror}.") from None


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to write. Addresses may be `ann@example.com` or `Ann <ann@example.com>`."""

    sender: str
    to: Sequence[str]
    subject: str = ""
    body: str = ""
    cc: Sequence[str] = ()
    html: str = ""
    files: Sequence[File] = ()
    inline: dict[str, File] = field(default_factory=dict)  # by Content-ID, for images in `html`
    in_reply_to: str = ""
    references: Sequence[str] = ()
    headers: dict[str, str] = field(default_factory=dict)


def with_parts(letter: Letter, *, cc: Sequence[str], html: str, files: Sequence[File]) -> Letter:
    """The same letter with copies, HTML and attachments."""
    return replace(letter, cc=cc, html=html, files=files)


def parse_address(text: str) -> Address:
    """One address with or without a name. Raises LetterError."""
    match = _MAILBOX.fullmatch(text)
    bare = (match["inside"] or match["bare"] or "").strip() if match else ""
    local, _, domain = bare.rpartition("@")
    if not (match and _WORD.fullmatch(local) and _WORD.fullmatch(domain) and text.isprintable()):
        raise LetterError(f"`{text}` is no email address; write it like ann@customer.example.")
    name = (match["name"] or "").strip(' "')
    return Address(name, local, domain)


def write(letter: Letter) -> EmailMessage:
    """The mail, with a fresh Message-ID and the date of now. Raises LetterError."""
    sender = parse_address(letter.sender)
    to, cc = [parse_address(text) for text in letter.to], [parse_address(text) for text in letter.cc]
    if not to + cc:
        raise LetterError("A mail needs somebody to send it to.")
    plain = all(address.addr_spec.isascii() for address in [sender, *to, *cc])
    mail = EmailMessage(policy=SMTP if plain else SMTPUTF8)
    mail["From"], mail["To"] = sender, to
    if cc:
        mail["Cc"] = cc
    mail["Subject"] = " ".join(letter.subject.split())
    mail["Date"] = localtime()
    mail["Message-ID"] = make_msgid(domain=sender.domain if plain else "customer.example")
    if letter.in_reply_to:
        mail["In-Reply-To"] = letter.in_reply_to
        mail["References"] = " ".join([*letter.references, letter.in_reply_to])
    for name, value in letter.headers.items():
        mail[name] = value
    _write_body(mail, letter)
    return mail


def _write_body(mail: EmailMessage, letter: Letter) -> None:
    mail.set_content(letter.body or ("" if letter.html else "\n"))
    if letter.html:
        mail.add_alternative(letter.html, subtype="html")
        html = mail.get_payload()[-1]  # type: ignore[index]
        for content_id, file in letter.inline.items():
            main, sub = _type(file)
            html.add_related(  # type: ignore[union-attr]
                file.data, main, sub, cid=f"<{content_id}>", filename=file.name, disposition="inline"
            )
    for file in letter.files:
        main, sub = _type(file)
        mail.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)


def _type(file: File) -> tuple[str, str]:
    guessed = file.content_type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    main, _, sub = guessed.partition("/")
    return (main, sub) if main not in {"message", "multipart"} else ("application", "octet-stream")


def answer(mail: "Mail", sender: str, body: str, *, subject: str = "") -> Letter:
    """A reply to this mail, quoting it, as mail programs write one."""
    origin = (mail.reply_to or mail.from_)[:1]
    if not origin:
        raise LetterError("The newest mail says nobody to reply to.")
    date = mail.date.strftime("%a, %d %b %Y at %H:%M") if mail.date else "an earlier day"
    quoted = "\n".join(f"> {line}".rstrip() for line in mail.text.rstrip().splitlines())
    again = mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}"
    return Letter(
        sender=sender,
        to=[origin[0].address],
        subject=subject or again,
        body=f"{body.rstrip()}\n\nOn {date}, {(mail.from_ or origin)[0]} wrote:\n{quoted}\n",
        in_reply_to=mail.message_id,
        references=[known for known in mail.references if known != mail.message_id],
    )


def recipients(letter: Letter) -> list[str]:
    """The bare addresses that the letter goes to, each once. Raises LetterError."""
    addresses = [parse_address(text).addr_spec for text in [*letter.to, *letter.cc]]
    return list(dict.fromkeys(addresses))


def send(mail: bytes, sender: str, to: Sequence[str], *, host: str, port: int) -> None:
    """Hand a mail to the SMTP server there. Bare line feeds become CRLF. Raises LetterError."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", mail)
    try:
        with smtplib.SMTP(host, port, local_hostname="customer.example", timeout=30) as connection:
            connection.ehlo_or_helo_if_needed()
            options = ["SMTPUTF8"] if not all(text.isascii() for text in [sender, *to]) else []
            refused = connection.sendmail(sender, to, lines, mail_options=["BODY=8BITMIME", *options])
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except (OSError, smtplib.SMTPException) as error:
        raise LetterError(f"The sandbox on {host}, port {port}, did not take the mail: {error}.") from None
    if refused:
        address, (code, reply) = next(iter(refused.items()))
        said = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
        raise LetterError(f"The sandbox refused {address}: {code} {said}.")
