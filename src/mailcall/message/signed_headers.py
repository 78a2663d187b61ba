"""A mail as signatures see it: header fields and body in canonical form (RFC 6376 3.4), in linear time.

Lines may end in a bare LF, as Maildir and LMTP leave them; they are taken for the CRLF that was signed.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .mime import MAX_FIELDS, MAX_HEADER_BYTES
from .transfer import Buffer

_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_LINE_ENDS = re.compile(rb"[\r\n]*")
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


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One header field: its name in lower case, and the whole of it in both canonical forms, without CRLF."""

    name: str
    simple: bytes
    relaxed: bytes

    @property
    def text(self) -> str:
        """The unfolded value; characters beyond ASCII may be garbled."""
        return self.relaxed.partition(b":")[2].decode("utf-8", "replace")

    def canonical(self, relaxed: bool) -> bytes:
        """The field as it is hashed."""
        return self.relaxed if relaxed else self.simple

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
    body_start: int
    trouble: str = ""
    _bodies: dict[bool, tuple[bytes, int]] = field(default_factory=dict)

    def named(self, name: str) -> list[Field]:
        """Every field of that name, topmost first."""
        return [each for each in self.fields if each.name == name]

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


def split_mail(raw: Buffer) -> SignedMail:
    """Split a mail, and see the same fields in it as `mime.parse`, or `trouble`. Never raises."""
    start = _first_field(raw)
    fields: list[Field] = []
    lines: list[bytes] = []
    position, size, trouble = start, len(raw), ""
    while position < size:
        end = raw.find(b"\n", position)
        after = end + 1 if end >= 0 else size
        if after - start > MAX_HEADER_BYTES or len(fields) > MAX_FIELDS:
            trouble = "the header is too large"
            break
        line = raw[position:after].removesuffix(b"\n").removesuffix(b"\r")
        position = after
        if b"\r" in line:
            trouble = "the header holds a carriage return that ends no line"
            break
        if not line:
            break
        if line[:1] not in b" \t":
            if lines:
                fields.append(_field(lines))
            lines = [line] if _NAME.match(line) else []
        elif lines:
            lines.append(line)
        if not lines:
            trouble = "the header holds a line that is no header field"
            break
    if lines:
        fields.append(_field(lines))
    return SignedMail(tuple(fields), raw, position, trouble)


def _first_field(raw: Buffer) -> int:
    """Skip what mailboxes put in front of a mail: empty lines, and the `From ` line of mbox."""
    start = _LINE_ENDS.match(raw).end()  # type: ignore[union-attr]  # it matches anything
    while raw[start : start + 6].startswith((b"From ", b">From ")) and b"\n" in raw[start : start + 1000]:
        start = raw.find(b"\n", start) + 1
    return start


def _field(lines: Sequence[bytes]) -> Field:
    name, _, value = b"".join(lines).partition(b":")
    name = name.rstrip(b" \t").lower()
    relaxed = name + b":" + _single_blanks(value).strip(b" ")
    return Field(name.decode("ascii"), b"\r\n".join(lines), relaxed)


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
