"""Which agreement holds for a call, a request or a task, and what it comes to there."""

import datetime as dt
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mailcall.desk.calendars import WorkingHours
from mailcall.desk.models import Agreement, Call, EscalationLevel, IssueType, Measure, Request, Task, Timer

LOOK_EVERY = 5.0  # seconds until a desk without agreements is asked for some again

_HALF = 32  # characters of a digest

_none_until = [0.0]


@dataclass(frozen=True, slots=True)
class Moment:
    """A level, or without one the breach, and after how much working time it comes."""

    level: EscalationLevel | None
    offset: dt.timedelta

    @property
    def number(self) -> int:
        """Of the level; 0 is the breach."""
        return self.level.number if self.level else 0


@dataclass(frozen=True)
class Terms:
    """What one target is for a piece of work."""

    agreement: Agreement
    why: str
    priority: int
    allowed: dt.timedelta
    moments: Sequence[Moment]

    @cached_property
    def hash(self) -> str:
        """The same as long as nothing changes that moments follow from; the calendar's is its second half."""
        calendar = self.agreement.calendar
        hours = [str(getattr(calendar, field.name)) for field in calendar._meta.concrete_fields]
        moments = [(moment.number, moment.offset) for moment in self.moments]
        return _digest((self.agreement.pk, self.allowed, moments)) + _digest(hours)

    def why_anew(self, timer: Timer) -> str:
        """What is otherwise than when a timer took its terms, in a sentence."""
        if timer.agreement_id != self.agreement.pk:
            return f"{self.agreement} holds instead of {timer.agreement}."
        if timer.priority != self.priority:
            return f"The priority is {self.priority} instead of {timer.priority}."
        if timer.terms[:_HALF] != self.hash[:_HALF]:
            return f"{self.agreement} was changed."
        return f"The calendar {self.agreement.calendar} was changed."


def any_agreements() -> bool:
    """Whether there are any; a desk without is not asked again for some seconds."""
    if time.monotonic() < _none_until[0]:
        return False
    if Agreement.objects.filter(active=True).exists():
        return True
    _none_until[0] = time.monotonic() + LOOK_EVERY
    return False


def look_again(**_: object) -> None:
    """Have the desk asked at once: an agreement was saved."""
    _none_until[0] = 0.0


class Agreements:
    """All that are active, read once for several things."""

    def __init__(self) -> None:
        rows = Agreement.objects.filter(active=True).select_related(
            "calendar", "partition", "organisation", "issue_type", "group"
        )
        self._all = list(rows.prefetch_related("targets", "levels").order_by("pk"))
        self._hours: dict[int, WorkingHours] = {}

    def hours(self, agreement: Agreement) -> WorkingHours:
        """When work is done under it."""
        calendar = agreement.calendar
        if calendar.pk not in self._hours:
            self._hours[calendar.pk] = calendar.hours()
        return self._hours[calendar.pk]

    def terms(self, thing: Call | Request | Task, measure: Measure, *, of_group: bool) -> Terms | None:
        """What holds for a thing now: of several agreements the most specific; None without a target."""
        parent = parent_of(thing)
        fitting = [
            (self._weight(agreement, thing), agreement)
            for agreement in self._all
            if agreement.covers == thing._meta.model_name
            and (agreement.group_id is not None) == of_group
            and self._fits(agreement, thing)
        ]
        if not fitting:
            return None
        # Of two that are as specific, the older one.
        _, agreement = max(fitting, key=lambda each: (each[0], -each[1].pk))
        target = next((each for each in agreement.targets.all() if each.priority == parent.priority), None)
        minutes = getattr(target, f"{measure}_minutes", None)
        if not minutes:
            return None
        allowed = dt.timedelta(minutes=minutes)
        levels = [level for level in agreement.levels.all() if level.measure == measure]
        moments = [Moment(level, _offset(level, allowed)) for level in levels]
        others = [other.name for _, other in fitting if other is not agreement]
        return Terms(
            agreement, _reason(agreement, others), parent.priority, allowed, [Moment(None, allowed), *moments]
        )

    def _fits(self, agreement: Agreement, thing: Call | Request | Task) -> bool:
        parent = parent_of(thing)
        return (
            agreement.partition_id in (None, parent.partition_id)
            and agreement.organisation_id in (None, parent.user.organisation_id)
            and agreement.group_id in (None, thing.group_id)
            and (agreement.issue_type_id is None or agreement.issue_type_id in self._issue_types(thing))
        )

    def _weight(self, agreement: Agreement, thing: Call | Request | Task) -> tuple[int, bool, bool]:
        """An issue type, the nearest in the tree, counts before an organisation, that before a partition."""
        types = self._issue_types(thing)
        depth = len(types) - types.index(agreement.issue_type_id) if agreement.issue_type_id else 0
        return depth, agreement.organisation_id is not None, agreement.partition_id is not None

    def _issue_types(self, thing: Call | Request | Task) -> list[int]:
        """The keys of its own, and of all that this is part of."""
        parent = parent_of(thing)
        key = parent.issue_type_id if isinstance(parent, Call) else None
        found: list[int] = []
        while key is not None and key not in found:
            found.append(key)
            key = self._parents.get(key)
        return found

    @cached_property
    def _parents(self) -> Mapping[int, int | None]:
        return dict(IssueType.objects.values_list("pk", "parent_id"))


def parent_of(thing: Call | Request | Task) -> Call | Request:
    """The call or the request that a thing is, or is a part of."""
    parent = (thing.request or thing.call) if isinstance(thing, Task) else thing
    assert parent is not None  # a constraint of the table
    return parent


def _digest(of: object) -> str:
    return hashlib.sha256(repr(of).encode()).hexdigest()[:_HALF]


def _offset(level: EscalationLevel, allowed: dt.timedelta) -> dt.timedelta:
    if level.percent is not None:
        return dt.timedelta(seconds=allowed // dt.timedelta(seconds=1) * level.percent // 100)
    return max(allowed + dt.timedelta(minutes=level.minutes or 0), dt.timedelta())


def _reason(agreement: Agreement, others: Sequence[str]) -> str:
    named = (
        ("the issue type", agreement.issue_type),
        ("the organisation", agreement.organisation),
        ("the partition", agreement.partition),
        ("the group", agreement.group),
    )
    scope = " and ".join(f"{what} {which}" for what, which in named if which) or "everything"
    rather = f", more specific than {', '.join(others)}, or older" if others else ""
    return f"{agreement} is for {scope}{rather}."[:500]
