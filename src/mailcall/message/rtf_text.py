"""Reads the text of an RTF body, or the HTML encapsulated in it (MS-OXRTFEX), by one linear scan."""

import re
from dataclasses import dataclass
from enum import Enum

from . import rtf_words as rtf
from .decoding import codec_name

_MAX_FIELD = 4_000  # characters of the instruction of a field
_EFFORT, _LITTLE = 5, 2  # what a token costs, and a word that is passed over, in units of about 400 ns
_SYMBOLS = "symbol"  # in place of a code page: a font of pictures


@dataclass(frozen=True, slots=True)
class RtfBody:
    """What an RTF body says: its HTML if it encapsulates one, else its text."""

    text: str = ""
    html: str = ""
    rich: bool = False  # it was written as rich text: it may look like more than its text says
    effort: int = 0  # that reading it cost
    cut: bool = False  # there was more than allowed


def read_rtf(data: bytes, max_effort: int, max_size: int) -> RtfBody:
    """Read an RTF body. Never raises.

    `max_effort` is five for each token, two if it only says how text looks; `max_size` is in characters.
    """
    reader = _Reader(max_size)
    reader.read(data, max_effort)
    content = reader.content()
    cut = reader.effort > max_effort or reader.room < 0
    if reader.from_html:
        return RtfBody(html=content, effort=reader.effort, cut=cut)
    return RtfBody(text=content, rich=not reader.from_text and bool(data), effort=reader.effort, cut=cut)


class _Mode(Enum):
    TEXT = 0
    SKIP = 1
    TAG = 2  # \*\htmltag: markup of the encapsulated HTML
    FONTS = 3
    FIELD = 4  # the instruction of a field, where the address of a link is


