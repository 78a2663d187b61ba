"""The decision on the first line of an answer to an approval mail."""

# ruff: noqa: RUF001 - signs of other scripts

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.grammar import LANGUAGES, DecisionLine, Words, decision_line


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("Approved", DecisionLine("approve", "", "")),
        ("APPROVE", DecisionLine("approve", "", "")),
        ("\n\n  approved  \nThanks\nAnn", DecisionLine("approve", "", "Thanks\nAnn")),
        ("Approved: within budget\nAnn", DecisionLine("approve", "within budget", "Ann")),
        ("reject", DecisionLine("reject", "", "")),
        ("Rejected : too dear: twice\r\n\r\nAnn", DecisionLine("reject", "too dear: twice", "Ann")),
        ("Rejected：高い", DecisionLine("reject", "高い", "")),
        ("\ufeff\u200bREJECTED\u00a0", DecisionLine("reject", "", "")),
        ("Rejected: " + "x" * 5000, DecisionLine("reject", "x" * 5000, "")),
    ],
)
def test_a_decision_word_alone_on_the_first_line_decides(text: str, decision: DecisionLine) -> None:
    assert decision_line(text) == decision


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "yes", "Yes: go on", "ok", "no", "Approved?", "Approved, but not before May",
        "Approved by Bob",
        "Approved.", "not approved", "I approve", "Is it approved: yes", "Hello,\nApproved", "> Approved",
        "Approved!",
        "approve reject", "approved rejected: x", "Approved / rejected", "Approval", "Disapproved",
        ": approved",
        "x" * 100_000, "Approved " * 100,
    ],
)  # fmt: skip
def test_everything_else_decides_nothing(text: str) -> None:
    assert decision_line(text) is None


@pytest.mark.parametrize(
    ("language", "approved", "rejected"),
    [
        ("de", "Genehmigt", "abgelehnt"),
        ("es", "Aprobado", "Rechazada"),
        ("fr", "Approuvé", "REFUSE"),
        ("it", "Approvato", "Respinto"),
        ("nl", "Goedgekeurd", "afgekeurd"),
        ("pl", "Zatwierdzono", "Odrzucono"),
        ("pt", "Aprovado", "Rejeitado"),
        ("sv", "Godkänt", "Avslaget"),
    ],
)
def test_decisions_in_other_languages(language: str, approved: str, rejected: str) -> None:
    words = Words.of(languages=[language])
    assert decision_line(f"{approved}: a", words) == DecisionLine("approve", "a", "")
    assert decision_line(rejected, words) == DecisionLine("reject", "", "")
    assert decision_line(approved) is decision_line(rejected) is None


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    decision_line(text, Words.of(languages=LANGUAGES))
    found = decision_line(f"Approved: x\n{text}")
    assert found is not None
    assert (found.action, found.reason, found.rest) == ("approve", "x", text.strip())
