"""The decision on the first line of an answer to an approval mail."""

# ruff: noqa: RUF001 - the colon of another script

import re
from dataclasses import dataclass

from mailcall.message.subjects import clean_subject

from .commands import DECISIONS
from .folding import fold
from .words import DEFAULT, Words

_MOST_CHARACTERS = 200  # before the colon
_COLON = re.compile(r"[:：﹕︓]")


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """`action` is approve or reject; `reason` stood behind the colon; `rest` are the lines below."""

    action: str
    reason: str
    rest: str


def decision_line(text: str, words: Words = DEFAULT) -> DecisionLine | None:
    """Read the new text of a mail: a decision if its first line is exactly a decision word, or None.

    `yes`, `ok` and `no` are none: they also answer a question. Nor is a word with more behind it than a colon
    and the reason: "Approved?", "Approved, but not before May".
    """
    first, _, rest = text.lstrip().partition("\n")
    colon = _COLON.search(first, 0, _MOST_CHARACTERS)
    said = first[: colon.start()] if colon else first
    if len(said) > _MOST_CHARACTERS:
        return None
    names = [fold(word) for word in clean_subject(said).split(" ")]
    for keyword, used in words.at(names, 0, DECISIONS):
        if used == len(names):
            reason = first[colon.end() :].strip() if colon else ""
            return DecisionLine(DECISIONS[keyword], reason, rest.strip())
    return None
