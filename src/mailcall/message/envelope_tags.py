"""The tag that the envelope sender of each copy carries, so that whatever comes back says of which it is.

It looks like `support+bo.1042.abcdefghijklmnop@example.com`: the number of a delivery, and the first 80 bits
of an HMAC-SHA256 over it, in lower-case base32.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Sequence

_TAG = re.compile(r"bo\.([1-9]\d{0,14})\.([a-z2-7]{16})", re.IGNORECASE)
_MAX_LOCAL = 64  # RFC 5321 4.5.3.1.1
_MAX_ADDRESSES = 1_000


def tagged(address: str, number: int, keys: Sequence[bytes]) -> str:
    """The address with the tag of a delivery, signed with the first key; as it is where it has no room."""
    local, at, domain = address.rpartition("@")
    with_tag = f"{local}+bo.{number}.{_signature(number, keys[0])}"
    return f"{with_tag}@{domain}" if at and len(with_tag.encode()) <= _MAX_LOCAL else address


def number_in(addresses: Iterable[str], keys: Sequence[bytes]) -> int:
    """The number in the first tag among these that was signed with any of the keys, or 0."""
    for _, address in zip(range(_MAX_ADDRESSES), addresses, strict=False):
        local = address.rpartition("@")[0]
        if len(local) > _MAX_LOCAL or not local.isascii():
            continue
        if match := _TAG.fullmatch(local.rpartition("+")[2]):
            number, signature = int(match[1]), match[2].lower()
            signed = [hmac.compare_digest(_signature(number, key), signature) for key in keys]
            if any(signed):
                return number
    return 0


def _signature(number: int, key: bytes) -> str:
    digest = hmac.digest(key, f"mailcall envelope {number}".encode("ascii"), "sha256")
    return base64.b32encode(digest[:10]).decode("ascii").lower()
