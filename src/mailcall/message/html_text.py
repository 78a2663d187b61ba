"""The text of an HTML body as a person would read it, by one linear scan that survives any markup."""

import html
import re
from collections.abc import Iterable
from typing import NamedTuple

from .html_marks import Container, Mark, container_of, is_indent
from .word_lists import words

__all__ = ["Mark", "MarkedText", "html_to_text", "read_html"]

_BLOCKS = frozenset(
    words("""
address|article|aside|body|center|dd|div|dl|dt|fieldset|figure|footer|form|header|li|main|nav|ol|section
table|tbody|tfoot|thead|tr|ul|h1|h2|h3|h4|h5|h6|p|pre|blockquote|hr
""")
)
_SPACED = frozenset(words("p|h1|h2|h3|h4|h5|h6|ul|ol|pre|table"))
_PLAIN_BLOCKS = _BLOCKS - _SPACED - {"blockquote", "hr", "li"}
_HIDDEN = frozenset(words("script|style|head|title|template|svg|xml"))
_HIDEABLE = frozenset(words("div|span|p|td|tr|table|font|a|b|i|strong|em|small|center|section"))
_MARKERS = frozenset(words("div|span|p|table|td|section|blockquote|hr"))

# Elements that change nothing in the text, as whole tags; ignoring case would take four times as long.
# Outlook for Mac marks what it quotes by a `span` with an id.
_INLINE = re.compile(
    r"</?(?:[biusBIUS]|span(?! id=)|SPAN(?! id=)|font|FONT|strong|STRONG|em|EM|small|big|sub|sup|o:p|O:P)"
    r"(?:\s[^<>\"']*+(?:(?:\"[^\"<>]*+\"|'[^'<>]*+')[^<>\"']*+)*+)?>",
)
_MARKUP = re.compile(r"<(?:(/?)([a-zA-Z][^\s/>]*)([^>]*)>|!--|[!?])")
_ATTRIBUTE = re.compile(r"""(?:^|[\s"'/])(href|alt)\s*=\s*("[^"]*"|'[^']*'|[^\s>]*)""", re.IGNORECASE)
_NOT_SHOWN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_TOO_LONG = re.compile(r"&#\d{1000,};?")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_INVISIBLE = re.compile(r"[\u200b\u200c\u2060\ufeff\u00ad]+")
_CLOSES = {name: re.compile(rf"</{name}\b[^>]{{0,200}}>", re.IGNORECASE) for name in _HIDDEN}
_ANY_TAG = re.compile(r"<[^<>]*>")
MAX_TAGS = 100_000  # what follows more is read without its structure
_MAX_LINK = 2_000
_MAX_QUOTE = 20  # deeper than any person reads: else the text would grow with the square of the markup
_MAX_MARKS = 200
_MAX_HIDDEN = 500  # elements that are left out; each is looked through to its end


class MarkedText(NamedTuple):
    """A text, and what the markup says of its lines."""

    text: str
    marks: tuple[Mark, ...] = ()


class _Open(NamedTuple):
    """A container that is not closed yet, and at which depth of its own element it was opened."""

    container: Container
    name: str
    depth: int
    first: int


def html_to_text(markup: str) -> str:
    """Give the readable text: blocks as lines, `blockquote` as `>` lines, links with their address."""
    return read_html(markup).text


def read_html(markup: str) -> MarkedText:
    """Give the readable text and the quotations and signatures that the markup names. Never raises."""
    reader = _Reader()
    reader.read(markup)
    return reader.result()


def join_texts(texts: Iterable[MarkedText]) -> MarkedText:
    """Put the texts of several parts together, an empty line between; those without words are left out."""
    kept: list[str] = []
    marks: list[Mark] = []
    lines = 0
    for text, found in texts:
        if text.strip():
            kept.append(text)
            marks += (mark._replace(first=mark.first + lines, end=mark.end + lines) for mark in found)
            lines += text.count("\n") + 2
    return MarkedText("\n\n".join(kept), tuple(marks))


