"""The signed tokens by which our own mail is known again: in Message-IDs, reply addresses and bodies.

A token looks like `c1042.k3j2h4g5.abcdefghijklmnop`: the target, a nonce, and the first 80 bits of an
HMAC-SHA256 over both, in lower-case base32. It finds a target; it never says who is writing.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .mail import Mail
from .records import Record

KINDS = {"call": "c", "request": "r", "task": "t", "round trip": "p", "mail": "m", "approval": "a"}
MAX_NUMBER = 10**15
_NAMES = {letter: kind for kind, letter in KINDS.items()}
_TOKEN = re.compile(r"([crtpma])([1-9]\d{0,14})\.([a-z2-7]{8})\.([a-z2-7]{16})")
_IN_TEXT = re.compile(r"\bmc\.([crtpma][1-9]\d{0,14}\.[a-z2-7]{8}\.[a-z2-7]{16})(?![a-z0-9])", re.IGNORECASE)
_TAG = re.compile(r"\[\s?(call|request|task)\s?#?\s?([1-9]\d{0,14})\s?\]", re.IGNORECASE)
_MAX_BODY = 500_000
_MAX_FOUND = 20


@dataclass(frozen=True, slots=True)
class Target(Record):
    """What a mail belongs to: `kind` is call, request, task, approval, mail, or round trip, to an account."""

    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class Found(Record):
    """A target and where it stood: In-Reply-To, References, address or body."""

    target: Target
    where: str


def _base32(data: bytes) -> str:
    """RFC 4648 6 in lower case; whole groups of five bytes, so without padding."""
    return base64.b32encode(data).decode("ascii").lower()


def _signature(signed: str, key: bytes) -> str:
    digest = hmac.digest(key, b"mailcall thread " + signed.encode("ascii"), "sha256")
    return _base32(digest[:10])


def make_token(target: Target, keys: Sequence[bytes], nonce: str | None = None) -> str:
    """Sign a target with the first key. Raises ValueError for a target or nonce that no token can hold."""
    if target.kind not in KINDS or not 0 < target.number < MAX_NUMBER:
        raise ValueError(f"There is no token for {target.kind} {target.number}.")
    if not keys or not keys[0]:
        raise ValueError("A key is needed to sign thread ids.")
    nonce = nonce if nonce is not None else _base32(secrets.token_bytes(5))
    if not re.fullmatch(r"[a-z2-7]{8}", nonce):
        raise ValueError("A nonce is eight base32 characters in lower case.")
    signed = f"{KINDS[target.kind]}{target.number}.{nonce}"
    return f"{signed}.{_signature(signed, keys[0])}"


def read_token(text: str, keys: Sequence[bytes]) -> Target | None:
    """Give the target of a token signed with any of the keys, else None. Case does not matter."""
    match = _TOKEN.fullmatch(text.lower()) if text.isascii() and len(text) < 64 else None
    if not match:
        return None
    letter, number, nonce, signature = match.groups()
    signed = f"{letter}{number}.{nonce}"
    valid = False
    for key in keys:
        valid |= hmac.compare_digest(_signature(signed, key), signature)
    return Target(_NAMES[letter], int(number)) if valid else None


def message_id(token: str, domain: str) -> str:
    """Give the Message-ID of a mail about the token's target."""
    return f"<mc.{token}@{domain}>"


def reply_address(address: str, token: str) -> str:
    """Give the address that answers come to: `support+mc.TOKEN@example.com`.

    Raises ValueError when the local part would be longer than 64 (RFC 5321 4.5.3.1.1).
    """
    local, at, domain = address.rpartition("@")
    if not at or len(f"{local}+mc.{token}".encode()) > 64:
        raise ValueError(f"{address} has no room for a reply token.")
    return f"{local}+mc.{token}@{domain}"


def body_marker(token: str) -> str:
    """Give the marker that stands in a body, for mail programs that lose the headers."""
    return f"[mc.{token}]"


def find_ours(mail: Mail, keys: Sequence[bytes]) -> list[Found]:
    """Find what the mail answers, strongest evidence first, each target once."""
    addresses = [box.address for box in (*mail.to, *mail.cc)]
    places = (
        ("In-Reply-To", mail.in_reply_to),
        ("References", tuple(reversed(mail.references))),
        ("address", addresses[:1_000]),
        ("body", (mail.text[:_MAX_BODY], mail.html[:_MAX_BODY])),
    )
    found: dict[Target, Found] = {}
    for where, texts in places:
        for text in texts:
            for token in tokens_in(text[:_MAX_BODY]):
                target = read_token(token, keys)
                if target:
                    found.setdefault(target, Found(target, where))
                if len(found) >= _MAX_FOUND:
                    return list(found.values())
    return list(found.values())


def own_target(mail: Mail, keys: Sequence[bytes]) -> Target | None:
    """What our own mail come back was about; None unless we signed the mail's own Message-ID."""
    token = next(tokens_in(mail.message_id), "")
    return read_token(token, keys) if token else None


def tokens_in(text: str) -> Iterator[str]:
    """Give what looks like our tokens. A search that ignores case is slow, and most texts have none."""
    if "mc." in text.lower():
        for match in _IN_TEXT.finditer(text):
            yield match[1]


def tags_in_subject(subject: str) -> list[Target]:
    """Give the targets that `[Call 1042]`, `[Request #77]` or `[Task 9]` name; they prove nothing."""
    tags = [Target(match[1].lower(), int(match[2])) for match in _TAG.finditer(subject[:2_000])]
    return list(dict.fromkeys(tags))


def without_tags(subject: str) -> str:
    """The subject without any tag of a call, request or task."""
    return " ".join(_TAG.sub(" ", subject).split())
