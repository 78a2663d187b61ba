"""Organisations, roles and all addresses of people in the desk file."""

import pytest

from desk_file.conftest import Complaints, Loader
from desk_file.test_refusals import line_of
from mailcall.desk.models import Organisation, Partition, Person, Role
from mailcall.desk.rights import Right, may
from mailcall.desk_file.dumping import dump

PEOPLE = """\
partitions:
  - name: HR
    address: hr@desk.example
    users_may_close: false
organisations:
  - name: Customer Ltd
    domains: ["@Customer.example", bücher.example]
people:
  - name: Ann Lee
    email: ann@desk.example
    analyst: true
    language: pt-BR
    time_zone: Europe/Lisbon
    addresses: [Ann@Home.example]
    unverified_addresses: [ann@work.example]
  - name: Uma
    email: uma@customer.example
    organisation: Customer Ltd
    active: false
groups:
  - name: First line
    members: [ann@desk.example]
roles:
  - name: Reader
    rights: [view]
    granted:
      - group: First line
      - person: ann@desk.example
        partition: HR
"""


def addresses(email: str = "ann@desk.example") -> dict[str, bool]:
    rows = Person.objects.get(email=email).addresses.all()
    return {row.address: bool(row.verified_at) for row in rows}


def test_all_of_it_is_loaded(load_text: Loader) -> None:
    load_text(PEOPLE)
    ann, uma = Person.objects.order_by("pk")
    hr = Partition.objects.get()
    assert (ann.language, ann.time_zone) == ("pt-BR", "Europe/Lisbon")
    assert addresses() == {"ann@home.example": True, "ann@work.example": False}
    assert (str(uma.organisation), uma.active) == ("Customer Ltd", False)
    assert sorted(map(str, Organisation.objects.get().domains.all())) == [
        "customer.example",
        "xn--bcher-kva.example",
    ]
    assert (hr.users_may_close, hr.users_may_reopen) == (False, True)
    assert may(ann, Right.VIEW, None)
    assert not may(ann, Right.UPDATE, hr)
    assert Role.objects.get().grants.count() == 2


def test_loading_it_again_and_loading_a_dump_change_nothing(load_text: Loader) -> None:
    load_text(PEOPLE)
    assert load_text(PEOPLE).is_unchanged
    assert load_text(dump()).is_unchanged
    assert Role.objects.get().grants.count() == 2


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ("addresses: []", {"ann@work.example": False}),
        ("unverified_addresses: []", {"ann@home.example": True}),
        ("addresses: [ann@work.example]", {"ann@work.example": True}),
        ("unverified_addresses: [ann@home.example]", {"ann@home.example": False}),
        (
            "addresses: [ann@work.example]\n    unverified_addresses: [ann@home.example]",
            {"ann@work.example": True, "ann@home.example": False},
        ),
        ("language: ''", {"ann@home.example": True, "ann@work.example": False}),
    ],
)
def test_each_list_of_addresses_is_all_there_are_of_its_kind(
    load_text: Loader, fields: str, left: dict[str, bool]
) -> None:
    load_text(PEOPLE)
    text = f"people:\n  - name: Ann Lee\n    email: ann@desk.example\n    {fields}\n"
    assert not load_text(text).is_unchanged
    assert addresses() == left
    assert load_text(text).is_unchanged


def test_who_has_a_role_and_whose_a_domain_is_becomes_what_the_file_says(load_text: Loader) -> None:
    load_text(PEOPLE)
    text = """\
    organisations:
      - name: Customer Ltd
        domains: [other.example]
    roles:
      - name: Reader
        granted: [{group: First line, partition: HR}]
    """
    report = load_text(text)
    assert {change.fields for change in report.changes} == {("domains",), ("granted",)}
    assert [str(one) for one in Role.objects.get().grants.all()] == ["Reader in HR for First line"]
    assert load_text(text).is_unchanged


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("pt-BR", "Portuguese", "`language`: “Portuguese” is no language"),
        ("Europe/Lisbon", "Lisbon", "`time_zone`: “Lisbon” is no time zone"),
        ("organisation: Customer Ltd", "organisation: Custom Ltd", "There is no organisation `Custom Ltd`."),
        ("[ann@work.example]", "[Ann@Home.example]", "can't be both in `addresses`"),
        ("[Ann@Home.example]", "[ann@desk.example]", "Ann Lee has the address ann@desk.example already."),
        ("[ann@work.example]", "[ann]", "must be an email address"),
        ("[ann@work.example]", "ann@work.example", "`unverified_addresses` must be a list."),
        ("bücher.example]", "a b.example]", "must be a domain such as example.com"),
        ("rights: [view]", "rights: [fly]", "must be one of view, update"),
        ("rights: [view]", "rights: [view, view]", "A right is in the list twice."),
        ("- group: First line\n", "- group: Last line\n", "There is no group `Last line`."),
        ("- group: First line\n", "- partition: HR\n", "must name a person or a group"),
        ("- group: First line\n", "- grup: First line\n", "`granted` has no field `grup`."),
        ("- group: First line\n", "- person: uma@customer.example\n", "Uma is no active Analyst."),
        ("- group: First line\n", "- {person: ann@desk.example, partition: HR}\n", "granted twice"),
        ("        partition: HR\n", "        partition: IT\n", "There is no partition `IT`."),
    ],
)
def test_what_is_wrong_is_said_by_its_line_and_nothing_is_changed(
    complaints: Complaints, right: str, wrong: str, sentence: str
) -> None:
    assert right in PEOPLE
    text = PEOPLE.replace(right, wrong)
    found = complaints(text)
    assert any(sentence in said for said in found.values()), found
    assert abs(min(found) - line_of(text, wrong.strip().splitlines()[0])) <= 3
    assert not Person.objects.exists()


def test_a_domain_of_two_organisations_is_refused(complaints: Complaints) -> None:
    found = complaints(
        "organisations:\n  - name: A\n    domains: [x.example]\n  - name: B\n    domains: [X.example]\n"
    )
    assert found == {5: "x.example is a domain of A."}
