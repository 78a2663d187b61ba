"""Address lists of header fields (RFC 5322 3.4), read by one linear scan that forgives what people send."""

import re
from dataclasses import dataclass, field

from .decoding import decode_words
from .mail import Mailbox

MAX_MAILBOXES = 60_000
_MAX_STEPS = 10_000
_MAX_ADDRESS = 1_000
_MAX_NAME = 2_000
_MAX_ENTRY = 10_000
_HELD = 3  # words with commas between them that can be one name: `Doe, John, Dr.`

# Nearly all entries: `Name <local@domain>`, `"Name" <local@domain>`, `local@domain`, to what ends them.
_SIMPLE = re.compile(
    r"""(?:(?:"([^"\\<>@=]{0,200})"[ ]{0,3}|([^\s"(),:;<>@\[\]\\=][^"(),:;<>@\[\]\\=]{0,200})"""
    r"""|((?:=\?[^?\s]{1,60}\?[bBqQ]\?[^?<>"@]{0,200}\?=[ ]?){1,10}+))?"""
    r"""<([^\s"(),:;<>@\[\]\\]{1,200}@[^\s"(),:;<>@\[\]\\']{1,255})>"""
    r"""|([^\s"(),:;<>@\[\]\\'/=]{1,200}@[^\s"(),:;<>@\[\]\\']{1,255}))[ ]?(?:[,;]|\Z)"""
)
_GROUP = re.compile(r"(?!mailto)[^\s\"(),:;<>@\[\]\\=][^\"(),:;<>@\[\]\\=]{0,200}:", re.IGNORECASE)
# What stands in To where nobody is named, with the colon of its empty group lost.
_NOBODY = re.compile(
    r"(?:undisclosed|unlisted|unspecified|hidden|suppressed)[-_ ]?recipients?"
    r"|recipients?-list-(?:not-shown|suppressed)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,;]*")
