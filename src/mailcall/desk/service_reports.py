"""Reports of service levels: what was met and breached, how long it took, and at which hours.

A target counts once: in the period in which it was breached, or where it was not, in which it was met. The
index on just that moment finds a month's targets without looking at others, however many there are.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.functions import Coalesce, ExtractHour, RowNumber

from mailcall.desk.models import Agreement, Group, Measure, Timer
from mailcall.desk.models.service_levels import COUNTED_AT

MOST_MONTHS = 12  # in one report
BREAKDOWNS = ("period", "agreement", "group")

_PARTITION = Coalesce(
    "call__partition", "request__partition", "task__call__partition", "task__request__partition"
)
_GROUP = Coalesce("call__group", "request__group", "task__group")
_OPENED = Coalesce("call__opened_at", "request__opened_at", "task__opened_at")
# What was done too late before its breach was noticed is breached all the same.
_IS_LATE = Q(breached_at__isnull=False) | Q(used__gt=F("allowed"))


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on, until before `until`."""

    name: str
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is about; None is all. `seen` are the keys of the partitions that its reader may see."""

    periods: Sequence[Period]
    agreement: int | None = None
    group: int | None = None
    partition: int | None = None
    seen: Set[int] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of target in one part of a report; `median` and `ninetieth` are seconds of working time.

    `keys` are those of the breakdown: the place of the period, the key of the agreement, of the group.
    """

    keys: tuple[int | None, ...]
    measure: str
    met: int
    breached: int
    median: int | None = None
    ninetieth: int | None = None

    @property
    def count(self) -> int:
        """All that were met or breached."""
        return self.met + self.breached

    @property
    def share(self) -> float:
        """Met, in percent."""
        return 100 * self.met / self.count


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the day: how much work came in it, and how many targets were breached."""

    hour: int
    came: int = 0
    breached: int = 0


def months(first: dt.date, last: dt.date, zone: dt.tzinfo) -> list[Period]:
    """The months from that of `first` to that of `last`, by the clock of a zone."""
    periods, day = [], first.replace(day=1)
    while day <= last:
        following = next_month(day)
        periods.append(Period(f"{day:%Y-%m}", _midnight(day, zone), _midnight(following, zone)))
        day = following
    return periods


def week_before(day: dt.date, zone: dt.tzinfo) -> Period:
    """The last whole week, Monday to Sunday, before that of a day."""
    until = day - dt.timedelta(days=day.weekday())
    since = until - dt.timedelta(days=7)
    last = until - dt.timedelta(days=1)
    return Period(f"{since} to {last}", _midnight(since, zone), _midnight(until, zone))


def next_month(day: dt.date) -> dt.date:
    """The first of the month after that of a day."""
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def lines(asked: Asked, *by: str) -> list[Line]:
    """The figures, broken down by any of BREAKDOWNS, in their order; two queries."""
    keys = [_KEYS[name] for name in by]
    rows = _counted(asked)
    named: dict[str, Any] = {f"by_{name}": key(asked) for name, key in zip(by, keys, strict=True)}
    columns = [*named, "measure"]
    late = Count("pk", filter=_IS_LATE)
    counts = rows.annotate(**named).order_by().values_list(*columns).annotate(every=Count("pk"), late=late)
    took = _percentiles(rows.annotate(**named), columns)
    found = [
        Line(tuple(key), measure, every - late, late, *took.get((*key, measure), (None, None)))
        for *key, measure, every, late in counts
    ]
    return sorted(found, key=lambda line: ([(key is None, key or 0) for key in line.keys], line.measure))


def hours(asked: Asked) -> list[Hour]:
    """The hours of the day, by the desk's clock: when what is counted was opened, and when breached."""
    rows = _counted(asked).order_by()
    breached = rows.filter(_IS_LATE).annotate(hour=ExtractHour("at")).values_list("hour")
    late = dict(breached.annotate(count=Count("pk")))
    opened = rows.annotate(hour=ExtractHour(_OPENED)).filter(hour__isnull=False).values_list("hour")
    of_each = [Count(kind, distinct=True) for kind in ("call", "request", "task")]
    came = dict(opened.annotate(count=of_each[0] + of_each[1] + of_each[2]))
    return [Hour(hour, came.get(hour, 0), late.get(hour, 0)) for hour in range(24)]


