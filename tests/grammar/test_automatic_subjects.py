"""Subjects of automatic mail, as a second line behind the headers."""

# ruff: noqa: RUF001 - subjects of many languages

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.grammar import automatic_subject

REPLY, RECEIPT, REPORT = "an automatic reply", "a receipt", "a delivery report"


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Automatic reply: Printer", REPLY),
        ("Automatic reply: Re: [Call 12] Printer", REPLY),
        ("[EXTERNAL] Out of Office AutoReply: x", REPLY),
        ("Abwesenheitsnotiz: Drucker", REPLY),
        ("Automatische Antwort: Drucker", REPLY),
        ("Réponse automatique : imprimante", REPLY),
        ("Respuesta automática: impresora", REPLY),
        ("Risposta automatica: stampante", REPLY),
        ("Automatisch antwoord: printer", REPLY),
        ("Resposta automática: impressora", REPLY),
        ("Autosvar: skrivare", REPLY),
        ("Odpowiedź automatyczna: drukarka", REPLY),
        ("Автоматический ответ: принтер", REPLY),
        ("自动回复：打印机", REPLY),
        ("自動応答: プリンター", REPLY),
        ("자동 회신: 프린터", REPLY),
        ("Otomatik yanıt: yazıcı", REPLY),
        ("תשובה אוטומטית: מדפסת", REPLY),
        ("رد تلقائي: طابعة", REPLY),
        ("Read receipt: Printer", RECEIPT),
        ("Lesebestätigung: Drucker", RECEIPT),
        ("Conferma di lettura: stampante", RECEIPT),
        ("Undeliverable: Printer", REPORT),
        ("Undelivered Mail Returned to Sender", REPORT),
        ("Delivery Status Notification (Failure)", REPORT),
        ("Mail delivery failed: returning message to sender", REPORT),
        ("Unzustellbar: Drucker", REPORT),
        ("Non remis : imprimante", REPORT),
        ("Недоставимо: принтер", REPORT),
        ("配信不能: プリンター", REPORT),
    ],
)
def test_a_phrase_of_a_machine_heads_automatic_mail(subject: str, kind: str) -> None:
    assert automatic_subject(subject, ["[External]"]) == kind


@pytest.mark.parametrize(
    "subject",
    [
        "", ":", "Printer", "Please set my automatic reply", "How do I write an automatic reply: help",
        "Read: the manual",
        "Away: who takes my calls?", "Urlaub: Antrag", "Auto: Reifenwechsel", "Vacation: calendar broken",
        "OOO: new laptop",
        "Re: Automatic reply: Printer", "Fwd: Undeliverable: Printer", "AW: Abwesenheitsnotiz: Drucker",
        "Automatic reply does not stop", "Undeliverable mails since Monday", "Returned mails: what to do",
        "Delivery failure of printer 3: rollers", "Delivery failure: the pallet with the screens",
        "Returned mail: the letter to the bank", "Out of office: who answers?", "Out of office",
    ],
)  # fmt: skip
def test_what_a_person_may_write_is_none(subject: str) -> None:
    assert automatic_subject(subject) == ""


@given(st.text())
def test_no_subject_is_too_odd(subject: str) -> None:
    automatic_subject(subject)
