"""Address lists of header fields (RFC 5322 3.4), read by one linear scan that forgives what people send."""

import re

from .decoding import decode_words
from .mail import Mailbox

MAX_MAILBOXES = 60_000
_PLAIN = re.compile(r"[^\"(),:;<>\[\\]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_AROUND_AT = re.compile(r" ?([@.]) ?")


class _Scan:
    """The state of one scan: what was read of the mailbox at hand."""

    def __init__(self) -> None:
        self.found: list[Mailbox] = []
        self.words: list[tuple[bool, str]] = []  # (quoted, text)
        self.comments: list[str] = []

    def flush(self, angle: str | None = None) -> None:
        """End the mailbox at hand, with its `<addr-spec>` if there was one."""
        words, comments = self.words, self.comments
        self.words, self.comments = [], []
        if angle is not None:
            address = _route_removed("".join(angle.split()))
            if address.startswith('"') and address.endswith('"') and "@" in address:
                address = address.strip('"')
            name = _phrase(words) or _comment(comments)
            if address:
                self.found.append(Mailbox(name, address))
            return
        bare = _bare_address(words)
        if bare:
            self.found.append(Mailbox(bare[0] or _comment(comments), bare[1]))


def parse_addresses(value: str) -> tuple[Mailbox, ...]:  # noqa: PLR0912 - one scan, one case a character
    """Read the mailboxes of an unfolded value, in order; group names are left out, their members kept.

    Entries without any address are left out. Two addresses in one entry give two mailboxes.
    """
    scan = _Scan()
    position, size = 0, len(value)
    no_quote = no_angle = no_comment = no_bracket = False
    while position < size and len(scan.found) < MAX_MAILBOXES:
        plain = _PLAIN.match(value, position)
        if plain:
            scan.words.append((False, plain[0]))
            position = plain.end()
            continue
        char = value[position]
        if char == '"' and not no_quote:
            quoted = _QUOTED.match(value, position)
            no_quote = quoted is None  # unclosed: no later quote can be closed either
            if quoted:
                scan.words.append((True, _ESCAPE.sub(r"\1", quoted[1])))
                position = quoted.end()
                continue
        elif char == "<" and not no_angle:
            end = value.find(">", position)
            no_angle = end < 0
            if end >= 0:
                scan.flush(value[position + 1 : end].rpartition("<")[2])
                position = end + 1
                continue
            scan.flush(value[position + 1 :].split(",", maxsplit=1)[0])
            break
        elif char == "(" and not no_comment:
            end = _comment_end(value, position)
            no_comment = end < 0
            if end >= 0:
                scan.comments.append(value[position + 1 : end])
                position = end + 1
                continue
        elif char == "[" and not no_bracket:
            end = value.find("]", position)
            no_bracket = end < 0
            if end >= 0:
                scan.words.append((False, value[position : end + 1]))
                position = end + 1
                continue
        elif char in ",;":
            scan.flush()
        elif char == ":":
            if not any("@" in text for quoted, text in scan.words if not quoted):
                scan.words, scan.comments = [], []  # the name of a group
        elif char not in '"<>()':
            scan.words.append((False, char))
        position += 1
    scan.flush()
    return tuple(scan.found)


def _comment_end(value: str, start: int) -> int:
    depth = 0
    for match in re.compile(r"\\.|[()]", re.DOTALL).finditer(value, start):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
            if depth == 0:
                return match.start()
    return -1


def _route_removed(address: str) -> str:
    if address.startswith("@") and ":" in address:  # RFC 5322 4.4, obsolete source route
        address = address.rpartition(":")[2]
    return address[7:] if address[:7].lower() == "mailto:" else address


def _phrase(words: list[tuple[bool, str]]) -> str:
    text = "".join(f" {text} " if quoted else text for quoted, text in words)
    return decode_words(" ".join(text.split()))


def _comment(comments: list[str]) -> str:
    return decode_words(" ".join(_ESCAPE.sub(r"\1", " ".join(comments)).split()))


def _bare_address(words: list[tuple[bool, str]]) -> tuple[str, str] | None:
    """Give (name, address) of a mailbox without angle brackets, or None."""
    if len(words) > 1 and words[0][0] and words[1][1].startswith("@"):
        return "", f'"{words[0][1]}"' + "".join(words[1][1].split())
    text = _AROUND_AT.sub(r"\1", " ".join(" ".join(text for _, text in words).split()))
    pieces = text.split()
    at = next((index for index in range(len(pieces) - 1, -1, -1) if "@" in pieces[index]), -1)
    if at >= 0:
        return decode_words(" ".join(pieces[:at])), _route_removed(pieces[at])
    if len(pieces) == 1 and not pieces[0].startswith("=?"):
        return "", pieces[0]
    return None
