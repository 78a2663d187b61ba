"""What a sender newly wrote, told apart from quoted mail and signatures. Nothing is deleted."""

# ruff: noqa: RUF001 - the words of many scripts

import re

from .quote_words import DATE, FROM, MOBILE, ORIGINAL, SUBJECT, TO, VERB

MAX_LINES = 20_000  # beyond, only `>` tells quotes apart
_LINE = 1_000  # characters of a line that are looked at
_HEADER = 500  # characters of a quote header, put together from at most four lines

_QUOTED = re.compile(r"[ \t]{0,20}(?:>|\|(?=[ \t>]))")
_RULE = "-=_*–—"
_UNDERLINE = re.compile(r"\s*(?:_{3,}|-{3,}|={3,}|–{3,}|—{3,})\s*\Z")
_WRAPPED_END = re.compile(r"\s*>\s?:\s*\Z")
_SIGNATURE = re.compile(r"\s?(?:--|__)\s*\Z")
_FOOTER = re.compile(r"mailing list|mailman|unsubscribe|listinfo", re.IGNORECASE)

_VERB = re.compile(VERB, re.IGNORECASE)
_VERB_END = re.compile(rf"(?:{VERB})[\s:：*_-]*\Z", re.IGNORECASE)
_START = re.compile(
    r"(?:(?:On|Le|Am|El|Il|Op|Em|Den|Dne|Dnia|W dniu|In data|Il giorno|Vào|На|В|Στις|في|Pada|No dia|"
    r"Na|Dňa|Dana|За|Data|În|A)\b|\d{1,4}\s?[:./年-]\s?\d|\d{1,2}\.? \w{3,}|"
    r"[^\W\d_]{2,12}[.,]{1,2} ?\d{1,2}[. ]|[^\W\d_]{2,12},? (?:den )?\d{1,2}\.|ב)",
    re.IGNORECASE,
)
_EVIDENCE = re.compile(r"@|\d{1,2}\s?[:.h]\s?\d{2}|\b\d{4}\b|\d{1,2}[./]\d{1,2}|<[^<>]+>|\b\d{1,2}\b")
# Some programs write no verb: a date, a time and the sender's address before a colon.
_TIMED = re.compile(r"\d{1,2}[:.]\d{2}")
_ENDS_WITH_ADDRESS = re.compile(r"<[^<>\s]{1,100}@[^<>\s]{1,100}>\s?:\Z")
_OLD_GMAIL = re.compile(r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2} [^<>]{0,100}<[^<>\s]+@[^<>\s]+>:?\s*\Z")

_LABELS = re.compile(
    rf"(?:(?P<f>{FROM})|(?P<d>{DATE})|(?P<t>{TO})|(?P<s>{SUBJECT}))[*_]*\s*[:：]", re.IGNORECASE
)
_FURTHER_LABEL = re.compile(r"\s[^\s:]{1,12}\s?:")
_ORIGINAL = re.compile(ORIGINAL, re.IGNORECASE)
_MOBILE = re.compile(rf"(?:{MOBILE})", re.IGNORECASE)


def split_reply(text: str) -> tuple[str, str]:
    """Split a body into (what was newly written, quotes and signature); every line is in one of them.

    Text between quoted lines is new. After a header without `>` lines, everything is quoted.
    """
    lines = text.split("\n")
    new: list[str] = []
    old: list[str] = []
    index = 0
    while index < len(lines):
        if _QUOTED.match(lines[index]) or (old and _wrap_remnant(lines, index)):
            old.append(lines[index])
            index += 1
            continue
        if index >= MAX_LINES:
            new.append(lines[index])
            index += 1
            continue
        length = _wrote_header(lines, index)
        if length and _marked_quote_follows(lines, index + length):
            old += lines[index : index + length]
            index += length
            continue
        if length or _rest_is_quoted(lines, index, started=any(line.strip() for line in new[-50:])):
            old += lines[index:]
            break
        new.append(lines[index])
        index += 1
    return _trimmed(new), _trimmed(old)


