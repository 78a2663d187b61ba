"""Reads a subject, without its prefixes, as a command: the whole of it, or not at all."""

# ruff: noqa: RUF001 - the colons and brackets of other scripts

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .commands import COMMANDS, OBJECT_NAMES, ON_OBJECTS, SCOPES, Argument, Command
from .folding import fold
from .numbers import numbers_at
from .parsed import Parsed
from .words import Words

# A time of day is passed over: "Update call 14:00" is about a meeting, not about call 14.
_COLON = re.compile(r"(?<!\d)(?:[01]?\d|2[0-4])[:：][0-5]\d(?!\d)|(?P<colon>[:：﹕︓])")
TOKEN = re.compile(r"[\[［]\s?([A-Za-z0-9._~+/=-]{1,200})\s?[\]］]")
_Read = tuple[dict[str, Any], str] | None


@dataclass(frozen=True, slots=True)
class Divided:
    """A subject divided at its first colon."""

    whole: str
    head: str
    text: str
    colon: bool


def divide(subject: str) -> Divided:
    """Divide a subject into the command and the text after it."""
    for match in _COLON.finditer(subject):
        if match["colon"]:
            return Divided(subject, subject[: match.start()].rstrip(), subject[match.end() :].strip(), True)
    return Divided(subject, subject, "", False)


def read_command(subject: str, words: Words) -> Parsed | None:
    """Give the command that the whole subject is, or None; a cleaned subject is expected."""
    return next(readings(subject, words), None)


def readings(subject: str, words: Words) -> Iterator[Parsed]:
    """Give each reading as a command; there is at most one if the words were checked."""
    divided = divide(subject)
    head = divided.head.split(" ")
    if fold(head[0]) not in words.by_first_word:
        return
    names = [fold(word) for word in head[: 2 * words.longest]]
    for command in COMMANDS:
        if divided.colon and Argument.TEXT not in command.arguments:
            continue
        for keyword, used in _openings(command, names, words):
            rest = " ".join(head[used:])
            fields = _arguments(command, rest, divided, words)
            if fields is not None:
                yield Parsed(command.action, OBJECT_NAMES.get(keyword, ""), **fields)


def _openings(command: Command, names: list[str], words: Words) -> Iterator[tuple[str, int]]:
    """Give the object of each way in which verb and object may be read, and how many words they take."""
    if not command.objects:
        yield from words.at(names, 0, (command.verb,))
        return
    verb = (command.verb,)
    places = (command.objects, verb) if command.object_first else (verb, command.objects)
    for first, middle in words.at(names, 0, places[0]):
        for second, end in words.at(names, middle, places[1]):
            yield (first if command.object_first else second), end


def _arguments(command: Command, rest: str, divided: Divided, words: Words) -> dict[str, Any] | None:
    """Give the fields that the rest of the head makes; None unless all of it is used."""
    fields: dict[str, Any] = {"text": divided.text}
    for argument in command.arguments:
        read = _READERS.get(argument)
        found = read(rest, divided, words) if read else ({}, rest)
        if found is None:
            return None
        more, rest = found
        fields |= more
    return None if rest else fields


def _template(rest: str, divided: Divided, _: Words) -> _Read:
    if not rest:
        return {}, ""
    start = len(divided.head) - len(rest)
    return {"name": rest, "named_text": divided.text, "text": divided.whole[start:]}, ""


def _request_type(rest: str, _: Divided, __: Words) -> _Read:
    return ({"name": rest}, "") if rest else None


def _on_number(rest: str, _: Divided, words: Words) -> _Read:
    split = rest.split(" ")
    names = [fold(word) for word in split[: 2 * words.longest]]
    for _on, middle in words.at(names, 0, ("ON",)):
        for keyword, used in words.at(names, middle, ON_OBJECTS):
            refs, left = numbers_at(" ".join(split[used:]))
            if len(refs) == 1:
                return {"on": OBJECT_NAMES[keyword], "refs": refs}, left
    return None


def _numbers(rest: str, _: Divided, __: Words) -> _Read:
    refs, left = numbers_at(rest)
    return ({"refs": refs}, left) if refs else None


def _to_whom(rest: str, _: Divided, words: Words) -> _Read:
    split = rest.split(" ")
    for _to, used in words.at([fold(word) for word in split[: words.longest]], 0, ("TO",)):
        if used < len(split):
            return {"target": " ".join(split[used:])}, ""
    return None


def _token(rest: str, _: Divided, __: Words) -> _Read:
    match = TOKEN.match(rest)
    return ({"token": match[1]}, rest[match.end() :].strip()) if match else ({}, rest)


def _scope(rest: str, _: Divided, words: Words) -> _Read:
    if not rest:
        return {"scope": "open"}, ""
    split = rest.split(" ")
    for keyword, used in words.at([fold(word) for word in split[: words.longest]], 0, SCOPES):
        if used == len(split):
            return {"scope": keyword.lower()}, ""
    return None


_READERS: dict[Argument, Callable[[str, Divided, Words], _Read]] = {
    Argument.TEMPLATE: _template,
    Argument.REQUEST_TYPE: _request_type,
    Argument.ON_NUMBER: _on_number,
    Argument.NUMBERS: _numbers,
    Argument.TO_WHOM: _to_whom,
    Argument.TOKEN: _token,
    Argument.SCOPE: _scope,
}
