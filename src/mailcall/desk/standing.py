"""How the targets of work stand: when they are due, how much time is left, and what comes next."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.db.models import Prefetch, QuerySet

from mailcall.desk.agreements import any_agreements
from mailcall.desk.clocks import Thing
from mailcall.desk.models import Clock, ClockLine, ClockStep, Measure, Timer

NEAR = 4  # a target is near when a quarter of its time, or less, is left
LINES_SHOWN = 100

Stand = Literal["met", "late", "breached", "near", "runs", "paused"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one target stands; `left` is working time in seconds, below 0 when it is passed."""

    timer: Timer
    left: int
    next: Clock | None = None  # what the clock brings next, if anything
    lines: Sequence[ClockLine] = field(default=())

    @property
    def stand(self) -> Stand:
        """In one word; what was breached and is not done is breached, also while the clock stands."""
        timer = self.timer
        if timer.met_at:
            return "late" if self.left < 0 else "met"
        if timer.breached_at or self.left < 0:
            return "breached"
        if timer.running_since is None:
            return "paused"
        return "near" if self.left * NEAR <= timer.allowed else "runs"

    @property
    def paused(self) -> ClockLine | None:
        """Since when the clock stands, and why; None while it runs."""
        if self.timer.running_since or self.timer.met_at:
            return None
        return next((line for line in reversed(self.lines) if line.step == ClockStep.PAUSED), None)


@dataclass(frozen=True, slots=True)
class Targets:
    """The most pressing open target of each thing of a list, by its key; `measured` if there may be any."""

    by_key: Mapping[int, Standing] = field(default_factory=dict)
    measured: bool = False

    @property
    def seen(self) -> list[tuple[object, ...]]:
        """What changes when any of it is shown otherwise."""
        return [(key, one.timer.due_at, one.stand) for key, one in self.by_key.items()]


def standings(thing: Thing, now: dt.datetime) -> list[Standing]:
    """All targets of a thing, those that are agreed with Users first, with their timelines."""
    coming = Clock.objects.filter(due_at__isnull=False).order_by("due_at", "pk")
    timers = list(_timers([thing]).prefetch_related(Prefetch("clocks", coming)))
    last = ClockLine.objects.filter(timer__in=timers).order_by("-pk")[:LINES_SHOWN] if timers else ()
    lines = list(last)[::-1]
    return [
        Standing(
            timer,
            _left(timer, now),
            next(iter(timer.clocks.all()), None),
            [line for line in lines if line.timer_id == timer.pk],
        )
        for timer in sorted(timers, key=lambda timer: (timer.of_group, timer.measure == Measure.RESOLUTION))
    ]


def most_pressing(things: Sequence[Thing], now: dt.datetime) -> Targets:
    """The most pressing open target of each, by one query: what is over, then what is due first."""
    if not any_agreements():
        return Targets()
    found: dict[int, Standing] = {}
    for timer in _timers(things).filter(met_at__isnull=True) if things else ():
        key = getattr(timer, f"{things[0]._meta.model_name}_id")
        standing = Standing(timer, _left(timer, now))
        if key not in found or _press(standing) < _press(found[key]):
            found[key] = standing
    return Targets(found, measured=True)


def _timers(things: Sequence[Thing]) -> "QuerySet[Timer]":
    of = str(things[0]._meta.model_name)
    rows = Timer.objects.filter(**{f"{of}__in": [thing.pk for thing in things]})
    return rows.select_related("agreement__calendar")


def _left(timer: Timer, now: dt.datetime) -> int:
    left = timer.allowed - timer.used
    if timer.running_since is None:
        return left
    ran = timer.agreement.calendar.hours().working_time(timer.running_since, now)
    return left - round(ran.total_seconds())


def _press(standing: Standing) -> tuple[bool, bool, float, int]:
    due_at = standing.timer.due_at
    is_over = standing.stand == "breached"
    return not is_over, due_at is None, due_at.timestamp() if due_at else 0.0, standing.left
