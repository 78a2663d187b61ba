"""Whoever wrote a mail by hand is told on their own page what became of a copy that somebody does not get."""

from collections.abc import Sequence
from enum import Enum

from mailcall.database.rows import insert_rows, new_row
from mailcall.outbound.models import Delivery, Notice

MOST_TEXT = 300


class News(Enum):
    """What an author is told of a copy: what the subject begins with, and why they are told."""

    LOST = "Not delivered", "You wrote it, and somebody does not get it."
    COMPLAINT = "Reported as spam", "You wrote it, and it was reported as spam: no more mail goes there."
    PERHAPS_LOST = "Perhaps not delivered", "You wrote it, and a report says so that nothing proves."
    PERHAPS_COMPLAINT = "Perhaps reported as spam", "You wrote it, and a report says so that nothing proves."


def tell_authors(deliveries: Sequence[Delivery], news: News = News.LOST) -> None:
    """Put a notice on the page of each author; of automatic mail nobody is told."""
    begins, why = news.value
    proved = news in {News.LOST, News.COMPLAINT}
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
            subject=f"{begins}: {delivery.message.subject}"[:500],
            text=f"{delivery.recipient}: {delivery.reply if proved else delivery.reported}"[:MOST_TEXT],
            why=why,
        )
        for delivery in deliveries
        if delivery.message.author_id and not delivery.message.automatic
    )
