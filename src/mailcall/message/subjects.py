"""Subjects without what mail programs and gateways put before them. The command grammar will live here."""

# ruff: noqa: RUF001 - the prefixes of many scripts

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

MAX_SUBJECT = 998

_REPLY = (
    "re|ref|aw|antw|antwort|antwoord|sv|vs|vá|válasz|odp|ynt|yanıt|cevap|rif|r|res|resp|bls|ats|atb|απ|σχετ|ha|"
    "отв|ответ|відп|reaktie|回复|回覆|答复|答覆|返信|답장|회신|رد|תגובה|השב|บ|ตอบ"
)
_FORWARD = (
    "fwd?|fw|wg|weitergeleitet|tr|rv|reenv|enc|i|inoltr|vb|vl|vidarebefordrat|doorst|doorgest|pd|ilt|i̇lt|пер|"
    "пересл|перес|προωθ|továbbítás|tov|πρθ|转发|轉寄|轉發|転送|전달|إعادة توجيه|הועבר|ส่งต่อ"
)
# A counter stands before or after the colon's place: Re[2]:, RE(3):, Re^2:, Re*2:
_PREFIX = re.compile(
    rf"\s*(?:(?P<reply>{_REPLY})|(?P<forward>{_FORWARD}))"
    r"(?:\s?[\[(]\s?\d{1,4}\s?[\])]|[\^*]\d{1,4}|\s?\d{1,3}(?=\s?[:：]))?\s?[:：]",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")


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
        match = None if tag else _PREFIX.match(text)
        if match:
            reply = reply or match["reply"] is not None
            forward = forward or match["forward"] is not None
        elif not tag:
            return StrippedSubject(text.strip(), reply, forward)
        text = text[match.end() if match else len(tag) :]