def behind(asked: Asked, measure: str = "", *, breached: bool | None = None) -> "QuerySet[Timer]":
    """The targets behind a number."""
    rows = _counted(asked).annotate(late=Case(When(_IS_LATE, then=True), default=False))
    rows = rows.filter(measure=measure) if measure in Measure.values else rows
    if breached is not None:
        rows = rows.filter(_IS_LATE) if breached else rows.exclude(_IS_LATE)
    return rows.select_related(
        "agreement", "call", "request", "task__call", "task__request", "call__partition", "request__partition"
    )


def names(found: Sequence[Line], place: int, by: str, asked: Asked) -> dict[int | None, str]:
    """What the keys at a place of these lines are called."""
    keys = {line.keys[place] for line in found}
    if by == "period":
        return {key: asked.periods[key].name for key in keys if key is not None}
    kind: type[Agreement | Group] = Agreement if by == "agreement" else Group
    rows = kind._default_manager.filter(pk__in=[key for key in keys if key is not None])
    return {None: "No group", **dict(rows.values_list("pk", "name"))}


def table(asked: Asked) -> Iterator[list[str]]:
    """All figures as rows of text, with a head: by period, agreement, group and target."""
    yield [
        *("Period", "Agreement", "Group", "Target", "Met", "Breached", "Met in percent"),
        *("Median in minutes of working time", "90th percentile in minutes of working time"),
    ]
    found = lines(asked, *BREAKDOWNS)
    called = [names(found, place, by, asked) for place, by in enumerate(BREAKDOWNS)]
    for line in found:
        heads = (name.get(key, "") for name, key in zip(called, line.keys, strict=True))
        took = ("" if each is None else f"{each / 60:.1f}" for each in (line.median, line.ninetieth))
        yield [
            *heads,
            Measure(line.measure).label,
            str(line.met),
            str(line.breached),
            f"{line.share:.1f}",
            *took,
        ]


def _counted(asked: Asked) -> "QuerySet[Timer]":
    first, last = asked.periods[0], asked.periods[-1]
    rows = Timer.objects.annotate(at=COUNTED_AT).filter(at__gte=first.since, at__lt=last.until)
    if asked.agreement is not None:
        rows = rows.filter(agreement=asked.agreement)
    if asked.group is not None:
        rows = rows.alias(of=_GROUP).filter(of=asked.group)
    if asked.partition is not None:
        rows = rows.alias(where=_PARTITION).filter(where=asked.partition)
    if asked.seen is not None:
        rows = rows.alias(within=_PARTITION).filter(within__in=asked.seen)
    return rows


def _percentiles(
    rows: "QuerySet[Timer]", columns: Sequence[str]
) -> dict[tuple[Any, ...], tuple[int | None, int | None]]:
    """(median, 90th percentile) of what is finished, by the columns, in seconds.

    By the nearest rank, so that no value is made up: the first that half, or nine of ten, do not exceed.
    """
    parts = [F(column) for column in columns]
    ranked = rows.filter(met_at__isnull=False).annotate(
        place=Window(RowNumber(), partition_by=parts, order_by=[F("used"), F("pk")]),
        size=Window(Count("pk"), partition_by=parts),
    )
    half = Q(twice__gte=F("size"), twice__lt=F("size") + 2)
    most = Q(tenfold__gte=F("size") * 9, tenfold__lt=F("size") * 9 + 10)
    chosen = ranked.annotate(twice=F("place") * 2, tenfold=F("place") * 10).filter(half | most)
    found: dict[tuple[Any, ...], tuple[int | None, int | None]] = {}
    for *key, _place, used in chosen.order_by("place").values_list(*columns, "place", "used"):
        median, _ = found.get(tuple(key), (used, used))
        found[tuple(key)] = median, used  # the median comes first, and may be both
    return found


def _period(asked: Asked) -> Case:
    whens = (When(at__lt=period.until, then=Value(place)) for place, period in enumerate(asked.periods))
    return Case(*whens, output_field=IntegerField())


def _midnight(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone)


_KEYS: dict[str, Callable[[Asked], Case | F | Coalesce]] = {
    "period": _period,
    "agreement": lambda _: F("agreement_id"),
    "group": lambda _: _GROUP,
}
