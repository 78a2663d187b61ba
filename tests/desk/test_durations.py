"""How long something takes, as people write it."""

import pytest

from mailcall.desk.durations import parse_minutes, written


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90", 90), ("90m", 90), (" 4H ", 240), ("1h30m", 90), ("1d 2h", 1560), ("5 min", 5), ("1 h 5 min", 65)],
)
def test_times_are_read_as_people_write_them(text: str, minutes: int) -> None:
    assert parse_minutes(text) == minutes


@pytest.mark.parametrize("minutes", [1, 59, 60, 90, 1560, 20160])
def test_what_is_written_is_read_again(minutes: int) -> None:
    assert parse_minutes(written(minutes)) == minutes


@pytest.mark.parametrize(
    "text", ["", "soon", "4x", "h", "4h soon", "-4h", "1.5h", "\u0664h", "4 hours ago", "9" * 40]
)
def test_what_is_no_time_is_told_with_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="is no time: write such as 90m"):
        parse_minutes(text)


@pytest.mark.parametrize("text", ["0", "0h", "999999h"])
def test_a_time_is_some_and_not_too_much(text: str) -> None:
    with pytest.raises(ValueError, match="between a minute and a year"):
        parse_minutes(text)
