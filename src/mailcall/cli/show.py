"""`mailcall calls`, `mails` and `messages`: the desk's tables for scripts and terminals."""

import json
from collections.abc import Iterable
from typing import Any

import click

from mailcall.cli.ready import ready

Row = dict[str, Any]


def _options(command: Any) -> Any:
    command = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")(command)
    return click.option("--limit", default=100, show_default=True, help="At most so many; 0: all.")(command)


def _print(rows: Iterable[Row], as_json: bool) -> None:
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, default=str, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table: Table | None = None
    for row in rows:
        if table is None:
            table = Table(box=None, header_style="bold", pad_edge=False)
            for name in row:
                table.add_column(name.replace("_", " "), overflow="fold")
        table.add_row(*("" if v is None else _plain(v) for v in row.values()))
    if table is None:
        click.echo("Nothing yet.")
    else:
        Console().print(table, markup=False)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return " ".join(str(item) for item in value.values() if item)
    return f"{value:%Y-%m-%d %H:%M:%S}" if hasattr(value, "strftime") else str(value)


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
                    }
                    for delivery in message.deliveries.all()
                ],
            }
            for message in _cut(query, limit)
        ),
        as_json,
    )
