"""Values that languages have words of their own for: states, names of things, moments."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mailcall.outbound.templating.data import Datum, Kind

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Wording:
    """A language's words for what the message table says in English. `openings` begin subjects."""

    things: Mapping[str, str]
    words: Mapping[str, str]
    days: Mapping[str, str]
    months: Mapping[str, str]
    moment: str  # with day, number, month, year, time and zone
    openings: Mapping[str, str]


_GERMAN = Wording(
    things={"call": "Meldung", "request": "Auftrag", "task": "Aufgabe", "approval": "Freigabe"},
    words={
        "Open": "Offen",
        "Open/Resolved": "Offen, gelöst",
        "Open/Unresolved": "Offen, nicht gelöst",
        "Closed": "Abgeschlossen",
        "Closed/Unresolved": "Abgeschlossen, nicht gelöst",
        "Closed-Approved": "Abgeschlossen, genehmigt",
        "Closed-Rejected": "Abgeschlossen, abgelehnt",
        "Cancelled": "Abgebrochen",
        "Waiting": "Wartet",
        "Skipped": "Übersprungen",
        "approved": "genehmigt",
        "rejected": "abgelehnt",
        "withdrawn": "zurückgezogen",
        "response": "Antwort",
        "resolution": "Lösung",
    },
    days=dict(
        zip(
            ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
            ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
            strict=True,
        )
    ),
    months={
        "January": "Januar",
        "February": "Februar",
        "March": "März",
        "May": "Mai",
        "June": "Juni",
        "July": "Juli",
        "October": "Oktober",
        "December": "Dezember",
    },
    moment="{0}, {1}. {2} {3} um {4} {5}",
    openings={
        "Reminder": "Erinnerung",
        "Overdue": "Überfällig",
        "Escalation": "Eskalation",
        "Breach": "Frist verletzt",
        "Service levels": "Servicelevel",
        "Your decision, please": "Ihre Entscheidung, bitte",
        "Reminder: your decision, please": "Erinnerung: Ihre Entscheidung, bitte",
        "Nothing left to decide": "Nichts mehr zu entscheiden",
        "Decided in your name": "In Ihrem Namen entschieden",
        "Was it you?": "Waren Sie es?",
        "Not accepted": "Nicht angenommen",
        "Answer": "Antwort",
        "Done": "Erledigt",
        "Not done": "Nicht getan",
        "Partly done": "Teilweise erledigt",
    },
)
WORDINGS: Mapping[str, Wording] = {"de": _GERMAN}
LANGUAGES = {DEFAULT: "English", "de": "German"}  # of the built-in templates

_MOMENT = re.compile(r"(\w+), (\d{1,2}) (\w+) (\d{4}) at (\d\d:\d\d) (\S+)\Z")


def nearest(language: str, among: Iterable[str]) -> str:
    """The best of some languages for a tag: itself, then less and less particular; empty if none fits.

    RFC 4647 3.4.
    """
    by_case = {one.casefold(): one for one in among}
    tag = language.casefold()
    while tag and tag not in by_case:
        tag = tag.rpartition("-")[0]
    return by_case.get(tag, "")


def opening_in(language: str, opening: str) -> str:
    """What a subject begins with, in a language."""
    wording = WORDINGS.get(language)
    return wording.openings.get(opening, opening) if wording else opening


def in_words_of(language: str, values: Mapping[str, Any], data: Iterable[Datum]) -> Mapping[str, Any]:
    """Values as a language says them; what it has no word for stays."""
    wording = WORDINGS.get(language)
    if wording is None:
        return values
    kinds = {datum.name: datum.kind for datum in data}
    return {name: _said(wording, kinds.get(name), value) for name, value in values.items()}


def _said(wording: Wording, kind: Kind | None, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if kind == Kind.THING:
        what, blank, number = value.partition(" ")
        return f"{wording.things.get(what, what)}{blank}{number}"
    if kind == Kind.WORD:
        return wording.words.get(value) or wording.things.get(value, value)
    return _moment(wording, value) if kind == Kind.MOMENT else value


def moment_in(language: str, moment: str) -> str:
    """A moment as the message table has it, as a language says it."""
    wording = WORDINGS.get(nearest(language, WORDINGS))
    return _moment(wording, moment) if wording else moment


def _moment(wording: Wording, moment: str) -> str:
    match = _MOMENT.match(moment)
    if match is None:
        return moment
    day, number, month, *rest = match.groups()
    return wording.moment.format(wording.days.get(day, day), number, wording.months.get(month, month), *rest)
