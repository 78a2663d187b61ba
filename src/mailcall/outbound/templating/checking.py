"""What is wrong with a template before it is kept: sentences for whoever writes it, each with its line."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mailcall.grammar import DEFAULT as ORIGINAL_WORDS
from mailcall.grammar import LANGUAGES as WORD_LANGUAGES
from mailcall.grammar import Words, parse
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.templating import builtin
from mailcall.outbound.templating.data import Datum, Kind, data_of, sample_of
from mailcall.outbound.templating.engine import FILTERS, TAGS, Compiled, TemplateError, line_of
from mailcall.outbound.templating.filling import Template, compile_template, fill, fill_line
from mailcall.outbound.templating.mail_check import warnings_of
from mailcall.outbound.templating.mail_html import why_not_inlined

IN_LAYOUTS = ("content", "language", "title", "quote", "quote_html", "approval", "thing", "account")
_ALWAYS = ("language", "title")
MOST_PROBLEMS = 20  # shown at once
_OF_LOOPS = frozenset(("index", "index0", "rindex", "rindex0", "first", "last", "length", "parentloop"))
_OF_LISTS = frozenset(("size", "first", "last"))
_INCLUDE = re.compile(r"\{%-?\s*include\b(.*?)-?%\}", re.DOTALL)
_PART = re.compile(r"\s*['\"](\w+)['\"]\s*\Z")
_CID = re.compile(r"\bcid:([^\"'\s)>]+)", re.IGNORECASE)
_ALL_WORDS = Words.of(languages=WORD_LANGUAGES)


@dataclass(frozen=True, slots=True)
class Sources:
    """What somebody wrote: each as Liquid. An empty text is made from the HTML."""

    subject: str = ""
    html: str = ""
    text: str = ""
    layout_html: str = ""
    layout_text: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a template can't be kept: where, and a sentence. `line` is 0 where it has none."""

    place: str  # subject, html, text, layout_html, layout_text
    sentence: str
    line: int = 0

    def __str__(self) -> str:
        where = f"{PLACES[self.place]}, line {self.line}" if self.line else PLACES[self.place]
        return f"{where}: {self.sentence}"


PLACES = {
    "subject": "Subject",
    "html": "HTML",
    "text": "Text",
    "layout_html": "HTML of the layout",
    "layout_text": "Text of the layout",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: with a problem it can't be kept; warnings are for people to weigh."""

    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def check(
    kind: MessageType,
    language: str,
    sources: Sources,
    *,
    files: Collection[str] = (),
    short: bool = False,
) -> Checked:
    """Judge a template of a message type; `files` are its content ids. A `short` one is text alone."""
    problems = [*_check_places(kind, language, sources), *_check_shape(sources, short=short)]
    if not problems:
        problems += _check_filled(kind, language, sources, files, short=short)
    if problems or short:
        return Checked(tuple(problems[:MOST_PROBLEMS]))
    filled = fill(_compiled(language, sources), kind, sample_of(kind))
    return Checked((), (*warnings_of(filled.html), *_missing(kind, sources)))


def check_words(kinds: Sequence[MessageType], text: str) -> list[str]:
    """Judge a text for analysts' mails of these types, of which it may have the data of any."""
    try:
        compiled = builtin.engine("txt", "").compile(text)
        compiled.filled({})
    except TemplateError as error:
        return [str(error)]
    found = [
        [f"Line {line}: {what}" for what, line in _unknown(compiled, one, in_layout=False)] for one in kinds
    ]
    return min(found, key=len)[:MOST_PROBLEMS]


def check_layout(html: str, text: str) -> list[Problem]:
    """Judge a layout by itself: that it can be read, and has a place for what it is around."""
    problems = []
    for place, source in (("layout_html", html), ("layout_text", text)):
        suffix = "html" if place == "layout_html" else "txt"
        try:
            compiled = builtin.engine(suffix, "en").compile(source)
        except TemplateError as error:
            problems.append(Problem(place, error.args[0], error.line))
            continue
        if source.strip() and "content" not in compiled.names():
            problems.append(Problem(place, "It has no place for what it is around: write {{ content }}."))
    return problems


def _check_places(kind: MessageType, language: str, sources: Sources) -> Iterator[Problem]:
    for place in PLACES:
        source = getattr(sources, place)
        engine = builtin.engine("html" if place.endswith("html") else "txt", language)
        try:
            compiled = engine.compile(source)
        except TemplateError as error:
            yield Problem(place, error.args[0], error.line)
            continue
        for sentence, line in _unknown(compiled, kind, in_layout=place.startswith("layout")):
            yield Problem(place, sentence, line)
        for match in _INCLUDE.finditer(source):
            part = _PART.match(match[1])
            if part is None or part[1] not in engine.parts:
                known = ", ".join(f"'{name}'" for name in sorted(engine.parts))
                yield Problem(
                    place, f"Only these parts can be included: {known}.", line_of(source, match.start())
                )


def _unknown(compiled: Compiled, kind: MessageType, *, in_layout: bool) -> Iterator[tuple[str, int]]:
    """Names, parts of names and filters that there are not."""
    known = {datum.name: datum for datum in data_of(kind)}
    names = {*known, *(IN_LAYOUTS if in_layout else _ALWAYS)}
    found = compiled.template.analyze(include_partials=False)
    for name, places in found.globals.items():
        if name not in names:
            for place in places:
                yield _no_such(name, names), line_of(compiled.source, place.span.index)
    parts = {part.name for datum in known.values() for part in datum.parts}
    for name, places in found.variables.items():
        for place in places:
            if sentence := _wrong_part(name, list(place.segments[1:]), known.get(name), parts):
                yield sentence, line_of(compiled.source, place.span.index)
    for name, spans in found.filters.items():
        if name not in FILTERS:
            near = _near(name, FILTERS)
            for span in spans:
                yield f"There is no filter “{name}”.{near}", line_of(compiled.source, span.index)
    for name, spans in found.tags.items():
        if name not in {*TAGS, "#"}:
            for span in spans:
                yield f"“{name}” can't be used.", line_of(compiled.source, span.index)


def _wrong_part(name: str, segments: list[Any], datum: Datum | None, parts: set[str]) -> str:
    names = [segment for segment in segments if isinstance(segment, str)]
    if name == "forloop":
        allowed = set(_OF_LOOPS)
    elif datum is None:
        allowed = {*parts, *_OF_LISTS}
    elif datum.kind == Kind.LIST:
        allowed = {*(part.name for part in datum.parts), *_OF_LISTS}
    else:
        allowed = {"size"}
    wrong = next((one for one in names if one not in allowed), "")
    return f"“{name}” has no “{wrong}”.{_near(wrong, allowed)}" if wrong else ""


def _no_such(name: str, names: Collection[str]) -> str:
    offered = ", ".join(sorted(names))
    return f"There is no “{name}” in this message type.{_near(name, names) or f' There are: {offered}.'}"


def _near(name: str, names: Collection[str]) -> str:
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(f'“{one}”' for one in near)}?" if near else ""


