"""Whoever wrote a mail by hand is told on their own page when a copy of it reaches nobody."""

from collections.abc import Sequence

from mailcall.database.rows import insert_rows, new_row
from mailcall.outbound.models import Delivery, Notice

MOST_TEXT = 300
WHY = "You wrote it, and somebody does not get it."


def tell_authors(lost: Sequence[Delivery]) -> None:
    """Put a notice on the page of each author; of automatic mail nobody is told."""
    insert_rows(
        new_row(
            Notice,
            person_id=delivery.message.author_id,
            type_code=delivery.message.type_code,
            partition_id=delivery.message.partition_id,
            call_id=delivery.message.call_id,
            request_id=delivery.message.request_id,
            task_id=delivery.message.task_id,
            entry_id=delivery.message.entry_id,
            subject=f"Not delivered: {delivery.message.subject}"[:500],
            text=f"{delivery.recipient}: {delivery.reply}"[:MOST_TEXT],
            why=WHY,
        )
        for delivery in lost
        if delivery.message.author_id and not delivery.message.automatic
    )
