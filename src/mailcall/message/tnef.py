"""Unpacks winmail.dat (MS-OXTNEF): the files, the body and the meeting that Outlook packed into it."""

import hashlib
import mimetypes
import re
from dataclasses import dataclass, replace

from .compressed_rtf import decompress_rtf
from .decoding import decode_text, normal_newlines
from .file_names import safe_name
from .html_text import html_to_text
from .mail import Attachment, Forwarded, Invitation
from .mapi_properties import BINARY, OBJECT, UNICODE, code_page, decode_string
from .rtf_text import read_rtf
from .tnef_meeting import meeting_of, recipients_of, sender_of
from .tnef_stream import Limits, PackedFile, PackedMessage, read_message

MAX_DEPTH = 4
_CONTAINER = "winmail.dat"
_MAX_STRING = 1_000  # bytes of a name or subject
_MAX_HTML = 1024 * 1024  # of an embedded message, for its text
# What may be read of rich text, so that a small mail made to hurt stays a small one. What Outlook and Word
# write takes about one effort for each compressed byte, and says about two characters.
_EFFORT_A_BYTE, _LEAST_EFFORT = 1.75, 30_000
_MAX_GROWTH = 3

# Properties (MS-OXPROPS).
_SUBJECT, _NORMALIZED_SUBJECT, _PREFIX, _CLASS = 0x0037, 0x0E1D, 0x003D, 0x001A
_TEXT, _RTF, _HTML, _INTERNET_CODE_PAGE, _CODE_PAGE = 0x1000, 0x1009, 0x1013, 0x3FDE, 0x3FFD
_MESSAGE_ID, _SUBMITTED, _DELIVERED = 0x1035, 0x0039, 0x0E06
_DATA, _FILE_NAME, _LONG_FILE_NAME, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x3001
_MIME_TAG, _CONTENT_ID, _FLAGS, _HIDDEN = 0x370E, 0x3712, 0x3714, 0x7FFE
_IN_HTML = 4  # a flag of _FLAGS: the HTML refers to it