def _check_shape(sources: Sources, *, short: bool) -> Iterator[Problem]:
    if short and not sources.text.strip():
        yield Problem("text", "A short text must say something.")
    if not short and not sources.html.strip():
        yield Problem("html", "A mail must say something.")
    if len(sources.subject.splitlines()) > 1:
        yield Problem("subject", "A subject is one line.")


def _check_filled(
    kind: MessageType, language: str, sources: Sources, files: Collection[str], *, short: bool
) -> Iterator[Problem]:
    """What shows when it is filled with a sample, and with nothing."""
    sample = sample_of(kind)
    for values in (sample, {}):
        try:
            if sources.subject.strip():
                subject = fill_line(_line(language, sources.subject), kind, language, values)
                if command := command_in(subject):
                    yield Problem("subject", command)
                    return
            if short:
                fill_line(_line(language, sources.text), kind, language, values)
                continue
            filled = fill(_compiled(language, sources), kind, values)
        except TemplateError as error:
            if values:  # without any data a mail may be empty
                yield Problem("text" if short else "html", error.args[0], error.line)
                return
            continue
        if why := why_not_inlined(filled.html):
            yield Problem("html", why)
            return
        for cid in dict.fromkeys(_CID.findall(filled.html)):
            if cid not in files:
                yield Problem("html", f"There is no image “{cid}” here: add it as a file first.")
                return


def command_in(subject: str) -> str:
    """Why a subject would be taken for a command if somebody answers, or wrote it; empty if it would not."""
    for words in (ORIGINAL_WORDS, _ALL_WORDS):
        if parse(subject, words).is_command:
            return f"“{subject[:100]}” is a command, which whoever answers would give. Put other words first."
    return ""


def _missing(kind: MessageType, sources: Sources) -> Iterator[str]:
    """What a mail of this kind is of no use without."""
    whole = sources.html + sources.layout_html
    if "include" in whole:
        return
    for datum in data_of(kind):
        if datum.needed and datum.name not in whole:
            yield f"It has no {{{{ {datum.name} }}}}: {datum.meaning}. Without it the mail is of little use."


def _line(language: str, source: str) -> Compiled:
    return builtin.engine("txt", language).compile(source)


def _compiled(language: str, sources: Sources) -> Template:
    return compile_template(language, sources.html, sources.text, sources.layout_html, sources.layout_text)
