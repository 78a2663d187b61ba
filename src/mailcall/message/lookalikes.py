"""Domains that are made to be taken for others. What is found here is noted for people and grants nothing."""

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from .domains import ascii_domain

_MAX_KNOWN = 200
_MAX_NAMES = 5
_LEAST_LETTERS = 4  # of a name that others may imitate: `com.example` and `co.uk` are no names

# What is taken for a Latin letter in small print: Cyrillic, Greek, Armenian, and Latin with strokes.
# An accent needs no place here, it is taken off.
_LOOKS_LIKE = {
    "a": "\u0430\u03b1\u0251",
    "b": "\u044c\u0432\u03b2\u0253\u0185",
    "c": "\u0441\u03f2",
    "d": "\u0501\u0111\u0256",
    "e": "\u0435\u0454\u03b5\u025b",
    "g": "\u0261\u0581",
    "h": "\u04bb\u043d\u0570\u0127",
    "i": "\u0456\u03b9\u0131\u0269\u026a",
    "j": "\u0458\u03f3",
    "k": "\u043a\u03ba\u0138",
    "l": "\u04cf\u0142\u029f",
    "m": "\u043c",
    "n": "\u043f\u03b7\u0578\u0274",
    "o": "\u043e\u03bf\u03c3\u0585\u00f8\u0275",
    "p": "\u0440\u03c1",
    "q": "\u051b\u0566",
    "r": "\u0433\u0280",
    "s": "\u0455\ua731",
    "t": "\u0442\u03c4\u0167",
    "u": "\u057d\u03c5\u028b",
    "v": "\u0475\u03bd",
    "w": "\u051d\u0461\u03c9",
    "x": "\u0445\u03c7",
    "y": "\u0443\u04af\u03b3\u028f",
    "z": "\u1d22\u03b6\u0290",
}
_DIGITS_TOO = {"0": "o", "1": "l", "i": "l", "5": "s"}
_LATIN = {like: letter for letter, likes in _LOOKS_LIKE.items() for like in likes}
_LETTERS = str.maketrans(
    {like: _DIGITS_TOO.get(letter, letter) for like, letter in _LATIN.items()} | _DIGITS_TOO
)
_TOGETHER = (("rn", "m"), ("vv", "w"), ("cl", "d"))
# Scripts that are written together in one word, and with Latin (Unicode TR 39 5.2).
_EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"}


@dataclass(frozen=True, slots=True)
class _Shape:
    """A domain as it is compared: its first label, the rest, and what both look like."""

    first: str
    rest: str
    first_alike: str
    rest_alike: str


def looks_like(domain: str, known: Collection[str]) -> str:
    """Say in a sentence which known domain this one may be taken for, and why; '' when it is none.

    Domains are in A-labels. What is known, or above or below a known one, is no look-alike.
    """
    names = [name for each in islice(sorted(known), _MAX_KNOWN) for name in _names(ascii_domain(each))]
    if any(_related(domain, name) for name in names):
        return ""
    candidates = [_shape(name) for name in _names(domain)]
    for name in dict.fromkeys(names):
        why = "it holds it" if f".{name}." in f".{domain}." else _likeness(candidates, _shape(name))
        if why:
            return f"{readable(domain)} may be taken for {readable(name)}: {why}."
    return ""


def mixed_scripts(domain: str) -> str:
    """Say in a sentence which scripts one label of a domain mixes, as one Cyrillic letter in a Latin name."""
    if domain.isascii() and "xn--" not in domain:
        return ""
    for label in domain[:255].split("."):
        text = _unicode(label)
        scripts = {unicodedata.name(char, "").partition(" ")[0] for char in text if char.isalpha()}
        written_together = scripts & _EAST_ASIAN and scripts <= _EAST_ASIAN | {"LATIN"}
        if len(scripts) > 1 and not written_together:
            named = " and ".join(script.capitalize() for script in sorted(scripts))
            return f"{text} in the sender's domain mixes {named} letters."
    return ""


def readable(domain: str) -> str:
    """Give a domain for people: what A-labels stand for, with themselves in brackets."""
    domain = domain[:255]
    text = ".".join(map(_unicode, domain.split(".")))
    return domain if text == domain else f"{text} ({domain})"


def _names(domain: str) -> Iterator[str]:
    """Give a domain and those above it that begin with what can be a name."""
    labels = domain.split(".")
    above = (start for start in range(1, len(labels) - 1) if len(labels[start]) >= _LEAST_LETTERS)
    if len(labels) > 1:
        yield domain
    yield from (".".join(labels[start:]) for start in islice(above, _MAX_NAMES))


def _related(domain: str, known: str) -> bool:
    return domain == known or domain.endswith("." + known) or known.endswith("." + domain)


def _likeness(candidates: list[_Shape], known: _Shape) -> str:
    for each in candidates:
        same_rest = each.rest == known.rest
        if each.first_alike == known.first_alike and each.rest_alike == known.rest_alike:
            return "their letters look alike"
        if len(known.first) < _LEAST_LETTERS:
            continue
        if each.first_alike == known.first_alike:
            return "only the end is another"
        if same_rest and each.first_alike.replace("-", "") == known.first_alike.replace("-", ""):
            return "only hyphens differ"
        if same_rest and len(known.first) > _LEAST_LETTERS and _one_edit(each.first, known.first):
            return "one letter differs"
    return ""


@lru_cache(1024)
def _shape(domain: str) -> _Shape:
    first, _, rest = domain.partition(".")
    return _Shape(
        _unicode(first), rest, _alike(_unicode(first)), _alike(".".join(map(_unicode, rest.split("."))))
    )


def _alike(text: str) -> str:
    """Give texts that look alike one form (after Unicode TR 39 4)."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(char for char in letters if not unicodedata.combining(char)).translate(_LETTERS)
    for pair, letter in _TOGETHER:
        text = text.replace(pair, letter)
    return text


def _one_edit(one: str, other: str) -> bool:
    """Whether one letter was added, left out or replaced, or two neighbours changed places."""
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return abs(len(one) - len(other)) == 1
    one, other = one[start:], other[start:]
    swapped = one[1::-1] + one[2:]
    return other in {one[1:], swapped} or one[1:] == other[1:] or one == other[1:]


def _unicode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
