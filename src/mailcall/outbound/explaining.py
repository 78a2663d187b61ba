"""Why somebody was told of something that happened, or was not: what `mailcall explain` and the pages say."""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.utils import timezone

from mailcall.outbound.message_types import name_of
from mailcall.outbound.models import DigestItem, Message, MessageChannel, Notice, NotTold


@dataclass(frozen=True, slots=True)
class Telling:
    """One person or address, by which way they were told of what, or not; `message` is its number."""

    what: str
    who: str
    way: str
    state: str
    why: str
    message: int | None = None

    def __str__(self) -> str:
        return f"{self.what}: {self.who or 'anybody'} ({self.way}, {self.state}). {self.why}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def tellings(entries: Collection[int]) -> list[Telling]:
    """Who was told of these entries of timelines, and who was not."""
    return [*_mails(entries), *_notices(entries), *_digests(entries), *_not_told(entries)]


def _mails(entries: Collection[int]) -> Iterator[Telling]:
    for message in Message.objects.filter(entry__in=entries).order_by("pk").prefetch_related("deliveries"):
        way = "by pager" if message.channel == MessageChannel.PAGER else "by mail"
        for delivery in message.deliveries.all():
            state = delivery.get_state_display().lower()
            why = delivery.reply if state == "withheld" else message.why
            if delivery.reported:
                why = f"{why} Unproven, a report says: {delivery.reported}"
            yield Telling(name_of(message.type_code), delivery.recipient, way, state, why, message.pk)


def _notices(entries: Collection[int]) -> Iterator[Telling]:
    for notice in Notice.objects.filter(entry__in=entries).order_by("pk").select_related("person"):
        state = "seen" if notice.seen_at else "not seen yet"
        yield Telling(name_of(notice.type_code), str(notice.person), "on their own page", state, notice.why)


def _digests(entries: Collection[int]) -> Iterator[Telling]:
    for item in DigestItem.objects.filter(entry__in=entries).order_by("pk"):
        due = f"due {timezone.localtime(item.due_at):%Y-%m-%d %H:%M}"
        why = "There were more than go out one by one." if item.flood else "They want these once a day."
        state = "sent" if item.sent_at else due
        yield Telling(
            name_of(item.type_code), item.name or item.address, "in a digest", state, why, item.message_id
        )


def _not_told(entries: Collection[int]) -> Iterator[Telling]:
    for one in NotTold.objects.filter(entry__in=entries).order_by("pk"):
        yield Telling(name_of(one.type_code), one.who, "not at all", "not told", one.reason)
