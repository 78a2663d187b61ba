"""Liquid as templates of mails may use it: bounded in every way, and the same result each time.

What is counted are steps: a template that takes more than it may fails at the same place each time, on a
fast machine and on a slow one. The clock only ends what the steps did not foresee.
"""

import html
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from functools import partial
from io import StringIO
from typing import Any

from liquid import BoundTemplate, CachingDictLoader, Environment, Markup, RenderContext
from liquid.builtin.content import Literal
from liquid.builtin.filters import array, math, misc, string
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    for_tag,
    if_tag,
    include_tag,
    unless_tag,
)
from liquid.builtin.tags.inline_comment_tag import InlineCommentTag
from liquid.exceptions import LiquidError
from liquid.tag import Tag

MOST_SOURCE = 100_000  # characters of one template
MOST_EXPRESSION = 1_000  # characters between {{ and }}, or {% and %}
MOST_MARKUP = 3_000
MOST_OUTPUT = 500_000  # characters
MOST_LOCALS = 250_000  # bytes of what `assign` and `capture` keep
MOST_ITERATIONS = 5_000  # of all loops together
MOST_STEPS = 50_000  # nodes, filters and looked-up names; long texts count more
MOST_SECONDS = 10.0  # far more than the steps take
MOST_NUMBER = 10**12
MOST_ITEMS = 5_000
_STEP = 200  # characters that are worked on in one step

_OPENS = re.compile(r"\{\{|\{%")
_SMALL_RANGE = re.compile(r"\(\s*\d{1,3}\s*\.\.\s*\d{1,3}\s*\)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")

TAGS: dict[str, type[Tag]] = {
    "if": if_tag.IfTag,
    "unless": unless_tag.UnlessTag,
    "case": case_tag.CaseTag,
    "for": for_tag.ForTag,
    "break": for_tag.BreakTag,
    "continue": for_tag.ContinueTag,
    "assign": assign_tag.AssignTag,
    "capture": capture_tag.CaptureTag,
    "comment": comment_tag.CommentTag,
    "include": include_tag.IncludeTag,
}


class TemplateError(ValueError):
    """A template that can't be used: a sentence for people, with the line where it is known (from 1)."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line

    def __str__(self) -> str:
        sentence = super().__str__()
        return f"Line {self.line}: {sentence}" if self.line else sentence


class _Spent(LiquidError):
    """More than a template may use."""

    def __init__(self, what: str) -> None:
        super().__init__(what, token=None)


class _Context(RenderContext):
    """Counts what is done, and ends it when it is too much."""

    __slots__ = ("ends", "iterations", "steps")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.steps = self.iterations = 0
        self.ends = time.monotonic() + MOST_SECONDS
        super().__init__(*arguments, **named)

    @property
    def disabled_tags(self) -> list[str]:
        """Every node asks for these before it is rendered: the one place where each can be counted."""
        self.spend()
        return []

    @disabled_tags.setter
    def disabled_tags(self, _: object) -> None: ...

    def spend(self, characters: int = 0) -> None:
        """Count a step, and more for a long text. Raises LiquidError."""
        self.steps += 1 + characters // _STEP
        if self.steps > MOST_STEPS:
            raise _Spent("the template does too much: it is ended after so many steps")
        if time.monotonic() > self.ends:
            raise _Spent(f"the template takes more than {MOST_SECONDS:g} seconds")

    def get(self, path: list[object], **named: Any) -> object:
        """What a name stands for; the words of the language itself, such as `now`, are none here.

        All that is long has a name, so counting it here counts what is compared, too.
        """
        self.spend()
        value = super().get(path, **named)
        if characters := _characters(value):
            self.spend(characters)
        return value

    def filter(self, name: str, token: Any) -> Callable[..., object]:
        """A filter that can't be fed, nor yield, what would take long."""
        return partial(_bounded, super().filter(name, token), self, name)

    @contextmanager
    def loop(self, namespace: Mapping[str, object], forloop: Any) -> Any:
        """As Liquid's, with all loops of a template counted together."""
        self.iterations += forloop.length
        if self.iterations > MOST_ITERATIONS:
            raise _Spent(f"the loops of a template may go round {MOST_ITERATIONS:,} times in all")
        with super().loop(namespace, forloop) as context:
            yield context

    def get_buffer(self, buf: Any = None) -> Any:
        """Where `capture` writes to."""
        return _Output(self)


