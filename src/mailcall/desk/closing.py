"""How calls end: resolved, closed by their partition's method, and opened again."""

import datetime as dt

from mailcall.desk import events
from mailcall.desk.call_states import CallVerb, move
from mailcall.desk.call_work import call_work
from mailcall.desk.closing_times import is_warning, next_step, parts_of, warnings
from mailcall.desk.delegations import is_active
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, ClosureMethod, Group, Partition, Person, TimelineEntry
from mailcall.desk.work import Deed, Work

_LONGEST_HOURS = 365 * 24


def resolve(
    call: Call, deed: Deed, *, solved: bool = True, analyst: Person | None = None, version: int | None = None
) -> TimelineEntry:
    """Say that a call is resolved, or with `solved=False` that it can't be; what follows is the partition's.

    Immediate closes it. Rules hands it to the closure group, and closes it after some time if it was solved.
    Comments hands it to `analyst`, who may close it, with what was said. Raises Refused.
    """
    with call_work(call, deed, version) as work:
        call, partition = work.the_call, work.partition
        if partition.closure_method == ClosureMethod.IMMEDIATE:
            return _close(work, CallVerb.CLOSE if solved else CallVerb.CLOSE_UNRESOLVED)
        move(call, CallVerb.RESOLVE if solved else CallVerb.GIVE_UP, deed.now)
        if partition.closure_method == ClosureMethod.COMMENTS:
            _refuse_as_closer(partition, analyst, deed)
            _hand_to(call, partition.closure_group or call.group, analyst)
        elif partition.closure_group:
            call.group, call.analyst = partition.closure_group, None
        if solved and partition.closure_method == ClosureMethod.RULES:
            call.close_step_at = next_step(partition, deed.now, deed.now)
        whom = analyst if partition.closure_method == ClosureMethod.COMMENTS else partition.closure_group
        what = "Resolved" if solved else "Not resolved"
        entry = work.tell(call, f"{what}, and forwarded to {whom} to be closed" if whom else what)
        work.happened(events.CallResolved(call, entry, deed.origin))
    return entry


def close(call: Call, deed: Deed, *, solved: bool = True, version: int | None = None) -> TimelineEntry:
    """Close a call at once. Raises Refused when it is closed, or the actor may not close it."""
    with call_work(call, deed, version) as work:
        actor = work.actor
        if actor and actor.pk != work.the_call.user_id and not may_close(work.partition, actor):
            raise Refused(
                f"{actor} may not close calls of {work.partition}, only the group "
                f"{work.partition.closure_group}. Resolve the call instead."
            )
        return _close(work, CallVerb.CLOSE if solved else CallVerb.CLOSE_UNRESOLVED)


def reopen(call: Call, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Open a closed call again, or one that waits to be closed. Raises Refused when it is open."""
    with call_work(call, deed, version) as work:
        call = work.the_call
        move(call, CallVerb.REOPEN, deed.now)
        entry = work.tell(call, "Reopened")
        work.happened(events.StateChanged(call, entry, deed.origin))
    return entry


def may_close(partition: Partition, person: Person) -> bool:
    """Whether the partition lets somebody close its calls: with a closure group, its members alone."""
    group = partition.closure_group
    if partition.closure_method == ClosureMethod.IMMEDIATE or group is None:
        return True
    return group.members.filter(pk=person.pk).exists()


def close_or_warn(work: Work) -> None:
    """Do what is due to a resolved call: warn that it will be closed, or close it.

    If nobody looked at the clock for long, people are still warned first, and have the time of the last
    warning to say something.
    """
    call, partition = work.the_call, work.partition
    assert call.resolved_at is not None  # as long as there is a step
    assert call.close_step_at is not None
    if partition.closure_method != ClosureMethod.RULES or not partition.close_after_hours:
        call.close_step_at = None
        work.tell(call, f"It is not closed by itself, since {partition} closes calls otherwise now")
        return
    closes_at = call.resolved_at + dt.timedelta(hours=partition.close_after_hours)
    if call.close_step_at >= closes_at:
        _close(work, CallVerb.CLOSE, "Closed, since nobody objected after it was resolved")
        return
    if closes_at <= work.now:
        closes_at = work.now + dt.timedelta(hours=min(warnings(partition), default=0))
        call.close_step_at = closes_at
    else:
        call.close_step_at = next_step(partition, call.resolved_at, work.now)
    entry = work.tell(call, f"Warned that it will be closed on {closes_at:%Y-%m-%d at %H:%M} UTC")
    work.happened(events.CallClosesSoon(call, entry, work.deed.origin, closes_at))


def set_closure(
    partition: Partition,
    method: ClosureMethod,
    *,
    group: Group | None = None,
    after_hours: int = 72,
    warning_hours: str = "",
) -> None:
    """Have the calls of a partition end in this way from now on. Raises Refused."""
    if method not in ClosureMethod.values:
        raise Refused(f"“{method}” is no closure method: take {', '.join(ClosureMethod.values)}.")
    if not 0 <= after_hours <= _LONGEST_HOURS:
        raise Refused(f"Calls close after 1 to {_LONGEST_HOURS} hours, or with 0 never by themselves.")
    partition.closure_method, partition.closure_group = method, group
    partition.close_after_hours, partition.close_warning_hours = after_hours, warning_hours.strip()
    for part in parts_of(warning_hours):
        if not is_warning(part, after_hours):
            raise Refused(
                f"“{part}” is no warning: give hours before the closing, such as 48, 4, each fewer than "
                f"the {after_hours} after which calls close."
            )
    partition.save()


def _close(work: Work, verb: CallVerb, sentence: str = "") -> TimelineEntry:
    call = work.the_call
    move(call, verb, work.now)
    closed = "Closed" if verb == CallVerb.CLOSE else "Closed as unresolved"
    entry = work.tell(call, sentence or closed)
    work.happened(events.StateChanged(call, entry, work.deed.origin))
    return entry


def _hand_to(call: Call, group: Group | None, analyst: Person | None) -> None:
    """Hand a call to an analyst, in the group if they are in it."""
    is_in = group is not None and analyst is not None and group.members.filter(pk=analyst.pk).exists()
    call.group, call.analyst = group if is_in else None, analyst


def _refuse_as_closer(partition: Partition, analyst: Person | None, deed: Deed) -> None:
    if not deed.text:
        raise Refused("Say what was done, so that whoever closes the call can judge it.")
    if analyst is None:
        raise Refused(f"Say which analyst is to close it: {partition} wants one to judge what was done.")
    if not (analyst.is_analyst and is_active(analyst)):
        raise Refused(f"{analyst} is no active Analyst.")
    if not may_close(partition, analyst):
        raise Refused(f"{analyst} may not close calls of {partition}: they are not in its closure group.")
