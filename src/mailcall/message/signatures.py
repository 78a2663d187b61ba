"""Finds where the signature begins in what a person newly wrote."""

import re
from collections.abc import Sequence

from .quote_headers import COLONS, LINE, RULE, is_underline
from .signature_words import (
    CLOSINGS,
    CONTACT,
    DEVICE,
    DISCLAIMER,
    EXCUSE,
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
_QUESTION = ("?", "？", ";", "؟")  # noqa: RUF001 - the Greek one too
_STOPS = (".", "!", "…", "。", "！", "।", "۔")  # noqa: RUF001
_SENTENCE = 4  # words
_MOMENT = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}[ T,]{1,3}\d{1,2}:\d{2}|\b\d{1,2}:\d{2}:\d{2}\b")


def signature_span(lines: list[str], start: int, end: int, *, written: bool = False) -> tuple[int, int]:
    """Give the lines of the signature within [start, end), (end, end) when there is none.

    A signature never takes everything: something is written above it, here or before (`written`). It ends
    before `end` where a telephone put its line above more text.
    """
    first = start
    while first < end and not lines[first].strip():
        first += 1
    first = first if written else first + 1
    if "-- " in lines[first:end]:  # RFC 3676 4.3, however long
        return lines.index("-- ", first), end
    for index in range(max(first, end - _LOOK_BACK), end):
        line = lines[index]
        if not line or len(line) > _MOBILE_LINE:
            continue
        text = line.strip()
        if len(text) > LONGEST_CLOSING and text[0] not in RULE and not _may_be_mobile(text):
            continue
        if text and _begins_signature(lines, index, end, text):
            return index, end
        if text and is_mobile_line(text) and (index == start or not lines[index - 1].strip()):
            below = index + 1
            if below < end and not lines[below].strip():
                return index, below
    return end, end


def _begins_signature(lines: Sequence[str], index: int, end: int, text: str) -> bool:
    if text in _DELIMITERS:
        return _signature_follows(lines, index, end)
    if len(text) <= LONGEST_CLOSING:
        if text.rstrip(" ,.!;:،、，。！–-").casefold() in CLOSINGS:  # noqa: RUF001
            return _only_names_follow(lines, index + 1, end)
        if text[0] == "/" and _SLASH_NAME.match(text):
            return _lines_with_words(lines, index + 1, end) == 0
    if text[0] in RULE or lines[index][0] == "_":
        return is_underline(lines[index]) and any(
            LIST_FOOTER.search(below[:LINE]) for below in lines[index + 1 : min(index + 4, end)]
        )
    return is_mobile_line(text) and _nothing_is_said(lines, index + 1, end)


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


def _signature_follows(lines: Sequence[str], index: int, end: int) -> bool:
    """Say whether `--` is the delimiter of a signature, and no line drawn between two texts."""
    above = next(
        (lines[at].rstrip() for at in range(index - 1, max(-1, index - 4), -1) if lines[at].strip()), ""
    )
    below = [line.strip() for line in lines[index + 1 : end] if line.strip()]
    if above.endswith(COLONS) or len(below) > _BELOW_DELIMITER:
        return False
    for number, text in enumerate(below):
        if _is_notice(text):
            return True
        if text in _DELIMITERS or _is_text(text) or (number == 0 and _is_sentence(text)):
            return False
    return True


def _only_names_follow(lines: Sequence[str], start: int, end: int) -> bool:
    """Say whether below a closing stands only who it is from, and perhaps a notice of the company."""
    count, ruled = 0, False
    for line in lines[start:end]:
        text = line.strip()
        if not text:
            continue
        if _is_notice(text):
            return True  # whatever notices follow
        if _is_text(text):
            return False
        ruled = ruled or text in _DELIMITERS or is_underline(line) or is_mobile_line(text)
        if ruled:  # slogans and notices in any language follow
            continue
        count += 1
        if count > _NAME_LINES or len(text) > _NAME_LINE or _is_sentence(text):
            return False
    return True


def _nothing_is_said(lines: Sequence[str], start: int, end: int) -> bool:
    """Say whether nothing below a telephone's line is sure to be more than notices or an unmarked quote."""
    for line in lines[start:end]:
        text = line.strip()
        if text and _is_notice(text):
            return True
        if text and _is_text(text):
            return False
    return True


def _is_notice(text: str) -> bool:
    """Say whether a line is what a company, a list or a telephone has below each mail."""
    text = text[:LINE]
    if DISCLAIMER.search(text) or LIST_FOOTER.search(text):
        return not text.endswith(_QUESTION)
    return EXCUSE.search(text) is not None


def _is_text(text: str) -> bool:
    """Say whether a line asks, announces what follows, or is one of a log: no part of a signature."""
    if text.endswith(_QUESTION) or _POSTSCRIPT.match(text) or _MOMENT.search(text[:LINE]):
        return True
    return text.endswith(COLONS) and CONTACT.search(text[:LINE]) is None


def _is_sentence(text: str) -> bool:
    """Say whether a line is a sentence, no name, role or address: mostly words in lower case, and a stop."""
    if not text.endswith(_STOPS):
        return False
    if text[-1] in "。！।۔":  # noqa: RUF001
        return True
    words = text.split()
    return len(words) >= _SENTENCE and 2 * sum(word[0].islower() for word in words) >= len(words)
