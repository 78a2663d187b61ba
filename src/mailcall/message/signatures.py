"""Finds where the signature begins in what a person newly wrote."""

import re
from collections.abc import Sequence

from .quote_headers import LINE, RULE, is_underline
from .signature_words import (
    CLOSINGS,
    DEVICE,
    DISCLAIMER,
    LIST_FOOTER,
    LONGEST_CLOSING,
    SENT,
    SENT_BEGINS,
    SENT_FROM,
    SENT_LAST,
)

_DELIMITERS = frozenset(["--", "__"])  # RFC 3676 4.3, its blank often lost; `__` is written by some clients
_POSTSCRIPT = re.compile(r"p\.? ?s\b", re.IGNORECASE)
_SLASH_NAME = re.compile(r"//? ?[^\W\d_][\w.-]{1,20}(?: [^\W\d_][\w.-]{1,20})?\Z")
_LAST = frozenset(phrase[-1] for phrase in SENT_LAST)
_NAME_LINES = 12  # lines of name, role and numbers below a closing
_NAME_LINE = 80
_MOBILE_LINE = 160
_LOOK_BACK = 60  # lines from the end of a text in which its signature is looked for
_BELOW_DELIMITER = 60


def signature_start(lines: list[str], start: int, end: int, *, written: bool = False) -> int:
    """Give the line within [start, end) where the signature begins, `end` when there is none.

    A signature never takes everything: something is written above it, here or before (`written`).
    """
    first = start
    while first < end and not lines[first].strip():
        first += 1
    first = first if written else first + 1
    if "-- " in lines[first:end]:  # RFC 3676 4.3, however long
        return lines.index("-- ", first)
    for index in range(max(first, end - _LOOK_BACK), end):
        line = lines[index]
        if not line or len(line) > _MOBILE_LINE:
            continue
        text = line.strip()
        if len(text) > LONGEST_CLOSING and text[0] not in RULE and not _may_be_mobile(text):
            continue
        if text and _begins_signature(lines, index, end, text):
            return index
    return end


def _begins_signature(lines: Sequence[str], index: int, end: int, text: str) -> bool:
    if text in _DELIMITERS:
        return _lines_with_words(lines, index + 1, end) <= _BELOW_DELIMITER
    if len(text) <= LONGEST_CLOSING:
        if text.rstrip(" ,.!;:،、，。！–-").casefold() in CLOSINGS:  # noqa: RUF001
            return _only_names_follow(lines, index + 1, end)
        if text[0] == "/" and _SLASH_NAME.match(text):
            return _lines_with_words(lines, index + 1, end) == 0
    if text[0] in RULE or lines[index][0] == "_":
        return is_underline(lines[index]) and any(
            LIST_FOOTER.search(below[:LINE]) for below in lines[index + 1 : min(index + 4, end)]
        )
    return is_mobile_line(text)


def is_mobile_line(text: str) -> bool:
    """Say whether a line is what a telephone or program adds: `Sent from my iPhone`."""
    if not _may_be_mobile(text):
        return False
    lowered = text.lower()
    begins = lowered[:2] in SENT_BEGINS and lowered.startswith(SENT)
    if not begins and not lowered.endswith(SENT_LAST):
        return False
    if text[-1] in "?!," or (lowered.startswith(("iphone", "ipad")) and not lowered.endswith(SENT_LAST)):
        return False
    if lowered.startswith("sent "):
        return bool(SENT_FROM.match(text) or (DEVICE.search(text) and _is_short_sentence(text)))
    return DEVICE.search(text) is not None


def _may_be_mobile(text: str) -> bool:
    return text[:2].lower() in SENT_BEGINS or text[-1] in _LAST


def _is_short_sentence(text: str) -> bool:
    return text.count(",") == 0 and len(text.split()) <= 16


def _lines_with_words(lines: Sequence[str], start: int, end: int) -> int:
    return sum(1 for line in lines[start:end] if line.strip())


def _only_names_follow(lines: Sequence[str], start: int, end: int) -> bool:
    """Say whether below a closing stands only who it is from, and perhaps a notice of the company."""
    count = 0
    for line in lines[start:end]:
        text = line.strip()
        if not text:
            continue
        if text in _DELIMITERS or is_underline(line) or DISCLAIMER.search(text[:LINE]):
            return True  # whatever notices follow
        count += 1
        if count > _NAME_LINES or len(text) > _NAME_LINE or text[-1] == "?" or _POSTSCRIPT.match(text):
            return is_mobile_line(text) if len(text) <= _MOBILE_LINE else False
    return True
