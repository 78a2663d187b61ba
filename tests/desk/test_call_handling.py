"""Calls while they are open: forwarded, put aside, judged; and who works on them."""

import datetime as dt

import pytest

from desk.offices import Office
from mailcall.desk import calls, closing, locks
from mailcall.desk.call_handling import defer, resume, suspend, take
from mailcall.desk.due import resume_deferred
from mailcall.desk.errors import Refused
from mailcall.desk.handling import forward
from mailcall.desk.issue_types import full_names, save_issue_type
from mailcall.desk.models import Call, CallLock, Channel, IssueType, Pause, State
from mailcall.desk.priorities import judge, set_issue_type, set_matrix, set_priority
from mailcall.desk.work import by


@pytest.fixture
def call(office: Office) -> Call:
    return Call.objects.create(partition=office.partition, subject="No light", user=office.uma)


def said(call: Call) -> list[str]:
    return list(call.timeline.order_by("pk").values_list("text", flat=True))


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def test_a_call_is_forwarded_to_a_group_an_analyst_or_both(office: Office, call: Call) -> None:
    forward(call, office.deed(office.cy, "Yours."), group=office.group)
    assert (fresh(call).group, fresh(call).analyst) == (office.group, None)
    forward(call, office.deed(office.cy), analyst=office.bob)
    assert (fresh(call).group, fresh(call).analyst) == (office.group, office.bob)
    take(call, office.deed(office.cy))
    assert (fresh(call).group, fresh(call).analyst) == (None, office.cy)
    assert said(call) == ["Forwarded to Buyers: Yours.", "Forwarded to Buyers, Bob.", "Taken."]


def test_a_call_is_not_forwarded_to_who_can_not_work_it(office: Office, call: Call) -> None:
    deed = office.deed(office.bob)
    with pytest.raises(Refused, match="Cy is not in the group Buyers"):
        forward(call, deed, group=office.group, analyst=office.cy)
    with pytest.raises(Refused, match="Uma is no active Analyst"):
        take(call, office.deed(office.uma))
    with pytest.raises(Refused, match="Only an Analyst can take a call"):
        take(call, office.deed(None))
    closing.close(call, deed)
    with pytest.raises(Refused, match=r"is closed, so it can't be forwarded\. Reopen it first"):
        forward(call, deed, group=office.group)


def test_a_deferred_call_comes_back_by_itself(office: Office, call: Call) -> None:
    until = office.now + dt.timedelta(days=2)
    defer(call, office.deed(office.bob, "The part comes then."), until=until)
    assert fresh(call).pause == Pause.DEFERRED
    assert resume_deferred(until - dt.timedelta(seconds=1)) == 0
    assert (resume_deferred(until), resume_deferred(until)) == (1, 0)
    assert (fresh(call).pause, fresh(call).resume_at) == ("", None)
    assert said(call) == [
        "Deferred until 2026-03-04 at 09:00 UTC: The part comes then.",
        "It comes back, as it was deferred until now.",
    ]


def test_a_suspended_call_is_resumed_by_somebody(office: Office, call: Call) -> None:
    suspend(call, office.deed(office.bob, "Uma is away."))
    with pytest.raises(Refused, match="is suspended already"):
        suspend(call, office.deed(office.bob, "Again."))
    assert resume_deferred(office.now + dt.timedelta(days=999)) == 0
    resume(call, office.deed(office.bob))
    assert fresh(call).pause == ""
    with pytest.raises(Refused, match="neither deferred nor suspended"):
        resume(call, office.deed(office.bob))


def test_a_call_that_ends_is_put_aside_no_more(office: Office, call: Call) -> None:
    defer(call, office.deed(office.bob, "Later."), until=office.now + dt.timedelta(days=2))
    closing.close(call, office.deed(office.bob))
    assert (fresh(call).pause, fresh(call).resume_at) == ("", None)
    assert resume_deferred(office.now + dt.timedelta(days=3)) == 0


