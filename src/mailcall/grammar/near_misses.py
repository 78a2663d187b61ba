"""Recognises subjects that were meant as commands: a verb, nearly an object, and a number."""

# ruff: noqa: RUF001 - signs of other scripts

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .commands import ALL_OBJECTS, COMMANDS, MAX_NUMBERS, OBJECT_NAMES, ON_OBJECTS, Argument, Command
from .folding import fold
from .numbers import numbers_at
from .parsed import Parsed
from .reading import TOKEN, divide
from .spelling import slips
from .words import Phrase, Voice, Words
from .writing import write_subject

_MOST_SLIPS = 2
_MANY_WORDS = 12  # of the head that are looked at: verb and object stand in front
_DIGIT = re.compile(r"\d")
# What other desks, and people, call them.
_OTHER_NAMES: dict[tuple[str, ...], str] = {
    ("ticket",): "CALL",
    ("incident",): "CALL",
    ("approval", "task"): "TASK",
    ("user", "approval", "task"): "TASK",
}
# What people put between an object and its number: CALL12, CALL-12, CALL: 12, CALL no. 12.
_BEFORE_NUMBER = re.compile(
    r"(?<=[^\W\d_])(?:\s?[-–:=№]|\s(?:no|nr|num|number|nummer|numero|numéro|número|n|id)[.°º]?)?"
    r"\s?(?=[#＃﹟]?\s?\d)",
    re.IGNORECASE,
)
# No stroke, which makes dates: "Status call 12/5".
_BETWEEN_NUMBERS = re.compile(
    r"\s?[,，﹐、﹑،;&+]\s?(?:(?:and|und|et|y|e|en|och|i)\s)?|\s(?:and|und|et|y|e|en|och|i)\s", re.IGNORECASE
)
_SPACE_TOO = re.compile(rf"{_BETWEEN_NUMBERS.pattern}|\s", re.IGNORECASE)
_END = " .!?;,"
_DASHES = "-–—= "
_UNKNOWN_TARGET = "..."

_ROWS = {
    command.verb: command
    for command in COMMANDS
    if {Argument.NUMBERS, Argument.ON_NUMBER}.intersection(command.arguments)
}
_RIGHT = {*_ROWS, *ALL_OBJECTS}


@dataclass(frozen=True, slots=True)
class _Word:
    """A keyword that is nearly there, where its spelling ends, how it is written, and with how many slips.

    `meant` is the spelling that it nearly is.
    """

    keyword: str
    end: int
    written: str
    slips: int
    meant: Phrase = ()


@dataclass(frozen=True, slots=True)
class _Guess:
    """The verb and the object that may be meant; `exact` if nothing is wrong with either or between them."""

    verb: _Word
    thing: _Word
    exact: bool

    @property
    def row(self) -> Command:
        """The command of the verb."""
        return _ROWS[self.verb.keyword]

    @property
    def wrong_object(self) -> bool:
        """Whether the verb goes with other objects only."""
        return OBJECT_NAMES[self.thing.keyword] not in {OBJECT_NAMES[each] for each in self.row.objects}


def near_miss(subject: str, words: Words) -> Parsed | None:
    """Give what a subject that is no command was meant to be, or None."""
    if not _DIGIT.search(subject):
        return None
    loosened = _BEFORE_NUMBER.sub(" ", subject, count=1)
    divided = divide(loosened)
    head = divided.head.rstrip(_END).split(" ")
    for verb, thing in _verbs_and_things(head, words):
        guess = _Guess(verb, thing, not (verb.slips or thing.slips) and loosened == subject)
        meant = _meant(guess, head[thing.end :], divided.text, words)
        if meant:
            voice = words.voice({word.keyword: word.meant for word in (verb, thing)})
            suggestion, problem = write_subject(meant, voice), _problem(guess, voice)
            return Parsed("unknown", text=subject, suggestion=suggestion, problem=problem)
    return None