class _Reader:
    """Collects lines; knows how deep in quotations the text stands."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.gap = True  # the line is empty or ends with a blank
        self.quote = 0
        self.indents: list[bool] = []  # for each open blockquote, whether it only indents
        self.pre = 0
        self.link: tuple[str, int, int] | None = None  # address, lines and pieces before it
        self.never_closed: set[str] = set()
        self.hides = False  # whether some elements are not shown
        self.hidden = 0  # how many were left out
        self.open: list[_Open] = []
        self.depths: dict[str, int] = {}
        self.marks: list[Mark] = []
        self.announced: dict[tuple[str, str], Container | None] = {}  # what tags say that came before

    def read(self, markup: str) -> None:
        """Read all markup, tag by tag."""
        if ("none" in markup or "mso-hide" in markup) and _NOT_SHOWN.search(markup):
            self.hides = True
        else:
            markup = _INLINE.sub("", markup)
        position = 0
        for count, match in enumerate(_MARKUP.finditer(markup, 0, markup.rfind(">") + 1)):
            start, end = match.span()
            if count >= MAX_TAGS:
                self.text(_ANY_TAG.sub(" ", markup[max(position, start) :]))
                position = len(markup)
                break
            if start < position:
                continue
            if start > position:
                self.text(markup[position:start])
            closing, name, inside = match.groups()
            if name is None:
                position = self.declaration(markup, start, end)
                continue
            position = end
            name = name.lower()
            if name in _PLAIN_BLOCKS and len(inside) < 7 and not self.depths:
                if self.line:
                    self.end_line()
                continue
            if closing:
                self.close(name)
                continue
            if inside and inside.count('"') % 2:
                position, inside = _whole_tag(markup, start, end, inside)
            position = self.opening(markup, name, inside, position)
        if position < len(markup):
            self.text(markup[position:])
        self.end_line()

    def declaration(self, markup: str, start: int, end: int) -> int:
        """Give the position after a comment, `<!...>` or `<?...>`."""
        if markup.startswith("<!--", start):
            close = -1 if "-->" in self.never_closed else markup.find("-->", end)
            if close >= 0:
                return close + 3
            self.never_closed.add("-->")
            return end
        return markup.find(">", start) + 1  # there is one: the scan ends with the last

    def opening(self, markup: str, name: str, inside: str, end: int) -> int:
        """Act on an opening tag; give the position from which to read on."""
        if name in _HIDDEN:
            return self.skip_element(markup, name, inside, end)
        if len(inside) > 6:
            if self.hides and (after := self.skip_hidden(markup, name, inside, end)):
                return after
            if name in _MARKERS:
                self.open_mark(name, inside)
        if name in self.depths:
            self.depths[name] += 1
        if name == "a":
            self.link = (_attribute(inside, "href").strip()[:_MAX_LINK], len(self.lines), len(self.line))
        elif name == "blockquote":
            self.end_line()
            indent = is_indent(inside)
            self.indents.append(indent)
            self.quote += not indent
        elif name in _BLOCKS and name != "hr":
            self.block(name)
            self.pre += name == "pre"
            if name == "li":
                self.text("* ")
        else:
            self.void(name, inside)
        return end

    def void(self, name: str, inside: str) -> None:
        """Act on an element without content, or the cell of a table."""
        if name == "br":
            self.end_line(force=True)
        elif name in {"td", "th"}:
            self.text(" ")
        elif name == "hr":
            self.end_line()
            rule = self.prefix() + "_" * 32
            if self.lines[-1:] != [rule]:  # a second one below the first says nothing
                self.lines.append(rule)
        elif name == "img":
            alt = " ".join(_attribute(inside, "alt").split())
            if alt:
                self.text(f"[{alt[:200]}]", entities=False)

    def close(self, name: str) -> None:
        """Act on a closing tag."""
        if name == "a":
            self.close_link()
        elif name == "blockquote":
            self.end_line()
            if self.indents:
                self.quote -= not self.indents.pop()
        elif name == "br":
            self.end_line(force=True)
        elif name in _BLOCKS:
            self.block(name)
            if name == "pre":
                self.pre = max(0, self.pre - 1)
        if name in self.depths:
            self.depths[name] -= 1
            self.close_marks(name)

    def block(self, name: str) -> None:
        """Begin or end a block: a new line, for some after an empty one."""
        if self.line:
            self.end_line()
        if name in _SPACED and self.lines and self.lines[-1].strip("> "):
            self.lines.append(">" * min(self.quote, _MAX_QUOTE))

    def text(self, data: str, *, entities: bool = True) -> None:
        """Add running text; white space collapses outside `pre`."""
        if not self.pre and self.gap and data.isspace() and "\xa0" not in data:
            return
        if entities and "&" in data:
            data = _characters(data)
        if self.pre:
            self.preformatted(data)
            return
        if "\n" in data or "  " in data or not data.isprintable():
            data = _SPACE.sub(" ", data)
        if self.gap and data[:1] == " ":
            data = data[1:]
        if data:
            self.line.append(data)
            self.gap = data[-1] == " "

    def preformatted(self, data: str) -> None:
        """Add text whose line ends count."""
        first, *more = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.line.append(first)
        for piece in more:
            self.end_line(force=True)
            self.line.append(piece)
        self.gap = not self.line[-1] or self.line[-1][-1] == " "

    def prefix(self) -> str:
        """Give the marks of the quotation in which the text stands."""
        return ">" * min(self.quote, _MAX_QUOTE)

    def end_line(self, *, force: bool = False) -> None:
        """End the line; an empty one only counts when forced."""
        if not self.line:
            if force:
                self.lines.append(self.prefix())
            return
        content = "".join(self.line)
        self.line = []
        self.gap = True
        if not content.isascii():
            content = _INVISIBLE.sub("", content).replace("\xa0", " ")
        content = content.rstrip()
        if self.quote:
            content = self.prefix() + (" " + content if content else "")
            self.lines.append(content)
        elif content or force:
            self.lines.append(content)

    def close_link(self) -> None:
        """Add the address of a link, unless its text shows it."""
        if not self.link:
            return
        (address, lines, pieces), self.link = self.link, None
        if len(self.lines) != lines or not address.lower().startswith(("http://", "https://", "ftp://")):
            return
        shown = "".join(self.line[pieces:]).strip()
        if shown and address.rstrip("/") not in shown and shown not in address:
            self.text(f" <{address}>", entities=False)

    def skip_element(self, markup: str, name: str, inside: str, end: int) -> int:
        """Pass over an element whose content nobody reads."""
        if inside.endswith("/") or name in self.never_closed:
            return end
        close = _CLOSES[name].search(markup, end)
        if close:
            return close.end()
        self.never_closed.add(name)
        return end

    def skip_hidden(self, markup: str, name: str, inside: str, end: int) -> int:
        """Give the position after an element that is not shown, 0 for one that is, or is never closed."""
        if name not in _HIDEABLE or name in self.never_closed or not _NOT_SHOWN.search(inside):
            return 0
        self.hidden += 1
        if self.hidden > _MAX_HIDDEN:
            return 0
        depth = 1
        for match in re.compile(rf"<(/?){name}\b", re.IGNORECASE).finditer(markup, end):
            depth += -1 if match[1] else 1
            if not depth:
                return markup.find(">", match.end()) + 1 or len(markup)
        self.never_closed.add(name)
        return 0

    def open_mark(self, name: str, inside: str) -> None:
        """Note a container of quoted text or of a signature."""
        try:
            container = self.announced[name, inside]
        except KeyError:
            container = self.announced[name, inside] = container_of(name, inside)
        if not container or self.quote or len(self.marks) + len(self.open) >= _MAX_MARKS:
            return
        self.end_line()
        if container.open_ended or name == "hr":
            self.marks.append(Mark(len(self.lines), len(self.lines), container.kind, open_ended=True))
            return
        depth = self.depths.setdefault(name, 0)
        self.open.append(_Open(container, name, depth, len(self.lines)))

    def close_marks(self, name: str) -> None:
        """End the containers that this closing tag ends."""
        depth = self.depths[name]
        while self.open and self.open[-1].name == name and depth <= self.open[-1].depth:
            self.end_line()
            mark = self.open.pop()
            self.marks.append(Mark(mark.first, len(self.lines), mark.container.kind))
        if not self.open:
            self.depths.clear()

    def result(self) -> MarkedText:
        """Leave out repeated empty lines, and move the marks along."""
        self.marks += [Mark(mark.first, len(self.lines), mark.container.kind) for mark in self.open]
        out: list[str] = []
        moved: list[int] = []
        empty = True
        for line in self.lines:
            moved.append(len(out))
            blank = not line or not line.strip("> ")
            if not (blank and empty):
                out.append(line)
            empty = blank
        while out and not out[-1]:
            out.pop()
        moved.append(len(out))
        marks = [mark._replace(first=moved[mark.first], end=moved[mark.end]) for mark in self.marks]
        return MarkedText("\n".join(out), tuple(sorted(marks)))


def _whole_tag(markup: str, start: int, end: int, inside: str) -> tuple[int, str]:
    """Give the end and attributes of a tag; a `>` inside a quoted attribute is passed over, within reason."""
    for _ in range(4):
        if not inside.count('"') % 2 or len(inside) > _MAX_LINK:
            break
        further = markup.find(">", end, start + _MAX_LINK)
        if further < 0:
            break
        inside += markup[end - 1 : further]
        end = further + 1
    return end, inside


def _attribute(inside: str, name: str) -> str:
    inside = inside[:10_000]
    at = inside.lower().find(name)
    if at < 0:
        return ""
    for match in _ATTRIBUTE.finditer(inside, max(0, at - 1)):
        if match[1].lower() == name:
            return _characters(match[2].strip("\"'"))
    return ""


def _characters(text: str) -> str:
    """The text with its entities as characters; numbers too long for Python's int are none."""
    try:
        return html.unescape(text)
    except ValueError:
        return html.unescape(_TOO_LONG.sub("\ufffd", text))
