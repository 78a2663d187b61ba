"""HTML of a mail made safe to show in a page: no script, no style sheet, no remote image unasked."""

import html as html_entities
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import nh3

from .html_bounds import MAX_HTML, UNSEEN, bounded_html

MAX_IN_DATA = (
    8 * 1024 * 1024
)  # characters of images that stand in the markup itself, each as often as it is shown
MAX_CLEAN = 16 * 1024 * 1024  # characters of what is given back

_TAGS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "address",
        "article",
        "aside",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "mark",
        "nav",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_SIZES = {"width", "height", "align", "valign", "bgcolor", "style", "dir", "lang", "title"}
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title", "align"},
    "a": {"href", "name"},
    "img": {"src", "srcset", "alt", "width", "height", "border"},
    "font": {"color", "face", "size"},
    "table": _SIZES | {"border", "cellpadding", "cellspacing", "background", "summary"},
    "td": _SIZES | {"colspan", "rowspan", "nowrap", "background"},
    "th": _SIZES | {"colspan", "rowspan", "nowrap", "background", "scope"},
    "tr": _SIZES | {"background"},
    "tbody": _SIZES,
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "div": {"background"},
    "hr": {"width", "size", "color"},
    "time": {"datetime"},
    "del": {"datetime"},
    "ins": {"datetime"},
}
_PROPERTIES = re.compile(
    r"(?:color|background(?:-color|-image)?|font(?:-family|-size|-style|-variant|-weight)?|line-height|"
    r"letter-spacing|word-spacing|text-(?:align|decoration|indent|transform)|vertical-align|white-space|"
    r"word-(?:break|wrap)|overflow-wrap|direction|"
    r"(?:margin|padding)(?:-(?:top|right|bottom|left))?|"
    r"border(?:-(?:top|right|bottom|left))?(?:-(?:color|style|width))?|border-(?:collapse|spacing|radius)|"
    r"list-style(?:-type|-position)?|(?:max-|min-)?(?:width|height)|display|float|clear|table-layout|empty-cells)\Z"
)
_VALUE = re.compile(r"[\w\s.,%#'\"!+-]*(?:(?:rgba?|hsla?)\([\d\s.,%/]*\)[\w\s.,%#'\"!+-]*)*\Z")
_CSS_URL = re.compile(r"url\s*\(\s*[\"']?([^\"')]*)", re.IGNORECASE)
_CSS_CID = re.compile(r"url\(\s*[\"']?cid:[^\"'()\s\\;]*", re.IGNORECASE)
_SAFE_URL = re.compile(r"https?://[^\s\"'()<>\\]+\Z", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|gif|jpe?g|webp|bmp)[;,]", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|mailto:|tel:|ftp://|#)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """Markup that is safe in a page, and how many remote images were left out of it."""

    html: str
    blocked_images: int


def clean_html(html: str, *, cid: Mapping[str, str] = {}, remote_images: bool = False) -> CleanHtml:
    """Clean a mail's HTML. `cid` gives the URL of each Content-ID (without brackets) or place.

    What would take the parser too long, or would become too much (too large, nested too deep, too many
    attributes, formatting never closed), is shown as escaped source instead.
    """
    bounded = bounded_html(html)
    if bounded is None:
        return _as_source(html)
    sieve = _Sieve(cid, remote_images=remote_images)
    cleaned = nh3.clean(
        bounded,
        tags=set(_TAGS),
        clean_content_tags=set(UNSEEN),
        attributes=_ATTRIBUTES,
        attribute_filter=sieve.attribute,
        url_schemes={"http", "https", "mailto", "tel", "ftp", "cid", "data"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )
    return CleanHtml(cleaned, sieve.blocked) if len(cleaned) <= MAX_CLEAN else _as_source(html)


def _as_source(html: str) -> CleanHtml:
    return CleanHtml(f"<pre>{html_entities.escape(html[:MAX_HTML])}</pre>", 0)


class _Sieve:
    """Decides on each attribute that the parser lets through."""

    def __init__(self, cid: Mapping[str, str], *, remote_images: bool) -> None:
        self.cid = cid
        self.remote_images = remote_images
        self.blocked = 0
        self.left = MAX_IN_DATA

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """Give the value to keep, or None to drop the attribute."""
        if name == "style":
            return self.style(value) or None
        if name in {"src", "background"}:
            return self.image(value.strip())
        if name == "srcset":
            return self.image_set(value)
        if name == "href":
            return value if _LINK.match(value.strip()) else None
        return value

    def image(self, address: str) -> str | None:
        """Keep an attached image or, where asked for, a remote one."""
        lower = address[:8].lower()
        if lower.startswith("cid:"):
            name = address[4:]
            found = self.cid.get(name) or self.cid.get(name.strip("<>")) or self.cid.get(unquote(name))
            return self.within_bounds(found, address)  # percent-encoded: RFC 2392 2
        if address in self.cid:  # by its Content-Location (RFC 2557)
            return self.within_bounds(self.cid[address], None)
        if _DATA_IMAGE.match(address):
            return address
        if not lower.startswith(("http:", "https:", "//", "ftp:")):
            return None
        if self.remote_images and _SAFE_URL.match(address):
            return address
        self.blocked += 1
        return None

    def within_bounds(self, found: str | None, otherwise: str | None) -> str | None:
        """Give the address found for an image, or another when too much stands in those before."""
        if not found or not found.startswith("data:"):
            return found
        self.left -= len(found)
        return found if self.left >= 0 else otherwise

    def image_set(self, value: str) -> str | None:
        """Keep a srcset of remote images only where they are asked for."""
        if re.search(r"(?:https?:)?//", value, re.IGNORECASE) and not self.remote_images:
            self.blocked += 1
            return None
        sources = [piece.split() for piece in value.split(",")[:20] if piece.strip()]
        return value if all(_SAFE_URL.match(source[0]) for source in sources) and sources else None

    def style(self, value: str) -> str:
        """Keep the declarations that only change how text looks; nothing escapes, loads or overlays."""
        kept: list[str] = []
        if (
            "\\" in value or "/*" in value or "@" in _CSS_CID.sub("", value)
        ):  # escapes and comments only serve to hide something
            if _CSS_URL.search(value):
                self.blocked += 1
            return ""
        for declaration in value[:10_000].split(";"):
            name, colon, content = declaration.partition(":")
            name, content = name.strip().lower(), content.strip()
            if _CSS_URL.search(content):
                content = self.css_image(name, content)
                if content:
                    kept.append(f"{name}:{content}")
            elif colon and content and _PROPERTIES.match(name) and _VALUE.match(content):
                kept.append(f"{name}:{content}")
        return ";".join(kept)

    def css_image(self, name: str, content: str) -> str:
        """Give `url("...")` for a background image that may be shown, else ''."""
        match = _CSS_URL.search(content)
        address = self.image(match[1].strip()) if match and name.startswith("background") else None
        if not address or re.search(r"[\"'()\\\s<>]", address):
            return ""
        if ";" in address and not _DATA_IMAGE.match(address):
            return ""
        return f'url("{address}")' if name in {"background", "background-image"} else ""
