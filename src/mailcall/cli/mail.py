"""`mailcall mail`: sends a mail into the running demo, as a customer would."""

import os
import sys
from pathlib import Path

import click

from mailcall.sandbox import letters, maildirs, state

DEFAULT_DATA_DIR = "demo-data"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--from", "sender", default="ann@customer.example", show_default=True, help="Who writes.")
@click.option("--to", multiple=True, help="To whom; again for several.  [default: support@demo.example]")
@click.option("--cc", multiple=True, help="Who gets a copy; again for several.")
@click.option("--subject", default="", help="What it is about.")
@click.option("--body", help="The text; `-` reads standard input.")
@click.option("--html", type=_FILE, help="A file with the text in HTML.")
@click.option("--attach", type=_FILE, multiple=True, help="A file to attach; again for several.")
@click.option("--reply-to-last", is_flag=True, help="Answer the newest mail in the writer's sandbox mailbox.")
@click.option("--raw", type=_FILE, help="A whole mail to send unchanged; only --from and --to count.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="The demo's data folder.")
def mail(  # noqa: PLR0917  # click hands them over by name
    sender: str,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    subject: str,
    body: str | None,
    html: Path | None,
    attach: tuple[Path, ...],
    reply_to_last: bool,
    raw: Path | None,
    data_dir: Path | None,
) -> None:
    """Send a mail into the running demo, as if it came from anybody at all.

    It never leaves this machine. Without options it is a call to support@demo.example.
    """
    folder = data_dir or Path(os.environ.get("MAILCALL_DATA_DIR") or DEFAULT_DATA_DIR)
    try:
        demo = state.read(folder.absolute())
        text = _text(body, html)
        if raw:
            letter = letters.Letter(sender, to or ["support@demo.example"])
            data, identity = letters.File.read(raw).data, f"{raw}, unchanged"
        else:
            if reply_to_last:
                letter = _reply(folder.absolute(), sender, subject, text)
            else:
                letter = letters.Letter(sender, to or ["support@demo.example"], subject, text)
            letter = letters.with_parts(
                letter,
                cc=cc,
                html=html.read_text("utf-8", "replace") if html else "",
                files=[letters.File.read(path) for path in attach],
            )
            written = letters.write(letter)
            data, identity = written.as_bytes(), f"“{written['Subject']}” {written['Message-ID']}"
        recipients = letters.recipients(letter)
        envelope_sender = letters.parse_address(sender).addr_spec
        letters.send(data, envelope_sender, recipients, host=demo.smtp_host, port=demo.smtp_port)
    except (state.NotRunningError, letters.LetterError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Sent {identity}")
    click.echo(f"  from {envelope_sender} to {', '.join(recipients)}")
    click.echo(f"The desk's calls:    {demo.base_url}/calls/")
    click.echo(f"The writer's mail:   {demo.base_url}/sandbox/{maildirs.folder_name(envelope_sender)}/")


def _text(body: str | None, html: Path | None) -> str:
    if body == "-":
        return sys.stdin.read()
    if body is None:
        return "" if html else "Hello,\n\ncould you please help me?\n"
    return body


def _reply(data_dir: Path, sender: str, subject: str, text: str) -> letters.Letter:
    from mailcall.message import read_mail

    address = letters.parse_address(sender).addr_spec
    stored = maildirs.mails(state.mail_dir(data_dir), address)
    if not stored:
        raise letters.LetterError(f"There is no mail for {address} in the sandbox yet, so nothing to answer.")
    try:
        newest = read_mail(stored[0].path.read_bytes())
    except OSError as error:
        raise letters.LetterError(f"The newest mail for {address} can't be read: {error.strerror}.") from None
    return letters.answer(newest, sender, text, subject=subject)
