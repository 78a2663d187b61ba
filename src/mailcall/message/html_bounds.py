"""What an HTML parser may be given: the tags that it will see, and how far it could multiply them.

A parser takes time with the square of the depth, and of the attributes of one tag. Worse, it opens anew each
formatting element (`b`, `font`, `a`, ...) that a block was closed over, in every later block, with all of its
attributes (HTML 13.2.4.3): 57 KB became 100 MB. That is bounded before any parser runs, in linear time:

1. Comments, and elements whose content nobody sees, are left out. In what is left, a tag is one for this
   scan exactly if it is one for the parser.
2. A formatting element counts as open until it is closed for sure: by the end of its cell, or by its end tag
   in the same cell and not across several other elements, where the parser gives up (13.2.6.4.7).
3. Each tag by which elements may be closed costs as much as everything that could then be opened anew.
"""

import re
from dataclasses import dataclass, field

from .word_lists import words

MAX_HTML = 4 * 1024 * 1024
MAX_DEPTH = 1_000
_MAX_ATTRIBUTES = 2_000
_MAX_REFERENCES = 50_000  # the parser took 20 s for a million ampersands
# The weight of what may be opened anew, in characters: a report that stands in one `font` comes to 10
# for each of its own, since each of its rows may be a reason to open that anew; other mails have 3 at most.
_REOPENED, _REOPENED_PER_CHARACTER, _MOST_REOPENED = 64 * 1024, 12, 12 * 1024 * 1024
_NODE = 32  # what an element weighs besides its tags, as characters

_SPACE = r"[ \t\n\f\r]"
_ATTRIBUTE = (
    rf"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+(?:{_SPACE}*+={_SPACE}*+"
    r"(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+)?+)?+"
)
_TOKEN = re.compile(
    rf"<(?:(/?)([a-zA-Z][^ \t\n\f\r/>]*+)((?:[ \t\n\f\r/]++|{_ATTRIBUTE})*+)(>?)|(!--)|[!?]|/[^a-zA-Z])"
)
_ONE_ATTRIBUTE = re.compile(_ATTRIBUTE)

# Left out with what is in them: nobody sees it, or the parser has rules of its own for it.
UNSEEN = frozenset(
    words("script|style|title|template|iframe|object|applet|svg|math|textarea|select|noembed|noframes|xmp")
)
_ENDS = {name: re.compile(rf"</{name}(?=[ \t\n\f\r/>])", re.IGNORECASE | re.ASCII) for name in UNSEEN}
_ENDS |= {"-->": re.compile(r"--!?>"), ">": re.compile(">")}
# Left out alone, for the same reason.
_UNWRAPPED = frozenset(words("noscript|plaintext|button|marquee|frameset|frame|option|optgroup"))
_FORMATTING = frozenset(words("a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u"))
# Elements that never nest by themselves: the next one, or nothing at all, closes them.
_FLAT = frozenset(
    words("""
area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr
p|li|dd|dt|td|th|tr|tbody|thead|tfoot|html|head|body
""")
)
_CELLS = frozenset(["td", "th", "caption"])
_TABLE_PARTS = _CELLS | frozenset(["tr", "tbody", "thead", "tfoot", "col", "colgroup"])
# Start tags by which a parser may close other elements; every end tag may.
_CLOSING = _CELLS | frozenset(
    words("""
address|article|aside|blockquote|center|details|dialog|dir|div|dl|fieldset|figcaption|figure|footer|form
h1|h2|h3|h4|h5|h6|header|hgroup|hr|li|dd|dt|listing|main|menu|nav|nobr|ol|p|pre|search|section|summary
table|tbody|tfoot|thead|tr|col|colgroup|ul|rb|rp|rt|rtc|body|html|head
""")
)


@dataclass(frozen=True, slots=True)
class _Format:
    """An open formatting element: its whole tag, where in the tables it stands, and how deep."""

    tag: str
    cell: int
    depth: int


@dataclass(slots=True)
class _Table:
    """What is open within a table, or outside of any."""

    depth: int = 0  # where it begins
    cell: int = 0  # a number for each cell, and for what lies between two
    cell_name: str = ""  # '' between two
    opened: dict[str, int] = field(default_factory=dict)
    formats: dict[str, list[_Format]] = field(default_factory=dict)


def bounded_html(html: str) -> str | None:
    """Give the markup without what nobody sees, or None if a parser could do too much for it."""
    if len(html) > MAX_HTML or html.count("&") > _MAX_REFERENCES:
        return None
    html = html.replace("\x00", "")
    bounds = _Bounds(min(_REOPENED + _REOPENED_PER_CHARACTER * len(html), _MOST_REOPENED))
    kept: list[str] = []
    never_ended: set[str] = set()
    position = 0
    while match := _TOKEN.search(html, position):
        start, end = match.span()
        kept.append(html[position:start])
        if kept[-1].endswith("<"):
            kept.append(" ")  # else it would make a tag of what follows the next thing that is left out
        closing, name, attributes, closed, comment = match.groups()
        if name is None:
            position = _after_declaration(html, start, "-->" if comment else ">", never_ended)
        elif not closed:
            return "".join(kept)  # a tag that never ends: a parser drops it
        else:
            position = end
            name = name.lower()
            if name in UNSEEN:
                if not closing and name not in never_ended:
                    position = _after_unseen(html, name, end, never_ended)
            elif name not in _UNWRAPPED:
                if len(attributes) > _MAX_ATTRIBUTES and _too_many(attributes):
                    return None
                if not bounds.hold(name, match[0], closing=bool(closing)):
                    return None
                kept.append(match[0])
    kept.append(html[position:])
    return "".join(kept)


