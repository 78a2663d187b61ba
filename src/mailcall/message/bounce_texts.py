"""What a report without machine-readable fields says in words: who was not reached, and why."""

import re
from collections.abc import Iterator
from itertools import islice

from .bounce_forms import ADDRESS, DELAYED, FINAL, FORMS, RETURNED, TEMPORARY, Form, Where
from .decoding import decode_text, decode_transfer
from .domains import with_a_labels
from .html_text import html_to_text
from .mail import BouncedRecipient
from .mime import Part

MAX_RECIPIENTS = 1_000
_MAX_TEXT = 100_000
_MAX_RETURNED = 10_000  # of a returned mail
_MAX_PARTS = 20
_MAX_LINES = 5_000
_BEGINNING = 2_000  # characters
_FIRST_WORDS = 60  # characters
_MAX_ABOUT = 20_000  # characters in which a report says whether it is one of a delay
_MAX_REASON = 2_000
_MAX_DIAGNOSTIC = 500
_MAX_FORMS = 8  # of a text that has the words of many

_TELLING_FORMS = tuple(form for form in FORMS if len(form.words) >= 20)  # no two words that anybody says
# Rules of characters, and what a broken MIME header leaves in the text.
_BEFORE_WORDS = re.compile(
    r"\A(?:[-=*#_][^\n]{0,200}\n|(?:content-|boundary=)[^\n]{0,200}\n|\s)+", re.IGNORECASE
)

