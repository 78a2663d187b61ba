"""The Date of a mail (RFC 5322 3.3), in the forms that programs really write."""

import datetime as dt
import re
from email.utils import parsedate_to_datetime

_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_MAIL = re.compile(
    r"(?:[^\W\d_]{2,12}\.?,?\s{0,3})?"
    r"(\d{1,2})[\s.-]{1,3}([A-Za-z]{3})[a-z]{0,6}[\s.,-]{1,3}(\d{4}|\d{2,3}),?\s{1,3}"
    r"(\d{1,2})\s{0,3}[:.]\s{0,3}(\d{2})(?:\s{0,3}[:.]\s{0,3}(\d{2}))?(?:[.,]\d{1,9})?\s{0,3}"
    r"(?:([+-]\d{2}):?(\d{2})|([A-Za-z]{1,5})\b)?"
)
_OFFSET_AFTER = re.compile(r"\s{0,3}([+-]\d{2}):?(\d{2})")
_COMMENT = re.compile(r"\([^()]*\)")
# RFC 5322 4.3, and what German, French and other systems call their zones.
_ZONES = {
    "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
    "adt": -3, "ast": -4, "akdt": -8, "akst": -9, "hst": -10, "brt": -3, "brst": -2,
    "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "met": 1, "mest": 2, "mez": 1, "mesz": 2,
    "hnec": 1, "heec": 2, "eet": 2, "eest": 3, "msk": 3, "msd": 4, "sast": 2, "jst": 9, "kst": 9,
    "aest": 10, "aedt": 11, "awst": 8, "nzst": 12, "nzdt": 13,
}  # fmt: skip
_LONGEST = 200


def has_impossible_zone(value: str) -> bool:
    """Say whether a Date has a zone such as +9999, which `read_date` takes for UTC."""
    match = _MAIL.match(value[:_LONGEST].strip())
    return bool(match and match[7] and _shift(match[7], match[8]) is None)


def read_date(value: str) -> dt.datetime | None:
    """Read a Date, aware; None when it is not one. No zone, or one that nobody knows, means UTC.

    24:00 is the end of the day (ISO 8601 4.2.3, which some programs follow).
    """
    value = value[:_LONGEST].strip()
    match = _MAIL.match(value)
    date = _of(match, value) if match else _otherwise(_COMMENT.sub(" ", value))
    if date is None:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=dt.UTC)
    try:
        date.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return date


def _of(match: re.Match[str], value: str) -> dt.datetime | None:
    day, month, year, hour, minute, second, hours, minutes, zone = match.groups()
    number = int(year)
    if len(year) < 4:  # RFC 5322 4.3
        number += 2000 if number < 50 else 1900
    midnight = (int(hour), int(minute), int(second or 0)) == (24, 0, 0)
    try:
        date = dt.datetime(
            number,
            _MONTHS[month.lower()],
            int(day),
            0 if midnight else int(hour),
            int(minute),
            min(int(second or 0), 59),  # a leap second
            tzinfo=_zone(hours, minutes, zone, value[match.end() :]),
        )
        return date + dt.timedelta(days=midnight)
    except (KeyError, ValueError, OverflowError):
        return None


def _zone(hours: str | None, minutes: str | None, name: str | None, rest: str) -> dt.tzinfo:
    if name:  # `GMT+0200`
        after = _OFFSET_AFTER.match(rest)
        if not after:
            return dt.timezone(dt.timedelta(hours=_ZONES.get(name.lower(), 0)))
        hours, minutes = after.groups()
    if not hours or not minutes:
        return dt.UTC
    return dt.timezone(_shift(hours, minutes) or dt.timedelta())


def _shift(hours: str, minutes: str) -> dt.timedelta | None:
    """Give the offset of a zone, None when a day has not as many hours, or an hour as many minutes."""
    if int(hours[1:]) > 23 or int(minutes) > 59:
        return None
    shift = dt.timedelta(hours=int(hours[1:]), minutes=int(minutes))
    return -shift if hours[0] == "-" else shift


def _otherwise(value: str) -> dt.datetime | None:
    """Read asctime, ISO 8601 and comments in odd places."""
    match = _MAIL.match(" ".join(value.split()))
    if match:
        return _of(match, " ".join(value.split()))
    try:
        return dt.datetime.fromisoformat(value.strip())
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
