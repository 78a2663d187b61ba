"""Signs mails for tests, with dkimpy: an implementation that is not ours."""

import base64
from functools import cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

DOMAIN, SELECTOR = "desk.example", "s1"
NAME = f"{SELECTOR}._domainkey.{DOMAIN}"


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key of a size for the whole session."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ed25519_key() -> ed25519.Ed25519PrivateKey:
    """One key for the whole session."""
    return ed25519.Ed25519PrivateKey.generate()


def public(bits: int = 2048) -> str:
    """The `p=` of an RSA key."""
    der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(rsa_key(bits).public_key().public_bytes(*der)).decode()


def record(bits: int = 2048) -> str:
    """The key record of an RSA key."""
    return f"v=DKIM1; k=rsa; p={public(bits)}"


def ed25519_record() -> str:
    """The key record of the Ed25519 key (RFC 8463 4.2)."""
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(ed25519_key().public_key().public_bytes_raw()).decode()}"


def pem(bits: int = 2048) -> bytes:
    """An RSA key as dkimpy wants it."""
    return rsa_key(bits).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def sign(
    raw: bytes,
    *,
    domain: str = DOMAIN,
    selector: str = SELECTOR,
    algorithm: str = "rsa-sha256",
    canonicalization: str = "relaxed/relaxed",
    bits: int = 2048,
    **more: object,
) -> bytes:
    """Put a DKIM-Signature in front of a mail whose lines end in CRLF."""
    ed = algorithm.startswith("ed")
    key = base64.b64encode(ed25519_key().private_bytes_raw()) if ed else pem(bits)
    canonicalize = tuple(part.encode() for part in canonicalization.split("/"))
    made = dkim.sign(
        raw,
        selector.encode(),
        domain.encode(),
        key,
        canonicalize=canonicalize,
        signature_algorithm=algorithm.encode(),
        **more,
    )
    return made + raw


def seal(raw: bytes, results: str, *, domain: str = "lists.example", host: str = "mx.lists.example") -> bytes:
    """Put an ARC set in front of a mail that holds an Authentication-Results of that host."""
    raw = f"Authentication-Results: {host}; {results}\r\n".encode() + raw
    fields = dkim.arc_sign(
        raw,
        SELECTOR.encode(),
        domain.encode(),
        pem(),
        host.encode(),
    )
    return b"".join(fields) + raw
