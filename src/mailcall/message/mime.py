"""The tree of a mail: header fields and parts as positions in its bytes, found by one scan with hard caps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .decoding import clean_value, decode_raw_value, decode_words
from .parameters import parse_parameters
from .transfer import Buffer, decode_transfer

MAX_HEADER_BYTES = 4 * 1024 * 1024
MAX_FIELDS = 10_000
MAX_PARTS = 1_000
MAX_DEPTH = 30  # small enough for functions that call themselves on the children of a part
_MAX_BOUNDARY = 1_000  # RFC 2046 allows 70
_JUNK = 16_384  # bytes that are looked through for the rest of a header
_PREAMBLE = 65_536  # how far the first delimiter is looked for before the boundary is held for wrong

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
# A header as it should be: whole fields up to an empty line.
_SOUND_HEADER = re.compile(rb"((?:(?!--)[!-9;-~]{1,200}[ \t]*+:[^\n]*+\n(?:[ \t][^\n]*+\n)*+)++)\r*+\n")
_PLAIN_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,80}:")
# Fields that a header goes on with after lines that lost their indentation on the way.
_KNOWN_FIELD = re.compile(
    rb"\n(?:from|to|subject|date|message-id|mime-version|content-type|received|reply-to):", re.IGNORECASE
)
_EMPTY_LINE = re.compile(rb"\r*\n")
_GAP = re.compile(rb"\n\r*\n")
_LEADING_LINES = re.compile(rb"[\r\n]*")
_MBOX = re.compile(rb">?From (?![ \t]*+:)[^\n]{0,998}\n")  # `From :` is a field (RFC 5322 4.5)
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+\Z")
_GUESSED = re.compile(rb"\s{0,200}--([^\r\n]{1,100})")

Fields = tuple[tuple[str, bytes], ...]  # names in lower case, raw values


@dataclass(slots=True, eq=False)
class Part:
    """One entity: `buffer[start:end]` is its body, which is copied only when asked for.

    Field names are lower case, values raw. Its header begins at `head`, and is `sound` if it is nothing but
    whole fields and the empty line below them.
    """

    buffer: Buffer
    fields: Fields
    start: int
    end: int
    content_type: str = "text/plain"
    params: dict[str, str] = field(default_factory=dict)
    children: list["Part"] = field(default_factory=list)
    hint: str = ""  # charset of the mail's text, for raw 8-bit headers
    head: int = 0
    sound: bool = False
    _index: dict[str, list[bytes]] = field(default_factory=dict)
    _read: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.fields:
            if name in self._index:
                self._index[name].append(value)
            else:
                self._index[name] = [value]

    @property
    def body(self) -> bytes:
        """The body as it came, its transfer encoding not undone."""
        return bytes(self.buffer[self.start : self.end])

    def raw(self, name: str) -> list[bytes]:
        """Give every raw value of a field, topmost first."""
        return self._index.get(name, [])

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
        if name not in self._index:
            return ""
        if name not in self._read:
            self._read[name] = clean_value(decode_raw_value(self._index[name][0], self.hint))
        return self._read[name]

    def text(self, name: str) -> str:
        """Give the first value of an unstructured field, decoded for people."""
        return decode_words(self.value(name))

    def walk(self) -> Iterator["Part"]:
        """Give this part and every part below it, in order."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting += reversed(part.children)

    def data(self) -> tuple[bytes, str]:
        """Give the body with its transfer encoding undone, and a defect."""
        return decode_transfer(self.buffer, self.value("content-transfer-encoding"), self.start, self.end)

    def disposition(self) -> tuple[str, dict[str, str]]:
        """Give Content-Disposition (RFC 2183) as its word and its parameters."""
        value = self.value("content-disposition")
        return parse_parameters(value) if value else ("", {})


def parse(raw: Buffer, defects: list[str]) -> Part:
    """Split a mail into its tree. What is beyond a cap stays one undivided part; `defects` says so."""
    raw, start = _beginning(raw)
    tree = _Tree(raw, defects)
    root = tree.build(start)
    hint = next((part.params["charset"] for part in tree.parts if part.params.get("charset")), "")
    for part in tree.parts:
        part.hint = hint
    return root


