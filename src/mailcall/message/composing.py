"""From a draft to the bytes of a mail: the same draft always gives the same bytes (RFC 5322, MIME)."""

import binascii
import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from email.charset import Charset
from email.utils import format_datetime

from .header_writing import (
    BadHeader,
    address_line,
    check_name,
    clean_line,
    file_parameters,
    is_ascii_address,
    structured,
    unstructured,
)
from .mail import Attachment, Mailbox

_ID = re.compile(r"<[!-;=?-~]{1,300}@[!-;=?-~]{1,300}>")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,100}\Z", re.IGNORECASE)
_AUTOMATIC = {"", "auto-replied", "auto-generated"}
_MAX_REFERENCES = 21  # the first, which names the thread, and the last 20
_BEYOND_ASCII = bytes(range(128, 256))


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail to be written. `text` is always sent; `html`, when given, is its alternative.

    `message_id` has its angle brackets and `date` a zone; both belong to the draft, so that a resend
    is the same mail. Attachments that are inline and have a content id go with the HTML.
    """

    from_: Mailbox
    to: tuple[Mailbox, ...]
    subject: str
    text: str
    message_id: str
    date: dt.datetime
    cc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    html: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    auto_submitted: str = ""  # '' | auto-replied | auto-generated (RFC 3834 5)
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    charset: str = ""  # of the text, for devices that know no other; what it lacks becomes a question mark


def needs_smtputf8(draft: Draft) -> bool:
    """Say whether the mail can only go to servers with SMTPUTF8: a local part is not ASCII (RFC 6531)."""
    boxes = (draft.from_, *draft.to, *draft.cc, *draft.reply_to)
    return not all(is_ascii_address(box.address) for box in boxes)


def compose(draft: Draft) -> bytes:
    """Write the mail, with CRLF line ends, none longer than 998.

    Raises `BadAddress` for an address that can't stand in a header and `BadHeader` for another value
    that can't. Control characters in subject and names are dropped, so nothing can be injected.
    """
    lines = _header(draft)
    fields, body = _content(draft)
    return ("\r\n".join([*lines, "MIME-Version: 1.0", *fields]) + "\r\n\r\n").encode() + body


def _header(draft: Draft) -> list[str]:
    if draft.date.tzinfo is None:
        raise BadHeader("The date of a mail needs a time zone.")
    if not _ID.fullmatch(draft.message_id):
        raise BadHeader("The Message-ID of a mail looks like <left@right>.")
    if draft.auto_submitted not in _AUTOMATIC:
        raise BadHeader(f"There is no Auto-Submitted: {clean_line(draft.auto_submitted)[:40]}.")
    lines = [
        f"Date: {format_datetime(draft.date)}",
        address_line("From", (draft.from_,)),
        address_line("To", draft.to) if draft.to or draft.cc else "To: undisclosed-recipients:;",
        address_line("Cc", draft.cc),
        address_line("Reply-To", draft.reply_to),
        unstructured("Subject", draft.subject),
        f"Message-ID: {draft.message_id}",
    ]
    if _ID.fullmatch(draft.in_reply_to):
        lines.append(f"In-Reply-To: {draft.in_reply_to}")
    references = [reference for reference in draft.references if _ID.fullmatch(reference)]
    if len(references) > _MAX_REFERENCES:
        references = [references[0], *references[1 - _MAX_REFERENCES :]]
    if references:
        lines.append("References: " + "\r\n ".join(references))
    if draft.auto_submitted:
        lines += [f"Auto-Submitted: {draft.auto_submitted}", "X-Auto-Response-Suppress: All"]
    for name, value in draft.headers:
        check_name(name)
        write = structured if name.lower().startswith("list-") else unstructured  # RFC 2919, RFC 2369
        lines.append(write(name, value))
    return [line for line in lines if line]


def _content(draft: Draft) -> tuple[list[str], bytes]:
    """Give the content fields and the body: alternative inside related inside mixed, as far as needed."""
    fields, body = _text_in(draft.charset, draft.text) if draft.charset else _text("plain", draft.text)
    related = [item for item in draft.attachments if item.inline and item.content_id and draft.html]
    if draft.html:
        html = _text("html", draft.html)
        if related:
            html = _multipart(draft, "related", [html, *map(_attachment, related)])
        fields, body = _multipart(draft, "alternative", [(fields, body), html])
    attached = [item for item in draft.attachments if item not in related]
    if attached:
        fields, body = _multipart(draft, "mixed", [(fields, body), *map(_attachment, attached)])
    return fields, body


def _multipart(draft: Draft, kind: str, parts: list[tuple[list[str], bytes]]) -> tuple[list[str], bytes]:
    """Join parts. The boundary comes from the Message-ID; one that stands in a part is passed over."""
    for attempt in range(1_000):
        seed = f"{draft.message_id} {kind} {attempt}"
        boundary = "=_" + hashlib.sha256(seed.encode()).hexdigest()[:32]
        if not any(boundary.encode() in body for _, body in parts):
            break
    delimiter = f"--{boundary}\r\n".encode()
    body = b"".join(
        delimiter + ("\r\n".join(fields) + "\r\n\r\n").encode() + content.rstrip(b"\r\n") + b"\r\n"
        if fields[-1].endswith("base64")
        else delimiter + ("\r\n".join(fields) + "\r\n\r\n").encode() + content + b"\r\n"
        for fields, content in parts
    )
    return [
        f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"'
    ], body + f"--{boundary}--\r\n".encode()


def _text(kind: str, text: str) -> tuple[list[str], bytes]:
    """Encode a text: 7bit where it fits, quoted-printable where it is mostly ASCII, else base64."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    data = text.encode("utf-8", "replace")
    if not data.endswith(b"\n"):
        data += b"\n"
    lines = data.split(b"\n")
    charset = "us-ascii" if data.isascii() else "utf-8"
    type_line = f"Content-Type: text/{kind}; charset={charset}"
    if data.isascii() and max(map(len, lines)) <= 78 and not re.search(rb"[\x01-\x08\x0b-\x1f\x7f]", data):
        return [type_line, "Content-Transfer-Encoding: 7bit"], data.replace(b"\n", b"\r\n")
    beginning = data[:10_000]
    if len(beginning.translate(None, _BEYOND_ASCII)) * 3 < len(beginning) * 2:
        return [type_line, "Content-Transfer-Encoding: base64"], _base64(data.replace(b"\n", b"\r\n"))
    encoded = binascii.b2a_qp(data, quotetabs=False, istext=True).replace(b"\r\n", b"\n")
    return [type_line, "Content-Transfer-Encoding: quoted-printable"], encoded.replace(b"\n", b"\r\n")


