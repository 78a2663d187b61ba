"""How calls end, by each closure method, and how they come back."""

import ast
import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from desk.offices import Office
from desks import AUTHENTICATED, Desk, mail
from mailcall import desk as desk_room
from mailcall.desk import closing, events
from mailcall.desk.call_relations import merge
from mailcall.desk.call_states import CALL, CallVerb, move, take_back
from mailcall.desk.due import close_resolved
from mailcall.desk.errors import Refused
from mailcall.desk.handling import forward
from mailcall.desk.models import Call, Channel, ClosureMethod, Group, Membership, Partition, State, StateName
from mailcall.desk.state_names import rename_state, state_names
from mailcall.desk.work import by

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def call(office: Office) -> Call:
    return Call.objects.create(partition=office.partition, subject="No light", user=office.uma)


@pytest.fixture
def heard() -> Iterator[list[events.Event]]:
    """What happened to calls."""
    happened: list[events.Event] = []
    listener = happened.extend
    events.subscribe(listener)
    yield happened
    events._listeners.remove(listener)


@pytest.fixture
def closers(office: Office) -> Group:
    """A group with Cy alone, who may close."""
    group = Group.objects.create(name="Closers")
    Membership.objects.create(group=group, person=office.cy)
    return group


def said(call: Call) -> list[str]:
    return list(call.timeline.order_by("pk").values_list("text", flat=True))


def rules(office: Office, group: Group | None = None, **more: object) -> None:
    closing.set_closure(office.partition, ClosureMethod.RULES, group=group, **more)


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(State, CallVerb)))
def test_a_call_changes_by_the_table_alone(state: State, verb: CallVerb) -> None:
    call = Call(pk=1, state=state)
    if (state, verb) not in CALL:
        with pytest.raises(Refused, match=r"^Call 1 is \w+ already\.$"):
            move(call, verb, NOW)
        assert call.state == state
        return
    move(call, verb, NOW)
    assert call.state == CALL[state, verb]
    assert (call.closed_at is not None) == call.is_closed
    assert (call.resolved_at is not None) == (call.state == State.RESOLVED)


def test_every_state_is_reached_and_left() -> None:
    assert {before for before, _ in CALL} == set(CALL.values()) == set(State)