def read_header(raw: Buffer) -> tuple[Buffer, int, Fields, int]:
    """Give the bytes that `parse` reads, where the header begins, its fields, and where the body begins."""
    raw, start = _beginning(raw)
    fields, body, _ = _Tree(raw, []).header(start, root=True)
    return raw, start, fields, body


def _beginning(raw: Buffer) -> tuple[Buffer, int]:
    """Skip what mailboxes put in front of a mail: empty lines, and the `From ` line of mbox."""
    raw = _with_line_feeds(raw)
    leading = _LEADING_LINES.match(raw)
    start = leading.end() if leading else 0
    while mbox := _MBOX.match(raw, start):
        start = mbox.end()
    return raw, start


def _with_line_feeds(raw: Buffer) -> Buffer:
    """Put line feeds where a mail has carriage returns alone."""
    carriage = raw.find(b"\r")
    if carriage < 0 or raw.find(b"\n", carriage, carriage + 2) >= 0:
        return raw
    feed = raw.find(b"\n")
    if feed < 0 or (feed > carriage and _PLAIN_FIELD.match(raw, carriage + 1)):
        return bytes(raw[:]).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw


@dataclass(slots=True)
class _Open:
    """A multipart whose last delimiter was not seen yet."""

    part: Part
    boundary: bytes
    shadowed: int | None  # an outer multipart with the same boundary


