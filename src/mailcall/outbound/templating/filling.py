"""From a template and data to the parts of a mail: subject, HTML, text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liquid import Markup

from mailcall.message.html_text import html_to_text
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.templating import builtin
from mailcall.outbound.templating.data import data_of
from mailcall.outbound.templating.engine import Compiled, TemplateError, without_blanks
from mailcall.outbound.templating.mail_html import inlined, with_mark
from mailcall.outbound.templating.wording import DEFAULT, LANGUAGES, in_words_of, nearest

MARKS = ("marker", "token_marker")  # what an answer is recognized by


@dataclass(frozen=True, slots=True)
class Filled:
    """What a mail says."""

    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """A template of an administrator, compiled. Without a text, that is made from the HTML."""

    language: str
    html: Compiled
    text: Compiled | None
    layout_html: Compiled | None
    layout_text: Compiled | None


def compile_template(
    language: str, html: str, text: str = "", layout_html: str = "", layout_text: str = ""
) -> Template:
    """Compile the sources of a template. Raises TemplateError."""
    as_html, as_text = builtin.engine("html", language), builtin.engine("txt", language)
    return Template(
        language,
        as_html.compile(html),
        as_text.compile(text) if text.strip() else None,
        as_html.compile(layout_html) if layout_html.strip() else None,
        as_text.compile(layout_text) if layout_text.strip() else None,
    )


def fill_builtin(kind: MessageType, language: str, values: Mapping[str, Any]) -> Filled:
    """A mail from the built-in template in the nearest language."""
    language = nearest(language, LANGUAGES) or DEFAULT
    template, data = builtin.builtin(kind.template, language), data_for(kind, language, values)
    return _marked(template.html.filled(data), template.text.filled(data), values)


def fill(template: Template, kind: MessageType, values: Mapping[str, Any]) -> Filled:
    """A mail from an administrator's template. Raises TemplateError."""
    data = data_for(kind, template.language, values)
    html = template.html.filled(data)
    if template.layout_html:
        html = template.layout_html.filled({**data, "content": Markup(html)})
    if not html.strip():
        raise TemplateError("It makes an empty mail.")
    if template.text is None:
        text = html_to_text(html)
    else:
        text = template.text.filled(data)
        if template.layout_text:
            text = template.layout_text.filled({**data, "content": text.strip()})
    return _marked(inlined(html), text, values)


def fill_line(template: Compiled, kind: MessageType, language: str, values: Mapping[str, Any]) -> str:
    """A text on one line, such as a subject. Raises TemplateError."""
    return " ".join(template.filled(data_for(kind, language, values)).split())


def data_for(kind: MessageType, language: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What templates can reach: the documented data that there is, in the words of a language."""
    offered = data_of(kind)
    data = without_blanks(values, (datum.name for datum in offered))
    said = {**in_words_of(language, data, offered)}
    return {**said, "language": language, "title": said.get("subject") or said.get("partition", "")}


def _marked(html: str, text: str, values: Mapping[str, Any]) -> Filled:
    """With the marks that a template left out."""
    text = text.strip() + "\n"
    for name in MARKS:
        if mark := values.get(name):
            html = with_mark(html, mark)
            text = text if mark in text else f"{text}{mark}\n"
    return Filled(html, text)
