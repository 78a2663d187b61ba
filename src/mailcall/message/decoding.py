"""Values of header fields as characters: raw bytes, folds and encoded words, tolerant of garbage."""

import re
import unicodedata

from .charset_names import charset_label, codec_name
from .charsets import decode, decode_text
from .mail import Charset
from .transfer import decode_base64, decode_transfer

__all__ = [
    "charset_of_value",
    "clean_value",
    "codec_name",
    "composed",
    "decode_base64",
    "decode_raw_value",
    "decode_text",
    "decode_transfer",
    "decode_words",
    "line_feeds",
    "normal_newlines",
    "without_controls",
]

MAX_VALUE = 65_536
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BYTES = bytes([*range(9), 11, 12, *range(14, 32), 127])
_FOLD = re.compile(r"\n[ \t]+")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*\??)\?=")
_QP_BYTE = re.compile(rb"=([0-9A-Fa-f]{2})")
_NORMALIZED_AT_ONCE = 500  # characters; the library's sorting of combining marks is quadratic


def decode_raw_value(value: bytes, hint: str = "", limit: int = MAX_VALUE) -> str:
    """Decode raw header bytes: UTF-8 (RFC 6532), else the charset of the mail's text, else Windows-1252."""
    return _decoded_value(value[:limit], hint)[0]


def _decoded_value(value: bytes, hint: str) -> tuple[str, str, str]:
    """Give text, charset and evidence."""
    if value.isascii():
        return value.decode("ascii"), "us-ascii", "plain ASCII"
    try:
        return value.decode("utf-8"), "utf-8", "valid UTF-8 (RFC 6532)"
    except UnicodeError:
        pass
    codec = codec_name(hint) if hint else ""
    if codec and codec not in {"ascii", "utf_8"}:
        try:
            return value.decode(codec), charset_label(codec), "charset of the text"
        except (UnicodeError, ValueError):
            pass
    found = decode(value, "cp1252", may_guess=False)
    return found.text, found.charset, "nothing fits"


def charset_of_value(where: str, value: bytes, hint: str = "") -> Charset:
    """Say how a header value is decoded: by the charset of its first encoded word, or of its raw bytes."""
    text, charset, evidence = _decoded_value(value[:MAX_VALUE], hint)
    word = _WORD.search(text) if "=?" in text else None
    if word:
        name = word[1].partition("*")[0].lower()
        return Charset(where, name if codec_name(name) else "us-ascii", "declared in an encoded word")
    return Charset(where, charset, evidence)


def clean_value(value: str) -> str:
    """Unfold a header value: line ends and tabs become spaces, control characters are dropped."""
    if value.isprintable():
        return value.strip()
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    if "\n" in value:
        value = _FOLD.sub(" ", value).replace("\n", " ")
        if value.isprintable():
            return value.strip()
    return _CONTROL.sub("", value.replace("\t", " ")).strip()


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded words; a character split over neighbouring words is put together again."""
    if "=?" not in value:
        return value
    out: list[str] = []
    pending: list[bytes] = []
    charset = ""
    last = 0
    for match in _WORD.finditer(value):
        between = value[last : match.start()]
        name = match[1].lower().partition("*")[0]
        data = _word_bytes(match[2], match[3], name)
        adjacent = last > 0 and not between.strip()
        if adjacent and name == charset:
            pending.append(data)
        else:
            out.append(decode_text(b"".join(pending), charset)[0])
            out.append("" if adjacent else between)
            pending, charset = [data], name
        last = match.end()
    out.append(decode_text(b"".join(pending), charset)[0])
    out.append(value[last:])
    return clean_value("".join(out))


def _word_bytes(encoding: str, text: str, charset: str) -> bytes:
    raw = text.encode("ascii") if text.isascii() else _raw_bytes(text, charset)
    if encoding in "bB":
        return decode_base64(raw)[0]
    raw = raw.replace(b"_", b" ")
    return _QP_BYTE.sub(lambda byte: bytes([int(byte[1], 16)]), raw) if b"=" in raw else raw


def _raw_bytes(text: str, charset: str) -> bytes:
    """Give the bytes of a word that has raw 8-bit characters between its escapes, against RFC 2047."""
    try:
        return text.encode(codec_name(charset) or "utf-8")
    except UnicodeError:
        return text.encode("utf-8", "surrogateescape")


def normal_newlines(text: str) -> str:
    """Give a text with LF line ends, without control characters other than tab, in NFC."""
    return composed(without_controls(line_feeds(text)))


def line_feeds(text: str) -> str:
    """Give a text with LF for each of its line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def without_controls(text: str) -> str:
    """Give a text without control characters other than tab and line ends."""
    if text.isascii():
        return text.encode("ascii").translate(None, _CONTROL_BYTES).decode("ascii")
    return _CONTROL.sub("", text)


def composed(text: str) -> str:
    """Give a text in NFC, in linear time: a run of marks longer than any language has may stay as it is."""
    if text.isascii():
        return text
    if len(text) <= _NORMALIZED_AT_ONCE:
        return unicodedata.normalize("NFC", text)
    return "".join(
        unicodedata.normalize("NFC", line[at : at + _NORMALIZED_AT_ONCE])
        for line in text.splitlines(keepends=True)
        for at in range(0, len(line), _NORMALIZED_AT_ONCE)
    )
