"""What calls have to do with each other: linked, merged, split."""

from django.db.models import QuerySet

from mailcall.database.rows import insert_rows
from mailcall.desk import events
from mailcall.desk.call_states import CallVerb, move
from mailcall.desk.call_work import call_work, two_calls_work
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Attachment,
    Call,
    CallLink,
    EntryKind,
    LinkState,
    Participant,
    Task,
    TimelineEntry,
)
from mailcall.desk.models.work import UNENDED_STATES
from mailcall.desk.work import Deed, Work

_SPLITTABLE = (EntryKind.MAIL_IN, EntryKind.NOTE)


def link(call: Call, other: Call, deed: Deed) -> TimelineEntry:
    """Say that two calls belong together. Raises Refused when that is said already."""
    with two_calls_work(call, other, deed) as (work, there):
        here = work.the_call
        if _between(here, there).filter(state=LinkState.ACCEPTED).exists():
            raise Refused(f"{here} and {there} are linked already.")
        _connect(here, there, deed.text or f"{deed.words.actor_name} linked them.")
        entry = work.tell(here, f"Linked to {there}")
        work.tell_also(there, f"Linked to {here}")
    return entry


def unlink(call: Call, other: Call, deed: Deed) -> TimelineEntry:
    """Say that two calls don't belong together. Raises Refused when nobody said that they do."""
    with two_calls_work(call, other, deed) as (work, there):
        here = work.the_call
        if not _between(here, there).filter(state=LinkState.ACCEPTED).update(state=LinkState.DISMISSED):
            raise Refused(f"{here} and {there} are not linked.")
        entry = work.tell(here, f"No longer linked to {there}")
        work.tell_also(there, f"No longer linked to {here}")
    return entry


def merge(call: Call, into: Call, deed: Deed) -> TimelineEntry:
    """Have a call go on in another: it closes, and its people take part there. Raises Refused.

    The words stay where they were said; each timeline names the other call. What was merged into the call
    before goes on in the other as well.
    """
    with two_calls_work(call, into, deed) as (work, survivor):
        call = work.the_call
        _refuse_merging(call, survivor)
        if not call.is_closed:
            move(call, CallVerb.CLOSE, deed.now)
        call.merged_into = survivor
        Call.objects.filter(merged_into=call).update(merged_into=survivor)
        _bring_people(call, survivor)
        _connect(call, survivor, f"{call} was merged into {survivor}.")
        entry = work.tell(call, f"Merged into {survivor}")
        work.tell_also(survivor, f"{call} was merged into this call")
        work.happened(events.CallMerged(call, entry, deed.origin, survivor))
    return entry


def split(call: Call, entry: TimelineEntry, deed: Deed, *, subject: str) -> Call:
    """Start a call of its own with what one entry says, for the same group and analyst; both are linked.

    Its User is who said it, if the desk knows them as a User, or else the call's. Raises Refused.
    """
    subject = " ".join(subject.split())[:500]
    if not subject:
        raise Refused("The new call needs a subject.")
    if entry.call_id != call.pk or entry.kind not in _SPLITTABLE:
        raise Refused("Only a mail that was received, or a note, can be split from its call.")
    with call_work(call, deed) as work:
        new = _new_call(work, entry, subject)
        first = _copy(entry, new)
        CallLink.objects.create(
            call=new, earlier=work.the_call, state=LinkState.ACCEPTED, reason=f"Split from {work.the_call}."
        )
        work.tell_also(new, f"Split from {work.the_call}")
        work.tell(work.the_call, f"Split: what was said on {entry.at:%Y-%m-%d at %H:%M} UTC goes on in {new}")
        work.happened(events.CallLogged(new, first, deed.origin))
    return new


def survivor_of(call: Call) -> Call:
    """Where a call goes on, if it was merged; or else itself. At most one query."""
    if call.merged_into_id is None:
        return call
    return Call.objects.filter(pk=call.merged_into_id).first() or call


def _refuse_merging(call: Call, into: Call) -> None:
    if call.partition_id != into.partition_id:
        raise Refused(f"{call} and {into} are of different partitions, so they can only be linked.")
    if into.is_closed:
        raise Refused(f"{into} is closed, so nothing can go on there. Reopen it first.")
    task = Task.objects.filter(call=call, state__in=UNENDED_STATES).first()
    if task:
        raise Refused(f"{task} of {call} is not done yet. Close or cancel it first.")


def _bring_people(call: Call, into: Call) -> None:
    """Whoever takes part in the one takes part in the other."""
    people = [(row.address, row.name) for row in call.participants.all()]
    people.append((call.user.email, call.user.name))
    insert_rows(
        [
            Participant(
                call=into, address=address, name=name, reason=f"took part in {call}, which was merged"
            )
            for address, name in people
            if address and address != into.user.email
        ],
        ignore_conflicts=True,
    )


def _between(call: Call, other: Call) -> QuerySet[CallLink]:
    return CallLink.objects.filter(call=call, earlier=other) | CallLink.objects.filter(
        call=other, earlier=call
    )


def _connect(call: Call, other: Call, reason: str) -> None:
    """Link two calls for certain, whatever was thought of it before."""
    values = {"state": LinkState.ACCEPTED, "reason": reason[:300]}
    if not _between(call, other).update(**values):
        earlier, later = sorted((call, other), key=lambda one: one.pk)
        CallLink.objects.create(call=later, earlier=earlier, **values)


def _new_call(work: Work, entry: TimelineEntry, subject: str) -> Call:
    call = work.the_call
    said_by = entry.actor
    return Call.objects.create(
        partition=call.partition,
        subject=subject,
        type=call.type,
        stream=call.stream,
        priority=call.priority,
        user=said_by if said_by and said_by.is_user else call.user,
        logged_by=work.actor,
        group=call.group,
        analyst=call.analyst,
        template=call.template,
        issue_type=call.issue_type,
        opened_at=work.now,
        updated_at=work.now,
    )


def _copy(entry: TimelineEntry, call: Call) -> TimelineEntry:
    """The entry again on another call, with its files; the channel's own name stays with the first."""
    copied = ("kind", "at", "actor", "actor_name", "channel", "proof", "internal", "subject")
    said = ("text", "quoted_text", "html")
    copy = TimelineEntry.objects.create(call=call, **{name: getattr(entry, name) for name in copied + said})
    for file in entry.attachments.all():
        columns = ("content_id", "name", "content_type", "warning", "inline", "cid")
        Attachment.objects.create(entry=copy, **{name: getattr(file, name) for name in columns})
    return copy