def test_what_makes_no_sense_is_not_put_aside(office: Office, call: Call) -> None:
    later = office.now + dt.timedelta(days=1)
    for text, until, sentence in [
        ("", later, "Say why it is deferred"),
        ("So.", office.now, "deferred to a moment to come"),
        ("So.", office.now + dt.timedelta(days=9999), "deferred to a moment to come"),
    ]:
        with pytest.raises(Refused, match=sentence):
            defer(call, office.deed(office.bob, text), until=until)
    with pytest.raises(Refused, match="Say why it is suspended"):
        suspend(call, office.deed(office.bob))
    closing.close(call, office.deed(office.bob))
    with pytest.raises(Refused, match="is Closed, so it can't be deferred"):
        defer(call, office.deed(office.bob, "So."), until=later)
    assert said(call) == ["Closed."]


def test_priority_follows_from_impact_and_urgency(office: Office, call: Call) -> None:
    judge(call, office.deed(office.bob), impact=1, urgency=1)
    assert fresh(call).priority == 1
    set_matrix(office.partition, {(1, 1): 2})
    judge(call, office.deed(office.bob), impact=1, urgency=1)
    assert fresh(call).priority == 2
    judge(call, office.deed(office.bob), impact=3, urgency=3)
    assert said(call) == [
        "Impact 1, urgency 1; priority 1.",
        "Impact 1, urgency 1; priority 2.",
        "Impact 3, urgency 3; priority 5.",
    ]


def test_priority_set_by_hand_wins_and_is_said(office: Office, call: Call) -> None:
    set_priority(call, office.deed(office.bob, "The boss."), 1)
    judge(call, office.deed(office.bob), impact=3, urgency=2)
    assert fresh(call).priority == 1
    set_priority(call, office.deed(office.bob), None)
    assert fresh(call).priority == 4
    assert said(call) == [
        "Priority 1, set by hand: The boss.",
        "Impact 3, urgency 2; priority 1 stays, since it was set by hand, not 4.",
        "Priority no longer set by hand; priority 4.",
    ]


def test_numbers_out_of_range_are_refused(office: Office, call: Call) -> None:
    deed = office.deed(office.bob)
    with pytest.raises(Refused, match="“0” is no impact: give a number from 1 to 3"):
        judge(call, deed, impact=0, urgency=1)
    with pytest.raises(Refused, match="“4” is no urgency"):
        judge(call, deed, impact=1, urgency=4)
    with pytest.raises(Refused, match="“6” is no priority: give a number from 1 to 5"):
        set_priority(call, deed, 6)
    with pytest.raises(Refused, match="“9” is no priority"):
        set_matrix(office.partition, {(1, 1): 9})


def test_an_issue_type_gives_a_priority_where_nothing_else_does(office: Office, call: Call) -> None:
    laptop = IssueType(name="Laptop", priority=2)
    save_issue_type(laptop)
    set_issue_type(call, office.deed(office.bob), laptop)
    assert (fresh(call).issue_type, fresh(call).priority) == (laptop, 2)
    laptop.active = False
    save_issue_type(laptop)
    with pytest.raises(Refused, match="Laptop is not in use any more"):
        set_issue_type(call, office.deed(office.bob), laptop)
    set_issue_type(call, office.deed(office.bob), None)
    assert said(call) == ["Issue type Laptop; priority 2.", "No issue type; priority 2 as before."]


def test_issue_types_are_a_tree(db: None) -> None:
    hardware, laptop = IssueType(name="Hardware"), IssueType(name=" Laptop ")
    save_issue_type(hardware)
    laptop.parent = hardware
    save_issue_type(laptop)
    assert full_names() == {hardware.pk: "Hardware", laptop.pk: "Hardware > Laptop"}
    hardware.parent = laptop
    with pytest.raises(Refused, match="Hardware can't be part of Laptop, which is part of it"):
        save_issue_type(hardware)
    hardware.parent = hardware
    with pytest.raises(Refused, match="Hardware can't be part of Hardware"):
        save_issue_type(hardware)
    with pytest.raises(Refused, match="There is an issue type Laptop in the same place already"):
        save_issue_type(IssueType(name="LAPTOP", parent=laptop.parent))
    save_issue_type(IssueType(name="Laptop"))


