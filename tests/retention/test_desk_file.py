"""Retention rules come from the desk file, and what can't be meant is refused with its line."""

import pytest

from desk_file.conftest import Complaints, Loader, complaints, load_text  # noqa: F401  fixtures
from mailcall.desk.models import Person
from mailcall.desk_file.dumping import dump
from mailcall.retention.models import RetentionRule
from mailcall.retention.running import due_rules, run_rule

RULES = """\
partitions:
  - name: IT
    address: support@desk.example
retention_rules:
  - name: Raw mail
    active: true
    removes: raw_mail
    after_days: 365
  - name: Calls of IT
    removes: closed_calls
    after_days: 730
    partition: IT
    how: delete
"""


def test_rules_are_loaded_and_dumped_and_are_off_unless_said(load_text: Loader) -> None:  # noqa: F811
    load_text(RULES)
    raw, calls = RetentionRule.objects.order_by("-active")
    assert (raw.after_days, raw.partition, raw.state) == (365, None, "waits for a preview")
    assert (calls.after_days, calls.partition.name, calls.how, calls.state) == (730, "IT", "delete", "off")
    assert load_text(dump()).is_unchanged


def test_a_desk_with_erased_persons_is_dumped_and_loaded_without_them(load_text: Loader) -> None:  # noqa: F811
    load_text(RULES)
    Person.objects.create(name="Erased person 1", email="")
    assert "Erased" not in dump()
    assert load_text(dump()).is_unchanged


def test_a_changed_rule_waits_for_a_preview_again(load_text: Loader) -> None:  # noqa: F811
    load_text(RULES)
    rule = RetentionRule.objects.get(name="Raw mail")
    run_rule(rule, apply=False, by="a test")
    rule.refresh_from_db()
    assert rule.state == "on"
    load_text(RULES.replace("365", "1"))
    rule.refresh_from_db()
    assert rule.state == "waits for a preview"
    assert not due_rules(rule.changed_at, 3)


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("after_days: 365", "after_days: -1", "`after_days` must be greater than or equal to 1."),
        ("after_days: 365", "after_days: 0", "`after_days` must be greater than or equal to 1."),
        ("after_days: 365", "after_days: a year", "`after_days` must be a"),
        ("after_days: 365", "after_days: 1.5", "`after_days` must be a whole number."),
        ("removes: raw_mail", "removes: raw_mails", "Did you mean `raw_mail`?"),
        ("how: delete", "how: burn", "`how` must be 'anonymize' or 'delete', not 'burn'."),
        ("    partition: IT", "    partition: ITT", "There is no partition `ITT`. Did you mean `IT`?"),
        ("active: true", "aktive: true", "A retention rule has no field `aktive`. Did you mean `active`?"),
    ],
)
def test_a_wrong_field_is_refused_on_its_line(
    complaints: Complaints,  # noqa: F811
    right: str,
    wrong: str,
    sentence: str,
) -> None:
    found = complaints(RULES.replace(right, wrong))
    line = RULES[: RULES.index(right)].count("\n") + 1
    assert sentence in found[line], found
    assert not RetentionRule.objects.exists()


@pytest.mark.parametrize(
    ("without", "sentence"),
    [
        ("    after_days: 365\n", "A new retention rule needs `after_days`."),
        ("    removes: raw_mail\n", "A new retention rule needs `removes`."),
    ],
)
def test_a_rule_that_does_not_say_what_or_when_is_refused(
    complaints: Complaints,  # noqa: F811
    without: str,
    sentence: str,
) -> None:
    assert complaints(RULES.replace(without, "")) == {5: sentence}


def test_a_partition_where_there_can_be_none_is_refused(complaints: Complaints) -> None:  # noqa: F811
    found = complaints(RULES.replace("removes: closed_calls", "removes: sign_ins"))
    assert "is for the whole desk: leave it out." in found[12]
