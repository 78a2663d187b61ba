"""Header fields written so that nothing can be injected: folding, encoded words, addresses, file names."""

import base64
import re
import unicodedata
from urllib.parse import quote

from .domains import ascii_domain
from .file_names import safe_name
from .mail import Mailbox

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_QUOTED_LOCAL = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])*"\Z')
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,70}\Z")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_OURS = frozenset(
    [
        "date",
        "from",
        "sender",
        "to",
        "cc",
        "bcc",
        "reply-to",
        "subject",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "content-id",
        "auto-submitted",
        "x-auto-response-suppress",
        "return-path",
        "received",
        "dkim-signature",
    ]
)
_WORD_BYTES = 39  # of UTF-8 in one encoded word, so that `Subject: ` and the word stay within 76
_MAX_VALUE = 20_000


class BadAddress(ValueError):
    """An address that can't stand in a header; the sentence says which."""


class BadHeader(ValueError):
    """A header name or value that can't be sent; the sentence says why."""


def clean_line(text: str) -> str:
    """Make one line of a text: control characters, surrogates and line separators become spaces."""
    if text.isprintable() and len(text) <= _MAX_VALUE:
        return " ".join(text.split())
    kept = (" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in text[:_MAX_VALUE])
    return " ".join("".join(kept).split())


def _unusable(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Cn", "Co"}


def address_ok(address: str) -> bool:
    """Say whether a text is one addr-spec that can be sent to (RFC 5321 4.1.2, RFC 6531)."""
    local, at, domain = address.rpartition("@")
    if not at or not local or len(local.encode("utf-8", "replace")) > 64 or not ascii_domain(domain):
        return False
    if _QUOTED_LOCAL.match(local):
        return True
    return bool(_LOCAL.match(local)) and (local.isascii() or not any(map(_unusable, local)))


def wire_address(address: str) -> str:
    """Give an address as it is sent, its domain in A-labels. Raises `BadAddress`."""
    if not address_ok(address):
        raise BadAddress(f"{clean_line(address)[:100] or 'An empty text'} is no address that mail can go to.")
    local, _, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}"


def is_ascii_address(address: str) -> bool:
    """Say whether the address can be sent without SMTPUTF8."""
    return address.rpartition("@")[0].isascii()


def check_name(name: str) -> None:
    """Raise `BadHeader` unless a caller may set this header."""
    if not _NAME.match(name) or name.lower() in _OURS:
        raise BadHeader(f"The header {clean_line(name)[:60]!r} can't be set.")


def encoded_words(text: str) -> list[str]:
    """Give a text as RFC 2047 words of at most 64 characters, none splitting a character."""
    words: list[str] = []
    chunk = b""
    for character in text:
        data = character.encode("utf-8", "replace")
        if len(chunk) + len(data) > _WORD_BYTES:
            words.append(f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=")
            chunk = b""
        chunk += data
    if chunk:
        words.append(f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=")
    return words


def unstructured(name: str, value: str) -> str:
    """Write a field of free text, folded, its lines within 78 where the words allow."""
    text = clean_line(value)
    words = text.split(" ")
    if not text.isascii() or "=?" in text or max(map(len, words)) > 60:
        words = encoded_words(text)
    return _folded(name, words)


def structured(name: str, value: str) -> str:
    """Write a field in which no word may be encoded, such as an address of the web, on one line.

    Raises BadHeader for one that is beyond ASCII, or too long (RFC 5322 2.1.1).
    """
    line = f"{name}: {clean_line(value)}"
    if not line.isascii() or len(line) > 998:
        raise BadHeader(f"{name} can't be {clean_line(value)[:100]}.")
    return line


def _folded(name: str, words: list[str]) -> str:
    lines: list[str] = []
    line = f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > 76 and line.strip() and line != f"{name}:":
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    return "\r\n".join([*lines, line])


def mailbox(box: Mailbox) -> str:
    """Write one mailbox; its name is quoted or encoded as needed. Raises `BadAddress`."""
    address = wire_address(box.address)
    name = clean_line(box.name)[:500]
    if not name:
        return address
    if not name.isascii() or "=?" in name or len(name) > 60:
        return "\r\n ".join([*encoded_words(name), f"<{address}>"])
    if not _PLAIN_NAME.match(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{address}>"


def address_line(name: str, boxes: tuple[Mailbox, ...]) -> str:
    """Write an address field, one mailbox a line; '' without any."""
    return f"{name}: " + ",\r\n ".join(map(mailbox, boxes)) if boxes else ""


def file_parameters(name: str, file_name: str) -> str:
    """Write a file name parameter, folded; RFC 2231 where it is not plain ASCII."""
    safe = safe_name(file_name) or "attachment"
    if safe.isascii() and len(safe) <= 60:
        return f';\r\n {name}="{safe.replace(chr(92), "")}"'
    value = quote(safe, safe="")
    pieces = re.findall(r"(?:%[0-9A-F]{2}|[^%]){1,18}", value)
    first = f";\r\n {name}*0*=utf-8''{pieces[0]}"
    return first + "".join(f";\r\n {name}*{index}*={piece}" for index, piece in enumerate(pieces[1:], 1))
