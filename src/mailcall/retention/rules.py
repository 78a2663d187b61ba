"""What each kind of rule finds, a batch at a time, by an index, and how it goes."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Protocol

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db.models import Model, Q, QuerySet

from mailcall.config import config
from mailcall.desk.models import Call, Partition, Request
from mailcall.inbound.models import IncomingAccount, MailState, ReceivedMail
from mailcall.outbound.models import DigestItem, Message, Notice
from mailcall.retention import calls, stored_files
from mailcall.retention.models import How, Removes, RetentionRule
from mailcall.retention.removing import Removed, Stamp, empty_mails, remove_data, remove_sources

BATCH = 200
CALLS = 20  # whose entries, messages and attachments are many more rows

Batch = Callable[[Removed], None]
_REQUEST_REMOVALS: Mapping[str, Callable[["QuerySet[Request]", Stamp, Removed], None]] = {
    How.DELETE: calls.delete_requests,
    How.ANONYMIZE: calls.anonymize_requests,
}
_REMOVALS: Mapping[str, Callable[["QuerySet[Call]", Stamp, Removed], None]] = {
    How.DELETE: calls.delete,
    How.ANONYMIZE: calls.anonymize,
}


class Task(Protocol):
    """Something to remove, in batches: each is to be called in a transaction, and may find nothing left."""

    title: str
    settings: str

    def batches(self) -> Iterator[Batch]:
        """What to do, in order; begun anew, it goes on where it was stopped."""
        ...


class RuleTask:
    """A retention rule at one moment."""

    def __init__(self, rule: RetentionRule, now: dt.datetime) -> None:
        self.title = f"Rule “{rule.name}”"
        self.settings = rule.settings
        self._rule = rule
        self._before = now - dt.timedelta(days=rule.after_days)
        self._stamp = Stamp(now, f"the retention rule “{rule.name}”")

    def batches(self) -> Iterator[Batch]:
        """The batches of its kind."""
        match Removes(self._rule.removes):
            case Removes.RAW_MAIL:
                yield from self._mails(raw_mails(self._before), remove_sources)
            case Removes.REJECTED_MAIL:
                yield from self._mails(rejected_mails(self._before), empty_mails)
            case Removes.CLOSED_CALLS:
                yield from self._calls()
            case Removes.CLOSED_REQUESTS:
                yield from self._requests()
            case Removes.SENT_MESSAGES:
                rows = self._of_partition(sent_messages(self._before), "partition")
                for keys in pages(rows, "created_at"):
                    yield partial(remove_data, Message.objects.filter(pk__in=keys), self._stamp)
            case Removes.NOTICES:
                for told, moment, what in notices(self._before):
                    for keys in pages(self._of_partition(told, "partition"), moment):
                        yield partial(_delete, told.filter(pk__in=keys), what)
            case Removes.SIGN_INS:
                yield from self._sign_ins()
            case Removes.ORPHANED_FILES:
                names = stored_files.old_names(default_storage, self._before)
                while some := list(islice(names, BATCH)):
                    yield partial(stored_files.let_unnamed_go, some)
                dead = list(stored_files.dead_spool_files(config().spool_dir, self._before))
                yield partial(stored_files.let_spool_go, dead)

    def _mails(
        self,
        rows: "QuerySet[ReceivedMail]",
        remove: Callable[["QuerySet[ReceivedMail]", Stamp, Removed], None],
    ) -> Iterator[Batch]:
        if self._rule.partition_id:
            accounts = IncomingAccount.objects.filter(template__partition=self._rule.partition_id)
            rows = rows.filter(account__in=list(accounts.values_list("pk", flat=True)))
        for keys in pages(rows, "acted_at"):
            yield partial(remove, ReceivedMail.objects.filter(pk__in=keys), self._stamp)

    def _calls(self) -> Iterator[Batch]:
        """A partition at a time: as long as a reply would open a call again, it stays."""
        for partition in self._of_partition(Partition.objects.order_by("pk"), "pk"):
            days = max(self._rule.after_days, partition.reopen_days + 1)
            rows = calls.closed(partition, self._stamp.at - dt.timedelta(days=days))
            for keys in pages(rows, "closed_at", CALLS):
                yield partial(_REMOVALS[self._rule.how], rows.filter(pk__in=keys), self._stamp)

    def _requests(self) -> Iterator[Batch]:
        for partition in self._of_partition(Partition.objects.order_by("pk"), "pk"):
            rows = calls.closed_requests(partition, self._before)
            for keys in pages(rows, "closed_at", CALLS):
                yield partial(_REQUEST_REMOVALS[self._rule.how], rows.filter(pk__in=keys), self._stamp)

    def _sign_ins(self) -> Iterator[Batch]:
        kinds: Sequence[tuple[type[Model], str, str]] = (
            (AccessLog, "attempt_time", "sign-ins"),
            (AccessFailureLog, "attempt_time", "failed sign-ins"),
            (AccessAttempt, "attempt_time", "failed sign-ins"),
            (Session, "expire_date", "sessions"),
        )
        for model, moment, what in kinds:
            rows = model._default_manager.filter(**{f"{moment}__lt": self._before})
            for keys in pages(rows, moment):
                yield partial(_delete, model._default_manager.filter(pk__in=keys), what)

    def _of_partition(self, rows: "QuerySet[Any]", name: str) -> "QuerySet[Any]":
        return rows.filter(**{name: self._rule.partition_id}) if self._rule.partition_id else rows


def raw_mails(before: dt.datetime) -> "QuerySet[ReceivedMail]":
    """The mails dealt with before this moment that have their source."""
    return ReceivedMail.objects.filter(state=MailState.DONE, acted_at__lt=before, raw_removed_at=None)


def rejected_mails(before: dt.datetime) -> "QuerySet[ReceivedMail]":
    """The mails dealt with before this moment that changed no call, and are not emptied."""
    apart = Q(entry=None, emptied_at=None)
    return ReceivedMail.objects.filter(apart, state=MailState.DONE, acted_at__lt=before)


def sent_messages(before: dt.datetime) -> "QuerySet[Message]":
    """The messages made before this moment that have their data."""
    return Message.objects.filter(created_at__lt=before, data_removed_at=None)


def notices(before: dt.datetime) -> "Sequence[tuple[QuerySet[Any], str, str]]":
    """The notices on pages made before this moment, and the lines of digests that left before it."""
    return (
        (Notice.objects.filter(created_at__lt=before), "created_at", "notices"),
        (DigestItem.objects.filter(sent_at__lt=before), "sent_at", "lines of digests"),
    )


def pages(rows: "QuerySet[Any]", moment: str, size: int = BATCH) -> Iterator[list[Any]]:
    """The keys of all these rows by pages, in the order of `moment`, whether or not they go meanwhile."""
    some = rows
    while found := list(some.order_by(moment, "pk").values_list(moment, "pk")[:size]):
        yield [key for _, key in found]
        at, key = found[-1]
        some = rows.filter(**{f"{moment}__gte": at}).exclude(**{moment: at, "pk__lte": key})


def _delete(rows: "QuerySet[Any]", what: str, removed: Removed) -> None:
    removed.count(what, rows.count())
    rows.delete()
