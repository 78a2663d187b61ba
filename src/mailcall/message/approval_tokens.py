"""The secret tokens of approval mails: each proves that a decision comes from the one person it was sent to.

A token looks like `k3j2h4g5abcdefghijklmnop`: a nonce, by which it is found, and the first 80 bits of an
HMAC-SHA256 over it, the approval and the person, in lower-case base32. So whoever reads the tables, but not
the key ring, can't make one.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence

_NONCE = 8
_SIGNATURE = 16
_TEXT = re.compile(r"[a-z2-7]{24}")
_AFTER_OK = re.compile(r"(?<![a-z0-9])ok\.([a-z2-7]{24})(?![a-z0-9])", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[\[［]\s?([a-z2-7]{24})\s?[\]］]", re.IGNORECASE)  # noqa: RUF001  as people type
_ANYWHERE = re.compile(r"(?<![a-z0-9])([a-z2-7]{24})(?![a-z0-9])|(?<=%5B)[a-z2-7]{24}(?=%5D)", re.IGNORECASE)
HIDDEN = "hidden"  # what stands in the place of a token where others read it
_MAX_TEXT = 500_000
_MAX_FOUND = 20
_MAX_LOCAL = 64  # RFC 5321 4.5.3.1.1


def new_nonce() -> str:
    """Eight random base32 characters."""
    return base64.b32encode(secrets.token_bytes(5)).decode("ascii").lower()


def make(nonce: str, approval: int, person: int, keys: Sequence[bytes]) -> str:
    """The token of a nonce, signed with the first key. Raises ValueError without a key."""
    if not keys or not keys[0]:
        raise ValueError("A key is needed to sign approval tokens.")
    return nonce + _signature(nonce, approval, person, keys[0])


def nonce_of(text: str) -> str:
    """The nonce in what may be a token, whatever its case; empty for what is none."""
    text = _plain(text)
    return text[:_NONCE] if _TEXT.fullmatch(text) else ""


def is_signed(text: str, approval: int, person: int, keys: Sequence[bytes]) -> bool:
    """Whether a text is the token of this approval and person, signed with any of the keys."""
    text = _plain(text)
    if not _TEXT.fullmatch(text):
        return False
    nonce, signature = text[:_NONCE], text[_NONCE:]
    valid = False
    for key in keys:
        valid |= hmac.compare_digest(_signature(nonce, approval, person, key), signature)
    return valid


def reply_address(address: str, text: str) -> str:
    """The address that carries the token: `support+ok.TOKEN@example.com`.

    Raises ValueError when the local part would be longer than 64 (RFC 5321 4.5.3.1.1).
    """
    local, at, domain = address.rpartition("@")
    with_token = f"{local}+ok.{text}"
    if not local or not at or len(with_token.encode()) > _MAX_LOCAL:
        raise ValueError(f"{address} has no room for a token.")
    return f"{with_token}@{domain}"


def body_marker(text: str) -> str:
    """How a token stands in a body."""
    return f"[ok.{text}]"


def in_addresses(addresses: Iterable[str]) -> list[str]:
    """The tokens in addresses such as `support+ok.TOKEN@example.com`, in lower case, each once."""
    found: dict[str, None] = {}
    for address in addresses:
        local = address.rpartition("@")[0]
        if len(local.encode(errors="replace")) > _MAX_LOCAL:
            continue
        head, _, tail = local.rpartition("+")
        if head and tail.isascii() and (match := _AFTER_OK.fullmatch(tail)):
            found[match[1].lower()] = None
        if len(found) >= _MAX_FOUND:
            break
    return list(found)


def in_subject(subject: str) -> list[str]:
    """The tokens that stand in a subject as `[TOKEN]`, in lower case, each once."""
    return _found(_IN_BRACKETS, subject[:2_000])


def in_text(text: str) -> list[str]:
    """The tokens whose marker stands in a body, in lower case, each once."""
    return _found(_AFTER_OK, text[:_MAX_TEXT]) if "ok." in text.lower() else []


def masked(text: str) -> str:
    """The text with all that may be a token made unreadable, for pages that show a mail to others."""
    return _ANYWHERE.sub(HIDDEN, text)


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(match[1].lower() for match in pattern.finditer(text)))[:_MAX_FOUND]


def _plain(text: str) -> str:
    """What is compared. Letters that become ASCII only when lowered are no letters of ours."""
    return text.lower() if text.isascii() else ""


def _signature(nonce: str, approval: int, person: int, key: bytes) -> str:
    digest = hmac.digest(key, f"mailcall approval {nonce} {approval} {person}".encode("ascii"), "sha256")
    return base64.b32encode(digest[:10]).decode("ascii").lower()
