"""The numbers that a subject names."""

# ruff: noqa: RUF001 - digits and commas of many scripts

import pytest

from mailcall.grammar import parse
from mailcall.grammar.commands import MAX_NUMBERS


@pytest.mark.parametrize(
    ("written", "refs"),
    [
        ("12", (12,)),
        ("#12", (12,)),
        ("# 12", (12,)),
        ("3, 1,2", (3, 1, 2)),
        ("#3,#1 , # 2", (3, 1, 2)),
        ("5, 5, 4, 5", (5, 4)),
        ("0012", (12,)),
        ("12, 012", (12,)),
        ("9223372036854775807", (2**63 - 1,)),
        ("１２，１３、１４", (12, 13, 14)),
        ("١٢، ١٣", (12, 13)),
        ("१२", (12,)),
        ("𝟏𝟐", (12,)),
    ],
)
def test_numbers_are_read_each_once_in_their_order(written: str, refs: tuple[int, ...]) -> None:
    assert parse(f"CLOSE CALL {written}").refs == refs


@pytest.mark.parametrize(
    "written",
    [
        "0", "00", "-1", "1.5", "9" * 51, "0" * 50 + "1", "1²", "①",
        "Ⅻ", "1２",
        "1١", "12a", "a12", "1e3", "0x10", "1_000", "12-15", "##12", "", "#", ",",
    ],
)  # fmt: skip
def test_what_is_no_clear_number_names_nothing(written: str) -> None:
    parsed = parse(f"CLOSE CALL {written}")
    assert not parsed.is_command
    assert parsed.refs == ()


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**49])
def test_a_number_that_nothing_can_have_is_a_number_all_the_same(number: int) -> None:
    parsed = parse(f"CLOSE CALL 12, {number}")
    assert parsed.refs == (12, number)
    assert parsed.named == ((12, number) if number < 2**63 else (12,))


def test_as_many_numbers_as_one_mail_may_name_are_read() -> None:
    assert len(parse("CLOSE CALL " + ", ".join(map(str, range(1, MAX_NUMBERS + 1)))).refs) == MAX_NUMBERS
    repeated = parse("CLOSE CALL " + ",".join("12" for _ in range(200)))
    assert repeated.refs == (12,)


def test_more_numbers_do_nothing_and_say_so() -> None:
    parsed = parse("CLOSE CALL " + ",".join(map(str, range(1, 80))) + ": done")
    assert (parsed.action, parsed.refs) == ("unknown", ())
    assert parsed.problem == "It names 79 numbers; one mail may name 50."
    assert parse(parsed.suggestion).refs == tuple(range(1, 51))
    assert parse(parsed.suggestion).text == "done"
