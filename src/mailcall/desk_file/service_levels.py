"""What a desk file says of service levels: targets, levels of escalation, and who is told."""

from typing import Any

from mailcall.desk.errors import Refused
from mailcall.desk.models import Agreement, EscalationLevel, IssueType, Person, Target
from mailcall.desk_file.checking import Entry
from mailcall.desk_file.people import People
from mailcall.desk_file.references import References


def read_targets(agreement: Agreement, people: People) -> list[dict[str, Any]]:
    """The targets, most urgent first."""
    names = ("priority", "response_minutes", "resolution_minutes")
    rows = [{name: getattr(row, name) for name in names} for row in agreement.targets.order_by("priority")]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def save_targets(entry: Entry, agreement: Agreement, references: References) -> bool:
    """Have these targets. Raises Refused for two of one priority."""
    wanted = [item.model_dump(exclude_none=True) for item in entry.item.targets]
    priorities = [item["priority"] for item in wanted]
    if twice := next((one for one in priorities if priorities.count(one) > 1), None):
        raise Refused(f"Priority {twice} has two targets.")
    wanted.sort(key=lambda item: item["priority"])
    if wanted == read_targets(agreement, People.of([])):
        return False
    agreement.targets.all().delete()
    Target.objects.bulk_create(Target(agreement=agreement, **item) for item in wanted)
    return True


def read_levels(agreement: Agreement, people: People) -> list[dict[str, Any]]:
    """The levels, those of each target in order."""
    return [
        {
            "measure": str(row.measure),
            **({"minutes": row.minutes} if row.percent is None else {"percent": row.percent}),
            "tells": [whom.strip() for whom in row.tells.split(",") if whom.strip()],
        }
        for row in agreement.levels.order_by("-measure", "number")
    ]


def save_levels(entry: Entry, agreement: Agreement, references: References) -> bool:
    """Have these levels, numbered by their order; those that stay keep their clocks."""
    before = read_levels(agreement, People.of([]))
    kept = []
    for measure in ("response", "resolution"):
        items = [item for item in entry.item.levels if item.measure == measure]
        for number, item in enumerate(items, 1):
            row, _ = EscalationLevel.objects.update_or_create(
                agreement=agreement,
                measure=measure,
                number=number,
                defaults={"percent": item.percent, "minutes": item.minutes, "tells": ", ".join(item.tells)},
            )
            kept.append(row.pk)
    agreement.levels.exclude(pk__in=kept).delete()
    return read_levels(agreement, People.of([])) != before


def read_people(agreement: Agreement, people: People) -> list[str]:
    """Whom the agreement names."""
    return [people.reference(person) for person in agreement.people.order_by("name", "pk")]


def save_people(entry: Entry, agreement: Agreement, references: References) -> bool:
    """Have it name these."""
    return _set(agreement, "people", references.analysts(entry, "people"))


def read_analysts(issue_type: IssueType, people: People) -> list[str]:
    """Who are told of its escalations."""
    return [people.reference(person) for person in issue_type.analysts.order_by("name", "pk")]


def save_analysts(entry: Entry, issue_type: IssueType, references: References) -> bool:
    """Have these told."""
    return _set(issue_type, "analysts", references.analysts(entry, "analysts"))


def _set(target: Agreement | IssueType, field: str, wanted: list[Person]) -> bool:
    rows = getattr(target, field)
    if {person.pk for person in rows.all()} == {person.pk for person in wanted}:
        return False
    rows.set(wanted)
    return True
