"""The tree of a mail: header fields and parts, split by linear scans with hard caps (RFC 5322, RFC 2045)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from .decoding import clean_value, decode_raw_value, decode_text, decode_transfer, decode_words

MAX_HEADER_BYTES = 4 * 1024 * 1024
MAX_FIELDS = 2_000
MAX_PARTS = 500
MAX_DEPTH = 20
_MAX_PARAMETERS = 16_384

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_PLAIN_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,80}:")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+\Z")
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?\Z")


@dataclass(slots=True)
class Part:
    """One entity. Field names are lower case, values raw; `body` is raw, its children are parsed."""

    fields: tuple[tuple[str, bytes], ...]
    body: bytes
    content_type: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    children: list["Part"] = field(default_factory=list)
    hint: str = ""  # charset of the mail's text, for raw 8-bit headers

    def raw(self, name: str) -> list[bytes]:
        """Give every raw value of a field, topmost first."""
        return [value for key, value in self.fields if key == name]

    def values(self, name: str) -> tuple[str, ...]:
        """Give every unfolded value of a field, encoded words left as they are."""
        return tuple(clean_value(decode_raw_value(value, self.hint)) for value in self.raw(name))

    def ordered(self, *names: str) -> tuple[tuple[str, str], ...]:
        """Give name and unfolded value of every field of these names, topmost first."""
        return tuple(
            (key, clean_value(decode_raw_value(value, self.hint)))
            for key, value in self.fields
            if key in names
        )

    def value(self, name: str) -> str:
        """Give the first unfolded value of a field, or ''."""
        for key, value in self.fields:
            if key == name:
                return clean_value(decode_raw_value(value, self.hint))
        return ""

    def text(self, name: str) -> str:
        """Give the first value of an unstructured field, decoded for people."""
        return decode_words(self.value(name))

    def walk(self) -> Iterator["Part"]:
        """Give this part and every part below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def data(self) -> tuple[bytes, str]:
        """Give the body with its transfer encoding undone, and a defect."""
        return decode_transfer(self.body, self.value("content-transfer-encoding"))

    def disposition(self) -> tuple[str, dict[str, str]]:
        """Give Content-Disposition (RFC 2183) as its word and its parameters."""
        return parse_parameters(self.value("content-disposition"))