def _text_in(charset: str, text: str) -> tuple[list[str], bytes]:
    """Encode a plain text in a charset, as it is where it is ASCII, else in base64."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    data = text.encode(charset, "replace")
    if data.isascii() and b"\0" not in data:
        return _text("plain", data.decode("ascii"))
    name = Charset(charset).get_output_charset()
    type_line = f"Content-Type: text/plain; charset={name}"
    lines = text.rstrip("\n").replace("\n", "\r\n") + "\r\n"
    return [type_line, "Content-Transfer-Encoding: base64"], _base64(lines.encode(charset, "replace"))


def _base64(data: bytes) -> bytes:
    return b"".join(
        binascii.b2a_base64(data[at : at + 57], newline=False) + b"\r\n" for at in range(0, len(data), 57)
    )


def _attachment(item: Attachment) -> tuple[list[str], bytes]:
    content_type = item.content_type.lower() if _TYPE.match(item.content_type) else "application/octet-stream"
    encoding, body = "base64", _base64(item.data)
    if content_type.startswith(("message/", "multipart/")):
        # RFC 2046 5.2.1: a mail may not be encoded; one that can't go as it is goes as a plain file.
        data = item.data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        plain = data.isascii() and b"\0" not in data and all(len(line) < 998 for line in data.split(b"\r\n"))
        if content_type == "message/rfc822" and plain and b"\r" not in data.replace(b"\r\n", b""):
            encoding, body = "7bit", data
        else:
            content_type = "application/octet-stream"
    word = "inline" if item.inline else "attachment"
    fields = [
        f"Content-Type: {content_type}{file_parameters('name', item.name)}",
        f"Content-Disposition: {word}{file_parameters('filename', item.name)}",
    ]
    content_id = re.sub(r"[^!-;=?-~]", "", item.content_id)
    if content_id:
        fields.append(f"Content-ID: <{content_id[:900]}>")
    return [*fields, f"Content-Transfer-Encoding: {encoding}"], body
