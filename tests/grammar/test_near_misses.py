"""Subjects that were meant as commands, and ordinary ones that must not be taken for such."""

import pytest

from mailcall.grammar import LANGUAGES, Words, parse
from mailcall.grammar.spelling import slips

NEAR_MISSES = [
    ("CLOSE COL 12", "CLOSE CALL 12"),
    ("Re: close col 12", "CLOSE CALL 12"),
    ("CLOSE CAL 12: works", "CLOSE CALL 12: works"),
    ("CLOSE CALLS 12, 13", "CLOSE CALL 12, 13"),
    ("CLOSE CALL12", "CLOSE CALL 12"),
    ("CLOSE CALL-12", "CLOSE CALL 12"),
    ("CLOSE CALL#12", "CLOSE CALL 12"),
    ("CLOSE CALL: 12", "CLOSE CALL 12"),
    ("CLOSE CALL: 12: works", "CLOSE CALL 12: works"),
    ("CLOSE CALL no. 12", "CLOSE CALL 12"),
    ("CLOSE CALL № 12", "CLOSE CALL 12"),
    ("CLOSE CALL 12.", "CLOSE CALL 12"),
    ("Close call 12!", "CLOSE CALL 12"),
    ("CLOSE CALL 12 13", "CLOSE CALL 12, 13"),
    ("CLOSE CALL 12; 13 & 14 and 15", "CLOSE CALL 12, 13, 14, 15"),
    ("CLOSE CALL 12 works again", "CLOSE CALL 12: works again"),
    ("CLOSE CALL 12 - works", "CLOSE CALL 12: works"),
    ("CLOSE CALL 12 works: yes", "CLOSE CALL 12: works: yes"),
    ("CLSE CALL 12", "CLOSE CALL 12"),
    ("Closed call 12", "CLOSE CALL 12"),
    ("UPDTAE REQEUST 77: more", "UPDATE REQUEST 77: more"),
    ("UPDATE CELL 12", ""),
    ("Close ticket 12", "CLOSE CALL 12"),
    ("UPDATE INCIDENT 12: more", "UPDATE CALL 12: more"),
    ("Update ticket 12 to Basel", ""),
    ("APPROVE APPROVAL TASK 9 [abc]", "APPROVE TASK 9 [abc]"),
    ("Reject user approval task 9: no", "REJECT TASK 9: no"),
    ("APROVE TASK 9", "APPROVE TASK 9"),
    ("APPROVE TSK 9 [abc]: fine", "APPROVE TASK 9 [abc]: fine"),
    ("APPROVE APROVAL 9", "APPROVE APPROVAL 9"),
    ("APPROVE REQUEST 9", "APPROVE TASK 9"),
    ("REOPEN TASK 9", "REOPEN CALL 9"),
    ("REJEKT TASK 9: no", "REJECT TASK 9: no"),
    ("FORWARD CALL 12", "FORWARD CALL 12 TO ..."),
    ("FORWARD CALL 12 Network", "FORWARD CALL 12 TO Network"),
    ("FORWRD CALL 12 TO Network: look", "FORWARD CALL 12 TO Network: look"),
    ("TAKE CAL 12", "TAKE CALL 12"),
    ("STATUS CALLS 12", "STATUS CALL 12"),
    ("LOG TASK 77", "LOG TASK ON REQUEST 77"),
    ("LOG TASK ON REQEST 77: order", "LOG TASK ON REQUEST 77: order"),
    ("LOG TASK CALL 12", "LOG TASK ON CALL 12"),
    ("LOG TAKS ON CALL 12", "LOG TASK ON CALL 12"),
]


@pytest.mark.parametrize(("subject", "suggestion"), NEAR_MISSES)
def test_a_near_miss_gets_the_nearest_right_spelling(subject: str, suggestion: str) -> None:
    parsed = parse(subject)
    assert parsed.suggestion == suggestion
    if suggestion:
        assert (parsed.action, parsed.object, parsed.refs) == ("unknown", "", ())
        assert parsed.problem.endswith(".")
        assert parsed.text in subject
        assert parse(suggestion).is_command


def test_the_problem_is_told() -> None:
    assert parse("CLOSE COL 12").problem == "“COL” should be CALL."
    assert parse("CLSE CALL 12").problem == "“CLSE” should be CLOSE."
    assert parse("APPROVE CALL 12").problem == "APPROVE goes with TASK or APPROVAL, not with CALL."
    assert parse("CLOSE CALL 12 works").problem.startswith("It is nearly a command")


