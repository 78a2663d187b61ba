"""Subjects without what mail programs and gateways put before them."""

# ruff: noqa: RUF001 - the colon of another script

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from .prefix_words import forward_words, reply_words

MAX_SUBJECT = 998

_REPLY, _FORWARD = reply_words(), forward_words()
_LONGEST = max(map(len, _REPLY | _FORWARD))
_FARTHEST_COLON = _LONGEST + 20  # with a counter and blanks before it
# A counter stands before the colon: Re[2]:, RE(3):, Re^2:, Re*2:, Re2:
_PREFIX = re.compile(
    rf"\s?(?P<words>[^\s:：\[\](){{}}^*\d][^:：\[\](){{}}^*\d]{{0,{_LONGEST + 3}}}?)"
    r"(?:\s?[\[(]\s?\d{1,4}\s?[\])]|[\^*]\d{1,4}|\s?\d{1,3}(?=\s?[:：]))?\s?[:：]"
)
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class StrippedSubject:
    """A subject's own text, and whether reply or forward prefixes stood before it."""

    text: str
    reply: bool
    forward: bool


def clean_subject(subject: str) -> str:
    """Drop control and invisible characters and collapse white space."""
    if subject.isascii() and subject.isprintable():
        return " ".join(subject[: 4 * MAX_SUBJECT].split())[:MAX_SUBJECT]
    visible = _INVISIBLE.sub("", subject[: 4 * MAX_SUBJECT])
    text = "".join(
        " " if char.isspace() else char for char in visible if char.isspace() or not _control(char)
    )
    return " ".join(text.split())[:MAX_SUBJECT]


def _control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"}


def strip_prefixes(subject: str, gateway_tags: Collection[str] = ()) -> StrippedSubject:
    """Strip any run of reply and forward prefixes, counters included, and the account's gateway tags."""
    return _strip(subject, tuple(gateway_tags))


@lru_cache(512)  # several rules, and whoever answers, ask for the same
def _strip(subject: str, gateway_tags: tuple[str, ...]) -> StrippedSubject:
    text = clean_subject(subject)
    tags = sorted((tag.casefold() for tag in map(clean_subject, gateway_tags) if tag), key=len, reverse=True)
    reply = forward = False
    while True:
        text = text.lstrip()
        tag = next((tag for tag in tags if text[: len(tag)].casefold() == tag), "")
        end = len(tag)
        near = "" if tag else text[:_FARTHEST_COLON]  # most subjects have no colon there
        if (":" in near or "：" in near) and (match := _PREFIX.match(text)):
            words = _folded(match["words"])
            reply = reply or words in _REPLY
            forward = forward or words in _FORWARD
            end = match.end() if words in _REPLY or words in _FORWARD else 0
        if not end:
            return StrippedSubject(text.strip(), reply, forward)
        text = text[end:]


def _folded(words: str) -> str:
    """Make any spelling of the words one; a Turkish dotted capital leaves a dot above when case-folded."""
    return unicodedata.normalize("NFC", words).casefold().replace("i\u0307", "i")
