"""Writes winmail.dat for the tests (MS-OXTNEF), with RTF compressed as Outlook does (MS-OXRTFCP)."""

import struct
import zlib
from collections.abc import Iterable

from mailcall.message.compressed_rtf import decompress_rtf

MAGIC = b"\x78\x9f\x3e\x22\x01\x00"
BEGINS = (2, 0x00069002)
IID_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")
IID_STORAGE = bytes.fromhex("0b00000000000000c000000000000046")
APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")
MEETING = bytes.fromhex("90dad86e0b451b1098da00aa003f1305")


def attribute(level: int, identifier: int, data: bytes) -> bytes:
    """Write an attribute with its checksum."""
    return struct.pack("<BII", level, identifier, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(values: Iterable[bytes]) -> bytes:
    """Write a counted run of properties."""
    rows = list(values)
    return struct.pack("<I", len(rows)) + b"".join(rows)


def _variable(kind: int, tag: bytes, data: bytes) -> bytes:
    return struct.pack("<H", kind) + tag + struct.pack("<II", 1, len(data)) + data + bytes(-len(data) % 4)


def unicode(identifier: int, text: str) -> bytes:
    """Write a string of UTF-16."""
    return _variable(0x1F, struct.pack("<H", identifier), text.encode("utf-16-le") + b"\0\0")


def string8(identifier: int, text: bytes) -> bytes:
    """Write a string of the code page."""
    return _variable(0x1E, struct.pack("<H", identifier), text + b"\0")


def binary(identifier: int, data: bytes, kind: int = 0x102) -> bytes:
    """Write bytes, or an object (0x0D)."""
    return _variable(kind, struct.pack("<H", identifier), data)


def number(identifier: int, value: int) -> bytes:
    """Write a whole number."""
    return struct.pack("<HHI", 3, identifier, value)


def flag(identifier: int, value: bool) -> bytes:
    """Write a boolean; the last two bytes are padding and hold junk, as Outlook leaves them."""
    return struct.pack("<HHHH", 0x0B, identifier, value, 0xBEEF)


def time(identifier: int, ticks: int) -> bytes:
    """Write a moment."""
    return struct.pack("<HHQ", 0x40, identifier, ticks)


def named(group: bytes, name: int, value: bytes) -> bytes:
    """Make a property a named one."""
    return value[:2] + struct.pack("<H", 0x8001) + group + struct.pack("<II", 0, name) + value[4:]


def file(data: bytes | None, title: bytes = b"", values: Iterable[bytes] = ()) -> bytes:
    """Write an attachment."""
    out = attribute(*BEGINS, bytes(14))
    if title:
        out += attribute(2, 0x00018010, title + b"\0")
    if data is not None:
        out += attribute(2, 0x0006800F, data)
    return out + attribute(2, 0x00069005, properties(values))


def message(values: Iterable[bytes] = (), *parts: bytes, code_page: int = 1252) -> bytes:
    """Write a whole stream: its properties, then its other attributes."""
    version = attribute(1, 0x00089006, b"\0\0\1\0")
    page = attribute(1, 0x00069007, struct.pack("<II", code_page, 0))
    return MAGIC + version + page + attribute(1, 0x00069003, properties(values)) + b"".join(parts)


def compressed(rtf: bytes) -> bytes:
    """Compress RTF by LZFu: the longest match at each place, found the slow way."""
    preset = decompress_rtf(_packed(_tokens_for_preset(), 1))[0]
    window = bytearray(preset + rtf)
    tokens: list[bytes] = []
    place = len(preset)
    while place < len(window):
        length = min(17, len(window) - place)
        while (
            length > 1
            and (at := window.rfind(window[place : place + length], max(0, place - 4000), place)) < 0
        ):
            length -= 1
        if length > 1:
            tokens.append(struct.pack(">H", at % 4096 << 4 | length - 2))
            place += length
        else:
            tokens.append(bytes(window[place : place + 1]))
            place += 1
    return _packed([*tokens, struct.pack(">H", place % 4096 << 4)], len(rtf))


def _tokens_for_preset() -> list[bytes]:
    """Give references that copy the first bytes of the dictionary, 207 of them, and end."""
    tokens, place = [], 207
    for start in range(0, 207, 9):
        tokens.append(struct.pack(">H", start << 4 | 7))
        place += 9
    return [*tokens, struct.pack(">H", place << 4)]


def _packed(tokens: list[bytes], raw_size: int) -> bytes:
    out = bytearray()
    for start in range(0, len(tokens), 8):
        run = tokens[start : start + 8]
        out.append(sum(1 << bit for bit, token in enumerate(run) if len(token) == 2))
        out += b"".join(run)
    checksum = zlib.crc32(bytes(out), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return struct.pack("<II4sI", len(out) + 12, raw_size, b"LZFu", checksum) + bytes(out)


def stored(rtf: bytes) -> bytes:
    """Wrap RTF without compressing it (MELA)."""
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
