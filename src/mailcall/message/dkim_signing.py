"""Signs mail of our own by DKIM (RFC 6376, RFC 8463): the same mail and key always give the same bytes."""

import base64
import datetime as dt
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from .domains import is_vouched_for
from .signed_headers import Field, split_mail

RSA_BITS = 2048  # RFC 8301 3.2; more does not fit into one answer of DNS by UDP
_NAMES = (
    "from",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "list-id",
    "list-unsubscribe",  # both must be signed (RFC 8058 4)
    "list-unsubscribe-post",
)
# Named once more than they are there, so that nobody can add another (RFC 6376 8.15).
_SEALED = ("from", "reply-to", "to", "cc", "subject", "date", "message-id")
_WIDTH = 72

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """A key with its domain and selector."""

    domain: str
    selector: str
    key: PrivateKey

    def serves(self, address: str) -> bool:
        """Whether mail from an address is signed with it: of its domain, or below it."""
        return is_vouched_for(address.rpartition("@")[2].lower(), self.domain)

    def sign(self, raw: bytes, at: dt.datetime) -> bytes:
        """The mail with its signature in front; as it is where its header can be read in two ways."""
        mail = split_mail(raw)
        if mail.trouble:
            return raw
        present = [name for name in _NAMES for _ in mail.named(name)]
        body_hash, _ = mail.body(True)
        algorithm = "rsa" if isinstance(self.key, rsa.RSAPrivateKey) else "ed25519"
        start = "\n".join(
            [
                f"DKIM-Signature: v=1; a={algorithm}-sha256; c=relaxed/relaxed; d={self.domain};",
                f" s={self.selector}; t={int(at.timestamp())};",
                f" h={_folded(':'.join([*present, *_SEALED]), ':')};",
                f" bh={base64.b64encode(body_hash).decode()};",
                " b=",
            ]
        )
        digest = mail.header([*present, *_SEALED], Field("dkim-signature", start.encode()), True)
        if isinstance(self.key, rsa.RSAPrivateKey):
            signature = self.key.sign(digest, PKCS1v15(), Prehashed(SHA256()))
        else:
            signature = self.key.sign(digest)
        written = base64.b64encode(signature).decode()
        pieces = [written[at : at + _WIDTH] for at in range(0, len(written), _WIDTH)]
        field = start + "\n ".join(pieces)
        return field.replace("\n", "\r\n").encode() + b"\r\n" + raw


def new_key(kind: Literal["rsa", "ed25519"]) -> str:
    """A fresh private key, PEM."""
    key: PrivateKey = (
        rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        if kind == "rsa"
        else ed25519.Ed25519PrivateKey.generate()
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def read_key(pem: str) -> PrivateKey:
    """A private key of a PEM. Raises ValueError with a sentence."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("That is no private key in PEM without a password.") from error
    if isinstance(key, rsa.RSAPrivateKey) and 1024 <= key.key_size <= 4096:
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise ValueError("A DKIM key is RSA of 1024 to 4096 bits, or Ed25519.")


def public_record(pem: str) -> str:
    """The TXT record that publishes the public half (RFC 6376 3.6.1, RFC 8463 4). Raises ValueError."""
    key = read_key(pem)
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}"


def _folded(value: str, separator: str) -> str:
    """A value broken after separators into lines that are not too long; each but the first is indented."""
    lines, line = list[str](), ""
    for part in value.split(separator):
        if line and len(line) + len(part) > _WIDTH:
            lines.append(line)
            line = ""
        line += part + separator
    return "\n ".join([*lines, line.removesuffix(separator)])
