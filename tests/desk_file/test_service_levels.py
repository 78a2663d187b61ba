"""Calendars and agreements stand in the desk file."""

import pytest

from desk_file.conftest import GOOD, Complaints, Loader
from mailcall.desk.models import (
    Agreement,
    EscalationLevel,
    IssueType,
    Recompute,
    ServiceLevelChange,
    Target,
)
from mailcall.desk_file.dumping import dump

LEVELS = (
    GOOD
    + """\
issue_types:
  - {name: Hardware}
  - {name: Hardware > Laptop, analysts: [ann@desk.example]}
business_calendars:
  - name: Berlin
    time_zone: Europe/Berlin
    monday: 08:00-12:00, 13:00-17:00
    country: DE
    subdivision: BE
    days: [2026-12-24 08:00-12:00, 2026-12-28 closed]
agreements:
  - name: Gold
    calendar: Berlin
    issue_type: Hardware > Laptop
    targets:
      - {priority: 1, response_minutes: 30, resolution_minutes: 240}
      - {priority: 3, resolution_minutes: 480}
    levels:
      - {percent: 50}
      - {minutes: -60, tells: [agreement, group]}
      - {measure: response, percent: 80}
    breach_tells: [agreement, entity]
    people: [ann@desk.example]
"""
)


def test_service_levels_are_loaded_and_written_out_the_same(load_text: Loader) -> None:
    load_text(LEVELS)
    gold = Agreement.objects.get()
    assert str(gold.issue_type) == "Laptop"
    assert Target.objects.count() == 2
    assert list(EscalationLevel.objects.values_list("measure", "number", "tells")) == [
        ("resolution", 1, "entity"),
        ("resolution", 2, "agreement, group"),
        ("response", 1, "entity"),
    ]
    assert IssueType.objects.get(name="Laptop").analysts.count() == 1
    text = dump()
    load_text(text)
    assert dump() == text


def test_a_load_that_changes_an_agreement_leaves_a_trace_and_has_open_work_follow(load_text: Loader) -> None:
    load_text(LEVELS)
    assert [str(change) for change in ServiceLevelChange.objects.order_by("pk")] == [
        "Berlin: Created by mailcall load.",
        "Gold: Created by mailcall load.",
    ]
    assert Recompute.objects.count() == 3
    Recompute.objects.all().delete()
    load_text(LEVELS)
    assert not Recompute.objects.exists()
    load_text(LEVELS.replace("resolution_minutes: 480", "resolution_minutes: 300"))
    change = ServiceLevelChange.objects.first()
    assert (change.by_name, change.text) == ("The desk file", "Changed by mailcall load: targets.")
    assert Recompute.objects.count() == 3


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("monday: 08:00-12:00, 13:00-17:00", "monday: 8 to 5", "are no hours"),
        ("country: DE", "country: XX", "are not known"),
        ("2026-12-28 closed", "28.12.2026 closed", "is no day"),
        ("calendar: Berlin", "calendar: Bern", "There is no business calendar"),
        ("{percent: 50}", "{percent: 50, minutes: 3}", "`percent` or `minutes`"),
        ("priority: 3,", "priority: 1,", "Priority 1 has two targets"),
        ("people: [ann@desk.example]", "people: [nobody@desk.example]", "There is no person"),
    ],
)
def test_what_can_not_be_is_refused_with_a_sentence(
    complaints: Complaints, right: str, wrong: str, sentence: str
) -> None:
    assert sentence in str(complaints(LEVELS.replace(right, wrong)))
