"""How a mail is signed or encrypted (RFC 8551, RFC 3156), and what is in an opaque S/MIME signature."""

import re

from .mail import Seal
from .mime import Part

MAX_OPENED = 3  # signed mails in signed mails
_MAX_STEPS = 200_000  # pieces of a constructed string; Outlook writes one for each 1,000 bytes

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_ENVELOPED = {
    bytes.fromhex("2a864886f70d010703"),  # envelopedData
    bytes.fromhex("2a864886f70d010706"),  # encryptedData
    bytes.fromhex("2a864886f70d0109100117"),  # authEnvelopedData
}
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_SIGNATURES = {
    "application/pgp-signature": Seal.PGP_SIGNED,
    "application/pkcs7-signature": Seal.SMIME_SIGNED,
    "application/x-pkcs7-signature": Seal.SMIME_SIGNED,
}
_ARMOUR = (
    ("-----BEGIN PGP MESSAGE-----", Seal.PGP_ENCRYPTED),
    ("-----BEGIN PGP SIGNED MESSAGE-----", Seal.PGP_SIGNED),
)
_CLEARTEXT = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n"
    r"((?:(?:Hash|Charset|NotDashEscaped):[^\n]*\n){0,10})[ \t]*\n",
    re.MULTILINE,
)
_LONGEST_SIGNATURE = 10_000  # characters
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_END = "-----END PGP SIGNATURE-----"
_ARMOURED = re.compile(r"\s*+(?:[A-Za-z]{2,20}: [^\n]*\n){0,10}+[A-Za-z0-9+/=\s]*+\Z")


def is_smime(part: Part) -> bool:
    """Say whether a part is one S/MIME object."""
    return part.content_type in _SMIME


def seal_of_part(part: Part) -> Seal | None:
    """Give how a multipart, or a part that is a control word of PGP/MIME, is sealed."""
    if part.content_type == "multipart/signed":
        protocol = part.params.get("protocol", "").lower()
        types = [protocol, *(child.content_type for child in part.children)]
        return next((_SIGNATURES[kind] for kind in types if kind in _SIGNATURES), None)
    if part.content_type == "application/pgp-encrypted":
        return Seal.PGP_ENCRYPTED
    return None


def seal_of_smime(part: Part, data: bytes) -> Seal | None:
    """Give how an application/pkcs7-mime part is sealed, by its content, else by what it says of itself."""
    content = _content_type(data)
    if content == _SIGNED_DATA:
        return Seal.SMIME_SIGNED
    if content in _ENVELOPED:
        return Seal.SMIME_ENCRYPTED
    declared = part.params.get("smime-type", "").lower()
    if "signed" in declared:
        return Seal.SMIME_SIGNED
    return Seal.SMIME_ENCRYPTED if "enveloped" in declared else None


def seals_of_text(text: str) -> list[Seal]:
    """Give how parts of a text are sealed by inline PGP (RFC 9580 6.2)."""
    if "-----BEGIN PGP" not in text:
        return []
    return [seal for armour, seal in _ARMOUR if text.startswith(armour) or f"\n{armour}" in text]


def without_armour(text: str) -> str:
    """Give a text with what is signed in it by inline PGP as it was written (RFC 9580 7). Verifies nothing.

    The armour around it is left out, and `- ` before a hyphen. What stands above and below remains: no
    signature covers it. Whatever is no armour, within the signature too, stays to be seen.
    """
    if "-----BEGIN PGP SIGNED" not in text:
        return text
    out: list[str] = []
    at = 0
    while head := _CLEARTEXT.search(text, at):
        out.append(text[at : head.start()])
        begin = text.find(f"\n{_SIGNATURE}", head.end() - 1)
        signed = text[head.end() : begin if begin >= 0 else len(text)]
        out.append(signed if "NotDashEscaped" in head[1] else _unescaped(signed))
        if begin < 0:  # a mail cut short
            return "".join(out)
        end = text.find(f"\n{_SIGNATURE_END}", begin, begin + _LONGEST_SIGNATURE)
        armour = text[begin + 1 + len(_SIGNATURE) : end]
        at = end + 1 + len(_SIGNATURE_END) if end >= 0 and _ARMOURED.match(armour) else begin
    return "".join((*out, text[at:]))


