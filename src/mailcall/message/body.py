"""What a person reads of a mail and what is attached to it, chosen from the tree of its parts."""

import html as html_entities
import re
from dataclasses import dataclass, field

from .attaching import Attachments
from .charsets import decode
from .decoding import composed, line_feeds, without_controls
from .file_names import declared_name
from .flowed import unenriched, unflowed
from .html_text import Mark, MarkedText, join_texts, read_html
from .mail import Attachment, Charset, Forwarded, Invitation, Seal
from .mime import Part, parse
from .sealed import (
    MAX_OPENED,
    is_smime,
    seal_of_part,
    seal_of_smime,
    seals_of_text,
    signed_content,
    without_armour,
)
from .transfer import decode_transfer
from .uuencode import take_files

MAX_HTML = 4 * 1024 * 1024
MAX_TEXT = 2 * 1024 * 1024  # more than a person reads; of all texts together
MAX_GUESSES = 5  # a guess at a charset costs milliseconds
_PLAIN = {"text/plain", "text/enriched", "text/richtext", "text/x-markdown", "text/markdown"}
_HTML = {"text/html", "application/xhtml+xml"}
_NOT_FOR_READING = {"text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/rtf", "text/csv"}
_STUB = 600  # characters of a plain text that may only say that there is HTML
_SAYS_HTML = re.compile(r"\bhtml\b|browser", re.IGNORECASE)


@dataclass(slots=True)
class _Shown:
    """One shown piece of the body: its plain text, its HTML, or both."""

    text: str = ""
    html: str = ""


@dataclass(slots=True)
class Body:
    """`text` as a person would read it, `html` as sent ('' without any), and what came with it."""

    text: str = ""
    html: str = ""
    marks: tuple[Mark, ...] = ()  # what the HTML that `text` was made from says of its lines
    attachments: list[Attachment] = field(default_factory=list)
    mails: list[tuple[int, bytes]] = field(default_factory=list)  # position in `attachments`, decoded
    calendars: list[tuple[bytes, str]] = field(default_factory=list)  # decoded, and their charset
    forwarded: list[Forwarded] = field(default_factory=list)  # read already, in winmail.dat
    invitations: list[Invitation] = field(default_factory=list)  # likewise
    charsets: list[Charset] = field(default_factory=list)
    seals: list[Seal] = field(default_factory=list)


def read_body(root: Part, defects: list[str]) -> Body:
    """Choose the body of a mail; everything else becomes an attachment."""
    reader = _Reader(defects)
    shown = reader.pieces(root, root=True)
    if not any(piece.text.strip() or piece.html.strip() for piece in shown):
        shown += (_Shown(winmail.text, winmail.html) for winmail in reader.attachments.winmails)
    body = Body(charsets=reader.charsets, seals=reader.seals)
    body.text, body.marks = join_texts(_shown_text(piece, defects) for piece in shown)
    if any(piece.html for piece in shown):
        body.html = "\n".join(piece.html or _as_html(piece.text) for piece in shown)
    body.seals += seals_of_text(body.text)
    if body.html and not body.marks:  # marks count lines
        body.text = without_armour(body.text)
    body.attachments = reader.attachments.shown_in(body.html)
    body.mails, body.calendars = reader.attachments.mails, reader.attachments.calendars
    body.forwarded = reader.attachments.forwarded
    body.invitations = [one.invitation for one in reader.attachments.winmails if one.invitation]
    return body


def _shown_text(piece: _Shown, defects: list[str]) -> MarkedText:
    if not piece.html or (piece.text.strip() and not _may_be_stub(piece.text)):
        return MarkedText(piece.text)
    if len(piece.html) > MAX_TEXT:
        defects.append("the HTML is too large: the text is made from its beginning")
    made = read_html(piece.html[:MAX_TEXT])
    return made if len(made.text.strip()) > 3 * len(piece.text.strip()) else MarkedText(piece.text)


def _may_be_stub(text: str) -> bool:
    """Say whether a plain text may be no more than `your mail program can't show HTML`, in any language."""
    return len(text) < _STUB and bool(_SAYS_HTML.search(text))


def _as_html(text: str) -> str:
    return f"<pre>{html_entities.escape(text)}</pre>" if text.strip() else ""


