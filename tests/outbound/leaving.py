"""Mails that wait in the message table of the small desk, and a second way out for them."""

import datetime as dt
import itertools
from pathlib import Path

from desks import Desk
from mailcall.desk.models import Call
from mailcall.outbound.models import Delivery, Message, OutgoingServer, Pace

_counter = itertools.count(1)


def queue(desk: Desk, *recipients: str, call: Call | None = None, **fields: object) -> list[Delivery]:
    """Put one mail to these addresses into the message table; its deliveries."""
    values: dict[str, object] = {
        "type_code": 1011,
        "partition": desk.partition,
        "call": call,
        "correlation_id": "c" * 32,
        "message_id": f"<leaving.{next(_counter)}@desk.example>",
        "sender": ["IT Support", "support@desk.example"],
        "to": [["", address] for address in recipients],
        "subject": "[Call 1] It is about something",
        "data": {"call": 1, "subject": "It", "state": "Open", "user": "Ann", "text": "Words.", "files": []},
        **fields,
    }
    message = Message.objects.create(**values)
    return [
        Delivery.objects.create(message=message, partition=message.partition, recipient=address)
        for address in recipients
    ]


def second_server(desk: Desk, **fields: object) -> OutgoingServer:
    """A further Maildir server, by default after the desk's own."""
    path = Path(desk.folder) / f"out-{next(_counter)}"
    path.mkdir()
    values: dict[str, object] = {"name": path.name, "protocol": "maildir", "path": str(path), "priority": 20}
    return OutgoingServer.objects.create(**{**values, **fields})


def arrived(server: OutgoingServer) -> list[str]:
    """The addresses that a Maildir server has mail for, once for each mail."""
    mails = Path(server.path).glob("*/new/*")
    return sorted(path.parent.parent.name for path in mails)


def states() -> dict[str, str]:
    """The state of each delivery, by its address."""
    return dict(Delivery.objects.order_by("pk").values_list("recipient", "state"))


def time_passes(seconds: float) -> None:
    """Let so much time pass for what stands in line, and for the pace of servers."""
    by = dt.timedelta(seconds=seconds)
    for delivery in Delivery.objects.exclude(due_at=None):
        delivery.due_at -= by
        delivery.save()
    for pace in Pace.objects.all():
        pace.at -= by
        pace.put_off_until = pace.put_off_until and pace.put_off_until - by
        pace.save()
