"""Undoes transfer encodings (RFC 2045 6), piece by piece, so that a big file is in memory once."""

import binascii
import io
import mmap
import re

Buffer = bytes | mmap.mmap

_CHUNK = 1 << 20
_SPACES = b" \t\r\n\x0b\x0c"
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_LINES_OF_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/=]*+[ \t]*+(?:[\r\n]|\Z))*+\Z")
_LINE_END_SPACE = (b" \n", b"\t\n", b" \r\n", b"\t\r\n")
_IDENTITY = {"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none"}
_QUOTED_PRINTABLE = {"quoted-printable", "quoted_printable", "quotedprintable", "quoted/printable", "qp"}
_UUENCODE = {"uuencode", "x-uuencode", "uue", "x-uue"}


def decode_transfer(data: Buffer, encoding: str, start: int = 0, end: int | None = None) -> tuple[bytes, str]:
    """Undo the encoding of `data[start:end]`; give the bytes and a defect, '' when sound."""
    end = len(data) if end is None else end
    name = encoding.partition(";")[0].partition("(")[0].strip().strip("\"'").lower()
    if name in _IDENTITY:
        return bytes(data[start:end]), ""
    if name in {"base64", "base-64"}:
        decoded, sound = decode_base64(data, start, end)
        return decoded, "" if sound else "damaged base64"
    if name in _QUOTED_PRINTABLE:
        return _decode_quoted_printable(bytes(data[start:end])), ""
    if name in _UUENCODE:
        return decode_uu(bytes(data[start:end]))
    return bytes(data[start:end]), f"unknown transfer encoding {name[:40]!r}"


def decode_base64(data: Buffer, start: int = 0, end: int | None = None) -> tuple[bytes, bool]:
    """Decode base64 leaving out what is not base64; give the bytes and whether they were sound.

    Pieces padded each on their own are joined; prose after the padding (a list's footer) is left out.
    """
    end = len(data) if end is None else end
    try:
        return _decode_sound_base64(data, start, end), True
    except binascii.Error:
        return _decode_any_base64(data, start, end)


def _decode_sound_base64(data: Buffer, start: int, end: int) -> bytes:
    if end - start <= _CHUNK:
        return binascii.a2b_base64(data[start:end].translate(None, _SPACES), strict_mode=True)
    out = io.BytesIO()
    rest = b""
    for at in range(start, end, _CHUNK):
        clean = rest + data[at : min(at + _CHUNK, end)].translate(None, _SPACES)
        whole = len(clean) if at + _CHUNK >= end else len(clean) & ~3
        out.write(binascii.a2b_base64(clean[:whole], strict_mode=True))
        if at + _CHUNK < end and clean.endswith(b"=", 0, whole):
            raise binascii.Error("padding in the middle")
        rest = clean[whole:]
    return out.getvalue()


def _decode_any_base64(data: Buffer, start: int, end: int) -> tuple[bytes, bool]:
    sound = True
    padding = data.find(b"=", start, end)
    if padding >= 0:
        rest = _skip_padding(data, padding, end)
        if not _goes_on(data, rest, end):
            sound, end = not data[rest : rest + 400].strip(), rest
    out = io.BytesIO()
    carry = b""
    for at in range(start, end, _CHUNK):
        piece = data[at : min(at + _CHUNK, end)]
        clean = piece.translate(None, _NOT_BASE64)
        sound = sound and len(clean) == len(piece.translate(None, _SPACES))
        *closed, carry = (carry + clean).split(b"=")
        for quads in filter(None, closed):
            sound = _write_quads(out, quads) and sound
        whole = len(carry) & ~3
        out.write(binascii.a2b_base64(carry[:whole]))
        carry = carry[whole:]
    sound = _write_quads(out, carry) and sound
    return out.getvalue(), sound


def _goes_on(data: Buffer, start: int, end: int) -> bool:
    """Say whether more base64 follows a padding, and no prose."""
    if not _LINES_OF_BASE64.match(data, start, end):
        return False
    return end - start > _CHUNK or len(data[start:end].translate(None, _SPACES)) % 4 == 0


def _skip_padding(data: Buffer, position: int, end: int) -> int:
    for at in range(position, min(position + 4, end)):
        if data[at : at + 1] != b"=":
            return at
    return min(position + 4, end)


def _write_quads(out: io.BytesIO, quads: bytes) -> bool:
    """Write what a run of base64 holds; say whether no digit was left over."""
    whole = len(quads) - (len(quads) % 4 == 1)
    out.write(binascii.a2b_base64(quads[:whole] + b"=" * (-whole % 4)))
    return whole == len(quads)


def _decode_quoted_printable(data: bytes) -> bytes:
    # White space at the end of a line came on the way (RFC 2045 6.7 rule 3); the library keeps it.
    if any(space in data for space in _LINE_END_SPACE):
        data = b"\n".join(
            line.rstrip(b" \t\r") + (b"\r" if line.endswith(b"\r") else b"") for line in data.split(b"\n")
        )
    return binascii.a2b_qp(data)


def decode_uu(data: bytes) -> tuple[bytes, str]:
    """Decode uuencoded lines, from after `begin` if there is one; give the bytes and a defect."""
    lines = data.split(b"\n")
    begin = next((index for index, line in enumerate(lines) if line.startswith(b"begin ")), -1)
    out = io.BytesIO()
    damaged = False
    for raw_line in lines[begin + 1 :]:
        line = raw_line.rstrip(b"\r")
        if line == b"end":
            break
        if line in {b"`", b"", b" "}:
            continue
        decoded = uu_line(line)
        damaged = damaged or decoded is None
        out.write(decoded or b"")
    return out.getvalue(), "damaged uuencode" if damaged else ""


def uu_line(line: bytes) -> bytes | None:
    """Decode one uuencoded line; None when it is none."""
    if not 32 <= line[0] <= 96 or len(line) > 120:
        return None
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        pass
    try:  # some encoders end the line with a checksum or junk
        return binascii.a2b_uu(line[: (((line[0] - 32) & 63) + 2) // 3 * 4 + 1])
    except binascii.Error:
        return None