def _verbs_and_things(head: list[str], words: Words) -> list[tuple[_Word, _Word]]:
    names = [fold(word) for word in head[:_MANY_WORDS]]
    pairs = [
        (verb, thing)
        for verb in _nearly(names, 0, _ROWS, words)
        for thing in _nearly(names, verb.end, OBJECT_NAMES, words)
        if verb.slips + thing.slips <= _MOST_SLIPS
    ]
    return sorted(pairs, key=lambda pair: pair[0].slips + pair[1].slips)


def _nearly(names: list[str], index: int, keywords: Collection[str], words: Words) -> Iterator[_Word]:
    """Give the keywords that nearly stand at an index. A right keyword of another place is no slip."""
    letter = names[index][:1] if index < len(names) else ""
    right = {end for _, end in words.at(names, index, _RIGHT)}
    for keyword, phrase in words.by_first_letter.get(letter, ()):
        end = index + len(phrase)
        there = tuple(names[index:end])
        if keyword in keywords and len(there) == len(phrase) and (there == phrase or end not in right):
            found = slips(" ".join(there), " ".join(phrase))
            if found is not None:
                yield _Word(keyword, end, " ".join(there), max(found, int(keyword not in _RIGHT)), phrase)
    for phrase, keyword in _OTHER_NAMES.items():
        end = index + len(phrase)
        if keyword in keywords and tuple(names[index:end]) == phrase:
            yield _Word(keyword, end, " ".join(phrase), 1)


def _meant(guess: _Guess, behind: list[str], text: str, words: Words) -> Parsed | None:
    """Make the command; None where words are left over.

    If all before them is exact, they may be a text that lacks its colon.
    """
    row, rest = guess.row, " ".join(behind)
    object_name, on, token, target = OBJECT_NAMES[guess.thing.keyword], "", "", ""
    if Argument.ON_NUMBER in row.arguments:
        if guess.wrong_object:
            return None
        on, rest = _on(behind, words)
    if guess.wrong_object:
        object_name = OBJECT_NAMES[row.objects[0]]
    refs, rest = _loose_numbers(rest)
    if Argument.TOKEN in row.arguments and (match := TOKEN.match(rest)):
        token, rest = match[1], rest[match.end() :].strip()
    if Argument.TO_WHOM in row.arguments and (guess.exact or not rest or _after_to(rest, words)):
        target, rest = _after_to(rest, words) or rest or _UNKNOWN_TARGET, ""
    rest = rest.lstrip(_DASHES)
    text = ": ".join(filter(None, (rest, text)))
    left_over = rest and (guess.wrong_object or not guess.exact)
    if not refs or left_over or (text and Argument.TEXT not in row.arguments):
        return None
    return Parsed(row.action, object_name, refs[:MAX_NUMBERS], text, on=on, target=target, token=token)


def _on(rest: list[str], words: Words) -> tuple[str, str]:
    """Read `ON REQUEST 77` with slips, or without ON or object: the object, and what follows it."""
    names = [fold(word) for word in rest[:_MANY_WORDS]]
    start = next((end for _, end in words.at(names, 0, ("ON",))), 0)
    found = min(_nearly(names, start, ON_OBJECTS, words), key=lambda word: word.slips, default=None)
    if found:
        return OBJECT_NAMES[found.keyword], " ".join(rest[found.end :])
    return OBJECT_NAMES[ON_OBJECTS[0]], " ".join(rest[start:])


def _loose_numbers(rest: str) -> tuple[tuple[int, ...], str]:
    refs, left = numbers_at(rest, _SPACE_TOO)
    return numbers_at(rest, _BETWEEN_NUMBERS) if left else (refs, left)


def _after_to(rest: str, words: Words) -> str:
    split = rest.split(" ")
    names = [fold(word) for word in split[:_MANY_WORDS]]
    return next((" ".join(split[end:]) for _, end in words.at(names, 0, ("TO",))), "")


def _problem(guess: _Guess, words: Voice) -> str:
    for word in (guess.verb, guess.thing):
        if word.slips:
            return f"“{word.written.upper()}” should be {words.shown(word.keyword)}."
    if guess.wrong_object:
        verb, thing = words.shown(guess.verb.keyword), words.shown(guess.thing.keyword)
        return f"{verb} goes with {' or '.join(map(words.shown, guess.row.objects))}, not with {thing}."
    return "It is nearly a command, but not written quite like one."
