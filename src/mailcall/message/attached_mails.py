"""The mails that are attached to a mail, and those attached to them, as far as anybody follows."""

from collections import deque

from .attaching import MAX_MAILS
from .body import read_body
from .dates import read_date
from .envelope import read_addresses, read_ids
from .mail import Forwarded
from .mime import parse

MAX_DEPTH = 5


def attached_mails(mails: list[tuple[int, bytes]], defects: list[str]) -> tuple[Forwarded, ...]:
    """Read mails given as (position in the attachments, decoded bytes); those within follow their own."""
    found: list[Forwarded] = []
    waiting = deque((position, raw, 1) for position, raw in mails)
    while waiting and len(found) < MAX_MAILS:
        position, raw, depth = waiting.popleft()
        root = parse(raw, [])
        body = read_body(root, [])
        found.append(
            Forwarded(
                from_=read_addresses(root, "from", []),
                to=read_addresses(root, "to", []),
                cc=read_addresses(root, "cc", []),
                date=read_date(root.value("date")),
                subject=root.text("subject"),
                message_id=next(iter(read_ids(root.value("message-id"))), ""),
                text=body.text,
                attachment=position,
                depth=depth,
            )
        )
        if body.mails and depth >= MAX_DEPTH:
            defects.append(f"mails forwarded more than {MAX_DEPTH} times are not read")
        else:
            waiting.extendleft((position, inner, depth + 1) for _, inner in reversed(body.mails))
    if waiting:
        defects.append(f"more than {MAX_MAILS} attached mails: the rest is not read")
    return tuple(found)
