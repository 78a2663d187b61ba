"""Which charset a text is in: decided by ordered evidence, and said."""

import codecs
import re
from dataclasses import dataclass

from .charset_guess import guess_charset
from .charset_names import charset_label, codec_name
from .japanese import decode_iso_2022_jp

_SAMPLE = 4_096
_META_IN = 4_096  # HTML 13.2.3.2 looks at 1,024 bytes; mail programs put more before the meta element
_JAPANESE = "iso2022_jp_ext"
_MENDED = 10_000  # bad bytes or surrogates in one text; each costs microseconds, and no sound text has more

# In these, bytes below 128 are not simply ASCII.
_NOT_ASCII = re.compile(r"utf_?(?:7|16|32)|hz|iso2022|cp(?:037|273|424|500|875|1026|1140)")
_WIDE = re.compile(r"utf_?(?:16|32)")
_DOUBLE_BYTE = re.compile(r"gb|cp9(?:32|49|50)|big5|euc|shift|johab")
_META = re.compile(rb"<meta\b[^<>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"\s{0,99}<\?xml[^<>]{0,100}?encoding=[\"']([A-Za-z0-9_:.-]{1,40})")
_HIGH = bytes(range(128, 256))
_SURROGATE = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
# What people write beyond ASCII: no phonetic signs and seldom scripts, which other charsets give by chance.
_WRITTEN = re.compile(
    "[\xa0-\u024f\u02c6-\u02dd\u0300-\u045f\u0490-\u04ff\u0531-\u06ff\u0900-\u0eff\u10a0-\u11ff\u1e00-\u22ff"
    "\u2460-\u27bf\u3000-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3\ufe0f\uff01-\uffef\U0001f000-\U0001faff]"
)
_ESCAPES = (
    (b"\x1b$)C", "iso2022_kr"),
    (b"\x1b$B", _JAPANESE),
    (b"\x1b$@", _JAPANESE),
    (b"\x1b(J", _JAPANESE),
    (b"\x1b(I", _JAPANESE),
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the charset it was read in, on what evidence, and a defect, '' when nothing was wrong."""

    text: str
    charset: str
    evidence: str
    defect: str = ""


def decode_text(data: bytes, declared: str = "") -> tuple[str, str]:
    """Decode a short text without guessing from its bytes; give it with a defect or ''."""
    found = decode(data, declared, may_guess=False)
    return found.text, found.defect


def decode(data: bytes, declared: str = "", *, markup: bool = False, may_guess: bool = True) -> Decoded:
    """Decode a text by ordered evidence.

    Byte order mark, UTF-8 under the name of another charset, the declared charset, the same with a few bytes
    that do not fit, the meta element of HTML, escapes of ISO 2022, UTF-8, the bytes themselves (within
    `may_guess`, as it costs up to a millisecond), Windows-1252.
    """
    codec = codec_name(declared) if declared else ""
    if data.isascii() and b"\x1b" not in data and not _NOT_ASCII.match(codec):
        evidence = "declared" if codec else "plain ASCII"
        return Decoded(data.decode("ascii"), charset_label(codec) or "us-ascii", evidence)
    found = _by_mark(data)
    renamed = None if found else _mislabelled(data, codec)
    found = found or (None if renamed else _by_declaration(data, codec))
    if found:
        return found
    wrong = f"charset {declared[:40]!r} does not fit" if declared else ""
    found = renamed or (_by_markup(data) if markup else None)
    found = found or _by_escapes(data) or _by_utf_8(data) or (_by_guess(data) if may_guess else None)
    if found:
        told = "; ".join(note for note in (wrong, found.defect) if note)
        return Decoded(found.text, found.charset, found.evidence, told)
    text = _as_windows(data)
    return Decoded(text, "windows-1252", "nothing fits", "charset unknown: read as windows-1252")


def _by_mark(data: bytes) -> Decoded | None:
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            text = data[len(mark) :].decode(codec, "replace")
            if _few_bad(text, len(text)):
                return Decoded(text, codec.removesuffix("-le").removesuffix("-be"), "byte order mark")
    return None


def _by_declaration(data: bytes, codec: str) -> Decoded | None:
    if not codec or not _plausible(data, codec):
        return None
    label = charset_label(codec)
    text = _strictly(data, codec)
    if text is not None:
        return Decoded(text, label, "declared")
    if codec == "utf_8":
        return _damaged_utf_8(data)
    # A cut or slightly damaged text: a few bad bytes are better than a wrong charset for all of it.
    text = _forgivingly(data, codec)
    if "\ufffd" not in text:
        return Decoded(text, label, "declared")
    if _few_bad(text, len(data) if codec.startswith("iso2022") else _beyond_ascii(data)):
        return Decoded(text, label, "declared, with a few bad bytes", f"some bytes are not valid {label}")
    return None


def _plausible(data: bytes, codec: str) -> bool:
    """Say whether the declared charset can be meant: plain bytes are no UTF-16, and no escapes are UTF-8."""
    if _WIDE.match(codec):
        return not data.isascii() or b"\0" in data[:_SAMPLE]
    if codec == "utf_7":
        return data.isascii()
    return codec.startswith("iso2022") or not _by_escapes(data)


def _mislabelled(data: bytes, codec: str) -> Decoded | None:
    """Find UTF-8 under another name: by chance no text in another charset has several such sequences."""
    if codec in {"", "utf_8", "ascii"} or _NOT_ASCII.match(codec):
        return None
    text = _strictly(data, "utf-8")
    if text is None:
        return None
    sequences = len(text) - _ascii_characters(data)
    if _DOUBLE_BYTE.match(codec):  # pairs of theirs can be pairs of UTF-8
        likely = _beyond_ascii(data) > 2 * sequences and sequences >= 3
    else:
        likely = sequences >= 2
    if not likely or _written(text) < sequences:
        return None
    return Decoded(text, "utf-8", "valid UTF-8 under the name of another charset")


def _damaged_utf_8(data: bytes) -> Decoded | None:
    """Read declared UTF-8 of which some bytes are bad: cut, or with a piece in another charset.

    Where more is bad than good, as in a footer that a list put below in Latin-1, the bad bytes are read as
    Windows-1252, so that nothing is lost; with next to nothing good, it is no UTF-8.
    """
    whole = _SURROGATE.sub(_of_surrogates, data, count=_MENDED)
    text = whole.decode("utf-8", "replace")
    bad, good = text.count("\ufffd"), _written(text)
    told = "some bytes are not valid utf-8"
    if not bad:
        return Decoded(text, "utf-8", "declared", "surrogates written as UTF-8 (CESU-8)")
    if good >= bad:
        return Decoded(text, "utf-8", "declared, with a few bad bytes", told)
    if good * 3 >= bad and bad <= _MENDED:
        mixed = whole.decode("utf-8", "windows_bytes")
        return Decoded(mixed, "utf-8", "declared, mixed with windows-1252", told)
    return None


def _of_surrogates(match: re.Match[bytes]) -> bytes:
    """Give the four bytes of UTF-8 for two surrogates of three bytes each (Unicode TR 26)."""
    pair = match[0].decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
    return pair.decode("utf-16-le").encode()


def _by_markup(data: bytes) -> Decoded | None:
    head = data[:_META_IN]
    told = _META.search(head) or _XML.match(head)
    codec = codec_name(told[1].decode("ascii")) if told else ""
    if not codec or _WIDE.match(codec) or codec == "utf_7":
        return None
    text = _strictly(data, codec)
    if text is None:
        return _damaged_utf_8(data) if codec == "utf_8" else None
    return _mislabelled(data, codec) or Decoded(text, charset_label(codec), "meta element of the HTML")


def _by_escapes(data: bytes) -> Decoded | None:
    if b"\x1b" not in data:
        return None
    for escape, codec in _ESCAPES:
        if escape in data:
            text = _strictly(data, codec) or _forgivingly(data, codec)
            if _few_bad(text, len(data)):
                return Decoded(text, charset_label(codec), "ISO 2022 escapes")
    return None


def _by_utf_8(data: bytes) -> Decoded | None:
    text = _strictly(data, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8" if _beyond_ascii(data) else "us-ascii", "valid UTF-8")
    text = data.decode("utf-8", "replace")  # one cut character at the end, or in the middle of much that fits
    if text.count("\ufffd") * 3 <= _written(text):
        return Decoded(text, "utf-8", "nearly valid UTF-8", "some bytes are not valid utf-8")
    return None


def _by_guess(data: bytes) -> Decoded | None:
    guess = guess_charset(data)
    if not guess:
        return None
    label = charset_label(guess.codec)
    text = _strictly(data, guess.codec)
    text = data.decode(guess.codec, "replace") if text is None else text
    evidence = f"guessed from the bytes: {guess.languages} letters"
    return Decoded(text, label, evidence, f"charset guessed: {label}")


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        return _as_windows(data) if codec == "cp1252" else None


def _forgivingly(data: bytes, codec: str) -> str:
    return decode_iso_2022_jp(data) if codec == _JAPANESE else data.decode(codec, "replace")


def _as_windows(data: bytes) -> str:
    """Read as Windows-1252; its five holes are control characters in ISO 8859-1."""
    try:
        return data.decode("cp1252")
    except UnicodeError:
        return data.decode("cp1252", "windows_holes")


def _hole(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


def _windows_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("windows_holes", _hole)
codecs.register_error("windows_bytes", _windows_bytes)


def _written(text: str) -> int:
    """Count the characters beyond ASCII that people write, without those that stand for a bad byte."""
    return 0 if text.isascii() else len(_WRITTEN.findall(text))


def _few_bad(text: str, of: int) -> bool:
    """Say whether of so many bytes few are bad, or only the last, as the text was cut within a character."""
    bad = text.count("\ufffd")
    return bad * 20 <= of or (bad == 1 < len(text) and text.endswith("\ufffd"))


def _ascii_characters(data: bytes) -> int:
    return len(data) - _beyond_ascii(data)


def _beyond_ascii(data: bytes) -> int:
    return len(data) - len(data.translate(None, _HIGH))
