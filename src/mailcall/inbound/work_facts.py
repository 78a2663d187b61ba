"""The requests, tasks and approvals that mails name: what is gathered of them for deciding."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Set

from mailcall.desk.delegations import standing
from mailcall.desk.models import Approval, Delegation, Partition, Request, Task
from mailcall.grammar import Parsed
from mailcall.inbound.decision import WorkFact
from mailcall.inbound.reading import Reading
from mailcall.message.thread_ids import tags_in_subject
from mailcall.outbound import letters

KINDS = ("request", "task", "approval")
Named = tuple[str, int]


def work_named(reading: Reading, parsed: Parsed) -> set[Named]:
    """The requests, tasks and approvals that a mail names, by kind and number, whether they exist or not."""
    targets = [found.target for found in reading.found] + tags_in_subject(reading.mail.subject)
    named = {(target.kind, target.number) for target in targets if target.kind in KINDS}
    for kind in {parsed.object, parsed.on} & set(KINDS):
        named |= {(kind, number) for number in parsed.named}
    return named


def roots_of(named: Set[Named]) -> dict[Named, str]:
    """The request or the call that each of these belongs to, as `request 77`; nothing of what is not there.

    Two mails about one piece of work keep their order by it.
    """
    requests = {number for kind, number in named if kind == "request"}
    there = Request.objects.filter(pk__in=requests).values_list("pk", flat=True) if requests else ()
    roots: dict[Named, str] = {("request", number): f"request {number}" for number in there}
    tasks = {number: number for kind, number in named if kind == "task"}
    approvals = dict(_tasks_of_approvals({number for kind, number in named if kind == "approval"}))
    wanted = {*tasks, *approvals.values()}
    if not wanted:
        return roots
    rows = Task.objects.filter(pk__in=wanted).values_list("pk", "request", "call")
    of_task = {pk: f"request {request}" if request else f"call {call}" for pk, request, call in rows}
    roots |= {("task", number): of_task[number] for number in tasks if number in of_task}
    return roots | {("approval", n): of_task[task] for n, task in approvals.items() if task in of_task}


def _tasks_of_approvals(numbers: Set[int]) -> Iterable[tuple[int, int]]:
    return Approval.objects.filter(pk__in=numbers).values_list("pk", "task") if numbers else ()


def work_facts(named: Set[Named], now: dt.datetime) -> dict[Named, WorkFact]:
    """What deciding needs of each of these that exists, with one query for each kind of row."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for kind, number in named:
        by_kind[kind].add(number)
    facts: dict[Named, WorkFact] = {}
    if by_kind["request"]:
        requests = Request.objects.select_related("partition").filter(pk__in=by_kind["request"])
        written_to = letters.written_to("request", by_kind["request"])
        for request in requests:
            people = _present(request.user_id, request.analyst_id, request.logged_by_id)
            people |= written_to[request.pk]
            facts["request", request.pk] = WorkFact(request, request.partition, people)
    if by_kind["task"] or by_kind["approval"]:
        facts |= _facts_of_tasks(by_kind["task"], by_kind["approval"], now)
    return facts


def _facts_of_tasks(tasks: Set[int], approvals: Set[int], now: dt.datetime) -> dict[Named, WorkFact]:
    task_of = dict(_tasks_of_approvals(approvals))
    rows = Task.objects.select_related("request__partition", "call__partition").in_bulk(
        {*tasks, *task_of.values()}
    )
    asked: dict[int, list[Approval]] = defaultdict(list)
    for approval in Approval.objects.select_related("person").filter(task__in=rows):
        asked[approval.task_id].append(approval)
    delegates = _delegates({one.person_id for all_of in asked.values() for one in all_of}, now)
    facts: dict[Named, WorkFact] = {}
    written_to = letters.written_to("task", rows)
    for task in rows.values():
        owner = task.request or task.call
        assert owner is not None  # a constraint of the table
        people = _present(owner.user_id, owner.analyst_id, task.analyst_id)
        for one in asked[task.pk]:
            people |= {one.person_id} | {
                row.delegate_id for row in delegates[one.person_id] if _covers(row, task, owner.partition)
            }
        if task.pk in tasks:
            facts["task", task.pk] = WorkFact(task, owner.partition, people | written_to[task.pk])
        for one in asked[task.pk]:
            if one.pk in approvals:
                facts["approval", one.pk] = WorkFact(task, owner.partition, people, one)
    return facts


def _delegates(people: Set[int], now: dt.datetime) -> dict[int, list[Delegation]]:
    found: dict[int, list[Delegation]] = defaultdict(list)
    if people:
        for row in standing(now).filter(person__in=people):
            found[row.person_id].append(row)
    return found


def _covers(row: Delegation, task: Task, partition: Partition) -> bool:
    if row.request_type_id:
        return bool(task.request and task.request.type_id == row.request_type_id)
    return row.partition_id in {None, partition.pk}


def _present(*people: int | None) -> frozenset[int]:
    return frozenset(person for person in people if person is not None)
