"""Guesses a charset from bytes: the one in which they are letters of one language, in a likely order.

Each reading of a sample is weighed by the logarithm of how probable its characters are in a language; what
cannot be meant (control characters, half-width katakana, rare ideographs, capitals within words, letters of
two scripts side by side) counts against it.
"""

# ruff: noqa: RUF001 - the signs of many scripts

import functools
import re
import unicodedata
from collections import Counter
from typing import NamedTuple

from .alphabets import ALPHABETS, CHINESE, CODECS, JAPANESE, KOREAN, LATIN, Alphabet

_SAMPLE = 1_200  # bytes
_SEARCHED = 1_000_000  # bytes that are looked through for some beyond ASCII
# A character of several bytes ends with none of the bytes up to the slash.
_WORD = re.compile(rb"[\x80-\xff][^\x00-\x2f]*+")
_RUN = re.compile(rb"[\x80-\xff]{3}")  # nowhere in Latin scripts, in nearly every word of others
_LEAST = -5.0  # for each byte; below it the bytes are no text in any of these

_FORBIDDEN = -14.0
_STRANGE = -9.0
_QUOTES_AND_DASHES = dict.fromkeys("’“”„–\xa0", -3.5) | dict.fromkeys("‘—…«»•€°§№©®‚‹›¿¡", -4.5)
_SIGNS = dict.fromkeys("²³½£·´±×™ªºµ", -5.5)
_CAPITAL = -0.9
_ANY_WESTERN = dict.fromkeys("àâäåæçèéêëìíîïñòóôõöøùúûüýÿßœðþ", -4.4) | dict.fromkeys("šž", -6.0)
# For codecs that are seldom met, and a little for the one that is met most.
_PRIOR = {
    "cp1252": 2.0,
    "iso8859_5": -2.0,
    "cp866": -3.0,
    "koi8_u": -0.5,
    "iso8859_2": -0.5,
    "iso8859_6": -1.0,
}
# Pairs of classes (see `_classes`) that are seldom neighbours, and what each pair costs.
_BAD_PAIRS = {
    b"aH": 3.0, b"hH": 3.0, b"hh": 0.7, b"HH": 0.3,  # capitals within a word
    b"nN": 3.0, b"an": 4.0, b"na": 4.0, b"aN": 4.0, b"Na": 4.0, b"An": 4.0, b"nA": 4.0,  # two scripts
    b"NN": -1.4, b" h ": 2.0, b" n ": 1.0,  # words in capitals, and of one letter
    b"am": 5.0, b"sm": 4.0, b" m": 4.0, b"hs": 0.5, b"ns": 0.5, b"as": 0.5,  # a mark without its letter
}  # fmt: skip


class Guess(NamedTuple):
    """A codec of Python, and the languages whose letters the bytes are in it."""

    codec: str
    languages: str


class _Reading(NamedTuple):
    weight: float
    guess: Guess


def guess_charset(data: bytes) -> Guess | None:
    """Give the likeliest charset of a text that is neither ASCII nor UTF-8; None when none is likely."""
    sample = sample_of(data)
    beyond = sum(byte > 127 for byte in sample)
    if not beyond:
        return None
    only_latin = not _RUN.search(sample)
    readings = _in_single_bytes(sample, only_latin)
    if not only_latin:
        readings += _in_double_bytes(sample)
    best = max(readings, key=lambda reading: reading.weight)
    return best.guess if best.weight >= _LEAST * beyond else None


def sample_of(data: bytes) -> bytes:
    """Give the first words with bytes beyond ASCII, with a space between them."""
    words: list[bytes] = []
    size = 0
    for match in _WORD.finditer(data, 0, _SEARCHED):
        before = data[max(0, match.start() - 1) : match.start()]
        words.append((before if before.isalpha() else b"") + match[0][: _SAMPLE - size])
        size += len(words[-1])
        if size >= _SAMPLE:
            break
    return b" ".join(words)


def _in_single_bytes(sample: bytes, only_latin: bool) -> list[_Reading]:
    high = [(byte - 128, count) for byte, count in Counter(sample).items() if byte > 127]
    readings = []
    for group, codecs in CODECS.items():
        if only_latin and group not in LATIN:
            continue
        for codec in codecs:
            classed = sample.translate(_classes(codec))
            order = sum(cost * classed.count(pair) for pair, cost in _BAD_PAIRS.items())
            letters = max(
                sum(weights[byte] * count for byte, count in high) for weights in _weights(codec, group)
            )
            readings.append(_Reading(letters - order + _PRIOR.get(codec, 0.0), Guess(codec, group)))
    return readings


@functools.cache
def _weights(codec: str, group: str) -> list[list[float]]:
    """Give for each language of a group a weight for each byte from 128."""
    characters = _upper_half(codec)
    letters = [_letter_weights(alphabet) for alphabet in ALPHABETS if alphabet.group == group]
    if codec == "cp1252":
        letters.append(_ANY_WESTERN)
    return [[_weight(char, of_one) for char in characters] for of_one in letters]


def _letter_weights(alphabet: Alphabet) -> dict[str, float]:
    """Fall from the most frequent letter to the rarest: steeper where most of a text is these letters."""
    latin = alphabet.letters[0] < "\u0250"
    first, fall = (-1.2, 2.5) if latin else (-1.9, 4.0)
    many = len(alphabet.letters)
    return {letter: first - fall * rank / many for rank, letter in enumerate(alphabet.letters)}