@pytest.mark.parametrize(
    ("subject", "suggestion", "problem"),
    [
        ("Schliesse Vorgnag 12", "SCHLIESSE Vorgang 12", "“VORGNAG” should be Vorgang."),
        ("Schließen Aufgaben 3 und 4", "SCHLIESSEN AUFGABE 3, 4", "“AUFGABEN” should be AUFGABE."),
        ("CLOSE COL 12", "CLOSE CALL 12", "“COL” should be CALL."),
        ("CLOSE TASKS 3 and 4", "CLOSE TASK 3, 4", "“TASKS” should be TASK."),
        ("APPROVE CALL 12", "APPROVE TASK 12", "APPROVE goes with TASK or APPROVAL, not with CALL."),
        ("FERMER INCIDANT 12", "FERMER INCIDENT 12", "“INCIDANT” should be INCIDENT."),
        ("GENEHMIGEN TICKET 12", "GENEHMIGEN AUFGABE 12", "GENEHMIGEN goes with AUFGABE or FREIGABE"),
    ],
)
def test_what_is_suggested_is_in_the_words_that_were_written(
    subject: str, suggestion: str, problem: str
) -> None:
    words = Words.of({"CALL": ["Vorgang"]}, languages=["de", "fr"])
    parsed = parse(subject, words)
    assert parsed.suggestion == suggestion
    assert parsed.problem.startswith(problem)


ORDINARY = """
Printer on floor 3 is broken
Update Adobe to 2024
Update desk 12
Update all 5 laptops
Update fall 2024 schedule
Update Windows 11
Update 3: still no network
Update call 14:00
Update on call 12
Update of task list 2025
Update cell 5 in the budget
Close call at the crossing
Close call: 3 near misses this week
Close door 12 please
Close tank 4 before Friday
Close account 4711
Closing date 12 May
Help, laptop dead
Help with 2 monitors
Helpdesk call 12345
Take 2
Take two at 5
Take train 12 to Basel
Take talk 3 slides
Status of order 12
Status page 503
Status call 5: agenda
Status call 12/5
Status call 12.5.
Status report 12/2025
Forward planning 2026
Forward 2 mails from Tuesday
Log files of server 12
Login fails on PC 12
Log book page 4
Approval task 12
Approval for task 12
Approve my leave 12 to 15 May
Approve invoice 4711
Approved budget 2026
Reject invoice 12
Rejected parcel 12
Request 77
Task 9 is late
Call 12
Call me at 5
Call 12 is not solved
Reopening hours 9 to 5
Invoice 2025-1042
Order 12, 13 and 14
[Call 1042] Printer
Meeting 14:00 room 12
Re: your call 12
Clone task 12
Requests for 2 chairs
Tasks 4 and 5 of the plan
Aktualisierung 12 verfügbar
Schließen Fenster 12
Schließfach 12
Rechnung 4711
Übersicht 2025
Urlaub 12.5. bis 15.5.
Drucker 3 druckt nicht
Aufgabe 12 aus dem Protokoll
Hilfe bei Meldung 0x80070005
Fermeture du site 12
Fermer la porte 12
Demande 12 en attente
Mise à jour 12.1 disponible
Cerrar puerta 12
Tarea 12 pendiente
Actualizar Windows 11
Chiudi finestra 2
Richiesta 12 ferie
Aggiorna PC 12
Sluit deur 12
Taak 12 is te laat
Zamknij okno 12
Zadanie 12 jest spóźnione
Fechar porta 12
Pedido 4711
Stäng dörr 12
Uppgift 12 är sen
プリンター 12 が壊れた
Принтер 12 не работает
打印机 12 坏了
""".strip().splitlines()


@pytest.mark.parametrize("subject", ORDINARY)
@pytest.mark.parametrize("words", [Words(), Words.of(languages=LANGUAGES)], ids=["English", "all languages"])
def test_an_ordinary_subject_is_no_near_miss(subject: str, words: Words) -> None:
    parsed = parse(subject, words)
    assert parsed.is_free_text
    assert parsed.suggestion == ""


@pytest.mark.parametrize(
    ("written", "meant", "count"),
    [
        ("call", "call", 0),
        ("calll", "call", 1),
        ("clal", "call", 1),
        ("col", "call", 2),
        ("all", "call", None),
        ("clap", "call", None),
        ("lgo", "log", None),
        ("reqeusts", "request", 2),
        ("rqst", "request", None),
        ("", "call", None),
    ],
)
def test_slips_are_counted(written: str, meant: str, count: int | None) -> None:
    assert slips(written, meant) == count