def _trimmed(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _marked_quote_follows(lines: list[str], index: int) -> bool:
    for line in lines[index : index + 4]:
        if line.strip():
            return bool(_QUOTED.match(line))
    return False


def _wrote_header(lines: list[str], index: int) -> int:
    """Count the lines of an `On ... wrote:` that begins here, 0 when none does."""
    first = lines[index][:_LINE]
    if not first.strip() or len(first) > _HEADER:
        return 0
    if _OLD_GMAIL.match(first):
        return 1
    opening = _opens(first)
    if not opening and "@" not in first:
        return 0
    joined = ""
    for count, line in enumerate(lines[index : index + 4], 1):
        if not line.strip() or len(joined) + len(line) > _HEADER:
            break
        if count > 1 and _QUOTED.match(line) and not _WRAPPED_END.match(line):
            break
        joined = f"{joined} {line.strip()}"
        if _may_end(line) and _is_wrote(joined, opening):
            # The last line of the new text must not be taken along.
            begins_later = any(
                _opens(below[:_LINE]) and _wrote_header(lines, index + later)
                for later, below in enumerate(lines[index + 1 : index + count], 1)
            )
            return 0 if begins_later else count
    return 0


def _opens(line: str) -> bool:
    return bool(_START.match(line.lstrip(" \t*_\"'-")[:60]))


def _may_end(line: str) -> bool:
    """Cheaply say whether a quote header can end with this line."""
    end = line.rstrip(" \t*_-")[-24:]
    return end.endswith((":", "：")) or bool(_VERB_END.search(end))


def _is_wrote(joined: str, opening: bool) -> bool:
    text = joined.strip(" *_")
    if opening and _ENDS_WITH_ADDRESS.search(text) and _TIMED.search(text):
        return True
    if not (text.endswith((":", "：")) or _VERB_END.search(text[-24:])) or not _VERB.search(text):
        return False
    # Without an opening word, only a sender with an address makes it a header: "the manual wrote:" is prose.
    return bool(_EVIDENCE.search(text)) if opening else "@" in text


def _wrap_remnant(lines: list[str], index: int) -> bool:
    """Say whether a line is the end of the quoted line before it, broken off without a new `>`."""
    before, line = lines[index - 1].rstrip() if index else "", lines[index].strip()
    return bool(
        line
        and _QUOTED.match(before)
        and len(before) >= 60
        and before[-1] not in ".?!:;>"
        and line[0].islower()
        and len(line) < len(before)
    )


def _rest_is_quoted(lines: list[str], index: int, *, started: bool) -> bool:  # noqa: PLR0911
    """Say whether a quoted mail or a signature begins here and runs to the end."""
    line = lines[index][:_LINE]
    if not line.strip():
        return False
    title = _ruled_title(line)
    if title and (_ORIGINAL.search(title) or _header_block(lines, _next(lines, index + 1))):
        return True
    if _label(line) and _header_block(lines, index):
        return True
    if _UNDERLINE.match(line):
        after = lines[index + 1 : index + 4]
        footer = started and any(_FOOTER.search(below[:_LINE]) for below in after)
        return footer or _header_block(lines, _next(lines, index + 1))
    if not started:
        return False
    if _SIGNATURE.match(line):
        return True
    return (
        len(line) <= 80 and bool(_MOBILE.match(line.strip())) and not line.rstrip().endswith(("?", "!", ","))
    )


def _ruled_title(line: str) -> str:
    """Give the words of a line like `-----Original Message-----`, else ''."""
    text = line.strip(" \t>*")
    if len(text) > 200 or not text.startswith(tuple(_RULE)) or not text.rstrip(": ").endswith(tuple(_RULE)):
        return ""
    title = text.strip(f"{_RULE} \t:")
    return title if 3 <= len(title) <= 80 else ""


def _label(line: str) -> str:
    """Give which field of a quoted header a line begins with: f, d, t or s; '' for none."""
    match = _LABELS.match(line.lstrip(" \t*_|\xa0")[:60])
    return str(match.lastgroup) if match else ""


def _next(lines: list[str], index: int) -> int:
    """Give the index of the next line that is not empty, looking at most three lines ahead."""
    return next((at for at in range(index, min(index + 3, len(lines))) if lines[at].strip()), index)


def _header_block(lines: list[str], start: int) -> bool:
    """Recognise From/Sent/To/Subject in any order and language, From and two others within ten lines."""
    seen: set[str] = set()
    blanks = 0
    for line in lines[start : start + 10]:
        label = _label(line)
        if label:
            seen.add(label)
            # two labels on one line, as phones write them
            seen.update(_label(more[0]) for more in _FURTHER_LABEL.finditer(line[:300]))
        elif not line.strip():
            blanks += 1
            if blanks > 3:
                break
        elif not seen:
            return False
        if "f" in seen and len(seen - {""}) >= 3:
            return True
    return False
