"""Finding calls for the list: every way of asking costs the same however many calls there are."""

import re
from collections.abc import Set
from dataclasses import dataclass, field, replace

from django.db.models import Q, QuerySet
from django.utils import timezone

from mailcall.desk.models import Call, Person, State
from mailcall.desk.models.calls import CLOSED_STATES
from mailcall.desk.standing import Targets, most_pressing
from mailcall.web.latest import latest_first
from mailcall.web.paging import PAGE_SIZE, digest, key_from, newest_first

FILTERS = {
    "open": [state for state in State if state not in CLOSED_STATES],
    "closed": [state for state in State if state in CLOSED_STATES],
    "all": list(State),
}
SUBJECT_WINDOW = 20_000
PEOPLE_FOUND = 200

_number = re.compile(r"^(?:\[?call\s*)?#?(\d{1,18})\]?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CallPage:
    """A page of the list. `older` is where the next one begins; `seen` changes when the page does."""

    calls: list[Call] = field(default_factory=list)
    older: str = ""
    cut_short: bool = False
    targets: Targets = field(default_factory=Targets)

    @property
    def seen(self) -> str:
        """A short digest of what is shown."""
        versions = [(call.pk, call.version) for call in self.calls]
        return digest(versions, self.older, self.targets.seen)


def find_calls(
    *, which: str, query: str, before: str, size: int = PAGE_SIZE, partitions: Set[int] | None = None
) -> CallPage:
    """The calls of a filter ("open", "closed", "all"), searched when `query` says something.

    Without a query the last changed come first; found calls come newest first. Only those of `partitions`
    (keys; None is all) are in it.
    """
    states = FILTERS.get(which, FILTERS["open"])
    if query:
        page = _search(states, query, key_from(before), size, partitions)
    else:
        page = _latest(states, before, size, partitions)
    return replace(page, targets=most_pressing(page.calls, timezone.now()))


def _latest(states: list[State], before: str, size: int, partitions: Set[int] | None) -> CallPage:
    page = latest_first(Call.objects.all(), states, before, size, partitions=partitions)
    found = _with_people(Call.objects.all()).in_bulk(page.keys)
    return CallPage([found[pk] for pk in page.keys if pk in found], page.older, page.cut_short)


def _search(
    states: list[State], query: str, before: int | None, size: int, partitions: Set[int] | None
) -> CallPage:
    """By number (exactly), by address (its beginning), else by words of the subject among the newest."""
    calls = _with_people(Call.objects.filter(state__in=states))
    if partitions is not None:
        calls = calls.filter(partition__in=partitions)
    number = _number.match(query)
    if number:
        return CallPage(list(calls.filter(pk=int(number[1]))))
    if "@" in query:
        page = newest_first(calls.filter(user__in=people_found(query)), before=before, size=size)
    else:
        words = Q()
        for word in query.split()[:8]:
            words &= Q(subject__icontains=word)
        page = newest_first(calls.filter(words), before=before, window=SUBJECT_WINDOW, size=size)
    return CallPage(page.rows, str(page.older or ""), page.cut_short)


def people_found(query: str) -> list[int]:
    """The keys of the first people whose addresses begin so."""
    start = query.strip("<>").casefold()
    rows = Person.objects.filter(email__gte=start, email__lt=start + "\U0010ffff").order_by()
    return list(rows.values_list("pk", flat=True)[:PEOPLE_FOUND])


def _with_people(calls: "QuerySet[Call]") -> "QuerySet[Call]":
    return calls.select_related("user", "group", "analyst", "partition")
