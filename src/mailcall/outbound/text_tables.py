"""Tables in the text form of a mail: columns that stand below each other in any font of even width."""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailcall.outbound.answers import Table

WIDEST = 44  # characters of a cell; more is cut, since mail programs break lines near 78


def text_table(table: "Table") -> str:
    """Heading, rule, rows. A row's address stands on a line of its own."""
    shown = [[_cut(cell) for cell in row.cells] for row in table.rows]
    widths = [max(map(_width, column)) for column in zip(table.columns, *shown, strict=True)]
    lines = [_line(table.columns, widths), _line(["-" * width for width in widths], widths)]
    for cells, row in zip(shown, table.rows, strict=True):
        lines.append(_line(cells, widths))
        if row.url:
            lines.append(f"  {row.url}")
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _cut(cell: str) -> str:
    cell = " ".join(cell.split())
    if _width(cell) <= WIDEST:
        return cell
    while _width(cell) > WIDEST - 1:
        cell = cell[: WIDEST - 1] if len(cell) >= WIDEST else cell[:-1]
    return cell.rstrip() + "…"


def _width(text: str) -> int:
    """How many columns it takes: characters of East Asia two, marks above others none."""
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )
