"""What a sender newly wrote, told apart from quoted mail and signatures. Nothing is deleted."""

# ruff: noqa: RUF001 - the words of many scripts

import re

from .quote_words import DATE, FROM, MOBILE, ORIGINAL, SUBJECT, TO, VERB

_LINE = 1_000  # characters of a line that are looked at
_HEADER = 500  # characters of a quote header, put together from at most four lines

_QUOTED = re.compile(r"[ \t]*(?:>|\|(?=[ \t>]))")
_SEPARATOR = re.compile(r"[\s>*_]*[-=_*–—]{2,}\s*(?:begin )?([^-=_]{3,80}?)\s*:?\s*[-=_*–—]{2,}[\s*_]*\Z")
_DASHES = re.compile(r"\s*[-_=–—]{3,}\s*\Z")
_UNDERLINE = re.compile(r"\s*(?:_{20,}|-{20,})\s*\Z")
_SIGNATURE = re.compile(r"\s?(?:--|__)\s*\Z")
_FOOTER = re.compile(r"mailing list|mailman|unsubscribe|listinfo", re.IGNORECASE)

_VERB = re.compile(VERB, re.IGNORECASE)
_VERB_END = re.compile(rf"(?:{VERB})[\s:：*_-]*\Z", re.IGNORECASE)
_START = re.compile(
    r"[\s*_\"'-]*(?:On|Le|Am|El|Il|Op|Em|Den|Dne|Dnia|W dniu|In data|A|Il giorno|Vào|На|В|Пт|Пн|Вт|Ср|Чт|Сб|Вс|"
    r"Στις|ב|في|Pada|No dia|Na|Dňa|Dana|За|Il|Data|În|Kl|"
    r"\d{1,4}\s?[./年-]\s?\d|\d{1,2}\.? \w{3,}|[^\W\d_]{2,10}[.,]{1,2} ?\d{1,2}[. ]|"
    r"[^\W\d_]{2,12},? (?:den )?\d{1,2}\.)",
    re.IGNORECASE,
)
_EVIDENCE = re.compile(r"@|\d{1,2}\s?[:.h]\s?\d{2}|\b\d{4}\b|\d{1,2}[./]\d{1,2}|<[^<>]+>|\b\d{1,2}\b")
_OLD_GMAIL = re.compile(r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2} [^<>]{0,100}<[^<>\s]+@[^<>\s]+>:?\s*\Z")

_LABELS = re.compile(
    rf"[\s*_|]*(?:(?P<f>{FROM})|(?P<d>{DATE})|(?P<t>{TO})|(?P<s>{SUBJECT}))[*_]*\s*[:：]", re.IGNORECASE
)
_ORIGINAL = re.compile(ORIGINAL, re.IGNORECASE)
_MOBILE = re.compile(rf"\s*(?:{MOBILE})", re.IGNORECASE)


def split_reply(text: str) -> tuple[str, str]:
    """Split a body into (what was newly written, quotes and signature); every line is in one of them.

    Text between quoted lines is new. After a header without `>` lines, everything is quoted.
    """
    lines = text.split("\n")
    new: list[str] = []
    old: list[str] = []
    index = 0
    while index < len(lines):
        if _QUOTED.match(lines[index]):
            old.append(lines[index])
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
    opening = bool(_START.match(first))
    if not opening and "@" not in first and not (_VERB.search(first) and _EVIDENCE.search(first)):
        return 0
    joined = ""
    for count, line in enumerate(lines[index : index + 4], 1):
        if not line.strip() or (count > 1 and _QUOTED.match(line)) or len(joined) + len(line) > _HEADER:
            break
        joined = f"{joined} {line.strip()}"
        if _is_wrote(joined, opening):
            return count
    return 0


def _is_wrote(joined: str, opening: bool) -> bool:
    text = joined.strip(" *_")
    if not (text.endswith((":", "：")) or _VERB_END.search(text)):
        return False
    if not _VERB.search(text):
        return False
    # Without an opening word, only a sender with an address makes it a header: "the manual wrote:" is prose.
    return bool(_EVIDENCE.search(text)) if opening else "@" in text


def _rest_is_quoted(lines: list[str], index: int, *, started: bool) -> bool:
    """Say whether a quoted mail or a signature begins here and runs to the end."""
    line = lines[index][:_LINE]
    if not line.strip():
        return False
    separator = _SEPARATOR.match(line) if len(line) < 200 else None
    if separator and (_ORIGINAL.search(separator[1]) or _header_block(lines, _next(lines, index + 1))):
        return True
    if _LABELS.match(line) and _header_block(lines, index):
        return True
    if _UNDERLINE.match(line):
        after = lines[index + 1 : index + 4]
        return _header_block(lines, _next(lines, index + 1)) or any(_FOOTER.search(x[:_LINE]) for x in after)
    if not started:
        return False
    if _SIGNATURE.match(line):
        return True
    return len(line) <= 80 and bool(_MOBILE.match(line)) and not line.rstrip().endswith(("?", "!", ","))


def _next(lines: list[str], index: int) -> int:
    """Give the index of the next line that is not empty, looking at most three lines ahead."""
    return next((at for at in range(index, min(index + 3, len(lines))) if lines[at].strip()), index)


def _header_block(lines: list[str], start: int) -> bool:
    """Recognise From/Sent/To/Subject in any order and language, From and two others within ten lines."""
    seen: set[str] = set()
    blanks = 0
    for line in lines[start : start + 10]:
        match = _LABELS.match(line[:_LINE])
        if match:
            seen.add(str(match.lastgroup))
        elif not line.strip():
            blanks += 1
            if blanks > 3 or len(seen) > 2:
                break
        elif not seen:
            return False
        # two labels on one line, as phones write them
        for label in re.finditer(r"\s[^\s:]{1,12}\s?:", line[:300]):
            more = _LABELS.match(label[0])
            if more and match:
                seen.add(str(more.lastgroup))
        if "f" in seen and len(seen) >= 3:
            return True
    return False
