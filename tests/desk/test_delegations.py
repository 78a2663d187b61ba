"""Delegates decide for others: in their period and scope, in nobody's name but who they say."""

import datetime as dt

import pytest

from desk.offices import START, Office, approval, asked, said, step, task
from mailcall.desk.approvals import decide
from mailcall.desk.delegations import approval_of, delegate, revoke, waiting_for
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Approval,
    Call,
    Delegation,
    Partition,
    Person,
    RequestType,
    Task,
    TaskKind,
)
from mailcall.desk.tasks import log_task
from mailcall.desk.work_states import Verb

WEEK = dt.timedelta(days=7)


def stand_in(office: Office, person: Person, to: Person, **more: object) -> Delegation:
    """For a week."""
    given = {"starts_at": START, "ends_at": START + WEEK, "made_by": person, "now": START} | more
    return delegate(person, to, **given)


def wanted(office: Office) -> Approval:
    """Ann is asked."""
    request = office.request(approval("ask", by=(office.ann,)))
    return asked(task(request, "ask"), office.ann)


def approve(office: Office, one: Approval, person: Person) -> None:
    decide(one, Verb.APPROVE, office.deed(person))


def test_a_delegate_decides_and_the_timeline_says_for_whom(office: Office) -> None:
    stand_in(office, office.ann, office.bob)
    one = wanted(office)
    approve(office, one, office.bob)
    one.refresh_from_db()
    assert (one.state, one.person, one.decided_by) == ("approved", office.ann, office.bob)
    assert said(one.task)[1].startswith("Approved by Bob for Ann as their delegate until 2026-03-09 ")
    with pytest.raises(Refused, match=r"was approved on .* by Bob for Ann: nothing is left"):
        approve(office, one, office.ann)


@pytest.mark.parametrize("moment", [START - dt.timedelta(seconds=1), START + WEEK, START + 2 * WEEK])
def test_outside_of_their_period_delegates_decide_nothing(office: Office, moment: dt.datetime) -> None:
    stand_in(office, office.ann, office.bob)
    one = wanted(office)
    office.now = moment
    assert not waiting_for(office.bob, moment).exists()
    with pytest.raises(Refused, match="Only Ann, or a delegate of theirs"):
        approve(office, one, office.bob)


def test_the_first_and_the_last_moment_are_in_the_period(office: Office) -> None:
    stand_in(office, office.ann, office.bob)
    for moment in (START, START + WEEK - dt.timedelta(microseconds=1)):
        office.now = moment
        approve(office, wanted(office), office.bob)


def test_a_revoked_delegation_holds_no_more(office: Office) -> None:
    delegation = stand_in(office, office.ann, office.bob)
    revoke(delegation, by=office.ann, now=START)
    with pytest.raises(Refused, match="Only Ann, or a delegate of theirs"):
        approve(office, wanted(office), office.bob)
    with pytest.raises(Refused, match=r"revoked on 2026-03-02 at .* already"):
        revoke(delegation, by=office.ann)


def test_a_delegate_who_left_decides_nothing(office: Office) -> None:
    stand_in(office, office.ann, office.bob)
    Person.objects.filter(pk=office.bob.pk).update(is_analyst=False)
    with pytest.raises(Refused, match="Bob can't act on this desk"):
        approve(office, wanted(office), office.bob)


def test_a_delegate_must_themself_be_allowed_to_approve(office: Office) -> None:
    stand_in(office, office.ann, office.uma)
    one = wanted(office)
    assert not waiting_for(office.uma, START).exists()
    with pytest.raises(Refused, match="Uma is no Analyst"):
        approve(office, one, office.uma)


def test_delegates_of_delegates_decide_nothing(office: Office) -> None:
    stand_in(office, office.ann, office.bob)
    stand_in(office, office.bob, office.cy)
    with pytest.raises(Refused, match="Only Ann, or a delegate of theirs"):
        approve(office, wanted(office), office.cy)


def on_a_call(office: Office) -> Approval:
    """Ann is asked about a task of a call."""
    call = Call.objects.create(partition=office.partition, subject="x", user=office.uma)
    made = log_task(call, approval("ask", by=(office.ann,)), office.deed(office.bob))
    return asked(made, office.ann)


def test_a_delegation_for_a_partition(office: Office) -> None:
    other = Partition.objects.create(name="HR", address="hr@desk.example")
    stand_in(office, office.ann, office.bob, partition=office.partition)
    stand_in(office, office.ann, office.cy, partition=other)
    for ask in (wanted, on_a_call):
        one = ask(office)
        assert list(waiting_for(office.bob, START)) == [one]
        assert not waiting_for(office.cy, START).exists()
        with pytest.raises(Refused, match="Only Ann"):
            approve(office, one, office.cy)
        approve(office, one, office.bob)


