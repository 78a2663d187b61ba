"""Which steps of a workflow come to run, by what became of those before them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mailcall.desk.models import Condition, RequestTypeStep, TaskKind, TaskState
from mailcall.desk.models.work import UNENDED_STATES
from mailcall.desk.work_states import Verb

States = Mapping[int, str]  # of tasks, by their step


@dataclass(frozen=True, slots=True)
class Node:
    """A step in its workflow; steps are named by their keys in the database."""

    is_approval: bool
    before: tuple[int, ...] = ()
    condition: str = Condition.NONE
    condition_on: int | None = None


def nodes_of(steps: Iterable[RequestTypeStep]) -> dict[int, Node]:
    """These steps with what is directly before each, by one query."""
    rows = {step.pk: step for step in steps}
    before: dict[int, list[int]] = {pk: [] for pk in rows}
    through = RequestTypeStep.predecessors.through._default_manager
    links = through.filter(from_requesttypestep__in=rows).order_by("pk")
    for step, predecessor in links.values_list("from_requesttypestep", "to_requesttypestep"):
        before[step].append(predecessor)
    return {
        pk: Node(row.kind != TaskKind.PLAIN, tuple(before[pk]), row.condition, row.condition_on_id)
        for pk, row in rows.items()
    }


def next_verb(step: int, nodes: Mapping[int, Node], states: States) -> Verb | None:
    """What is to happen to a task that waits: it opens, it is skipped, or it waits on (None)."""
    if any(states[before] in UNENDED_STATES for before in nodes[step].before):
        return None
    return Verb.OPEN if _runs(step, nodes, states) else Verb.SKIP


def _runs(step: int, nodes: Mapping[int, Node], states: States) -> bool:
    node = nodes[step]
    about = [states[key] for key in _approvals_meant(node, nodes)]
    match node.condition:
        case Condition.ALWAYS:
            return True
        case Condition.REJECTED:
            return TaskState.REJECTED in about
        case Condition.APPROVED:
            decided = [state for state in about if state != TaskState.SKIPPED]
            return bool(decided) and all(state == TaskState.APPROVED for state in decided)
    return not node.before or any(states[key] != TaskState.SKIPPED for key in node.before)


def _approvals_meant(node: Node, nodes: Mapping[int, Node]) -> list[int]:
    if node.condition_on is not None:
        return [node.condition_on]
    return [key for key in node.before if nodes[key].is_approval]


def followers(step: int, nodes: Mapping[int, Node]) -> list[int]:
    """The steps directly after this one."""
    return [key for key, node in nodes.items() if step in node.before]


def last_word_was_no(nodes: Mapping[int, Node], states: States) -> bool:
    """Whether some approval was rejected, and none that comes after it was approved."""
    return any(
        state == TaskState.REJECTED
        and not any(states[later] == TaskState.APPROVED for later in _after(step, nodes))
        for step, state in states.items()
    )


def _after(step: int, nodes: Mapping[int, Node]) -> Iterator[int]:
    """All steps that come after this one."""
    seen: set[int] = set()
    left = followers(step, nodes)
    while left:
        key = left.pop()
        if key not in seen:
            seen.add(key)
            yield key
            left += followers(key, nodes)