_WORD = r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?<>]{0,2000}\?="
_TOKEN = re.compile(rf"{_WORD}|(?:[^\"(),:;<>\[=]++|=(?!\?))++")
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_PLAIN_ADDRESS = re.compile(r"[^\s\"(),:;<>@\[\]\\]{1,200}@[^\s\"(),:;<>@\[\]\\]{1,255}\Z")
_PAIRED = frozenset('"<([')
_ANGLE = re.compile(r">|<+")
_UP_TO_SEPARATOR = re.compile(r"\s*([^\s,;]+)")
_COMMENT = re.compile(r"\\.|[()]", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE = re.compile(r"[\"\\]")
_ESCAPED = r"\\\g<0>"
_AROUND_AT_AND_DOT = re.compile(r" ?([@.]) ?")
_AROUND_AT = re.compile(r" ?@ ?")
_MAILTO = re.compile(r"\[?mailto:", re.IGNORECASE)
_IN_SINGLE_QUOTES = re.compile(r"'(.*)'\Z", re.DOTALL)


def parse_addresses(value: str) -> tuple[Mailbox, ...]:
    """Read the mailboxes of an unfolded value, in order; group names are left out, their members kept.

    Entries without any address are left out. Two addresses in one entry give two mailboxes, and what stands
    in a display name, a comment or an encoded word is never taken for an address.
    """
    return scan_addresses(value)[0]


def scan_addresses(value: str) -> tuple[tuple[Mailbox, ...], bool]:
    """Do what `parse_addresses` does; say too whether the list was read to its end, or is longer than any."""
    found: list[Mailbox] = []
    size, steps = len(value), 0
    position = _simple_entries(value, 0, found)
    if position >= size:
        return tuple(found), True
    scan = _Scan(value, found)
    while position < size and len(found) < MAX_MAILBOXES and steps < _MAX_STEPS:
        if scan.at_start and (group := _GROUP.match(value, position)):
            position = group.end()
        else:
            position = scan.step(position)
            steps += 1
        if scan.at_start:
            position = _simple_entries(value, position, found)
    if not scan.at_start:
        scan.end_entry()
        scan.end_list()
    return tuple(found[:MAX_MAILBOXES]), position >= size


def _simple_entries(value: str, position: int, found: list[Mailbox]) -> int:
    """Read entries as long as they are simple; give where the next begins."""
    position = _next_entry(value, position)
    while len(found) < MAX_MAILBOXES and (simple := _SIMPLE.match(value, position)):
        quoted, name, words, angle, bare = simple.groups()
        found.append(Mailbox(_shown(words) if words else quoted or (name or "").strip(), angle or bare))
        position = _next_entry(value, simple.end())
    return position


def _next_entry(value: str, position: int) -> int:
    between = _BETWEEN.match(value, position)
    return between.end() if between else position


@dataclass(slots=True)
class _Words:
    """What was read of an entry: (quoted, text) of its words, and its comments."""

    words: list[tuple[bool, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(quoted or text.strip() for quoted, text in self.words)

    def name(self) -> str:
        """Give the display name: the phrase, else what stands in comments (RFC 822 habit)."""
        phrase = "".join(f" {text} " if quoted else text for quoted, text in self.words)
        told = phrase if phrase.strip() else _unescaped(" ".join(self.comments))
        return _shown(told)


class _Scan:
    """The state of one scan: what was read of the entry at hand, and entries that may be part of its name."""

    def __init__(self, value: str, found: list[Mailbox]) -> None:
        self.value = value
        self.found = found
        self.entry = _Words()
        self.held: list[_Words] = []  # words before a comma: `Doe` of `Doe, John <j@x.example>`
        self.unclosed: set[str] = set()  # what opens and is closed nowhere behind

    @property
    def at_start(self) -> bool:
        return not (self.held or self.entry.words or self.entry.comments)

    def step(self, position: int) -> int:  # noqa: PLR0912 - one case a character
        """Read a word and what ends it; give where the next begins."""
        value, words = self.value, self.entry.words
        token = _TOKEN.match(value, position)
        if token:
            words.append((False, token[0]))
            position = token.end()
            if position == len(value):
                return position
        char = value[position]
        end = -1
        if char == '"' and char not in self.unclosed:
            quoted = _QUOTED.match(value, position)
            end = quoted.end() if quoted else -1
            if quoted:
                words.append((True, _unescaped(quoted[1])))
        elif char == "<" and char not in self.unclosed:
            end = self.angle(position)
        elif char == "(" and char not in self.unclosed:
            end = _comment_end(value, position)
            if end >= 0:
                self.entry.comments.append(value[position + 1 : end - 1])
        elif char == "[" and char not in self.unclosed:
            end = value.find("]", position) + 1 or -1
            if end >= 0:
                words.append((False, value[position:end]))
        elif char == ",":
            self.end_entry()
        elif char == ";":
            self.end_entry()
            self.end_list()
        elif char == ":":
            self.colon()
        elif char not in '"<>()[]':
            words.append((False, char))
        if end >= 0:
            return end
        if char in _PAIRED:
            self.unclosed.add(char)
            while position < len(value) and value[position] in self.unclosed:
                position += 1
            return position
        return position + 1

    def colon(self) -> None:
        """End the name of a group; a colon within an address belongs to it."""
        last = self.entry.words[-1][1] if self.entry.words else ""
        if last.rstrip().lower().endswith("mailto") or "@" in last:
            self.entry.words.append((False, ":"))
        else:
            self.forget()

    def angle(self, position: int) -> int:
        """Read `<addr-spec>`; give where it ends, -1 when it never does."""
        start = position + 1
        mark = _ANGLE.search(self.value, start)
        inside = self.value[start : mark.start() if mark else start + _MAX_ADDRESS]
        if mark and mark[0] == ">":
            self.add(inside)
            return mark.end()
        first = _UP_TO_SEPARATOR.match(inside)
        if first and "@" in first[1]:  # the closing bracket was forgotten, or cut off
            self.add(first[1])
            return start + first.end()
        if not mark:
            return -1
        if first:
            self.entry.words.append((False, inside))
        return mark.end() - 1

    def add(self, angle: str) -> None:
        """Keep the mailbox whose address stood in brackets."""
        address = _addr_spec(angle)
        if address:
            entries = (*self.held, self.entry) if self.held else (self.entry,)
            names = [words.name() for words in entries if words.words or words.comments]
            self.found.append(Mailbox(", ".join(filter(None, names))[:_MAX_NAME], address))
            self.forget()
        elif angle.strip() and not self.entry:
            self.entry.words.append((True, angle))

    def forget(self) -> None:
        """Begin anew."""
        if self.held:
            self.held = []
        self.entry.words.clear()
        self.entry.comments.clear()

    def end_entry(self) -> None:
        """End the entry at a comma: with an address in it it is a mailbox, else perhaps part of a name."""
        found = _bare(self.entry)
        if found:
            self.end_list()
            self.found += found
        elif self.entry:
            if len(self.held) >= _HELD:
                self.end_list()
            self.held.append(self.entry)
        self.entry = _Words()

    def end_list(self) -> None:
        """Take single words without an address behind them for local mailboxes (`root`)."""
        for words in self.held:
            text = "".join(text for _, text in words.words).strip()
            quoted = any(quoted for quoted, _ in words.words)
            if _NOBODY.fullmatch(text):
                continue
            if _PLAIN_ADDRESS.match(text) if quoted else text and not re.search(r"\s|=\?", text):
                self.found.append(Mailbox(_shown(" ".join(words.comments)), text[:_MAX_ADDRESS]))
        self.held = []


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def _comment_end(value: str, start: int) -> int:
    """Give where a comment ends, -1 when it never does. Comments nest."""
    depth = 0
    for match in _COMMENT.finditer(value, start):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
            if depth == 0:
                return match.end()
    return -1


def _addr_spec(inside: str) -> str:
    """Give the address in a pair of angle brackets, '' when there is none."""
    if _PLAIN_ADDRESS.match(inside) and "'" not in inside:
        return inside
    inside = inside[: _MAX_ADDRESS * 2]
    if "(" in inside:
        inside = re.sub(r"\([^()]*\)", "", inside)
    address = inside if '"' in inside else "".join(inside.split())
    address = _IN_SINGLE_QUOTES.sub(r"\1", _MAILTO.sub("", address.strip(), count=1))
    if address.startswith("@") and ":" in address:  # RFC 5322 4.4, obsolete source route
        address = address.rpartition(":")[2]
    if address.startswith('"') and address.endswith('"') and "@" in address:
        address = "".join(address.strip('"').split())
    if "@" not in address and len(inside.split()) > 1:
        return ""  # `<John Doe>` is a name
    return address[:_MAX_ADDRESS]


def _bare(entry: _Words) -> list[Mailbox]:
    """Give the mailboxes of an entry without angle brackets."""
    words = entry.words
    if len(words) > 1 and words[0][0] and words[1][1].startswith("@"):
        return [Mailbox("", f'"{_TO_ESCAPE.sub(_ESCAPED, words[0][1])}"' + "".join(words[1][1].split()))]
    plain = [text for quoted, text in words if not quoted and not text.startswith("=?")]
    text = " ".join("".join(plain)[:_MAX_ENTRY].split())
    if "@" not in text:
        return []
    together = _AROUND_AT_AND_DOT.sub(r"\1", text) if " " in text else text
    pieces = [together] if " " not in together else _AROUND_AT.sub("@", text).split()
    first = next(index for index, piece in enumerate(pieces) if "@" in piece)
    addresses = [
        address for piece in pieces[first:] if "@" in piece and (address := _addr_spec(_opened(piece)))
    ]
    if not addresses:
        return []
    others = [(True, text) for quoted, text in words if quoted or text.startswith("=?")]
    name = _Words([*others, (False, " ".join(pieces[:first]))], entry.comments).name()
    return [Mailbox(name, addresses[0]), *(Mailbox("", address) for address in addresses[1:])]


def _opened(piece: str) -> str:
    """Take an address out of `[mailto:...]`."""
    return piece[1:].removesuffix("]") if piece.startswith("[") else piece


def _shown(text: str) -> str:
    return decode_words(" ".join(text[: _MAX_NAME * 4].split()))[:_MAX_NAME]
