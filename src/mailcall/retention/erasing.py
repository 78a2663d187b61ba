"""Erases a person: what they said and who they were goes; calls and requests keep number, state and dates.

What others wrote of them no program can find for certain: `mentions` lists where their words still stand.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth import get_user_model
from django.db.models import F, Model, Q, QuerySet

from mailcall.database.rows import update_rows
from mailcall.desk.models import (
    Call,
    CallLink,
    CallTemplate,
    Grant,
    Membership,
    Participant,
    Person,
    PersonAddress,
    PersonChange,
    ServiceLevelChange,
    Survey,
    TimelineEntry,
)
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from mailcall.outbound.models import Draft, Message
from mailcall.retention import erasing_work as work
from mailcall.retention.calls import Work, forget_recipients
from mailcall.retention.notices import forget_notices, forget_reader
from mailcall.retention.people import Subject
from mailcall.retention.removing import (
    REMOVED,
    Removed,
    Stamp,
    empty_mails,
    entry_keys,
    remove_attachments,
    remove_data,
    remove_drafts,
)
from mailcall.retention.rules import BATCH, CALLS, Batch

STAND_IN = "Erased person"


class Erasure:
    """One erasure, in batches. The person goes last, so that one that was stopped finds them again."""

    def __init__(self, subject: Subject, stamp: Stamp) -> None:
        self.title = subject.title
        self.settings = ""
        self._subject = subject
        self._stamp = stamp
        self._scrub = scrubber(subject.words)

    def batches(self) -> Iterator[Batch]:
        """Calls, requests, approvals with all they have of them, what they said elsewhere, who they were."""
        subject = self._subject
        elsewhere = Q(call__isnull=True) | ~Q(call__in=subject.calls())
        elsewhere &= work.not_of_their_work(subject)
        said = TimelineEntry.objects.filter(elsewhere, actor__in=subject.keys).exclude(actor_name=STAND_IN)
        messages = Message.objects.filter(elsewhere)
        written = messages.filter(author__in=subject.keys)
        sent = messages.filter(pk__in=subject.deliveries().values("message"))
        yield from self._each(subject.calls(), self._calls, CALLS)
        yield from self._each(work.requests_of(subject), self._requests, CALLS)
        yield from self._each(work.approvals_of(subject), self._approvals)
        yield from self._each(said, self._said)
        yield from self._each(subject.apart(), self._mails)
        yield from self._each(written, self._written)
        yield from self._each(sent, self._sent)
        yield self._records

    def _each(
        self, rows: "QuerySet[Any]", do: Callable[[list[int], Removed], None], size: int = BATCH
    ) -> Iterator[Batch]:
        after = 0
        rows = rows.order_by("pk").values_list("pk", flat=True)
        while keys := list(rows.filter(pk__gt=after)[:size]):
            after = keys[-1]
            yield partial(do, keys)

    def _calls(self, keys: list[int], removed: Removed) -> None:
        """All that calls have of the person: their words and mails, who they were, what was told of them."""
        subject = self._subject
        list(Call.objects.filter(pk__in=keys).order_by("pk").select_for_update().values_list("pk"))
        own = list(Call.objects.filter(pk__in=keys, user__in=subject.keys).values_list("pk", flat=True))
        theirs = Work.of(calls=own)
        entries = TimelineEntry.objects.filter(Q(call__in=keys) | theirs.about)
        self._said(entry_keys(entries.filter(actor__in=subject.keys)), removed)
        if subject.addresses:  # they had no record when they wrote it
            by_mail = entries.filter(actor=None, received_mail__from_address__in=subject.addresses)
            self._remove_words(entry_keys(by_mail), removed)
            Participant.objects.filter(call__in=keys, address__in=subject.addresses).delete()
        self._rewrite(Participant.objects.filter(call__in=keys), ["reason"])
        self._rewrite(CallLink.objects.filter(Q(call__in=keys) | Q(earlier__in=keys)), ["reason"])
        self._rewrite(ReceivedMail.objects.filter(call__in=keys).defer("raw"), ["reason", "error", "trace"])
        remove_data(Message.objects.filter(theirs.about), self._stamp, removed)
        forget_notices(entry_keys(TimelineEntry.objects.filter(theirs.about)), self._stamp, removed)
        remove_drafts(theirs.about, removed)
        for model in (Message, TimelineEntry, ReceivedMail):  # whoever answers repeats it
            model._default_manager.filter(theirs.about).exclude(subject="").update(subject=REMOVED)
        concerned = Message.objects.filter(Q(call__in=keys) | theirs.about)
        messages = list(concerned.values_list("pk", flat=True))
        self._written(messages, removed)
        self._sent(messages, removed)
        Call.objects.filter(pk__in=own).update(subject=REMOVED)
        Call.objects.filter(pk__in=keys).update(version=F("version") + 1)
        removed.add("calls", keys)

    def _requests(self, keys: list[int], removed: Removed) -> None:
        concerned = work.empty_requests(keys, self._stamp, removed)
        forget_notices(entry_keys(TimelineEntry.objects.filter(concerned.about)), self._stamp, removed)
        entries = TimelineEntry.objects.filter(concerned.about, actor__in=self._subject.keys)
        self._said(entry_keys(entries), removed)
        messages = list(Message.objects.filter(concerned.about).values_list("pk", flat=True))
        self._written(messages, removed)
        self._sent(messages, removed)
        self._scrub_work(concerned)

    def _approvals(self, keys: list[int], removed: Removed) -> None:
        self._scrub_work(work.empty_approvals(keys, self._subject, removed))

    def _scrub_work(self, concerned: Work) -> None:
        """Their name where Mailcall wrote it, to others too."""
        self._rewrite(work.told_of(concerned), ["text"])
        self._rewrite(Message.objects.filter(concerned.about), ["subject", "to", "cc", "why", "data"])
        self._rewrite(ReceivedMail.objects.filter(concerned.about).defer("raw"), ["reason", "error", "trace"])

    def _said(self, keys: list[int], removed: Removed) -> None:
        """All that they said goes; of what an analyst said on calls of others, only the name."""
        forget_notices(keys, self._stamp, removed)
        entries = TimelineEntry.objects.filter(pk__in=keys)
        as_user = set(entry_keys(work.own_words(entries, self._subject)))
        as_analyst = set(entry_keys(entries.filter(actor__is_analyst=True))) - as_user
        TimelineEntry.objects.filter(pk__in=as_analyst).update(actor_name=STAND_IN, proof="")
        removed.add("names of an analyst on entries", sorted(as_analyst))
        self._remove_words([key for key in keys if key not in as_analyst], removed)

    def _remove_words(self, entries: list[int], removed: Removed) -> None:
        remove_attachments(entries, removed)
        empty_mails(ReceivedMail.objects.filter(entry__in=entries), self._stamp, removed)
        remove_data(Message.objects.filter(entry__in=entries), self._stamp, removed)
        TimelineEntry.objects.filter(pk__in=entries).update(
            actor_name=STAND_IN,
            proof="",
            subject="",
            text=REMOVED,
            quoted_text="",
            html="",
            external_id="",
        )
        removed.add("timeline entries", entries)

    def _mails(self, keys: list[int], removed: Removed) -> None:
        empty_mails(ReceivedMail.objects.filter(pk__in=keys), self._stamp, removed)

    def _written(self, keys: list[int], removed: Removed) -> None:
        """The name under messages that they wrote as an analyst."""
        messages = Message.objects.filter(pk__in=keys, author__in=self._subject.keys)
        removed.count("names of an analyst on messages", self._rewrite(messages, ["why", "data"]))

    def _sent(self, keys: list[int], removed: Removed) -> None:
        """What was sent to them, and that it was."""
        copies = self._subject.deliveries().filter(message__in=keys)
        to_them = list(copies.values_list("message", flat=True))
        remove_data(Message.objects.filter(pk__in=to_them), self._stamp, removed)
        self._rewrite(Message.objects.filter(pk__in=keys), ["subject", "why", "to", "cc"])
        removed.count("recipients", forget_recipients(copies))

    def _records(self, removed: Removed) -> None:
        subject = self._subject
        if subject.address:
            for model in (AccessLog, AccessFailureLog, AccessAttempt):
                rows = model._default_manager.filter(username__iexact=subject.address)
                removed.count("sign-ins", rows.count())
                rows.delete()
        get_user_model()._default_manager.filter(person__in=subject.keys).delete()
        for of_theirs in (Membership, Grant, PersonAddress, PersonChange, Survey):
            of_theirs._default_manager.filter(person__in=subject.keys).delete()
        for changes in (PersonChange, ServiceLevelChange):
            changes._default_manager.filter(by__in=subject.keys).update(by_name=STAND_IN)
        self._rewrite(ServiceLevelChange.objects.all(), ["text"])
        work.forget_records(subject, STAND_IN, removed)
        remove_drafts(Q(author__in=subject.keys) | Q(answers__actor__in=subject.keys), removed)
        self._rewrite(Draft.objects.all(), ["to", "cc", "bcc", "subject", "text", "problem", "joined"])
        names = [person.name for person in subject.persons]
        forget_reader(subject.keys, [*names, *subject.addresses], STAND_IN, removed)
        self._rewrite(work.edits_naming(subject), ["by", "old", "new"])
        CallTemplate.objects.filter(analyst__in=subject.keys).update(analyst=None)
        analysts = IncomingAccount.objects.filter(default_logging_analyst__in=subject.keys)
        analysts.update(default_logging_analyst=None)
        for person in subject.persons:
            Person.objects.filter(pk=person.pk).update(
                name=f"{STAND_IN} {person.pk}",
                email="",
                is_analyst=False,
                available_recipient=False,
                organisation=None,
                language="",
                time_zone="",
            )
        removed.add("persons", subject.keys)

    def _rewrite(self, rows: "QuerySet[Any]", fields: Sequence[str]) -> int:
        """Put the stand-in where these fields name the person; how many rows that changed."""
        changed: list[Model] = []
        for row in rows:
            before = {name: getattr(row, name) for name in fields}
            after = {name: self._scrub(value) for name, value in before.items()}
            if after != before:
                for name, value in after.items():
                    setattr(row, name, value)
                changed.append(row)
        update_rows(changed, fields)
        return len(changed)


def scrubber(words: Sequence[str]) -> Callable[[Any], Any]:
    """What puts the stand-in for these words into a text, or all texts of a JSON value."""
    if not words:
        return lambda value: value
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words), re.IGNORECASE)

    def scrub(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(STAND_IN, value)
        if isinstance(value, Mapping):
            return {key: scrub(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [scrub(part) for part in value]
        return value

    return scrub
