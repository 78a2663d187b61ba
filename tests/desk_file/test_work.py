"""How work goes stands in the desk file: steps of requests, issue types, closing, names of states."""

import pytest

from desk_file.conftest import GOOD, Complaints, Loader
from mailcall.desk.models import IssueType, Partition, RequestType, RequestTypeStep, StateName
from mailcall.desk_file.dumping import dump

WORK = (
    GOOD.replace(
        "    address: support@desk.example\npeople",
        """    address: support@desk.example
    closure_method: rules
    closure_group: Service Desk
    close_after_hours: 96
    close_warning_hours: [48, 4]
    priorities:
      - {impact: 1, urgency: 3, priority: 2}
    state_names: {resolved: Solved, open: New}
people""",
    )
    + """\
issue_types:
  - {name: Hardware}
  - {name: Hardware > Laptop, template: Mail, priority: 2}
request_types:
  - name: New laptop
    partition: IT
    description: A laptop, or another one.
    group: Service Desk
    steps:
      - key: approve
        title: Approve the purchase
        kind: approval
        approvers: [ann@desk.example]
        time_limit_hours: 72
        reminder_hours: 24
        on_time_limit: rejected
      - key: order
        title: Order it
        after: [approve]
        condition: approved
        group: Service Desk
"""
)


def test_all_of_it_is_loaded(load_text: Loader) -> None:
    load_text(WORK)
    it = Partition.objects.get()
    assert (it.closure_method, str(it.closure_group), it.close_warning_hours) == (
        "rules",
        "Service Desk",
        "48, 4",
    )
    assert [rule.priority for rule in it.priority_rules.all()] == [2]
    assert {row.state: row.name for row in StateName.objects.all()} == {"resolved": "Solved", "open": "New"}
    laptop = IssueType.objects.get(name="Laptop")
    assert (laptop.parent.name, laptop.template.name, laptop.priority) == ("Hardware", "Mail", 2)
    approve, order = RequestType.objects.get().steps.all()
    assert (approve.kind, [str(one) for one in approve.approvers.all()]) == ("approval", ["Ann Lee"])
    assert (list(order.predecessors.all()), order.condition, str(order.group)) == (
        [approve],
        "approved",
        "Service Desk",
    )


def test_loading_it_twice_and_loading_what_was_dumped_changes_nothing(load_text: Loader) -> None:
    load_text(WORK)
    steps = list(RequestTypeStep.objects.values())
    again = load_text(WORK)
    assert {change.what for change in again.changes} == {"unchanged"}
    dumped = dump()
    assert {change.what for change in load_text(dumped).changes} == {"unchanged"}
    assert list(RequestTypeStep.objects.values()) == steps
    assert dump() == dumped


def test_another_workflow_is_new_steps_and_the_old_ones_stay(load_text: Loader) -> None:
    load_text(WORK)
    load_text(WORK.replace("title: Order it", "title: Buy it"))
    kept = RequestTypeStep.objects.order_by("retired", "position").values_list("title", "retired")
    assert list(kept) == [
        ("Approve the purchase", False),
        ("Buy it", False),
        ("Approve the purchase", True),
        ("Order it", True),
    ]


def test_names_of_states_can_change_places(load_text: Loader) -> None:
    load_text(WORK)
    load_text(WORK.replace("{resolved: Solved, open: New}", "{resolved: New, open: Solved}"))
    assert StateName.objects.get(state="open").name == "Solved"


@pytest.mark.parametrize(
    ("right", "wrong", "at", "sentence"),
    [
        ("after: [approve]", "after: [aprove]", "    steps:", "names the step “aprove”, which is not there"),
        ("after: [approve]", "after: [order]", "    steps:", "wait for each other in a circle"),
        ("approvers: [ann@", "approvers: [bob@", "    steps:", "Bob Baker is no active Analyst"),
        ("approvers: [ann@", "approvers: [amn@", "approvers: [amn@", "There is no person `amn@desk.example`"),
        (
            "kind: approval",
            "kind: aproval",
            "kind: aproval",
            "must be 'plain', 'approval' or 'user_approval'",
        ),
        ("key: order", "key: approve", "    steps:", "The key “approve” names 2 steps"),
        ("name: Hardware >", "name: Hard >", "name: Hard >", "There is no issue type “Hard”"),
        ("{resolved: Solved,", "{solved: Solved,", "state_names:", "“solved” is no state of a call"),
        ("open: New}", "open: Solved}", "state_names:", "would be the name of two states"),
        ("[48, 4]", "[480, 4]", "close_warning_hours:", "Nobody can be warned 480 hours before"),
        ("{impact: 1,", "{impact: 9,", "impact: 9", "`priorities.impact` must be less than or equal to 3"),
        (
            "closure_group: Service",
            "closure_group: Servce",
            "closure_group:",
            "no group `Servce Desk`",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_nothing_is_loaded(
    complaints: Complaints, right: str, wrong: str, at: str, sentence: str
) -> None:
    text = WORK.replace(right, wrong)
    assert text != WORK
    line = next(number for number, each in enumerate(text.splitlines(), 1) if at in each)
    found = complaints(text)
    assert sentence in str(found)
    assert str(line) in str(found), found
    assert not RequestType.objects.exists()
    assert not IssueType.objects.exists()
