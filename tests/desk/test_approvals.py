"""Approvals: who decides them, when several make an outcome, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.offices import APPROVAL, USER_APPROVAL, Office, approval, asked, said, states, step, task
from mailcall.desk.approval_rules import how_many, outcome
from mailcall.desk.approvals import ask, decide, withdraw
from mailcall.desk.errors import Refused
from mailcall.desk.models import ApprovalRule, Channel, Condition, Membership, Person, Request, Task
from mailcall.desk.tasks import close_task
from mailcall.desk.work import by
from mailcall.desk.work_states import Verb
from mailcall.desk.workflows import Step

ANSWERS = st.lists(st.sampled_from(["waiting", "approved", "rejected", "withdrawn"]), max_size=6)


@given(st.sampled_from(ApprovalRule), st.integers(1, 6), ANSWERS)
def test_an_outcome_is_certain_when_no_answer_can_change_it_and_not_before(
    rule: ApprovalRule, needed: int, answers: list[str]
) -> None:
    count = [answer for answer in answers if answer != "withdrawn"]
    enough = how_many(rule, needed, len(count))
    if not count or len(count) < enough:
        assert outcome(rule, needed, answers) is None
        return
    approved, waiting = count.count("approved"), count.count("waiting")
    possible = {approved + more >= enough for more in range(waiting + 1)}
    expected = None if len(possible) == 2 else Verb.APPROVE if possible == {True} else Verb.REJECT
    assert outcome(rule, needed, answers) == expected


def three(office: Office, rule: ApprovalRule, needed: int | None = None) -> Request:
    """Ann, Bob and Cy are asked."""
    by = (office.ann, office.bob, office.cy)
    return office.request(approval("ask", by=by, rule=rule, needed=needed))


def answer(office: Office, request: Request, person: Person, verb: Verb, text: str = "") -> None:
    decide(asked(task(request, "ask"), person), verb, office.deed(person, text))


def answers(request: Request) -> list[str]:
    return list(task(request, "ask").approvals.order_by("pk").values_list("state", flat=True))


def test_everybody_is_asked_for_themself(office: Office) -> None:
    request = three(office, ApprovalRule.ALL)
    assert answers(request) == ["waiting"] * 3
    assert said(task(request, "ask")) == ["Opened. Asked Ann, Bob, Cy, all of whom must approve."]


def test_all_must_approve(office: Office) -> None:
    request = three(office, ApprovalRule.ALL)
    answer(office, request, office.ann, Verb.APPROVE)
    answer(office, request, office.cy, Verb.APPROVE)
    assert states(request) == {"ask": "open"}
    answer(office, request, office.bob, Verb.APPROVE)
    assert states(request) == {"ask": "approved"}
    assert said(task(request, "ask"))[-1] == "Closed-Approved: 3 of 3 approved."


def test_one_no_is_enough_where_all_must_approve_and_the_rest_are_withdrawn(office: Office) -> None:
    request = three(office, ApprovalRule.ALL)
    answer(office, request, office.bob, Verb.REJECT, "Too dear")
    assert (states(request), answers(request)) == (
        {"ask": "rejected"},
        ["withdrawn", "rejected", "withdrawn"],
    )
    assert said(task(request, "ask"))[1:] == [
        "Rejected by Bob: Too dear",
        "Closed-Rejected: 1 of 3 rejected.",
    ]
    assert office.heard()[-5:] == [
        "ApprovalDecided",
        "ApprovalWithdrawn",
        "ApprovalWithdrawn",
        "TaskClosed",
        "RequestClosed",
    ]


def test_any_may_approve(office: Office) -> None:
    request = three(office, ApprovalRule.ANY)
    answer(office, request, office.ann, Verb.REJECT, "No")
    answer(office, request, office.cy, Verb.APPROVE)
    assert (states(request), answers(request)) == ({"ask": "approved"}, ["rejected", "withdrawn", "approved"])


def test_a_number_must_approve(office: Office) -> None:
    request = three(office, ApprovalRule.SOME, 2)
    answer(office, request, office.ann, Verb.REJECT, "No")
    assert states(request) == {"ask": "open"}
    answer(office, request, office.bob, Verb.REJECT, "No")
    assert (states(request), answers(request)) == ({"ask": "rejected"}, ["rejected", "rejected", "withdrawn"])


def test_what_is_kept_of_a_decision(office: Office) -> None:
    request = three(office, ApprovalRule.ALL)
    decide(
        asked(task(request, "ask"), office.ann),
        Verb.APPROVE,
        by(office.ann, Channel.EMAIL, " Fine. ", proof="its token", now=office.now),
    )
    one = asked(task(request, "ask"), office.ann)
    assert (one.decided_by, one.decided_at, one.comment, one.proof) == (
        office.ann,
        office.now,
        "Fine.",
        "its token",
    )
    entry = task(request, "ask").timeline.latest("pk")
    assert (entry.actor, entry.channel, entry.proof) == (office.ann, "email", "its token")


def test_a_rejection_needs_a_reason(office: Office) -> None:
    request = three(office, ApprovalRule.ALL)
    with pytest.raises(Refused, match="say why: a rejection needs a reason"):
        answer(office, request, office.ann, Verb.REJECT, " ")
    assert answers(request) == ["waiting"] * 3


def test_nobody_approves_twice_or_takes_it_back(office: Office) -> None:
    request = three(office, ApprovalRule.ALL)
    answer(office, request, office.ann, Verb.APPROVE)
    one = asked(task(request, "ask"), office.ann)
    for verb in (Verb.APPROVE, Verb.REJECT):
        with pytest.raises(Refused, match=rf"{one} was approved on 2026-03-02 at .* by Ann: nothing is left"):
            answer(office, request, office.ann, verb, "Again")
    assert said(task(request, "ask"))[-1] == "Approved by Ann."


def test_what_was_withdrawn_since_the_task_was_decided_says_so(office: Office) -> None:
    request = three(office, ApprovalRule.ANY)
    answer(office, request, office.ann, Verb.APPROVE)
    with pytest.raises(Refused, match=r"was withdrawn on .* by Mailcall \(Task \d+ was approved\)"):
        answer(office, request, office.bob, Verb.REJECT, "No")


def test_only_who_is_asked_decides(office: Office) -> None:
    request = office.request(approval("ask", by=(office.ann,)))
    one = asked(task(request, "ask"), office.ann)
    for person in (office.bob, office.uma):
        with pytest.raises(Refused, match=f"Only Ann, or a delegate of theirs, can decide {one}"):
            decide(one, Verb.APPROVE, office.deed(person))
    with pytest.raises(Refused, match="Mailcall can't act on this desk"):
        decide(one, Verb.APPROVE, office.deed(None))


@pytest.mark.parametrize(
    "change", [{"is_analyst": False, "is_user": True}, {"email": ""}, {"is_template": True}]
)
def test_who_left_decides_no_more(office: Office, change: dict[str, object]) -> None:
    request = office.request(approval("ask", by=(office.ann,)))
    before = office.ann
    Person.objects.filter(pk=before.pk).update(**change)
    with pytest.raises(Refused, match=r"Ann (is no Analyst|can't act on this desk)"):
        decide(asked(task(request, "ask"), before), Verb.APPROVE, office.deed(before))


def test_a_user_approval_task_is_decided_by_its_user_by_mail_or_on_a_page(office: Office) -> None:
    request = office.request(Step("Agree", "ask", USER_APPROVAL, approvers=(office.ulf,)))
    one = asked(task(request, "ask"), office.ulf)
    with pytest.raises(Refused, match="by mail or on a page, and nowhere else"):
        decide(one, Verb.APPROVE, by(office.ulf, Channel.COMMAND_LINE))
    decide(one, Verb.APPROVE, office.deed(office.ulf))
    assert states(request) == {"ask": "approved"}


def test_an_approval_task_is_not_just_closed(office: Office) -> None:
    request = office.request(approval("ask", by=(office.ann,)))
    with pytest.raises(Refused, match="wants approval: it is approved or rejected, not just closed"):
        close_task(task(request, "ask"), office.deed(office.ann))


def test_a_group_is_asked_as_it_is_when_the_task_opens(office: Office) -> None:
    request = office.request(
        step("first"),
        step("ask", "first", kind=APPROVAL, approver_group=office.group, approvers=(office.ann,)),
    )
    Membership.objects.filter(person=office.bob).delete()
    Membership.objects.create(group=office.group, person=office.cy)
    Membership.objects.create(group=office.group, person=office.uma)
    close_task(task(request, "first"), office.deed(office.ann))
    persons = task(request, "ask").approvals.order_by("pk").values_list("person__name", flat=True)
    assert list(persons) == ["Ann", "Cy"]


def emptied(office: Office) -> Task:
    """The task of a group that nobody is in any more."""
    request = office.request(step("first"), step("ask", "first", kind=APPROVAL, approver_group=office.group))
    Membership.objects.all().delete()
    close_task(task(request, "first"), office.deed(office.ann))
    return task(request, "ask")


def test_with_nobody_to_ask_nothing_is_approved_until_somebody_is_asked(office: Office) -> None:
    empty = emptied(office)
    assert (empty.state, said(empty)) == (
        "open",
        ["Opened, but there is nobody to ask: an analyst must ask somebody to approve it."],
    )
    ask(empty, office.cy, office.deed(office.bob))
    assert said(empty)[-1] == "Asked Cy, too."
    decide(asked(empty, office.cy), Verb.APPROVE, office.deed(office.cy))
    empty.refresh_from_db()
    assert empty.state == "approved"


def test_with_too_few_to_ask_nothing_is_decided_until_more_are(office: Office) -> None:
    request = office.request(
        step("first"),
        step("ask", "first", kind=APPROVAL, approver_group=office.group, rule=ApprovalRule.SOME, needed=2),
    )
    Membership.objects.filter(person=office.bob).delete()
    close_task(task(request, "first"), office.deed(office.ann))
    assert said(task(request, "ask")) == [
        "Opened. Asked Ann, but 2 must approve: an analyst must ask somebody else, too."
    ]
    answer(office, request, office.ann, Verb.APPROVE)
    assert states(request)["ask"] == "open"
    ask(task(request, "ask"), office.cy, office.deed(office.bob))
    answer(office, request, office.cy, Verb.APPROVE)
    assert states(request)["ask"] == "approved"


def test_who_can_not_be_asked(office: Office) -> None:
    request = office.request(step("plain"), approval("ask", by=(office.ann,)))
    deed = office.deed(office.bob)
    with pytest.raises(Refused, match="which nobody approves"):
        ask(task(request, "plain"), office.cy, deed)
    with pytest.raises(Refused, match="Uma is no active Analyst"):
        ask(task(request, "ask"), office.uma, deed)
    with pytest.raises(Refused, match=r"Ann was asked about .* already"):
        ask(task(request, "ask"), office.ann, deed)
    answer(office, request, office.ann, Verb.APPROVE)
    with pytest.raises(Refused, match=r"was approved on .* so nobody can be asked"):
        ask(task(request, "ask"), office.cy, deed)


def test_somebody_need_not_approve_any_more(office: Office) -> None:
    request = three(office, ApprovalRule.ALL)
    office.heard()
    one = asked(task(request, "ask"), office.ann)
    withdraw(one, office.deed(office.bob, "On leave"))
    assert (office.heard(), said(task(request, "ask"))[-1]) == (
        ["ApprovalWithdrawn"],
        "Ann need not approve any more: On leave",
    )
    with pytest.raises(Refused, match=r"was withdrawn on .* by Bob \(On leave\): nothing is left to decide"):
        decide(one, Verb.APPROVE, office.deed(office.ann))


def test_who_says_no_is_not_left_out_so_that_the_others_have_approved(office: Office) -> None:
    request = three(office, ApprovalRule.ALL)
    answer(office, request, office.ann, Verb.APPROVE)
    answer(office, request, office.bob, Verb.APPROVE)
    with pytest.raises(Refused, match=r"Without Cy, .* would be decided at once"):
        withdraw(asked(task(request, "ask"), office.cy), office.deed(office.ann))
    assert answers(request) == ["approved", "approved", "waiting"]


def test_so_many_stay_asked_as_must_approve(office: Office) -> None:
    request = three(office, ApprovalRule.SOME, 2)
    withdraw(asked(task(request, "ask"), office.cy), office.deed(office.ann))
    with pytest.raises(
        Refused, match=r"Without Bob, too few are left to decide Task \d+: have somebody else"
    ):
        withdraw(asked(task(request, "ask"), office.bob), office.deed(office.ann))


def test_an_approval_that_follows_a_rejected_one_is_never_asked(office: Office) -> None:
    request = office.request(
        approval("ask", by=(office.ann,)),
        approval("next", "ask", by=(office.bob,), condition=Condition.APPROVED),
    )
    answer(office, request, office.ann, Verb.REJECT, "No")
    assert states(request) == {"ask": "rejected", "next": "skipped"}
    assert not task(request, "next").approvals.exists()
