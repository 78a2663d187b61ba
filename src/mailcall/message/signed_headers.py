"""A mail as signatures see it: header fields and body in canonical form (RFC 6376 3.4), in linear time.

Lines may end in a bare LF, as Maildir and LMTP leave them; they are taken for the CRLF that was signed.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .mime import MAX_HEADER_BYTES, Part, parse
from .transfer import Buffer

_FIELD_END = re.compile(rb"\n(?![ \t])")
_SLICE = 1024 * 1024  # bytes of a body that are made canonical at once

# What may stand once in a mail (RFC 5322 3.6, RFC 2045), and is read from the first of its kind.
_SINGLE = (
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "date",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
)
_ALWAYS = ("from", "subject")


class Unproven(Exception):
    """A signature that does not count: a result of RFC 8601 2.7.1, and the reason for people."""

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


@dataclass(slots=True, eq=False)
class Field:
    """One header field: its name in lower case, and all of it as it came, lines ended by LF but the last."""

    name: str
    lines: bytes

    @property
    def text(self) -> str:
        """The unfolded value; characters beyond ASCII may be garbled."""
        return self.relaxed_value.decode("utf-8", "replace")

    @property
    def relaxed_value(self) -> bytes:
        """The value, unfolded, and each run of blanks made one space (RFC 6376 3.4.2)."""
        return _single_blanks(self.lines.partition(b":")[2].replace(b"\n", b"")).strip(b" ")

    @property
    def obsolete(self) -> bool:
        """Whether blanks stand before its colon (RFC 5322 4.5): not every filter takes it for this field."""
        return self.lines.partition(b":")[0].endswith((b" ", b"\t"))

    def canonical(self, relaxed: bool) -> bytes:
        """The field as it is hashed, without its last CRLF (RFC 6376 3.4.1, 3.4.2)."""
        if not relaxed:
            return self.lines.replace(b"\n", b"\r\n")
        return self.name.encode() + b":" + self.relaxed_value

    def unsigned(self, relaxed: bool) -> bytes:
        """The field as it is hashed for the signature in it: with an empty `b=` (RFC 6376 3.7)."""
        name, colon, value = self.canonical(relaxed).partition(b":")
        tags = value.split(b";")
        for index, tag in enumerate(tags):
            key, equals, _ = tag.partition(b"=")
            if equals and key.strip(b" \t\r\n") == b"b":
                tags[index] = key + equals
        return name + colon + b";".join(tags)


@dataclass(slots=True, eq=False)
class SignedMail:
    """A mail split for its signatures. `trouble` says why none of them can be verified, or is empty."""

    fields: tuple[Field, ...]
    raw: Buffer
    root: Part  # as our reader sees it
    trouble: str = ""
    _bodies: dict[bool, tuple[bytes, int]] = field(default_factory=dict)
    _by_name: dict[str, list[Field]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.fields:
            self._by_name.setdefault(each.name, []).append(each)

    @property
    def body_start(self) -> int:
        """Where in `raw` the body begins."""
        return self.root.start

    def named(self, name: str) -> list[Field]:
        """Every field of that name, topmost first."""
        return self._by_name.get(name, [])

    def body(self, relaxed: bool) -> tuple[bytes, int]:
        """The SHA-256 of the canonical body, and how many bytes were hashed."""
        if relaxed not in self._bodies:
            digest, size = hashlib.sha256(), 0
            for piece in _canonical_body(self.raw, self.body_start, relaxed):
                digest.update(piece)
                size += len(piece)
            self._bodies[relaxed] = digest.digest(), size
        return self._bodies[relaxed]

    def header(self, names: Sequence[str], signature: Field, relaxed: bool) -> bytes:
        """The SHA-256 of the fields that a signature names, and of itself (RFC 6376 3.7, 5.4.2)."""
        digest = hashlib.sha256()
        left: dict[str, list[Field]] = {}
        for each in self.fields:
            if each is not signature:
                left.setdefault(each.name, []).append(each)
        for name in names:
            if fields := left.get(name):
                digest.update(fields.pop().canonical(relaxed) + b"\r\n")
        digest.update(signature.unsigned(relaxed))
        return digest.digest()

    def require_cover(self, names: Sequence[str]) -> None:
        """Raise Unproven unless what people and rules go by is signed (RFC 6376 8.15).

        A signature may leave out a second From or Subject that somebody added above the first. From and
        Subject must be signed whenever they are there, and no other field that may stand only once may
        have an instance that is signed and one that is not.
        """
        for name in _SINGLE:
            present, signed = len(self.named(name)), names.count(name)
            if present > signed and (signed or name in _ALWAYS):
                raise Unproven("policy", f"it does not cover every {name.title()} of the mail")


def split_mail(raw: Buffer, root: Part | None = None) -> SignedMail:
    """Split a mail for its signatures; `root` is what `parse` gave, if it was asked. Never raises.

    The fields and the body are those that our reader sees: what is verified is what is shown. There is
    `trouble` where it repairs a header by leaving out a line, which a signature may well cover.
    """
    root = root or parse(raw, [])
    if root.start - root.head > MAX_HEADER_BYTES:
        return SignedMail((), raw, root, "the header is too large")
    header = bytes(root.buffer[root.head : root.start]).replace(b"\r\n", b"\n")
    pieces = _FIELD_END.split(header.rstrip(b"\n")) if root.fields else []
    plain = root.buffer is raw and b"\r" not in header and b"\0" not in header
    if plain and root.sound:
        names = [name for name, _ in root.fields]
    else:
        named = list(map(_named, pieces))
        names = [name for name, _ in named]
        plain &= named == [(name, value.replace(b"\r\n", b"\n")) for name, value in root.fields]
    trouble = "" if plain else "its header can be read in two ways"
    return SignedMail(tuple(map(Field, names, pieces)), raw, root, trouble)


def _named(piece: bytes) -> tuple[str, bytes]:
    name, _, value = piece.partition(b":")
    return name.rstrip(b" \t").lower().decode("ascii", "replace"), value


def _single_blanks(text: bytes) -> bytes:
    """Make each run of blanks one space. A loop of few rounds, where a regex could be quadratic."""
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _canonical_body(raw: Buffer, start: int, relaxed: bool) -> Iterator[bytes]:
    """Give the canonical body piece by piece (RFC 6376 3.4.3, 3.4.4): no copy of all of it is made."""
    empty_lines = 0  # that are hashed only if more follows
    some = False
    while start < len(raw):
        end = raw.find(b"\n", min(start + _SLICE, len(raw)) - 1)
        end = end + 1 if end >= 0 else len(raw)
        text = raw[start:end].replace(b"\r\n", b"\n")
        start = end
        if not text.endswith(b"\n"):
            text += b"\n"
        if relaxed:
            text = _single_blanks(text).replace(b" \n", b"\n")
        content = text.rstrip(b"\n")
        if content:
            yield b"\r\n" * empty_lines
            yield content.replace(b"\n", b"\r\n")
            some, empty_lines = True, 0
        empty_lines += len(text) - len(content)
    if some or not relaxed:
        yield b"\r\n"
