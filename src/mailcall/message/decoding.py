"""From bytes to characters: transfer encodings, charsets and encoded words, tolerant of garbage."""

import binascii
import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

MAX_VALUE = 65_536
_SAMPLE = 4_096

# Charsets as mail names them, where Python knows another name or a superset that real senders use.
_ALIASES = {
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "windows-936": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "iso-2022-jp": "iso-2022-jp-ext",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "ansi_x3.4-1968": "ascii",
}
# Codecs of Python that are no charset of any mail; some take quadratic time.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*\??)\?=")
_QP_BYTE = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_ONLY_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*\Z")


def codec_name(charset: str) -> str:
    """Give Python's name for a charset of a mail, or '' when there is none to trust."""
    name = charset.strip().strip("\"'").lower().partition("*")[0]
    name = _ALIASES.get(name, name)
    if name.startswith(("cp-", "x-cp")):
        name = "cp" + name.lstrip("x-")[2:].lstrip("-")
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    if info.name in _REFUSED or not getattr(info, "_is_text_encoding", True):
        return ""
    return info.name


def decode_text(data: bytes, declared: str = "") -> tuple[str, str]:
    """Decode a text by ordered evidence; give it with a defect, '' when nothing had to be guessed.

    Byte order mark, the declared charset, UTF-8, charset-normalizer on a bounded sample, Latin-1.
    """
    if data.startswith(codecs.BOM_UTF8):
        data, declared = data[3:], "utf-8"
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not codec_name(declared).startswith(
        "utf-8"
    ):
        declared = "utf-16"
    codec = codec_name(declared) if declared else ""
    if codec:
        text = _try(data, codec)
        if text is not None:
            return text, ""
        # A cut or slightly damaged text: a few bad bytes are better than a wrong charset for all of it.
        text = data.decode(codec, "replace")
        if text.count("\ufffd") * 20 <= _beyond_ascii(data):
            return text, f"some bytes are not valid {codec}"
    text = _try(data, "utf-8")
    if text is not None:
        return text, f"charset {declared!r} does not fit; read as utf-8" if declared and _beyond_ascii(
            data
        ) else ""
    guessed = _guess(data)
    if guessed:
        return data.decode(guessed, "replace"), f"charset guessed: {guessed}"
    return data.decode("latin-1"), "charset unknown: read as latin-1"


def _try(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        if codec != "cp1252":
            return None
    try:  # the five holes of windows-1252 are control characters in ISO 8859-1
        return data.decode("latin-1") if not data.isascii() else data.decode("ascii")
    except UnicodeError:
        return None


def _beyond_ascii(data: bytes) -> int:
    return len(data) - len(data.translate(None, _HIGH))


_HIGH = bytes(range(128, 256))


def _guess(data: bytes) -> str:
    start = next((index for index, byte in enumerate(data[:1_000_000]) if byte > 127), 0)
    sample = data[max(0, start - 200) : start - 200 + _SAMPLE] if start > 200 else data[:_SAMPLE]
    best = from_bytes(sample, steps=5, chunk_size=512, preemptive_behaviour=False).best()
    return codec_name(best.encoding) if best else ""


def decode_raw_value(value: bytes, hint: str = "") -> str:
    """Decode raw header bytes: UTF-8 (RFC 6532), else the charset of the mail's text, else Windows-1252."""
    value = value[:MAX_VALUE]
    for codec in ("utf-8", codec_name(hint) if hint else ""):
        if codec and codec != "ascii":
            try:
                return value.decode(codec)
            except (UnicodeError, ValueError):
                continue
    return value.decode("cp1252", "replace") if b"\x81" not in value else value.decode("latin-1")


def clean_value(value: str) -> str:
    """Unfold a header value: line ends and tabs become spaces, control characters are dropped."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = re.sub(r"\n[ \t]+", lambda fold: " " if fold.end() - fold.start() > 1 else "", value)
    return _CONTROL.sub("", value.replace("\n", " ").replace("\t", " ")).strip()


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded words; a character split over neighbouring words is put together again."""
    if "=?" not in value:
        return value
    out: list[str] = []
    pending = b""
    charset = ""
    last = 0
    for match in _WORD.finditer(value):
        between = value[last : match.start()]
        data = _word_bytes(match[2], match[3])
        name = match[1].lower().partition("*")[0]
        adjacent = last > 0 and not between.strip()
        if adjacent and name == charset:
            pending += data
        else:
            out.append(decode_text(pending, charset)[0])
            out.append("" if adjacent else between)
            pending, charset = data, name
        last = match.end()
    out.append(decode_text(pending, charset)[0])
    out.append(value[last:])
    return clean_value("".join(out))


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if encoding in "bB":
        return decode_base64(raw)[0]
    return _QP_BYTE.sub(lambda byte: bytes([int(byte[1], 16)]), raw.replace(b"_", b" "))


def decode_base64(data: bytes) -> tuple[bytes, bool]:
    """Decode base64 leaving out what is not base64; give the bytes and whether they were sound.

    Pieces padded each on their own are joined; prose after the padding (a list's footer) is left out.
    """
    end = data.find(b"=")
    sound = True
    if end >= 0:
        rest = data[end:].lstrip(b"=")
        if rest.strip() and not _ONLY_BASE64.match(rest):
            data, sound = data[:end], False
    out: list[bytes] = []
    clean = _NOT_BASE64.sub(b"", data)
    for piece in clean.split(b"="):
        whole = len(piece) - (1 if len(piece) % 4 == 1 else 0)
        sound = sound and whole == len(piece)
        if whole:
            out.append(binascii.a2b_base64(piece[:whole] + b"=" * (-whole % 4)))
    return b"".join(out), sound


def decode_transfer(data: bytes, encoding: str) -> tuple[bytes, str]:
    """Undo a Content-Transfer-Encoding (RFC 2045 6); give the bytes and a defect, '' when sound."""
    encoding = encoding.partition(";")[0].strip().strip("\"'").lower()
    if encoding == "base64":
        decoded, sound = decode_base64(data)
        return decoded, "" if sound else "damaged base64"
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data), ""
    if encoding in {"uuencode", "x-uuencode", "uue", "x-uue"}:
        return _decode_uu(data), ""
    known = {"", "7bit", "8bit", "binary", "7-bit", "8-bit"}
    return data, "" if encoding in known else f"unknown transfer encoding {encoding[:40]!r}"


def _decode_uu(data: bytes) -> bytes:
    lines = data.split(b"\n")
    begin = next((index for index, line in enumerate(lines) if line.startswith(b"begin ")), -1)
    out: list[bytes] = []
    for raw_line in lines[begin + 1 :]:
        line = raw_line.rstrip(b"\r")
        if line in {b"end", b"`", b""}:
            if line == b"end":
                break
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            length = ((line[0] - 32) & 63) * 4 // 3 + 5  # some encoders pad the line with junk
            try:
                out.append(binascii.a2b_uu(line[:length]))
            except binascii.Error:
                continue
    return b"".join(out)


def normal_newlines(text: str) -> str:
    """Give a text with LF line ends, without control characters other than tab, in NFC."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", text))