@pytest.mark.parametrize("name", ["", "  ", "a > b", "x" * 101])
def test_an_issue_type_needs_a_name(db: None, name: str) -> None:
    with pytest.raises(Refused, match="needs a name"):
        save_issue_type(IssueType(name=name))


def test_what_somebody_works_on_is_left_alone_by_others(office: Office, call: Call) -> None:
    locks.lock(call, office.deed(office.ann))
    with pytest.raises(Refused, match=r"Ann works on Call \d+ since 09:00. Take it over, or wait"):
        closing.close(call, office.deed(office.bob))
    with pytest.raises(Refused, match="Ann works on"):
        locks.lock(call, office.deed(office.bob))
    with pytest.raises(Refused, match="Ann works on"):
        forward(call, office.deed(office.bob), group=office.group)
    assert said(call) == []
    closing.close(call, office.deed(office.ann))


def test_a_reply_is_not_written_beside_who_works_on_the_call(office: Office, call: Call) -> None:
    locks.lock(call, by(office.ann, Channel.PAGE))
    to = [("Uma", "uma@customer.example")]
    with pytest.raises(Refused, match="Ann works on"):
        calls.write_reply(call, author=office.bob, text="Hi", to=to, cc=[], channel=Channel.PAGE)
    calls.add_note(call, actor=office.bob, text="Mind the cable.", channel=Channel.PAGE)
    calls.write_reply(call, author=office.ann, text="Hi", to=to, cc=[], channel=Channel.PAGE)


def test_mail_and_the_clock_are_not_kept_out_by_a_lock(office: Office, call: Call) -> None:
    locks.lock(call, office.deed(office.ann))
    forward(call, by(office.bob, Channel.EMAIL, now=office.now), group=office.group)
    defer(call, office.deed(office.ann, "Later."), until=office.now + dt.timedelta(minutes=1))
    assert resume_deferred(office.now + dt.timedelta(minutes=2)) == 1
    closing.close(call, by(None, Channel.SYSTEM, now=office.now))


def test_a_lock_ends_unless_it_is_renewed(office: Office, call: Call) -> None:
    locks.lock(call, office.deed(office.ann))
    office.pass_hours(0.2)
    locks.renew(call, office.deed(office.ann))
    office.pass_hours(0.2)
    held = locks.holder(call, office.now)
    assert held is not None
    assert held.person == office.ann
    office.pass_hours(0.1)
    assert locks.holder(call, office.now) is None
    with pytest.raises(Refused, match="Nobody works on"):
        locks.renew(call, office.deed(office.ann))
    locks.lock(call, office.deed(office.bob))
    with pytest.raises(Refused, match=r"Bob works on .*, no longer you"):
        locks.renew(call, office.deed(office.ann))
    locks.unlock(call, office.deed(office.ann))
    assert CallLock.objects.get().person == office.bob
    locks.unlock(call, office.deed(office.bob))
    assert locks.holder(call, office.now) is None
    assert said(call) == []


def test_a_lock_can_be_taken_over_and_that_is_said(office: Office, call: Call) -> None:
    locks.lock(call, office.deed(office.ann))
    locks.lock(call, office.deed(office.bob, "Urgent."), take_over=True)
    assert said(call) == ["Taken over from Ann, who worked on it: Urgent."]
    closing.close(call, office.deed(office.bob))
    assert fresh(call).state == State.CLOSED


def test_only_analysts_lock_calls(office: Office, call: Call) -> None:
    for nobody in (office.uma, None):
        with pytest.raises(Refused, match="Only an Analyst can lock a call"):
            locks.lock(call, office.deed(nobody))
