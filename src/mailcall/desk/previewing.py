"""What a change of agreements or calendars would do to open work, before it is saved."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from django.db import transaction

from mailcall.desk.agreements import Agreements, Terms
from mailcall.desk.clocks import Thing, has_begun, is_running
from mailcall.desk.models import Agreement, Covers, Measure, Timer
from mailcall.desk.recomputing import open_keys, open_work

MOST_LOOKED_AT = 10_000  # pieces of open work; the rest is counted
MOST_LISTED = 50
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Move:
    """A target of a piece of work with another due time, or none; None is none, or that the clock stands."""

    thing: Thing
    measure: Measure
    old: dt.datetime | None
    new: dt.datetime | None
    ends: bool = False  # no agreement would hold any more


@dataclass(slots=True)
class Effects:
    """What would come of it."""

    looked_at: int = 0
    left_out: int = 0  # pieces of open work that were not looked at
    begun: int = 0  # timers that would begin
    ended: int = 0  # timers that would be no more
    moved: int = 0  # timers with another due time
    anew: int = 0  # timers with other levels alone, or that stand
    breached: int = 0  # timers that would be breached at once
    fired: int = 0  # levels that would come to pass at once
    told: int = 0  # timers whose highest would be told of
    moves: list[Move] = field(default_factory=list)  # the first that would be due

    @property
    def any(self) -> bool:
        """Whether anything would become otherwise."""
        return bool(self.begun or self.ended or self.moved or self.anew)


def effects_of(change: Callable[[], object], now: dt.datetime) -> Effects:
    """What a change would do, which is tried and taken back before open work is looked at.

    So nobody waits for it. Raises whatever the change does.
    """
    before = Agreements()
    with transaction.atomic():
        change()
        after = Agreements()
        transaction.set_rollback(True)
    return _Look(before, after, now).at_all()


class _Look:
    """At open work, by the agreements before and after a change."""

    def __init__(self, before: Agreements, after: Agreements, now: dt.datetime) -> None:
        self._before = before
        self._after = after
        self._now = now
        self._effects = Effects()
        self._agreements = Agreement.objects.select_related("calendar").in_bulk()

    def at_all(self) -> Effects:
        """All of it, up to a bound."""
        effects = self._effects
        moves: list[Move] = []
        for about in Covers:
            keys = open_keys(about)
            room = min(len(keys), MOST_LOOKED_AT - effects.looked_at)
            effects.left_out += len(keys) - room
            effects.looked_at += room
            for first in range(0, room, AT_ONCE):
                moves += self._at(about, keys[first : min(first + AT_ONCE, room)])
        moves.sort(key=lambda move: (move.new is None, move.new or self._now, move.thing.pk))
        effects.moves = moves[:MOST_LISTED]
        return effects

    def _at(self, about: str, keys: Sequence[int]) -> Iterator[Move]:
        timers = {}
        for timer in Timer.objects.filter(**{f"{about}__in": keys}):
            timer.agreement = self._agreements[timer.agreement_id]
            timers[getattr(timer, f"{about}_id"), timer.measure, timer.of_group] = timer
        for thing in open_work(about).filter(pk__in=keys):
            for measure, of_group in product(Measure, (False, True)):
                known = timers.get((thing.pk, measure, of_group))
                if known is not None and known.met_at is not None:
                    continue
                terms = self._after.terms(thing, measure, of_group=of_group)
                if move := self._at_timer(thing, measure, known, terms):
                    yield move

    def _at_timer(
        self, thing: Thing, measure: Measure, timer: Timer | None, terms: Terms | None
    ) -> Move | None:
        """Where its due time would go, counted."""
        effects = self._effects
        if terms is None:
            if timer is None:
                return None
            effects.ended += 1
            return Move(thing, measure, timer.due_at, None, ends=True)
        if timer is not None and timer.terms == terms.hash:
            return None
        if timer is None and not has_begun(thing):
            return None
        new = None
        if is_running(thing):
            used = self._used(timer)
            self._count(timer, terms, used)
            new = self._after.hours(terms.agreement).add(self._now, terms.allowed - used)
        if timer is None:
            effects.begun += 1
        elif timer.due_at == new:
            effects.anew += 1
            return None
        else:
            effects.moved += 1
        return Move(thing, measure, timer.due_at if timer else None, new)

    def _used(self, timer: Timer | None) -> dt.timedelta:
        if timer is None:
            return dt.timedelta()
        used = dt.timedelta(seconds=timer.used)
        if timer.running_since is not None:
            hours = self._before.hours(timer.agreement)
            used += hours.working_time(timer.running_since, self._now)
        return used

    def _count(self, timer: Timer | None, terms: Terms, used: dt.timedelta) -> None:
        """What comes to pass at once: all levels are to come again, and the overdue ones are told as one."""
        due = [moment for moment in terms.moments if moment.offset <= used]
        levels = sum(1 for moment in due if moment.level is not None)
        was_breached = timer is not None and timer.breached_at is not None
        self._effects.fired += levels
        self._effects.told += bool(due)
        self._effects.breached += len(due) > levels and not was_breached
