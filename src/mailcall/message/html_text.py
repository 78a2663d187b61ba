"""The text of an HTML body as a person would read it, by one linear scan that survives any markup."""

import html
import re

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "header",
        "li",
        "main",
        "nav",
        "ol",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "p",
        "pre",
        "blockquote",
        "hr",
    ]
)
_SPACED = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre", "table"])
_HIDDEN = ("script", "style", "head", "title", "template", "svg", "xml")
_TAG = re.compile(r"/?[a-zA-Z][^\s/>]{0,60}")
_ATTRIBUTE = re.compile(r"""(?:^|[\s"'/])(href|alt|style)\s*=\s*("[^"]*"|'[^']*'|[^\s>]*)""", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_INVISIBLE = re.compile(r"[\u200b\u200c\u2060\ufeff\u00ad]")
_MAX_LINK = 2_000


class _Writer:
    """Collects lines; knows how deep in quotations the text stands."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quote = 0
        self.pre = 0

    def text(self, data: str) -> None:
        """Add running text; white space collapses outside `pre`."""
        if self.pre:
            first, *more = data.replace("\r\n", "\n").split("\n")
            self.line.append(first)
            for piece in more:
                self.end_line(force=True)
                self.line.append(piece)
            return
        data = _SPACE.sub(" ", data)
        if data == " " and (not self.line or self.line[-1].endswith(" ")):
            return
        if data.startswith(" ") and (not self.line or self.line[-1].endswith(" ")):
            data = data[1:]
        if data:
            self.line.append(data)

    def end_line(self, *, force: bool = False) -> None:
        """End the line; an empty one only counts when forced."""
        content = _INVISIBLE.sub("", "".join(self.line)).replace("\xa0", " ").rstrip()
        self.line = []
        if content or force:
            # Quotes deeper than any person reads would make the text grow with the square of the markup.
            self.lines.append((">" * min(self.quote, 20) + (" " if self.quote and content else "")) + content)

    def blank(self) -> None:
        """Leave one empty line."""
        self.end_line()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(">" * min(self.quote, 20))


def html_to_text(markup: str) -> str:
    """Give the readable text: blocks as lines, `blockquote` as `>` lines, links with their address."""
    writer = _Writer()
    links: list[tuple[str, int, int]] = []
    never_closed: set[str] = set()
    position, size = 0, len(markup)
    while position < size:
        start = markup.find("<", position)
        if start < 0:
            break
        if start > position:
            writer.text(html.unescape(markup[position:start]))
        if markup.startswith("<!--", start):
            end = -1 if "-->" in never_closed else markup.find("-->", start)
            if end < 0:
                never_closed.add("-->")
            position = end + 3 if end >= 0 else start + 4
            continue
        if markup.startswith(("<!", "<?"), start):
            end = markup.find(">", start)
            position = end + 1 if end >= 0 else size
            continue
        match = _TAG.match(markup, start + 1)
        end = _tag_end(markup, start) if match else -1
        if not match or end < 0:
            writer.text("<")
            position = start + 1
            if match:
                writer.text(html.unescape(markup[position:]))
                break
            continue
        name = match[0].lower()
        inside = markup[match.end() : end]
        position = end + 1
        if name in _HIDDEN and not inside.endswith("/") and name not in never_closed:
            close = _find_close(markup, name, position)
            if close < 0:
                never_closed.add(name)
            else:
                position = close
            continue
        _tag(writer, links, name, inside)
    if position < size:
        writer.text(html.unescape(markup[position:]))
    writer.end_line()
    return _squeezed(writer.lines)


def _tag_end(markup: str, start: int) -> int:
    """Find the `>` of a tag; one inside a quoted attribute is passed over, within reason."""
    end = markup.find(">", start)
    for _ in range(4):
        if end < 0 or end - start > _MAX_LINK or not (markup.count('"', start, end) % 2):
            return end
        further = markup.find(">", end + 1, start + _MAX_LINK)
        if further < 0:
            return end
        end = further
    return end


def _find_close(markup: str, name: str, position: int) -> int:
    match = re.compile(rf"</{name}\b[^>]{{0,200}}>", re.IGNORECASE).search(markup, position)
    return match.end() if match else -1


def _tag(writer: _Writer, links: list[tuple[str, int, int]], name: str, inside: str) -> None:
    bare = name.lstrip("/")
    closing = name.startswith("/")
    if bare == "br":
        writer.end_line(force=True)
    elif bare == "hr":
        writer.end_line()
        writer.lines.append(">" * min(writer.quote, 20) + "_" * 32)
    elif bare == "blockquote":
        writer.end_line()
        writer.quote = max(0, writer.quote + (-1 if closing else 1))
    elif bare == "img":
        alt = _attribute(inside, "alt")
        if alt:
            writer.text(f"[{alt[:200]}]")
    elif bare == "a":
        _link(writer, links, closing, inside)
    elif bare in {"td", "th"} and writer.line:
        writer.text(" ")
    elif bare in _BLOCKS:
        writer.end_line()
        if bare in _SPACED:
            writer.blank()
        if bare == "pre":
            writer.pre = max(0, writer.pre + (-1 if closing else 1))
        elif bare == "li" and not closing:
            writer.text("* ")


def _link(writer: _Writer, links: list[tuple[str, int, int]], closing: bool, inside: str) -> None:
    if not closing:
        links.clear()  # links don't nest; an open one ends here
        links.append((_attribute(inside, "href").strip()[:_MAX_LINK], len(writer.lines), len(writer.line)))
        return
    if not links:
        return
    address, line, piece = links.pop()
    if len(writer.lines) != line or not address.lower().startswith(("http://", "https://", "ftp://")):
        return
    shown = "".join(writer.line[piece:]).strip()
    if shown and address.rstrip("/") not in shown and shown not in address:
        writer.text(f" <{address}>")


def _attribute(inside: str, name: str) -> str:
    for match in _ATTRIBUTE.finditer(inside[:10_000]):
        if match[1].lower() == name:
            return html.unescape(match[2].strip("\"'"))
    return ""


def _squeezed(lines: list[str]) -> str:
    out: list[str] = []
    for line in lines:
        if line.strip("> ") or not (out and not out[-1].strip("> ")):
            out.append(line)
    return "\n".join(out).strip("\n")