class _Reader:
    """Walks the tree once, in order, collecting attachments on the way. Its depth is capped by `mime`."""

    def __init__(self, defects: list[str]) -> None:
        self.defects = defects
        self.attachments = Attachments(defects)
        self.charsets: list[Charset] = []
        self.seals: list[Seal] = []
        self.room = {"text": MAX_TEXT, "html": MAX_HTML}  # bytes that may still be shown
        self.guesses = MAX_GUESSES
        self.opened = 0

    def pieces(
        self, part: Part, *, root: bool = False, related: bool = False, named_text: bool = False
    ) -> list[_Shown]:
        """Give the shown pieces of a part."""
        seal = seal_of_part(part)
        if seal:
            self.seals.append(seal)
        if part.children:
            if part.content_type == "multipart/alternative":
                return self.alternative(part)
            if part.content_type == "multipart/related":
                return self.related(part)
            return [piece for child in part.children for piece in self.pieces(child)]
        where = _where_shown(part, root=root)
        word, _ = part.disposition()
        named = not root and not named_text and bool(declared_name(part))
        if not where or word == "attachment" or named or (related and where == "text"):
            data = self.attachments.keep(part, inline=word == "inline")
            return self.opened_signature(part, data) if is_smime(part) else []
        return [self.shown(part, where)]

    def related(self, part: Part) -> list[_Shown]:
        """Give the pieces of the root of multipart/related (RFC 2387); the others are what it shows."""
        start, kind = part.params.get("start", "").strip("<> "), part.params.get("type", "").lower()
        children = part.children
        first = next((c for c in children if start and c.value("content-id").strip("<> ") == start), None)
        first = first or next((child for child in children if child.content_type == kind), children[0])
        found = self.pieces(first)
        for child in children:
            if child is not first:
                found += self.pieces(child, related=not child.children)
        return found

    def alternative(self, part: Part) -> list[_Shown]:
        """Give one piece with the first plain text and the last HTML (RFC 2046 5.1.4)."""
        text, html = "", ""
        for child in part.children:
            found = self.pieces(child, named_text=True)
            plain = "\n\n".join(piece.text for piece in found if piece.text.strip())
            markup = "\n".join(piece.html for piece in found if piece.html)
            text = text or plain
            html = markup or html
        return [_Shown(text, html)]

    def opened_signature(self, part: Part, data: bytes) -> list[_Shown]:
        """Give the pieces of what is signed within an S/MIME object, if it is no secret."""
        seal = seal_of_smime(part, data)
        if seal:
            self.seals.append(seal)
        content = signed_content(data) if seal is Seal.SMIME_SIGNED and self.opened < MAX_OPENED else None
        if not content:
            return []
        self.opened += 1
        before, self.attachments.container = self.attachments.container, self.attachments.found[-1].name
        found = self.pieces(parse(content, self.defects))
        self.attachments.container = before
        return found

    def shown(self, part: Part, where: str) -> _Shown:
        """Decode a text part by ordered evidence; what is too long for reading is kept as a file too."""
        room = self.room[where]
        encoding = part.value("content-transfer-encoding")
        data, defect = decode_transfer(
            part.buffer, encoding, part.start, min(part.end, part.start + 3 * room)
        )
        if len(data) > room or part.end > part.start + 3 * room:
            data, defect = data[:room], "the text is too large: only its beginning is shown, all is attached"
            self.attachments.keep(part, inline=False)
        self.room[where] -= len(data)
        markup = where == "html"
        found = decode(data, part.params.get("charset", ""), markup=markup, may_guess=self.guesses > 0)
        self.guesses -= found.evidence.startswith("guessed")
        self.charsets.append(Charset(where, found.charset, found.evidence))
        self.defects += [note for note in (defect, found.defect) if note]
        text = line_feeds(found.text)
        clean = without_controls(text)
        if len(clean) < len(text):
            self.defects.append(f"control characters are left out of the {'HTML' if markup else 'text'}")
        text = composed(clean)
        return _Shown(html=text) if markup else _Shown(self.plain(part, text))

    def plain(self, part: Part, text: str) -> str:
        """Undo what the format added, and take files out that stand in the text."""
        if part.content_type in {"text/enriched", "text/richtext"}:
            return unenriched(text)
        text, files, defects = take_files(text)
        for file in files:
            self.attachments.keep_file(file.name, file.data)
        self.defects += defects
        self.seals += seals_of_text(text)
        text = without_armour(text)
        if part.params.get("format", "").lower() == "flowed":
            return unflowed(text, delsp=part.params.get("delsp", "").lower() == "yes")
        return text


def _where_shown(part: Part, *, root: bool) -> str:
    """Say whether a part is 'text' or 'html' to be read, '' for a file."""
    kind = part.content_type
    if kind in _HTML:
        return "html"
    unknown_text = root and kind.startswith("text/") and kind not in _NOT_FOR_READING  # RFC 2046 4.1.4
    return "text" if kind in _PLAIN or unknown_text else ""
