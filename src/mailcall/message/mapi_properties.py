"""Reads the MAPI properties inside a winmail.dat (MS-OXTNEF 2.1.3.4), in linear time."""

import datetime as dt
import struct
from dataclasses import dataclass, field

from .decoding import codec_name, decode_text

STRING8, UNICODE, OBJECT, BINARY, TIME = 0x1E, 0x1F, 0x0D, 0x102, 0x40
_VARIABLE = {STRING8, UNICODE, OBJECT, BINARY}
_MANY = 0x1000  # the flag of a property with several values
_SIZES = {1: 4, 2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, TIME: 8, 0x48: 16}  # as padded
_FIRST_NAMED = 0x8000
_LONG = struct.Struct("<I")
_TAG = struct.Struct("<HH")
_EPOCH = dt.datetime(1601, 1, 1, tzinfo=dt.UTC)

Name = int | tuple[bytes, int]  # an identifier; for a named property its set (GUID) and number in it


@dataclass(slots=True)
class Properties:
    """The properties of a message, an attachment or a recipient: the first value of each, not yet decoded."""

    values: dict[Name, tuple[int, bytes]] = field(default_factory=dict)
    codec: str = "cp1252"  # of 8-bit strings
    sound: bool = True  # read to their end

    def data(self, name: Name) -> bytes:
        """Give a value as bytes, b'' without it."""
        return self.values.get(name, (0, b""))[1]

    def number(self, name: Name) -> int:
        """Give a whole number, 0 without it."""
        kind, data = self.values.get(name, (0, b""))
        return _LONG.unpack_from(data)[0] if kind not in _VARIABLE and len(data) >= 4 else 0

    def flag(self, name: Name) -> bool:
        """Give a boolean, False without it; what stands in its padding means nothing."""
        return bool(self.number(name) & 0xFFFF)

    def text(self, *names: Name, limit: int = 1_000) -> str:
        """Give the first of these strings that is not empty, at most `limit` bytes of it."""
        for name in names:
            kind, data = self.values.get(name, (0, b""))
            if kind in {STRING8, UNICODE, BINARY}:
                value = decode_string(data[:limit], "utf-16-le" if kind == UNICODE else self.codec)
                if value.strip():
                    return value
        return ""

    def time(self, name: Name) -> dt.datetime | None:
        """Give a moment; FILETIME counts tenths of microseconds from 1601, in UTC."""
        kind, data = self.values.get(name, (0, b""))
        if kind != TIME or len(data) < 8:
            return None
        ticks = int.from_bytes(data[:8], "little")
        try:
            return _EPOCH + dt.timedelta(microseconds=ticks // 10) if ticks else None
        except OverflowError:
            return None


def decode_string(data: bytes, codec: str) -> str:
    """Decode a string up to its first NUL. Never raises."""
    if codec == "utf-16-le":
        return data[: len(data) & ~1].decode(codec, "replace").partition("\0")[0]
    return decode_text(data.partition(b"\0")[0], codec)[0]


def code_page(number: int) -> str:
    """Give Python's name for a Windows code page, '' when there is none."""
    special = {1200: "utf-16-le", 1201: "utf-16-be", 20127: "ascii", 20866: "koi8-r", 21866: "koi8-u"}
    special |= {65000: "utf-7", 65001: "utf-8", 50220: "iso-2022-jp", 50221: "iso-2022-jp"}
    special |= {
        50222: "iso-2022-jp",
        50225: "iso-2022-kr",
        51932: "euc-jp",
        51949: "euc-kr",
        54936: "gb18030",
    }
    if 28591 <= number <= 28606:
        return codec_name(f"iso-8859-{number - 28590}")
    return codec_name(special.get(number, f"cp{number}")) if number else ""


def read_properties(data: bytes, codec: str, position: int = 0) -> tuple[Properties, int]:
    """Read a counted run of properties from a position; give them and where they end."""
    found = Properties(codec=codec)
    try:
        (count,) = _LONG.unpack_from(data, position)
        position += 4
        for _ in range(count):
            kind, identifier = _TAG.unpack_from(data, position)
            position += 4
            name: Name = identifier
            if identifier >= _FIRST_NAMED:
                name, position = _read_name(data, position)
            value, position, whole = _read_value(data, position, kind)
            found.values.setdefault(name, (kind & ~_MANY, value))
            if not whole:
                found.sound = False
                break
    except (struct.error, _UnknownType):
        found.sound = False
    return found, min(position, len(data))


class _UnknownType(Exception):
    """The length of a value is unknown, and with it where the next begins."""


def _read_name(data: bytes, position: int) -> tuple[Name, int]:
    """Read the name of a named property: a set, then a number in it or a string."""
    group = data[position : position + 16]
    kind, number = struct.unpack_from("<II", data, position + 16)
    position += 24
    if kind == 0:
        return (group, number), position
    return (group, -1 - position), position + _padded(number)  # named by a string: none of these is wanted


def _read_value(data: bytes, position: int, kind: int) -> tuple[bytes, int, bool]:
    """Read the first value and pass over the others; give it, where they end and whether it was whole."""
    base = kind & ~_MANY
    if base in _VARIABLE:
        (count,) = _LONG.unpack_from(data, position)
        position += 4
        first, whole = b"", True
        for index in range(count):
            (length,) = _LONG.unpack_from(data, position)
            position += 4
            if index == 0:
                first = data[position : position + length]
                whole = len(first) == length
                if not whole:
                    break
            position += _padded(length)
        return first, position, whole
    size = _SIZES.get(base)
    if size is None:
        raise _UnknownType
    count = 1
    if kind & _MANY:
        (count,) = _LONG.unpack_from(data, position)
        position += 4
    value = data[position : position + (size if count else 0)]
    return value, position + size * count, len(value) == (size if count else 0)


def _padded(length: int) -> int:
    return (length + 3) & ~3
