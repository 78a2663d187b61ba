"""What is new in a mail, and that nothing of it is lost."""

# ruff: noqa: E501, RUF001 - rows of examples

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import split_reply

LINES = st.sampled_from(
    ["> old", "On 1.1.2020 10:00, Ann <a@x.example>", "wrote:", "", "-- ", "Hello", "From: Ann", "Sent: today", "To: me",
     "Subject: x", "-----Original Message-----", "____________________", "Sent from my iPhone", "Am 1.1.2020 schrieb A:"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(LINES, max_size=20).map("\n".join)))
def test_no_text_is_lost(text: str) -> None:
    reply, quoted = split_reply(text)
    assert Counter(f"{reply}\n{quoted}".split()) == Counter(text.split())


@pytest.mark.parametrize(
    "header",
    [
        "On Mon, 2 Nov 2026 at 10:00, Ann Lee <ann@x.example> wrote:",
        "On Mon, 2 Nov 2026 at 10:00, Ann Lee\n<ann@x.example> wrote:",
        "On Mon, 2 Nov 2026 at 10:00, Ann Lee <\nann@x.example>\nwrote:",
        "Am 02.11.2026 um 10:00 schrieb Ann Lee:",
        "Le lun. 2 nov. 2026 à 10:00, Ann Lee <ann@x.example> a écrit :",
        "El lun, 2 nov 2026 a las 10:00, Ann (<ann@x.example>) escribió:",
        "Il giorno lun 2 nov 2026 alle ore 10:00 Ann <ann@x.example> ha scritto:",
        "Op ma 2 nov. 2026 om 10:00 schreef Ann Lee <ann@x.example>:",
        "Em seg., 2 de nov. de 2026 às 10:00, Ann <ann@x.example> escreveu:",
        "Den mån 2 nov. 2026 kl 10:00 skrev Ann Lee <ann@x.example>:",
        "W dniu 2.11.2026 o 10:00, Ann Lee pisze:",
        "2.11.2026, 10:00, \"Ann\" <ann@x.example>:",
        "пн, 2 нояб. 2026 г. в 10:00, Ann <ann@x.example>:",
        "-----Original Message-----\nFrom: Ann",
        "-----Ursprüngliche Nachricht-----\nVon: Ann",
        "From: Ann Lee <ann@x.example>\nSent: Monday 10:00\nTo: Desk\nSubject: Printer\n",
        "________________________________\nVon: Ann\nGesendet: Montag\nAn: Desk\nBetreff: Drucker\n",
        "*De :* Ann\n*Envoyé :* lundi\n*À :* Desk\n*Objet :* Imprimante\n",
        "-- \nBob\nDesk 4",
        "Sent from my iPhone",
    ],
)  # fmt: skip
def test_quotes_and_signatures_are_told_apart(header: str) -> None:
    reply, quoted = split_reply(f"Please do.\n\nThanks\n\n{header}\nold text")
    assert reply == "Please do.\n\nThanks"
    assert quoted.endswith("old text")


def test_answers_between_quoted_lines_are_new() -> None:
    reply, quoted = split_reply("On 2.11.2026 10:00, Ann wrote:\n> May I?\n\nYes\n\n> And this?\n\nNo")
    assert reply.split() == ["Yes", "No"]
    assert "May I?" in quoted


@pytest.mark.parametrize(
    "text",
    [
        "On the other hand, it could happen twice!\nOnline we saw this:\n- one\n- two",
        "From: the beginning it was wrong",
        "I list:\n-- first\n-- second",
        "The manual wrote:\nturn it off",
    ],
)
def test_prose_is_not_mistaken_for_a_quote(text: str) -> None:
    assert split_reply(text) == (text, "")
