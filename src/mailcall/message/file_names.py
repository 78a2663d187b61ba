"""Names of attachments that are safe to offer as file names on any system."""

import mimetypes
import re

from .decoding import composed, decode_words
from .mime import Part

MAX_NAME = 120
_LONGEST = 1_000
_DANGEROUS = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]'
)
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "image/jpeg": ".jpg",
    "image/pjpeg": ".jpg",
    "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt",
    "message/global-delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "application/octet-stream": ".bin",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/pgp-signature": ".asc",
    "application/pgp-encrypted": ".asc",
    "application/ms-tnef": ".dat",
    "application/vnd.ms-tnef": ".dat",
}


def safe_name(name: str) -> str:
    """Make a name safe: its last step only, no control or direction characters, at most 120 characters.

    May give '' when nothing is left.
    """
    name = name.replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    name = composed(name[:_LONGEST] + name[_LONGEST:][-16:])
    name = _DANGEROUS.sub(lambda match: "_" if match[0] in '<>:"|?*' else "", name)
    name = " ".join(name.split()).strip(". ") if name.strip(". ") else ""
    if _DEVICE.match(name):
        name = "_" + name
    if len(name) > MAX_NAME or len(name.encode()) > 2 * MAX_NAME:
        stem, dot, extension = name.rpartition(".")
        extension = dot + extension if stem and len(extension) <= 16 else ""
        room = MAX_NAME - len(extension)
        stem = (stem if extension else name)[:room]
        while len((stem + extension).encode()) > 2 * MAX_NAME:
            stem = stem[:-1]
        name = stem.rstrip(". ") + extension
    return name


def declared_name(part: Part) -> str:
    """Give the file name that a part declares (RFC 2183, 2231, 2047), decoded but not yet safe, or ''."""
    _, disposition = part.disposition()
    return decode_words(disposition.get("filename") or part.params.get("name", ""))


def name_of(part: Part, number: int, subject: str = "", true_type: str = "") -> str:
    """Give a part's safe file name; one without any is named by its type, a mail by its subject."""
    name = safe_name(declared_name(part))
    if part.content_type in {"message/rfc822", "message/global"}:
        stem = name or safe_name(subject.replace("/", "-")) or f"message-{number}"
        return stem if stem.lower().endswith(".eml") else safe_name(stem[: MAX_NAME - 4] + ".eml")
    if name:
        return name
    told = true_type if part.content_type == "application/octet-stream" else part.content_type
    extension = _EXTENSIONS.get(told) or mimetypes.guess_extension(told) or ".bin"
    return f"attachment-{number}{extension}"
