"""The tree of what calls are about."""

from collections.abc import Mapping

from django.db import transaction

from mailcall.desk.errors import Refused
from mailcall.desk.models import IssueType
from mailcall.desk.priorities import PRIORITIES

BETWEEN = " > "


def full_names() -> Mapping[int, str]:
    """The full name of each issue type by its key, as in “Hardware > Laptop”. One query."""
    types = IssueType.objects.in_bulk()
    return {
        key: BETWEEN.join(kind.name for kind in _with_parents(kind, types)) for key, kind in types.items()
    }


def save_issue_type(issue_type: IssueType) -> None:
    """Save a new or changed issue type. Raises Refused for a name that is there, or a circle."""
    issue_type.name = " ".join(issue_type.name.split())
    name = issue_type.name
    if not name or ">" in name or len(name) > 100:
        raise Refused("An issue type needs a name of at most 100 characters, without “>”.")
    if issue_type.priority is not None and issue_type.priority not in PRIORITIES:
        raise Refused(f"“{issue_type.priority}” is no priority: give a number from 1 to 5.")
    with transaction.atomic():
        types = {kind.pk: kind for kind in IssueType.objects.select_for_update()}
        _refuse_circle(issue_type, types)
        for other in types.values():
            same_place = other.parent_id == issue_type.parent_id and other.pk != issue_type.pk
            if same_place and other.name.casefold() == name.casefold():
                raise Refused(f"There is an issue type {other} in the same place already.")
        issue_type.save()


def _refuse_circle(issue_type: IssueType, types: Mapping[int, IssueType]) -> None:
    if issue_type.pk is None or issue_type.parent_id is None:
        return
    if issue_type.pk in {kind.pk for kind in _with_parents(types[issue_type.parent_id], types)}:
        raise Refused(f"{issue_type} can't be part of {types[issue_type.parent_id]}, which is part of it.")


def _with_parents(kind: IssueType, types: Mapping[int, IssueType]) -> list[IssueType]:
    """An issue type after all that it is part of."""
    line = [kind]
    while line[0].parent_id is not None:
        line.insert(0, types[line[0].parent_id])
    return line
