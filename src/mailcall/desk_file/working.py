"""Fields of the file about how work goes: workflows of request types, priorities, names of states."""

from typing import Any

from mailcall.desk import priorities
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    ApprovalRule,
    Condition,
    OnTimeLimit,
    Partition,
    RequestType,
    State,
    StateName,
    TaskKind,
)
from mailcall.desk.state_names import rename_state
from mailcall.desk.workflows import Step, set_workflow
from mailcall.desk_file.checking import Entry
from mailcall.desk_file.people import People
from mailcall.desk_file.references import References
from mailcall.desk_file.schema import StepItem


def read_steps(request_type: RequestType, people: People) -> list[dict[str, Any]]:
    """The workflow as the file has it, without what is as usual."""
    return [_shown(step, people) for step in _workflow(request_type)]


def save_steps(entry: Entry, request_type: RequestType, references: References) -> bool:
    """Have the type go through the steps of the file. The same steps are left, so that nothing changes."""
    wanted = references.steps(entry)
    if wanted is None or wanted == _workflow(request_type):
        return False
    set_workflow(request_type, wanted)
    return True


def _workflow(request_type: RequestType) -> list[Step]:
    rows = request_type.steps.filter(retired=False).select_related(
        "group", "analyst", "approver_group", "condition_on"
    )
    return [
        Step(
            title=row.title,
            key=row.key,
            kind=TaskKind(row.kind),
            after=tuple(sorted(before.key for before in row.predecessors.all())),
            condition=Condition(row.condition),
            condition_on=row.condition_on.key if row.condition_on else "",
            group=row.group,
            analyst=row.analyst,
            approvers=tuple(row.approvers.order_by("pk")),
            approver_group=row.approver_group,
            rule=ApprovalRule(row.rule),
            needed=row.needed,
            time_limit_hours=row.time_limit_hours,
            reminder_hours=row.reminder_hours,
            on_time_limit=OnTimeLimit(row.on_time_limit),
        )
        for row in rows.prefetch_related("predecessors", "approvers")
    ]


def _shown(step: Step, people: People) -> dict[str, Any]:
    values: dict[str, Any] = {
        "key": step.key,
        "title": step.title,
        "kind": str(step.kind),
        "after": list(step.after),
        "condition": str(step.condition),
        "condition_on": step.condition_on,
        "group": step.group and step.group.name,
        "analyst": step.analyst and people.reference(step.analyst),
        "approvers": [people.reference(person) for person in step.approvers],
        "approver_group": step.approver_group and step.approver_group.name,
        "rule": str(step.rule),
        "needed": step.needed,
        "time_limit_hours": step.time_limit_hours,
        "reminder_hours": step.reminder_hours,
        "on_time_limit": str(step.on_time_limit),
    }
    fields = StepItem.model_fields
    return {name: value for name, value in values.items() if value != fields[name].default}


def read_priorities(partition: Partition, people: People) -> list[dict[str, int]]:
    """The partition's own matrix."""
    rows = partition.priority_rules.order_by("impact", "urgency")
    return [{"impact": row.impact, "urgency": row.urgency, "priority": row.priority} for row in rows]


def save_priorities(entry: Entry, partition: Partition, references: References) -> bool:
    """Have the partition judge by these. Raises Refused for two about the same."""
    wanted: dict[tuple[int, int], int] = {}
    for item in entry.item.priorities:
        if (item.impact, item.urgency) in wanted:
            raise Refused(f"Impact {item.impact} with urgency {item.urgency} is here twice.")
        wanted[item.impact, item.urgency] = item.priority
    rows = partition.priority_rules.all()
    if {(row.impact, row.urgency): row.priority for row in rows} == wanted:
        return False
    priorities.set_matrix(partition, wanted)
    return True


def read_state_names(partition: Partition, people: People) -> dict[str, str]:
    """What states are called in the partition alone."""
    rows = StateName.objects.filter(partition=partition).order_by("state")
    return {row.state: row.name for row in rows}


def save_state_names(entry: Entry, partition: Partition, references: References) -> bool:
    """Call the states so, and those that are not named as everywhere. Raises Refused."""
    present = read_state_names(partition, People())
    wanted = {state: " ".join(name.split()) for state, name in entry.item.state_names.items()}
    if present == wanted:
        return False
    StateName.objects.filter(partition=partition).delete()  # so that two can change places
    for state, name in wanted.items():
        if state not in State.values:
            raise Refused(f"“{state}” is no state of a call: take {', '.join(State.values)}.")
        if not name:
            raise Refused(f"The state {state} needs a name; leave it out to call it as everywhere.")
        rename_state(State(state), name, partition=partition)
    return True