def _after_declaration(html: str, start: int, mark: str, never_ended: set[str]) -> int:
    """Give the position after a comment, `<!...>`, `<?...>` or `</ ...>`; unended, after its mark."""
    if mark not in never_ended:
        found = _ENDS[mark].search(html, start + 2)
        if found:
            return found.end()
        never_ended.add(mark)
    return start + 2


def _after_unseen(html: str, name: str, end: int, never_ended: set[str]) -> int:
    """Give the position of the end tag of an element that is left out; without one, only its tag is."""
    if found := _ENDS[name].search(html, end):
        return found.start()
    never_ended.add(name)
    return end


def _too_many(attributes: str) -> bool:
    return sum(1 for _ in _ONE_ATTRIBUTE.finditer(attributes)) > _MAX_ATTRIBUTES


class _Bounds:
    """Follows the tags, and says when the parser would have to do too much for them."""

    def __init__(self, left: int) -> None:
        self.left = left  # characters that may still be opened anew
        self.tables = [_Table()]
        self.depth = 0
        self.cells = 0
        self.well_formed = True  # so far each table and cell was one for the parser too
        self.weight = 0  # of all open formatting elements
        self.alike: dict[str, int] = {}  # how many of them have the same tag

    def hold(self, name: str, tag: str, *, closing: bool) -> bool:
        """Take a tag into account; say whether the bounds hold."""
        if closing:
            self.end(name)
        else:
            self.start(name, tag)
        return self.depth <= MAX_DEPTH and self.left >= 0

    def start(self, name: str, tag: str) -> None:
        if name == "a":
            self.end_format(name, surely=True)  # a link ends the one before
        if name in _CLOSING:
            self.left -= self.weight
        if name == "table":
            self.well_formed &= len(self.tables) == 1 or bool(self.tables[-1].cell_name)
            self.tables.append(_Table(self.depth))
            self.next_cell("")
        elif name in _TABLE_PARTS:
            self.end_cell()
            self.next_cell(name if name in _CELLS else "")
        if name in _FLAT:
            return
        table = self.tables[-1]
        self.depth += 1
        table.opened[name] = table.opened.get(name, 0) + 1
        if name in _FORMATTING:
            table.formats.setdefault(name, []).append(_Format(tag, table.cell, self.depth))
            self.weigh(tag, 1)

    def next_cell(self, name: str) -> None:
        self.cells += 1
        self.tables[-1].cell = self.cells
        self.tables[-1].cell_name = name

    def end_cell(self) -> None:
        """Forget what was left open in a cell that ends; the parser does so too (13.2.4.3)."""
        table = self.tables[-1]
        if len(self.tables) == 1 or not self.well_formed or not table.cell_name:
            return
        for formats in table.formats.values():
            while formats and formats[-1].cell == table.cell:
                self.weigh(formats.pop().tag, -1)
        self.depth = table.depth
        table.opened.clear()

    def end(self, name: str) -> None:
        if name in _FORMATTING:
            self.end_format(name)
        self.left -= self.weight
        table = self.tables[-1]
        if name in _TABLE_PARTS and table.cell_name:
            if name == table.cell_name or (name == "tr" and table.cell_name != "caption"):
                self.end_cell()
            else:
                self.well_formed = False  # it may end the cell, or be ignored
            self.next_cell("")
        if name == "table" and len(self.tables) > 1:
            self.end_cell()
            self.depth = self.tables.pop().depth
            table = self.tables[-1]
        if name not in _FLAT and table.opened.get(name):
            table.opened[name] -= 1
            self.depth -= 1

    def end_format(self, name: str, *, surely: bool = False) -> None:
        """End the last formatting element of this name, where the parser would find and end it too."""
        table = self.tables[-1]
        formats = table.formats.get(name)
        if not formats or formats[-1].cell != table.cell:
            return
        across = self.depth - formats[-1].depth
        if across > 0:  # up to 8 copies of it are made, each with up to 3 of those within
            self.left -= 8 * (_weight(formats[-1].tag) + self.weight)
        if surely or across <= 1:
            self.weigh(formats.pop().tag, -1)

    def weigh(self, tag: str, more: int) -> None:
        """Count an open formatting element more or less; of the same tag at most three are opened anew."""
        before = self.alike.get(tag, 0)
        self.alike[tag] = before + more
        self.weight += _weight(tag) * (min(before + more, 3) - min(before, 3))


def _weight(tag: str) -> int:
    return len(tag) + _NODE
