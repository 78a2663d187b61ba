"""What a POP3 session lists (RFC 1939 5, 7), a part at a time, and how much of it is as it was.

LIST and UIDL always tell of the whole mailbox. So the part that is done with is recognised by a digest of its
lines, block by block, and only what follows is read as mails, besides the few in it that are owed.
"""

import hashlib
import re
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from mailcall.mailbox.connecting import ProtocolViolation, readable
from mailcall.mailbox.pop3_wire import Refused, Wire

MOST_OWED = 500

_NUMBER = re.compile(rb"[0-9]{1,18}")
_PLAIN_NAME = re.compile(rb"[!-~]{1,70}")  # RFC 1939 7


@dataclass(slots=True)
class Entry:
    """A mail of the listing. `number` holds for one session; 0: it is not in this one."""

    number: int
    uidl: str  # empty where the server has none
    size: int | None  # bytes, by what the server says
    size_line: bytes
    name_line: bytes


@dataclass(frozen=True, slots=True)
class Prefix:
    """How many mails at the beginning of a listing are done with, and the digest of their lines.

    But for those that are `owed`, by their numbers: the server would not hand them over.
    """

    count: int
    digest: str
    owed: tuple[int, ...] = ()

    @classmethod
    def read(cls, mark: str, epoch: str) -> Self:
        """From its written form; nothing, if that is of another mailbox or no mark at all."""
        form = rf"{epoch}:([0-9]{{1,10}}):([0-9a-f]{{32}})(?::([0-9]{{1,10}}(?:,[0-9]{{1,10}})*))?"
        match = re.fullmatch(form, mark)
        if not match:
            return cls(0, "")
        owed = match[3].split(",") if match[3] else []
        return cls(int(match[1]), match[2], tuple(map(int, owed)))

    def written(self, epoch: str) -> str:
        """`epoch:number:digest`, and the numbers that are owed."""
        start = f"{epoch}:{self.count}:{self.digest}"
        return f"{start}:{','.join(map(str, self.owed))}" if self.owed else start


@dataclass(slots=True)
class Hashing:
    """The digest of a prefix while it grows, and which of its mails are owed."""

    count: int = 0
    owed: set[int] = field(default_factory=set)
    sizes: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    names: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, entry: Entry) -> None:
        """One mail more."""
        self.count += 1
        self.sizes.update(entry.size_line)
        self.names.update(entry.name_line)

    def prefix(self) -> Prefix:
        """What it is so far."""
        both = hashlib.sha256(self.sizes.digest() + self.names.digest())
        return Prefix(self.count, both.hexdigest()[:32], tuple(sorted(self.owed)))


@dataclass(frozen=True, slots=True)
class Listing:
    """What is owed, and the first mails after the prefix that is as it was, or (its count is 0) of all."""

    owed: list[Entry]
    entries: list[Entry]
    hashing: Hashing
    has_uidl: bool


def read_listing(wire: Wire, prefix: Prefix, most: int) -> Listing:
    """At most so many mails. Raises OSError, ProtocolViolation, Refused."""
    known = Hashing(prefix.count, set(prefix.owed))
    if wire.pipelining:
        wire.send([b"LIST", b"UIDL"])
    else:
        wire.send([b"LIST"])
    wire.answer()
    sizes = _Part(wire.lines(), prefix, most, known.sizes)
    if not wire.pipelining:
        wire.send([b"UIDL"])
    try:
        wire.answer()
    except Refused:
        return Listing([], _entries(sizes.first, []), Hashing(), has_uidl=False)
    names = _Part(wire.lines(), prefix, most, known.names)
    if prefix.count and sizes.whole and names.whole and known.prefix() == prefix:
        owed = _entries(sizes.owed, names.owed)
        return Listing(owed, _entries(sizes.rest, names.rest), known, has_uidl=True)
    return Listing([], _entries(sizes.first, names.first), Hashing(), has_uidl=True)


def renumber(wire: Wire, entries: Sequence[Entry], deleted: Sequence[int]) -> None:
    """Find the mails of an earlier session in this one. A mail that is missed is in the next listing.

    Without UIDL their order must do, which may lead to another mail: harmless, since bytes make the identity.
    """
    try:
        wire.command(b"UIDL")
    except Refused:
        gone = sorted(deleted)
        for entry in entries:
            entry.number -= bisect_left(gone, entry.number)
        return
    wanted = {entry.uidl for entry in entries}
    numbers = defaultdict[str, deque[int]](deque)
    for block in wire.lines():
        for line in block.splitlines():
            number, uidl = _number_and_name(line)
            if uidl in wanted:
                numbers[uidl].append(number)
    for entry in entries:
        entry.number = numbers[entry.uidl].popleft() if entry.uidl and numbers[entry.uidl] else 0


class _Part:
    """Of one listing: the `first` lines, those `owed` of the prefix, the `rest` after it; was it `whole`?"""

    def __init__(self, blocks: Iterable[bytes], prefix: Prefix, most: int, digest: "hashlib._Hash") -> None:
        self.first: list[bytes] = []
        self.owed: list[bytes] = []
        self.rest: list[bytes] = self.first if not prefix.count else []
        skip = prefix.count
        for block in blocks:
            if len(self.first) < most:
                self.first += block.splitlines(keepends=True)[: most - len(self.first)]
            if not skip:
                after = block
            elif (lines := block.count(b"\n")) <= skip:
                digest.update(block)
                self.owed += _picked(block, prefix.count - skip, prefix.owed)
                skip -= lines
                continue
            else:
                after = block.split(b"\n", skip)[-1]
                within = block[: len(block) - len(after)]
                digest.update(within)
                self.owed += _picked(within, prefix.count - skip, prefix.owed)
                skip = 0
            if self.rest is not self.first and len(self.rest) < most:
                self.rest += after.splitlines(keepends=True)[: most - len(self.rest)]
        self.whole = not skip


def _picked(block: bytes, before: int, numbers: Collection[int]) -> list[bytes]:
    """The lines of the block for these numbers, if a line's number is its place; `before` stand above it."""
    if not numbers:
        return []
    lines = block.split(b"\n")[:-1]
    return [lines[n - before - 1] + b"\n" for n in numbers if before < n <= before + len(lines)]


def _entries(size_lines: Iterable[bytes], name_lines: Iterable[bytes]) -> list[Entry]:
    names = {number: (uidl, line) for line in name_lines for number, uidl in [_number_and_name(line)]}
    entries = []
    for line in size_lines:
        number, said = _numbered(line)
        size = said.split()[0] if said else b""  # RFC 1939 5: more may follow
        uidl, name_line = names.get(number, ("", b""))
        entries.append(Entry(number, uidl, int(size) if _NUMBER.fullmatch(size) else None, line, name_line))
    return entries


def _number_and_name(line: bytes) -> tuple[int, str]:
    number, name = _numbered(line)
    if name and not _PLAIN_NAME.fullmatch(name):
        return number, f"sha256-{hashlib.sha256(name).hexdigest()}"
    return number, name.decode()


def _numbered(line: bytes) -> tuple[int, bytes]:
    number, _, rest = line.strip().partition(b" ")
    if not _NUMBER.fullmatch(number):
        raise ProtocolViolation(f"{readable(line)} in a listing")
    return int(number), rest.strip()