class _Output(StringIO):
    """What was written so far; long texts are counted."""

    def __init__(self, context: _Context) -> None:
        super().__init__()
        self._context = context
        self._left = MOST_OUTPUT

    def write(self, text: str) -> int:
        """Add a text. Raises LiquidError."""
        self._left -= len(text)
        if len(text) > _STEP:
            self._context.spend(len(text))
        if self._left < 0:
            raise _Spent(f"the mail would be longer than {MOST_OUTPUT:,} characters")
        return super().write(text)


def _bounded(
    function: Callable[..., object], context: _Context, name: str, *values: Any, **named: Any
) -> object:
    sizes = [_size(value) for value in (*values, *named.values())]
    context.spend(sum(sizes))
    grown = sizes[0] * (
        sizes[1] if name == "join" else sizes[2] if name == "replace" and len(sizes) > 2 else 1
    )
    if grown > MOST_OUTPUT or sum(sizes) > MOST_OUTPUT:
        raise _Spent(f"what “{name}” would make is too long")
    result = function(*values, **named)
    _size(result)
    return result


def _size(value: object) -> int:
    """Characters or items. Raises LiquidError for what no mail needs."""
    if isinstance(value, int | float) and not -MOST_NUMBER <= value <= MOST_NUMBER:
        raise _Spent("a number is too big")
    size = len(value) if isinstance(value, str | list | tuple | dict) else 1
    if size > (MOST_OUTPUT if isinstance(value, str) else MOST_ITEMS):
        raise _Spent("a text or a list is too long")
    return max(size, 1)


