"""The HTML of what an analyst typed as plain text: paragraphs, links, and quotes as block quotes."""

import re
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

MOST_DEPTH = 10  # quotes within quotes
_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"'\u00ab\u00bb\u201c\u201d]{2,2000}", re.IGNORECASE)
_MARKS = re.compile(r"(?:>[ ]?)+")
_AFTER_LINK = ".,;:!?)]}"
_QUOTE = "margin:0 0 12px;padding:0 0 0 12px;border-left:2px solid #9aa7b4"


def html_of(text: str) -> SafeString:
    """Give safe HTML for plain text; lines that begin with `>` are a quote, `>>` one within it."""
    lines = [_line(line) for line in text.replace("\r\n", "\n").split("\n")]
    parts: list[str] = []
    depth = 0
    for level, some in groupby(lines, key=lambda line: line[0]):
        parts += [f'<blockquote style="{_QUOTE}">'] * (level - depth) + ["</blockquote>"] * (depth - level)
        parts.append(_paragraphs([words for _, words in some]))
        depth = level
    return mark_safe("".join(parts) + "</blockquote>" * depth)  # noqa: S308  all that was typed is escaped


def _line(line: str) -> tuple[int, str]:
    """How deep a line is quoted, and its words."""
    marks = _MARKS.match(line)
    if not marks:
        return 0, line
    return min(marks[0].count(">"), MOST_DEPTH), line[marks.end() :]


def _paragraphs(lines: list[str]) -> str:
    texts = [list(some) for filled, some in groupby(lines, key=lambda line: bool(line.strip())) if filled]
    return "".join(f'<p style="margin:0 0 12px">{"<br>".join(map(_linked, text))}</p>' for text in texts)


def _linked(line: str) -> str:
    parts, at = [], 0
    for match in _LINK.finditer(line):
        address = match[0].rstrip(_AFTER_LINK)
        if "(" in address and match[0][len(address) : len(address) + 1] == ")":
            address += ")"
        parts += [escape(line[at : match.start()]), f'<a href="{escape(address)}">{escape(address)}</a>']
        at = match.start() + len(address)
    return "".join([*parts, escape(line[at:])])
