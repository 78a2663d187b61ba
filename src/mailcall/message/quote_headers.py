"""Recognises the lines that mail programs put above quoted mail: `On ... wrote:`, titles, header blocks."""

# ruff: noqa: RUF001 - the rules and colons of many scripts

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from .quote_words import FORWARDED, LABELS, OPENING, ORIGINAL, VERB_ENDS, VERBS

LINE = 1_000  # characters of a line that are looked at
BLOCK = 12  # lines in which a header block must show itself
_HEADER = 500  # characters of an `On ... wrote:`, put together from at most four lines
# Blanks, emphasis and the marks of writing direction that programs put around words.
EDGE = " \t*_|>\xa0\ufeff\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_WIDE_EDGE = EDGE + "-"
RULE = "-=_*–—~"
COLONS = (":", "：")

_QUOTED = re.compile(r"[ \t]{0,20}(?:>(?!From )|\|[ \t>](?!.*\|\s*\Z))")
_BROKEN_END = re.compile(r"\s*[>)](?: ?[^\W\d_]{2,12}){0,3} ?[:\uff1a]\s*\Z")
_UNDERLINE = re.compile(r"\s*(?:_{3,}|-{3,}|={3,}|–{3,}|—{3,})\s*\Z")
_ADDRESS = re.compile(r"[<(\[\"][^<>()\[\]\s]{1,120}@[^<>()\[\]\s]{1,120}[>)\]\"]|mailto:")
_TIME = re.compile(r"\d{1,2}\s?[:.h时時]\s?\d{2}")
_DAY = re.compile(r"\b(?:19|20)\d\d|\d{1,2}\s?[./-]\s?\d{1,2}|\d{4}")
_DIGIT = re.compile(r"\d")
_CLOCK = re.compile(r"\d\s?[:h时時点시]\s?\d{2}|(?<![\d./-])\d{1,2}\.\d{2}(?![\d.]|\s?[./-]\d)")
# `Ann ---02.11.2026 10:00:00---Printer`, as Notes writes it above a header block.
_NOTES = re.compile(r"---?\s?\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\s\d{1,2}[:.]\d{2}[^-]{0,20}---")
_EVIDENCE = re.compile(r"@|\d{1,2}\s?[:.h]\s?\d{2}|\b\d{4}\b|\d{1,2}[./]\d{1,2}|<[^<>]+>|\b\d{1,2}\b")
_OLD_GMAIL = re.compile(r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2} [^<>]{0,100}<[^<>\s]+@[^<>\s]+>:?\s*\Z")
_FURTHER_LABEL = re.compile(r"\s((?:[^\s:：]{1,8} )?)([^\s:：]{1,16})\s?[:：]")
_ANY_LABEL = re.compile(r"[ \t*_|>\xa0]{0,8}[^\W\d_][^:：\n]{0,30}[:：]")


def is_quoted(line: str) -> bool:
    """Say whether a line is marked as quoted, by `>` or `|`; a row of a table is not, nor is `>From `."""
    return _QUOTED.match(line) is not None


def ends_broken_header(line: str) -> bool:
    """Say whether a line is the `>:` of an `On ... wrote:` that was broken before the end of its address."""
    return len(line) < 60 and _BROKEN_END.match(line) is not None


def is_underline(line: str) -> bool:
    """Say whether a line is only a rule."""
    return len(line) <= LINE and _UNDERLINE.match(line) is not None


def marked_quote_follows(lines: Sequence[str], index: int, within: int = 4) -> bool:
    """Say whether the next line that is not empty is marked as quoted."""
    for line in lines[index : index + within]:
        if line.strip():
            return is_quoted(line)
    return False


def wrote_start(lines: Sequence[str], end: int, floor: int) -> int:
    """Give the line where an `On ... wrote:` begins whose last line is `end`, or -1; not above `floor`."""
    last = lines[end]
    if len(last) > _HEADER:
        return -1
    if _OLD_GMAIL.match(last):
        return end
    end_of_last = last[-60:].rstrip(_WIDE_EDGE).lower()
    if not end_of_last.endswith(COLONS) and not end_of_last.endswith(VERB_ENDS):
        return -1
    follows = marked_quote_follows(lines, end + 1)
    evidence = follows
    found, text = -1, ""
    for start in range(end, max(floor, end - 3) - 1, -1):
        line = lines[start].strip()
        if start < end and (not line or line[-1] in ".!?:" or is_quoted(lines[start])):
            break
        text = f"{line} {text}"
        if len(text) > _HEADER:
            break
        evidence = evidence or "@" in line or _DIGIT.search(line) is not None
        if not evidence:
            continue
        opening = OPENING.match(line.lstrip(_WIDE_EDGE + "\"'")[:60]) is not None
        if not _is_wrote(text.strip(_WIDE_EDGE), opening=opening, quote_follows=follows):
            continue
        if opening and (found < 0 or _DIGIT.search(line)):
            return start
        if found < 0:
            found = start
    return found


def _is_wrote(text: str, *, opening: bool, quote_follows: bool) -> bool:
    """Judge a header put together: by its verb, or by a sender's address with a day and a time."""
    timed = _TIME.search(text) and _DAY.search(text)
    if text.endswith(COLONS) and timed and (quote_follows or (opening and _ADDRESS.search(text))):
        return True
    if not has_verb(text):
        return False
    # Without an opening word, only a sender with an address makes it a header: "the manual wrote:" is prose.
    if opening:
        return _EVIDENCE.search(text) is not None
    return "@" in text or (quote_follows and len(text) <= 80)


