"""Calls worked at random by people, mails and the clock: nothing illegal comes of it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from desk.offices import Office
from mailcall.desk import closing, events, locks
from mailcall.desk.call_handling import defer, resume, suspend, take
from mailcall.desk.call_relations import link, merge, split, survivor_of, unlink
from mailcall.desk.call_states import CALL
from mailcall.desk.changes import Changes, UpdateCall, Words
from mailcall.desk.due import close_resolved, resume_deferred
from mailcall.desk.errors import Refused
from mailcall.desk.handling import forward
from mailcall.desk.models import (
    Call,
    Channel,
    ClosureMethod,
    EntryKind,
    Group,
    Membership,
    Pause,
    Person,
    State,
    TimelineEntry,
)
from mailcall.desk.priorities import judge, set_priority
from mailcall.desk.work import Deed

WHO = st.integers(0, 3)
WHICH = st.integers(0, 8)  # which of the calls, taken round and round
STEPS = {(before, after) for (before, _), after in CALL.items()}


@dataclass
class Seen:
    """All that is there at one moment."""

    calls: dict[int, Call]
    entries: dict[int, TimelineEntry]

    @classmethod
    def now(cls) -> "Seen":
        return cls(Call.objects.in_bulk(), TimelineEntry.objects.in_bulk())

    @property
    def marks(self) -> tuple[object, ...]:
        """What differs after any change."""
        return {pk: call.version for pk, call in self.calls.items()}, set(self.entries)


class Calls(RuleBasedStateMachine):
    """Some calls; whatever people try is either refused, and then changes nothing, or legal."""

    def __init__(self) -> None:
        super().__init__()
        self._undone = transaction.atomic()
        self._undone.__enter__()
        self.office = Office.open()
        office = self.office
        self.people = [office.ann, office.bob, office.cy, office.uma]
        self.closers = Group.objects.create(name="Closers")
        Membership.objects.create(group=self.closers, person=office.cy)
        for number in range(3):
            Call.objects.create(partition=office.partition, subject=str(number), user=office.uma)
        self.heard: list[events.Event] = []
        self.listener = self.heard.extend
        events.subscribe(self.listener)
        self.before, self.refused = Seen.now(), False

    def teardown(self) -> None:
        """Take all of it back, for the next one."""
        events._listeners.remove(self.listener)
        transaction.set_rollback(True)
        self._undone.__exit__(None, None, None)

    def _try(self, do: Callable[[], object]) -> None:
        try:
            do()
        except Refused as refused:
            assert str(refused).endswith(".")
            self.refused = True

    def _call(self, which: int) -> Call:
        rows = list(Call.objects.order_by("pk"))
        return rows[which % len(rows)]

    def _deed(self, who: int) -> Deed:
        return self.office.deed(self.people[who], "So.")

    @rule(method=st.sampled_from(ClosureMethod), closers=st.booleans())
    def calls_are_to_end_otherwise(self, method: ClosureMethod, closers: bool) -> None:
        group = self.closers if closers else None
        closing.set_closure(self.office.partition, method, group=group, after_hours=24, warning_hours="12, 3")

    @rule(which=WHICH, who=WHO, solved=st.booleans(), to=st.none() | WHO)
    def somebody_resolves(self, which: int, who: int, solved: bool, to: int | None) -> None:
        analyst: Person | None = None if to is None else self.people[to]
        self._try(lambda: closing.resolve(self._call(which), self._deed(who), solved=solved, analyst=analyst))

    @rule(which=WHICH, who=WHO, solved=st.booleans())
    def somebody_closes_or_reopens(self, which: int, who: int, solved: bool) -> None:
        call = self._call(which)
        if call.is_closed or (call.state != State.OPEN and solved):
            self._try(lambda: closing.reopen(call, self._deed(who)))
        else:
            self._try(lambda: closing.close(call, self._deed(who), solved=solved))

    @rule(which=WHICH, who=WHO, hours=st.none() | st.integers(0, 30))
    def somebody_puts_aside(self, which: int, who: int, hours: int | None) -> None:
        if hours is None:
            self._try(lambda: suspend(self._call(which), self._deed(who)))
        else:
            until = self.office.now + dt.timedelta(hours=hours)
            self._try(lambda: defer(self._call(which), self._deed(who), until=until))

    @rule(which=WHICH, who=WHO, do=st.sampled_from([closing.reopen, resume, take]))
    def somebody_does_something(self, which: int, who: int, do: Callable[..., object]) -> None:
        self._try(lambda: do(self._call(which), self._deed(who)))

    @rule(which=WHICH, who=WHO, to=st.none() | WHO, group=st.booleans())
    def somebody_forwards(self, which: int, who: int, to: int | None, group: bool) -> None:
        analyst = None if to is None else self.people[to]
        holders = {"group": self.office.group if group else None, "analyst": analyst}
        self._try(lambda: forward(self._call(which), self._deed(who), **holders))

    @rule(which=WHICH, who=WHO, urgency=st.integers(0, 3), priority=st.none() | st.integers(0, 6))
    def somebody_judges(self, which: int, who: int, urgency: int, priority: int | None) -> None:
        call, deed = self._call(which), self._deed(who)
        self._try(lambda: judge(call, deed, impact=1, urgency=urgency))
        self.all_is_well()
        self._try(lambda: set_priority(call, deed, priority))

    @rule(which=WHICH, who=WHO, take_over=st.booleans())
    def somebody_locks(self, which: int, who: int, take_over: bool) -> None:
        self._try(lambda: locks.lock(self._call(which), self._deed(who), take_over=take_over))

    @rule(which=WHICH, other=WHICH, who=WHO, do=st.sampled_from([merge, link, unlink]))
    def two_calls_are_brought_together(
        self, which: int, other: int, who: int, do: Callable[..., object]
    ) -> None:
        self._try(lambda: do(self._call(which), self._call(other), self._deed(who)))

    @rule(place=WHICH, who=WHO)
    def some_words_are_split(self, place: int, who: int) -> None:
        entries = list(TimelineEntry.objects.filter(kind=EntryKind.MAIL_IN).order_by("pk"))
        if entries and Call.objects.count() < 6:
            entry = entries[place % len(entries)]
            assert entry.call is not None
            self._try(lambda: split(entry.call, entry, self._deed(who), subject="Apart"))

    @rule(which=WHICH)
    def a_reply_comes(self, which: int) -> None:
        call = survivor_of(self._call(which))
        words = Words(EntryKind.MAIL_IN, self.office.uma, "Uma", Channel.EMAIL, "address", text="Well?")
        changes = Changes(self.office.now)
        reopen = call.state in (State.RESOLVED, State.CLOSED)
        changes.apply([UpdateCall(call, words, events.new_origin(), reopen=reopen)])
        changes.write()

    @rule(hours=st.integers(1, 30))
    def time_goes_by(self, hours: int) -> None:
        self.office.pass_hours(hours)
        close_resolved(self.office.now)
        resume_deferred(self.office.now)
        assert (close_resolved(self.office.now), resume_deferred(self.office.now)) == (0, 0)

    @invariant()
    def all_is_well(self) -> None:
        seen = Seen.now()
        assert not self.refused or seen.marks == self.before.marks
        new = [entry for pk, entry in seen.entries.items() if pk not in self.before.entries]
        for pk, call in seen.calls.items():
            dates_fit_the_state(call)
            before = self.before.calls.get(pk)
            if before and before.state != call.state:
                assert (before.state, call.state) in STEPS
            if before and before.version != call.version:
                assert any(entry.call_id == pk for entry in new)
        for entry in new:
            assert entry.actor_name
            assert entry.channel
            assert bool(entry.proof) == (entry.actor_id is not None)
        assert {event.entry.pk for event in self.heard} <= set(seen.entries)
        self.heard.clear()
        self.before, self.refused = seen, False


def dates_fit_the_state(call: Call) -> None:
    """Nothing is to come for a call that can't have it."""
    assert (call.closed_at is not None) == call.is_closed
    assert (call.resolved_at is not None) == (call.state == State.RESOLVED)
    assert call.close_step_at is None or call.state == State.RESOLVED
    assert call.pause == Pause.NONE or call.state == State.OPEN
    assert (call.resume_at is not None) == (call.pause == Pause.DEFERRED)
    if call.merged_into_id:
        assert call.is_closed
        assert survivor_of(call).merged_into_id is None
    assert call.priority in range(1, 6)


@pytest.mark.django_db
def test_calls_worked_at_random_reach_no_illegal_state() -> None:
    tried = settings.default.max_examples // 5
    run_state_machine_as_test(Calls, settings=settings(max_examples=tried, stateful_step_count=25))