_EMBEDDED_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")  # IID_IMessage
_UNTITLED = {"", "untitled attachment", "untitled_attachment"}
_ANY_TYPE = "application/octet-stream"
_CID = re.compile(r"""cid:([^"'\s>)]{1,998})""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Winmail:
    """What was in a winmail.dat; missing values are empty.

    `attachments` holds the files of the message and of the messages embedded in it; a `forwarded` message
    points to its own file among them. `text` may be empty where there is `html`. `bodies` is the body as it
    was packed, in each form, for whoever wants its bytes.
    """

    text: str = ""
    html: str = ""
    subject: str = ""
    attachments: tuple[Attachment, ...] = ()
    forwarded: tuple[Forwarded, ...] = ()
    invitation: Invitation | None = None
    bodies: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()


def unpack_winmail(data: bytes) -> Winmail:
    """Unpack a TNEF stream. Never raises; what is damaged is named in `defects`."""
    limits = Limits(effort=int(_EFFORT_A_BYTE * len(data)) + _LEAST_EFFORT)
    winmail = _unpack(read_message(data, limits), 1, limits)
    return replace(winmail, defects=tuple(limits.defects))


def _unpack(message: PackedMessage, depth: int, limits: Limits) -> Winmail:
    body = _read_body(message, limits)
    files = _Files(body.html, depth, limits)
    for file in message.files:
        files.add(file)
    subject = _subject(message)
    kind = message.properties.text(_CLASS) or decode_string(message.message_class[:_MAX_STRING], "ascii")
    return Winmail(
        text=body.text,
        html=body.html,
        subject=subject,
        attachments=(*files.attachments, *body.only_as_file),
        forwarded=tuple(files.forwarded),
        invitation=meeting_of(kind, subject, body.text, message.properties, message.recipients),
        bodies=body.files,
    )


def _subject(message: PackedMessage) -> str:
    properties = message.properties
    subject = properties.text(_SUBJECT) or (
        properties.text(_PREFIX) + properties.text(_NORMALIZED_SUBJECT)
        or decode_string(message.subject[:_MAX_STRING], message.codec)
    )
    return " ".join(subject.split())


@dataclass(frozen=True, slots=True)
class _Body:
    """The body of a message; `only_as_file` is what neither text nor HTML can show."""

    text: str
    html: str
    files: tuple[Attachment, ...]
    only_as_file: tuple[Attachment, ...]


def _read_body(message: PackedMessage, limits: Limits) -> _Body:
    properties = message.properties
    own = code_page(properties.number(_CODE_PAGE)) or message.codec
    internet = code_page(properties.number(_INTERNET_CODE_PAGE)) or own
    kind, raw_text = properties.values.get(_TEXT, (0, message.body))
    text = _decoded(raw_text, "utf-16-le" if kind == UNICODE else own)
    kind, raw_html = properties.values.get(_HTML, (0, b""))
    html = _decoded(raw_html, {UNICODE: "utf-16-le", BINARY: internet}.get(kind, own))
    packed = [("message.txt", "text/plain", raw_text), ("message.html", "text/html", raw_html)]
    files = [_attachment(name, kind, data.rstrip(b"\0")) for name, kind, data in packed if data.strip(b"\0")]
    rich = False
    if compressed := properties.data(_RTF):
        rtf, defect = decompress_rtf(compressed)
        if defect:
            limits.note(defect)
        body = read_rtf(rtf, limits.effort, _MAX_GROWTH * len(compressed) + 65_536)
        limits.effort = max(0, limits.effort - body.effort)
        if body.cut:
            limits.note("the rich text is too large: only its beginning is shown")
        text, html, rich = text or body.text, html or body.html, body.rich
        files.append(_attachment("message.rtf", "application/rtf", rtf))
    return _Body(
        normal_newlines(text), normal_newlines(html), tuple(files), tuple(files[-1:] if rich else ())
    )


def _decoded(data: bytes, codec: str) -> str:
    if codec == "utf-16-le":
        data = data[: len(data) & ~1]
    return decode_text(data, codec)[0].rstrip("\0")


class _Files:
    """Collects the files of a message, and of the messages embedded in it."""

    def __init__(self, html: str, depth: int, limits: Limits) -> None:
        self.attachments: list[Attachment] = []
        self.forwarded: list[Forwarded] = []
        self.shown = set(_CID.findall(html))
        self.depth = depth
        self.limits = limits

    def add(self, file: PackedFile) -> None:
        """Add a file.

        An object of MAPI (an embedded message, a drawing) may have a stand-in for other programs beside it:
        then both are kept, since nothing tells a stand-in from a file.
        """
        kind, value = file.properties.values.get(_DATA, (0, b""))
        embedded = kind == OBJECT and value.startswith(_EMBEDDED_MESSAGE)
        value = value[len(_EMBEDDED_MESSAGE) :] if embedded else value
        title = decode_string(file.title[:_MAX_STRING], file.properties.codec)
        if file.data is not None and (file.data != value or not value):
            self.add_file(file, file.data, title if value else _name(file, title))
        if embedded:
            self.add_message(file, value, _name(file, title))
        elif value:
            self.add_file(file, value, _name(file, title))
        elif file.data is None:
            self.limits.note("an attachment in winmail.dat has no content")

    def add_file(self, file: PackedFile, data: bytes, name: str) -> None:
        """Add the content of an attachment under a name."""
        name = safe_name(name) or f"attachment-{len(self.attachments) + 1}.bin"
        properties = file.properties
        declared = properties.text(_MIME_TAG).strip().lower()
        content_id = properties.text(_CONTENT_ID).strip("<> ")
        shown = bool(properties.number(_FLAGS) & _IN_HTML) or content_id in self.shown
        attachment = _attachment(name, declared or mimetypes.guess_type(name)[0] or _ANY_TYPE, data)
        inline = properties.flag(_HIDDEN) or (bool(content_id) and shown)
        self.attachments.append(replace(attachment, inline=inline, content_id=content_id))

    def add_message(self, file: PackedFile, data: bytes, name: str) -> None:
        """Add an embedded message as a file and, unless it is nested too deep, what is in it."""
        position = len(self.attachments)
        self.add_file(file, data, (name or f"message-{position + 1}") + ".tnef")
        if self.depth >= MAX_DEPTH:
            self.limits.note(f"messages nested deeper than {MAX_DEPTH} in winmail.dat stay packed")
            return
        message = read_message(data, self.limits)
        inner = _unpack(message, self.depth + 1, self.limits)
        self.forwarded.append(_forwarded(message, inner, position))
        after = len(self.attachments)
        for deeper in inner.forwarded:
            place = None if deeper.attachment is None else deeper.attachment + after
            self.forwarded.append(replace(deeper, attachment=place, depth=deeper.depth + 1))
        self.attachments += inner.attachments


def _name(file: PackedFile, title: str) -> str:
    """Give the best name: titles are short names of DOS, or the same words for all that is no file."""
    named = file.properties.text(_LONG_FILE_NAME) or (
        "" if title.strip().lower() in _UNTITLED else title or file.properties.text(_FILE_NAME)
    )
    return named or file.properties.text(_DISPLAY_NAME) or title


def _forwarded(message: PackedMessage, inner: Winmail, position: int) -> Forwarded:
    """Describe an embedded message, whose file is at a position of the attachments."""
    properties = message.properties
    sender = sender_of(properties)
    to, cc = recipients_of(message.recipients)
    return Forwarded(
        from_=(sender,) if sender else (),
        to=to,
        cc=cc,
        date=properties.time(_SUBMITTED) or properties.time(_DELIVERED),
        subject=inner.subject,
        message_id=properties.text(_MESSAGE_ID).strip(),
        text=inner.text or normal_newlines(html_to_text(inner.html[:_MAX_HTML])),
        attachment=position,
    )


def _attachment(name: str, content_type: str, data: bytes) -> Attachment:
    return Attachment(
        name=name,
        content_type=content_type,
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        inline=False,
        content_id="",
        container=_CONTAINER,
    )
