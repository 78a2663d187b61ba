"""Lists of what is somebody's: calls, requests, tasks and approvals, what is open first."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from mailcall.desk.delegations import waiting_for
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Approval,
    ApprovalState,
    Call,
    EntryKind,
    Participant,
    Person,
    Request,
    RequestState,
    State,
    Task,
)
from mailcall.desk.models.calls import CLOSED_STATES
from mailcall.desk.models.work import UNENDED_STATES
from mailcall.desk.people import may_act_as_analyst
from mailcall.desk.rights import partitions_of
from mailcall.desk.standing import Targets, most_pressing
from mailcall.desk.state_names import StateNames

MOST = 200
MOST_COUNTED = 10_000  # beyond it only that there are more is said
MOST_SAID = 200  # characters of somebody's words

About = Literal["call", "request", "task"]
Scope = Literal["open", "closed", "all", "group"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a list: what it is, by kind and number, its cells, and the key of the partition it is in."""

    kind: About
    number: int
    cells: tuple[str, ...]
    partition: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with a heading; `left_out` counts what it has no room for, to MOST_COUNTED of all."""

    title: str
    columns: tuple[str, ...]
    lines: tuple[Listed, ...]
    left_out: int = 0


def summary(person: Person, about: str, scope: str) -> list[Listing]:
    """What is theirs: as a User what they reported and take part in, as an Analyst what is assigned to them.

    With the scope `group`, what is in an Analyst's groups and open. Tasks and approvals are listed together.
    Raises Refused when somebody who is no Analyst asks for that.
    """
    if scope == "group" and not may_act_as_analyst(person):
        raise Refused("Only Analysts have groups.")
    match about:
        case "call":
            return [_calls(person, scope)]
        case "request":
            return [_requests(person, scope)]
        case _:
            return [_approvals(person, scope), _tasks(person, scope)]


def last_word(on: Call | Request | Task) -> str:
    """The last that was said on it and that is not internal, with its day; empty when there is none."""
    said = on.timeline.filter(internal=False).exclude(kind=EntryKind.STATE).exclude(text="")
    entry = said.order_by("-pk").first()
    if entry is None:
        return ""
    text = " ".join(entry.text.split())
    cut = text if len(text) <= MOST_SAID else f"{text[:MOST_SAID].rstrip()}…"
    return f"{entry.actor_name} on {timezone.localtime(entry.at):%Y-%m-%d}: {cut}"


def _calls(person: Person, scope: str) -> Listing:
    rows = Call.objects.select_related("group", "analyst").filter(anonymized_at=None)
    rows = _of_groups(rows, person) if scope == "group" else rows.filter(pk__in=_own_calls(person))
    shown, left_out = _first(_in_scope(rows, scope, set(State) - CLOSED_STATES))
    names, targets = StateNames(), _Due(person, shown)
    lines = [
        Listed(
            "call",
            call.pk,
            (
                str(call.pk),
                call.subject,
                names.of(call),
                str(call.priority),
                _whom(call),
                *targets.cells(call),
                _day(call.updated_at),
            ),
            call.partition_id,
        )
        for call in shown
    ]
    columns = ("Call", "Subject", "State", "Priority", "With", *targets.columns, "Changed")
    return Listing(f"{_SCOPES[scope]} calls", columns, tuple(lines), left_out)


def _own_calls(person: Person) -> "QuerySet[Any]":
    """Their keys, by an index each: joined by OR, PostgreSQL would read all calls there are."""
    keys: list[QuerySet[Any, Any]] = [
        Call.objects.filter(user=person).order_by().values("pk"),
        Call.objects.filter(analyst=person).order_by().values("pk"),
    ]
    if person.email:
        keys.append(Participant.objects.filter(address=person.email).order_by().values("call"))
    return keys[0].union(*keys[1:])


def _requests(person: Person, scope: str) -> Listing:
    rows = Request.objects.select_related("group", "analyst", "type")
    own = Q(user=person) | Q(analyst=person)
    rows = _of_groups(rows, person) if scope == "group" else rows.filter(own)
    shown, left_out = _first(_in_scope(rows, scope, {RequestState.OPEN}))
    targets = _Due(person, shown)
    lines = [
        Listed(
            "request",
            one.pk,
            (
                str(one.pk),
                one.subject,
                one.type.name,
                one.get_state_display(),
                _whom(one),
                *targets.cells(one),
                _day(one.updated_at),
            ),
            one.partition_id,
        )
        for one in shown
    ]
    columns = ("Request", "Subject", "Type", "State", "With", *targets.columns, "Changed")
    return Listing(f"{_SCOPES[scope]} requests", columns, tuple(lines), left_out)


def _tasks(person: Person, scope: str) -> Listing:
    rows = Task.objects.select_related("group", "analyst", "request", "call")
    if scope == "group":
        rows = rows.filter(group__in=person.analyst_groups.all())
        if (allowed := partitions_of(person)) is not None:
            rows = rows.filter(Q(request__partition__in=allowed) | Q(call__partition__in=allowed))
    else:
        rows = rows.filter(analyst=person)
    shown, left_out = _first(_in_scope(rows, scope, UNENDED_STATES))
    targets = _Due(person, shown, "Target")
    lines = [
        Listed(
            "task",
            task.pk,
            (
                str(task.pk),
                task.title,
                str(task.request or task.call),
                task.get_state_display(),
                _whom(task),
                _day(task.due_at),
                *targets.cells(task),
            ),
            _partition_of(task),
        )
        for task in shown
    ]
    columns = ("Task", "What", "Of", "State", "With", "Due", *targets.columns)
    return Listing(f"{_SCOPES[scope]} tasks", columns, tuple(lines), left_out)


def _approvals(person: Person, scope: str) -> Listing:
    waiting = waiting_for(person, timezone.now())
    decided = Approval.objects.filter(Q(person=person) | Q(decided_by=person)).exclude(
        state=ApprovalState.WAITING
    )
    rows = {"closed": decided, "all": decided | Approval.objects.filter(pk__in=waiting.values("pk"))}.get(
        scope, waiting
    )
    rows = rows.select_related("task__request", "task__call", "person").distinct()
    shown, left_out = _first(_open_first(rows, {ApprovalState.WAITING}, "-asked_at"))
    lines = [
        Listed(
            "task",
            one.task_id,
            (
                str(one.pk),
                one.task.title,
                str(one.task),
                one.get_state_display(),
                str(one.person),
                _day(one.asked_at),
            ),
            _partition_of(one.task),
        )
        for one in shown
    ]
    columns = ("Approval", "What", "Of", "State", "Asked", "Since")
    title = "Approvals that wait for you" if scope in {"open", "group"} else f"{_SCOPES[scope]} approvals"
    return Listing(title, columns, tuple(lines), left_out)


class _Due:
    """The column that tells Analysts when the most pressing target of each is due; Users have none."""

    def __init__(self, person: Person, rows: Sequence[Any], name: str = "Due") -> None:
        told = may_act_as_analyst(person)
        self._targets = most_pressing(rows, timezone.now()) if told else Targets()
        self.columns = (name,) if self._targets.measured else ()

    def cells(self, row: Call | Request | Task) -> tuple[str, ...]:
        """The cell of a row, if there is the column."""
        if not self.columns:
            return ()
        standing = self._targets.by_key.get(row.pk)
        if standing is None:
            return ("",)
        at = standing.timer.due_at
        when = f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""
        said = "" if standing.stand == "runs" else standing.stand
        return (", ".join(filter(None, (when, said))),)


_SCOPES = {"open": "Your open", "closed": "Your closed", "all": "All your", "group": "Your groups' open"}


def _of_groups(rows: "QuerySet[Any]", person: Person) -> "QuerySet[Any]":
    rows = rows.filter(group__in=person.analyst_groups.all())
    if (allowed := partitions_of(person)) is not None:
        rows = rows.filter(partition__in=allowed)
    return rows


def _in_scope(rows: "QuerySet[Any]", scope: str, unended: Collection[str]) -> "QuerySet[Any]":
    """Those in the scope, what is open first. It is asked for by its states, for which there is an index."""
    if scope in {"open", "group"}:
        rows = rows.filter(state__in=unended)
    elif scope == "closed":
        rows = rows.exclude(state__in=unended)
    return _open_first(rows, unended, "-updated_at")


def _open_first(rows: "QuerySet[Any]", unended: Collection[str], then: str) -> "QuerySet[Any]":
    place = Case(When(state__in=unended, then=Value(0)), default=Value(1), output_field=IntegerField())
    return rows.order_by(place, then, "-pk")


def _first(rows: "QuerySet[Any]") -> tuple[Sequence[Any], int]:
    shown = list(rows[: MOST + 1])
    if len(shown) <= MOST:
        return shown, 0
    return shown[:MOST], rows.order_by()[:MOST_COUNTED].count() - MOST


def _partition_of(task: Task) -> int:
    parent = task.request or task.call
    assert parent is not None  # a constraint of the table
    return parent.partition_id


def _whom(row: Call | Request | Task) -> str:
    holders: Iterable[object] = filter(None, (row.group, row.analyst))
    return ", ".join(map(str, holders))


def _day(at: dt.datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d}" if at else ""
