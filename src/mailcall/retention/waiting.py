"""Requests, tasks, approvals and workflows that still need who somebody is."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.db.models import Q

from mailcall.desk.models import Approval, ApprovalState, Request, RequestState, RequestTypeStep, Task
from mailcall.desk.models.work import UNENDED_STATES

SHOWN = 10


def listed(numbers: Iterable[int]) -> str:
    """The first of these numbers, for a sentence; empty when there is none."""
    first = list(islice(numbers, SHOWN + 1))
    return ", ".join(map(str, first[:SHOWN])) + (", ..." if len(first) > SHOWN else "")


def open_work(persons: Sequence[int]) -> Iterator[str]:
    """What is under way and would be nobody's: a sentence for each kind."""
    theirs = Q(user__in=persons) | Q(analyst__in=persons)
    requests = Request.objects.filter(theirs, state=RequestState.OPEN)
    tasks = Task.objects.filter(analyst__in=persons, state__in=UNENDED_STATES)
    asked = Approval.objects.filter(person__in=persons, state=ApprovalState.WAITING)
    for rows, sentence in (
        (requests, "These requests of theirs are open: {}. Close them, or say --even-open."),
        (tasks, "These tasks of theirs have not ended: {}. Forward them, or say --even-open."),
        (asked, "These approvals wait for them: {}. Have them decided, or say --even-open."),
    ):
        if numbers := listed(rows.order_by("pk").values_list("pk", flat=True)[: SHOWN + 1]):
            yield sentence.format(numbers)


def steps_to_approve(persons: Sequence[int]) -> Iterator[str]:
    """The steps of workflows that would ask one person fewer, or nobody: a sentence for each."""
    steps = RequestTypeStep.objects.filter(retired=False, approvers__in=persons).distinct()
    for step in steps.select_related("request_type")[:SHOWN]:
        yield (
            f"They approve the step “{step.title}” of the request type {step.request_type}. "
            "Have somebody else approve it first."
        )
