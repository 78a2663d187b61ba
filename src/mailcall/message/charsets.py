"""Which charset a text is in: decided by ordered evidence, and said."""

import codecs
import functools
import re
from dataclasses import dataclass
from encodings.aliases import aliases

_SAMPLE = 4_096
_META_IN = 4_096  # HTML 13.2.3.2 looks at 1,024 bytes; mail programs put more before the meta element

# Names of mail that Python knows under another, or as a narrower charset than senders mean by it.
_NAMES = {
    "utf8": "utf_8",
    "unicode_1_1_utf_8": "utf_8",
    "utf8mb4": "utf_8",
    "unicode_1_1_utf_7": "utf_7",
    "unicode": "utf_16",
    "ascii": "ascii",
    "ansi_x3.4_1968": "ascii",
    "iso_8859_1": "cp1252",
    "iso8859_1": "cp1252",
    "iso_8859_1:1987": "cp1252",
    "latin1": "cp1252",
    "latin_1": "cp1252",
    "l1": "cp1252",
    "ansi": "cp1252",
    "iso_8859_9": "cp1254",
    "iso8859_9": "cp1254",
    "latin5": "cp1254",
    "iso_8859_11": "cp874",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "windows_874": "cp874",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "logical": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_6_e": "iso8859_6",
    "ks_c_5601_1987": "cp949",
    "ks_c_5601_1989": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "euc_kr": "cp949",
    "euckr": "cp949",
    "korean": "cp949",
    "gb2312": "gb18030",
    "gb_2312_80": "gb18030",
    "euc_cn": "gb18030",
    "gbk": "gb18030",
    "x_gbk": "gb18030",
    "cp936": "gb18030",
    "windows_936": "gb18030",
    "gb18030_2000": "gb18030",
    "hz_gb_2312": "hz",
    "big5": "cp950",
    "big5_tw": "cp950",
    "x_x_big5": "cp950",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "x_sjis": "cp932",
    "windows_31j": "cp932",
    "windows_932": "cp932",
    "ms_kanji": "cp932",
    "x_euc_jp": "euc_jp",
    "iso_2022_jp": "iso2022_jp_ext",
    "iso2022_jp": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    "x_mac_roman": "mac_roman",
    "macintosh": "mac_roman",
    "x_mac_ce": "mac_latin2",
    "x_mac_cyrillic": "mac_cyrillic",
    "koi8": "koi8_r",
}
# Python's codecs that are no charset of any mail; some take quadratic time.
_REFUSED = {
    "base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec",
    "mbcs", "oem", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "tactis",
}  # fmt: skip
# A fixed list: a look-up of a name that Python does not know costs a search on disk, and is kept for ever.
_CODECS: dict[str, str] = {
    **{module: module for module in aliases.values()},
    **{
        codec: codec
        for codec in ("cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_t", "koi8_u", "mac_arabic")
    },
    **aliases,
    **{
        name: "cp" + name.removeprefix("windows_")
        for name in (f"windows_{page}" for page in range(1250, 1259))
    },
    **_NAMES,
}
# In these, bytes below 128 are not simply ASCII.
_NOT_ASCII = re.compile(r"utf_?(?:7|16|32)|hz|iso2022|cp(?:037|273|424|500|875|1026|1140)")
_WIDE = re.compile(r"utf_?(?:16|32)")
_META = re.compile(rb"<meta\b[^<>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"\s{0,99}<\?xml[^<>]{0,100}?encoding=[\"']([A-Za-z0-9_:.-]{1,40})")
_HIGH = bytes(range(128, 256))
_RUN = re.compile(rb"[\x80-\xff]{4}")
_ESCAPES = (
    (b"\x1b$)C", "iso2022_kr"),
    (b"\x1b$B", "iso2022_jp_ext"),
    (b"\x1b$@", "iso2022_jp_ext"),
    (b"\x1b(J", "iso2022_jp_ext"),
    (b"\x1b(I", "iso2022_jp_ext"),
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the charset it was read in, on what evidence, and a defect, '' when nothing was wrong."""

    text: str
    charset: str
    evidence: str
    defect: str = ""


@functools.lru_cache(maxsize=512)
def codec_name(charset: str) -> str:
    """Give Python's name for a charset of a mail, or '' when there is none to trust."""
    name = charset[:60].strip().strip("\"'").lower().partition("*")[0].replace("-", "_").replace(" ", "_")
    if name.startswith(("cp_", "x_cp", "x_windows", "x_iso", "x_utf")):
        name = name.removeprefix("x_").replace("cp_", "cp")
    codec = _CODECS.get(name) or _CODECS.get(name.replace("windows", "windows_").replace("__", "_"), "")
    codec = _NAMES.get(codec, codec)
    if not codec or codec in _REFUSED:
        return ""
    return codecs.lookup(codec).name.replace("-", "_")


def charset_label(codec: str) -> str:
    """Name a codec of Python as mail does."""
    if codec.startswith("cp125"):
        return "windows-" + codec[2:]
    return codec.replace("iso8859", "iso-8859").replace("iso2022", "iso-2022").replace("_", "-")


def decode_text(data: bytes, declared: str = "") -> tuple[str, str]:
    """Decode a short text without guessing from its bytes; give it with a defect or ''."""
    found = decode(data, declared, may_guess=False)
    return found.text, found.defect


def decode(data: bytes, declared: str = "", *, markup: bool = False, may_guess: bool = True) -> Decoded:
    """Decode a text by ordered evidence.

    Byte order mark, the declared charset, the same with a few bytes that do not fit, the meta element of
    HTML, escapes of ISO 2022, UTF-8, the bytes themselves (within `may_guess`, as it costs milliseconds),
    Windows-1252.
    """
    codec = codec_name(declared) if declared else ""
    if data.isascii() and b"\x1b" not in data and not _NOT_ASCII.match(codec):
        evidence = "declared" if codec else "plain ASCII"
        return Decoded(data.decode("ascii"), charset_label(codec) or "us-ascii", evidence)
    found = _by_mark(data) or _by_declaration(data, codec)
    if found:
        return found
    wrong = f"charset {declared[:40]!r} does not fit" if declared else ""
    found = _by_markup(data) if markup else None
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
            if text.count("\ufffd") * 20 <= len(text):
                return Decoded(text, codec.removesuffix("-le").removesuffix("-be"), "byte order mark")
    return None


def _by_declaration(data: bytes, codec: str) -> Decoded | None:
    if not codec or not _plausible(data, codec):
        return None
    label = charset_label(codec)
    text = _strictly(data, codec)
    if text is not None:
        return Decoded(text, label, "declared")
    # A cut or slightly damaged text: a few bad bytes are better than a wrong charset for all of it.
    text = data.decode(codec, "replace")
    if text.count("\ufffd") * 20 <= _beyond_ascii(data):
        return Decoded(text, label, "declared, with a few bad bytes", f"some bytes are not valid {label}")
    return None


def _plausible(data: bytes, codec: str) -> bool:
    """Say whether the declared charset can be meant: plain bytes are no UTF-16, and no escapes are UTF-8."""
    if _WIDE.match(codec):
        return not data.isascii() or b"\0" in data[:_SAMPLE]
    if codec == "utf_7":
        return data.isascii()
    return codec.startswith("iso2022") or not _by_escapes(data)


def _by_markup(data: bytes) -> Decoded | None:
    head = data[:_META_IN]
    told = _META.search(head) or _XML.match(head)
    codec = codec_name(told[1].decode("ascii")) if told else ""
    if not codec or _WIDE.match(codec) or codec == "utf_7":
        return None
    text = _strictly(data, codec)
    return Decoded(text, charset_label(codec), "meta element of the HTML") if text is not None else None


def _by_escapes(data: bytes) -> Decoded | None:
    if b"\x1b" not in data:
        return None
    for escape, codec in _ESCAPES:
        if escape in data:
            text = data.decode(codec, "replace")
            if text.count("\ufffd") * 20 <= len(text):
                return Decoded(text, charset_label(codec), "ISO 2022 escapes")
    return None


def _by_utf_8(data: bytes) -> Decoded | None:
    text = _strictly(data, "utf-8")
    if text is not None:
        return Decoded(text, "utf-8" if _beyond_ascii(data) else "us-ascii", "valid UTF-8")
    text = data.decode("utf-8", "replace")  # one cut character at the end, or in the middle of much that fits
    if text.count("\ufffd") * 20 <= _beyond_ascii(data):
        return Decoded(text, "utf-8", "nearly valid UTF-8", "some bytes are not valid utf-8")
    return None


def _by_guess(data: bytes) -> Decoded | None:
    """Guess from a sample. In Latin scripts, few letters beyond ASCII stand together."""
    high = next((match.start() for match in re.finditer(rb"[\x80-\xff]", data[:1_000_000])), 0)
    sample = data[max(0, high - 200) : max(0, high - 200) + _SAMPLE]
    beyond = _beyond_ascii(sample)
    if beyond < 32 and not _RUN.search(sample):
        codec = "cp1252"
    else:
        from charset_normalizer import from_bytes  # slow to import, and seldom needed

        best = from_bytes(sample, steps=5, chunk_size=512, preemptive_behaviour=False).best()
        codec = codec_name(best.encoding) if best else ""
        if not codec or _NOT_ASCII.match(codec):
            return None
    label = charset_label(codec)
    text = _strictly(data, codec)
    text = data.decode(codec, "replace") if text is None else text
    return Decoded(text, label, "guessed from the bytes", f"charset guessed: {label}")


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, LookupError):
        return _as_windows(data) if codec == "cp1252" else None


def _as_windows(data: bytes) -> str:
    """Read as Windows-1252; its five holes are control characters in ISO 8859-1."""
    try:
        return data.decode("cp1252")
    except UnicodeError:
        return data.decode("cp1252", "windows_holes")


def _hole(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("windows_holes", _hole)


def _beyond_ascii(data: bytes) -> int:
    return len(data) - len(data.translate(None, _HIGH))
