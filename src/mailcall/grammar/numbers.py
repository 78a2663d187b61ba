"""Numbers of calls, requests and tasks, as people write them."""

# ruff: noqa: RUF001 - the commas of other scripts

import re
import unicodedata

from .commands import MAX_DIGITS

_NUMBER = re.compile(rf"[#＃﹟]?\s?(\d{{1,{MAX_DIGITS}}})(?!\d)")
_COMMA = re.compile(r"\s?[,，﹐、﹑،]\s?")


def number_at(text: str, start: int) -> tuple[int, int] | None:
    """Give the number that stands at a place, and where it ends.

    The digits of any one script count, since people have them on their keyboards and answers show the number
    in ASCII; superscripts and circled digits don't, nor do digits of two scripts in one number, which are
    made to be misread. Zeros in front change nothing; 0 itself is none.
    """
    match = _NUMBER.match(text, start)
    if not match:
        return None
    if len({ord(digit) - unicodedata.decimal(digit) for digit in match[1]}) > 1:
        return None
    number = int(match[1])
    return (number, match.end()) if number else None


def numbers_at(text: str, separator: re.Pattern[str] = _COMMA) -> tuple[tuple[int, ...], str]:
    """Give the numbers at the start of a text, each once, and what follows; none if they run into a word."""
    numbers: dict[int, None] = {}
    end = 0
    found = number_at(text, 0)
    while found:
        number, end = found
        numbers[number] = None
        between = separator.match(text, end)
        found = number_at(text, between.end()) if between else None
    if end < len(text) and text[end] not in " [［":
        return (), text
    return tuple(numbers), text[end:].strip()
