"""Finding requests and tasks for their lists: every way of asking costs the same however many there are."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailcall.desk.models import Person, Request, RequestState, Task, TaskState
from mailcall.desk.standing import Targets, most_pressing
from mailcall.web.call_list import SUBJECT_WINDOW, people_found
from mailcall.web.latest import latest_first
from mailcall.web.paging import PAGE_SIZE, digest, key_from, newest_first

REQUEST_FILTERS: Mapping[str, Sequence[RequestState]] = {
    "open": [RequestState.OPEN],
    "closed": [state for state in RequestState if state != RequestState.OPEN],
    "all": list(RequestState),
}
TASK_FILTERS = ("mine", "groups", "open", "ended")
_ENDED = [state for state in TaskState if state not in (TaskState.OPEN, TaskState.WAITING)]
_number = re.compile(r"^(?:\[?request\s*)?#?(\d{1,18})\]?$", re.IGNORECASE)

W = TypeVar("W", Request, Task)


@dataclass(frozen=True, slots=True)
class WorkPage(Generic[W]):
    """A page of the list. `older` is where the next one begins; `seen` changes when the page does."""

    rows: list[W] = field(default_factory=list)
    older: str = ""
    cut_short: bool = False
    targets: Targets = field(default_factory=Targets)

    @property
    def seen(self) -> str:
        """A short digest of what is shown."""
        return digest([(row.pk, row.version) for row in self.rows], self.older, self.targets.seen)


def find_requests(
    *, which: str, query: str, before: str, size: int = PAGE_SIZE, partitions: Set[int] | None = None
) -> WorkPage[Request]:
    """The requests of a filter, searched when `query` says something: by number, address or subject.

    Without a query the last changed come first; found ones come newest first. Only those of `partitions`
    (keys; None is all) are in it.
    """
    states = REQUEST_FILTERS.get(which, REQUEST_FILTERS["open"])
    rows = Request.objects.select_related("user", "group", "analyst", "partition", "type")
    if not query:
        page = latest_first(Request.objects.all(), states, before, size, partitions=partitions)
        found = rows.in_bulk(page.keys)
        return _shown([found[pk] for pk in page.keys if pk in found], page.older, cut_short=page.cut_short)
    rows = rows.filter(state__in=states)
    if partitions is not None:
        rows = rows.filter(partition__in=partitions)
    if number := _number.match(query):
        return _shown(list(rows.filter(pk=int(number[1]))))
    return _searched(rows, query, key_from(before), size)


def _searched(rows: "QuerySet[Request]", query: str, before: int | None, size: int) -> WorkPage[Request]:
    if "@" in query:
        page = newest_first(rows.filter(user__in=people_found(query)), before=before, size=size)
    else:
        words = Q()
        for word in query.split()[:8]:
            words &= Q(subject__icontains=word)
        page = newest_first(rows.filter(words), before=before, window=SUBJECT_WINDOW, size=size)
    return _shown(page.rows, str(page.older or ""), cut_short=page.cut_short)


def find_tasks(
    *,
    which: str,
    person: Person | None,
    before: str,
    size: int = PAGE_SIZE,
    partitions: Set[int] | None = None,
) -> WorkPage[Task]:
    """The open tasks of a person, of their groups, or of all; or those that have ended."""
    rows = Task.objects.all()
    states: Sequence[TaskState] = [TaskState.OPEN]
    if which == "mine":
        rows = rows.filter(analyst=person) if person else rows.none()
    elif which == "groups":
        rows = rows.filter(group__in=person.analyst_groups.all()) if person else rows.none()
    elif which == "ended":
        states = _ENDED
    owner = Coalesce("request__partition", "call__partition")
    page = latest_first(rows, states, before, size, partitions=partitions, partition=owner)
    found = Task.objects.select_related(
        "request__user", "call__user", "request__partition", "call__partition", "group", "analyst"
    ).in_bulk(page.keys)
    return _shown([found[pk] for pk in page.keys if pk in found], page.older, cut_short=page.cut_short)


def _shown(rows: list[W], older: str = "", *, cut_short: bool = False) -> WorkPage[W]:
    return WorkPage(rows, older, cut_short, most_pressing(rows, timezone.now()))
