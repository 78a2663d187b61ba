"""Finds the mails that were forwarded in the text of a mail, in the forms that mail programs write."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .mail import Forwarded, Mailbox, Piece, PieceKind
from .quote_headers import (
    COLONS,
    EDGE,
    further_labels,
    is_header_block,
    is_title,
    is_underline,
    label_of,
    notes_start,
    ruled_title,
)
from .quote_words import END_OF_FORWARD, ENGLISH_DATES
from .written_dates import read_written_date

MAX_FORWARDS = 50
_MAX_LINES = 10_000
_MAX_HEADER = 40  # lines of one header block
_WRAPPED = 60  # characters of a line that a program may have broken
_MAX_VALUE = 20_000
_BLANKS = EDGE.replace(">", "")
_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?)*")
_MAILTO_BRACKETS = re.compile(r"\[mailto:([^\[\]\s]{3,254})\]", re.IGNORECASE)
_MAILTO_AFTER = re.compile(
    r"([^\s<>\[\]\"';,:]{1,254}@[^\s<>\[\]]{1,254}?)?<mailto:([^<>]{0,254})>", re.IGNORECASE
)
_IN_BRACKETS = re.compile(r"[\[(]([^\s\[\]()<>]{1,254}@[^\s\[\]()<>]{1,254})[\])]")
_MAILBOX = re.compile(r"([^<>;]*)<([^<>\s]{1,254}@[^<>\s]{1,254})>|([^<>;]+)|[<>;]")
_ADDRESS = re.compile(r"[^\s<>\[\]()\"',;:]{1,100}@[^\s<>\[\]()\"',;:]{1,200}")


@dataclass(slots=True)
class _Block:
    """A header block: lines [first, end), with the title or rule above it; `level` counts its `>`."""

    first: int
    end: int
    level: int
    values: dict[str, str] = field(default_factory=dict)
    english: bool = False


def inline_forwards(pieces: Sequence[Piece]) -> tuple[Forwarded, ...]:
    """Give the mails quoted with a header block of their own, outermost first. Never raises.

    A mail below another, or in its quotation, is one deeper. `text` goes to the next header block.
    """
    found: list[Forwarded] = []
    for piece in pieces:
        if piece.kind is not PieceKind.QUOTE or len(found) >= MAX_FORWARDS:
            continue
        if not any(colon in piece.text for colon in COLONS):
            continue
        lines = piece.text.split("\n")
        blocks = _blocks(lines, MAX_FORWARDS - len(found))
        open_levels: list[int] = []
        for number, block in enumerate(blocks):
            while open_levels and open_levels[-1] > block.level:
                open_levels.pop()
            open_levels.append(block.level)
            below = blocks[number + 1].first if number + 1 < len(blocks) else len(lines)
            found.append(_forwarded(block, _text(lines, block, below), len(open_levels)))
    return tuple(found)


def _blocks(lines: list[str], most: int) -> list[_Block]:
    """Find the header blocks, in order."""
    blocks: list[_Block] = []
    after = 0
    for at, line in enumerate(lines[:_MAX_LINES]):
        if at < after or not (":" in line or COLONS[1] in line) or not label_of(line):
            continue
        above = _announced_at(lines, at, after)
        if is_header_block(lines, at, announced=above < at):
            block = _read_block(lines, at)
            block.first = above
            blocks.append(block)
            after = block.end
            if len(blocks) >= most:
                break
    return blocks


def _announced_at(lines: list[str], at: int, floor: int) -> int:
    """Give the line of the title or rule above a header block, or `at` when there is none."""
    for above in range(at - 1, max(floor, at - 4) - 1, -1):
        text = lines[above].strip(EDGE)
        if text and notes_start(lines, at, floor) == above:
            return above
        if text or is_underline(lines[above]):
            rule = is_underline(lines[above].lstrip("> ")) or is_title(lines[above].lstrip("> "))
            return above if rule or ruled_title(lines[above]) else at
    return at


def _level(line: str) -> int:
    match = _PREFIX.match(line[:200])
    return match[0].count(">") if match else 0


def _read_block(lines: list[str], start: int) -> _Block:
    """Read the fields of a header block; values may go on in the next lines, or share a line."""
    block = _Block(start, start, _level(lines[start]))
    current = ""
    at = start
    while at < min(start + _MAX_HEADER, len(lines)):
        line = lines[at].lstrip(EDGE).rstrip(_BLANKS)
        if not line:
            further = next(
                (next_ for next_ in range(at + 1, min(at + 3, len(lines))) if lines[next_].strip(EDGE)), -1
            )
            if further < 0 or label_of(lines[further]) in {"", *block.values}:
                break
        elif label_of(line):
            current = _take_line(block, line)
        elif current and _goes_on(block, current, lines[at - 1], line):
            block.values[current] = f"{block.values[current]} {line}"[:_MAX_VALUE]
        else:
            break
        at += 1
    block.end = at
    return block


def _goes_on(block: _Block, current: str, before: str, line: str) -> bool:
    """Say whether a line without a label belongs to the value above it, or is the first of the text."""
    if not block.values[current] or current in {"to", "cc"} or line.startswith(("<", "[")):
        return True
    return len(before) >= _WRAPPED or not {"from", "subject"} <= block.values.keys()


def _take_line(block: _Block, line: str) -> str:
    """Take the fields of one line; give the last."""
    line = line[:_MAX_VALUE].replace(COLONS[1], ":")
    name = label_of(line)
    cuts = [cut for cut in further_labels(line) if cut[0] > line.find(":")]
    if name == "date":
        block.english = line.partition(":")[0].strip(EDGE).casefold() in ENGLISH_DATES
        cuts = [cut for cut in cuts if cut[2] != "date"]
    value_start = line.find(":") + 1
    for start, end, further in cuts if name != "subject" else []:
        block.values.setdefault(name, line[value_start:start].strip(_BLANKS))
        name, value_start = further, end
    value = line[value_start:].strip(_BLANKS)
    block.values.setdefault(name, value)
    return name


def _text(lines: list[str], block: _Block, below: int) -> str:
    """Give the text under a header block, without the `>` of its level."""
    out: list[str] = []
    for line in lines[block.end : below]:
        if line.strip() and _level(line) < block.level:
            break
        text = _unquoted(line, block.level)
        if text[:1] == "-" and END_OF_FORWARD.search(ruled_title(text)):
            break
        out.append(text.rstrip())
    return "\n".join(out).strip("\n")


def _unquoted(line: str, level: int) -> str:
    for _ in range(level):
        line = line.lstrip(" \t").removeprefix(">")
    return line.removeprefix(" ") if level else line


def _forwarded(block: _Block, text: str, depth: int) -> Forwarded:
    values = block.values
    return Forwarded(
        from_=read_written_mailboxes(values.get("from", ""))[:1],
        to=read_written_mailboxes(values.get("to", "")),
        cc=read_written_mailboxes(values.get("cc", "")),
        date=read_written_date(values.get("date", ""), english=block.english),
        subject=" ".join(values.get("subject", "").split()),
        text=text,
        depth=depth,
    )


def read_written_mailboxes(value: str) -> tuple[Mailbox, ...]:
    """Read mailboxes as programs show them to people; one without an address keeps its name.

    Names may hold commas; `Ann [mailto:a@b]`, `<a@b<mailto:a@b>>` and `a@b<mailto:a@b>` are Outlook's.
    """
    value = _MAILTO_BRACKETS.sub(r"<\1>", value[:_MAX_VALUE])
    value = _MAILTO_AFTER.sub(lambda match: match[1] or f"<{match[2]}>", value)
    value = _IN_BRACKETS.sub(r"<\1>", value)
    found: list[Mailbox] = []
    for match in _MAILBOX.finditer(value):
        name, address, bare = match.groups()
        if address:
            before, _, name = name.rpartition(",") if "@" in name else ("", "", name)
            found += _bare(before)
            found.append(Mailbox(_name(name), address))
        elif bare:
            found += _bare(bare)
    return tuple(dict.fromkeys(found))


def _bare(text: str) -> list[Mailbox]:
    """Give the mailboxes of a text without angle brackets: addresses, or one name."""
    addresses = _ADDRESS.findall(text)
    if addresses:
        return [Mailbox("", address) for address in addresses]
    name = _name(text)
    return [Mailbox(name, "")] if name else []


def _name(text: str) -> str:
    return " ".join(text.split()).strip(" ,;\"'*_|")
