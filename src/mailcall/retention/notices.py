"""What notices, digests and the record of who was not told have of people, removed with what they tell of."""

from collections.abc import Collection, Sequence

from mailcall.outbound.models import (
    DigestItem,
    Message,
    Notice,
    NotTold,
    PersonChoice,
    PersonNotices,
    Suppression,
)
from mailcall.retention.removing import Removed, Stamp, remove_data


def forget_notices(entries: Sequence[int], stamp: Stamp, removed: Removed) -> None:
    """What people were told of these entries on their pages and in digests, and who was not."""
    items = DigestItem.objects.filter(entry__in=entries)
    remove_data(Message.objects.filter(pk__in=items.exclude(message=None).values("message")), stamp, removed)
    removed.count("lines of digests", items.delete()[0])
    removed.count("notices", Notice.objects.filter(entry__in=entries).delete()[0])
    NotTold.objects.filter(entry__in=entries).delete()


def forget_reader(persons: Collection[int], words: Sequence[str], name: str, removed: Removed) -> None:
    """What somebody was told, how they wanted to hear, and that they were not, or not any more."""
    removed.count("notices", Notice.objects.filter(person__in=persons).delete()[0])
    for of_theirs in (DigestItem, PersonChoice, PersonNotices):
        of_theirs._default_manager.filter(person__in=persons).delete()
    NotTold.objects.filter(who__in=words).update(who=name)
    Suppression.objects.filter(address__in=words).delete()
    Suppression.objects.filter(released_by__in=words).update(released_by=name)
