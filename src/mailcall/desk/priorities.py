"""How urgent a call is: by hand, or by impact and urgency, or by its issue type."""

from collections.abc import Mapping

from django.db import transaction

from mailcall.desk import events
from mailcall.desk.call_work import call_work
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, IssueType, Partition, PriorityRule, TimelineEntry
from mailcall.desk.work import Deed, Work

PRIORITIES = range(1, 6)  # 1 is the most urgent
LEVELS = range(1, 4)  # of impact and of urgency; 1 is the highest

Matrix = Mapping[tuple[int, int], int]

# What a partition has that says nothing else: both at their highest give 1, both at their lowest 5.
USUAL: Matrix = {(impact, urgency): impact + urgency - 1 for impact in LEVELS for urgency in LEVELS}


def matrix(partition: Partition) -> Matrix:
    """The priority for each impact and urgency in a partition. One query."""
    own = {(rule.impact, rule.urgency): rule.priority for rule in partition.priority_rules.all()}
    return {**USUAL, **own}


def set_matrix(partition: Partition, rules: Matrix) -> None:
    """Have these priorities instead of the usual ones, for calls judged from now on. Raises Refused."""
    for (impact, urgency), priority in rules.items():
        _refuse_outside(LEVELS, impact, "impact")
        _refuse_outside(LEVELS, urgency, "urgency")
        _refuse_outside(PRIORITIES, priority, "priority")
    with transaction.atomic():
        partition.priority_rules.all().delete()
        PriorityRule.objects.bulk_create(
            PriorityRule(partition=partition, impact=impact, urgency=urgency, priority=priority)
            for (impact, urgency), priority in rules.items()
        )


def judge(call: Call, deed: Deed, *, impact: int, urgency: int, version: int | None = None) -> TimelineEntry:
    """Say how many a call hits, and how soon it hurts; its priority follows, unless it was set by hand.

    Raises Refused.
    """
    _refuse_outside(LEVELS, impact, "impact")
    _refuse_outside(LEVELS, urgency, "urgency")
    with call_work(call, deed, version) as work:
        call = work.the_call
        call.impact, call.urgency = impact, urgency
        return _follow(work, f"Impact {impact}, urgency {urgency}")


def set_priority(
    call: Call, deed: Deed, priority: int | None, *, version: int | None = None
) -> TimelineEntry:
    """Give a call this priority, which wins; with None it follows from the rest again. Raises Refused."""
    if priority is not None:
        _refuse_outside(PRIORITIES, priority, "priority")
    with call_work(call, deed, version) as work:
        call = work.the_call
        call.priority_by_hand = priority is not None
        if priority is None:
            return _follow(work, "Priority no longer set by hand")
        call.priority = priority
        return _changed(work, f"Priority {priority}, set by hand")


def set_issue_type(
    call: Call, deed: Deed, issue_type: IssueType | None, *, version: int | None = None
) -> TimelineEntry:
    """Say what a call is about, or with None nothing. Raises Refused for a type that is not active."""
    if issue_type and not issue_type.active:
        raise Refused(f"The issue type {issue_type} is not in use any more.")
    with call_work(call, deed, version) as work:
        work.the_call.issue_type = issue_type
        return _follow(work, f"Issue type {issue_type}" if issue_type else "No issue type")


def _follow(work: Work, sentence: str) -> TimelineEntry:
    """Let the priority follow from impact and urgency or, without them, from the issue type; and say so."""
    call = work.the_call
    if call.impact and call.urgency:
        priority = matrix(work.partition)[call.impact, call.urgency]
    else:
        priority = (call.issue_type and call.issue_type.priority) or call.priority
    if call.priority_by_hand:
        stays = f"priority {call.priority} stays, since it was set by hand"
        return _changed(
            work, f"{sentence}; {stays}" + (f", not {priority}" if priority != call.priority else "")
        )
    if priority == call.priority:
        return _changed(work, f"{sentence}; priority {priority} as before")
    call.priority = priority
    return _changed(work, f"{sentence}; priority {priority}")


def _changed(work: Work, sentence: str) -> TimelineEntry:
    call = work.the_call
    entry = work.tell(call, sentence)
    work.happened(events.CallChanged(call, entry, work.deed.origin))
    return entry


def _refuse_outside(allowed: range, value: int, what: str) -> None:
    if value not in allowed:
        raise Refused(f"“{value}” is no {what}: give a number from {allowed[0]} to {allowed[-1]}.")
