"""Charsets by the names that mails have for them, as codecs of Python."""

import codecs
import functools
from encodings.aliases import aliases

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
