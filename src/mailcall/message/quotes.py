"""What a sender newly wrote, told apart from quoted mail and signatures. Nothing is deleted."""

import itertools
import re
from collections.abc import Sequence

from .html_text import Mark
from .mail import Piece, PieceKind
from .pieces import KINDS, NEW, QUOTE, SIGNATURE, has_words, pieces_of
from .quote_headers import (
    COLONS,
    EDGE,
    RULE,
    block_end,
    ends_broken_header,
    evidence_in,
    fields_of,
    is_announced_block,
    is_forward_opening,
    is_header_block,
    is_quoted,
    is_title,
    is_underline,
    label_of,
    marked_quote_follows,
    next_line,
    notes_start,
    ruled_title,
    wrote_start,
)
from .quote_words import ABOVE_THIS_LINE, ABOVE_THIS_LINE_HINTS, DESK_MARKER, END_OF_FORWARD
from .signatures import signature_span

MAX_LINES = 10_000  # beyond, only `>` tells quotes apart
_NO_RULES = frozenset("-=_*~") | {"--", "__", "**"}
_FIRST = frozenset(f">| \t\xa0{RULE}")  # what a line begins with that needs a closer look
_WRAPPED = 60  # characters of a line that may have been broken by a program
_TOP = 10  # lines in which marked text must show a header to be somebody else's
_ATTRIBUTION = 10  # characters of its first line
_WRITTEN_OVER = 4  # lines of an attribution


def split_text(text: str, marks: Sequence[Mark] = ()) -> tuple[Piece, ...]:
    """Split a body into what is new, quotes and signatures; joined by line ends they are the text.

    `marks` are the quotations that the markup named, for a text that was made from HTML. Text between
    quoted lines is new. After a header without `>` lines, everything is quoted. Something is always new,
    unless the sender wrote nothing above or below what is quoted or forwarded.
    """
    if not text.strip():
        return (Piece(PieceKind.NEW, text),) if text else ()
    lines = text.split("\n")
    kinds = _Splitter(lines, text, marks).kinds()
    if kinds.count(kinds[0]) == len(kinds):
        return (Piece(KINDS[kinds[0]], text),)
    return pieces_of(lines, kinds)


def split_reply(text: str) -> tuple[str, str]:
    """Give (what was newly written, quotes and signature); every line of the text is in one of them."""
    pieces = split_text(text)
    return joined(pieces, PieceKind.NEW), joined(pieces, PieceKind.QUOTE, PieceKind.SIGNATURE)


def joined(pieces: Sequence[Piece], *kinds: PieceKind) -> str:
    """Give the text of the pieces of these kinds, in order, without blanks at line ends."""
    text = "\n".join([piece.text for piece in pieces if piece.kind in kinds])
    if not text:
        return ""
    return "\n".join(map(str.rstrip, text.split("\n"))).strip("\n")


