"""The entries of timelines as pages show them, however long they are."""

from dataclasses import dataclass

from django.db.models import BooleanField, Case, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import Length, Substr

from mailcall.desk.models import Attachment, Call, TimelineEntry
from mailcall.inbound.models import ReceivedMail
from mailcall.outbound.models import Delivery, Message

ENTRIES_SHOWN = 100
TEXT_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some entries in order. `earlier` is the key to go back from, 0 when the first is shown."""

    entries: list[TimelineEntry]
    earlier: int = 0

    @property
    def last(self) -> int:
        """The key of the last entry."""
        return int(self.entries[-1].pk) if self.entries else 0


def timeline(call: Call, *, before: int | None = None) -> Timeline:
    """The last entries, or the last ones before that key."""
    rows = shown_entries(call.timeline.all())
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: ENTRIES_SHOWN + 1])
    shown = found[:ENTRIES_SHOWN][::-1]
    return Timeline(shown, earlier=int(shown[0].pk) if len(found) > ENTRIES_SHOWN else 0)


def shown_entries(entries: "QuerySet[TimelineEntry]") -> "QuerySet[TimelineEntry]":
    """Entries with their files, mails and deliveries, the beginnings of their texts, and without their HTML.

    A mail may bring megabytes, and a page shows many entries.
    """
    deliveries = Delivery.objects.select_related("server").order_by("pk")
    mails = ReceivedMail.objects.only("pk", "entry", "outcome", "message_id")
    files = Attachment.objects.select_related("content").defer("content__data").order_by("pk")
    return (
        entries.select_related("actor")
        .alias(text_length=Length("text"), quoted_length=Length("quoted_text"))
        .defer("html", "text", "quoted_text")
        .annotate(
            has_html=_flag(~Q(html="")),
            has_images=_flag(Q(html__icontains="<img")),
            text_start=Substr("text", 1, TEXT_SHOWN),
            quoted_start=Substr("quoted_text", 1, TEXT_SHOWN),
            goes_on=_flag(Q(text_length__gt=TEXT_SHOWN) | Q(quoted_length__gt=TEXT_SHOWN)),
        )
        .prefetch_related(
            Prefetch("attachments", files),
            Prefetch("messages", Message.objects.defer("data").order_by("pk")),
            Prefetch("messages__deliveries", deliveries),
            Prefetch("received_mail", mails),
        )
    )


def _flag(condition: Q) -> Case:
    return Case(
        When(condition, then=Value(value=True)), default=Value(value=False), output_field=BooleanField()
    )
