"""What a person reads of a mail and what is attached to it, chosen from the tree of its parts."""

import hashlib
import html as html_entities
from dataclasses import dataclass, field

from .decoding import decode_text, normal_newlines
from .file_names import declared_name, name_of
from .html_text import html_to_text
from .mail import Attachment
from .mime import Part, parse

MAX_HTML = 4 * 1024 * 1024
MAX_TEXT = 16 * 1024 * 1024
_TEXTS = {"text/plain", "text/enriched", "text/richtext", "text/x-markdown", "text/markdown"}
# Types that a later issue ("Read any mail right") opens up; until then they are attachments:
# application/ms-tnef (winmail.dat), text/calendar, message/rfc822 (forwarded mails),
# application/pkcs7-mime and multipart/signed (S/MIME).


@dataclass(slots=True)
class _Piece:
    """One shown piece of the body: its plain text, its HTML, or both."""

    text: str = ""
    html: str = ""


@dataclass(slots=True)
class Body:
    """`text` as a person would read it, `html` as sent ('' without any), and the attachments."""

    text: str = ""
    html: str = ""
    attachments: list[Attachment] = field(default_factory=list)


def read_body(root: Part, defects: list[str]) -> Body:
    """Choose the body of a mail; everything else becomes an attachment."""
    reader = _Reader(defects)
    pieces = reader.pieces(root, root=True)
    body = Body(attachments=reader.attachments)
    body.text = "\n\n".join(text for piece in pieces if (text := _shown_text(piece, defects)).strip())
    if any(piece.html for piece in pieces):
        body.html = "\n".join(piece.html or _as_html(piece.text) for piece in pieces)
    return body


def _shown_text(piece: _Piece, defects: list[str]) -> str:
    if piece.text.strip() or not piece.html:
        return piece.text
    if len(piece.html) > MAX_HTML:
        defects.append("the HTML is too large: the text is made from its beginning")
    return normal_newlines(html_to_text(piece.html[:MAX_HTML]))


def _as_html(text: str) -> str:
    return f"<pre>{html_entities.escape(text)}</pre>" if text.strip() else ""


class _Reader:
    """Walks the tree once, in order, collecting attachments on the way."""

    def __init__(self, defects: list[str]) -> None:
        self.attachments: list[Attachment] = []
        self.defects = defects

    def pieces(self, part: Part, *, root: bool = False, related: bool = False) -> list[_Piece]:
        """Give the shown pieces of a part."""
        if part.children:
            if part.content_type == "multipart/alternative":
                return self.alternative(part)
            return self.sequence(part, related=part.content_type == "multipart/related")
        kind = "text/html" if part.content_type in {"text/html", "application/xhtml+xml"} else ""
        kind = kind or ("text/plain" if part.content_type in _TEXTS else "")
        word, _ = part.disposition()
        named = bool(declared_name(part))
        if not kind or word == "attachment" or (named and not root) or (related and kind == "text/plain"):
            self.attach(part, inline=related or word == "inline")
            return []
        text = self.text_of(part)
        if kind == "text/html":
            return [_Piece(html=text)]
        return [_Piece(text=text)]

    def sequence(self, part: Part, *, related: bool) -> list[_Piece]:
        """Give the pieces of multipart/mixed (all texts) or related (RFC 2387: the root's only)."""
        if not related:
            return [piece for child in part.children for piece in self.pieces(child)]
        start = part.params.get("start", "")
        first = next((c for c in part.children if start and c.value("content-id") == start), part.children[0])
        found = self.pieces(first)
        for child in part.children:
            if child is not first:
                found += self.pieces(child, related=not child.children)
        return found

    def alternative(self, part: Part) -> list[_Piece]:
        """Give one piece with the first plain text and the last HTML (RFC 2046 5.1.4)."""
        text, html = "", ""
        for child in part.children:
            found = self.pieces(child)
            plain = "\n\n".join(piece.text for piece in found if piece.text.strip())
            markup = "\n".join(piece.html for piece in found if piece.html)
            text = text or plain
            html = markup or html
        return [_Piece(text, html)]

    def text_of(self, part: Part) -> str:
        """Decode a text part by ordered evidence."""
        data, defect = part.data()
        if len(data) > MAX_TEXT:
            data, defect = data[:MAX_TEXT], "the text is too large: only its beginning is shown"
        text, guessed = decode_text(data, part.params.get("charset", ""))
        self.defects += [note for note in (defect, guessed) if note]
        return normal_newlines(text)

    def attach(self, part: Part, *, inline: bool) -> None:
        """Keep a part as an attachment."""
        data, defect = part.data()
        if defect:
            self.defects.append(defect)
        subject = ""
        if part.content_type == "message/rfc822" and not declared_name(part):
            subject = parse(data[:65_536], []).text("subject")
        content_id = part.value("content-id").strip("<> ")[:998]
        self.attachments.append(
            Attachment(
                name=name_of(part, len(self.attachments) + 1, subject),
                content_type=part.content_type,
                data=data,
                sha256=hashlib.sha256(data).hexdigest(),
                inline=inline or (bool(content_id) and part.content_type.startswith("image/")),
                content_id=content_id,
            )
        )