def test_no_other_code_sets_the_state_of_a_call() -> None:
    for path in Path(desk_room.__file__).parent.rglob("*.py"):
        if path.name in ("call_states.py", "work_states.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                assert not any(isinstance(t, ast.Attribute) and t.attr == "state" for t in targets), path


def test_immediate_closes_what_is_resolved_at_once(office: Office, call: Call) -> None:
    closing.resolve(call, office.deed(office.bob, "New bulb."))
    call.refresh_from_db()
    assert (call.state, call.closed_at) == (State.CLOSED, office.now)
    assert said(call) == ["Closed: New bulb."]


def test_what_nobody_can_resolve_is_closed_as_such(office: Office, call: Call) -> None:
    closing.resolve(call, office.deed(office.bob), solved=False)
    call.refresh_from_db()
    assert call.state == State.CLOSED_UNRESOLVED


def test_rules_hand_a_resolved_call_to_the_closure_group(
    office: Office, call: Call, closers: Group, heard: list[events.Event]
) -> None:
    rules(office, closers)
    closing.resolve(call, office.deed(office.bob, "New bulb."))
    call.refresh_from_db()
    assert (call.state, call.resolved_at) == (State.RESOLVED, office.now)
    assert (call.group, call.analyst) == (closers, None)
    assert said(call) == ["Resolved, and forwarded to Closers to be closed: New bulb."]
    assert [type(event) for event in heard] == [events.CallResolved]
    with pytest.raises(Refused, match="Bob may not close calls of IT, only the group Closers"):
        closing.close(call, office.deed(office.bob))
    closing.close(call, office.deed(office.cy))
    call.refresh_from_db()
    assert (call.state, call.resolved_at, call.close_step_at) == (State.CLOSED, None, None)


def test_a_user_may_close_their_own_call(office: Office, call: Call, closers: Group) -> None:
    rules(office, closers)
    closing.close(call, office.deed(office.uma, "It works."))
    call.refresh_from_db()
    assert call.is_closed


def test_a_resolved_call_is_warned_of_and_closed_each_once(
    office: Office, call: Call, heard: list[events.Event]
) -> None:
    rules(office, after_hours=72, warning_hours="48, 4")
    closing.resolve(call, office.deed(office.bob))
    heard.clear()
    for hours in range(80):
        close_resolved(office.now + dt.timedelta(hours=hours))
    assert [type(event).__name__ for event in heard] == ["CallClosesSoon", "CallClosesSoon", "StateChanged"]
    assert [event.entry.at for event in heard] == [
        office.now + dt.timedelta(hours=hours) for hours in (24, 68, 72)
    ]
    assert said(call)[1:] == [
        "Warned that it will be closed on 2026-03-05 at 09:00 UTC.",
        "Warned that it will be closed on 2026-03-05 at 09:00 UTC.",
        "Closed, since nobody objected after it was resolved.",
    ]
    assert {e.actor_name for e in call.timeline.all()[1:]} == {"Mailcall"}


def test_after_a_long_standstill_people_are_still_warned_first(office: Office, call: Call) -> None:
    rules(office, after_hours=72, warning_hours="48, 4")
    closing.resolve(call, office.deed(office.bob))
    late = office.now + dt.timedelta(days=30)
    assert (close_resolved(late), close_resolved(late)) == (1, 0)
    call.refresh_from_db()
    assert call.state == State.RESOLVED
    assert close_resolved(late + dt.timedelta(hours=4)) == 1
    call.refresh_from_db()
    assert call.state == State.CLOSED


def test_a_call_never_closes_by_itself_where_that_is_switched_off(office: Office, call: Call) -> None:
    rules(office, after_hours=0)
    closing.resolve(call, office.deed(office.bob))
    assert close_resolved(office.now + dt.timedelta(days=900)) == 0


def test_a_change_of_the_method_keeps_calls_from_closing_by_themselves(office: Office, call: Call) -> None:
    rules(office)
    closing.resolve(call, office.deed(office.bob))
    closing.set_closure(office.partition, ClosureMethod.COMMENTS)
    late = office.now + dt.timedelta(days=9)
    assert (close_resolved(late), close_resolved(late)) == (1, 0)
    call.refresh_from_db()
    assert call.state == State.RESOLVED


def test_what_is_given_up_does_not_close_by_itself(office: Office, call: Call) -> None:
    rules(office)
    closing.resolve(call, office.deed(office.bob), solved=False)
    assert close_resolved(office.now + dt.timedelta(days=9)) == 0
    closing.close(call, office.deed(office.cy))
    call.refresh_from_db()
    assert call.state == State.CLOSED_UNRESOLVED


def test_comments_want_what_was_done_and_an_analyst_who_may_close(
    office: Office, call: Call, closers: Group
) -> None:
    closing.set_closure(office.partition, ClosureMethod.COMMENTS, group=closers)
    for text, analyst, sentence in [
        ("", office.cy, "Say what was done"),
        ("Bulb.", None, "Say which analyst is to close it"),
        ("Bulb.", office.bob, "Bob may not close calls of IT: they are not in its closure group"),
        ("Bulb.", office.uma, "Uma is no active Analyst"),
    ]:
        with pytest.raises(Refused, match=sentence):
            closing.resolve(call, office.deed(office.bob, text), analyst=analyst)
    assert said(call) == []
    closing.resolve(call, office.deed(office.bob, "Bulb."), analyst=office.cy)
    call.refresh_from_db()
    assert (call.state, call.group, call.analyst) == (State.RESOLVED, closers, office.cy)
    assert close_resolved(office.now + dt.timedelta(days=99)) == 0


def test_whoever_is_to_close_a_call_is_not_put_into_its_group(office: Office, call: Call) -> None:
    closing.set_closure(office.partition, ClosureMethod.COMMENTS)
    forward(call, office.deed(office.bob), group=office.group)
    closing.resolve(call, office.deed(office.bob, "Bulb."), analyst=office.cy)
    call.refresh_from_db()
    assert (call.group, call.analyst) == (None, office.cy)


@pytest.mark.parametrize("state", [State.RESOLVED, State.UNRESOLVED])
def test_a_call_that_waits_to_be_closed_can_be_reopened(office: Office, call: Call, state: State) -> None:
    rules(office)
    closing.resolve(call, office.deed(office.bob), solved=state == State.RESOLVED)
    closing.reopen(call, office.deed(office.uma, "Dark again."))
    call.refresh_from_db()
    assert (call.state, call.close_step_at) == (State.OPEN, None)
    assert said(call)[-1] == "Reopened: Dark again."


@pytest.mark.parametrize(
    ("method", "more", "sentence"),
    [
        ("never", {}, "no closure method"),
        (ClosureMethod.RULES, {"after_hours": -1}, "Calls close after 1 to"),
        (ClosureMethod.RULES, {"after_hours": 10**9}, "Calls close after 1 to"),
        (ClosureMethod.RULES, {"warning_hours": "soon"}, "“soon” is no warning"),
        (ClosureMethod.RULES, {"warning_hours": "72"}, "“72” is no warning"),
        (ClosureMethod.RULES, {"warning_hours": "4, ²"}, "“²” is no warning"),
        (ClosureMethod.RULES, {"warning_hours": "-4"}, "“-4” is no warning"),
    ],
)
def test_a_closure_that_makes_no_sense_is_refused(
    office: Office, method: ClosureMethod, more: dict[str, object], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        closing.set_closure(office.partition, method, **more)
    assert Partition.objects.get().closure_method == ClosureMethod.IMMEDIATE


def test_words_take_a_resolved_call_back_and_leave_an_open_one() -> None:
    for state in State:
        call = Call(pk=1, state=state)
        take_back(call, NOW)
        assert call.state == State.OPEN


def test_a_mail_on_a_resolved_call_takes_it_back(desk: Desk) -> None:
    call = desk.receive(mail()).call
    closing.set_closure(call.partition, ClosureMethod.RULES)
    closing.resolve(call, by(desk.bob, Channel.PAGE))
    desk.receive(mail(subject=f"[Call {call.pk}] still dark"))
    call.refresh_from_db()
    assert (call.state, call.resolved_at, call.close_step_at) == (State.OPEN, None, None)
    assert "Reopened by a reply." in said(call)


def test_an_automatic_answer_leaves_a_resolved_call_as_it_is(desk: Desk) -> None:
    call = desk.receive(mail()).call
    closing.set_closure(call.partition, ClosureMethod.RULES)
    closing.resolve(call, by(desk.bob, Channel.PAGE))
    away = mail(subject=f"[Call {call.pk}] I am away", headers="Auto-Submitted: auto-replied\n")
    desk.receive(away)
    call.refresh_from_db()
    assert call.state == State.RESOLVED


def test_a_mail_that_leaves_a_resolved_call_as_it_is_lets_it_wait_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = desk.receive(mail()).call
    closing.set_closure(call.partition, ClosureMethod.RULES, after_hours=72, warning_hours="48")
    resolved = timezone.now()
    closing.resolve(call, by(desk.bob, Channel.PAGE, now=resolved))
    later = resolved + dt.timedelta(hours=30)
    assert close_resolved(later) == 1  # the warning
    monkeypatch.setattr(timezone, "now", lambda: later)
    note = mail("bob@desk.example", f"UPDATE CALL {call.pk}: she will try it", headers=AUTHENTICATED)
    desk.receive(note)
    call.refresh_from_db()
    assert (call.state, call.resolved_at) == (State.RESOLVED, later)
    assert close_resolved(resolved + dt.timedelta(hours=53)) == 0
    assert close_resolved(later + dt.timedelta(hours=24)) == 1  # warned of again
    assert close_resolved(later + dt.timedelta(hours=72)) == 1
    assert said(call)[-1] == "Closed, since nobody objected after it was resolved."


def test_an_automatic_answer_does_not_keep_a_resolved_call_from_closing(desk: Desk) -> None:
    call = desk.receive(mail()).call
    closing.set_closure(call.partition, ClosureMethod.RULES)
    closing.resolve(call, by(desk.bob, Channel.PAGE))
    call.refresh_from_db()
    before = call.close_step_at
    desk.receive(mail(subject=f"[Call {call.pk}] I am away", headers="Auto-Submitted: auto-replied\n"))
    call.refresh_from_db()
    assert call.close_step_at == before


def test_a_mail_on_a_merged_call_does_not_open_it(desk: Desk) -> None:
    merged, survivor = desk.receive(mail()).call, desk.receive(mail(subject="Still dark")).call
    merge(merged, survivor, by(desk.bob, Channel.PAGE))
    desk.receive(mail(subject=f"[Call {merged.pk}] well?"))
    merged.refresh_from_db()
    assert merged.is_closed
    assert merged.timeline.count() == 3


def test_a_state_is_called_as_the_administrator_says(office: Office) -> None:
    rename_state(State.RESOLVED, " Solved,  waiting ")
    rename_state(State.RESOLVED, "Mended", partition=office.partition)
    assert state_names()["resolved"] == "Solved, waiting"
    assert state_names(office.partition)["resolved"] == "Mended"
    rename_state(State.RESOLVED, "", partition=office.partition)
    assert state_names(office.partition)["resolved"] == "Solved, waiting"


def test_two_states_are_never_called_the_same(office: Office) -> None:
    with pytest.raises(Refused, match=r"“(?i:closed)” would be the name of two states"):
        rename_state(State.RESOLVED, "CLOSED")
    rename_state(State.OPEN, "New", partition=office.partition)
    with pytest.raises(Refused, match="“new” would be the name of two states in IT"):
        rename_state(State.CLOSED, "new")
    assert StateName.objects.count() == 1


@pytest.mark.parametrize(("state", "name"), [("lost", "Lost"), (State.OPEN, "x" * 51)])
def test_a_name_that_makes_no_sense_is_refused(office: Office, state: State, name: str) -> None:
    with pytest.raises(Refused):
        rename_state(state, name)
