"""Whether HTML does well in mail programs: no script, no fixed width, dark screens, alt texts, contrast."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from mailcall.message.word_lists import words
from mailcall.outbound.templating.mail_html import inlined

LEAST_CONTRAST = 4.5  # WCAG 2.2 1.4.3
WIDEST = 640  # pixels; narrower screens are common, wider previews are not
_DARK = re.compile(
    r"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*[^{}]*)\}", re.IGNORECASE
)
_REFUSED = frozenset(words("script|iframe|object|embed|form|input|button|link|base|video|audio"))
_VOID = frozenset(words("area|base|br|col|embed|hr|img|input|link|meta|source|wbr"))
_UNSEEN = frozenset(("style", "title", "head", "script"))
_PIXELS = re.compile(r"(\d+)\s*(?:px)?\Z")
_NAMES = {
    "white": "#ffffff", "black": "#000000", "red": "#ff0000", "green": "#008000", "blue": "#0000ff",
    "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "yellow": "#ffff00", "navy": "#000080",
    "orange": "#ffa500", "darkgray": "#a9a9a9", "lightgray": "#d3d3d3", "teal": "#008080",
}  # fmt: skip
Colour = tuple[int, int, int]


def warnings_of(html: str) -> list[str]:
    """What a mail program would do badly with, in sentences; `html` has its styles on its elements."""
    seen = _read(html)
    found = list(seen.warnings)
    dark = _DARK.search(html)
    if dark is None:
        found.append(
            "It has no colours for dark screens: put some under @media (prefers-color-scheme: dark)."
        )
    else:
        darkened = _read(inlined(html[: dark.start()] + dark[1] + html[dark.end() :]))
        found += [f"On dark screens: {one}" for one in darkened.contrasts]
    return list(dict.fromkeys([*found, *seen.contrasts]))


def _read(html: str) -> "_Reader":
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


@dataclass(slots=True)
class _Look:
    """The colours that text has within an element."""

    tag: str
    colour: Colour = (0, 0, 0)
    background: Colour = (255, 255, 255)


@dataclass
class _Reader(HTMLParser):
    warnings: list[str] = field(default_factory=list)
    contrasts: list[str] = field(default_factory=list)
    looks: list[_Look] = field(default_factory=lambda: [_Look("")])

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge an element, and note what its text looks like."""
        attributes = {name: value or "" for name, value in attrs}
        self.warnings += _about_element(tag, attributes)
        look, outer = _styles(attributes.get("style", "")), self.looks[-1]
        if tag in _VOID:
            return
        colour = _colour(look.get("color", "")) or _colour(attributes.get("color", "")) or outer.colour
        background = (
            _colour(look.get("background-color", ""))
            or _colour(look.get("background", ""))
            or _colour(attributes.get("bgcolor", ""))
            or outer.background
        )
        self.looks.append(_Look(tag, colour, background))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and what was left open in it."""
        for at in range(len(self.looks) - 1, 0, -1):
            if self.looks[at].tag == tag:
                del self.looks[at:]
                return

    def handle_data(self, data: str) -> None:
        """Judge a text by the colours around it."""
        look = self.looks[-1]
        if not data.strip() or any(outer.tag in _UNSEEN for outer in self.looks):
            return
        ratio = contrast(look.colour, look.background)
        if ratio < LEAST_CONTRAST:
            self.contrasts.append(
                f"“{' '.join(data.split())[:40]}” is hard to read: its colour has a contrast of "
                f"{ratio:.1f} to what is behind it, and {LEAST_CONTRAST} is the least."
            )


def _about_element(tag: str, attributes: Mapping[str, str]) -> Iterator[str]:
    if tag in _REFUSED:
        yield f"<{tag}> does nothing in mail programs, or has the mail taken for a bad one."
    if any(name.startswith("on") for name in attributes):
        yield "Scripts, such as onclick, do nothing in mail programs."
    if any(value.strip().lower().startswith("javascript:") for value in attributes.values()):
        yield "A link with javascript: does nothing in mail programs."
    if tag == "img":
        if "alt" not in attributes:
            yield f"The image {attributes.get('src', '')[:60]} has no alt text: some people don't see images."
        if attributes.get("src", "").startswith(("http:", "https:", "//")):
            yield f"The image {attributes['src'][:60]} is elsewhere, and most mail programs fetch none."
    style = _styles(attributes.get("style", ""))
    for width in (attributes.get("width", ""), style.get("width", ""), style.get("min-width", "")):
        if (pixels := _PIXELS.match(width.strip())) and int(pixels[1]) > WIDEST:
            yield f"<{tag}> is {pixels[1]} pixels wide, more than narrow screens have: use max-width."


def _styles(style: str) -> dict[str, str]:
    """The declarations of a style attribute, the last of a name, or its last important one."""
    found: dict[str, str] = {}
    important: set[str] = set()
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip().lower()
        is_important = value.endswith("!important")
        if is_important or name not in important:
            found[name] = value.removesuffix("!important").strip()
        if is_important:
            important.add(name)
    return found


def _colour(value: str) -> Colour | None:
    """A colour such as `#1f2733`, `#fff` or `white`; None for others."""
    text = _NAMES.get(value.split(" ", 1)[0], value.split(" ", 1)[0])
    digits = text.removeprefix("#")
    if not text.startswith("#") or len(digits) not in {3, 6}:
        return None
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    try:
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    except ValueError:
        return None


def contrast(one: Colour, other: Colour) -> float:
    """How well two colours stand out from each other, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
