"""Business time, against a calculation that looks at every minute of two years."""

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcall.desk.calendars import WorkingHours, parse_days, parse_spans, refuse_country

BEGIN, END = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2028, 1, 1, tzinfo=dt.UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana")
OFFICE = (parse_spans("08:00-12:00, 13:00-17:00"),) * 5
NIGHTS = parse_spans("00:00-00:30, 00:45-02:15, 02:30-06:00, 22:00-24:00")
DAYS = {dt.date(2026, 12, 24): parse_spans("08:00-12:00"), dt.date(2027, 7, 3): parse_spans("10:00-11:00")}
CALENDARS = {
    zone: WorkingHours(ZoneInfo(zone), (*OFFICE, NIGHTS, NIGHTS), DAYS, country)
    for zone, country in zip(ZONES, ("DE", "US", "AU", "IN", ""), strict=True)
}
MINUTE = dt.timedelta(minutes=1)


@cache
def worked_until(zone: str) -> list[int]:
    """By minutes from BEGIN: how many of those before were worked. Each day is walked minute by minute."""
    hours, tz = CALENDARS[zone], ZoneInfo(zone)
    minutes: dict[dt.date, list[tuple[int, int]]] = {}
    first = BEGIN - dt.timedelta(days=2)
    for index in range(-2 * 1440, (END - BEGIN) // MINUTE + 2 * 1440):
        local = (first + (index + 2 * 1440) * MINUTE).astimezone(tz)
        minutes.setdefault(local.date(), []).append((index, local.hour * 60 + local.minute))
    worked = set()
    for day, shown in minutes.items():
        for begin, end in hours.spans_on(day):
            after = [index for index, minute in shown if minute >= begin]
            before = [index for index, minute in shown if minute < end]
            if after and before:
                worked |= set(range(after[0], before[-1] + 1))
    counts = [0]
    for index in range((END - BEGIN) // MINUTE):
        counts.append(counts[-1] + (index in worked))
    return counts


@pytest.mark.parametrize("zone", ZONES)
def test_business_time_is_that_of_a_minute_by_minute_calculation(zone: str) -> None:
    counts, hours = worked_until(zone), CALENDARS[zone]
    minutes = st.integers(0, len(counts) - 1)

    @settings(max_examples=300, deadline=None)
    @given(minutes, minutes, st.integers(0, 59))
    def check(one: int, other: int, seconds: int) -> None:
        first, last = sorted((one, other))
        begin, end = BEGIN + first * MINUTE, BEGIN + last * MINUTE
        worked = hours.working_time(begin, end)
        assert worked == (counts[last] - counts[first]) * MINUTE
        reached = hours.add(begin, worked)
        assert reached is not None
        assert reached <= end or not worked
        assert hours.working_time(begin, reached) == worked
        if worked:  # and not a second earlier
            duration = worked - dt.timedelta(seconds=seconds)
            reached = hours.add(begin, duration)
            assert reached is not None
            assert hours.working_time(begin, reached) == duration
            assert hours.working_time(begin, reached - dt.timedelta(seconds=1)) < duration

    check()


def at(text: str, zone: str = "Europe/Berlin") -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


BERLIN = WorkingHours(ZoneInfo("Europe/Berlin"), (*OFFICE, (), ()), DAYS, "DE", "BE")


def test_a_weekend_and_holidays_are_passed_over() -> None:
    assert BERLIN.add(at("2026-04-02T16:30"), dt.timedelta(hours=1)) == at("2026-04-07T08:30")  # Easter
    assert BERLIN.working_time(at("2026-04-02T17:00"), at("2026-04-07T08:00")) == dt.timedelta()


def test_a_holiday_of_a_subdivision_counts_there_alone() -> None:
    day = at("2026-03-07T00:00"), at("2026-03-10T00:00")  # Women's Day, a Sunday
    assert BERLIN.working_time(*day) == dt.timedelta(hours=8)
    sunday = at("2027-03-08T00:00"), at("2027-03-09T00:00")  # a Monday
    bavaria = WorkingHours(BERLIN.zone, BERLIN.week, {}, "DE", "BY")
    assert (BERLIN.working_time(*sunday), bavaria.working_time(*sunday)) == (
        dt.timedelta(),
        dt.timedelta(hours=8),
    )


def test_an_own_day_has_other_hours_even_on_a_holiday() -> None:
    assert BERLIN.add(at("2026-12-24T08:00"), dt.timedelta(hours=5)) == at("2026-12-28T09:00")


def test_time_that_is_up_at_the_end_of_a_day_is_up_on_that_day() -> None:
    assert BERLIN.add(at("2026-11-23T08:00"), dt.timedelta(hours=8)) == at("2026-11-23T17:00")


def test_the_hour_that_comes_twice_is_worked_twice_and_the_one_that_is_skipped_not_at_all() -> None:
    always = WorkingHours(ZoneInfo("Europe/Berlin"), (parse_spans("00:00-24:00"),) * 7)
    assert always.working_time(at("2026-10-25T00:00"), at("2026-10-26T00:00")) == dt.timedelta(hours=25)
    assert always.working_time(at("2026-03-29T00:00"), at("2026-03-30T00:00")) == dt.timedelta(hours=23)
    early = WorkingHours(ZoneInfo("Europe/Berlin"), (parse_spans("02:30-04:00"),) * 7)
    assert early.working_time(at("2026-03-29T00:00"), at("2026-03-30T00:00")) == dt.timedelta(hours=1)
    assert early.working_time(at("2026-10-25T00:00"), at("2026-10-26T00:00")) == dt.timedelta(minutes=150)


def test_what_is_never_worked_never_ends() -> None:
    never = WorkingHours(ZoneInfo("UTC"), ((),) * 7)
    assert never.add(BEGIN, dt.timedelta(seconds=1)) is None
    assert never.add(BEGIN, dt.timedelta()) == BEGIN


@pytest.mark.parametrize(
    "text",
    ["8", "08:00", "17:00-08:00", "08:00-24:01", "08:00-12:00, 11:00-13:00", "-1:00-2:00", "08:60-09:00"],
)
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="are no hours: write such as"):
        parse_spans(text)


def test_what_are_no_days_and_no_countries_is_refused() -> None:
    assert parse_days("2026-12-24 08:00-12:00\n\n2026-12-27 closed") == {
        dt.date(2026, 12, 24): ((480, 720),),
        dt.date(2026, 12, 27): (),
    }
    with pytest.raises(ValueError, match="is no day"):
        parse_days("24.12.2026 closed")
    with pytest.raises(ValueError, match="is there twice"):
        parse_days("2026-12-27\n2026-12-27 closed")
    for country, subdivision in (("Atlantis", ""), ("DE", "XX"), ("", "BY")):
        with pytest.raises(ValueError, match=r"not known|no subdivision|needs its country"):
            refuse_country(country, subdivision)
