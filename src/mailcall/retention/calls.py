"""Removes closed calls: all of them but the number, or what people said on them."""

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from mailcall.desk.models import (
    Call,
    CallLink,
    Participant,
    Partition,
    Person,
    RemovedCall,
    Task,
    TimelineEntry,
)
from mailcall.desk.models.calls import CLOSED_STATES
from mailcall.inbound.models import ReceivedMail
from mailcall.outbound.models import Delivery, Message
from mailcall.retention.removing import (
    IN_HAND,
    REMOVED,
    Removed,
    Stamp,
    empty_mails,
    entry_keys,
    remove_attachments,
)

STAND_IN = "Removed person"


def closed(partition: Partition, before: dt.datetime) -> "QuerySet[Call]":
    """The calls of a partition that were closed before this moment and are not anonymized."""
    return Call.objects.filter(
        partition=partition, closed_at__lt=before, anonymized_at=None, state__in=CLOSED_STATES
    )


def delete(calls: "QuerySet[Call]", stamp: Stamp, removed: Removed) -> None:
    """Delete calls with all that hangs on them; the journal keeps what makes each of their mails one."""
    keys = _take(calls, "deleted", stamp, removed)
    entries = _remove_words(keys, stamp, removed)
    mails = ReceivedMail.objects.filter(call__in=keys)
    mails.update(call=None, entry=None)
    messages = Message.objects.filter(_about(keys) | Q(entry__in=entries))
    found = list(messages.values_list("pk", flat=True))
    Delivery.objects.filter(message__in=found).delete()
    Message.objects.filter(pk__in=found).delete()
    removed.add("messages", found)
    CallLink.objects.filter(Q(call__in=keys) | Q(earlier__in=keys)).delete()
    TimelineEntry.objects.filter(pk__in=entries).only("pk").delete()
    Call.objects.filter(pk__in=keys).only("pk").delete()
    removed.add("calls deleted", keys)


def anonymize(calls: "QuerySet[Call]", stamp: Stamp, removed: Removed) -> None:
    """Remove what people said on calls, and who the Users were.

    Number, state, dates, classification and who of the desk worked on them stay.
    """
    keys = _take(calls, "anonymized", stamp, removed)
    if not keys:
        return
    entries = TimelineEntry.objects.filter(pk__in=_remove_words(keys, stamp, removed))
    entries.filter(Q(actor=None) | Q(actor__is_analyst=False)).update(actor=None, actor_name=REMOVED)
    entries.update(subject="", text=REMOVED, quoted_text="", html="", proof="", external_id="")
    CallLink.objects.filter(Q(call__in=keys) | Q(earlier__in=keys)).update(reason=REMOVED)
    _anonymize_messages(keys, stamp, removed)
    rows = Call.objects.filter(pk__in=keys)
    rows.filter(logged_by__is_analyst=False).update(logged_by=None)
    rows.update(user=stand_in(), subject=REMOVED, anonymized_at=stamp.at, version=F("version") + 1)
    removed.add("calls anonymized", keys)


def stand_in() -> Person:
    """The person whose calls the anonymized ones are from then on."""
    known = Person.objects.filter(email="", name=STAND_IN).first()
    return known or Person.objects.create(name=STAND_IN, email="", is_user=False, available_recipient=False)


def _take(calls: "QuerySet[Call]", how: str, stamp: Stamp, removed: Removed) -> list[int]:
    """Lock those that nobody has in hand and no mail is on its way for, and note their numbers for good."""
    on_its_way = Delivery.objects.filter(message__call=OuterRef("pk"), state__in=IN_HAND)
    rows = calls.exclude(Exists(on_its_way)).order_by("pk").select_for_update(skip_locked=True, of=("self",))
    keys = list(rows.values_list("pk", flat=True))
    RemovedCall.objects.bulk_create(
        RemovedCall(number=key, removed_at=stamp.at, how=how, by=stamp.by[:200]) for key in keys
    )
    return keys


def _remove_words(keys: list[int], stamp: Stamp, removed: Removed) -> list[int]:
    """Attachments, participants and what the journal has of these calls; the keys of their entries."""
    entries = entry_keys(TimelineEntry.objects.filter(call__in=keys))
    remove_attachments(entries, removed)
    empty_mails(ReceivedMail.objects.filter(call__in=keys), stamp, removed)
    Participant.objects.filter(call__in=keys).delete()
    removed.add("timeline entries", entries)
    return entries


def _about(keys: list[int]) -> Q:
    """The messages about these calls and their tasks. The tasks are asked for first: a join has no index."""
    tasks = list(Task.objects.filter(call__in=keys).values_list("pk", flat=True))
    return Q(call__in=keys) | Q(task__in=tasks)


def _anonymize_messages(keys: list[int], stamp: Stamp, removed: Removed) -> None:
    messages = Message.objects.filter(_about(keys))
    found = list(messages.values_list("pk", flat=True))
    messages.update(
        to=[],
        cc=[],
        subject=REMOVED,
        in_reply_to="",
        references="",
        why=REMOVED,
        data={},
        data_removed_at=stamp.at,
        removed_by=stamp.by[:200],
    )
    forget_recipients(Delivery.objects.filter(message__in=found))
    removed.add("messages", found)


def forget_recipients(deliveries: "QuerySet[Delivery]") -> int:
    """Put a number in the place of each recipient, and remove what the server said; how many."""
    rows = list(deliveries.only("pk"))
    for row in rows:
        row.recipient, row.reply = f"removed-{row.pk}", ""
    Delivery.objects.bulk_update(rows, ["recipient", "reply"], batch_size=100)
    return len(rows)