_RETURNED_TYPES = frozenset({"message/rfc822", "message/global", "text/rfc822-headers"})
_TO_FIELD = re.compile(r"^to:([^\n]{0,500}(?:\n[ \t][^\n]{0,500}){0,10})", re.IGNORECASE | re.MULTILINE)
_LIST_FIELD = re.compile(r"^(?:list-id|x-beenthere|mailing-list):", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(ADDRESS)
_NEXT = re.compile(rf"(?:[ ]?\d{{1,3}} attempts?)?[\s<\[(\"':*>-]{{0,12}}({ADDRESS})")
_BARE = re.compile(r"^([\w.+-]{1,64})$", re.MULTILINE)
_STATUS = re.compile(
    r"(?:release|version|exim|postfix|sendmail|exchange|server)[ /(]{0,2}v?\d[\d.]*|"
    r"(?<![\d.])([245]\.[0-7]\.\d{1,3})(?![\d.]*\d)",
    re.IGNORECASE,
)
_REPLY = re.compile(
    r"(?:^|[:;,#(\[<>'\"=-][ ]?|\b(?:code|error|smtp|status|said|response|reply|reason|with)[ :]{1,2})"
    r"([245])[0-7]\d(?=[\s\-#:,;)\]>.'\"]|$)",
    re.IGNORECASE | re.MULTILINE,
)


def read_texts(root: Part) -> list[BouncedRecipient]:
    """Read who was not reached from the words of a report; one of unknown address if nobody is named."""
    text = report_text(root)
    told = _ADDRESS.findall(" ".join(root.values("x-failed-recipients"))[:_MAX_TEXT])
    form, found = _by_forms(text, root)
    named = [one for one in told or found or _otherwise_named(root, text) if "...@" not in one]  # obscured
    addresses = list(dict.fromkeys(named))[:MAX_RECIPIENTS]
    about = f"{root.text('subject')[:300]}\n{text}"[:_MAX_ABOUT]
    delayed = bool((form and form.delayed) or DELAYED.search(about)) and not FINAL.search(text[:_MAX_ABOUT])
    reasons = _reasons(text, addresses)
    general = _Reason(about)
    return [
        _recipient(address, reasons.get(address.casefold(), ""), general, delayed=delayed)
        for address in addresses or [""]
    ]


class _Reason:
    """Why, as a text says it: a status or the class of a reply, and whether it may pass."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())[:_MAX_DIAGNOSTIC]
        self.status = status_of(text)
        self.reply = reply_class(text)
        self.temporary = bool(TEMPORARY.search(text))


def _recipient(address: str, lines: str, general: _Reason, *, delayed: bool) -> BouncedRecipient:
    own = _Reason(lines) if lines else general
    status = own.status or general.status
    reply = own.reply or general.reply
    known = status[:1] or reply
    permanent = not delayed and (known == "5" if known else not own.temporary)
    action = "delayed" if delayed else "failed"
    return BouncedRecipient(with_a_labels(address), action, status, own.text, permanent)


def status_of(text: str) -> str:
    """Give the first status (RFC 3463) of a failure in a text, or ''."""
    return next((found[1] for found in _STATUS.finditer(text) if found[1] and found[1][0] != "2"), "")


def reply_class(text: str) -> str:
    """Give '4' or '5', the class of the first SMTP reply of a failure in a text, or ''."""
    return next((found[1] for found in _REPLY.finditer(text) if found[1] != "2"), "")


def reads_as_report(root: Part) -> bool:
    """Whether the text has the words of a known form with somebody's address where the form has it."""
    return any(True for _ in _found_forms(report_text(root), root))


def begins_as_report(root: Part) -> bool:
    """Whether the very first words are those of a known form, and an address and a reply code follow."""
    part = next((part for part in root.walk() if not part.children), root)
    if part.content_type != "text/plain":
        return False
    data = decode_transfer(part.body[:_BEGINNING], part.value("content-transfer-encoding"))[0]
    text = _BEFORE_WORDS.sub("", _plain_lines(data.decode("utf-8", "replace")))
    flat = _flat(text[:_BEGINNING])
    first = any(-1 < flat.find(form.words) <= _FIRST_WORDS for form in _TELLING_FORMS)
    return first and bool(_ADDRESS.search(text)) and bool(status_of(text) or reply_class(text))


def report_text(root: Part) -> str:
    """Read the words of a report, their spaces made one, without the mail that it gives back."""
    pieces: list[str] = []
    room = _MAX_TEXT
    for part in root.walk():
        if part.children or part.content_type not in {"text/plain", "text/html"}:
            continue
        words, ended = _own_words(part, room)
        pieces.append(words)
        room -= len(part.body)
        if ended or room <= 0 or _ADDRESS.search(words):
            break
    return "\n".join(pieces)


def _own_words(part: Part, limit: int) -> tuple[str, bool]:
    """Give the words of a part, and whether a returned mail began in it."""
    text = _decoded(part, limit)
    if part.content_type == "text/html":
        text = html_to_text(text)
    cut = RETURNED.search(text)
    while cut and not text[: cut.start()].strip():  # a title above the report is not its end
        cut = RETURNED.search(text, cut.end())
    return _plain_lines(text[: cut.start()] if cut else text), bool(cut)


def _decoded(part: Part, limit: int) -> str:
    data = decode_transfer(part.body[:limit], part.value("content-transfer-encoding"))[0]
    return decode_text(data, part.params.get("charset", ""))[0].replace("\r\n", "\n")


def _plain_lines(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines()[:_MAX_LINES])


def _flat(text: str) -> str:
    """Give a text in lower case and one line, each character where it was."""
    lower = text.lower()
    return (lower if len(lower) == len(text) else text).replace("\n", " ").replace("\u2019", "'")


def _by_forms(text: str, root: Part) -> tuple[Form | None, list[str]]:
    """Give the first form of the table that names anybody, and whom."""
    for form, first, others in _found_forms(text, root):
        return form, [first, *others]
    return None, []


def _found_forms(text: str, root: Part) -> Iterator[tuple[Form, str, Iterator[str]]]:
    """Give each form that names anybody, the first whom it names, and the others."""
    flat = _flat(text)
    here = ((form, flat.find(form.words)) for form in FORMS)
    for form, start in islice((pair for pair in here if pair[1] >= 0), _MAX_FORMS):
        after = start + len(form.words)
        end = flat.find(form.end, after) if form.end else -1
        found = _named(form, text[: end if end > after else len(text)], flat, after, root)
        for first in found:
            yield form, first, found
            break


def _named(form: Form, text: str, flat: str, start: int, root: Part) -> Iterator[str]:
    if form.where is Where.NEXT:
        while start > 0:
            match = _NEXT.match(text, start)
            if match:
                yield match[1]
            start = flat.find(form.words, start) + len(form.words)
            if start < len(form.words):
                return
        return
    for match in form.where.value.finditer(text, start):
        yield match[1]
    if form.bare:
        domain = root.value("from")[:1_000].rpartition("@")[2].strip("<> ")
        for match in _BARE.finditer(text, start):
            yield f"{match[1]}@{domain}"


def _otherwise_named(root: Part, text: str) -> list[str]:
    """Look for the failed addresses of a report in no known form.

    One at the beginning of a line that is not of the report's own header; else any such; else the only
    addressee of the mail that it gives back.
    """
    own = {
        address.lower()
        for name in ("from", "to", "cc", "reply-to", "delivered-to")
        for address in _ADDRESS.findall(root.value(name)[:10_000])
    }
    beginning = text[:20_000]
    alone = [found[1] for found in Where.LINES.value.finditer(beginning) if found[1].lower() not in own]
    anywhere = [found for found in _ADDRESS.findall(beginning) if found.lower() not in own]
    return alone or anywhere or _only_addressee(root)


def _only_addressee(root: Part) -> list[str]:
    """Give whom the returned mail was sent to, if that was one address."""
    leaves = (part for part in root.walk() if not part.children)
    for part in islice(leaves, _MAX_PARTS):
        text = _decoded(part, _MAX_RETURNED)
        if part.content_type not in _RETURNED_TYPES:
            cut = RETURNED.search(text)
            text = text[cut.start() :] if cut else ""
        field = _TO_FIELD.search(text)
        named = list(dict.fromkeys(_ADDRESS.findall(field[1]))) if field else []
        if named:  # a list's address is not the one that failed
            return named if len(named) == 1 and not _LIST_FIELD.search(text) else []
    return []


def _reasons(text: str, addresses: list[str]) -> dict[str, str]:
    """Give for each address (case-folded) the lines that speak of it, up to those that speak of another."""
    wanted = {address.casefold() for address in addresses}
    mentions = [
        (text.rfind("\n", max(0, found.start() - _MAX_DIAGNOSTIC), found.start()) + 1, found[0].casefold())
        for found in _ADDRESS.finditer(text)
        if found[0].casefold() in wanted
    ]
    ends = [len(text)] * len(mentions)
    for index in range(len(mentions) - 2, -1, -1):
        same = mentions[index][1] == mentions[index + 1][1]
        ends[index] = ends[index + 1] if same else mentions[index + 1][0]
    reasons: dict[str, str] = {}
    for (start, address), end in zip(mentions, ends, strict=True):
        piece = text[start : min(end if end > start else start + _MAX_DIAGNOSTIC, start + _MAX_REASON)]
        known = reasons.get(address, "")
        if len(known) < _MAX_REASON and not status_of(known):
            reasons[address] = f"{known}\n{piece}"
    return reasons
