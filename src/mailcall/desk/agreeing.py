"""Changes agreements and business calendars: what they say, who changed that, and what follows from it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailcall.desk.agreements import look_again
from mailcall.desk.durations import written
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Agreement,
    BusinessCalendar,
    Covers,
    EscalationLevel,
    IssueType,
    Measure,
    Person,
    Recompute,
    ServiceLevelChange,
    Target,
    Timer,
    ToTell,
)
from mailcall.desk.models.service_levels import WEEKDAYS

MOST_REMOVED = 1_000  # timers that go with an agreement

Agreed = Agreement | BusinessCalendar | IssueType


@dataclass(frozen=True, slots=True)
class Level:
    """A level as it is wanted: after a share of the target's time in percent, or minutes from the target."""

    measure: str
    percent: int | None
    minutes: int | None
    tells: str  # ToTell, joined by commas

    @property
    def when(self) -> str:
        """Such as `80%`, `1h before` or `2h after`."""
        if self.percent is not None:
            return f"{self.percent}%"
        if not self.minutes:
            return "at the target"
        return f"{written(abs(self.minutes))} {'before' if self.minutes < 0 else 'after'}"


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something: a person, if it is one, and the name to keep."""

    person: Person | None
    name: str


def set_targets(agreement: Agreement, wanted: Sequence[Mapping[str, int]]) -> bool:
    """Have these targets, each with `priority` and minutes; whether that changed any. Raises Refused."""
    priorities = [target["priority"] for target in wanted]
    if twice := next((one for one in priorities if priorities.count(one) > 1), None):
        raise Refused(f"Priority {twice} has two targets.")
    rows = sorted(wanted, key=lambda target: target["priority"])
    if rows == targets_of(agreement):
        return False
    agreement.targets.all().delete()
    Target.objects.bulk_create(Target(agreement=agreement, **row) for row in rows)
    return True


def targets_of(agreement: Agreement) -> list[dict[str, int]]:
    """The targets, most urgent first, without what they leave open."""
    names = ("priority", "response_minutes", "resolution_minutes")
    rows: Iterable[dict[str, Any]] = agreement.targets.order_by("priority").values(*names)
    return [{name: int(value) for name, value in row.items() if value is not None} for row in rows]


def set_levels(agreement: Agreement, wanted: Sequence[Level]) -> bool:
    """Have these levels, numbered by their order; those that stay keep their clocks. Whether any changed."""
    before = levels_of(agreement)
    kept = []
    for measure in Measure:
        of_measure = [level for level in wanted if level.measure == measure]
        for number, level in enumerate(of_measure, 1):
            row, _ = EscalationLevel.objects.update_or_create(
                agreement=agreement,
                measure=measure,
                number=number,
                defaults={"percent": level.percent, "minutes": level.minutes, "tells": level.tells},
            )
            kept.append(row.pk)
    agreement.levels.exclude(pk__in=kept).delete()
    return levels_of(agreement) != before


def levels_of(agreement: Agreement) -> list[Level]:
    """The levels, those of the response first, each target's in order."""
    rows = agreement.levels.order_by("-measure", "number")
    return [Level(row.measure, row.percent, row.minutes, row.tells) for row in rows]


@contextmanager
def changing(thing: Agreed, by: Author) -> Iterator[None]:
    """Keep who changed what of a thing meanwhile, and have open work recomputed if it follows from it."""
    with transaction.atomic():
        before = described(type(thing)._default_manager.get(pk=thing.pk)) if thing.pk else None
        yield
        after = described(type(thing)._default_manager.get(pk=thing.pk))
        if before is None:
            note_change(thing, by, "Made.")
        elif before != after:
            note_change(thing, by, f"{'; '.join(_differences(before, after))}.")
        if before != after and not isinstance(thing, IssueType):
            ask_to_recompute()


def refuse_to_remove(thing: Agreement | BusinessCalendar) -> None:
    """Raise Refused where something hangs on it that must not go with it."""
    if isinstance(thing, BusinessCalendar):
        if users := list(Agreement.objects.filter(calendar=thing).values_list("name", flat=True)[:5]):
            raise Refused(f"{thing} is the calendar of {', '.join(users)}. Give them another one first.")
    elif Timer.objects.filter(agreement=thing)[: MOST_REMOVED + 1].count() > MOST_REMOVED:
        raise Refused(
            f"{thing} has measured more than {MOST_REMOVED:,} times, and reports would lose the figures. "
            "Switch it off instead."
        )


def remove(thing: Agreement | BusinessCalendar, by: Author) -> None:
    """Remove it for good, with what it measured. Raises Refused."""
    with transaction.atomic():
        refuse_to_remove(thing)
        note_change(thing, by, "Removed.")
        thing.delete()
        ask_to_recompute()


def ask_to_recompute() -> None:
    """Have all open work brought in step with what is agreed, from the first on."""
    look_again()
    now = timezone.now()
    for about in Covers:
        Recompute.objects.update_or_create(about=about, defaults={"after": 0, "asked_at": now})


def last_change(thing: Agreed) -> int:
    """The key of what was changed last about a thing; 0 is nothing, as of a new one."""
    rows = ServiceLevelChange.objects.filter(about=thing._meta.model_name, key=thing.pk)
    return rows.order_by("-pk").values_list("pk", flat=True).first() or 0


def described(thing: Agreed) -> dict[str, str]:
    """All that a thing says, by what people call it."""
    if isinstance(thing, IssueType):
        return {"analysts": _named(thing.analysts.order_by("name", "pk"))}
    if isinstance(thing, BusinessCalendar):
        names = ("name", "time_zone", *WEEKDAYS, "country", "subdivision", "days")
        return {name.replace("_", " "): str(getattr(thing, name)).replace("\n", ", ") for name in names}
    said = {
        "name": thing.name,
        "active": "yes" if thing.active else "no",
        "covers": thing.get_covers_display().lower(),
        "calendar": thing.calendar.name,
        "partition": str(thing.partition or ""),
        "organisation": str(thing.organisation or ""),
        "issue type": str(thing.issue_type or ""),
        "group": str(thing.group or ""),
        "breach tells": _tells(thing.breach_tells),
        "people": _named(thing.people.order_by("name", "pk")),
    }
    for target in thing.targets.order_by("priority"):
        for measure in Measure:
            if minutes := getattr(target, f"{measure}_minutes"):
                said[f"{measure} of priority {target.priority}"] = written(minutes)
    for row in thing.levels.order_by("-measure", "number"):
        level = Level(row.measure, row.percent, row.minutes, row.tells)
        said[f"level {row.number} of {row.measure}"] = f"{level.when}, tells {_tells(row.tells) or 'nobody'}"
    return said


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            yield f"{name}: {new or 'none'} instead of {old or 'none'}"


def _tells(tells: str) -> str:
    """Whom, as pages call them."""
    return ", ".join(ToTell(whom.strip()).label.lower() for whom in tells.split(",") if whom.strip())


def _named(people: "QuerySet[Person]") -> str:
    return ", ".join(map(str, people))


def note_change(thing: Agreed, by: Author, text: str) -> None:
    """Keep that somebody changed a thing, in a sentence."""
    ServiceLevelChange.objects.create(
        by=by.person,
        by_name=by.name[:200],
        about=str(thing._meta.model_name),
        key=thing.pk,
        name=str(thing)[:100],
        text=text,
    )
