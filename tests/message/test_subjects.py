"""Subjects without what programs put before them."""

# ruff: noqa: RUF001 - rows of examples

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import StrippedSubject, strip_prefixes
from mailcall.message.prefix_words import PREFIX_WORDS


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
        ("\u061cRe:\u180e\U000e0041 Printer", "Printer", True, False),
    ],
)
def test_prefixes_are_stripped_and_remembered(subject: str, text: str, reply: bool, forward: bool) -> None:
    assert strip_prefixes(subject, ["[External]", "[EXT]"]) == StrippedSubject(text, reply, forward)


@given(st.text())
def test_a_stripped_subject_has_nothing_left_to_strip(subject: str) -> None:
    once = strip_prefixes(subject)
    assert strip_prefixes(once.text) == StrippedSubject(once.text, reply=False, forward=False)


# One row a language: what its programs put before an answer, and before a forward.
PREFIXES = {
    "English": ("Re", "Fwd"),
    "Arabic": ("رد", "إعادة توجيه"),
    "Basque": ("Erantzun", "Birbidali"),
    "Bulgarian": ("Отг", "Препр"),
    "Catalan": ("Resposta", "Reenv"),
    "Chinese, simplified": ("回复", "转发"),
    "Chinese, traditional": ("回覆", "轉寄"),
    "Croatian": ("Odg", "Proslj"),
    "Czech": ("Odpověď", "Přeposláno"),
    "Danish": ("SV", "Videresendt"),
    "Dutch": ("Antw", "Doorst"),
    "Estonian": ("Vast", "Edasi"),
    "Finnish": ("VS", "VL"),
    "French": ("RE", "TR"),
    "German": ("AW", "WG"),
    "Greek": ("ΑΠ", "ΠΡΘ"),
    "Hebrew": ("תגובה", "הועבר"),
    "Hungarian": ("Vá", "Továbbítás"),
    "Icelandic": ("SV", "FS"),
    "Indonesian": ("BLS", "TRS"),
    "Italian": ("RIF", "I"),
    "Japanese": ("返信", "転送"),
    "Korean": ("답장", "전달"),
    "Latvian": ("Atb", "Pārs"),
    "Lithuanian": ("Ats", "Pers"),
    "Norwegian": ("SV", "Videresendt"),
    "Persian": ("پاسخ", "ارسال مجدد"),
    "Polish": ("Odp", "PD"),
    "Portuguese": ("RES", "ENC"),
    "Romanian": ("Răsp", "Redir"),
    "Russian": ("Отв", "Пересл"),
    "Serbian": ("Одг", "Прослеђено"),
    "Slovak": ("Odpoveď", "Preposlané"),
    "Slovenian": ("ODG", "POSR"),
    "Spanish": ("RE", "RV"),
    "Swedish": ("SV", "VB"),
    "Thai": ("ตอบกลับ", "ส่งต่อ"),
    "Turkish": ("YNT", "İLT"),
    "Ukrainian": ("Відп", "Пер"),
    "Vietnamese": ("Trả lời", "Chuyển tiếp"),
    "Welsh": ("ATB", "YML"),
}


def test_every_language_of_the_table_is_tried() -> None:
    assert set(PREFIXES) == set(PREFIX_WORDS)


COUNTERS = ["", "[2]", "(3)", "^4", "*5", " [ 6 ]", "7", " 8 ", " "]


@pytest.mark.parametrize("language", PREFIXES)
def test_the_prefixes_of_each_language_are_stripped_however_they_are_written(language: str) -> None:
    reply, forward = PREFIXES[language]
    changes, forms, colons = (str, str.upper, str.lower), ("NFC", "NFD"), (":", "：")
    for change, form, counter, colon in product(changes, forms, COUNTERS, colons):
        prefix = unicodedata.normalize(form, change(reply)) + counter + colon
        assert strip_prefixes(f"{prefix} Printer") == StrippedSubject("Printer", True, False)
        prefix = unicodedata.normalize(form, change(forward)) + counter + colon
        assert strip_prefixes(f"{prefix} Printer") == StrippedSubject("Printer", False, True)


@pytest.mark.parametrize(
    "subject",
    [
        "Printer: jammed", "Rea: hello", "ER: two patients", "Ed: call me", "2: Printer", ": Printer",
        "Re-order: paper", "Re", "Review[2]: text", "I think: no", "Urgent RE: Printer",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_prefix_stays(subject: str) -> None:
    assert strip_prefixes(subject) == StrippedSubject(subject, False, False)
