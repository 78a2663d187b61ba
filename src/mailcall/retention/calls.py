"""Removes closed calls and requests: all of them but the number, or what people said on them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from mailcall.desk.models import (
    Approval,
    Call,
    CallLink,
    Participant,
    Partition,
    Person,
    RemovedCall,
    Request,
    RequestState,
    Survey,
    Task,
    TimelineEntry,
)
from mailcall.desk.models.calls import CLOSED_STATES
from mailcall.inbound.models import ReceivedMail
from mailcall.outbound.models import Delivery, Message
from mailcall.retention.notices import forget_notices
from mailcall.retention.removing import (
    IN_HAND,
    REMOVED,
    Removed,
    Stamp,
    empty_mails,
    entry_keys,
    remove_attachments,
    remove_drafts,
)

STAND_IN = "Removed person"


@dataclass(frozen=True, slots=True)
class Work:
    """Calls, requests, and the tasks of both, by their keys."""

    calls: Sequence[int]
    requests: Sequence[int]
    tasks: Sequence[int]

    @classmethod
    def of(cls, calls: Sequence[int] = (), requests: Sequence[int] = ()) -> "Work":
        """These, with their tasks."""
        tasks = Task.objects.filter(Q(call__in=calls) | Q(request__in=requests)).order_by("pk")
        return cls(calls, requests, list(tasks.values_list("pk", flat=True)))

    @property
    def about(self) -> Q:
        """What an entry, a mail or a message is about; each part by an index of its own."""
        parts = {"call": self.calls, "request": self.requests, "task": self.tasks}
        about = Q(pk__in=[])
        for name, keys in parts.items():
            if keys:
                about |= Q(**{f"{name}__in": keys})
        return about


def closed_requests(partition: Partition, before: dt.datetime) -> "QuerySet[Request]":
    """The requests of a partition that ended before this moment and are not anonymized."""
    ended = Request.objects.exclude(state=RequestState.OPEN)
    return ended.filter(partition=partition, closed_at__lt=before, anonymized_at=None)


def closed(partition: Partition, before: dt.datetime) -> "QuerySet[Call]":
    """The calls of a partition that were closed before this moment and are not anonymized."""
    return Call.objects.filter(
        partition=partition, closed_at__lt=before, anonymized_at=None, state__in=CLOSED_STATES
    )


def delete(calls: "QuerySet[Call]", stamp: Stamp, removed: Removed) -> None:
    """Delete calls with all that hangs on them; the journal keeps what makes each of their mails one."""
    keys = _take(calls, "deleted", stamp, removed)
    work = Work.of(calls=keys)
    _delete_about(work, stamp, removed)
    CallLink.objects.filter(Q(call__in=keys) | Q(earlier__in=keys)).delete()
    Task.objects.filter(pk__in=work.tasks).only("pk").delete()
    Call.objects.filter(pk__in=keys).only("pk").delete()
    removed.add("calls deleted", keys)


def delete_requests(requests: "QuerySet[Request]", stamp: Stamp, removed: Removed) -> None:
    """Delete requests with their tasks, approvals and all that hangs on them."""
    keys = _take_requests(requests)
    work = Work.of(requests=keys)
    _delete_about(work, stamp, removed)
    Task.objects.filter(pk__in=work.tasks).only("pk").delete()
    Request.objects.filter(pk__in=keys).only("pk").delete()
    removed.add("requests deleted", keys)


def anonymize_requests(requests: "QuerySet[Request]", stamp: Stamp, removed: Removed) -> None:
    """Remove what people said on requests, who the Users were, and what Users were asked to approve.

    Numbers, states, dates, titles of tasks and who of the desk worked on them or approved them stay.
    """
    keys = _take_requests(requests)
    if not keys:
        return
    work = Work.of(requests=keys)
    _anonymize_about(work, stamp, removed)
    rows = Request.objects.filter(pk__in=keys)
    rows.filter(logged_by__is_analyst=False).update(logged_by=None)
    rows.filter(closed_by__is_analyst=False).update(closed_by=None)
    rows.update(user=stand_in(), subject=REMOVED, anonymized_at=stamp.at, version=F("version") + 1)
    removed.add("requests anonymized", keys)


def anonymize(calls: "QuerySet[Call]", stamp: Stamp, removed: Removed) -> None:
    """Remove what people said on calls, and who the Users were.

    Number, state, dates, classification and who of the desk worked on them stay.
    """
    keys = _take(calls, "anonymized", stamp, removed)
    if not keys:
        return
    _anonymize_about(Work.of(calls=keys), stamp, removed)
    CallLink.objects.filter(Q(call__in=keys) | Q(earlier__in=keys)).update(reason=REMOVED)
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


def _take_requests(requests: "QuerySet[Request]") -> list[int]:
    """Lock those that nobody has in hand and no mail is on its way for."""
    sending = Delivery.objects.filter(state__in=IN_HAND)
    on_its_way = sending.filter(message__request=OuterRef("pk"))
    of_tasks = sending.filter(message__task__request=OuterRef("pk"))
    rows = requests.exclude(Exists(on_its_way)).exclude(Exists(of_tasks)).order_by("pk")
    return list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))


def _delete_about(work: Work, stamp: Stamp, removed: Removed) -> None:
    entries = _remove_words(work, stamp, removed)
    ReceivedMail.objects.filter(work.about).update(call=None, request=None, task=None, entry=None)
    messages = Message.objects.filter(work.about | Q(entry__in=entries))
    found = list(messages.values_list("pk", flat=True))
    Delivery.objects.filter(message__in=found).delete()
    Message.objects.filter(pk__in=found).delete()
    removed.add("messages", found)
    TimelineEntry.objects.filter(pk__in=entries).only("pk").delete()


def _anonymize_about(work: Work, stamp: Stamp, removed: Removed) -> None:
    entries = TimelineEntry.objects.filter(pk__in=_remove_words(work, stamp, removed))
    entries.filter(Q(actor=None) | Q(actor__is_analyst=False)).update(actor=None, actor_name=REMOVED)
    entries.update(subject="", text=REMOVED, quoted_text="", html="", proof="", external_id="")
    approvals = Approval.objects.filter(task__in=work.tasks)
    approvals.filter(person__is_analyst=False).delete()
    approvals.exclude(comment="").update(comment=REMOVED)
    approvals.update(proof="")
    _anonymize_messages(Message.objects.filter(work.about), stamp, removed)


def _remove_words(work: Work, stamp: Stamp, removed: Removed) -> list[int]:
    """Attachments, participants and what the journal has of this work; the keys of its entries."""
    entries = entry_keys(TimelineEntry.objects.filter(work.about))
    remove_drafts(work.about, removed)
    remove_attachments(entries, removed)
    forget_notices(entries, stamp, removed)
    empty_mails(ReceivedMail.objects.filter(work.about), stamp, removed)
    Participant.objects.filter(call__in=work.calls).delete()
    removed.count("surveys", Survey.objects.filter(call__in=work.calls).delete()[0])
    removed.add("timeline entries", entries)
    return entries


def _anonymize_messages(messages: "QuerySet[Message]", stamp: Stamp, removed: Removed) -> None:
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
        row.recipient, row.stranger, row.reply, row.reported = f"removed-{row.pk}", "", "", ""
    Delivery.objects.bulk_update(rows, ["recipient", "stranger", "reply", "reported"], batch_size=100)
    return len(rows)
