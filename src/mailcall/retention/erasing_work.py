"""What requests, tasks and approvals have of a person who is erased."""

from django.db.models import F, Q, QuerySet

from mailcall.desk.models import (
    Approval,
    Call,
    Delegation,
    EntryKind,
    Request,
    RequestType,
    RequestTypeStep,
    Task,
    TimelineEntry,
)
from mailcall.inbound.models import Confirmation, MailEdit, ReceivedMail
from mailcall.outbound.models import Message, Token
from mailcall.retention.calls import Work
from mailcall.retention.people import Subject
from mailcall.retention.removing import REMOVED, Removed, Stamp, remove_data, remove_drafts


def requests_of(subject: Subject) -> "QuerySet[Request]":
    """The requests that they are the Users of."""
    return Request.objects.filter(user__in=subject.keys)


def not_of_their_work(subject: Subject) -> Q:
    """What is not about their requests, nor about a task of these or of their calls."""
    own, calls = requests_of(subject).values("pk"), _own_calls(subject)
    return ~Q(request__in=own) & ~Q(task__request__in=own) & ~Q(task__call__in=calls)


def approvals_of(subject: Subject) -> "QuerySet[Approval]":
    """What they were asked to approve, and what they decided for others."""
    return Approval.objects.filter(Q(person__in=subject.keys) | Q(decided_by__in=subject.keys))


def empty_requests(keys: list[int], stamp: Stamp, removed: Removed) -> Work:
    """What their own requests are about, and what was sent of them; the work that this concerns."""
    rows = Request.objects.filter(pk__in=keys).order_by("pk")
    list(rows.select_for_update().values_list("pk"))
    work = Work.of(requests=keys)
    remove_data(Message.objects.filter(work.about), stamp, removed)
    remove_drafts(work.about, removed)
    for model in (Message, TimelineEntry, ReceivedMail):  # whoever answers repeats it
        model._default_manager.filter(work.about).exclude(subject="").update(subject=REMOVED)
    rows.order_by().update(subject=REMOVED, version=F("version") + 1)
    removed.add("requests", keys)
    return work


def empty_approvals(keys: list[int], subject: Subject, removed: Removed) -> Work:
    """What they said when they decided, and on what proof; the work that this concerns."""
    approvals = Approval.objects.filter(pk__in=keys)
    list(approvals.order_by("pk").select_for_update().values_list("pk"))
    approvals.filter(decided_by__in=subject.keys).exclude(comment="").update(comment=REMOVED)
    approvals.update(proof="")
    removed.add("approvals", keys)
    tasks = Task.objects.filter(approvals__in=keys).distinct()
    numbers = {name: sorted(set(tasks.values_list(name, flat=True)) - {None}) for name in ("call", "request")}
    return Work(numbers["call"], numbers["request"], list(tasks.values_list("pk", flat=True)))


def told_of(work: Work) -> "QuerySet[TimelineEntry]":
    """What Mailcall itself wrote into the timelines, where it names people."""
    return TimelineEntry.objects.filter(work.about, kind=EntryKind.STATE)


def forget_records(subject: Subject, stand_in: str, removed: Removed) -> None:
    """Their tokens, delegations and confirmations, and where presets name them."""
    delegations = Delegation.objects.filter(Q(person__in=subject.keys) | Q(delegate__in=subject.keys))
    removed.add("delegations", list(delegations.order_by("pk").values_list("pk", flat=True)))
    delegations.delete()
    Token.objects.filter(person__in=subject.keys).delete()
    Confirmation.objects.filter(person__in=subject.keys).delete()
    MailEdit.objects.filter(person__in=subject.keys).update(by=stand_in)
    for steps in RequestTypeStep.objects.filter(approvers__in=subject.keys).distinct():
        steps.approvers.remove(*subject.keys)
    for model in (RequestType, RequestTypeStep):
        model._default_manager.filter(analyst__in=subject.keys).update(analyst=None)


def edits_naming(subject: Subject) -> "QuerySet[MailEdit]":
    """The edits of mails that have their address or name."""
    wanted = Q(pk__in=[])
    for word in subject.words:
        wanted |= Q(old__icontains=word) | Q(new__icontains=word)
    return MailEdit.objects.filter(wanted)


def own_words(entries: "QuerySet[TimelineEntry]", subject: Subject) -> "QuerySet[TimelineEntry]":
    """Of entries of an analyst: those on calls and requests of their own, where they spoke as a User."""
    calls, requests = _own_calls(subject), requests_of(subject).values("pk")
    return entries.filter(
        Q(call__in=calls) | Q(task__call__in=calls) | Q(request__in=requests) | Q(task__request__in=requests)
    )


def _own_calls(subject: Subject) -> "QuerySet[Call]":
    return Call.objects.filter(user__in=subject.keys).only("pk")
