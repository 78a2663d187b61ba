"""Whether a body that is signed can still be read in another way, by the fields that say how to read it.

Content-Type and Content-Transfer-Encoding often stand outside of a signature: Gmail signs no Content-Type,
OpenDKIM neither. Whoever has such a mail can put in others, and so choose which words of the body are read
and as what. So an unsigned one counts only where the signed body itself shows that it belongs to it.
"""

import re
from collections.abc import Sequence

from .mime import Part
from .signed_headers import SignedMail, Unproven

_IDENTITY = frozenset({"", "7bit", "8bit", "binary"})
_EDGE = 4_096  # bytes at the beginning and at the end of a body that are looked at
_ASCII = bytes(range(32, 127))
# What programs put before the first part, for readers that know no MIME.
_PREAMBLE = re.compile(rb"\s*(?:This is an? [^\n]{0,60}MIME[^\n]{0,40}\n\s*)?")
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|!--|\?xml|html|head|body|meta|style|div|p|span|font|table|br|center)\b",
    re.IGNORECASE,
)
# What an encoder never writes (RFC 2045 6.7): `=` before a printable character but itself or one at the
# end of its line, before a control character, or at the end of a line that was short enough.
_NOT_ENCODED = re.compile(
    rb"=(?!\r?\n|3D|09[ \t]*\r?$|20[ \t]*\r?$|[89A-F][0-9A-F])|^[^\n]{0,59}=\r?$|[\x80-\xff]", re.MULTILINE
)


def require_one_reading(mail: SignedMail, names: Sequence[str]) -> None:
    """Raise Unproven if a field by which the body is read is unsigned, and the body does not bear it out.

    `names` are those of the fields that the signature covers.
    """
    if _unsigned(mail, names, "content-disposition").lower()[:6] not in {"", "inline"}:
        raise Unproven("policy", "it does not cover the Content-Disposition")
    if not _is_encoded_so(mail, _unsigned(mail, names, "content-transfer-encoding").lower()):
        raise Unproven("policy", "it does not cover the Content-Transfer-Encoding, by which its body is read")
    if _unsigned(mail, names, "content-type") and not _is_of_type(mail):
        raise Unproven("policy", "it does not cover the Content-Type, by which its body is read")


def _unsigned(mail: SignedMail, names: Sequence[str], name: str) -> str:
    """Give the value that is read of a field, if it is there and not signed."""
    fields = mail.named(name)
    return fields[0].text.strip() if fields and name not in names else ""


def _is_encoded_so(mail: SignedMail, encoding: str) -> bool:
    if encoding in _IDENTITY:
        return True
    # Base64 leaves nothing to tell it from a text of letters: it must be signed.
    return encoding == "quoted-printable" and not _NOT_ENCODED.search(mail.raw, mail.body_start)


def _is_of_type(mail: SignedMail) -> bool:
    """Whether the body is what our reader takes it for."""
    root = mail.root
    if root.content_type.startswith("multipart/"):
        named = root.params.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
        alternative = root.content_type == "multipart/alternative"
        return _is_framed_by(mail, named) and (not alternative or _are_alternatives(root.children))
    if not _keeps_ascii(root.params.get("charset", "")):
        return False
    html = root.content_type == "text/html" and _HTML.match(mail.raw, mail.body_start)
    return bool(html) or root.content_type == "text/plain"


def _is_framed_by(mail: SignedMail, boundary: bytes) -> bool:
    """Whether all of the body is between the first and the last delimiter: no text that is not read."""
    start = _PREAMBLE.match(mail.raw, mail.body_start, mail.body_start + _EDGE)
    at = start.end() if start else mail.body_start
    first = bytes(mail.raw[at : at + len(boundary) + 82]).partition(b"\n")[0].rstrip()
    end = bytes(mail.raw[max(at, len(mail.raw) - _EDGE) :]).rstrip()
    return bool(boundary) and first == b"--" + boundary and end.endswith(b"\n--" + boundary + b"--")


def _are_alternatives(parts: Sequence[Part]) -> bool:
    """Whether parts may be alternatives: of two that are of one type, or files, only one would be read."""
    types = {part.content_type for part in parts if part.disposition()[0] != "attachment"}
    return len(types) == len(parts)


def _keeps_ascii(charset: str) -> bool:
    try:
        return _ASCII.decode(charset or "ascii").encode("ascii") == _ASCII
    except LookupError:
        return True  # it is guessed from the bytes
    except ValueError:
        return False
