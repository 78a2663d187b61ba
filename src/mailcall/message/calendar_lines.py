"""Splits a calendar object into its content lines (RFC 5545 3.1), tolerant of what programs write."""

import binascii
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

MAX_TEXT = 8 * 1024 * 1024
_FOLD = re.compile(r"\n[ \t]")
_NAME = re.compile(r"[ \t]*([A-Za-z0-9-]{1,60})[ \t]*(?=[;:])")
_PARAMETER = re.compile(r';[ \t]*([A-Za-z0-9-]{1,60})[ \t]*(?:=((?:[^";:]++|"[^"]*+")*+))?')
_CARET = re.compile(r"\^([n'^])")
_ESCAPE = re.compile(r'\\([\\;,:nN"])')


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One property: name and parameter names in upper case, the value as written."""

    name: str
    parameters: dict[str, str]
    value: str

    def text(self) -> str:
        """Give a value of type TEXT (RFC 5545 3.3.11) without its escapes, with LF line ends."""
        return unescaped(self.value).strip()


def content_lines(text: str, wanted: Collection[str]) -> Iterator[ContentLine]:
    """Give the lines with one of these names (upper case), in order. Never raises."""
    text = text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    lines = iter(_FOLD.sub("", text).split("\n"))
    for line in lines:
        match = _NAME.match(line)
        if not match or match[1].upper() not in wanted:
            continue
        parameters, value = _parameters(line, match.end())
        if parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":  # vCalendar 1.0
            value = _quoted_printable(value, lines, parameters.get("CHARSET", "utf-8"))
        yield ContentLine(match[1].upper(), parameters, value)


def unescaped(value: str) -> str:
    """Undo the escapes of a TEXT value."""
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def _parameters(line: str, position: int) -> tuple[dict[str, str], str]:
    """Read the parameters from a position (RFC 5545 3.2, RFC 6868); give them and the value."""
    found: dict[str, str] = {}
    while match := _PARAMETER.match(line, position):
        position = match.end()
        value = (match[2] or "").strip().replace('"', "")
        found.setdefault(match[1].upper(), _CARET.sub(lambda caret: _CARETS[caret[1]], value))
    colon = line.find(":", position)
    return found, line[colon + 1 :] if colon >= 0 else ""


_CARETS = {"n": "\n", "'": '"', "^": "^"}


def _quoted_printable(value: str, lines: Iterator[str], charset: str) -> str:
    pieces = [value]
    while pieces[-1].endswith("="):
        pieces[-1] = pieces[-1][:-1]
        pieces.append(next(lines, ""))
    data = binascii.a2b_qp("".join(pieces).encode("utf-8", "replace"))
    try:
        decoded = data.decode(charset, "replace")
    except (LookupError, ValueError):
        decoded = data.decode("utf-8", "replace")
    return decoded.replace("\r\n", "\n").replace("\n", "\\n")
