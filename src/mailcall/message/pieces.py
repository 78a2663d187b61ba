"""From lines that are judged to pieces: runs of one kind, which put together are the text."""

import re

from .mail import Piece, PieceKind

NEW, QUOTE, SIGNATURE = 0, 1, 2  # how a line is judged: its place in KINDS
KINDS = (PieceKind.NEW, PieceKind.QUOTE, PieceKind.SIGNATURE)
_RUNS = re.compile(rb"\x00+|\x01+|\x02+")


def pieces_of(lines: list[str], kinds: bytearray) -> tuple[Piece, ...]:
    """Put runs of lines together; empty lines go with what stands above them."""
    runs: list[tuple[int, int, int]] = []
    for match in _RUNS.finditer(kinds):
        start, end = match.span()
        kind = kinds[start]
        if runs and (runs[-1][0] == kind or not has_words(lines, start, end)):
            runs[-1] = (runs[-1][0], runs[-1][1], end)
        elif len(runs) == 1 and not has_words(lines, 0, runs[0][2]):
            runs[0] = (kind, 0, end)
        else:
            runs.append((kind, start, end))
    return tuple(Piece(KINDS[kind], "\n".join(lines[start:end])) for kind, start, end in runs)


def has_words(lines: list[str], start: int, end: int) -> bool:
    """Say whether any of the lines [start, end) is more than blanks."""
    return start < end and bool(lines[start].strip() or any(map(str.strip, lines[start + 1 : end])))
