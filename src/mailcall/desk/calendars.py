"""Arithmetic of business time: how much of it lies between two moments, and when so much of it has passed.

A span of working hours is from when clocks first show its begin until they last show its end, so that an hour
which comes twice is worked twice. A time that clocks skip is the moment at which they do.
"""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from zoneinfo import ZoneInfo

DAY = 24 * 60  # minutes
FARTHEST_YEARS = 100

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

Spans = tuple[tuple[int, int], ...]  # begins and ends, in minutes from midnight; in order, none in another


@dataclass(frozen=True, slots=True)
class _Year:
    """The spans of a year in microseconds of the epoch: begins, ends, and what was worked until each end."""

    begins: Sequence[int]
    ends: Sequence[int]
    until: Sequence[int]

    @property
    def total(self) -> int:
        return self.until[-1] if self.until else 0

    def worked(self, at: int) -> int:
        """What was worked from the begin of the year until a moment."""
        index = bisect_right(self.begins, at) - 1
        if index < 0:
            return 0
        return self.until[index] - max(0, self.ends[index] - at)

    def when(self, worked: int) -> int:
        """The first moment until which this was worked; it is more than none and at most all."""
        index = bisect_left(self.until, worked)
        return self.ends[index] - (self.until[index] - worked)


@dataclass(frozen=True)
class WorkingHours:
    """Hours of the week, Monday first, in a time zone; holidays of a country; days that are otherwise.

    What a year comes to is computed once, in a few milliseconds; after that, a question takes microseconds.
    """

    zone: ZoneInfo
    week: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
    days: Mapping[dt.date, Spans] = field(default_factory=dict)
    country: str = ""  # ISO 3166-1
    subdivision: str = ""  # ISO 3166-2, without the country
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def working_time(self, begin: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """How much of the time from `begin` to `end` is worked; none where `end` comes first."""
        if end <= begin:
            return dt.timedelta()
        first, last = self._year_of(begin), self._year_of(end)
        worked = self._year(last).worked(_ticks(end)) - self._year(first).worked(_ticks(begin))
        return (worked + sum(self._year(year).total for year in range(first, last))) * _MICROSECOND

    def add(self, begin: dt.datetime, duration: dt.timedelta) -> dt.datetime | None:
        """The first moment, in UTC, until which `duration` was worked from `begin` on.

        None where that is more than a hundred years away, as when nothing is ever worked.
        """
        if duration <= dt.timedelta():
            return begin.astimezone(dt.UTC)
        year = first = self._year_of(begin)
        left = duration // _MICROSECOND + self._year(first).worked(_ticks(begin))
        while left > self._year(year).total:
            left -= self._year(year).total
            year += 1
            if year > min(first + FARTHEST_YEARS, dt.MAXYEAR - 1):
                return None
        return _EPOCH + self._year(year).when(left) * _MICROSECOND

    def spans_on(self, day: dt.date) -> Spans:
        """The hours of one day: its own, none on a holiday, else those of the weekday."""
        return self._spans_on(day, _holidays(self.country, self.subdivision, day.year))

    def _spans_on(self, day: dt.date, holidays: Mapping[dt.date, str]) -> Spans:
        own = self.days.get(day)
        if own is not None:
            return own
        return () if day in holidays else self.week[day.weekday()]

    def _year_of(self, at: dt.datetime) -> int:
        return at.astimezone(self.zone).year

    def _year(self, number: int) -> _Year:
        if number not in self._years:
            merged = _merged(self._spans_of(number))
            worked = list(accumulate(end - begin for begin, end in merged))
            self._years[number] = _Year([begin for begin, _ in merged], [end for _, end in merged], worked)
        return self._years[number]

    def _spans_of(self, year: int) -> Iterator[tuple[int, int]]:
        holidays = _holidays(self.country, self.subdivision, year)
        day, one = dt.date(year, 1, 1), dt.timedelta(days=1)
        while day.year == year:
            for begin, end in self._spans_on(day, holidays):
                yield self._moment(day, begin, last=False), self._moment(day, end, last=True)
            day += one

    def _moment(self, day: dt.date, minute: int, *, last: bool) -> int:
        """When clocks first, or last, show a time of a day; midnight at its end is when the next begins."""
        if minute == DAY:
            day, minute, last = day + dt.timedelta(days=1), 0, False
        time = dt.time(minute // 60, minute % 60)
        first, second = (
            dt.datetime.combine(day, time, self.zone).replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1)
        )
        if second < first:  # clocks skip it (PEP 495)
            return self._change_between(_ticks(second), _ticks(first))
        return _ticks(second if last else first)

    def _change_between(self, before: int, after: int) -> int:
        """The moment at which clocks were changed."""
        offset = self._offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if self._offset(middle) == offset else (before, middle)
        return after

    def _offset(self, ticks: int) -> dt.timedelta | None:
        return (_EPOCH + ticks * _MICROSECOND).astimezone(self.zone).utcoffset()


def parse_spans(text: str) -> Spans:
    """The hours of a day from a text such as `08:00-12:00, 13:00-17:00`; `closed` or nothing is none.

    Raises ValueError with a sentence.
    """
    if text.strip().casefold() in {"", "closed"}:
        return ()
    spans = []
    for part in text.split(","):
        begin, dash, end = part.partition("-")
        spans.append((_minute(begin), _minute(end) if dash else -1))
    times = [minute for span in spans for minute in span]
    if -1 in times or any(a >= b for a, b in spans) or times != sorted(times):
        raise ValueError(f"“{text.strip()}” are no hours: write such as 08:00-12:00, 13:00-17:00, or closed.")
    return tuple(spans)


def parse_days(text: str) -> dict[dt.date, Spans]:
    """Days from lines such as `2026-12-24 08:00-12:00` or `2026-12-27 closed`. Raises ValueError."""
    days: dict[dt.date, Spans] = {}
    for line in filter(str.strip, text.splitlines()):
        written, _, hours = line.strip().partition(" ")
        try:
            day = dt.date.fromisoformat(written)
        except ValueError:
            raise ValueError(
                f"“{line}” is no day: write such as 2026-12-24 08:00-12:00, or 2026-12-27 closed."
            ) from None
        if day in days:
            raise ValueError(f"{day} is there twice.")
        days[day] = parse_spans(hours)
    return days


def refuse_country(country: str, subdivision: str) -> None:
    """Raise ValueError unless the holidays of these are known; `country` may be empty."""
    if not country:
        if subdivision:
            raise ValueError("A subdivision needs its country.")
        return
    import holidays

    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(f"The holidays of “{country}” are not known: give a country such as DE or US.")
    if subdivision and subdivision not in known[country]:
        raise ValueError(
            f"“{subdivision}” is no subdivision of {country} whose holidays are known: "
            f"{', '.join(known[country]) or 'there are none'}."
        )


def holidays_from(country: str, subdivision: str, day: dt.date) -> list[tuple[dt.date, str]]:
    """The holidays of the year that begins on a day, with their names; none without a country."""
    end = day + dt.timedelta(days=366)
    known = {**_holidays(country, subdivision, day.year), **_holidays(country, subdivision, end.year)}
    return [(one, known[one]) for one in sorted(known) if day <= one < end]


def _minute(text: str) -> int:
    """The minutes from midnight of a time such as 08:30; 24:00 is the end of the day; -1 if it is none."""
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
        return -1
    minute = int(hours[:3]) * 60 + int(minutes[:3])
    return minute if minute <= DAY and int(minutes[:3]) < 60 else -1


def _holidays(country: str, subdivision: str, year: int) -> Mapping[dt.date, str]:
    if not country:
        return {}
    import holidays  # takes a while, and few processes need it

    return holidays.country_holidays(country, subdiv=subdivision or None, years=year)


def _merged(spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same without empty ones, and one for those that touch."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if end <= begin:
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged


def _ticks(at: dt.datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
