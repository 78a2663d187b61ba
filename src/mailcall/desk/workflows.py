"""Workflows as somebody plans them: what is wrong with one, in sentences, and how one is saved."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from django.db import transaction

from mailcall.desk.delegations import is_active, may_approve
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    ApprovalRule,
    Condition,
    Group,
    OnTimeLimit,
    Person,
    RequestType,
    RequestTypeStep,
    TaskKind,
)

LONGEST_HOURS = 24 * 365 * 10
MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class Step:
    """A step as somebody plans it; also a single task that is logged by itself.

    `after` names by their keys the steps that must have ended before. `condition_on` names an approval before
    it; without it, a condition is about the approvals that are directly before it.
    """

    title: str
    key: str = ""
    kind: TaskKind = TaskKind.PLAIN
    after: tuple[str, ...] = ()
    condition: Condition = Condition.NONE
    condition_on: str = ""
    group: Group | None = None
    analyst: Person | None = None
    approvers: tuple[Person, ...] = ()
    approver_group: Group | None = None
    rule: ApprovalRule = ApprovalRule.ALL
    needed: int | None = None
    time_limit_hours: int | None = None
    reminder_hours: int | None = None
    on_time_limit: OnTimeLimit = OnTimeLimit.NOTHING

    @property
    def is_approval(self) -> bool:
        """Whether it is decided by approvals."""
        return self.kind != TaskKind.PLAIN

    @property
    def name(self) -> str:
        """What a sentence calls it."""
        return f"“{self.title.strip() or self.key}”"


def set_workflow(request_type: RequestType, steps: Sequence[Step]) -> list[RequestTypeStep]:
    """Have new requests of this type go through these steps; those under way keep the ones they began with.

    Raises Refused with all that is wrong with them.
    """
    if wrong := problems(steps):
        raise Refused(" ".join(wrong))
    with transaction.atomic():
        RequestType.objects.select_for_update().get(pk=request_type.pk)
        RequestTypeStep.objects.filter(request_type=request_type, retired=False).update(retired=True)
        rows = {step.key: _saved(request_type, place, step) for place, step in enumerate(steps)}
        for step in steps:
            row = rows[step.key]
            row.predecessors.set([rows[key] for key in step.after])
            if step.condition_on:
                row.condition_on = rows[step.condition_on]
                row.save(update_fields=["condition_on"])
    return list(rows.values())


def _saved(request_type: RequestType, position: int, step: Step) -> RequestTypeStep:
    row = RequestTypeStep.objects.create(
        request_type=request_type,
        key=step.key,
        position=position,
        title=step.title.strip(),
        kind=step.kind,
        condition=step.condition,
        group=step.group,
        analyst=step.analyst,
        approver_group=step.approver_group,
        rule=step.rule,
        needed=step.needed,
        time_limit_hours=step.time_limit_hours,
        reminder_hours=step.reminder_hours,
        on_time_limit=step.on_time_limit,
    )
    row.approvers.set(step.approvers)
    return row


def problems(steps: Sequence[Step]) -> list[str]:
    """All that is wrong with a workflow, each a sentence that says what to change."""
    if len(steps) > MOST_STEPS:
        return [f"A workflow has {MOST_STEPS} steps at most, and this has {len(steps)}."]
    wrong = [problem for step in steps for problem in step_problems(step)]
    wrong += _wrong_keys(steps)
    if wrong:
        return wrong  # what follows would only say it again
    if circle := _circle(steps):
        return [f"{circle} wait for each other in a circle: have one of them wait for no other of these."]
    by_key = {step.key: step for step in steps}
    return [problem for step in steps for problem in _wrong_condition(step, by_key)]


def step_problems(step: Step) -> list[str]:
    """What is wrong with one step, or one task that is logged by itself."""
    if not step.title.strip():
        return ["Each step needs a title."]
    return [
        *(
            [f"The title {step.name} is too long: 200 characters are allowed."]
            if len(step.title) > 200
            else []
        ),
        *_wrong_assignment(step),
        *(_wrong_approvers(step) if step.is_approval else _wrong_for_plain(step)),
        *_wrong_times(step),
    ]


def _wrong_assignment(step: Step) -> Iterator[str]:
    if step.analyst and not (step.analyst.is_analyst and is_active(step.analyst)):
        yield f"{step.name} is for {step.analyst}, who is no Analyst."
    elif step.analyst and step.group and not step.group.members.filter(pk=step.analyst.pk).exists():
        yield f"{step.name} is for {step.analyst}, who is not in the group {step.group}."


def _wrong_for_plain(step: Step) -> Iterator[str]:
    if step.approvers or step.approver_group:
        yield f"{step.name} is a plain task, which nobody approves: name no approvers, or make it one."
    if step.on_time_limit == OnTimeLimit.REJECTED:
        yield f"{step.name} is a plain task, which can't be rejected when its time limit passes."


def _wrong_approvers(step: Step) -> Iterator[str]:
    kind = "a User Approval Task" if step.kind == TaskKind.USER_APPROVAL else "an Approval Task"
    role = "User" if step.kind == TaskKind.USER_APPROVAL else "Analyst"
    if step.group or step.analyst:
        yield f"{step.name} is an approval, which is for its approvers and not for another group or analyst."
    if step.kind == TaskKind.USER_APPROVAL and step.approver_group:
        yield f"{step.name} is {kind}: name the Users who approve it, since a group is of analysts."
        return
    for person in step.approvers:
        if not may_approve(person, step.kind):
            yield f"{step.name} is {kind}, but its approver {person} is no active {role}."
    asked = len(persons_asked(step.approvers, step.approver_group, step.kind))
    if not (step.approvers or step.approver_group):
        yield f"{step.name} is an approval without approvers: name a person or a group who approve."
    elif not asked and step.approver_group:
        yield f"{step.name} is for the group {step.approver_group} to approve, which has no analysts."
    if step.rule == ApprovalRule.SOME:
        if not step.needed or step.needed < 1:
            yield f"{step.name} does not say how many must approve: say at least 1."
        elif asked and step.needed > asked:
            yield f"{step.name} wants {step.needed} to approve, but has only {asked} to ask."
    elif step.needed is not None:
        yield f"{step.name} says how many must approve, so its rule must be “a number of them”."


def _wrong_times(step: Step) -> Iterator[str]:
    for what, hours in (
        ("time limit", step.time_limit_hours),
        ("time between reminders", step.reminder_hours),
    ):
        if hours is not None and not 1 <= hours <= LONGEST_HOURS:
            yield f"The {what} of {step.name} must be between 1 and {LONGEST_HOURS:,} hours."
    if step.on_time_limit == OnTimeLimit.REJECTED and step.time_limit_hours is None:
        yield f"{step.name} is to be rejected when its time limit passes, but has none."


def _wrong_keys(steps: Sequence[Step]) -> Iterator[str]:
    known = Counter(step.key for step in steps)
    for key, times in known.items():
        if not key or len(key) > 50:
            yield "Each step needs a key of 50 characters at most, by which others name it."
        elif times > 1:
            yield f"The key “{key}” names {times} steps: give each its own."
    for step in steps:
        for key in (*step.after, step.condition_on):
            if key and key not in known:
                yield f"{step.name} names the step “{key}”, which is not there."


def _circle(steps: Sequence[Step]) -> str:
    """The names of steps that wait for each other; none when they can be put into an order."""
    by_key = {step.key: step for step in steps}
    try:
        TopologicalSorter({step.key: step.after for step in steps}).prepare()
    except CycleError as error:
        return ", ".join(by_key[key].name for key in dict.fromkeys(error.args[1]))
    return ""


def _wrong_condition(step: Step, by_key: Mapping[str, Step]) -> Iterator[str]:
    directly = [by_key[key] for key in step.after if by_key[key].is_approval]
    on = by_key.get(step.condition_on)
    if step.condition in (Condition.NONE, Condition.ALWAYS) and on:
        yield f"{step.name} names the approval {on.name}, but not whether it runs if that is approved."
    elif step.condition == Condition.NONE and directly:
        yield (
            f"{step.name} follows the approval {directly[0].name}, but does not say whether it runs "
            "if that is approved, if it is rejected, or always."
        )
    elif step.condition in (Condition.APPROVED, Condition.REJECTED):
        if on and not on.is_approval:
            yield f"{step.name} has a condition on {on.name}, which is no approval."
        elif on and on.key not in _before(step, by_key):
            yield f"{step.name} has a condition on {on.name}, which does not come before it."
        elif not on and not directly:
            yield f"{step.name} is to run if something is {step.condition}, but follows no approval."


def _before(step: Step, by_key: Mapping[str, Step]) -> set[str]:
    """The keys of all that comes before a step, in a workflow without circles."""
    found: set[str] = set()
    left = list(step.after)
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left += by_key[key].after
    return found


def persons_asked(approvers: Iterable[Person], group: Group | None, kind: str) -> list[Person]:
    """Who is asked to approve: the persons, and those of the group who may, each once."""
    members = group.members.order_by("pk") if group else ()
    asked = {person.pk: person for person in approvers}
    return list((asked | {p.pk: p for p in members if may_approve(p, kind)}).values())