def parse(raw: bytes, defects: list[str]) -> Part:
    """Split a mail into its tree. What is beyond a cap stays one undivided part; `defects` says so."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    raw = raw.lstrip(b"\r\n")
    while raw.startswith((b"From ", b">From ")) and b"\n" in raw[:1000]:  # mbox
        raw = raw[raw.index(b"\n") + 1 :]
    root = _build(raw, 0, [MAX_PARTS], defects, "text/plain")
    hint = next((part.params["charset"] for part in root.walk() if part.params.get("charset")), "")
    for part in root.walk():
        part.hint = hint
    return root


def _build(raw: bytes, depth: int, budget: list[int], defects: list[str], default: str) -> Part:
    fields, body = _split_header(raw, depth == 0, defects)
    part = Part(fields, body)
    word, params = parse_parameters(part.value("content-type"))
    part.params = params
    part.content_type = word if _TYPE.match(word) else _repaired_type(word, default)
    if not part.content_type.startswith("multipart/"):
        return part
    if depth >= MAX_DEPTH:
        _note(defects, f"parts nested deeper than {MAX_DEPTH} are left undivided")
        part.content_type = "application/octet-stream"
        return part
    boundary = params.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
    pieces = _split_multipart(body, boundary) if boundary else []
    if not pieces:
        guessed = re.match(rb"\s*--([^\r\n]{1,100})", body)
        pieces = _split_multipart(body, guessed[1].rstrip()) if guessed else []
        _note(defects, "multipart without a usable boundary")
        if not pieces:
            part.content_type = "text/plain"
            return part
    below = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    for index, piece in enumerate(pieces):
        if budget[0] <= 0:
            _note(defects, f"more than {MAX_PARTS} parts: the rest is left undivided")
            rest = b"\r\n".join(pieces[index:])
            part.children.append(Part((), rest, "application/octet-stream"))
            break
        budget[0] -= 1
        part.children.append(_build(piece, depth + 1, budget, defects, below))
    return part


def _note(defects: list[str], defect: str) -> None:
    if defect not in defects:
        defects.append(defect)


def _repaired_type(word: str, default: str) -> str:
    if word in {"text", "plain"}:
        return "text/plain"
    return "text/html" if word == "html" else default if not word else "application/octet-stream"


def _split_header(raw: bytes, root: bool, defects: list[str]) -> tuple[tuple[tuple[str, bytes], ...], bytes]:
    """Split an entity at its first empty line, or where its header stops being one."""
    found: list[tuple[str, list[bytes]]] = []
    position, size = 0, len(raw)
    while position < size:
        end = raw.find(b"\n", position)
        after = end + 1 if end >= 0 else size
        if after > MAX_HEADER_BYTES or len(found) > MAX_FIELDS:
            _note(defects, "the header is too large: its rest is left out")
            gap = re.compile(rb"\r?\n\r?\n").search(raw, position)
            position = gap.end() if gap else size
            break
        line = raw[position : after - 1 if end >= 0 else size].rstrip(b"\r")
        if not line:
            position = after
            break
        name = _FIELD.match(line)
        if line[:1] in b" \t":
            if found:
                found[-1][1].append(line)
            elif not root and line.strip():
                break
        elif name:
            found.append((name[1].decode("ascii").lower(), [line[name.end() :]]))
        elif not root or not _PLAIN_FIELD.match(raw, after):
            _note(defects, "the header ends without an empty line")
            break
        else:
            _note(defects, "a line in the header is no header field")
        position = after
    return tuple((name, b"\n".join(lines)) for name, lines in found), raw[position:]


def _split_multipart(body: bytes, boundary: bytes) -> list[bytes]:
    """Give the bodies between the delimiter lines (RFC 2046 5.1); a missing last delimiter is forgiven."""
    text = b"\n" + body
    marker = b"\n--" + boundary
    pieces: list[bytes] = []
    start = -1
    position = text.find(marker)
    while position >= 0:
        after = position + len(marker)
        end = text.find(b"\n", after)
        end = len(text) if end < 0 else end
        tail = text[after:end].strip()
        if tail in {b"", b"--"}:
            if start >= 0:
                pieces.append(text[start:position].removesuffix(b"\r"))
            start = min(end + 1, len(text))
            if tail:
                return pieces
        position = text.find(marker, end)
    if start >= 0 and text[start:].strip():
        pieces.append(text[start:])
    return pieces


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """Read `word; name=value; ...` with RFC 2231 continuations and charsets. Names are lower case."""
    value = value[:_MAX_PARAMETERS]
    pieces = _split_unquoted(value)
    word = re.sub(r"\([^()]*\)", "", pieces[0]).strip().lower() if pieces else ""
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    params: dict[str, str] = {}
    for piece in pieces[1:]:
        name, equals, content = piece.partition("=")
        match = _SECTION.match(name.strip().lower())
        if not equals or not match:
            continue
        text = _unquoted(content.strip())
        if match[2] is None and match[3] is None:
            params.setdefault(match[1], text)
        else:
            sections.setdefault(match[1], []).append((int(match[2] or 0), bool(match[3]), text))
    for name, parts in sections.items():
        params[name] = _joined_sections(sorted(parts, key=lambda part: part[0]))
    return word, params


def _split_unquoted(value: str) -> list[str]:
    """Split at the semicolons that stand outside quoted strings."""
    pieces: list[str] = []
    start, quoted = 0, False
    for match in re.finditer(r'\\.|[";]', value, re.DOTALL):
        if match[0] == '"' or (match[0] == '\\"' and not quoted):
            quoted = not quoted
        elif match[0] == ";" and not quoted:
            pieces.append(value[start : match.start()])
            start = match.end()
    pieces.append(value[start:])
    return pieces


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        text = text[1:]
        if text.endswith('"'):
            text = text[:-1]
        # Only what must be escaped is unescaped: Windows paths come with single backslashes.
        return text.replace('\\"', '"').replace("\\\\", "\\")
    return text.strip("\"'") if text[:1] == "'" else text


def _joined_sections(parts: list[tuple[int, bool, str]]) -> str:
    charset = ""
    out = b""
    for index, (_, encoded, part) in enumerate(parts):
        text = part
        if encoded and index == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        out += unquote_to_bytes(text) if encoded else text.encode("utf-8", "surrogateescape")
    return decode_text(out, charset)[0]
