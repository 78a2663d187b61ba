"""What a file is by its first bytes, whatever its name and its sender say.

A table of our own: libmagic is a C library that has read hostile files badly before, and puremagic guesses
among thousands of rare formats by scores. A desk needs the few dozen that people send, told surely.
"""

import re

# Declared types that claim nothing.
UNTOLD = {"", "application/octet-stream", "application/x-unknown", "binary/octet-stream"}
_HEAD = 65_536
_SPELLINGS = re.compile(r"/(?:x-|vnd\.|p(?=jpeg))")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_STARTS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (b"\xd7\xcd\xc6\x9a", "image/wmf"),
    (b"\xff\x0a", "image/jxl"),
    (b"\x00\x00\x00\x0cJXL ", "image/jxl"),
    (b"\x00\x00\x00\x0cjP  ", "image/jp2"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"MThd", "audio/midi"),
    (b".snd", "audio/basic"),
    (b"\x1aE\xdf\xa3", "video/x-matroska"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-asf"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"(\xb5/\xfd", "application/zstd"),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/onenote"),
    (b"{\\rtf", "application/rtf"),
    (b"%!PS", "application/postscript"),
    (b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (b"!BDN", "application/vnd.ms-outlook-pst"),
    (b"\x00\x05\x16\x07", "application/applefile"),
    (b"\x00\x05\x16\x00", "application/applefile"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\x00\x01\x00\x00\x00", "font/ttf"),
    (b"-----BEGIN PGP MESSAGE-----", "application/pgp-encrypted"),
    (b"-----BEGIN PGP SIGNATURE-----", "application/pgp-signature"),
    (b"-----BEGIN PGP PUBLIC KEY", "application/pgp-keys"),
    (b"-----BEGIN CERTIFICATE-----", "application/x-pem-file"),
    (b"-----BEGIN PKCS7-----", "application/pkcs7-mime"),
)
_BY_FIRST: dict[int, tuple[tuple[bytes, str], ...]] = {}
for _start, _type in _STARTS:
    _BY_FIRST[_start[0]] = (*_BY_FIRST.get(_start[0], ()), (_start, _type))

_FTYP = {  # ISO 14496-12: the major brand at byte 8
    b"heic": "image/heic", b"heix": "image/heic", b"heim": "image/heic", b"heis": "image/heic",
    b"hevc": "image/heic-sequence", b"mif1": "image/heif", b"msf1": "image/heif-sequence",
    b"avif": "image/avif",
    b"avis": "image/avif", b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4",
    b"3gp4": "video/3gpp", b"3gp5": "video/3gpp", b"3gp6": "video/3gpp", b"crx ": "image/x-canon-cr3",
}  # fmt: skip
_OFFICE = "application/vnd.openxmlformats-officedocument."
_IN_ZIP = (  # names that only these have
    (b"word/document", _OFFICE + "wordprocessingml.document"),
    (b"xl/workbook", _OFFICE + "spreadsheetml.sheet"),
    (b"ppt/presentation", _OFFICE + "presentationml.presentation"),
    (b"word/", _OFFICE + "wordprocessingml.document"),
    (b"xl/", _OFFICE + "spreadsheetml.sheet"),
    (b"ppt/", _OFFICE + "presentationml.presentation"),
    (b"visio/", "application/vnd.ms-visio.drawing"),
    (b"META-INF/MANIFEST.MF", "application/java-archive"),
    (b"AndroidManifest.xml", "application/vnd.android.package-archive"),
)
_MACROS = {  # with vbaProject.bin
    _OFFICE + "wordprocessingml.document": "application/vnd.ms-word.document.macroEnabled.12",
    _OFFICE + "spreadsheetml.sheet": "application/vnd.ms-excel.sheet.macroEnabled.12",
    _OFFICE + "presentationml.presentation": "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
}
_STORED_TYPE = re.compile(rb"[a-z0-9!#$&^_.+-]{3,60}/[A-Za-z0-9!#$&^_.+-]{2,100}")
_IN_OLE = (  # names in the directory of a compound file (MS-CFB), UTF-16
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("__nameid_version1.0", "application/vnd.ms-outlook"),
    ("VisioDocument", "application/vnd.visio"),
    ("EncryptedPackage", "application/encrypted-office"),
    ("Book", "application/vnd.ms-excel"),
)
_IN_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_HTML = re.compile(
    rb"\s{0,200}(?:<!--.{0,300}?-->\s{0,20})?<(?:!doctype html|html|head|body|script|meta)\b", re.I | re.S
)
_XML = re.compile(rb"\s{0,200}<\?xml\b")
_SVG = re.compile(rb"<svg\b", re.I)
_MAIL = re.compile(
    rb"(?:(?:Received|Return-Path|From|To|Subject|Date|Message-ID|MIME-Version|Delivered-To|X-[A-Za-z-]{1,40}):[^\n]{0,999}\n"
    rb"(?:[ \t][^\n]{0,999}\n){0,20}){2}",
    re.I,
)
_PKCS7 = re.compile(rb"0[\x80-\x84].{0,4}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07[\x02\x03]", re.S)
_TEXT_BYTES = bytes([*range(32, 127), *range(128, 256), 7, 8, 9, 10, 12, 13, 27])


def true_type(data: bytes) -> str:  # noqa: PLR0911
    """Give the media type that the first bytes show, '' when they tell nothing. Looks at 64 KB at most."""
    if not data:
        return ""
    for start, media_type in _BY_FIRST.get(data[0], ()):
        if data.startswith(start):
            return media_type
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip_type(data)
    if data.startswith(_OLE):
        return _ole_type(data)
    if data.startswith(b"RIFF"):
        return _IN_RIFF.get(data[8:12], "")
    if data[4:8] == b"ftyp":
        return _FTYP.get(data[8:12], "video/mp4")
    return _binary_type(data) or _text_type(data[:4_096])


def _binary_type(data: bytes) -> str:  # noqa: PLR0911
    if data.startswith(b"MZ") and len(data) > 64:
        return "application/vnd.microsoft.portable-executable"
    if data.startswith(b"BM") and len(data) > 26 and data[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if data[0] == 0xFF and len(data) > 2 and data[1] & 0xE6 == 0xE2:
        return "audio/mpeg"
    if data[257:262] == b"ustar":
        return "application/x-tar"
    if data[40:44] == b" EMF" and data.startswith(b"\x01\0\0\0"):
        return "image/emf"
    if _PKCS7.match(data):
        return "application/pkcs7-mime"
    return "application/pdf" if data.find(b"%PDF-", 0, 1_024) >= 0 and b"\0" not in data[:8] else ""


def _zip_type(data: bytes) -> str:
    """Tell what kind of zip it is by the names in it; they stand at both ends."""
    if data[30:38] == b"mimetype":  # OpenDocument 3.3, EPUB: the type itself, stored first
        stored = _STORED_TYPE.match(data, 38)
        if stored:
            return stored[0][:100].split(b"PK")[0].decode("ascii")
    ends = data[:_HEAD] + data[-_HEAD:]
    found = next((media_type for name, media_type in _IN_ZIP if name in ends), "application/zip")
    return _MACROS[found] if found in _MACROS and b"vbaProject.bin" in ends else found


def _ole_type(data: bytes) -> str:
    sector = 1 << min(int.from_bytes(data[30:32], "little"), 12)
    at = (int.from_bytes(data[48:52], "little") + 1) * sector
    names = data[at : at + 8_192] + data[:_HEAD]
    return next(
        (media_type for name, media_type in _IN_OLE if name.encode("utf-16-le") in names),
        "application/x-ole-storage",
    )


def _text_type(head: bytes) -> str:  # noqa: PLR0911
    """Tell texts apart; '' for bytes that are none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text/plain"
    if head.translate(None, _TEXT_BYTES):
        return ""
    head = head.removeprefix(b"\xef\xbb\xbf")
    if _XML.match(head):
        return "image/svg+xml" if _SVG.search(head) else "text/html" if b"<html" in head else "text/xml"
    if _SVG.match(head.lstrip()):
        return "image/svg+xml"
    if _HTML.match(head):
        return "text/html"
    upper = head[:40].lstrip().upper()
    if upper.startswith(b"BEGIN:VCALENDAR"):
        return "text/calendar"
    if upper.startswith(b"BEGIN:VCARD"):
        return "text/vcard"
    if head.startswith(b"#!"):
        return "text/x-script"
    if _MAIL.match(head):
        return "message/rfc822"
    return "text/plain"


def agree(declared: str, true: str) -> bool:
    """Say whether a declared type is another word for the true one; much is text without saying so."""
    if not true or declared in UNTOLD:
        return True
    if true == "text/plain":
        return declared.partition("/")[0] not in {"image", "audio", "video"}
    one, other = (_SPELLINGS.sub("/", each).removesuffix("-compressed") for each in (declared, true))
    return one.replace("/jpg", "/jpeg") == other
