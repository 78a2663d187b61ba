"""Words that an administrator renames and translates."""

# ruff: noqa: RUF001 - words of many scripts

import pytest

from mailcall.grammar import (
    COMMANDS,
    DEFAULT,
    LANGUAGES,
    TRANSLATIONS,
    Parsed,
    Words,
    check_words,
    help_rows,
    parse,
    right_syntax,
    syntax,
    write_subject,
)
from mailcall.grammar.commands import KEYWORDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ready_translation_is_whole_and_clear_beside_english_and_alone(language: str) -> None:
    assert set(TRANSLATIONS[language]) == set(KEYWORDS)
    assert check_words(Words.of(languages=[language])) == []
    assert check_words(Words.of(languages=[language], originals=False)) == []


def test_all_languages_at_once_are_clear() -> None:
    assert check_words(Words.of(languages=LANGUAGES)) == []
    assert check_words(DEFAULT) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_can_be_written_in_each_language(language: str) -> None:
    words = Words.of(languages=[language])
    for command in COMMANDS:
        parsed = parse(command.example)
        assert parse(write_subject(parsed, words), words) == parsed
        assert parse(write_subject(parsed, Words.of(languages=[language], originals=False)), words) == parsed


@pytest.mark.parametrize(
    ("language", "subject", "parsed"),
    [
        ("de", "AW: Schließe Meldung 12: läuft", Parsed("close", "call", (12,), "läuft", reply=True)),
        ("de", "WIEDER ÖFFNEN TICKET 12", Parsed("reopen", "call", (12,))),
        ("es", "cerrar incidencia 12", Parsed("close", "call", (12,))),
        ("fr", "Mettre a jour incident 12 : rien", Parsed("update", "call", (12,), "rien")),
        ("fr", "TRANSFÉRER TÂCHE 5 À Réseau", Parsed("forward", "task", (5,), target="Réseau")),
        ("it", "RIEPILOGO ATTIVITÀ TUTTE", Parsed("summary", "task", scope="all")),
        ("it", "attività riepilogo", Parsed("summary", "task", scope="open")),
        ("nl", "Overzicht taken", Parsed("summary", "task", scope="open")),
        ("pl", "zamknij zgloszenie 12", Parsed("close", "call", (12,))),
        ("pl", "DODAJ ZADANIE DO WNIOSEK 7", Parsed("log", "task", (7,), on="request")),
        ("pt", "APROVAR TAREFA 9", Parsed("approve", "task", (9,))),
        ("sv", "TA ÖVER ÄRENDE 12", Parsed("take", "call", (12,))),
    ],
)
def test_translated_commands(language: str, subject: str, parsed: Parsed) -> None:
    assert parse(subject, Words.of(languages=[language])) == parsed
    assert parse(subject) != parsed


def test_english_goes_on_working_unless_it_is_switched_off() -> None:
    renamed = {"CALL": ["case"], "CALLS": ["cases"]}
    words = Words.of(renamed)
    assert check_words(words) == []
    assert parse("CLOSE CASE 12", words) == parse("CLOSE CALL 12", words) == Parsed("close", "call", (12,))
    every = {keyword: [keyword] for keyword in KEYWORDS}
    alone = Words.of(every | renamed, originals=False)
    assert check_words(alone) == []
    assert not parse("CLOSE CALL 12", alone).is_command
    assert right_syntax("close", alone) == ("CLOSE (case / TASK / REQUEST) number, ... [: text]",)


def test_keywords_of_a_setting_may_be_in_any_case() -> None:
    assert parse("CLOSE CASE 12", Words.of({"call": ["case"]})).is_command


@pytest.mark.parametrize(
    ("spellings", "fault"),
    [
        ({"CLOSE": [""]}, "“” for CLOSE is empty."),
        ({"CLOSE": ["\u200b "]}, "“” for CLOSE is empty."),
        ({"CLOSE": ["x" * 41]}, "is too long; 40 characters and 4 words are the most."),
        ({"CLOSE": ["a b c d e"]}, "is too long; 40 characters and 4 words are the most."),
        ({"CLOSE": ["shut: it"]}, "“shut: it” for CLOSE has “:” in it; spellings are words only."),
        ({"CLOSE": ["shut：it"]}, "has “：” in it"),
        ({"CLOSE": ["a,b"]}, "has “,” in it"),
        ({"CLOSE": ["close2"]}, "has “2” in it"),
        ({"CLOSE": ["close٢"]}, "has “٢” in it"),
        ({"CLOSE": ["close²"]}, "has “2” in it"),
        ({"CLOSE": ["#close"]}, "has “#” in it"),
        ({"CLOSE": ["[close]"]}, "has “[” in it"),
        ({"CLOSE": ["shut\u200b it"]}, "has invisible characters, or blanks too many."),
        ({"CLOSE": ["shut  it"]}, "has invisible characters, or blanks too many."),
        ({"CLOSE": ["re"]}, "“re” for CLOSE is what mail programs put before answers or forwards."),
        ({"CALL": ["WG"]}, "is what mail programs put before answers or forwards."),
        ({"SHUT": ["close"]}, "SHUT is no keyword; there are LOG, "),
        ({"CLOSE": ["end"], "REOPEN": ["End"]}, "“end” stands for CLOSE and for REOPEN, both at the start."),
        ({"CALL": ["Task"]}, "“task” stands for CALL and for TASK, both at the start."),
        ({"SUMMARY": ["call"]}, "“call” stands for SUMMARY and for CALL, both at the start."),
        (
            {"TASKS": ["jobs"], "CALLS": ["jobs"]},
            "“jobs” stands for CALLS and for TASKS, both after SUMMARY.",
        ),
        ({"ALL": ["every"], "OPEN": ["every"]}, "both at the end of a summary."),
        ({"APPROVED": ["done"], "REJECTED": ["done"]}, "both as a decision."),
        ({"REJECTED": ["approve"]}, "“approve” stands for APPROVE and for REJECTED, both as a decision."),
        (
            {"CALL": ["case"], "REQUEST": ["case file"]},
            "“log case file” can be read in two ways, as LOG CALL and as LOG REQUEST.",
        ),
        ({"CALL": ["call out"]}, "as a longer and as a shorter spelling of LOG CALL."),
        (
            {"UPDATE": ["close call"], "CALL": ["job"], "TASK": ["call job"]},
            "“close call job” can be read in two ways, as UPDATE CALL and as CLOSE TASK.",
        ),
        (
            {"TASKS": ["calls open"]},
            "“summary calls open” can be read in two ways, as SUMMARY CALL and as SUMMARY TASK.",
        ),
    ],
)
def test_what_would_make_a_subject_unclear_is_told(spellings: dict[str, list[str]], fault: str) -> None:
    faults = check_words(Words.of(spellings))
    assert any(fault in each for each in faults), faults
    parse("CLOSE CALL 12", Words.of(spellings))  # and never raises, even with such words


