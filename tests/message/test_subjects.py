"""Subjects without what programs put before them."""

# ruff: noqa: RUF001 - rows of examples

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import StrippedSubject, strip_prefixes


@pytest.mark.parametrize(
    ("subject", "text", "reply", "forward"),
    [
        ("Printer", "Printer", False, False),
        ("RE: Printer", "Printer", True, False),
        ("Re[2]: AW: Fwd: Printer", "Printer", True, True),
        ("RE(3): Printer", "Printer", True, False),
        ("Re^2: Printer", "Printer", True, False),
        ("[EXTERNAL] Re: [EXT] WG: Printer", "Printer", True, True),
        ("回复：打印机", "打印机", True, False),
        ("转发: 打印机", "打印机", False, True),
        ("Antw: SV: VS: Odp: YNT: Printer", "Printer", True, False),
        ("TR : Printer", "Printer", False, True),
        ("a\x00\u200bb \t c\r\nd", "ab c d", False, False),
        ("Reset: my password", "Reset: my password", False, False),
        ("Re printer", "Re printer", False, False),
        ("Re:", "", True, False),
    ],
)
def test_prefixes_are_stripped_and_remembered(subject: str, text: str, reply: bool, forward: bool) -> None:
    assert strip_prefixes(subject, ["[External]", "[EXT]"]) == StrippedSubject(text, reply, forward)


@given(st.text())
def test_a_stripped_subject_has_nothing_left_to_strip(subject: str) -> None:
    once = strip_prefixes(subject)
    assert strip_prefixes(once.text) == StrippedSubject(once.text, reply=False, forward=False)
