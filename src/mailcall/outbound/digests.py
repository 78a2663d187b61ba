"""Digests: many notices to one address in one mail, by the reader's choice or since there were too many."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailcall.checkpoints import checkpoint
from mailcall.database.rows import insert_rows, new_row
from mailcall.desk.events import new_origin
from mailcall.desk.models import Partition, Person, Right
from mailcall.desk.rights import rights_of_many, why_not
from mailcall.message import comparable
from mailcall.message.subjects import strip_prefixes
from mailcall.message.thread_ids import without_tags
from mailcall.outbound.message_types import DIGEST, TYPES
from mailcall.outbound.models import Delivery, DigestItem, Message, NotTold
from mailcall.outbound.recipients import why_unreachable
from mailcall.outbound.snapshots import page_of
from mailcall.outbound.template_map import chosen
from mailcall.outbound.templating.phrases import Phrase, said
from mailcall.outbound.threads import new_message_id, signing_keys
from mailcall.outbound.unsubscribing import READER

log = structlog.get_logger("outbound.digests")

MOST_READ = 1_000  # of one address; the rest is counted
MOST_ITEMS = 200  # shown in one digest; the rest is counted
MOST_OF_A_KIND = 10  # shown of a storm
STORM = 3  # notices of calls with one subject, from which they are shown as one


def send_due(now: dt.datetime | None = None, *, stop: Callable[[], bool] = lambda: False) -> int:
    """Put a digest into the message table for each address with notices that are due; how many.

    Each is one transaction, and its notices are marked in it, so that none is told twice.
    """
    now = now or timezone.now()
    due = DigestItem.objects.filter(sent_at=None, due_at__lte=now).order_by()
    sent = 0
    for address, partition in due.values_list("address", "partition").distinct():
        if stop():
            break
        try:
            sent += _send(address, partition, now)
        except (OperationalError, InterfaceError):  # the others would fail, too
            raise
        except Exception:  # one that can't be made must not stop the next
            log.exception("digest can't be made", address=address)
        checkpoint("digest.sent")
    return sent


def _send(address: str, partition: int, now: dt.datetime) -> bool:
    """All that waits for this address goes with what is due, so that a second mail does not follow soon.

    Whoever may not see it any more, or left, is not told; that is noted.
    """
    with transaction.atomic():
        waiting = DigestItem.objects.filter(address=address, partition=partition, sent_at=None)
        if not waiting.filter(due_at__lte=now).exists() or not waiting.update(sent_at=now):
            return False  # another worker was faster
        taken = DigestItem.objects.filter(address=address, partition=partition, sent_at=now, message=None)
        told = taken.exclude(person__in=_bar(taken, partition))
        items = list(told.order_by("pk").select_related("partition", "person")[:MOST_READ])
        if not items:
            return False
        message = _message(items, told.count(), now)
        insert_rows([message])
        recipient = comparable(message.to[0][1])
        insert_rows(
            [
                Delivery(
                    message=message,
                    partition_id=partition,
                    recipient=recipient,
                    created_at=now,
                    automatic=True,
                )
            ]
        )
        told.update(message=message)
    return True


def _bar(taken: "QuerySet[DigestItem]", partition: int) -> list[int]:
    """The readers who are not told any more, by their keys; that and why is noted."""
    readers = Person.objects.filter(pk__in=taken.exclude(person=None).order_by().values("person"))
    rights = rights_of_many(readers)
    where = Partition.objects.get(pk=partition)
    barred = {
        reader.pk: (reader, why)
        for reader in readers
        if (why := why_unreachable(reader) or why_not(reader, Right.VIEW, where, rights=rights[reader.pk]))
    }
    rows = taken.filter(person__in=list(barred)).exclude(entry=None) if barred else taken.none()
    insert_rows(
        new_row(
            NotTold,
            entry_id=entry,
            type_code=code,
            who=str(barred[person][0])[:320],
            reason=barred[person][1][:300],
        )
        for entry, code, person in rows.values_list("entry", "type_code", "person")
    )
    return list(barred)


def _message(items: Sequence[DigestItem], count: int, now: dt.datetime) -> Message:
    """The mail of `count` notices, the first of which are read."""
    first = items[0]
    partition, person = first.partition, first.person
    flood = any(item.flood for item in items)
    choice = chosen(DIGEST, partition.pk, (person.language if person else "") or partition.language)
    phrase = Phrase.NOTICES if count > 1 else Phrase.ONE_NOTICE
    what = said(phrase, choice.language, count=count)
    groups = _groups(items)
    if unread := count - len(items):
        groups.append({"title": "…", "count": unread, "items": [], "left_out": unread})
    data = {
        "receiver": first.name,
        "partition": partition.name,
        "flood": flood,
        "count": count,
        "groups": groups,
    }
    if person and not flood:  # which they chose; what is folded would come one by one else
        data[READER] = person.pk
    return Message(
        type_code=DIGEST.code,
        partition=partition,
        created_at=now,
        correlation_id=new_origin().correlation_id,
        message_id=new_message_id(first.pk, partition.address, signing_keys(), "mail"),
        sender=[partition.sender_name or partition.name, partition.address],
        to=[[first.name, person.email if person else first.address]],
        language=choice.language,
        template_version_id=choice.version_id,
        subject=choice.subject_for(DIGEST, data, otherwise=f"{partition.name}: {what}"),
        data=data,
        why="There were more notices than go out one by one." if flood else "They want these once a day.",
    )


def _groups(items: Sequence[DigestItem]) -> list[dict[str, Any]]:
    """By what they are about, and a storm of calls about one thing as one; the oldest first."""
    by_subject: dict[str, list[DigestItem]] = defaultdict(list)
    for item in items:
        by_subject[_bare(item.subject)].append(item)
    groups: dict[str, list[DigestItem]] = {}
    for subject, some in by_subject.items():
        works = {item.work for item in some}
        title = f"{len(works)} about “{subject}”" if len(works) >= STORM else ""
        for item in some:
            groups.setdefault(title or _title(item), []).append(item)
    left = MOST_ITEMS
    told = []
    for title, some in groups.items():
        shown = some[: min(MOST_OF_A_KIND, left)]
        left -= len(shown)
        told.append(
            {
                "title": title,
                "count": len(some),
                "items": [_line(item) for item in shown],
                "left_out": len(some) - len(shown),
            }
        )
    return told


def _line(item: DigestItem) -> dict[str, str]:
    kind, number = item.work
    name = TYPES[item.type_code].name if item.type_code in TYPES else str(item.type_code)
    return {
        "what": name.partition(" - ")[2] or name,
        "subject": item.subject,
        "text": item.text,
        "url": page_of(kind, number),
    }


def _title(item: DigestItem) -> str:
    kind, number = item.work
    return f"{kind.capitalize()} {number}"


def _bare(subject: str) -> str:
    """A subject without tags and prefixes, comparable with others."""
    return without_tags(strip_prefixes(without_tags(subject)).text).strip()
