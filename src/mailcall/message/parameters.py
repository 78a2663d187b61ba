"""Reads `word; name=value; ...` of Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2231)."""

import re
from urllib.parse import unquote_to_bytes

from .decoding import decode_text

_LONGEST = 16_384
_PLAIN = re.compile(
    r"[ \t]*([A-Za-z0-9!#$&^_.+/-]*)[ \t]*"
    r"((?:;[ \t]*[A-Za-z0-9-]+=(?:\"[^\"\\;=?]*\"|[^\s;\"'()*=?%]+)[ \t]*)*);?\Z"
)
_PLAIN_PARAMETER = re.compile(r";[ \t]*([A-Za-z0-9-]+)=(?:\"([^\"]*)\"|([^\s;\"]+))")
_SPECIAL = re.compile(r'\\.|[";]', re.DOTALL)
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,4}))?(\*)?\Z", re.DOTALL)
_COMMENT = re.compile(r"\([^()]{0,998}\)")
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """Give the word and its parameters, in lower case. Sections and charsets of RFC 2231 are put together."""
    plain = _PLAIN.match(value) if len(value) < 2_000 else None
    if not plain:
        return _parse_any(value[:_LONGEST])
    params: dict[str, str] = {}
    for name, quoted, token in _PLAIN_PARAMETER.findall(plain[2]):
        params.setdefault(name.lower(), quoted or token)
    return plain[1].lower(), params


def _parse_any(value: str) -> tuple[str, dict[str, str]]:
    word, *pieces = _split_unquoted(value)
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    params: dict[str, str] = {}
    for piece in pieces:
        name, equals, content = piece.partition("=")
        match = _SECTION.match(name.strip().lower())
        if not equals or not match:
            continue
        text = _unquoted(content.strip())
        if match[2] is None and match[3] is None:
            params.setdefault(match[1], text)
        else:
            sections.setdefault(match[1], []).append((int(match[2] or 0), bool(match[3]), text))
    for name, parts in sections.items():
        params[name] = _joined_sections(sorted(parts, key=lambda part: part[0]))
    return _COMMENT.sub("", word).strip().lower(), params


def _split_unquoted(value: str) -> list[str]:
    """Split at the semicolons that stand outside quoted strings."""
    pieces: list[str] = []
    start, quoted = 0, False
    for match in _SPECIAL.finditer(value):
        if match[0] == '"' or (match[0] == '\\"' and not quoted):
            quoted = not quoted
        elif match[0] == ";" and not quoted:
            pieces.append(value[start : match.start()])
            start = match.end()
    pieces.append(value[start:])
    return pieces


def _unquoted(text: str) -> str:
    if text.startswith('"'):
        whole = _QUOTED.match(text)
        text = whole[1] if whole and not text.endswith('"') else text[1:].removesuffix('"')
        # Only what must be escaped is unescaped: Windows paths come with single backslashes.
        return text.replace('\\"', '"').replace("\\\\", "\\")
    if text.endswith(")") and " (" in text:
        text = _COMMENT.sub("", text).rstrip()
    # 'name' in single quotes is quoted; '' belongs to RFC 2231: utf-8''name
    return text.strip("\"'") if text.startswith("'") else text


def _joined_sections(parts: list[tuple[int, bool, str]]) -> str:
    charset = ""
    out: list[bytes] = []
    for index, (_, encoded, part) in enumerate(parts):
        text = part
        if encoded and index == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        out.append(unquote_to_bytes(text) if encoded else text.encode("utf-8", "surrogateescape"))
    return decode_text(b"".join(out), charset)[0]
