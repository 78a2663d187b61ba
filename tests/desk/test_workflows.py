"""Workflows that can't work are refused, each with a sentence that says what to change."""

import pytest

from desk.offices import APPROVAL, USER_APPROVAL, Office, approval, states, step
from mailcall.desk.errors import Refused
from mailcall.desk.models import ApprovalRule, Condition, Group, OnTimeLimit, RequestTypeStep
from mailcall.desk.workflows import Step, problems, set_workflow


def test_a_workflow_of_all_kinds_of_steps_is_right(office: Office) -> None:
    assert (
        problems(
            [
                approval("manager", by=(office.ann, office.bob, office.cy), rule=ApprovalRule.SOME, needed=2),
                Step("Uma agrees", "uma", USER_APPROVAL, approvers=(office.uma,), time_limit_hours=48),
                step("order", "manager", "uma", condition=Condition.APPROVED, group=office.group),
                step("inform", "order", condition=Condition.REJECTED, condition_on="manager"),
                step("tidy", "order", "inform", condition=Condition.ALWAYS),
            ]
        )
        == []
    )


def test_no_steps_are_a_workflow_too(office: Office) -> None:
    assert problems([]) == []


def wrong(*steps: Step) -> str:
    [problem] = problems(steps)
    return problem


def test_steps_that_wait_for_each_other_are_named() -> None:
    problem = wrong(step("a", "c"), step("b", "a"), step("c", "b"), step("d"))
    assert problem.endswith("wait for each other in a circle: have one of them wait for no other of these.")
    assert "“D”" not in problem
    assert "wait for each other" in wrong(step("a", "a"))


def test_steps_that_are_not_there_are_named() -> None:
    assert wrong(step("a", "x")) == "“A” names the step “x”, which is not there."
    assert wrong(step("a", condition=Condition.APPROVED, condition_on="y")) == (
        "“A” names the step “y”, which is not there."
    )


def test_keys_and_titles(office: Office) -> None:
    assert wrong(step("a"), step("a")) == "The key “a” names 2 steps: give each its own."
    assert "Each step needs a key" in wrong(Step("Untitled"))
    assert "Each step needs a key" in wrong(Step("Long", "x" * 51))
    assert wrong(Step("  ", "a")) == "Each step needs a title."
    assert "too long" in wrong(Step("x" * 201, "a"))


def test_a_workflow_has_an_end() -> None:
    steps = [step(f"s{number}") for number in range(101)]
    assert problems(steps) == ["A workflow has 100 steps at most, and this has 101."]
    assert problems(steps[1:]) == []


def test_conditions(office: Office) -> None:
    ask = approval("ask", by=(office.ann,))
    assert wrong(ask, step("order", "ask")) == (
        "“Order” follows the approval “Ask”, but does not say whether it runs if that is approved, if it is "
        "rejected, or always."
    )
    assert wrong(step("a"), step("b", "a", condition=Condition.APPROVED)) == (
        "“B” is to run if something is approved, but follows no approval."
    )
    assert wrong(step("a"), step("b", "a", condition=Condition.REJECTED, condition_on="a")) == (
        "“B” has a condition on “A”, which is no approval."
    )
    assert wrong(ask, step("b", condition=Condition.REJECTED, condition_on="ask")) == (
        "“B” has a condition on “Ask”, which does not come before it."
    )
    assert wrong(ask, step("b", "ask", condition=Condition.ALWAYS, condition_on="ask")) == (
        "“B” names the approval “Ask”, but not whether it runs if that is approved."
    )


def test_an_approval_needs_approvers_who_may_approve(office: Office) -> None:
    assert wrong(Step("Ask", "ask", APPROVAL)) == (
        "“Ask” is an approval without approvers: name a person or a group who approve."
    )
    assert wrong(approval("ask", by=(office.uma,))) == (
        "“Ask” is an Approval Task, but its approver Uma is no active Analyst."
    )
    assert wrong(Step("Ask", "ask", USER_APPROVAL, approvers=(office.ann,))) == (
        "“Ask” is a User Approval Task, but its approver Ann is no active User."
    )
    assert "name the Users" in wrong(Step("Ask", "ask", USER_APPROVAL, approver_group=office.group))
    empty = Group.objects.create(name="Nobody")
    assert "has no analysts" in wrong(Step("Ask", "ask", APPROVAL, approver_group=empty))
    office.cy.is_template = True
    assert "no active Analyst" in wrong(approval("ask", by=(office.cy,)))
    assert "for its approvers" in wrong(approval("ask", by=(office.ann,), analyst=office.bob))


def test_how_many_must_approve(office: Office) -> None:
    both = (office.ann, office.bob)
    assert wrong(approval("ask", by=both, rule=ApprovalRule.SOME, needed=3)) == (
        "“Ask” wants 3 to approve, but has only 2 to ask."
    )
    assert "say at least 1" in wrong(approval("ask", by=both, rule=ApprovalRule.SOME))
    assert "say at least 1" in wrong(approval("ask", by=both, rule=ApprovalRule.SOME, needed=0))
    assert "“a number of them”" in wrong(approval("ask", by=both, rule=ApprovalRule.ANY, needed=1))
    in_group_too = approval("ask", by=both, approver_group=office.group, rule=ApprovalRule.SOME, needed=3)
    assert "has only 2 to ask" in wrong(in_group_too)


def test_a_plain_task_has_no_approvers_and_is_not_rejected(office: Office) -> None:
    assert "nobody approves" in wrong(step("a", approvers=(office.ann,)))
    late = step("a", time_limit_hours=1, on_time_limit=OnTimeLimit.REJECTED)
    assert wrong(late) == "“A” is a plain task, which can't be rejected when its time limit passes."


def test_whom_a_plain_task_is_for(office: Office) -> None:
    assert wrong(step("a", analyst=office.uma)) == "“A” is for Uma, who is no Analyst."
    assert wrong(step("a", analyst=office.cy, group=office.group)) == (
        "“A” is for Cy, who is not in the group Buyers."
    )


@pytest.mark.parametrize("hours", [0, -1, 10**9])
def test_hours_must_be_some(office: Office, hours: int) -> None:
    assert "between 1 and 87,600 hours" in wrong(step("a", time_limit_hours=hours))
    assert "between 1 and 87,600 hours" in wrong(step("a", reminder_hours=hours))


def test_to_be_rejected_in_time_needs_a_time(office: Office) -> None:
    assert "but has none" in wrong(approval("ask", by=(office.ann,), on_time_limit=OnTimeLimit.REJECTED))


def test_a_wrong_workflow_is_not_saved_and_the_one_before_stays(office: Office) -> None:
    set_workflow(office.type, [step("a")])
    with pytest.raises(Refused, match=r"give each its own\. “A” names the step “x”"):
        set_workflow(office.type, [step("b"), step("b"), step("a", "x")])
    assert [row.key for row in office.type.steps.filter(retired=False)] == ["a"]


def test_requests_under_way_keep_the_workflow_they_began_with(office: Office) -> None:
    request = office.request(step("a"), step("b", "a"))
    later = office.request(step("c"))
    assert states(request) == {"a": "open", "b": "waiting"}
    assert states(later) == {"c": "open"}
    assert RequestTypeStep.objects.filter(retired=True).count() == 2
