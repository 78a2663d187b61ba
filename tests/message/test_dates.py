"""Which dates are read, and which are not."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import read_mail
from mailcall.message.dates import has_impossible_zone, read_date

NINE = dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 2 Nov 2026 10:00:00 +0100",
        "Mon, 02 Nov 2026 10:00 +0100",
        "2 Nov 2026 10:00:00 +0100 (CET)",
        "Mon,  2 Nov 2026 10:00:00.123 +0100",
        "Mo, 2 Nov 2026 10:00:00 MEZ",
        "2 Nov 26 10:00:00 CET",
        "2-Nov-2026 10.00.00 +01:00",
        "Mon, 2 Nov 2026 10(hours):00 : 00 +0100",
        "Mon Nov  2 09:00:00 2026",
        "2026-11-02T10:00:00+01:00",
        "2026-11-02 10:00:00 +0100",
        "Mon, 2 Nov 2026 11:00:00 GMT+0200",
        "Mon, 2 Nov 2026 04:00:00 EST",
        "Mon, 2 Nov 2026 09:00:00 -0000",
        "Mon, 2 Nov 2026 09:00:00 Nowhere",
        "Mon, 2 November 2026 09:00:00",
    ],
)
def test_the_forms_of_a_date(value: str) -> None:
    assert read_date(value) == NINE


@pytest.mark.parametrize(("year", "full"), [("98", 1998), ("49", 2049), ("50", 1950), ("104", 2004)])
def test_years_of_two_and_three_digits(year: str, full: int) -> None:
    date = read_date(f"2 Nov {year} 10:00 GMT")
    assert date is not None
    assert date.year == full


@pytest.mark.parametrize(
    "value", ["", "yesterday", "32 Foo 2026 10:00", "31 Feb 2026 10:00:00 +0000", "(" * 500]
)
def test_what_is_no_date_is_none(value: str) -> None:
    assert read_date(value) is None


@pytest.mark.parametrize(
    ("value", "day"),
    [("Sun, 1 Nov 2026 24:00:00 +0000", 2), ("Sun, 1 Nov 2026 24:00 GMT", 2), ("31 Oct 2026 24:00:00", 1)],
)
def test_24_o_clock_is_the_end_of_the_day(value: str, day: int) -> None:
    assert read_date(value) == dt.datetime(2026, 11, day, tzinfo=dt.UTC)


def test_a_minute_after_24_o_clock_is_none() -> None:
    assert read_date("Sun, 1 Nov 2026 24:01:00 +0000") is None


@pytest.mark.parametrize("zone", ["+9999", "-2400", "+0060"])
def test_an_impossible_zone_is_read_as_utc_and_named(zone: str) -> None:
    mail = read_mail(f"Date: Mon, 2 Nov 2026 09:00:00 {zone}\r\n\r\n".encode())
    assert mail.date == NINE
    assert mail.defects == ("the Date has an impossible zone: read as UTC",)


@pytest.mark.parametrize("zone", ["+1400", "-1200", "+0545", "EST", "Nowhere", ""])
def test_other_zones_are_possible(zone: str) -> None:
    assert not has_impossible_zone(f"Mon, 2 Nov 2026 09:00:00 {zone}")


@given(st.text(max_size=60))
def test_any_text_is_a_date_that_is_aware_or_none(value: str) -> None:
    date = read_date(value)
    assert date is None or date.tzinfo is not None