def test_a_delegation_for_a_request_type(office: Office) -> None:
    other = RequestType.objects.create(name="Other", partition=office.partition)
    stand_in(office, office.ann, office.bob, request_type=office.type)
    stand_in(office, office.ann, office.cy, request_type=other)
    one, call = wanted(office), on_a_call(office)
    assert list(waiting_for(office.bob, START)) == [one]
    assert not waiting_for(office.cy, START).exists()
    for person, which in ((office.cy, one), (office.bob, call)):
        with pytest.raises(Refused, match="Only Ann"):
            approve(office, which, person)
    approve(office, one, office.bob)


def test_who_is_asked_and_a_delegate_decides_for_each_apart(office: Office) -> None:
    request = office.request(approval("ask", by=(office.ann, office.bob)))
    stand_in(office, office.ann, office.bob)
    ask = task(request, "ask")
    assert waiting_for(office.bob, START).count() == 2
    own = approval_of(ask, office.bob, START)
    assert own.person == office.bob
    approve(office, own, office.bob)
    assert asked(ask, office.ann).state == "waiting"
    # Who names only the task means their own, also the second time: it decides nothing for Ann.
    with pytest.raises(Refused, match=r"was approved on .* by Bob: nothing is left"):
        approve(office, approval_of(ask, office.bob, START), office.bob)
    approve(office, asked(ask, office.ann), office.bob)
    ask.refresh_from_db()
    assert ask.state == "approved"


def test_a_delegate_of_one_may_name_the_task_and_one_of_several_must_say_for_whom(office: Office) -> None:
    request = office.request(approval("ask", by=(office.ann, office.bob)))
    ask = task(request, "ask")
    with pytest.raises(Refused, match=f"Cy is not asked to approve task {ask.pk}, nor a delegate"):
        approval_of(ask, office.cy, START)
    stand_in(office, office.ann, office.cy)
    assert approval_of(ask, office.cy, START).person == office.ann
    stand_in(office, office.bob, office.cy)
    one, two = asked(ask, office.ann), asked(ask, office.bob)
    with pytest.raises(Refused, match=f"say for whom: approval {one.pk} for Ann, approval {two.pk} for Bob"):
        approval_of(ask, office.cy, START)


def test_what_waits_for_a_person_is_what_is_open(office: Office) -> None:
    request = office.request(
        approval("now", by=(office.ann,)), step("a"), approval("later", "a", by=(office.ann,))
    )
    assert [one.task.title for one in waiting_for(office.ann, START)] == ["Now"]
    approve(office, asked(task(request, "now"), office.ann), office.ann)
    assert not waiting_for(office.ann, START).exists()
    office.ann.is_template = True
    assert not waiting_for(office.ann, START).exists()


def test_delegations_that_are_refused(office: Office) -> None:
    with pytest.raises(Refused, match="Ann needs no delegate"):
        stand_in(office, office.ann, office.ann)
    with pytest.raises(Refused, match="Nobody can make themself a delegate"):
        stand_in(office, office.ann, office.bob, made_by=office.bob)
    with pytest.raises(Refused, match="Only Ann or an analyst can name a delegate"):
        stand_in(office, office.ann, office.bob, made_by=office.uma)
    with pytest.raises(Refused, match="must end after it starts"):
        stand_in(office, office.ann, office.bob, ends_at=START)
    with pytest.raises(Refused, match="is over already"):
        stand_in(office, office.ann, office.bob, now=START + WEEK)
    with pytest.raises(Refused, match="not for both"):
        stand_in(office, office.ann, office.bob, partition=office.partition, request_type=office.type)
    office.bob.is_template = True
    with pytest.raises(Refused, match="Bob can't act on this desk"):
        stand_in(office, office.ann, office.bob)
    assert not Delegation.objects.exists()


def test_who_may_make_and_revoke_one_for_others(office: Office) -> None:
    delegation = stand_in(office, office.uma, office.ulf, made_by=office.ann)
    with pytest.raises(Refused, match="Only Uma, Ulf or an analyst"):
        revoke(delegation, by=Person.objects.create(name="Una", email="una@customer.example"))
    revoke(delegation, by=office.bob)
    delegation.refresh_from_db()
    assert delegation.revoked_by == office.bob


def test_users_have_delegates_too(office: Office) -> None:
    stand_in(office, office.uma, office.ulf)
    request = office.request(step("ask", kind=TaskKind.USER_APPROVAL, approvers=(office.uma,)))
    approve(office, asked(task(request, "ask"), office.uma), office.ulf)
    assert Task.objects.get().state == "approved"
