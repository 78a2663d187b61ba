"""The parts of the page of a mail that most mails lack; each gives a title and what stands below it."""

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mailcall.cli.inspecting.words import FEW, address, addresses, grid, harmless, moment, size_of
from mailcall.message.mail import Attachment, BouncedRecipient, Forwarded, Invitation, Mail

Section = tuple[str, RenderableType]
_VAGUE = {"", "application/octet-stream", "application/x-unknown", "binary/octet-stream"}
_FORWARDED_LINES = 5


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
    """Each event: what, when, where, and who comes."""
    for event in mail.invitations:
        rows = grid()
        rows.add_row("What", Text(harmless(event.summary) or "(no title)", style="bold"))
        if event.start:
            rows.add_row("When", _span(event))
        if event.location:
            rows.add_row("Where", harmless(event.location))
        if event.organizer:
            rows.add_row("By", address(event.organizer))
        shown = event.attendees if full else event.attendees[:FEW]
        for number, attendee in enumerate(shown):
            status = harmless(attendee.status).replace("-", " ")
            who = Text.assemble(address(attendee.mailbox), (f"  {status}", "dim"))
            rows.add_row("With" if not number else "", who)
        if left := len(event.attendees) - len(shown):
            rows.add_row("", Text(f"and {left:,} more", style="italic dim"))
        if event.status:
            rows.add_row("Status", harmless(event.status))
        yield f"Calendar: {harmless(event.method) or 'event'}", rows


def _span(event: Invitation) -> str:
    when = moment(event.start) if event.start else ""
    if event.end and event.end != event.start:
        when += f" to {moment(event.end)}"
    zone = f" ({harmless(event.time_zone)})" if event.time_zone else ""
    repeated = f", repeated: {harmless(event.recurrence)}" if event.recurrence else ""
    return f"{when}{zone}{repeated}"


def forwards(mail: Mail, *, full: bool) -> Iterator[Section]:
    """Each forwarded mail with its own head, one inside another further to the right."""
    if not mail.forwarded:
        return
    title = "Forwarded mail" if len(mail.forwarded) == 1 else f"{len(mail.forwarded)} forwarded mails"
    yield (
        title,
        Group(
            *(
                Padding(_forwarded(each, full=full), (0, 0, 0, 3 * (each.depth - 1)))
                for each in mail.forwarded
            )
        ),
    )


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
    shown = lines if full else lines[:_FORWARDED_LINES]
    if left := len(lines) - len(shown):
        shown.append(f"… {left:,} more lines, shown by --full")
    rows.add_row("Text", Text("\n".join(shown), style="dim"))
    return rows


def attachments(mail: Mail, *, full: bool) -> Iterator[Section]:
    """Name, type and size of each, with what is odd about it."""
    if not mail.attachments:
        return
    table = _table("", "Name", "Type", "Size", "")
    table.columns[0].justify = table.columns[3].justify = "right"
    table.columns[3].no_wrap = True
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
    elif kind and kind != attachment.content_type:
        remarks.append(Text(f"really {kind}", style="bold yellow"))
    if attachment.inline:
        remarks.append(Text("in the text", style="dim"))
    if attachment.container:
        remarks.append(Text(f"from {harmless(attachment.container)}", style="dim"))
    if full:
        remarks.append(Text(attachment.sha256, style="dim"))
    return Text(", ").join(remarks)


def readings(mail: Mail) -> RenderableType:
    """By which charsets it was decoded, and what is wrong with it."""
    rows = grid()
    for each in mail.charsets:
        rows.add_row(
            harmless(each.where).capitalize(), Text(f"{harmless(each.name)}, {each.evidence}", style="dim")
        )
    for defect in mail.defects:
        rows.add_row("Defect", Text(harmless(defect), style="yellow"))
    return rows


def _table(*columns: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="green", border_style="dim"
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
