"""What code says in mails, outside of templates, in each language of the built-in ones."""

from collections.abc import Mapping
from enum import StrEnum

from mailcall.outbound.templating.wording import DEFAULT, nearest


class Phrase(StrEnum):
    """One of them, by its words in English."""

    WROTE = "On {when}, {who} wrote:"
    SOMEBODY = "somebody"
    FORWARDED = "---------- Forwarded message ----------"
    FROM = "From"
    DATE = "Date"
    SUBJECT = "Subject"
    TO = "To"
    CC = "Cc"
    ONE_NOTICE = "1 notice"
    NOTICES = "{count} notices"


PHRASES: Mapping[str, Mapping[Phrase, str]] = {
    "de": {
        Phrase.WROTE: "Am {when} schrieb {who}:",
        Phrase.SOMEBODY: "jemand",
        Phrase.FORWARDED: "---------- Weitergeleitete Nachricht ----------",
        Phrase.FROM: "Von",
        Phrase.DATE: "Datum",
        Phrase.SUBJECT: "Betreff",
        Phrase.TO: "An",
        Phrase.CC: "Kopie",
        Phrase.ONE_NOTICE: "1 Hinweis",
        Phrase.NOTICES: "{count} Hinweise",
    }
}


def said(phrase: Phrase, language: str, **values: object) -> str:
    """A phrase in the nearest language that has it, else in English."""
    words = PHRASES.get(nearest(language, PHRASES) or DEFAULT, {}).get(phrase, phrase.value)
    return words.format(**values)


def in_all_languages(phrase: Phrase) -> list[str]:
    """How a phrase without values may stand in a mail."""
    return [phrase.value, *(words[phrase] for words in PHRASES.values())]