def has_verb(text: str) -> bool:
    """Say whether a text has a word like `wrote`."""
    lowered = f" {text.lower()} "
    return any(verb in lowered for verb in VERBS)


def ruled_title(line: str) -> str:
    """Give the words of a line like `-----Original Message-----`, else ''."""
    text = line.strip(" \t>*#|\xa0")
    if len(text) > 250 or not text.startswith(tuple(RULE)) or not text.rstrip(": ").endswith(tuple(RULE)):
        return ""
    title = text.strip(f"{RULE} \t:\xa0")
    return title if len(title) >= 2 else ""


def is_title(line: str) -> bool:
    """Say whether a line alone announces a quoted or forwarded mail."""
    title = ruled_title(line)
    if title:
        if len(title) <= 100 and _announces(title):
            return True
        return "@" in title and has_verb(title)
    return is_forward_opening(line)


# A text may be made of such lines, and of these words there are many.
@lru_cache(maxsize=64)
def _announces(title: str) -> bool:
    return bool(ORIGINAL.search(title) or FORWARDED.search(title))


def is_forward_opening(line: str) -> bool:
    """Say whether a line is like Apple's `Begin forwarded message:`."""
    text = line.strip(EDGE)
    return len(text) <= 80 and text.endswith(COLONS) and FORWARDED.search(text) is not None


def label_of(line: str) -> str:
    """Give which field a line of a quoted header begins with: from, date, to, cc, subject, other, or ''."""
    return _label_of(line[:80])


# Each line may be looked at again for every line above it that could begin a header block.
@lru_cache(maxsize=64)
def _label_of(line: str) -> str:
    head, colon, _ = line.replace(COLONS[1], ":").partition(":")
    return LABELS.get(head.strip(EDGE).casefold(), "") if colon else ""


def further_labels(line: str) -> list[tuple[int, int, str]]:
    """Give (start, end with its colon, field) of labels after the first, as some telephones write them."""
    found = []
    for match in _FURTHER_LABEL.finditer(line[:300]):
        for start in (match.start(1), match.start(2)):  # two words, or the second alone
            field = LABELS.get(line[start : match.end(2)].casefold(), "")
            if field:
                found.append((start, match.end(), field))
                break
    return found


def fields_of(line: str) -> frozenset[str]:
    """Give the fields of all labels on a line."""
    return _fields_of(line[:300])


@lru_cache(maxsize=64)
def _fields_of(line: str) -> frozenset[str]:
    field = label_of(line)
    return frozenset([field, *(more for _, _, more in further_labels(line))] if field else ())


def next_line(lines: Sequence[str], index: int) -> int:
    """Give the index of the next line that is not empty, looking at most three lines ahead."""
    return next((at for at in range(index, min(index + 3, len(lines))) if lines[at].strip(EDGE)), index)


def is_header_block(lines: Sequence[str], start: int, *, announced: bool = False) -> bool:
    """Recognise From, Sent, To and Subject in any order and language.

    It takes the sender and two others; unless a rule or the markup announced it, a subject or an address
    among them: a form with From, To and Date may be about a journey.
    """
    seen: set[str] = set()
    address = False
    blanks = 0
    for line in lines[start : start + BLOCK]:
        fields = fields_of(line)
        if fields:
            seen |= fields
        elif not line.strip(EDGE):
            blanks += 1
            if blanks > 3:
                break
            continue
        elif not seen:
            return False
        address = address or "@" in line
        if "from" in seen and len(seen - {"other"}) >= 3 and (announced or address or "subject" in seen):
            return True
    return False


class Evidence(NamedTuple):
    """What a header block holds of what a program wrote into it, and a form rarely has."""

    address: bool
    date: bool
    time: bool


def evidence_in(lines: Sequence[str], start: int) -> Evidence:
    """Look through the header block that begins at `start`: `Date: Monday` is no date."""
    block = lines[start : block_end(lines, start)]
    for at, line in enumerate(block):
        if "date" in fields_of(line):
            value = line[:300] if _DIGIT.search(line[:300]) else " ".join(block[at : at + 2])[:300]
            date, time = _DAY.search(value) is not None, _CLOCK.search(value) is not None
            break
    else:
        date = time = False
    return Evidence(any("@" in line for line in block), date, time)


def is_announced_block(lines: Sequence[str], start: int) -> bool:
    """Say whether a header block begins here, where a rule or the markup says so."""
    if is_header_block(lines, start, announced=True):
        evidence = evidence_in(lines, start)
        return evidence.address or evidence.date
    return is_unknown_block(lines, start)


def notes_start(lines: Sequence[str], block: int, floor: int) -> int:
    """Give the line of a Notes attribution above a header block, or `block`; not above `floor`."""
    for at in range(block - 1, max(floor, block - 4) - 1, -1):
        if lines[at].strip(EDGE):
            return at if _NOTES.search(lines[at][:_HEADER]) else block
    return block


def is_unknown_block(lines: Sequence[str], start: int) -> bool:
    """Recognise a header block in a language that we don't know, where a rule or markup says one begins."""
    count, address = 0, False
    for line in lines[start : start + 8]:
        if not _ANY_LABEL.match(line[:60]):
            break
        count += 1
        address = address or "@" in line
    return count >= 3 and address


def block_end(lines: Sequence[str], start: int) -> int:
    """Give the line after a header block that begins at `start`: its first empty line, at most 30 below."""
    for index in range(start, min(start + 30, len(lines))):
        if not lines[index].strip(EDGE):
            return index
    return min(start + 30, len(lines))
