"""What it takes to remove one kind of thing: the row, what hangs on it, and the file that it alone names.

All of these run inside a transaction of the caller, on at most a batch, and say what they did.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from mailcall.desk.models import Attachment, Content, TimelineEntry
from mailcall.desk.models.calls import content_name
from mailcall.inbound.models import Confirmation, MailEdit, MailState, ReceivedMail
from mailcall.outbound import drafts
from mailcall.outbound.models import Delivery, DeliveryState, Draft, Message
from mailcall.retention.models import LooseFile

REMOVED = "(removed)"
IN_HAND = (
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.DEFERRED,
    DeliveryState.UNKNOWN,
    DeliveryState.HELD,
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something is removed, and by what: “the retention rule X”."""

    at: dt.datetime
    by: str


@dataclass(slots=True)
class Removed:
    """What went: keys of rows (or names of files) by what they are for people, and the bytes of sources."""

    keys: dict[str, list[int | str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, keys: Iterable[int | str]) -> None:
        """These went."""
        keys = list(keys)
        if keys:
            self.keys.setdefault(what, []).extend(keys)
            self.counts[what] += len(keys)

    def count(self, what: str, number: int) -> None:
        """So many went, whose keys say nothing to anybody."""
        if number:
            self.counts[what] += number


def remove_sources(mails: "QuerySet[ReceivedMail]", stamp: Stamp, removed: Removed) -> None:
    """The bytes of mails that are done; a mail that waits or is held is not touched."""
    found = _locked(mails.filter(raw_removed_at=None))
    ReceivedMail.objects.filter(pk__in=found).update(
        raw=None, raw_removed_at=stamp.at, removed_by=stamp.by[:200]
    )
    _sources_went(found, removed)


def empty_mails(mails: "QuerySet[ReceivedMail]", stamp: Stamp, removed: Removed) -> None:
    """All that mails say which are done. What makes each one mail stays, so that it does not come again."""
    mails = mails.filter(emptied_at=None)
    with_source = _locked(mails.filter(raw_removed_at=None))
    found = _locked(mails)
    ReceivedMail.objects.filter(pk__in=found).update(
        raw=None,
        raw_removed_at=Coalesce("raw_removed_at", Value(stamp.at)),
        emptied_at=stamp.at,
        removed_by=stamp.by[:200],
        evidence={},
        message_id="",
        from_address="",
        subject="",
        duplicate_key="",
        error="",
        reason="",
        trace=[],
    )
    MailEdit.objects.filter(mail__in=found).delete()
    Confirmation.objects.filter(mail__in=found).delete()
    removed.add("received mails", found)
    _sources_went(with_source, removed)


def _locked(mails: "QuerySet[ReceivedMail]") -> dict[int, tuple[int, str, bool]]:
    """The size, the hash and whether a file has it, of each that is done and in nobody's hands."""
    in_file = ExpressionWrapper(Q(raw__isnull=True), output_field=BooleanField())
    rows = mails.filter(state=MailState.DONE).annotate(in_file=in_file).order_by("pk")
    rows = rows.select_for_update(skip_locked=True, of=("self",))
    found = rows.values_list("pk", "size", "sha256", "in_file")
    return {pk: (size, sha256, in_file) for pk, size, sha256, in_file in found}


def _sources_went(found: dict[int, tuple[int, str, bool]], removed: Removed) -> None:
    removed.add("sources", found)
    removed.count("bytes of sources", sum(size for size, _, _ in found.values()))
    let_go({sha256 for _, sha256, in_file in found.values() if in_file}, removed)


def remove_data(messages: "QuerySet[Message]", stamp: Stamp, removed: Removed) -> None:
    """What messages said, unless one of their copies is still on its way."""
    on_its_way = Delivery.objects.filter(message=OuterRef("pk"), state__in=IN_HAND)
    rows = messages.filter(data_removed_at=None).exclude(Exists(on_its_way)).order_by("pk")
    found = list(rows.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    Message.objects.filter(pk__in=found).update(data={}, data_removed_at=stamp.at, removed_by=stamp.by[:200])
    removed.add("messages", found)


def remove_attachments(entries: Collection[int], removed: Removed) -> None:
    """The attachments of these entries, and their bytes where nothing else has the same.

    Whoever hangs the same bytes on another entry at this very moment is refused by the database, and does
    it again.
    """
    rows = Attachment.objects.filter(entry__in=entries)
    attachments = dict(rows.values_list("pk", "content"))
    if not attachments:
        return
    rows.delete()
    removed.add("attachments", attachments)
    contents = Content.objects.filter(pk__in=set(attachments.values())).order_by("pk").select_for_update()
    used = set(
        Attachment.objects.filter(content__in=list(contents.values_list("pk", flat=True))).values_list(
            "content", flat=True
        )
    )
    unused = Content.objects.filter(
        pk__in=set(attachments.values()) - used, draft_files=None, template_files=None
    )
    in_files = set(unused.filter(data=None).values_list("sha256", flat=True))
    unused.only("pk").delete()
    let_go(in_files, removed)


def remove_drafts(about: Q, removed: Removed) -> None:
    """Mails that analysts were writing, with the files that only these have."""
    removed.count("drafts", drafts.forget(Draft.objects.filter(about)))


def entry_keys(entries: "QuerySet[TimelineEntry]") -> list[int]:
    """The keys of entries, in order."""
    return list(entries.order_by("pk").values_list("pk", flat=True))


def let_go(hashes: Collection[str], removed: Removed) -> None:
    """Have these files removed once that is safe, if nothing names them now."""
    loose = sorted(set(hashes) - named(hashes))
    LooseFile.objects.bulk_create(
        [LooseFile(name=content_name(sha256)) for sha256 in loose], ignore_conflicts=True
    )
    removed.add("files", loose)


def named(hashes: Collection[str]) -> set[str]:
    """Those of these hashes whose file a row names."""
    mails = ReceivedMail.objects.filter(sha256__in=hashes, raw=None, raw_removed_at=None)
    contents = Content.objects.filter(sha256__in=hashes, data=None)
    return {*mails.values_list("sha256", flat=True), *contents.values_list("sha256", flat=True)}


def ranges(keys: Sequence[int | str]) -> str:
    """Keys in short: `1-3, 7` for numbers, names as they are with spaces between."""
    if not all(isinstance(key, int) for key in keys):
        return " ".join(map(str, keys))
    parts: list[list[int]] = []
    for key in sorted(int(key) for key in keys):
        if parts and key == parts[-1][-1] + 1:
            parts[-1][1:] = [key]
        else:
            parts.append([key])
    return ", ".join("-".join(map(str, part)) for part in parts)
