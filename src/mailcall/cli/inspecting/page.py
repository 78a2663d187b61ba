"""A mail as a page for a terminal: its head, what it is, what its sender wrote, and what else is in it."""

import io
import re
from collections.abc import Iterator
from itertools import chain

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mailcall.cli.inspecting.form import Form
from mailcall.cli.inspecting.sections import attachments, bounces, forwards, invitations, readings
from mailcall.cli.inspecting.words import KINDS, SEALS, addresses, grid, harmless, moment, size_of
from mailcall.message.evidence import Trust, sender_evidence
from mailcall.message.mail import Mail, Piece, PieceKind

_SPACES = re.compile(r" +$", re.MULTILINE)
_MOST_LINES = {PieceKind.NEW: 200, PieceKind.SIGNATURE: 12, PieceKind.QUOTE: 3}  # shown without `--full`
_FEW_CHARACTERS = 20_000  # of a piece that are shown without `--full`
_MOST_CHARACTERS = 1_000_000  # that are shown at all
_STYLES = {PieceKind.NEW: "", PieceKind.SIGNATURE: "dim", PieceKind.QUOTE: "dim cyan"}
_LEFT_OUT = {
    PieceKind.NEW: "more lines",
    PieceKind.SIGNATURE: "more lines of the signature",
    PieceKind.QUOTE: "more quoted lines",
}


def page(name: str, mail: Mail, size: int, form: Form) -> str:
    """Show a mail of so many bytes. A terminal obeys nothing that stands in the mail."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=form.columns,
        force_terminal=form.colours,
        color_system="standard" if form.colours else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for part in _parts(name, mail, size, full=form.full):
        console.print(part)
    console.print()
    return _SPACES.sub("", out.getvalue())


def _parts(name: str, mail: Mail, size: int, *, full: bool) -> Iterator[RenderableType]:
    yield _head(name, mail, size, full=full)
    yield Padding(_verdict(mail), (0, 2))
    yield from _text(mail, full=full)
    for title, section in chain(
        bounces(mail),
        invitations(mail, full=full),
        forwards(mail, full=full),
        attachments(mail, full=full),
        readings(mail, full=full),
    ):
        yield _rule(title)
        yield Padding(section, (0, 2))


def _head(name: str, mail: Mail, size: int, *, full: bool) -> Panel:
    rows = grid()
    rows.add_row("Subject", Text(harmless(mail.subject) or "(none)", style="bold"))
    rows.add_row("From", addresses(mail.from_, full=full) or "(nobody)")
    people = {"Sender": mail.sender, "Reply to": mail.reply_to, "To": mail.to, "Cc": mail.cc}
    for label, boxes in people.items():
        if boxes:
            rows.add_row(label, addresses(boxes, full=full))
    if mail.date:
        rows.add_row("Date", moment(mail.date))
    if mail.message_id:
        rows.add_row("ID", Text(harmless(mail.message_id), style="dim"))
    if mail.in_reply_to:
        rows.add_row("Answers", Text(harmless(" ".join(mail.in_reply_to)), style="dim"))
    if full and mail.references:
        rows.add_row("Thread", Text(harmless("\n".join(mail.references)), style="dim"))
    return Panel(
        rows,
        title=Text(harmless(name), overflow="ellipsis"),
        title_align="left",
        subtitle=size_of(size),
        subtitle_align="right",
        border_style="red" if mail.unreadable else "green",
        padding=(0, 1),
    )


def _verdict(mail: Mail) -> Table:
    """What kind of mail it is and why, who vouches for its sender, and what is odd about that."""
    rows = grid()
    rows.add_row("Kind", Text(KINDS[mail.kind], style="bold"))
    if mail.kind_reason:
        rows.add_row("Why", Text(harmless(mail.kind_reason), style="dim"))
    if mail.auto_generated or mail.is_list:
        flags = ["sent by a program"] * mail.auto_generated + ["from a mailing list"] * mail.is_list
        rows.add_row("Sent", Text(" and ".join(flags).removeprefix("sent "), style="bold"))
        if mail.automatic_reason != mail.kind_reason:
            rows.add_row("Why", Text(harmless(mail.automatic_reason), style="dim"))
    if mail.seals:
        rows.add_row("Sealed", ", ".join(SEALS[seal] for seal in mail.seals) + "; not verified")
    evidence = sender_evidence(mail, Trust())
    for sentence in filter(None, (evidence.problem, *evidence.notes)):
        rows.add_row("Sender", Text(harmless(sentence), style="yellow"))
    return rows


def _text(mail: Mail, *, full: bool) -> Iterator[RenderableType]:
    """The body piece by piece, in its order: what is new as it is, what is quoted folded."""
    yield _rule("Text" if mail.text.strip() else "No text")
    for number, piece in enumerate(mail.pieces or [Piece(PieceKind.NEW, mail.text)]):
        yield Padding(_piece(piece, full=full), (1 if number else 0, 2, 0, 2))


def _piece(piece: Piece, *, full: bool) -> Text:
    lines = harmless(piece.text.strip("\n")[:_MOST_CHARACTERS]).split("\n")
    most = len(lines) if full else _MOST_LINES[piece.kind]
    if len(lines) <= most + 1:  # one line more is as long as the word about it
        most = len(lines)
    shown = "\n".join(lines[:most])
    text = Text(shown if full else shown[:_FEW_CHARACTERS], style=_STYLES[piece.kind])
    if left := len(lines) - most:
        text.append(f"\n… {left:,} {_LEFT_OUT[piece.kind]}, shown by --full", style="italic")
    elif len(text) < len(shown):
        text.append(f"\n… {len(shown) - len(text):,} more characters, shown by --full", style="italic")
    return text


def _rule(title: str) -> Padding:
    return Padding(Rule(Text(title, style="bold"), align="left", style="dim"), (1, 0, 0, 0))
