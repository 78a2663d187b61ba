"""`mailcall calls`, `mails` and `messages`: the desk's tables for scripts and terminals."""

import datetime as dt
import json
import shutil
from collections.abc import Iterable
from typing import Any

import click
from django.utils import timezone

from mailcall.cli.ready import ready

Row = dict[str, Any]


def _options(command: Any) -> Any:
    command = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")(command)
    at_least_none = click.IntRange(min=0)
    return click.option(
        "--limit", type=at_least_none, default=100, show_default=True, help="At most; 0: all."
    )(command)


def _print(rows: Iterable[Row], columns: dict[str, int], as_json: bool) -> None:
    """One JSON object a row, or a table of some columns, each at most so many characters wide.

    The width 0 is for the one column that takes what the terminal leaves.
    """
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, default=str, ensure_ascii=False))
        return
    table = [{name: _plain(row[name]) for name in columns} for row in rows]
    if not table:
        click.echo("Nothing yet.")
        return
    widths = {
        name: min(most or 10_000, max(len(name), *(len(line[name]) for line in table)))
        for name, most in columns.items()
    }
    left = shutil.get_terminal_size().columns - sum(widths[n] + 2 for n, most in columns.items() if most)
    widths |= {name: min(widths[name], max(20, left)) for name, most in columns.items() if not most}
    click.secho("  ".join(name.ljust(width) for name, width in widths.items()).rstrip(), bold=True)
    for line in table:
        click.echo("  ".join(_fit(line[name], width) for name, width in widths.items()).rstrip())


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def _plain(value: Any) -> str:
    """A value on one line, without anything that a terminal would obey."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(f"{item['recipient']} {item['state']}" for item in value)
    if isinstance(value, dt.datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return "".join(char if char.isprintable() else " " for char in str(value))


def _cut(query: Any, limit: int) -> Any:
    return query[:limit] if limit else query.iterator(chunk_size=500)


@click.command()
@_options
def calls(as_json: bool, limit: int) -> None:
    """List calls, newest first."""
    ready()
    from mailcall.desk.models import Call

    query = Call.objects.select_related("partition", "user", "logged_by", "group", "analyst")
    _print(
        (
            {
                "number": call.pk,
                "subject": call.subject,
                "state": call.state,
                "partition": call.partition.name,
                "user": call.user.email or call.user.name,
                "logged_by": call.logged_by.email if call.logged_by else None,
                "priority": call.priority,
                "group": call.group.name if call.group else None,
                "analyst": call.analyst.email if call.analyst else None,
                "opened_at": call.opened_at,
                "updated_at": call.updated_at,
                "closed_at": call.closed_at,
            }
            for call in _cut(query, limit)
        ),
        {"number": 8, "state": 12, "subject": 0, "user": 30, "updated_at": 16},
        as_json,
    )


@click.command()
@_options
@click.option("--state", type=click.Choice(["new", "done", "held"]))
def mails(as_json: bool, limit: int, state: str | None) -> None:
    """List received mail with its outcome, newest first."""
    ready()
    from mailcall.inbound.models import ReceivedMail

    query = ReceivedMail.objects.select_related("account").defer("raw", "trace", "evidence")
    if state:
        query = query.filter(state=state)
    _print(
        (
            {
                "mail": mail.pk,
                "account": mail.account.name,
                "received_at": mail.received_at,
                "from": mail.from_address,
                "subject": mail.subject,
                "message_id": mail.message_id,
                "state": mail.state,
                "outcome": mail.outcome or None,
                "call": mail.call_id,
                "reason": mail.reason,
                "error": mail.error or None,
                "attempts": mail.attempts,
                "correlation_id": mail.correlation_id,
            }
            for mail in _cut(query, limit)
        ),
        {"mail": 8, "state": 5, "outcome": 10, "call": 8, "from": 30, "subject": 0, "received_at": 16},
        as_json,
    )


@click.command()
@_options
def messages(as_json: bool, limit: int) -> None:
    """List the message table with each recipient's state, newest first."""
    ready()
    from mailcall.outbound.message_types import name_of
    from mailcall.outbound.models import Message

    query = Message.objects.prefetch_related("deliveries__server")
    _print(
        (
            {
                "message": message.pk,
                "type": name_of(message.type_code),
                "call": message.call_id,
                "subject": message.subject,
                "message_id": message.message_id,
                "created_at": message.created_at,
                "why": message.why,
                "deliveries": [
                    {
                        "recipient": delivery.recipient,
                        "state": delivery.state,
                        "attempts": delivery.attempts,
                        "unknowns": delivery.unknowns,
                        "server": delivery.server.name if delivery.server else None,
                        "reply": delivery.reply,
                        "reported": delivery.reported,
                    }
                    for delivery in message.deliveries.all()
                ],
            }
            for message in _cut(query, limit)
        ),
        {"message": 8, "type": 24, "call": 8, "subject": 0, "deliveries": 40},
        as_json,
    )
