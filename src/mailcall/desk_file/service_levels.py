"""What a desk file says of service levels: targets, levels of escalation, and who is told."""

from typing import Any

from mailcall.desk.agreeing import Level, levels_of, set_levels, set_targets, targets_of
from mailcall.desk.models import Agreement, IssueType, Person
from mailcall.desk_file.checking import Entry
from mailcall.desk_file.people import People
from mailcall.desk_file.references import References


def read_targets(agreement: Agreement, people: People) -> list[dict[str, Any]]:
    """The targets, most urgent first."""
    return targets_of(agreement)


def save_targets(entry: Entry, agreement: Agreement, references: References) -> bool:
    """Have these targets. Raises Refused for two of one priority."""
    return set_targets(agreement, [item.model_dump(exclude_none=True) for item in entry.item.targets])


def read_levels(agreement: Agreement, people: People) -> list[dict[str, Any]]:
    """The levels, those of each target in order."""
    return [
        {
            "measure": level.measure,
            **({"minutes": level.minutes} if level.percent is None else {"percent": level.percent}),
            "tells": [whom.strip() for whom in level.tells.split(",") if whom.strip()],
        }
        for level in levels_of(agreement)
    ]


def save_levels(entry: Entry, agreement: Agreement, references: References) -> bool:
    """Have these levels, numbered by their order."""
    wanted = [
        Level(item.measure, item.percent, item.minutes, ", ".join(item.tells)) for item in entry.item.levels
    ]
    return set_levels(agreement, wanted)


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