def test_one_word_may_be_a_command_and_its_decision() -> None:
    assert check_words(Words.of({"APPROVE": ["agree"], "APPROVED": ["agree"]})) == []


def test_a_language_without_words_is_told() -> None:
    with pytest.raises(ValueError, match="no words for 'xx', only for de, es"):
        Words.of(languages=["xx"])


def test_a_keyword_without_any_spelling_is_told() -> None:
    faults = check_words(Words.of({"CALL": ["case"]}, originals=False))
    assert "LOG has no spelling, so that it can't be written." in faults
    assert not any(fault.startswith("CALL ") for fault in faults)
    assert parse("CLOSE CALL 12", Words.of(originals=False)).is_free_text


def test_words_of_several_words_and_the_same_word_in_several_places_are_fine() -> None:
    words = Words.of({"CLOSE": ["shut down", "shut"], "ON": ["to"], "TASK": ["job"], "TASKS": ["job"]})
    assert check_words(words) == []
    assert parse("shut down call 12", words) == parse("shut call 12", words) == Parsed("close", "call", (12,))
    assert parse("SUMMARY JOB", words) == parse("JOB SUMMARY", words)


def test_help_tells_every_command_with_an_example_in_the_words_that_ask_for_it() -> None:
    words = Words.of({"CALL": ["case"], "CALLS": ["cases"]}, languages=["fr"])
    for subject in ("HELP", "AIDE", "Re: aide"):
        rows = help_rows(words, subject)
        assert [row.command for row in rows] == list(COMMANDS)
        for row in rows:
            assert parse(row.example, words) == parse(row.command.example)
    assert rows[4].example == "FERMER INCIDENT 12, 13: works again"
    assert rows[9].example == "INCIDENT RÉSUMÉ FERMÉS"
    assert (rows[-1].syntax, rows[-1].further) == ("AIDE", ("HELP",))
    assert help_rows(words)[4].example == "CLOSE case 12, 13: works again"


def test_syntax_is_told_in_the_words_that_were_written_first() -> None:
    english = "CLOSE (CALL / TASK / REQUEST) number, ... [: text]"
    german = "SCHLIESSEN (MELDUNG / AUFGABE / AUFTRAG) number, ... [: text]"
    words = Words.of(languages=["de"])
    assert right_syntax("close", words) == (english, german)
    assert right_syntax("close", words, "CLOSE CALL 99") == (english, german)
    assert right_syntax("close", words, "Re: schließe Meldung 99: Stand?") == (german, english)
    assert right_syntax("close", Words.of(languages=["de"], originals=False)) == (german,)


def test_a_further_word_displaces_no_original() -> None:
    words = Words.of({"CALL": ["case"]})
    english = "STATUS (CALL / REQUEST / TASK / APPROVAL) number, ..."
    renamed = english.replace("CALL", "case")
    assert right_syntax("status", words) == (renamed, english)
    assert right_syntax("status", words, "STATUS CALL 12") == (english, renamed)
    assert right_syntax("status", words, "STATUS CASE 12") == (renamed, english)
    assert right_syntax("help", words) == ("HELP",)


def test_a_desk_of_many_languages_tells_no_more_than_three() -> None:
    lines = right_syntax("take", Words.of(languages=LANGUAGES), "TA ÄRENDE 12")
    assert [line.split("(")[0] for line in lines] == ["TA ÖVER ", "TAKE ", "ÜBERNEHMEN "]


def test_each_way_in_which_an_action_is_written_is_told() -> None:
    assert right_syntax("nothing") == ()
    assert [syntax(command) for command in COMMANDS if command.action == "log"] == [
        "LOG CALL [template or text] [: text]",
        "LOG REQUEST request type [: text]",
        "LOG TASK ON (REQUEST / CALL) number [: text]",
    ]
