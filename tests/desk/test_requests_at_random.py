"""Requests of random workflows, worked at random by people and the clock: nothing illegal comes of it."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from desk.offices import Office
from mailcall.desk import events
from mailcall.desk.approval_rules import how_many, outcome
from mailcall.desk.approvals import ask, decide, withdraw
from mailcall.desk.delegations import delegate, revoke, waiting_for
from mailcall.desk.due import remind_due, time_out_due
from mailcall.desk.errors import Refused
from mailcall.desk.handling import forward, update
from mailcall.desk.models import (
    Approval,
    ApprovalRule,
    Condition,
    Delegation,
    OnTimeLimit,
    Person,
    Request,
    Task,
    TaskKind,
    TimelineEntry,
)
from mailcall.desk.requests import cancel_request
from mailcall.desk.tasks import cancel_task, close_task, log_task, reopen_task
from mailcall.desk.work_states import Verb, table_of
from mailcall.desk.workflows import Step, problems

PLACES = st.integers(0, 20)  # which of some rows, taken round and round
HOURS = st.none() | st.sampled_from([5, 30])


@st.composite
def workflows(draw: st.DrawFn) -> list[tuple[Step, tuple[int, ...]]]:
    """Up to six steps, each after some of those before it, and the places of those who approve each."""
    steps: list[tuple[Step, tuple[int, ...]]] = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(TaskKind))
        before = [step for step, _ in steps if draw(st.booleans())]
        meant = [step for step in before if step.is_approval]
        condition = draw(
            st.sampled_from([Condition.ALWAYS, Condition.APPROVED, Condition.REJECTED])
            if meant
            else st.sampled_from([Condition.NONE, Condition.ALWAYS])
        )
        on = draw(st.sampled_from(["", *(step.key for step in meant)]))
        approvers = draw(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True))
        rules = draw(st.sampled_from(ApprovalRule))
        approval = kind != TaskKind.PLAIN
        hours = draw(HOURS)
        step = Step(
            title=f"Step {number}",
            key=str(number),
            kind=kind,
            after=tuple(step.key for step in before),
            condition=condition,
            condition_on=on if condition in (Condition.APPROVED, Condition.REJECTED) else "",
            rule=rules if approval else ApprovalRule.ALL,
            needed=draw(st.integers(1, len(approvers))) if approval and rules == ApprovalRule.SOME else None,
            time_limit_hours=hours,
            reminder_hours=draw(HOURS),
            on_time_limit=draw(st.sampled_from(OnTimeLimit)) if approval and hours else OnTimeLimit.NOTHING,
        )
        steps.append((step, tuple(approvers) if approval else ()))
    return steps


class Work(RuleBasedStateMachine):
    """One request; whatever people try is either refused, and then changes nothing, or legal."""

    def __init__(self) -> None:
        super().__init__()
        self._undone = transaction.atomic()
        self._undone.__enter__()
        self.office = Office.open()
        self.listener = self.office.happened.extend
        events.subscribe_to_work(self.listener)
        for person in (self.office.ulf, self.office.cy):  # who may be asked as either
            person.is_user = person.is_analyst = True
            person.save()
        self.people = [self.office.cy, self.office.ulf, self.office.ann, self.office.bob, self.office.uma]
        self.refused = False
        self.gone: set[int] = set()  # who may no longer be what they were asked as

    def teardown(self) -> None:
        """Take all of it back, for the next one."""
        events._work_listeners.remove(self.listener)
        transaction.set_rollback(True)
        self._undone.__exit__(None, None, None)

    @initialize(workflow=workflows())
    def begin(self, workflow: list[tuple[Step, tuple[int, ...]]]) -> None:
        steps = [self._with_approvers(step, places) for step, places in workflow]
        assert problems(steps) == []
        self.request = self.office.request(*steps)
        self.before = Seen.now()
        self.order = {
            task.pk: set(task.step.predecessors.values_list("tasks", flat=True))
            for task in Task.objects.all()
        }

    def _with_approvers(self, step: Step, places: Sequence[int]) -> Step:
        if step.kind == TaskKind.PLAIN:
            return step
        able = [self.office.cy, self.office.ulf]
        able.append(self.office.uma if step.kind == TaskKind.USER_APPROVAL else self.office.ann)
        return replace(step, approvers=tuple(able[place] for place in places))

    def _try(self, do: Callable[[], object]) -> bool:
        """Whether it was done; if it was refused, nothing must have changed."""
        try:
            do()
        except Refused as refused:
            assert str(refused).endswith(".")
            self.refused = True
            return False
        return True

    def _one(self, model: type, place: int) -> object:
        rows = list(model.objects.order_by("pk"))
        return rows[place % len(rows)] if rows else None

    # What people do.

    @rule(place=PLACES, who=st.integers(0, 4), verb=st.sampled_from([Verb.APPROVE, Verb.REJECT]))
    def somebody_decides(self, place: int, who: int, verb: Verb) -> None:
        approval = self._one(Approval, place)
        if approval is not None:
            self._decides(approval, self.people[who], verb)

    @rule(place=PLACES, which=PLACES)
    def a_delegate_decides(self, place: int, which: int) -> None:
        """Or a former one, or one to be."""
        delegation = self._one(Delegation, which)
        if delegation is not None:
            approvals = list(
                Approval.objects.filter(person=delegation.person, state="waiting").order_by("pk")
            )
            for approval in approvals[place % 3 :][:1]:
                self._decides(approval, delegation.delegate, Verb.APPROVE)

    def _decides(self, approval: Approval, person: Person, verb: Verb) -> None:
        person = Person.objects.get(pk=person.pk)
        may = self._may(approval, person)
        assert may == waiting_for(person, self.office.now).filter(pk=approval.pk).exists()
        assert may == self._try(lambda: decide(approval, verb, self.office.deed(person, "So.")))

    @rule(yes=st.booleans())
    def the_first_open_task_is_dealt_with(self, yes: bool) -> None:
        task = Task.objects.filter(state="open").order_by("pk").first()
        if task is not None:
            self._deal_with(task, Verb.APPROVE if yes else Verb.REJECT)

    @rule(answers=st.lists(st.sampled_from([Verb.APPROVE, Verb.REJECT]), min_size=9, max_size=9))
    def all_work_is_brought_to_its_end(self, answers: list[Verb]) -> None:
        for verb in answers:  # more than there may be tasks one after the other
            for task in Task.objects.filter(state="open").order_by("pk"):
                self._deal_with(task, verb)
            self.all_is_well()
        for_nobody = Approval.objects.filter(state="waiting", person__in=self.gone)
        assert Request.objects.get().has_ended or for_nobody.exists()

    def _deal_with(self, task: Task, verb: Verb) -> None:
        if not task.is_approval:
            close_task(task, self.office.deed(self.office.bob))
        for approval in task.approvals.exclude(person__in=self.gone):
            approval.refresh_from_db()
            if approval.state == "waiting":
                decide(approval, verb, self.office.deed(approval.person, "So."))

    @rule(place=PLACES, do=st.sampled_from([close_task, cancel_task, reopen_task]))
    def something_is_tried_on_a_task(self, place: int, do: Callable[..., object]) -> None:
        task = self._one(Task, place)
        self._try(lambda: do(task, self.office.deed(self.office.bob)))

    @rule(place=PLACES)
    def a_closed_task_is_to_be_opened_again(self, place: int) -> None:
        closed = list(Task.objects.filter(state="closed").order_by("pk"))
        if closed:
            self._try(lambda: reopen_task(closed[place % len(closed)], self.office.deed(self.office.bob)))

    @rule(place=PLACES, who=st.integers(0, 4))
    def a_task_is_forwarded(self, place: int, who: int) -> None:
        task = self._one(Task, place)
        self._try(lambda: forward(task, self.office.deed(self.office.bob), analyst=self.people[who]))

    @rule(place=PLACES)
    def something_is_said(self, place: int) -> None:
        target = self._one(Task, place) if place else Request.objects.get()
        assert self._try(lambda: update(target, self.office.deed(self.office.uma, "Well?")))

    @rule(place=PLACES, who=st.integers(0, 4))
    def one_more_is_asked(self, place: int, who: int) -> None:
        task = self._one(Task, place)
        self._try(lambda: ask(task, self.people[who], self.office.deed(self.office.bob)))

    @rule(place=PLACES)
    def somebody_need_not_approve(self, place: int) -> None:
        approval = self._one(Approval, place)
        if approval is not None:
            self._try(lambda: withdraw(approval, self.office.deed(self.office.bob)))

    @rule()
    def one_task_more_is_logged(self) -> None:
        if Task.objects.count() < 9:
            deed = self.office.deed(self.office.ann)
            self._try(lambda: log_task(self.request, Step("More"), deed))

    @rule(dice=st.integers(0, 7))
    def the_request_is_cancelled(self, dice: int) -> None:
        if not dice:
            self._try(lambda: cancel_request(self.request, self.office.deed(self.office.uma)))

    # Who stands in for whom, and the clock.

    @rule(one=st.integers(0, 4), other=st.integers(0, 4), start=st.integers(-9, 9), length=st.integers(1, 20))
    def somebody_is_made_a_delegate(self, one: int, other: int, start: int, length: int) -> None:
        starts_at = self.office.now + dt.timedelta(hours=start)
        self._try(
            lambda: delegate(
                self.people[one],
                self.people[other],
                starts_at=starts_at,
                ends_at=starts_at + dt.timedelta(hours=length),
                made_by=self.people[one],
                now=self.office.now,
            )
        )

    @rule(place=PLACES)
    def a_delegation_is_revoked(self, place: int) -> None:
        delegation = self._one(Delegation, place)
        if delegation is not None:
            self._try(lambda: revoke(delegation, by=delegation.person, now=self.office.now))

    @rule(who=st.integers(0, 4), analyst=st.booleans(), user=st.booleans())
    def somebody_changes_their_role(self, who: int, analyst: bool, user: bool) -> None:
        Person.objects.filter(pk=self.people[who].pk).update(is_analyst=analyst, is_user=user)
        self.gone.add(self.people[who].pk)

    @rule(hours=st.integers(1, 12))
    def time_goes_by(self, hours: int) -> None:
        self.office.pass_hours(hours)
        remind_due(self.office.now)
        time_out_due(self.office.now)
        assert (remind_due(self.office.now), time_out_due(self.office.now)) == (0, 0)

    # What holds, always.

    def _may(self, approval: Approval, person: Person) -> bool:
        """Whether somebody may decide, said another way than the desk does."""
        now = self.office.now
        named = person.pk == approval.person_id or any(
            d.person_id == approval.person_id
            and d.delegate_id == person.pk
            and d.starts_at <= now < d.ends_at
            and not d.revoked_at
            for d in Delegation.objects.all()
        )
        role = person.is_user if approval.task.kind == "user_approval" else person.is_analyst
        return named and role and approval.state == "waiting" and approval.task.state == "open"

    @invariant()
    def all_is_well(self) -> None:
        seen = Seen.now()
        assert not self.refused or seen.marks == self.before.marks
        each_state_came_by_its_table(self.before, seen)
        every_change_has_an_entry(self.before, seen)
        a_request_has_ended_when_all_its_tasks_have(seen)
        for task in seen.tasks.values():
            nothing_is_due_of_what_is_not_open(task)
            if task.kind != TaskKind.PLAIN:
                no_outcome_is_left_open(task, seen.answers(task))
        self._tasks_open_in_their_order(seen)
        self._conditions_were_met(seen)
        heard = {event.entry.pk for event in self.office.happened}
        assert heard <= seen.entries
        self.office.happened.clear()
        self.before, self.refused = seen, False

    def _tasks_open_in_their_order(self, seen: "Seen") -> None:
        for pk, before in self.order.items():
            all_ended = all(seen.tasks[other].has_ended for other in before)
            match seen.tasks[pk].state:
                case "waiting":
                    assert not all_ended
                case "cancelled":
                    pass  # with its request, perhaps
                case _:
                    assert all_ended

    def _conditions_were_met(self, seen: "Seen") -> None:
        """Of what has opened: so no approval opens both of its ways."""
        for pk, before in self.order.items():
            task = seen.tasks[pk]
            if task.opened_at is None:
                continue
            approvals = [seen.tasks[other] for other in before if seen.tasks[other].is_approval]
            if on := task.step.condition_on_id:
                approvals = [other for other in seen.tasks.values() if other.step_id == on]
            states = {other.state for other in approvals} - {"skipped"}
            match task.step.condition:
                case Condition.APPROVED:
                    assert states == {"approved"}
                case Condition.REJECTED:
                    assert "rejected" in states


@dataclass
class Seen:
    """All that is there at one moment."""

    requests: dict[int, Request]
    tasks: dict[int, Task]
    approvals: dict[int, Approval]
    entries: set[int]
    marks: dict[tuple[str, int], tuple[str, int, int]]  # of requests and tasks: state, version, entries

    @classmethod
    def now(cls) -> "Seen":
        requests, approvals = Request.objects.in_bulk(), Approval.objects.in_bulk()
        tasks = Task.objects.select_related("step").in_bulk()
        entries = list(TimelineEntry.objects.values_list("pk", "request", "task"))
        on = Counter((request, task) for _, request, task in entries)
        marks = {("request", pk): (row.state, row.version, on[pk, None]) for pk, row in requests.items()}
        marks |= {("task", pk): (row.state, row.version, on[None, pk]) for pk, row in tasks.items()}
        return cls(requests, tasks, approvals, {pk for pk, _, _ in entries}, marks)

    def answers(self, task: Task) -> list[str]:
        return [approval.state for approval in self.approvals.values() if approval.task_id == task.pk]


def each_state_came_by_its_table(before: Seen, seen: Seen) -> None:
    for rows_before, rows in (
        (before.requests, seen.requests),
        (before.tasks, seen.tasks),
        (before.approvals, seen.approvals),
    ):
        for pk, former in rows_before.items():
            steps = {(known, after) for (known, _), after in table_of(former).items()}
            assert rows[pk].state == former.state or (former.state, rows[pk].state) in steps


def every_change_has_an_entry(before: Seen, seen: Seen) -> None:
    for key, (state, version, entries) in seen.marks.items():
        assert entries >= version - 1
        if key in before.marks:
            state_before, version_before, entries_before = before.marks[key]
            assert version >= version_before
            assert (version > version_before) == (entries > entries_before)
            assert state == state_before or version > version_before


def a_request_has_ended_when_all_its_tasks_have(seen: Seen) -> None:
    for request in seen.requests.values():
        tasks = [task for task in seen.tasks.values() if task.request_id == request.pk]
        assert request.has_ended == all(task.has_ended for task in tasks)
        assert request.has_ended == bool(request.closed_at)


def nothing_is_due_of_what_is_not_open(task: Task) -> None:
    assert task.state == "open" or not (task.remind_at or task.time_out_at)


def no_outcome_is_left_open(task: Task, answers: list[str]) -> None:
    if task.state == "open":
        assert outcome(task.rule, task.needed, answers) is None
    else:
        assert "waiting" not in answers
    if task.state == "approved":
        asked = len(answers) - answers.count("withdrawn")
        assert 0 < how_many(task.rule, task.needed, asked) <= answers.count("approved")


@pytest.mark.django_db
def test_whatever_is_done_nothing_illegal_comes_of_it() -> None:
    tried = settings.default.max_examples // 3
    run_state_machine_as_test(Work, settings=settings(max_examples=tried, stateful_step_count=30))