def _unescaped(signed: str) -> str:
    return signed.removeprefix("- ").replace("\n- ", "\n")


def signed_content(data: bytes) -> bytes | None:
    """Give the entity in an opaque SignedData (RFC 5652 5.1), None when there is none. Verifies nothing."""
    try:
        return _Reader(data).signed_content()
    except _NotReadable:
        return None


def _content_type(data: bytes) -> bytes:
    try:
        return _Reader(data).content_type()
    except _NotReadable:
        return b""


class _NotReadable(ValueError):
    """Not the encoding that was looked for."""


class _Reader:
    """Walks BER (X.690) from one tag to the next: without calls of itself, and never beyond its data."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def tag(self) -> tuple[int, int]:
        """Read a tag and its length, -1 for an indefinite one."""
        if self.at + 2 > len(self.data):
            raise _NotReadable
        tag, length = self.data[self.at], self.data[self.at + 1]
        self.at += 2
        if tag & 0x1F == 0x1F:
            raise _NotReadable
        if length == 0x80:
            return tag, -1
        if length > 0x80:
            size = length & 0x7F
            if size > 6:
                raise _NotReadable
            length = int.from_bytes(self.data[self.at : self.at + size], "big")
            self.at += size
        return tag, length

    def enter(self, wanted: int) -> int:
        """Step into a constructed value; give where it ends, -1 for indefinite."""
        tag, length = self.tag()
        if tag != wanted:
            raise _NotReadable
        return -1 if length < 0 else self.at + length

    def primitive(self, wanted: int) -> bytes:
        """Read a short primitive value."""
        tag, length = self.tag()
        if tag != wanted or length < 0 or length > 1_000:
            raise _NotReadable
        self.at += length
        return self.data[self.at - length : self.at]

    def content_type(self) -> bytes:
        """Read the object identifier of a ContentInfo (RFC 5652 3)."""
        self.enter(0x30)
        return self.primitive(0x06)

    def signed_content(self) -> bytes:
        """Walk ContentInfo, SignedData, EncapsulatedContentInfo down to the octets."""
        if self.content_type() != _SIGNED_DATA:
            raise _NotReadable
        self.enter(0xA0)
        self.enter(0x30)
        self.primitive(0x02)  # version
        self.skip(0x31)  # digest algorithms
        self.enter(0x30)
        self.primitive(0x06)  # content type
        self.enter(0xA0)
        return self.octets()

    def skip(self, wanted: int) -> None:
        """Pass over one value of definite length, or an indefinite one of plain values."""
        tag, length = self.tag()
        if tag != wanted:
            raise _NotReadable
        if length >= 0:
            self.at += length
            return
        self.pass_to_end()

    def pass_to_end(self) -> None:
        """Pass over the rest of a value of indefinite length, whatever is in it."""
        depth = 1
        for _ in range(_MAX_STEPS):
            tag, length = self.tag()
            if tag == 0 and length == 0:
                depth -= 1
                if depth == 0:
                    return
            elif length < 0:
                depth += 1
            else:
                self.at += length
        raise _NotReadable

    def octets(self) -> bytes:
        """Read an OCTET STRING, in one piece or in many (X.690 8.7)."""
        tag, length = self.tag()
        if tag == 0x04 and length >= 0:
            return self.data[self.at : self.at + length]
        if tag != 0x24:
            raise _NotReadable
        end = len(self.data) if length < 0 else self.at + length
        found: list[bytes] = []
        for _ in range(_MAX_STEPS):
            if self.at >= end:
                break
            tag, length = self.tag()
            if tag in {0x00, 0x24}:
                continue  # pieces within pieces, and their ends: the strings follow one another all the same
            if tag != 0x04 or length < 0:
                break
            found.append(self.data[self.at : self.at + length])
            self.at += length
        return b"".join(found)