class _Tree:
    """One scan over the delimiter lines (RFC 2046 5.1), whatever the depth."""

    def __init__(self, buffer: Buffer, defects: list[str]) -> None:
        self.buffer = buffer
        self.size = len(buffer)
        self.defects = defects
        self.parts: list[Part] = []
        self.open: list[_Open] = []
        self.levels: dict[bytes, int] = {}  # boundary: its place in `open`

    def build(self, start: int) -> Part:
        """Read the entity that begins at `start` and all below it."""
        root = leaf = self.entity(start, "text/plain", root=True)
        position = max(0, root.start - 1)
        while self.open:
            at = self.buffer.find(b"\n--", position)
            if at < 0:
                break
            end = self.buffer.find(b"\n", at + 3)
            end = self.size if end < 0 else end
            position = end
            level, last = self.delimiter(bytes(self.buffer[at + 3 : min(end, at + 3 + _MAX_BOUNDARY)]))
            if level is None:
                continue
            self.finish(leaf, at)
            self.close(level + (0 if last else 1), at)
            if last or end + 1 >= self.size:
                continue
            parent = self.open[level].part
            if len(self.parts) >= MAX_PARTS:
                self.note(f"more than {MAX_PARTS} parts: the rest is left undivided")
                leaf = self.add(Part(self.buffer, (), end + 1, self.size, "application/octet-stream"))
                parent.children.append(leaf)
                self.close(0, self.size)
                return root
            digest = parent.content_type == "multipart/digest"
            leaf = self.entity(end + 1, "message/rfc822" if digest else "text/plain")
            parent.children.append(leaf)
            position = leaf.start - 1
        if self.open:
            self.finish(leaf, self.size)
            self.drop_blank(leaf)
            self.note("multipart without its last delimiter")
            self.close(0, self.size)
        return root

    def delimiter(self, line: bytes) -> tuple[int | None, bool]:
        """Give which open multipart a line after `--` belongs to, and whether it is its last."""
        line = line.rstrip(b" \t\r")
        level = self.levels.get(line)
        if level is None and line.endswith(b"--"):
            return self.levels.get(line[:-2]), True
        return level, False

    def finish(self, leaf: Part, at: int) -> None:
        """End a leaf before the line end that belongs to the delimiter."""
        if leaf.end < 0:
            end = at - 1 if at < self.size and self.buffer[at - 1 : at] == b"\r" else at
            leaf.end = max(leaf.start, end)

    def close(self, level: int, at: int) -> None:
        """End all open multiparts from `level` inwards; one without a single part is a text."""
        while len(self.open) > level:
            ended = self.open.pop()
            part = ended.part
            part.end = max(part.start, at)
            if ended.shadowed is None:
                del self.levels[ended.boundary]
            else:
                self.levels[ended.boundary] = ended.shadowed
            if not part.children:
                self.note("multipart without a usable boundary")
                part.content_type = "text/plain"

    def drop_blank(self, leaf: Part) -> None:
        """Take back a part of nothing but white space after a delimiter that should have been the last."""
        siblings = self.open[-1].part.children
        short = leaf.end - leaf.start < 1_000 and not leaf.fields
        if short and siblings and siblings[-1] is leaf and not leaf.body.strip():
            siblings.pop()

    def entity(self, start: int, default: str, *, root: bool = False) -> Part:
        """Read the header at `start`; a multipart is open from then on."""
        fields, body, sound = self.header(start, root)
        part = self.add(Part(self.buffer, fields, body, -1, head=start, sound=sound))
        word, part.params = parse_parameters(part.value("content-type"))
        part.content_type = word if _TYPE.match(word) else _repaired_type(word, default)
        if not part.content_type.startswith("multipart/"):
            part.end = -1 if self.open else self.size
            return part
        if len(self.open) >= MAX_DEPTH:
            self.note(f"parts nested deeper than {MAX_DEPTH} are left undivided")
            part.content_type = "application/octet-stream"
            return part
        boundary = self.boundary(part)
        if boundary:
            self.open.append(_Open(part, boundary, self.levels.get(boundary)))
            self.levels[boundary] = len(self.open) - 1
        else:
            part.content_type = "text/plain"
            part.end = -1 if self.open else self.size
        return part

    def boundary(self, part: Part) -> bytes:
        """Give the boundary of a multipart, guessed from the first line where the named one never comes."""
        named = part.params.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")[:_MAX_BOUNDARY]
        reach = part.start + _PREAMBLE
        before = max(0, part.start - 1)
        if named and (reach < self.size or self.buffer.find(b"\n--" + named, before) >= 0):
            return named
        self.note("multipart without a usable boundary")
        guessed = _GUESSED.match(self.buffer, part.start)
        found = guessed[1].rstrip() if guessed else b""
        return b"" if found in self.levels else found

    def header(self, start: int, root: bool) -> tuple[Fields, int, bool]:
        """Read the fields up to the first empty line, or where they stop.

        Give where the body is, and whether the header is sound.
        """
        buffer, limit = self.buffer, min(self.size, start + MAX_HEADER_BYTES)
        sound = _SOUND_HEADER.match(buffer, start, limit)
        pairs = _FIELD.findall(buffer, start, sound.end(1)) if sound else []
        if sound and len(pairs) < MAX_FIELDS:
            fields = [(name.decode().lower(), value.rstrip(b"\r")) for name, value in pairs]
            return tuple(fields), sound.end(), True
        return *self.unsound_header(start, limit, root), False

    def unsound_header(self, start: int, limit: int, root: bool) -> tuple[Fields, int]:
        """Read the fields one by one, and leave out or mend what is between them."""
        found: list[tuple[str, bytes]] = []
        buffer, position = self.buffer, start
        while position < self.size:
            match = _FIELD.match(buffer, position, limit)
            if match and (root or match[1][:2] != b"--"):
                found.append((match[1].decode("ascii").lower(), match[2].rstrip(b"\r")))
                position = match.end()
                if position >= limit < self.size or len(found) >= MAX_FIELDS:
                    self.note("the header is too large: its rest is left out")
                    gap = _GAP.search(buffer, position - 1)
                    return tuple(found), gap.end() if gap else self.size
                continue
            empty = _EMPTY_LINE.match(buffer, position)
            if empty:
                return tuple(found), empty.end()
            after = buffer.find(b"\n", position) + 1 or self.size
            if root and not _PLAIN_FIELD.match(buffer, after):
                after = self.next_known_field(position)
            if not root or after < 0:
                if buffer[position : position + 2] != b"--":
                    self.note("the header ends without an empty line")
                return tuple(found), position
            self.note("a line in the header is no header field")
            position = after
        return tuple(found), self.size

    def next_known_field(self, position: int) -> int:
        """Give where the header goes on before its first empty line, -1 when it does not."""
        gap = _GAP.search(self.buffer, position, position + _JUNK)
        known = _KNOWN_FIELD.search(self.buffer, position, gap.start() + 1 if gap else position + _JUNK)
        return known.start() + 1 if known else -1

    def add(self, part: Part) -> Part:
        self.parts.append(part)
        return part

    def note(self, defect: str) -> None:
        if defect not in self.defects:
            self.defects.append(defect)


def _repaired_type(word: str, default: str) -> str:
    if word in {"text", "plain"}:
        return "text/plain"
    return "text/html" if word == "html" else default if not word else "application/octet-stream"
