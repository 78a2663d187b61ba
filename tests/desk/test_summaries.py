"""Lists of what is somebody's: whose they are, what comes first, and that they end."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk.offices import Office, approval, task
from mailcall.desk import calls, summaries
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Channel, EntryKind, Participant, Partition, Person
from mailcall.desk.models.calls import CLOSED_STATES, State
from mailcall.desk.state_names import rename_state
from mailcall.desk.summaries import last_word, summary


def call_of(office: Office, user: Person, subject: str = "No light", **more: object) -> Call:
    return Call.objects.create(partition=office.partition, subject=subject, user=user, **more)


def numbers(person: Person, about: str = "call", scope: str = "open") -> list[int]:
    return [line.number for line in summary(person, about, scope)[0].lines]


def test_a_user_has_what_they_reported_and_take_part_in_and_nothing_else(office: Office) -> None:
    own, with_them = call_of(office, office.uma), call_of(office, office.ulf)
    call_of(office, office.ulf, "Secret plans")
    Participant.objects.create(call=with_them, address=office.uma.email)
    assert set(numbers(office.uma)) == {own.pk, with_them.pk}


def test_an_analyst_has_what_is_assigned_to_them(office: Office) -> None:
    assigned = call_of(office, office.uma, analyst=office.ann)
    call_of(office, office.uma, analyst=office.bob, group=office.group)
    assert numbers(office.ann) == [assigned.pk]


def test_an_analyst_has_once_what_is_theirs_in_every_way(office: Office) -> None:
    call = call_of(office, office.ann, analyst=office.ann)
    Participant.objects.create(call=call, address=office.ann.email)
    assert numbers(office.ann) == [call.pk]


def test_the_groups_list_has_what_is_in_them_and_open(office: Office) -> None:
    in_group = call_of(office, office.uma, group=office.group)
    call_of(office, office.uma, group=office.group, state=State.CLOSED)
    call_of(office, office.uma, analyst=office.ann)
    assert numbers(office.ann, scope="group") == [in_group.pk]
    assert numbers(office.cy, scope="group") == []


@pytest.mark.parametrize("about", ["call", "request", "task", "approval"])
def test_only_analysts_have_groups(office: Office, about: str) -> None:
    with pytest.raises(Refused, match="Only Analysts have groups"):
        summary(office.uma, about, "group")


def test_people_without_an_address_do_not_share_what_others_without_one_take_part_in(office: Office) -> None:
    nobody = Person.objects.create(name="Nobody", email="", is_user=True)
    call = call_of(office, office.ulf)
    Participant.objects.create(call=call, address="")
    assert numbers(nobody) == []


def test_the_scopes_part_what_is_open_from_what_is_closed(office: Office) -> None:
    made = {state: call_of(office, office.uma, state=state).pk for state in State}
    closed = {number for state, number in made.items() if state in CLOSED_STATES}
    assert set(numbers(office.uma, scope="closed")) == closed
    assert set(numbers(office.uma, scope="open")) == set(made.values()) - closed
    assert set(numbers(office.uma, scope="all")) == set(made.values())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(st.sampled_from(State), max_size=12))
def test_what_is_open_comes_first_and_then_what_changed_last(office: Office, states: list[State]) -> None:
    Call.objects.all().delete()
    for state in states:
        call_of(office, office.uma, state=state)
    listed = [Call.objects.get(pk=number) for number in numbers(office.uma, scope="all")]
    expected = sorted(
        listed, key=lambda one: (one.state in CLOSED_STATES, -one.updated_at.timestamp(), -one.pk)
    )
    assert listed == expected
    assert len(listed) == len(states)


def test_a_long_list_is_cut_and_the_rest_is_counted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "MOST", 3)
    for _ in range(7):
        call_of(office, office.uma)
    [listing] = summary(office.uma, "call", "open")
    assert (len(listing.lines), listing.left_out) == (3, 4)
    monkeypatch.setattr(summaries, "MOST_COUNTED", 5)
    [listing] = summary(office.uma, "call", "open")
    assert (len(listing.lines), listing.left_out) == (3, 2)


def test_a_long_list_costs_as_many_queries_as_a_short_one(office: Office) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            summary(office.uma, "call", "all")
        return len(asked)

    call_of(office, office.uma, group=office.group, analyst=office.ann)
    before = queries()
    for _ in range(20):
        call_of(office, office.uma, group=office.group, analyst=office.bob)
    assert queries() == before


def test_states_are_called_what_the_desk_calls_them(office: Office) -> None:
    elsewhere = Partition.objects.create(name="HR", address="hr@desk.example")
    rename_state(State.OPEN, "In the works", partition=office.partition)
    call_of(office, office.uma)
    Call.objects.create(partition=elsewhere, subject="Holidays", user=office.uma)
    [listing] = summary(office.uma, "call", "open")
    assert sorted(line.cells[2] for line in listing.lines) == ["In the works", "Open"]


def test_a_person_erased_from_a_call_leaves_it_out_of_lists(office: Office) -> None:
    call = call_of(office, office.uma, state=State.CLOSED)
    Call.objects.filter(pk=call.pk).update(anonymized_at=office.now)
    assert numbers(office.uma, scope="all") == []


def test_requests_are_their_users_and_their_analysts(office: Office) -> None:
    request = office.request()
    assert numbers(office.uma, "request", "all") == [request.pk]
    assert numbers(office.ulf, "request", "all") == []


def test_approvals_wait_for_who_is_asked_beside_their_tasks(office: Office) -> None:
    request = office.request(approval("ok", by=(office.ann, office.bob)))
    waiting, tasks = summary(office.ann, "approval", "open")
    assert waiting.title == "Approvals that wait for you"
    assert [line.number for line in waiting.lines] == [task(request, "ok").pk]
    assert tasks.title == "Your open tasks"
    assert summary(office.cy, "task", "open")[0].lines == ()


def test_the_last_word_is_never_an_internal_one(office: Office) -> None:
    call = call_of(office, office.uma)
    assert last_word(call) == ""
    calls.add_note(call, actor=office.ann, text="She never listens.", channel=Channel.PAGE)
    assert last_word(call) == ""
    said = {"actor_name": "Uma", "channel": Channel.PAGE, "internal": False}
    call.timeline.create(kind=EntryKind.NOTE, text="It is\n  the bulb. " + "x" * 300, **said)
    call.timeline.create(kind=EntryKind.STATE, text="Closed", **said)
    calls.add_note(call, actor=office.ann, text="I told her.", channel=Channel.PAGE)
    assert ": It is the bulb. xxx" in last_word(call)
    assert last_word(call).endswith("x…")
    assert len(last_word(call)) < 240
