"""How near a word is to another: slips of the finger and of the ear, not other words."""

import re
from itertools import groupby

from mailcall.message.word_lists import words

_VOWELS = re.compile(r"[aeiouy]")
# English words that are one slip away from a keyword, and far more often meant.
_OTHER_WORDS = frozenset(
    words("cell|coal|coil|cola|cool|calm|cold|cable|case|talk|tank|tack|tape|tale|clone|closet|chose")
)


def slips(written: str, meant: str) -> int | None:
    """Count the slips between a written word and the one that may be meant; None if it is another word.

    Up to three letters allow no slip, up to five one, longer words two; vowels and doubled letters alone may
    always make two (`COL` for CALL). The first letter must be right, which people rarely miss: `ALL` is not
    CALL.
    """
    if written == meant:
        return 0
    if len(meant) <= 3 or written[:1] != meant[:1] or abs(len(written) - len(meant)) > 2:
        return None
    if written in _OTHER_WORDS:
        return None
    most = 2 if len(meant) > 5 or _sound(written) == _sound(meant) else 1
    distance = _distance(written, meant)
    return distance if distance <= most else None


def _sound(word: str) -> str:
    return "".join(letter for letter, _ in groupby(_VOWELS.sub("", word)))


def _distance(one: str, other: str) -> int:
    """Count insertions, deletions, substitutions and swaps of neighbours (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, wanted in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                least = min(least, above[j - 2] + 1)
            row.append(least)
    return row[-1]
