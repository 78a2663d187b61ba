"""Fires the clocks of service levels that are due: many in one transaction, each once.

Of a timer the highest level alone is told of all that are due, and with it the breach if that is among them.
What another worker has locked is passed over, and found again by the next look.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet

from mailcall.checkpoints import checkpoint
from mailcall.database.rows import insert_rows, new_row, update_rows
from mailcall.desk import events
from mailcall.desk.clock_lines import line
from mailcall.desk.models import (
    Call,
    Channel,
    Clock,
    ClockLine,
    ClockStep,
    EntryKind,
    EscalationLevel,
    Request,
    Task,
    TimelineEntry,
    Timer,
)

Thing = Call | Request | Task
# Fetched besides, so that what many share is there once: partitions, groups, agreements and levels are few.
_OF_ALL = ("group", "analyst")
_OF_PARENTS = ("partition", "user", "issue_type")
_ALSO = {
    Call: (*_OF_ALL, *_OF_PARENTS),
    Request: (*_OF_ALL, "partition", "user", "type"),
    Task: (
        *_OF_ALL,
        *(f"call__{name}" for name in (*_OF_ALL, *_OF_PARENTS)),
        *(f"request__{name}" for name in (*_OF_ALL, "partition", "user")),
    ),
}


@dataclass(frozen=True, slots=True)
class _Firing:
    """What is due of one timer: `level` is the highest, without one it is the breach alone."""

    on: Thing
    timer: Timer
    breach: bool
    level: EscalationLevel | None
    entry: TimelineEntry
    used: int  # seconds of working time

    @property
    def event(self) -> events.TimerEvent:
        if self.breach:
            return events.Breached(self.entry, events.new_origin(), self.on, self.timer, self.level)
        assert self.level is not None
        return events.Escalated(self.entry, events.new_origin(), self.on, self.timer, self.level)

    def line(self, now: dt.datetime) -> ClockLine:
        row = line(
            self.timer, ClockStep.BREACHED if self.breach else ClockStep.ESCALATED, now, self.entry.text
        )
        row.used = max(row.used, self.used)
        return row


def fire(clocks: Sequence[Clock], now: dt.datetime) -> int:
    """Fire those of these that are due still; of how many timers something was told."""
    with transaction.atomic():
        things = _locked(Timer.objects.filter(pk__in={clock.timer_id for clock in clocks}))
        due = _due(clocks, things, now)
        firings = [firing for some in due.values() if (firing := _highest(some, things, now))]
        update_rows([clock for some in due.values() for clock in some], ["due_at", "fired_at", "told_by"])
        _write(firings, now)
        events.publish_work([firing.event for firing in firings])
        checkpoint("due.done")
    checkpoint("due.committed")
    return len(firings)


def _locked(timers: "QuerySet[Timer]") -> dict[tuple[str, int], Thing]:
    """What these timers are of, by kind and key; requests are locked before their tasks, as everywhere."""
    rows = list(timers.values("call", "request", "task"))
    of_calls, of_requests, of_tasks = (
        {row[kind] for row in rows if row[kind]} for kind in ("call", "request", "task")
    )
    parents = dict(Task.objects.filter(pk__in=of_tasks).values_list("pk", "request")) if of_tasks else {}
    requests = _lock(Request, of_requests | {parent for parent in parents.values() if parent})
    locked = {request.pk for request in requests}
    tasks = _lock(Task, (pk for pk, parent in parents.items() if parent is None or parent in locked))
    calls = _lock(Call, of_calls)
    return {(str(thing._meta.model_name), thing.pk): thing for thing in (*requests, *tasks, *calls)}


def _lock(kind: type[Thing], keys: Iterable[int]) -> list[Thing]:
    keys = sorted(keys)
    if not keys:
        return []
    rows = kind._default_manager.filter(pk__in=keys).prefetch_related(*_ALSO[kind]).order_by("pk")
    return list(rows.select_for_update(of=("self",), skip_locked=True))


def _due(
    clocks: Sequence[Clock], things: dict[tuple[str, int], Thing], now: dt.datetime
) -> dict[int, list[Clock]]:
    """By timer, all that is due as it is now that the work is locked."""
    found: dict[int, list[Clock]] = defaultdict(list)
    rows = Clock.objects.filter(timer__in={clock.timer_id for clock in clocks}, due_at__lte=now)
    for clock in rows.select_related("timer").prefetch_related("timer__agreement", "level").order_by("pk"):
        if _key(clock.timer) in things:
            found[clock.timer_id].append(clock)
    return found


def _key(timer: Timer) -> tuple[str, int]:
    if timer.task_id is not None:
        return "task", timer.task_id
    if timer.request_id is not None:
        return "request", timer.request_id
    assert timer.call_id is not None  # a constraint of the table
    return "call", timer.call_id


def _highest(due: Sequence[Clock], things: dict[tuple[str, int], Thing], now: dt.datetime) -> _Firing | None:
    """Mark all of one timer as fired; what is told of them. Nothing is of levels that were removed."""
    timer = due[0].timer
    known = [clock for clock in due if clock.level or not clock.number]
    # Of a level at the very target, the level is the higher: it comes with the breach.
    highest = max(known, key=lambda clock: (clock.offset, clock.number), default=None)
    for clock in due:
        clock.due_at, clock.fired_at = None, now
        clock.told_by = None if clock is highest else highest
    if highest is None:
        return None
    breach = any(not clock.number for clock in known)
    if breach:
        timer.breached_at = now
    on, told = things[_key(timer)], 1 + (breach and highest.level is not None)
    text = _sentence(timer, highest.level, len(known) - told, breach=breach)
    return _Firing(on, timer, breach, highest.level, _entry(on, text, now), highest.offset)


def _sentence(timer: Timer, level: EscalationLevel | None, others: int, *, breach: bool) -> str:
    target = f"{timer.get_measure_display().lower()} target of {timer.agreement}"
    late = f", together with {others} that {'was' if others == 1 else 'were'} overdue, too" if others else ""
    if not breach:
        return f"Escalated at level {level and level.number} of the {target}{late}."
    escalated = f", and escalated at level {level.number}" if level else ""
    return f"The {target} was breached{escalated}{late}."


def _entry(on: Thing, text: str, now: dt.datetime) -> TimelineEntry:
    return new_row(
        TimelineEntry,
        **{str(on._meta.model_name): on},
        kind=EntryKind.STATE,
        at=now,
        actor_name="Mailcall",
        channel=Channel.SYSTEM,
        internal=True,
        text=text,
    )


def _write(firings: Sequence[_Firing], now: dt.datetime) -> None:
    breached = [firing.timer.pk for firing in firings if firing.breach]
    if breached:
        Timer.objects.filter(pk__in=breached).update(breached_at=now)
    for kind in {type(firing.on) for firing in firings}:
        keys = {firing.on.pk for firing in firings if type(firing.on) is kind}
        kind._default_manager.filter(pk__in=keys).update(version=F("version") + 1, updated_at=now)
    insert_rows([firing.entry for firing in firings])
    insert_rows([firing.line(now) for firing in firings])