class _Reader:
    """The state of one scan. What a group changes ends with the group: it is pushed at `{`."""

    def __init__(self, room: int) -> None:
        self.room = room  # characters that may still be taken
        self.out: list[str] = []
        self.pending = bytearray()  # bytes of the text that wait to be decoded together
        self.stack: list[tuple[_Mode, str, int, bool, int]] = []
        self.mode = _Mode.TEXT
        self.codec = self.default_codec = "cp1252"
        self.fonts: dict[int, str] = {}
        self.font = self.default_font = 0
        self.fallback = 1  # \ucN: how many characters stand in for one \u
        self.skip = 0  # of these, how many are still to come
        self.hidden = False  # \v, or \htmlrtf: rich text that the HTML has not
        self.ignorable = False  # \* was just read
        self.effort = 0
        self.from_html = self.from_text = False
        self.link = ""
        self.link_from = -1  # where in `out` the shown text of a link begins; -1 outside of one

    def read(self, data: bytes, max_effort: int) -> None:
        """Read the tokens, as many as the effort allows."""
        position = 0
        while position >= 0:
            tokens = rtf.TOKEN.finditer(data, position)
            position = -1
            for match in tokens:
                if self.effort > max_effort or self.room < 0:
                    return
                word = match[rtf.WORD]
                if word is not None and word not in rtf.KNOWN and not self.ignorable:
                    self.effort += _LITTLE  # of the many words that say only how text looks
                    continue
                self.effort += _EFFORT
                beyond = self.take(match)
                if self.mode is _Mode.SKIP:
                    position, passed = _group_end(data, match.end(), (max_effort - self.effort) // _LITTLE)
                    self.effort += passed * _LITTLE
                    break
                if beyond:
                    position = match.end() + beyond
                    break

    def take(self, match: re.Match[bytes]) -> int:
        """Take one token; give how many bytes after it are no RTF."""
        kind = match.lastindex or 0
        if kind == rtf.TEXT:
            self.octets(match[kind])
        elif kind == rtf.BRACE:
            if match[kind] == b"{":
                self.open()
            else:
                self.close()
        elif kind == rtf.HEX:
            self.octets(bytes.fromhex(match[kind].translate(None, b"\\'").decode("ascii")))
        elif kind == rtf.UNICODE:
            self.unicode(match[kind])
        elif kind == rtf.TAG:
            self.tag(match[kind])
        elif kind == rtf.RICH:
            self.rich(match[kind])
        elif kind == rtf.SYMBOL:
            self.symbol(match[kind])
        elif kind:
            number = match[rtf.NUMBER]
            value = int(number) if number else None
            if match[rtf.WORD] == b"bin":
                return max(0, value or 0)
            self.word(match[rtf.WORD], value)
        return 0

    def content(self) -> str:
        """Give all that was read as one text."""
        self.flush()
        text = "".join(self.out)
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # pairs of \u

    def open(self) -> None:
        """Begin a group."""
        if self.pending:
            self.flush()
        self.skip, self.ignorable = 0, False
        self.stack.append((self.mode, self.codec, self.fallback, self.hidden, self.link_from))

    def close(self) -> None:
        """End a group, and a link with its address if the text does not show it."""
        if self.pending:
            self.flush()
        self.skip, self.ignorable = 0, False
        if not self.stack:
            return
        inside = self.link_from
        self.mode, self.codec, self.fallback, self.hidden, self.link_from = self.stack.pop()
        if inside >= 0 and self.link_from < 0 and self.link:
            shown = "".join(self.out[inside:])
            if shown.strip() and self.link.removeprefix("mailto:") not in shown:
                self.out.append(f" <{self.link}>")
                self.room -= len(self.link)
            self.link = ""

    def flush(self) -> None:
        """Decode the bytes that wait."""
        codec = self.default_codec if self.mode is _Mode.TAG else self.codec
        text = self.pending.decode("cp1252" if codec == _SYMBOLS else codec, "replace")
        self.pending.clear()
        if self.mode is _Mode.FIELD:
            self.link += text[: max(0, _MAX_FIELD - len(self.link))]
        else:
            self.out.append(text.replace("\xb7", "\u2022") if codec == _SYMBOLS else text)

    def shown(self) -> bool:
        """Whether text at this place is part of what is read."""
        return self.mode is _Mode.TAG or (self.mode is _Mode.TEXT and not self.hidden)

    def octets(self, data: bytes) -> None:
        """Take text in the code page at hand."""
        if self.skip:
            left = data[self.skip :]
            self.skip = max(0, self.skip - len(data))
            data = left
        if data and (self.mode is _Mode.FIELD or self.shown()):
            self.pending += data[: max(0, self.room)]
            self.room -= len(data)

    def tag(self, data: bytes) -> None:
        """Take a whole group of markup (MS-OXRTFEX 2.1.3.1)."""
        self.open()
        if self.from_html:
            self.mode = _Mode.TAG
            self.octets(data)
        self.close()

    def rich(self, brace: bytes) -> None:
        """Pass over rich text that the HTML has not (MS-OXRTFEX 2.1.3.2); a group may begin or end in it."""
        self.hidden = self.from_html
        if brace == b"{":
            self.open()
        elif brace:
            self.close()
        self.hidden = False

    def unicode(self, run: bytes) -> None:
        r"""Take characters written as \uN, each with what stands in for it."""
        found = rtf.CHARACTER.findall(run)
        self.effort += 2 * len(found)
        if self.fallback:
            self.characters("".join(chr(int(number) & 0xFFFF) for number, _, _ in found))
            self.skip = self.fallback - bool(found[-1][1])
            return
        for number, instead, digits in found:
            self.characters(chr(int(number) & 0xFFFF))
            self.octets(bytes.fromhex(digits.decode("ascii")) if digits else instead)

    def characters(self, text: str) -> None:
        """Take characters that need no decoding."""
        if self.shown():
            if self.pending:
                self.flush()
            self.out.append(text[: max(0, self.room)])
            self.room -= len(text)

    def symbol(self, symbol: bytes) -> None:
        """Take a control symbol, such as an escaped brace."""
        if symbol == b"*":
            self.ignorable = True
        elif symbol.startswith(b"htmlrtf"):
            self.hidden = self.from_html and not symbol.startswith(b"htmlrtf0")
        elif self.skip:
            self.skip -= 1
        elif symbol in rtf.SYMBOLS:
            self.characters(rtf.SYMBOLS[symbol])

    def word(self, word: bytes, value: int | None) -> None:
        """Take a control word that means something here."""
        ignorable, self.ignorable = self.ignorable, False
        if self.skip:
            self.skip -= 1
        elif word in rtf.CHARACTERS:
            self.characters(rtf.CHARACTERS[word])
        elif word in rtf.LEFT_OUT or (ignorable and word not in _MARKED):
            self.leave_out()
        else:
            if self.pending:
                self.flush()
            _ACTS[word](self, value)

    def leave_out(self) -> None:
        """Leave out the rest of the group."""
        if self.pending:
            self.flush()
        if self.stack:
            self.mode = _Mode.SKIP

    def set_tag(self, _value: int | None) -> None:
        """Begin markup of the HTML (MS-OXRTFEX 2.1.3.1)."""
        if self.from_html:
            self.mode = _Mode.TAG
        else:
            self.leave_out()

    def set_fonts(self, _value: int | None) -> None:
        """Begin the table of fonts."""
        self.mode = _Mode.FONTS

    def set_field(self, _value: int | None) -> None:
        """Begin the instruction of a field."""
        self.mode = _Mode.FIELD
        self.link = ""

    def set_result(self, _value: int | None) -> None:
        """Begin what a field shows."""
        found = rtf.LINK.search(self.link)
        self.link = found[1] if found else ""
        self.link_from = len(self.out) if found and not self.from_html else -1

    def set_font(self, value: int | None) -> None:
        """Choose a font, or begin its row in the table."""
        self.font = value or 0
        if self.mode is not _Mode.FONTS:
            self.codec = self.fonts.get(self.font, self.default_codec)

    def set_charset(self, value: int | None) -> None:
        """Set the character set of a font of the table."""
        if self.mode is _Mode.FONTS:
            known = rtf.CHARSETS.get(value or 0, self.default_codec)
            self.fonts[self.font] = _SYMBOLS if value == rtf.SYMBOL_CHARSET else known

    def set_code_page(self, value: int | None) -> None:
        """Set the code page of the document."""
        self.default_codec = self.codec = codec_name(f"cp{value}") or "cp1252"

    def set_fallback(self, value: int | None) -> None:
        """Set how many characters stand in for one of Unicode."""
        self.fallback = 1 if value is None else min(max(value, 0), 100)

    def set_default_font(self, value: int | None) -> None:
        """Set the font of text for which none is chosen."""
        self.default_font = value or 0

    def set_plain(self, _value: int | None) -> None:
        """Reset what characters look like."""
        self.codec = self.fonts.get(self.default_font, self.default_codec)
        self.hidden = self.hidden and self.from_html

    def set_hidden(self, value: int | None) -> None:
        r"""Begin or end hidden text; with HTML, \htmlrtf alone says what is for the reader."""
        self.hidden = self.hidden if self.from_html else value != 0

    def set_from_html(self, _value: int | None) -> None:
        """Note that the document encapsulates HTML."""
        self.from_html = True

    def set_from_text(self, _value: int | None) -> None:
        """Note that the document was plain text."""
        self.from_text = True


def _group_end(data: bytes, position: int, max_braces: int) -> tuple[int, int]:
    """Give where the group at hand ends, before its brace, and how many braces stand within."""
    depth = passed = 0
    while position >= 0:
        bounds = rtf.BOUND.finditer(data, position)
        position = -1
        for match in bounds:
            if match[1] == b"}":
                if not depth:
                    return match.start(), passed
                depth -= 1
            elif match[1]:
                depth += 1
            elif match[2]:
                position = match.end() + int(match[2])
                break
            else:
                continue
            passed += 1
            if passed > max_braces:
                return len(data), passed
    return len(data), passed


_ACTS = {
    b"htmltag": _Reader.set_tag,
    b"fonttbl": _Reader.set_fonts,
    b"fldinst": _Reader.set_field,
    b"fldrslt": _Reader.set_result,
    b"f": _Reader.set_font,
    b"fcharset": _Reader.set_charset,
    b"ansicpg": _Reader.set_code_page,
    b"deff": _Reader.set_default_font,
    b"plain": _Reader.set_plain,
    b"uc": _Reader.set_fallback,
    b"v": _Reader.set_hidden,
    b"fromhtml": _Reader.set_from_html,
    b"fromtext": _Reader.set_from_text,
}
_MARKED = {b"htmltag", b"fldinst"}  # destinations that begin with \* and are read
