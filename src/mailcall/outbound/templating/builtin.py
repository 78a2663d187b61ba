"""The templates that Mailcall comes with, in each of its languages: files, compiled once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mailcall.outbound.message_types import TYPES, MessageType
from mailcall.outbound.templating.engine import Compiled, Engine
from mailcall.outbound.templating.wording import DEFAULT, LANGUAGES, nearest

FOLDER = Path(__file__).parent / "builtin"
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
    html, text = (
        engine(suffix, language).compile(_whole(template, language, suffix)) for suffix in ("html", "txt")
    )
    return Pair(html, text)


def source(kind: MessageType, language: str, suffix: str) -> str:
    """What a built-in template says between head and foot, to begin one of one's own with."""
    return (FOLDER / language / f"{kind.template}.{suffix}").read_text("utf-8")


def layout_source(suffix: str) -> str:
    """The built-in layout: one for all languages."""
    return (FOLDER / f"layout.{suffix}").read_text("utf-8")


def all_builtin() -> Iterator[tuple[MessageType, str]]:
    """Each message type in each language."""
    return ((kind, language) for language in LANGUAGES for kind in TYPES.values())


def _whole(template: str, language: str, suffix: str) -> str:
    """One source out of layout, template and parts: what is put together once is not each time."""
    inner = (FOLDER / language / f"{template}.{suffix}").read_text("utf-8").strip()
    whole = layout_source(suffix).replace("{{ content }}", inner)
    parts = _parts(suffix, language)
    while (text := _INCLUDE.sub(lambda match: parts[match[1]], whole)) != whole:
        whole = text
    return whole


@cache
def _parts(suffix: str, language: str) -> Mapping[str, str]:
    folder = FOLDER / (nearest(language, LANGUAGES) or DEFAULT) / "parts"
    return {file.stem: file.read_text("utf-8") for file in sorted(folder.glob(f"*.{suffix}"))}
