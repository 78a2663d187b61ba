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

from mailcall.cli.inspecting.form import File, Form
from mailcall.cli.inspecting.sections import attachments, bounces, forwards, invitations, readings
from mailcall.cli.inspecting.words import KINDS, SEALS, addresses, grid, harmless, moment, size_of
from mailcall.message.evidence import Trust, sender_evidence
from mailcall.message.mail import Mail, Piece, PieceKind, Seal

_SPACES = re.compile(r" +$", re.MULTILINE)
_MOST_LINES = {PieceKind.NEW: 200, PieceKind.SIGNATURE: 12, PieceKind.QUOTE: 3}  # shown without `--full`
_FEW_CHARACTERS = 20_000  # of a piece that are shown without `--full` ...
_FEW_OF_NO_TEXT = 300  # ... and of what is no text
_FRAME = 8  # columns around the name of a file
_MOST_CHARACTERS = 1_000_000  # that are shown at all
_STYLES = {PieceKind.NEW: "", PieceKind.SIGNATURE: "dim", PieceKind.QUOTE: "dim cyan"}
_LEFT_OUT = {
    PieceKind.NEW: "more lines",
    PieceKind.SIGNATURE: "more lines of the signature",
    PieceKind.QUOTE: "more quoted lines",
}
_ENCRYPTED = {Seal.SMIME_ENCRYPTED, Seal.PGP_ENCRYPTED}
_IN_THE_FILE = "[This mail is encrypted. Its content is in the attached file.]"


def page(mail: Mail, file: File, form: Form) -> str:
    """Show a mail. A terminal obeys nothing that stands in the mail."""
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
    for part in _parts(mail, file, form):
        console.print(part)
    console.print()
    return _SPACES.sub("", out.getvalue())


def _parts(mail: Mail, file: File, form: Form) -> Iterator[RenderableType]:
    full = form.full
    yield _head(mail, file, form)
    if not file.no_mail:
        yield Padding(_verdict(mail), (0, 2))
    if mail.text.strip() or not file.no_mail:
        yield from _text(mail, full=full, binary=file.binary)
    for title, section in chain(
        bounces(mail),
        invitations(mail, full=full),
        forwards(mail, full=full),
        attachments(mail, full=full),
        readings(mail, full=full),
    ):
        yield _rule(title)
        yield Padding(section, (0, 2))


def _head(mail: Mail, file: File, form: Form) -> Panel:
    title = Text(harmless(file.name))
    rows = grid()
    if title.cell_len > form.columns - _FRAME:  # it would be cut
        rows.add_row("File", title)
        title = Text()
    if file.no_mail:
        rows.add_row("Kind", Text(file.no_mail, style="bold yellow"))
    else:
        _add_header(rows, mail, full=form.full)
    return Panel(
        rows,
        title=title or None,
        title_align="left",
        subtitle=size_of(file.size),
        subtitle_align="right",
        border_style="red" if mail.unreadable or file.no_mail else "green",
        padding=(0, 1),
    )


def _add_header(rows: Table, mail: Mail, *, full: bool) -> None:
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
        rows.add_row("Sealed", ", ".join(SEALS[seal] for seal in mail.seals))
    evidence = sender_evidence(mail, Trust())
    for sentence in filter(None, (evidence.problem, *evidence.notes)):
        rows.add_row("Sender", Text(harmless(sentence), style="yellow"))
    return rows


def _text(mail: Mail, *, full: bool, binary: bool) -> Iterator[RenderableType]:
    """The body piece by piece, in its order: what is new as it is, what is quoted folded."""
    if not mail.text.strip():
        if mail.attachments and _ENCRYPTED.intersection(mail.seals):
            yield _rule("No text")
            yield Padding(_IN_THE_FILE, (0, 2))
        else:
            yield Padding(Text("No text", style="dim"), (1, 2, 0, 2))
        return
    yield _rule("Text")
    few = _FEW_OF_NO_TEXT if binary else _FEW_CHARACTERS
    pieces = () if binary else mail.pieces
    for number, piece in enumerate(pieces or (Piece(PieceKind.NEW, mail.text),)):
        yield Padding(_piece(piece, full=full, few=few), (1 if number else 0, 2, 0, 2))


def _piece(piece: Piece, *, full: bool, few: int) -> Text:
    lines = harmless(piece.text.strip("\n")[:_MOST_CHARACTERS]).split("\n")
    most = len(lines) if full else _MOST_LINES[piece.kind]
    if len(lines) <= most + 1:  # one line more is as long as the word about it
        most = len(lines)
    shown = "\n".join(lines[:most])
    text = Text(shown if full else shown[:few], style=_STYLES[piece.kind])
    if len(text) < len(shown):
        left = sum(map(len, lines)) + len(lines) - 1 - len(text)
        text.append(f"\n… {left:,} more characters, shown by --full", style="italic")
    elif left := len(lines) - most:
        text.append(f"\n… {left:,} {_LEFT_OUT[piece.kind]}, shown by --full", style="italic")
    return text


def _rule(title: str) -> Padding:
    return Padding(Rule(Text(title, style="bold"), align="left", style="dim"), (1, 0, 0, 0))
