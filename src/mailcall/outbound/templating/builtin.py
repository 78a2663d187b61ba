"""The templates that Mailcall comes with, in each of its languages: files, compiled once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mailcall.outbound.message_types import TYPES, MessageType
from mailcall.outbound.templating.engine import Compiled, Engine
from mailcall.outbound.templating.mail_html import inlined
from mailcall.outbound.templating.wording import DEFAULT, LANGUAGES, nearest

FOLDER = Path(__file__).parent / "builtin"
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TAG_OR_LIQUID = re.compile(
    r"<title>.*?</title>|<[a-zA-Z][^>]*>|(?P<liquid>\{\{.*?\}\}|\{%.*?%\})", re.DOTALL
)
_HELD = re.compile(r"<!--liquid-(\d+)-->|liquid-(\d+)-")
_INCLUDE = re.compile(r"\{% include '(\w+)' %\}")


@dataclass(frozen=True, slots=True)
class Pair:
    """A template as HTML and as text."""

    html: Compiled
    text: Compiled


@cache
def engine(suffix: str, language: str) -> Engine:
    """The engine of `html` or `txt`, with the parts of the nearest language that has some."""
    return Engine(is_html=suffix == "html", parts=_parts(suffix, language))


@cache
def builtin(template: str, language: str) -> Pair:
    """A built-in template within its layout, in one of the languages that there are."""
    html = _styled(unstyled(template, language, "html"))
    text = unstyled(template, language, "txt")
    return Pair(engine("html", language).compile(html), engine("txt", language).compile(text))


def source(kind: MessageType, language: str, suffix: str) -> str:
    """What a built-in template says between head and foot, to begin one of one's own with."""
    return (FOLDER / language / f"{kind.template}.{suffix}").read_text("utf-8")


def layout_source(suffix: str) -> str:
    """The built-in layout: one for all languages."""
    return (FOLDER / f"layout.{suffix}").read_text("utf-8")


def all_builtin() -> Iterator[tuple[MessageType, str]]:
    """Each message type in each language."""
    return ((kind, language) for language in LANGUAGES for kind in TYPES.values())


def unstyled(template: str, language: str, suffix: str) -> str:
    """One source out of layout, template and parts: what is put together once is not each time."""
    inner = (FOLDER / language / f"{template}.{suffix}").read_text("utf-8").strip()
    whole = layout_source(suffix).replace("{{ content }}", inner)
    parts = _parts(suffix, language)
    while (text := _INCLUDE.sub(lambda match: parts[match[1]], whole)) != whole:
        whole = text
    return whole


def _styled(source: str) -> str:
    """A source with its styles on its elements, so that not each mail has to be parsed for that.

    What is Liquid stands aside meanwhile: as a word within a tag, else as a comment, which may stand
    anywhere. So `builtin/` must have its elements whole, whichever conditions hold, and write `<tbody>`.
    """
    liquid: list[str] = []

    def aside(match: re.Match[str]) -> str:
        if match["liquid"] is None:
            return _LIQUID.sub(lambda inner: hold(inner[0], "liquid-{}-"), match[0])
        return hold(match[0], "<!--liquid-{}-->")

    def hold(code: str, mark: str) -> str:
        liquid.append(code)
        return mark.format(len(liquid) - 1)

    html = inlined(_TAG_OR_LIQUID.sub(aside, source), trusted=True)
    return _HELD.sub(lambda match: liquid[int(match[1] or match[2])], html)


@cache
def _parts(suffix: str, language: str) -> Mapping[str, str]:
    folder = FOLDER / (nearest(language, LANGUAGES) or DEFAULT) / "parts"
    return {file.stem: file.read_text("utf-8") for file in sorted(folder.glob(f"*.{suffix}"))}