class _Splitter:
    """Judges each line of one text once."""

    def __init__(self, lines: list[str], text: str, marks: Sequence[Mark]) -> None:
        self.lines = lines
        self.text = text
        self.marks = marks
        self.judged = bytearray(len(lines))
        self.headers: list[int] = []  # where a header of quoted mail begins
        self.looked_at = 0  # lines above are judged
        self.form_until = 0  # lines above belong to a form, which is no header block

    def kinds(self) -> bytearray:
        """Give the kind of each line."""
        self.take_marks()
        self.find_quotes(0)
        self.end_at_marker()
        self.find_signatures()
        if not self.anything(NEW):
            self.keep_something_new()
        return self.judged

    def take_marks(self) -> None:
        """Take what the markup names as quoted; it is only a header when marked lines follow."""
        for mark in self.marks:
            if mark.kind is not PieceKind.QUOTE or mark.first >= len(self.lines):
                continue
            end = min(mark.end, len(self.lines))
            if mark.open_ended:
                at = next_line(self.lines, mark.first)
                if not is_announced_block(self.lines, at):
                    continue
                end = len(self.lines)
            else:
                below = range(mark.first, min(end, mark.first + 8))
                end = next((at for at in below if is_quoted(self.lines[at])), end)
            self.headers.append(mark.first)
            self.judged[mark.first : end] = bytes([QUOTE]) * (end - mark.first)

    def find_quotes(self, start: int) -> None:
        """Mark quoted lines and what follows a header, looking closely only at lines that may matter."""
        lines, judged, first = self.lines, self.judged, _FIRST
        self.looked_at = start
        wide = COLONS[1]
        candidates = [
            at
            for at, line in enumerate(lines)
            if line and (line[0] in first or ":" in line or "@" in line or wide in line)
        ]
        for at in candidates:
            if at < self.looked_at or judged[at]:
                continue
            line = lines[at]
            if line[0] == ">" or (line[0] in "| \t" and is_quoted(line)):
                if (":" in line and self.take_broken_header(at)) or line.startswith(">From "):  # mboxrd
                    continue
                if self.take_marked_header(at):
                    continue
                judged[at] = QUOTE
                self.looked_at = at + 1
                if len(line) >= _WRAPPED and at + 1 < len(lines) and lines[at + 1][:1].islower():
                    self.take_remnant(at + 1)
            elif at < MAX_LINES:
                begin, end = self.header_at(at)
                if end:
                    self.take_header(begin, end)

    def take_broken_header(self, at: int) -> bool:
        """Take a header whose last line begins with the `>` of an address."""
        if not ends_broken_header(self.lines[at]) or at >= MAX_LINES:
            return False
        begin = wrote_start(self.lines, at, self.looked_at)
        if not 0 <= begin < at:
            return False
        self.take_header(begin, at + 1)
        return True

    def take_marked_header(self, at: int) -> bool:
        """Take `> On ... wrote:` that begins a run of marked lines, as Apple writes it.

        Where no line below is marked, what follows is quoted all the same.
        """
        if at >= MAX_LINES or len(self.lines[at]) < _ATTRIBUTION:
            return False
        before = next((line for line in range(at - 1, max(-1, at - 4), -1) if self.lines[line].strip()), -1)
        if before >= 0 and self.judged[before] == QUOTE:
            return False
        run = self.lines[at : at + _WRITTEN_OVER]
        run = [line.lstrip(EDGE) for line in itertools.takewhile(is_quoted, run)]
        end = next((last + 1 for last in range(len(run)) if wrote_start(run, last, 0) == 0), 0)
        if not end:
            return False
        end += at
        self.headers.append(at)
        marked = any(is_quoted(self.lines[below]) for below in range(end, len(self.lines)))
        below = end if marked else self.end_of_forward(end)
        self.judged[at:below] = bytes([QUOTE]) * (below - at)
        self.looked_at = below
        return True

    def header_at(self, at: int) -> tuple[int, int]:
        """Give the lines [begin, end) of a header of quoted mail that shows itself here, (0, 0) for none."""
        line = self.lines[at]
        text = line.strip(EDGE) if len(line) < 2_000 else ""
        if not text and not line.strip():
            return 0, 0
        if line.lstrip(" \t>*#|\xa0")[:1] in RULE:
            return self.ruled_header(at)
        if text and (text[-1] in COLONS or text[-1] in "-)" or ("@" in text and text[-1] not in ".,;!?")):
            begin = wrote_start(self.lines, at, self.looked_at)
            if begin >= 0:
                return begin, at + 1
            if is_forward_opening(line) and is_header_block(self.lines, next_line(self.lines, at + 1)):
                return at, block_end(self.lines, next_line(self.lines, at + 1))
        if label_of(line) and self.block_at(at):
            return notes_start(self.lines, at, self.looked_at), block_end(self.lines, at)
        return 0, 0

    def block_at(self, at: int) -> bool:
        """Say whether a header block of quoted mail begins here, without anything that announces it.

        It must hold a date, and an address or a time; at the very top also name a recipient. All programs
        write these: else it is a form that was filled in.
        """
        if at < self.form_until or not is_header_block(self.lines, at):
            return False
        evidence = evidence_in(self.lines, at)
        if not evidence.date or not (evidence.address or evidence.time):
            self.form_until = block_end(self.lines, at)
            return False
        if any(map(str.strip, self.lines[max(0, at - 50) : at])):
            return True
        return any("to" in fields_of(line) for line in self.lines[at : block_end(self.lines, at)])

    def ruled_header(self, at: int) -> tuple[int, int]:
        """Judge a line that begins with a rule: a title, or a rule above a header block."""
        line = self.lines[at]
        if len(line) > 300 or line.strip() in _NO_RULES:
            return 0, 0
        below = next_line(self.lines, at + 1)
        block = below > at and is_announced_block(self.lines, below)
        if is_title(line) or (block and (is_underline(line) or ruled_title(line))):
            return at, block_end(self.lines, below) if block else at + 1
        if label_of(line) and self.block_at(at):  # `*From:*`
            return notes_start(self.lines, at, self.looked_at), block_end(self.lines, at)
        begin = wrote_start(self.lines, at, self.looked_at)
        return (begin, at + 1) if begin >= 0 else (0, 0)

    def take_header(self, begin: int, end: int) -> None:
        """Take a header; without marked lines below, what follows is quoted to the end."""
        self.headers.append(begin)
        if not marked_quote_follows(self.lines, end):
            end = self.end_of_forward(end)
        self.judged[begin:end] = bytes([QUOTE]) * (end - begin)
        self.looked_at = end

    def end_of_forward(self, start: int) -> int:
        """Give the line after `End forwarded message`, or the end."""
        if "\n-" in self.text and END_OF_FORWARD.search(self.text):
            for at in range(start, min(len(self.lines), MAX_LINES)):
                if END_OF_FORWARD.search(ruled_title(self.lines[at])):
                    return at + 1
        return len(self.lines)

    def take_remnant(self, at: int) -> None:
        """Take a line in lower case if it is the end of a quoted one, broken off without a new `>`."""
        before, line = self.lines[at - 1].rstrip(), self.lines[at]
        if len(before) < _WRAPPED or len(line) >= len(before):
            return
        between = at + 1 < len(self.lines) and is_quoted(self.lines[at + 1])
        if between or before[-1] not in ".?!:;>":
            self.judged[at] = QUOTE
            self.looked_at = at + 1

    def end_at_marker(self) -> None:
        """Take the line `reply above this line`, or our own marker, and all below, if text stands above."""
        if not any(hint in self.text for hint in ABOVE_THIS_LINE_HINTS):
            return
        for at, line in enumerate(self.lines[:MAX_LINES]):
            if self.judged[at] or len(line) > 300:
                continue
            if DESK_MARKER.search(line) or ABOVE_THIS_LINE.search(line):
                if self.anything(NEW, before=at):
                    self.headers.append(at)
                    self.judged[at:] = bytes([QUOTE]) * (len(self.lines) - at)
                return

    def find_signatures(self) -> None:
        """Mark the signature of the last run of new lines, and of each that ends before a header."""
        runs = [match.span() for match in re.finditer(rb"\x00+", bytes(self.judged))]
        last = next((end for start, end in reversed(runs) if has_words(self.lines, start, end)), 0)
        ends = {*self.headers, last}
        written = False
        for start, end in runs:
            if written and end not in ends:
                continue
            begin, below = (end, end)
            if end in ends and has_words(self.lines, start, end):
                begin, below = signature_span(self.lines, start, end, written=written)
            self.judged[begin:below] = bytes([SIGNATURE]) * (below - begin)
            written = written or below < end or has_words(self.lines, start, begin)
        for mark in self.marks:
            if mark.kind is PieceKind.SIGNATURE:
                for at in range(mark.first, min(mark.end, len(self.lines))):
                    self.judged[at] = self.judged[at] or SIGNATURE

    def anything(self, kind: int, before: int | None = None) -> bool:
        """Say whether any line with words is of a kind."""
        return any(
            judged == kind and line.strip()
            for judged, line in zip(self.judged[:before], self.lines, strict=False)
        )

    def keep_something_new(self) -> None:
        """Where all was taken for signature or quote, give back what the sender may have written.

        Below an attribution with an address, or a header block, are another's words, also where nothing else
        was written.
        """
        if self.anything(SIGNATURE):
            self.judged[:] = self.judged.replace(b"\x02", b"\x00")
            return
        if not self.headers:
            first = range(min(_TOP, len(self.lines)))
            if not any(label_of(self.lines[at]) and is_header_block(self.lines, at) for at in first):
                self.judged[:] = bytes(len(self.lines))
            return
        self.give_back_story()

    def give_back_story(self) -> None:
        """Give back `Yesterday, Ann wrote:` and what follows, where no address says that it is a quote.

        The words below never come first in the new text, where a decision is looked for.
        """
        top = next_line(self.lines, 0)
        ends = range(top, min(top + _WRITTEN_OVER, len(self.lines)))
        end = next((at + 1 for at in ends if wrote_start(self.lines, at, top) == top), 0)
        if (
            not end
            or any("@" in line for line in self.lines[top:end])
            or any(map(is_quoted, self.lines[end:]))
        ):
            return
        self.judged[:] = bytes(len(self.lines))
        self.headers.clear()
        self.find_quotes(end)
        self.find_signatures()
