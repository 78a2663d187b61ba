"""What holds for every subject, whatever stands in it."""

# ruff: noqa: RUF001 - signs of other scripts

import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.grammar import COMMANDS, LANGUAGES, Parsed, Words, check_words, parse, write_subject
from mailcall.grammar.commands import ALL_OBJECTS, KEYWORDS, OBJECT_NAMES, SCOPES, Argument
from mailcall.grammar.reading import readings
from mailcall.message.prefix_words import forward_words, reply_words
from mailcall.message.subjects import MAX_SUBJECT, strip_prefixes

EVERY = Words.of(languages=LANGUAGES)
SPELLINGS = sorted({spelling for spellings in EVERY.all.values() for spelling in spellings})
SIGNS = [
    ":", ",", "#", " ", "  ", "[", "]", "12", "0", "：", "14:00", "[x.y]", "and", "Re:", "Fwd:", "\u200b",
    "١٢",
]  # fmt: skip
WORD = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=12)
TEXT = st.lists(WORD, min_size=1, max_size=6).map(" ".join).map(lambda text: strip_prefixes(text).text)
NAME = TEXT.filter(lambda text: "\u0660" not in text and bool(text))


@st.composite
def commands(draw: st.DrawFn) -> Parsed:
    """Any command that can be written."""
    row = draw(st.sampled_from(COMMANDS))
    keyword = draw(st.sampled_from(row.objects)) if row.objects else ""
    fields: dict[str, object] = {}
    text = draw(TEXT | st.just("")) if Argument.TEXT in row.arguments else ""
    for argument in row.arguments:
        if argument is Argument.NUMBERS:
            numbers = st.integers(1, 2**63 - 1)
            fields["refs"] = tuple(draw(st.lists(numbers, min_size=1, max_size=9, unique=True)))
        elif argument is Argument.ON_NUMBER:
            fields |= {
                "on": draw(st.sampled_from(["request", "call"])),
                "refs": (draw(st.integers(1, 10**9)),),
            }
        elif argument is Argument.TOKEN:
            fields["token"] = draw(st.from_regex(r"([a-z0-9._-]{1,60})?", fullmatch=True))
        elif argument is Argument.TO_WHOM:
            fields["target"] = draw(NAME)
        elif argument is Argument.REQUEST_TYPE:
            fields["name"] = draw(NAME)
        elif argument is Argument.SCOPE:
            fields["scope"] = draw(st.sampled_from(SCOPES)).lower()
        elif argument is Argument.TEMPLATE and draw(st.booleans()):
            name = draw(NAME)
            fields |= {"name": name, "named_text": text}
            text = f"{name}: {text}" if text else name
    return Parsed(row.action, OBJECT_NAMES.get(keyword, ""), text=text, **fields)  # type: ignore[arg-type]


SUBJECTS = st.text(max_size=60) | st.lists(
    st.sampled_from([*KEYWORDS, *SPELLINGS, *SIGNS]) | st.text(max_size=3), max_size=14
).map(" ".join)


@given(commands(), st.sampled_from(["", *LANGUAGES]))
def test_what_is_written_of_a_command_reads_the_same(command: Parsed, language: str) -> None:
    words = Words.of(languages=[language] if language else [])
    assert parse(write_subject(command, words), words) == command


@given(
    commands(),
    st.lists(st.sampled_from(sorted(reply_words())), min_size=1, max_size=5),
    st.sampled_from(["", "[2]", "^3", "(4)"]),
)
def test_any_run_of_answers_before_a_command_changes_only_the_flag(
    command: Parsed, prefixes: list[str], counter: str
) -> None:
    run = "".join(f"{prefix}{counter}: " for prefix in prefixes)
    assert parse(run + write_subject(command)) == replace(command, reply=True)


@given(SUBJECTS, st.sampled_from(sorted(forward_words())))
def test_a_forward_is_always_free_text(subject: str, prefix: str) -> None:
    parsed = parse(f"{prefix}: {subject}")
    assert parsed.forward
    assert parsed.is_free_text
    assert parsed.text == strip_prefixes(subject).text


@given(SUBJECTS, st.sampled_from([Words(), EVERY]))
def test_every_subject_is_a_command_or_loses_nothing(subject: str, words: Words) -> None:
    parsed = parse(subject, words, ["[EXT]"])
    if parsed.is_command:
        assert parsed.text in strip_prefixes(subject, ["[EXT]"]).text
        assert parse(write_subject(parsed, words), words) == replace(parsed, reply=False)
    else:
        assert parsed.text == strip_prefixes(subject, ["[EXT]"]).text
    assert (parsed.action == "unknown") == bool(parsed.suggestion) == bool(parsed.problem)
    if parsed.suggestion and len(subject) < MAX_SUBJECT // 2:
        assert parse(parsed.suggestion, words).is_command


@given(SUBJECTS)
def test_reading_it_again_changes_nothing(subject: str) -> None:
    once = parse(subject)
    if once.is_free_text:
        assert parse(once.text).text == once.text


@given(
    st.dictionaries(st.sampled_from([*KEYWORDS, "X"]), st.lists(st.text(max_size=9), max_size=3)), SUBJECTS
)
def test_no_words_are_too_odd(spellings: dict[str, list[str]], subject: str) -> None:
    words = Words.of(spellings)
    check_words(words)
    parse(subject, words)


@given(
    st.dictionaries(
        st.sampled_from([*KEYWORDS]),
        st.lists(st.sampled_from(["a", "a b", "b", "b c", "c"]), max_size=2),
        max_size=6,
    ),
    st.lists(st.sampled_from(["a", "b", "c", *KEYWORDS]), min_size=1, max_size=6).map(" ".join),
    st.sampled_from(["", " 12", " OPEN", " 12: x"]),
)
def test_checked_words_leave_no_subject_with_two_readings(
    spellings: dict[str, list[str]], opening: str, end: str
) -> None:
    words = Words.of(spellings)
    if not check_words(words):
        assert len(set(readings(opening + end, words))) <= 1


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called, built-in ones too: steps that no busy machine changes."""
    count = 0

    def watch(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(watch)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


PIECES = [
    "CLOSE CALL ", "12, ", "#", "[", "Re: ", "[EXT] ", "x: ", "close ", "colse ", "and 12 ", "\u0301",
    "é", "１", "14:00 ",
    "TA ÖVER ", "12 ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("opening", ["", "CLOSE CALL ", "CLOSE CALL 12", "LOG TASK ON ", "FORWARD COL 12 "])
def test_the_cost_is_linear_in_the_length(piece: str, opening: str) -> None:
    def cost(length: int) -> int:
        subject = opening + piece * (length // len(piece))
        return calls_of(lambda: parse(subject, EVERY, [f"[EXT{length}]", "[EXT]"]))

    parse(opening + piece, EVERY)  # what is made once
    assert cost(900) <= 2.5 * cost(450) + 100


def test_what_is_beyond_the_longest_subject_costs_nothing() -> None:
    assert calls_of(lambda: parse("CLOSE COL 12, " * 100_000)) <= 2 * calls_of(
        lambda: parse("CLOSE COL 12, " * 300)
    )


def test_all_objects_can_be_written() -> None:
    assert {OBJECT_NAMES[keyword] for keyword in ALL_OBJECTS} == set(OBJECT_NAMES.values())
