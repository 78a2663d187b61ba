"""Words for people: kinds, sizes, moments and addresses as a page of `mailcall inspect` has them."""

import datetime as dt
import re
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from mailcall.message.mail import Kind, Mailbox, Seal

FEW = 8  # members of a list that are shown without `--full`
# What a terminal would obey, and what changes the order in which a text is read.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

KINDS = {
    Kind.NORMAL: "a mail",
    Kind.BOUNCE: "a delivery report",
    Kind.AUTO_REPLY: "an automatic reply",
    Kind.READ_RECEIPT: "a read receipt",
    Kind.FEEDBACK_REPORT: "a feedback report",
    Kind.CHALLENGE_RESPONSE: "a challenge to whoever wrote",
    Kind.DELIVERED_NOTICE: "a notice of delivery",
}
SEALS = {
    Seal.SMIME_SIGNED: "signed (S/MIME), not verified",
    Seal.SMIME_ENCRYPTED: "encrypted (S/MIME)",
    Seal.PGP_SIGNED: "signed (PGP), not verified",
    Seal.PGP_ENCRYPTED: "encrypted (PGP)",
}


def harmless(text: str) -> str:
    """Make what a terminal would obey visible instead: control codes, and changes of direction."""
    return _OBEYED.sub(_visible, text.replace("\r\n", "\n").replace("\r", "\n"))


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else f"[U+{code:04X}]"


def size_of(size: int) -> str:
    """A number of bytes, as 17 bytes, 5.4 KB, 30 MB."""
    if size < 1024:
        return f"{size} bytes" if size != 1 else "1 byte"
    amount, unit = (size / 1024, "KB") if size < 1024 * 1024 else (size / 1024 / 1024, "MB")
    return f"{amount:.1f} {unit}" if amount < 10 else f"{amount:,.0f} {unit}"


def moment(value: dt.datetime | dt.date) -> str:
    """A moment in its own time zone, or a whole day."""
    if not isinstance(value, dt.datetime):
        return f"{value:%a %-d %b} {value.year}"
    zone = value.strftime("%z")
    return (
        f"{value:%a %-d %b} {value.year}, {value:%H:%M} {f'{zone[:3]}:{zone[3:5]}' if zone else ''}".rstrip()
    )


def address(box: Mailbox) -> Text:
    """A name and an address; the address is what counts."""
    name = harmless(box.name)
    return (
        Text.assemble((f"{name} ", ""), (f"<{harmless(box.address)}>", "cyan"))
        if name
        else Text(harmless(box.address), style="cyan")
    )


def addresses(boxes: Sequence[Mailbox], *, full: bool) -> Text:
    """Some addresses, the first few of many."""
    shown = boxes if full else boxes[:FEW]
    text = Text(", ").join(map(address, shown))
    if left := len(boxes) - len(shown):
        text.append(f" and {left:,} more", style="italic dim")
    return text


def grid() -> Table:
    """Rows of a label and what it is for."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="green", no_wrap=True, min_width=8)
    table.add_column(overflow="fold")
    return table