def _characters(value: object) -> int:
    """How much there is to compare: of a list, in all that it holds; 0 for what is no text."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(1 + _characters(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return sum(1 + _characters(inner) for inner in value)
    return 0


def quoted(text: object) -> str:
    """Each line of a text behind `> `, as mails quote."""
    return "".join(f"> {line}\n" for line in str(text or "").splitlines())


def paragraphs(text: object) -> Markup:
    """A plain text as HTML: an empty line parts paragraphs, others are broken where they are."""
    parts = re.split(r"\n{2,}", str(text or "").replace("\r\n", "\n").strip("\n"))
    lines = ("<br>\n".join(html.escape(line) for line in part.split("\n")) for part in parts)
    return Markup("\n".join(f"<p>{part}</p>" for part in lines))  # each line is escaped


def broken_lines(text: object) -> Markup:
    """A plain text as HTML, with its line breaks."""
    return Markup("<br>\n".join(html.escape(line) for line in str(text or "").splitlines()))  # escaped


def capital(text: object) -> str:
    """The first letter as a capital; the rest stays."""
    text = str(text or "")
    return text[:1].upper() + text[1:]


# Each with what it does, for the page. None depends on the clock, reaches out, or takes a text for HTML.
FILTERS: dict[str, tuple[Callable[..., object], str]] = {
    "default": (misc.default, "another value where there is none: {{ user | default: 'you' }}"),
    "capital": (capital, "first letter as a capital"),
    "upcase": (string.upcase, "all in capitals"),
    "downcase": (string.downcase, "all in small letters"),
    "truncate": (string.truncate, "at most so many characters: {{ text | truncate: 160 }}"),
    "truncatewords": (string.truncatewords, "at most so many words"),
    "strip": (string.strip, "without blanks at both ends"),
    "squish": (string.squish, "on one line, without needless blanks"),
    "append": (string.append, "with a text behind it"),
    "prepend": (string.prepend, "with a text before it"),
    "replace": (string.replace, "one text for another: {{ subject | replace: '&', 'and' }}"),
    "remove": (string.remove, "without a text"),
    "url_encode": (string.url_encode, "fit to stand in a link"),
    "quoted": (quoted, "each line behind >, for plain text"),
    "paragraphs": (paragraphs, "plain text as paragraphs of HTML"),
    "broken_lines": (broken_lines, "plain text as HTML, lines broken where they are"),
    "split": (string.split, "a text as a list: {{ user | split: ' ' | first }}"),
    "join": (array.join, "a list as a text: {{ files | join: ', ' }}"),
    "first": (array.first, "the first of a list"),
    "last": (array.last, "the last of a list"),
    "size": (misc.size, "how many there are in a list, or characters in a text"),
    "plus": (math.plus, "a number more"),
    "minus": (math.minus, "a number less"),
    "times": (math.times, "a number multiplied"),
    "divided_by": (math.divided_by, "a number divided"),
}


class _Template(BoundTemplate):
    context_class = _Context

    def filled(self, data: Mapping[str, object]) -> str:
        """The text. Raises LiquidError."""
        context = _Context(self, globals=data)
        buffer = _Output(context)
        self.render_with_context(context, buffer)
        return buffer.getvalue()


class _Language(Environment):
    """The tags and filters that there are."""

    template_class = _Template
    block_nesting_limit = 20
    context_depth_limit = 20
    local_namespace_limit = MOST_LOCALS
    suppress_blank_control_flow_blocks = False
    logical_not_operator = True

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        own: tuple[type[Tag], ...] = (Literal, Output, Illegal, InlineCommentTag)
        for tag in (*own, *TAGS.values()):
            self.add_tag(tag)
        for name, (function, _) in FILTERS.items():
            self.add_filter(name, function)


class Engine:
    """Compiles templates of one kind: HTML, in which values are escaped, or text. `parts` can be included."""

    def __init__(self, *, is_html: bool, parts: Mapping[str, str] | None = None) -> None:
        self._language = _Language(autoescape=is_html, loader=CachingDictLoader(dict(parts or {})))
        self.parts = frozenset(parts or ())

    def compile(self, source: str) -> "Compiled":
        """A template ready to be filled. Raises TemplateError."""
        _check_size(source)
        try:
            return Compiled(self._language.from_string(source), source)
        except LiquidError as error:
            raise _explained(error) from None
        except RecursionError:
            raise TemplateError("It is nested too deeply.") from None


class Compiled:
    """A template ready to be filled, any number of times, in any thread."""

    def __init__(self, template: BoundTemplate, source: str) -> None:
        assert isinstance(template, _Template)
        self.template = template
        self.source = source

    def names(self) -> list[str]:
        """The names that it looks up in the data, parts left aside."""
        return self.template.global_variables(include_partials=False)

    def filled(self, data: Mapping[str, object]) -> str:
        """The text for this data; names that are not in it are empty. Raises TemplateError."""
        try:
            return self.template.filled(data)
        except LiquidError as error:
            raise _explained(error) from None
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise TemplateError(f"It can't be filled: {error}.") from None


def _check_size(source: str) -> None:
    """Refuse what would take a parser long, by one linear scan. Raises TemplateError."""
    if len(source) > MOST_SOURCE:
        raise TemplateError(f"It is too long: {len(source):,} characters, of {MOST_SOURCE:,} at most.")
    position = count = 0
    while match := _OPENS.search(source, position):
        start, line = match.start(), line_of(source, match.start())
        count += 1
        end = source.find("}}" if match[0] == "{{" else "%}", start + 2, start + MOST_EXPRESSION)
        if end < 0:
            raise TemplateError(f"What {match[0]} begins does not end within {MOST_EXPRESSION:,}.", line)
        if count > MOST_MARKUP:
            raise TemplateError(f"There are more than {MOST_MARKUP:,} tags and values.", line)
        inner = source[start + 2 : end]
        if ".." in _SMALL_RANGE.sub("", _QUOTED.sub("", inner)):
            raise TemplateError("A range is of small numbers, such as (1..5).", line)
        if inner.strip(" -\n") == "raw" and match[0] == "{%":
            raise TemplateError("“raw” can't be used.", line)
        position = end + 2


def line_of(source: str, position: int) -> int:
    """The line of a position in a text, from 1."""
    return source.count("\n", 0, position) + 1


def _explained(error: LiquidError) -> TemplateError:
    token = error.token
    line = line_of(token.source, token.start_index) if token and token.start_index >= 0 else 0
    sentence = str(error.message or "it can't be read").strip().rstrip(".")
    return TemplateError(f"{capital(sentence)}.", line)


def without_blanks(data: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The data of these names that is not empty: so `{% if text %}` asks what people mean by it."""
    return {name: _solid(data[name]) for name in names if data.get(name)}


def _solid(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _solid(inner) for name, inner in value.items() if inner}
    if isinstance(value, list):
        return [_solid(inner) for inner in value]
    return value
