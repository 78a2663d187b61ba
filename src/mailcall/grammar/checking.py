"""Checks the words that an administrator chose: every subject must have one reading."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailcall.message.subjects import clean_subject, strip_prefixes

from .commands import COMMANDS, DECISIONS, KEYWORDS, OBJECT_NAMES, SCOPES, Argument, Command, places
from .folding import fold_phrase
from .words import Phrase, Words

MAX_SPELLING = 40  # characters
MAX_WORDS = 4
_NOT_ALLOWED = re.compile(r"[\d:,#\[\]/：﹕︓，﹐、﹑،＃﹟［］]")  # noqa: RUF001 - signs of other scripts


def check_words(words: Words) -> list[str]:
    """Give a sentence for each fault; none means that every subject has at most one reading."""
    faults = [*_bad_spellings(words), *_missing(words), *_twice_in_a_place(words)]
    return list(dict.fromkeys(faults)) or list(dict.fromkeys(_two_readings(words)))


def _bad_spellings(words: Words) -> Iterator[str]:
    for keyword, spellings in words.spellings:
        if keyword not in KEYWORDS:
            yield f"{keyword} is no keyword; there are {', '.join(KEYWORDS)}."
        for spelling in spellings:
            fault = _fault(spelling)
            if fault:
                yield f"“{clean_subject(spelling)[:60]}” for {keyword} {fault}."


def _fault(spelling: str) -> str:
    phrase = fold_phrase(clean_subject(spelling))
    if not phrase:
        return "is empty"
    if len(spelling) > MAX_SPELLING or len(phrase) > MAX_WORDS:
        return f"is too long; {MAX_SPELLING} characters and {MAX_WORDS} words are the most"
    if clean_subject(spelling) != spelling:
        return "has invisible characters, or blanks too many"
    found = _NOT_ALLOWED.search(spelling) or _NOT_ALLOWED.search(" ".join(phrase))
    if found:
        return f"has “{found[0]}” in it; spellings are words only"
    if strip_prefixes(f"{spelling}: x").text == "x":
        return "is what mail programs put before answers or forwards"
    return ""


def _missing(words: Words) -> Iterator[str]:
    for keyword, phrases in words.phrases.items():
        if not phrases:
            yield f"{keyword} has no spelling, so that it can't be written."


def _twice_in_a_place(words: Words) -> Iterator[str]:
    for place, keywords in places():
        meant: dict[Phrase, str] = {}
        for keyword in keywords:
            for phrase in words.phrases[keyword]:
                other = meant.setdefault(phrase, keyword)
                if other != keyword and DECISIONS.get(other, other) != DECISIONS.get(keyword, keyword):
                    yield f"“{' '.join(phrase)}” stands for {other} and for {keyword}, both {place}."


@dataclass(frozen=True, slots=True)
class _Opening:
    """Verb and object as words, what they mean, and what may come behind them."""

    phrase: Phrase
    command: Command
    meaning: str


def _openings(words: Words) -> Iterator[_Opening]:
    for command in COMMANDS:
        for keyword in command.objects or ("",):
            meaning = f"{command.verb} {OBJECT_NAMES.get(keyword, '').upper()}".strip()
            verbs = words.phrases[command.verb]
            things = words.phrases[keyword] if keyword else ((),)
            for verb in verbs:
                for thing in things:
                    phrase = (*thing, *verb) if command.object_first else (*verb, *thing)
                    yield _Opening(phrase, command, meaning)


def _two_readings(words: Words) -> Iterator[str]:
    """Give the openings that begin another one whose further words could stand behind them."""
    every: dict[Phrase, _Opening] = {}
    openings = list(_openings(words))
    for opening in openings:
        other = every.setdefault(opening.phrase, opening)
        if other.meaning != opening.meaning:
            yield _sentence(opening.phrase, other.meaning, opening.meaning)
    for opening in openings:
        for length in range(1, len(opening.phrase)):
            shorter = every.get(opening.phrase[:length])
            if shorter and _may_follow(shorter.command, opening.phrase[length:], words):
                yield _sentence(opening.phrase, shorter.meaning, opening.meaning)


def _may_follow(command: Command, rest: Phrase, words: Words) -> bool:
    """Whether further words could belong to what a command has behind verb and object."""
    first = command.arguments[0] if command.arguments else None
    if first in {Argument.TEMPLATE, Argument.REQUEST_TYPE}:
        return True
    if first is Argument.SCOPE:
        return any(rest == phrase for keyword in SCOPES for phrase in words.phrases[keyword])
    if first is Argument.ON_NUMBER:
        return any(rest[: len(phrase)] == phrase for phrase in words.phrases["ON"])
    return False


def _sentence(phrase: Phrase, one: str, other: str) -> str:
    shown = " ".join(phrase)
    if one == other:
        return f"“{shown}” can be read in two ways, as a longer and as a shorter spelling of {one}."
    return f"“{shown}” can be read in two ways, as {one} and as {other}."
