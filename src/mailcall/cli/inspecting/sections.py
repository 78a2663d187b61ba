"""The parts of the page of a mail that most mails lack; each gives a title and what stands below it."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mailcall.cli.inspecting.words import FEW, addresses, grid, harmless, moment, size_of
from mailcall.message.invitation_text import describe_invitation
from mailcall.message.mail import Attachment, BouncedRecipient, Forwarded, Mail
from mailcall.message.true_types import UNTOLD, agree

Section = tuple[str, RenderableType]
_NAME = 32  # columns that a name is filled up to, so that types stand below each other
_FORWARDED_LINES = 5  # shown without `--full`
_EVENT_LINES = 12


def bounces(mail: Mail) -> Iterator[Section]:
    """What a delivery report says of each recipient."""
    if mail.bounce is None:
        return
    lines: list[RenderableType] = []
    for recipient in mail.bounce.recipients:
        line = Text(harmless(recipient.address) or "(no address)", style="bold")
        line.append("  ").append(*_fate(recipient))
        if recipient.status:
            line.append(f"  {harmless(recipient.status)}", style="not bold")
        lines.append(line)
        if recipient.diagnostic:
            lines.append(Padding(Text(harmless(recipient.diagnostic), style="dim"), (0, 0, 0, 3)))
    about = mail.bounce.original_message_id
    below = f"About {harmless(about)}" if about else "It does not say about which mail."
    lines.append(Text(below, style="dim"))
    yield "Delivery report", Group(*lines)


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
    """Name, type and size of each, and below it what is odd about it."""
    if not mail.attachments:
        return
    shown = mail.attachments if full else mail.attachments[: 3 * FEW]
    names = [Text(harmless(each.name), style="bold") for each in shown]
    widest = min(_NAME, max(name.cell_len for name in names))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(justify="right", style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    for number, (each, name) in enumerate(zip(shown, names, strict=True), 1):
        name.append(" " * (widest - name.cell_len))
        name.append(f"  {harmless(each.content_type)}, {size_of(each.size)}", style="not bold")
        rows.add_row(str(number), name)
        for remark in _remarks(each, full=full):
            rows.add_row("", remark)
    if left := len(mail.attachments) - len(shown):
        rows.add_row("", Text(f"and {left:,} more, shown by --full", style="italic dim"))
    count = len(mail.attachments)
    yield "1 attachment" if count == 1 else f"{count:,} attachments", rows


def _remarks(attachment: Attachment, *, full: bool) -> Iterator[Text]:
    """What is to be said of a file, each on a line of its own."""
    kind = harmless(attachment.true_type)
    if not agree(attachment.content_type, attachment.true_type):
        yield Text(f"really {kind}", style="bold yellow")
    elif kind and attachment.content_type in UNTOLD:
        yield Text(f"is {kind}", style="dim")
    notes = ["in the text"] * attachment.inline
    if attachment.container:
        notes.append(f"from {harmless(attachment.container)}")
    if notes:
        yield Text(", ".join(notes), style="dim")
    if full:
        yield Text(f"SHA-256 {attachment.sha256}", style="dim")


def readings(mail: Mail, *, full: bool) -> Iterator[Section]:
    """By which charsets it was decoded, and what is wrong with it; plain ASCII is not worth a word."""
    rows = grid()
    for each in mail.charsets:
        if full or each.name != "us-ascii":
            rows.add_row(
                "HTML" if each.where == "html" else harmless(each.where).capitalize(),
                Text(f"{harmless(each.name)}, {each.evidence}", style="dim"),
            )
    for defect in mail.defects:
        rows.add_row("Defect", Text(harmless(defect), style="yellow"))
    if rows.row_count:
        yield "How it was read", rows
