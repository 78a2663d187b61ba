"""Names of attachments that are safe to offer as file names on any system."""

import mimetypes
import re
import unicodedata

from .decoding import decode_words
from .mime import Part

MAX_NAME = 120
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
    "application/octet-stream": ".bin",
}


def safe_name(name: str) -> str:
    """Make a name safe: its last step only, no control or direction characters, at most 120 characters.

    May give '' when nothing is left.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/ ").rpartition("/")[2]
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


def name_of(part: Part, number: int, subject: str = "") -> str:
    """Give a part's safe file name; one without any is named by its type, a mail by its subject."""
    name = safe_name(declared_name(part))
    extension = _EXTENSIONS.get(part.content_type) or mimetypes.guess_extension(part.content_type) or ".bin"
    if part.content_type in {"message/rfc822", "message/global"}:
        stem = name or safe_name(subject.replace("/", "-")) or f"message-{number}"
        return stem if stem.lower().endswith(".eml") else safe_name(stem[: MAX_NAME - 4] + ".eml")
    return name or f"attachment-{number}{extension}"
