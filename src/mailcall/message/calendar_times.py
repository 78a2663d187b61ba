"""Dates, times, durations and time zones of calendar objects (RFC 5545 3.3.4 to 3.3.6, 3.6.5)."""

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

from .calendar_lines import ContentLine
from .windows_zones import WINDOWS_ZONES

MAX_ZONES = 100
MAX_OBSERVANCES = 100
_MOMENT = re.compile(
    r"\s*(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[Tt ](\d\d):?(\d\d)(?::?(\d\d))?(?:[.,]\d{1,9})?[ ]?([Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"\s*(?:GMT|UTC)?([+-])(\d{1,2}):?(\d\d)?(?::?(\d\d))?\s*\Z", re.ASCII)
_DURATION = re.compile(
    r"\s*([+-])?P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?\s*\Z",
    re.ASCII | re.IGNORECASE,
)
_BY_DAY = re.compile(r"([+-]?\d)?(MO|TU|WE|TH|FR|SA|SU)\Z")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Moment = dt.datetime | dt.date


@dataclass(frozen=True, slots=True)
class Observance:
    """When an offset of a VTIMEZONE begins: once, or each year by a rule like 'last Sunday of March'."""

    start: dt.datetime  # local
    offset: dt.timedelta
    month: int = 0  # 0: once
    weekday: int = 0  # Monday is 0
    nth: int = 1  # from the end if negative
    earliest: int = 1  # day of the month from which to count
    until: dt.date = dt.date.max

    def latest(self, local: dt.datetime) -> dt.datetime | None:
        """Give the last time it began, up to a local time, or None."""
        if not self.month:
            return self.start if self.start <= local else None
        for year in (local.year, local.year - 1):
            onset = self.onset(year)
            if onset and self.start <= onset <= local and onset.date() <= self.until:
                return onset
        return None

    def onset(self, year: int) -> dt.datetime | None:
        """Give when it begins in a year."""
        try:
            if self.nth > 0:
                first = dt.date(year, self.month, self.earliest)
                day = first + dt.timedelta((self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1))
            else:
                after = dt.date(year + self.month // 12, self.month % 12 + 1, 1)
                last = after - dt.timedelta(1)
                day = last - dt.timedelta((last.weekday() - self.weekday) % 7 + 7 * (-self.nth - 1))
            return dt.datetime.combine(day, self.start.time())
        except (ValueError, OverflowError):
            return None


@dataclass(slots=True)
class Zone:
    """A VTIMEZONE: what it is called, where it is, and its observances."""

    location: str = ""  # X-LIC-LOCATION: a name of the time zone database
    observances: list[Observance] = field(default_factory=list)

    def offset(self, local: dt.datetime) -> dt.timezone | None:
        """Give the offset at a local time, or None when nothing tells it."""
        begun = [(onset, each) for each in self.observances if (onset := each.latest(local))]
        if begun:
            return dt.timezone(max(begun, key=lambda pair: pair[0])[1].offset)
        first = min(self.observances, key=lambda each: each.start, default=None)
        return dt.timezone(first.offset) if first else None


def read_moment(line: ContentLine | None, zones: dict[str, Zone]) -> Moment | None:
    """Give a DTSTART or DTEND: a date, an aware moment, a naive one (floating), or None for what is none."""
    match = _MOMENT.match(line.value) if line else None
    if not line or not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        if match[4] is None or line.parameters.get("VALUE", "").upper() == "DATE":
            return dt.date(year, month, day)
        local = dt.datetime.combine(dt.date(year, month, day), dt.time(hour, minute, min(second, 59)))
    except ValueError:
        return None
    if match[7]:
        utc = match[7] in "Zz"
        return local.replace(tzinfo=dt.UTC if utc else dt.timezone(read_offset(match[7]) or dt.timedelta()))
    return in_zone(local, line.parameters.get("TZID", "").strip(), zones)


def in_zone(local: dt.datetime, name: str, zones: dict[str, Zone]) -> dt.datetime:
    """Put a local time into a zone of a name; it stays floating when nobody knows the zone.

    Names that mean one place everywhere come first. Any other is what its VTIMEZONE says, since 'EST' may
    be meant with or without daylight saving.
    """
    if not name:
        return local
    known = WINDOWS_ZONES.get(name.casefold(), "") or (name if "/" in name else "")
    zone = _by_path(known)
    own = zones.get(name)
    if zone is None and own is not None:
        zone = _by_path(own.location) or own.offset(local)
    if zone is None:
        offset = read_offset(name)
        zone = dt.timezone(offset) if offset is not None else _zone_info(name)
    return local.replace(tzinfo=zone)


def _by_path(name: str) -> dt.tzinfo | None:
    """Find a zone by its name, also behind a prefix like `/freeassociation.sourceforge.net/`."""
    steps = [step for step in name[:200].split("/") if step]
    for count in (len(steps), 3, 2):
        if 2 <= count <= len(steps) and (zone := _zone_info("/".join(steps[-count:]))):
            return zone
    return None


@lru_cache(maxsize=1_000)
def _zone_info(name: str) -> dt.tzinfo | None:
    try:
        return ZoneInfo(name) if name.isascii() else None
    except (KeyError, ValueError, OSError):  # unknown, no relative path, a folder of the database
        return None


def read_offset(value: str) -> dt.timedelta | None:
    """Give a UTC-OFFSET (RFC 5545 3.3.14), also with GMT or UTC before it, or None."""
    match = _OFFSET.match(value)
    if not match:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    offset = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if offset >= dt.timedelta(days=1):
        return None
    return -offset if match[1] == "-" else offset


def later(start: Moment, duration: str) -> Moment | None:
    """Give the end of what lasts a DURATION (RFC 5545 3.3.6): days by the calendar, hours by the clock."""
    match = _DURATION.match(duration)
    if not match:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    sign = -1 if match[1] == "-" else 1
    try:
        end = start + sign * dt.timedelta(weeks=weeks, days=days)
        if not isinstance(end, dt.datetime):
            return end
        exact = sign * dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if end.tzinfo is None:
            return end + exact
        return (end.astimezone(dt.UTC) + exact).astimezone(end.tzinfo)
    except (ValueError, OverflowError):
        return None


def read_observance(lines: dict[str, ContentLine]) -> Observance | None:
    """Read a STANDARD or DAYLIGHT of a VTIMEZONE (RFC 5545 3.6.5), or None when it says too little."""
    start = read_moment(lines.get("DTSTART"), {})
    offset = read_offset(lines["TZOFFSETTO"].value) if "TZOFFSETTO" in lines else None
    if not isinstance(start, dt.datetime) or offset is None:
        return None
    start = start.replace(tzinfo=None)
    rule = read_rule(lines["RRULE"].value) if "RRULE" in lines else {}
    day = _BY_DAY.match(rule.get("BYDAY", ""))
    months = rule.get("BYMONTH", str(start.month))
    if rule.get("FREQ") != "YEARLY" or not months.isdecimal() or not 1 <= int(months) <= 12 or not day:
        return Observance(start, offset)
    days = [
        int(each) for each in rule.get("BYMONTHDAY", "1").split(",") if each.isdecimal() and len(each) < 3
    ]
    until = _MOMENT.match(rule.get("UNTIL", ""))
    try:
        last = dt.date(int(until[1]), int(until[2]), int(until[3])) if until else dt.date.max
    except ValueError:
        last = dt.date.max
    return Observance(
        start,
        offset,
        int(months),
        _DAYS.index(day[2]),
        int(day[1] or 1) or 1,
        min(days, default=1) or 1,
        last,
    )


def read_rule(value: str) -> dict[str, str]:
    """Give the parts of a recurrence rule (RFC 5545 3.3.10), in upper case."""
    parts = (part.partition("=") for part in value[:1_000].upper().split(";"))
    return {name.strip(): each.strip() for name, _, each in parts if each.strip()}