def _weight(char: str, letters: dict[str, float]) -> float:
    if char in letters:
        return letters[char]
    lower = "i" if char == "İ" else char.lower()
    if lower != char and lower in letters:
        return letters[lower] + _CAPITAL
    known = _QUOTES_AND_DASHES.get(char) or _SIGNS.get(char)
    return known or (_FORBIDDEN if unicodedata.category(char)[0] == "C" else _STRANGE)


def _upper_half(codec: str) -> str:
    """Give what the bytes from 128 are; U+FFFF where they are nothing."""
    return "".join(bytes([byte]).decode(codec, "replace") for byte in range(128, 256)).replace(
        "\ufffd", "\uffff"
    )


@functools.cache
def _classes(codec: str) -> bytes:
    """Give the class of each byte, in capitals for capitals.

    `a` is a letter of ASCII, `h` another Latin one, `n` one of no Latin script, `m` a mark, `s` a sign.
    """
    ascii_ = bytes(
        ord("A") if chr(byte).isupper() else ord("a") if chr(byte).islower() else ord(" ")
        for byte in range(128)
    )
    return ascii_ + "".join(_class(char) for char in _upper_half(codec)).encode()


def _class(char: str) -> str:
    if unicodedata.category(char) == "Mn":
        return "m"
    if not char.isalpha():
        return " " if char in _QUOTES_AND_DASHES else "s"
    kind = "h" if char < "\u0250" else "n"
    return kind.upper() if char.isupper() else kind


def _in_double_bytes(sample: bytes) -> list[_Reading]:
    readings = []
    for codec, language in _DOUBLE:
        text = sample.decode(codec, "replace")
        # The sample may end within a character.
        bad = text.count("\ufffd") - text.endswith("\ufffd")
        if bad * 20 > len(text):
            continue
        weights = _double_byte_weights(codec)
        weight = sum(
            weights.get(char, _FORBIDDEN) * count for char, count in Counter(text).items() if char > "\x7f"
        )
        beside_ascii = len(_BESIDE_ASCII.findall(text))
        readings.append(_Reading(weight - 3.0 * beside_ascii, Guess(codec, language)))
    return readings


_DOUBLE = (
    ("cp932", "Japanese"),
    ("euc_jp", "Japanese"),
    ("gb18030", "Chinese"),
    ("cp950", "Chinese"),
    ("cp949", "Korean"),
)
_BESIDE_ASCII = re.compile(r"[a-z][^\x00-\x7f]|[^\x00-\x7f][a-z]")
_LEVEL_2 = -10.5
_IDEOGRAPHIC_SIGNS = dict.fromkeys("　、。，：；？！「」『』（）《》“”・…", -4.0)


@functools.cache
def _double_byte_weights(codec: str) -> dict[str, float]:
    """Give how likely each character is; what is missing is not to be expected."""
    if codec in {"cp932", "euc_jp"}:
        weights = _rows("euc_jp", 0xD0, 0xF4, _LEVEL_2) | _rows("euc_jp", 0xB0, 0xCF, -7.8)
        weights |= dict.fromkeys(JAPANESE, -5.5) | _rows("euc_jp", 0xA1, 0xA3, -7.0)
        weights |= _rows("euc_jp", 0xA5, 0xA5, -5.0) | _rows("euc_jp", 0xA4, 0xA4, -3.9)
        weights |= {chr(code): -8.0 for code in range(0xFF61, 0xFFA0)}  # half-width katakana
        weights["ー"] = -4.5
    elif codec == "gb18030":
        weights = _rows("gb2312", 0xD8, 0xF7, _LEVEL_2) | _rows("gb2312", 0xA4, 0xA5, _LEVEL_2)
        weights |= _rows("gb2312", 0xB0, 0xD7, -7.5) | _rows("gb2312", 0xA1, 0xA3, -7.0)
        weights |= {char: -4.8 for char in CHINESE if char in weights}
    elif codec == "cp950":
        weights = _rows("big5", 0xC9, 0xF9, _LEVEL_2) | _rows("big5", 0xA4, 0xC6, -7.8)
        weights |= _rows("big5", 0xA1, 0xA3, -7.0)
        weights |= {char: -4.8 for char in CHINESE if char in weights}
    else:
        weights = _rows("euc_kr", 0xCA, 0xFD, _LEVEL_2) | _rows("euc_kr", 0xA1, 0xA3, -7.0)
        weights |= _rows("euc_kr", 0xB0, 0xC8, -6.3) | dict.fromkeys(KOREAN, -4.2)
    return weights | _IDEOGRAPHIC_SIGNS


def _rows(codec: str, first: int, last: int, weight: float) -> dict[str, float]:
    """Give that weight to all characters whose first byte is in these rows of a charset."""
    trails = [*range(0x40, 0x7F), *range(0xA1, 0xFF)] if codec == "big5" else range(0xA1, 0xFF)
    pairs = b"".join(bytes([lead, trail]) for lead in range(first, last + 1) for trail in trails)
    return dict.fromkeys(pairs.decode(codec, "ignore"), weight)
