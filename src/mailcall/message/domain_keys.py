"""The keys that domains publish for their signatures (RFC 6376 3.6), and the tags both are written in."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .signed_headers import Unproven

# Gives the TXT records of a name such as `s1._domainkey.example.com`, one a line, '' when there is none.
# Raises LookupFailed when the answer is not known.
KeyLookup = Callable[[str], str]

ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
MAX_TAGS = 65_536  # characters of a signature field
_MAX_RECORDS = 5
_LEAST_BITS, _MOST_BITS = 1024, 8192  # RFC 8301 3.2; a cap on what a hostile key costs
_BLANKS = " \t\r\n"
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


class LookupFailed(Exception):
    """DNS did not answer. The text says why."""


@dataclass(frozen=True, slots=True)
class DomainKey:
    """A usable key. `testing` and `strict` are the flags y and s of its record."""

    public: RSAPublicKey | Ed25519PublicKey
    testing: bool
    strict: bool

    def made(self, signature: bytes, digest: bytes) -> bool:
        """Whether this key made the signature of a SHA-256 (RFC 8017 8.2, RFC 8463 3)."""
        try:
            if isinstance(self.public, RSAPublicKey):
                self.public.verify(signature, digest, PKCS1v15(), Prehashed(SHA256()))
            else:
                self.public.verify(signature, digest)
        except InvalidSignature:
            return False
        except Exception:  # noqa: BLE001 - whatever a hostile key makes of OpenSSL, it is no proof
            return False
        return True


def read_tags(text: str) -> dict[str, str]:
    """Read a tag list (RFC 6376 3.2), blanks around names and values removed. Raises Unproven."""
    pieces = text[: MAX_TAGS + 1].split(";")
    if len(text) > MAX_TAGS:
        raise Unproven("permerror", "its tags are too long")
    if not pieces[-1].strip(_BLANKS):
        pieces.pop()
    tags: dict[str, str] = {}
    for piece in pieces:
        name, equals, value = piece.partition("=")
        name = name.strip(_BLANKS)
        if not equals or not _TAG.match(name) or name in tags:
            raise Unproven("permerror", "its tags are malformed")
        tags[name] = value.strip(_BLANKS)
    return tags


def read_base64(value: str, what: str) -> bytes:
    """Read a base64 value with blanks anywhere in it. Raises Unproven."""
    try:
        return base64.b64decode(value.encode("ascii").translate(None, _BLANKS.encode()), validate=True)
    except ValueError:
        raise Unproven("permerror", f"{what} is not valid base64") from None


def find_keys(selector: str, domain: str, algorithm: str, lookup: KeyLookup) -> list[DomainKey]:
    """Ask for the keys of a signature and read those that are fit for its algorithm, one at least.

    Raises Unproven: temperror when DNS did not answer, else what is wrong with the first record.
    """
    try:
        records = lookup(f"{selector}._domainkey.{domain}").splitlines()
    except LookupFailed as failed:
        raise Unproven("temperror", f"its key can't be asked for: {failed}") from None
    keys: list[DomainKey] = []
    trouble = Unproven("permerror", f"{domain} publishes no key named {selector}")
    for number, record in enumerate(records[:_MAX_RECORDS]):
        try:
            keys.append(_read_key(record, algorithm))
        except Unproven as unfit:
            trouble = unfit if number == 0 else trouble
    if not keys:
        raise trouble
    return keys


@lru_cache(64)  # most mails to a desk are from a few domains
def _read_key(record: str, algorithm: str) -> DomainKey:
    """Read a key record (RFC 6376 3.6.1, RFC 8463 4). Raises Unproven."""
    tags = read_tags(record)
    kind = ALGORITHMS[algorithm]
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        raise Unproven("permerror", "its key record is of an unknown version")
    if "p" not in tags:
        raise Unproven("permerror", "its key record holds no key")
    if tags.get("k", "rsa") != kind:
        raise Unproven("permerror", f"its key is not of the kind {kind}")
    if "h" in tags and "sha256" not in _words(tags["h"]):
        raise Unproven("permerror", "its key may not be used with SHA-256")
    if "s" in tags and not {"*", "email"} & set(_words(tags["s"])):
        raise Unproven("permerror", "its key is not meant for mail")
    if not tags["p"].strip(_BLANKS):
        raise Unproven("permerror", "its key was revoked")
    flags = _words(tags.get("t", ""))
    return DomainKey(_public_key(read_base64(tags["p"], "its key"), kind), "y" in flags, "s" in flags)


def _words(value: str) -> list[str]:
    return [word.strip(_BLANKS) for word in value.split(":")]


def _public_key(data: bytes, kind: str) -> RSAPublicKey | Ed25519PublicKey:
    try:
        if kind == "ed25519":
            return Ed25519PublicKey.from_public_bytes(data)
        key = load_der_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unproven("permerror", "its key can't be read") from None
    if not isinstance(key, RSAPublicKey):
        raise Unproven("permerror", "its key is not of the kind rsa")
    if not _LEAST_BITS <= key.key_size <= _MOST_BITS:
        raise Unproven("policy", f"its key has {key.key_size} bits, which is no proof")
    return key
