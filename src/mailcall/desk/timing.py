"""Has timers run, stand and begin anew, and writes that for many with one query for each kind of row."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mailcall.database.rows import insert_rows, update_rows
from mailcall.desk.agreements import Terms
from mailcall.desk.models import Clock, ClockLine, Timer

_SECOND = dt.timedelta(seconds=1)
_COLUMNS = [
    *("agreement", "why", "terms", "generation", "priority", "allowed", "used"),
    *("running_since", "due_at", "met_at", "breached_at"),
]


@dataclass(slots=True)
class Timing:
    """What becomes of timers. Each is changed in memory, at most once, and written by `write`."""

    lines: list[ClockLine] = field(default_factory=list)
    gone: list[Timer] = field(default_factory=list)
    _kept: list[Timer] = field(default_factory=list)
    _begun: dict[int, Terms] = field(default_factory=dict)  # by the timer's place among those that are kept

    def hold(self, timer: Timer, now: dt.datetime) -> None:
        """Count what was used since it ran, on the calendar by which it did."""
        if timer.running_since is not None:
            ran = timer.agreement.calendar.hours().working_time(timer.running_since, now)
            timer.used += round(ran / _SECOND)
            timer.running_since = None

    def keep(self, timer: Timer, since: dt.datetime | None, terms: Terms | None = None) -> None:
        """Have it run since a moment, or with None stand; with other terms it begins a generation of levels.

        The time that was used stays used.
        """
        if terms is not None:
            timer.agreement, timer.why, timer.terms = terms.agreement, terms.why, terms.hash
            timer.priority, timer.allowed = terms.priority, terms.allowed // _SECOND
            timer.generation += 1
            timer.breached_at = None
            self._begun[len(self._kept)] = terms
        timer.running_since = since
        if timer.breached_at is None:
            timer.due_at = _due_at(timer, timer.allowed)
        self._kept.append(timer)

    def write(self) -> None:
        """Write timers, clocks and lines."""
        if self.gone:
            Timer.objects.filter(pk__in=[timer.pk for timer in self.gone]).delete()
        old = [timer for timer in self._kept if timer.pk]
        insert_rows([timer for timer in self._kept if not timer.pk])
        update_rows(old, _COLUMNS)
        begun = {self._kept[place].pk: terms for place, terms in self._begun.items()}
        self._clear(old, begun)
        running = {timer.pk: timer for timer in old if timer.running_since and timer.pk not in begun}
        if running:
            _set_going(running)
        insert_rows(
            clock for timer in self._kept if timer.pk in begun for clock in _clocks(timer, begun[timer.pk])
        )
        insert_rows(self.lines)

    def _clear(self, old: Sequence[Timer], begun: Mapping[int, Terms]) -> None:
        """Nothing comes of timers that stand, nor of what was to come by terms that hold no more."""
        to_come = Clock.objects.filter(fired_at__isnull=True)
        if again := [timer.pk for timer in old if timer.pk in begun]:
            to_come.filter(timer__in=again).delete()
        if standing := [t.pk for t in old if t.pk not in begun and t.running_since is None]:
            to_come.filter(timer__in=standing, due_at__isnull=False).update(due_at=None)


def _set_going(timers: Mapping[int, Timer]) -> None:
    clocks = list(Clock.objects.filter(timer__in=timers, fired_at__isnull=True).order_by("pk"))
    for clock in clocks:
        clock.due_at = _due_at(timers[clock.timer_id], clock.offset)
    update_rows(clocks, ["due_at"])


def _clocks(timer: Timer, terms: Terms) -> Iterator[Clock]:
    for moment in terms.moments:
        offset = moment.offset // _SECOND
        yield Clock(
            timer=timer,
            level=moment.level,
            number=moment.number,
            generation=timer.generation,
            offset=offset,
            due_at=_due_at(timer, offset),
        )


def _due_at(timer: Timer, offset: int) -> dt.datetime | None:
    """When so many seconds will have been used; None while it stands, and for what never comes."""
    if timer.running_since is None:
        return None
    return timer.agreement.calendar.hours().add(timer.running_since, (offset - timer.used) * _SECOND)
