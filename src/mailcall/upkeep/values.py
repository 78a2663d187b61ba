"""One value of SQLite as PostgreSQL takes it, and the hash of a row that is the same on both sides.

SQLite keeps nearly anything in any column; PostgreSQL refuses NUL characters, text that is no UTF-8, text
over its column's length, numbers over their type, and JSON that escapes what it can't keep.
"""

import datetime as dt
import hashlib
import ipaddress
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNFIT = re.compile("[\0\ud800-\udfff]")
_BITS = {"smallint": 15, "integer": 31, "bigint": 63}
_DIGITS = Context(prec=1000)


class Unfit(Exception):
    """PostgreSQL can't keep this value. The text says why; `mended` is what could be kept, if anything."""

    def __init__(self, why: str, mended: object = None) -> None:
        super().__init__(why)
        self.mended = mended


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name and its type on PostgreSQL; `length` in characters, where it is bounded."""

    name: str
    type: str
    length: int | None = None

    @classmethod
    def of(cls, name: str, declared: str) -> "Column":
        """Read `varchar(100)` and the like. Raises ValueError for a type that is not known here."""
        kind, _, length = declared.rstrip(")").partition("(")
        if kind not in _READERS:
            raise ValueError(f"{name} has the type {declared}, which can't be moved yet")
        return cls(name, kind, int(length) if length else None)


def fit(column: Column, raw: object) -> object:
    """What SQLite gave, text as bytes, as a value that psycopg writes. Raises Unfit.

    JSON stays text.
    """
    return None if raw is None else _READERS[column.type](column, raw)


def digest(columns: Sequence[Column], values: Sequence[object]) -> int:
    """The SHA-256 of a row, as a number; equal on both sides, however each writes its values."""
    parts = []
    for column, value in zip(columns, values, strict=True):
        data = _plain(column, value)
        parts.append(b"-" if data is None else b"%d:%b" % (len(data), data))
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest())


def _plain(column: Column, value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if column.type == "jsonb":
        value = json.dumps(json.loads(value, parse_int=_number, parse_float=_number), sort_keys=True)
    elif isinstance(value, dt.datetime):
        value = value.astimezone(dt.UTC).isoformat()
    elif isinstance(value, float):
        value = value.hex()
    return str(value).encode()


def _number(text: str) -> str:
    """A number of JSON, such as 1, 1.0 or 1e0; marked by what no text on PostgreSQL holds."""
    return f"\0{Decimal(text).normalize(_DIGITS) or 0}"


def _integer(column: Column, raw: object) -> int:
    bits = _BITS[column.type]
    if not isinstance(raw, int):
        raise Unfit("it is not a whole number")
    if not -(1 << bits) <= raw < 1 << bits:
        raise Unfit(f"{raw} is beyond {(1 << bits) - 1}")
    return raw


def _boolean(_: Column, raw: object) -> bool:
    if raw not in {0, 1}:
        raise Unfit("it is neither 0 nor 1")
    return bool(raw)


def _float(_: Column, raw: object) -> float:
    if not isinstance(raw, int | float):
        raise Unfit("it is not a number")
    return float(raw)


def _bytes(_: Column, raw: object) -> bytes:
    if not isinstance(raw, bytes):
        raise Unfit("it does not hold bytes")
    return raw


def _text(column: Column, raw: object) -> str:
    text, why = _decoded(raw)
    if "\0" in text:
        text, why = text.replace("\0", REPLACEMENT), "it has a NUL character"
    if column.length and len(text) > column.length:
        why = f"it has {len(text)} characters, and {column.length} are allowed"
        text = text[: column.length - 1] + "…"
    if why:
        raise Unfit(why, text)
    return text


def _decoded(raw: object) -> tuple[str, str]:
    """The text, and what is wrong with it, if anything."""
    if not isinstance(raw, bytes):
        return str(raw), ""
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace"), "it is not UTF-8"


def _moment(_: Column, raw: object) -> dt.datetime:
    text, _why = _decoded(raw)
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise Unfit(f"{text[:40]!r} is no moment between the years 1 and 9999") from None


def _address(_: Column, raw: object) -> str:
    text, _why = _decoded(raw)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Unfit(f"{text[:60]!r} is no IP address") from None


def _json(_: Column, raw: object) -> str:
    text, why = _decoded(raw)
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Unfit("it is no JSON") from None
    if not why and "\\u" in text and _UNFIT.search(_all_text(value)):
        why = "it has a NUL character or half a surrogate pair"
    if why:
        raise Unfit(why, json.dumps(_mended(value)))
    return text


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _all_text(value: object) -> str:
    match value:
        case dict():
            return "".join(_all_text(part) for pair in value.items() for part in pair)
        case list():
            return "".join(map(_all_text, value))
    return value if isinstance(value, str) else ""


def _mended(value: object) -> object:
    match value:
        case dict():
            return {_mended(key): _mended(part) for key, part in value.items()}
        case list():
            return [_mended(part) for part in value]
        case str():
            return _UNFIT.sub(REPLACEMENT, value)
    return value


_READERS = {
    "smallint": _integer,
    "integer": _integer,
    "bigint": _integer,
    "boolean": _boolean,
    "double precision": _float,
    "varchar": _text,
    "text": _text,
    "bytea": _bytes,
    "jsonb": _json,
    "inet": _address,
    "timestamp with time zone": _moment,
}
