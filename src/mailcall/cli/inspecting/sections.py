"""The parts of the page of a mail that most mails lack; each gives a title and what stands below it."""

import re
from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mailcall.cli.inspecting.words import FEW, addresses, grid, harmless, moment, size_of
from mailcall.message.invitation_text import describe_invitation
from mailcall.message.mail import Attachment, BouncedRecipient, Forwarded, Mail

Section = tuple[str, RenderableType]
_VAGUE = {"", "application/octet-stream", "application/x-unknown", "binary/octet-stream"}
_FORWARDED_LINES = 5  # shown without `--full`
_EVENT_LINES = 12


def bounces(mail: Mail) -> Iterator[Section]:
    """What a delivery report says of each recipient."""
    if mail.bounce is None:
        return
    table = _table("Recipient", "What became of it", "Status", "The server said")
    for recipient in mail.bounce.recipients:
        text, style = _fate(recipient)
        table.add_row(
            harmless(recipient.address),
            Text(text, style=style),
            recipient.status,
            Text(harmless(recipient.diagnostic), style="dim"),
        )
    about = mail.bounce.original_message_id
    below = Text(f"About {harmless(about)}" if about else "It does not say about which mail.", style="dim")
    yield "Delivery report", Group(*([table] if mail.bounce.recipients else []), below)


def _fate(recipient: BouncedRecipient) -> tuple[str, str]:
    if recipient.permanent:
        return "failed for good", "bold red"
    words = {"delivered": "green", "relayed": "green", "expanded": "green", "delayed": "yellow"}
    return recipient.action or "failed", words.get(recipient.action, "yellow")


def invitations(mail: Mail, *, full: bool) -> Iterator[Section]:
    """Each event in words: what, when, where, and who comes."""
    for event in mail.invitations:
        heading, *lines = harmless(describe_invitation(event)).split("\n")
        text = Text(heading, style="bold")
        text.append("".join(f"\n{line}" for line in _cut(lines, full, _EVENT_LINES)), style="not bold")
        yield "Calendar", text


def _cut(lines: list[str], full: bool, most: int) -> list[str]:
    """The first lines of many, and how many more there are."""
    if full or len(lines) <= most + 1:  # one line more is as long as the word about it
        return lines
    return [*lines[:most], f"… {len(lines) - most:,} more lines, shown by --full"]


def forwards(mail: Mail, *, full: bool) -> Iterator[Section]:
    """Each forwarded mail with its own head, one inside another further to the right."""
    if not mail.forwarded:
        return
    mails = [
        Padding(_forwarded(each, full=full), (1 if number else 0, 0, 0, 3 * (each.depth - 1)))
        for number, each in enumerate(mail.forwarded)
    ]
    yield "1 forwarded mail" if len(mails) == 1 else f"{len(mails):,} forwarded mails", Group(*mails)


def _forwarded(mail: Forwarded, *, full: bool) -> RenderableType:
    rows = grid()
    rows.add_row("Subject", Text(harmless(mail.subject) or "(none)", style="bold"))
    rows.add_row("From", addresses(mail.from_, full=full) or "(nobody)")
    if mail.to:
        rows.add_row("To", addresses(mail.to, full=full))
    if mail.cc:
        rows.add_row("Cc", addresses(mail.cc, full=full))
    if mail.date:
        rows.add_row("Date", moment(mail.date))
    if mail.attachment is not None:
        rows.add_row("Where", f"attached, as number {mail.attachment + 1}")
    lines = harmless(mail.text.strip()).split("\n")
    rows.add_row("Text", Text("\n".join(_cut(lines, full, _FORWARDED_LINES)), style="dim"))
    return rows


def attachments(mail: Mail, *, full: bool) -> Iterator[Section]:
    """Name, type and size of each, with what is odd about it."""
    if not mail.attachments:
        return
    table = _table("", "Name", "Type", "Size", "")
    table.columns[0].justify = table.columns[3].justify = "right"
    table.columns[3].no_wrap = True
    table.columns[2].min_width = 24
    shown = mail.attachments if full else mail.attachments[: 3 * FEW]
    for number, each in enumerate(shown, 1):
        table.add_row(
            Text(str(number), style="dim"),
            Text(harmless(each.name), style="bold"),
            harmless(each.content_type),
            size_of(each.size),
            _remark(each, full=full),
        )
    if left := len(mail.attachments) - len(shown):
        table.add_row("", Text(f"and {left:,} more", style="italic dim"))
    count = len(mail.attachments)
    yield "1 attachment" if count == 1 else f"{count:,} attachments", table


def _remark(attachment: Attachment, *, full: bool) -> Text:
    remarks = []
    kind = harmless(attachment.true_type)
    if kind and attachment.content_type in _VAGUE:
        remarks.append(Text(f"is {kind}", style="dim"))
    elif kind and not _same(attachment.content_type, kind):
        remarks.append(Text(f"really {kind}", style="bold yellow"))
    if attachment.inline:
        remarks.append(Text("in the text", style="dim"))
    if attachment.container:
        remarks.append(Text(f"from {harmless(attachment.container)}", style="dim"))
    if full:
        remarks.append(Text(attachment.sha256, style="dim"))
    return Text(", ").join(remarks)


def _same(declared: str, true: str) -> bool:
    """Whether a declared type is another word for the true one; much is text without saying so."""
    if true == "text/plain":
        return declared.partition("/")[0] not in {"image", "audio", "video"}
    words = [
        re.sub(r"/(?:x-|vnd\.|p(?=jpeg))", "/", each).removesuffix("-compressed") for each in (declared, true)
    ]
    return words[0].replace("/jpg", "/jpeg") == words[1]


def readings(mail: Mail, *, full: bool) -> Iterator[Section]:
    """By which charsets it was decoded, and what is wrong with it; plain ASCII is not worth a word."""
    rows = grid()
    for each in mail.charsets:
        if full or each.name != "us-ascii":
            rows.add_row(
                harmless(each.where).capitalize(),
                Text(f"{harmless(each.name)}, {each.evidence}", style="dim"),
            )
    for defect in mail.defects:
        rows.add_row("Defect", Text(harmless(defect), style="yellow"))
    if rows.row_count:
        yield "How it was read", rows


def _table(*columns: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="green", border_style="dim"
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
