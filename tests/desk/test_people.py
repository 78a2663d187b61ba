"""Who has an address, and what is changed about people's records."""

import pytest
from django.core.exceptions import ValidationError

from desk.offices import Office
from mailcall.desk import people
from mailcall.desk.delegations import is_active
from mailcall.desk.errors import Refused
from mailcall.desk.models import Person, PersonAddress
from mailcall.desk.people import people_by_address


def test_many_addresses_are_looked_up_with_one_query(office: Office, django_assert_num_queries) -> None:
    people.add_address(office.uma, "uma@home.example", by=None, verified=True)
    with django_assert_num_queries(1):
        found = people_by_address(["uma@customer.example", "uma@home.example", "nobody@x.example"])
    assert found == {"uma@customer.example": [office.uma], "uma@home.example": [office.uma]}


def test_no_address_asks_nothing(db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert people_by_address([]) == {}


def test_whose_address_on_record_it_is_comes_first_then_the_first_record(office: Office) -> None:
    shared = "team@customer.example"
    people.add_address(office.ann, shared, by=None, verified=True)
    people.add_address(office.bob, shared, by=None)
    late = Person.objects.create(name="Late", email=shared)
    later = Person.objects.create(name="Later", email=shared)
    people.add_address(office.cy, shared, by=None, verified=True)
    found = people_by_address([shared])[shared]
    assert found == [late, later, office.ann, office.cy, office.bob]
    assert [one.address_verified for one in found] == [True, True, True, True, False]


def test_who_has_left_comes_after_those_who_have_not(office: Office) -> None:
    shared = "desk@customer.example"
    gone = Person.objects.create(name="Gone", email=shared)
    successor = Person.objects.create(name="Successor", email=shared)
    people.leave(gone, by=None)
    assert people_by_address([shared])[shared] == [successor, gone]


def test_templates_are_never_found(office: Office) -> None:
    Person.objects.create(name="Pattern", email="new@customer.example", is_template=True)
    assert people_by_address(["new@customer.example"]) == {}


def test_an_unverified_address_never_lets_act_as_an_analyst(office: Office) -> None:
    row = people.add_address(office.ann, "ann@home.example", by=None)
    assert not people.may_act_as_analyst(_found("ann@home.example"))
    people.verify_address(row, by=None, how="by a link")
    assert people.may_act_as_analyst(_found("ann@home.example"))
    assert people.may_act_as_analyst(_found("ann@desk.example"))


def test_what_was_changed_is_told_with_who_did(office: Office) -> None:
    row = people.add_address(office.uma, "UMA@Home.example", by=office.ann)
    people.verify_address(row, by=office.uma, how="by a link")
    people.put_on_record(row, by=office.ann)
    people.leave(office.uma, by=office.bob)
    assert [(change.text, change.by_name) for change in office.uma.changes.order_by("pk")] == [
        ("Further address uma@home.example added.", "Ann"),
        ("Address uma@home.example verified: by a link.", "Uma"),
        ("Address on record changed from uma@customer.example to uma@home.example.", "Ann"),
        ("Left.", "Bob"),
    ]


def test_the_address_on_record_and_a_verified_one_change_places(office: Office) -> None:
    row = people.add_address(office.uma, "uma@home.example", by=None, verified=True)
    people.put_on_record(row, by=None)
    office.uma.refresh_from_db()
    assert office.uma.email == "uma@home.example"
    assert [each.address for each in office.uma.addresses.all()] == ["uma@customer.example"]


def test_an_unverified_address_is_never_put_on_record(office: Office) -> None:
    row = people.add_address(office.uma, "uma@home.example", by=None)
    with pytest.raises(Refused, match="not verified"):
        people.put_on_record(row, by=None)


@pytest.mark.parametrize("address", ["", "uma", "@", "uma@customer.example", f"{'u' * 250}@x.example"])
def test_what_is_no_new_address_is_refused(office: Office, address: str) -> None:
    with pytest.raises(Refused):
        people.add_address(office.uma, address, by=None)
    assert not PersonAddress.objects.exists()


def test_an_address_is_added_once_and_not_without_end(office: Office) -> None:
    for number in range(people.MOST_ADDRESSES):
        people.add_address(office.uma, f"uma{number}@home.example", by=None)
    with pytest.raises(Refused, match="already"):
        people.add_address(office.uma, "uma1@home.example", by=None)
    with pytest.raises(Refused, match="Remove one first"):
        people.add_address(office.uma, "uma@last.example", by=None)


def test_an_address_is_verified_once(office: Office) -> None:
    row = people.add_address(office.uma, "uma@home.example", by=None, verified=True)
    with pytest.raises(Refused, match="verified already"):
        people.verify_address(row, by=None, how="again")


def test_an_address_that_was_removed_finds_nobody_and_verifies_nothing(office: Office) -> None:
    row = people.add_address(office.uma, "uma@home.example", by=None)
    people.remove_address(row, by=None)
    assert people_by_address(["uma@home.example"]) == {}
    with pytest.raises(Refused):
        people.verify_address(row, by=None, how="by a link")


def test_who_has_left_can_do_nothing_until_they_come_back(office: Office) -> None:
    people.leave(office.ann, by=None)
    office.ann.refresh_from_db()
    assert not is_active(office.ann)
    with pytest.raises(Refused, match="has left already"):
        people.leave(office.ann, by=None)
    people.come_back(office.ann, by=None)
    office.ann.refresh_from_db()
    assert is_active(office.ann)
    with pytest.raises(Refused, match="has not left"):
        people.come_back(office.ann, by=None)


@pytest.mark.parametrize("language", ["de", "pt-BR", "zh-Hant", "es-419", "sl-rozaj", ""])
def test_a_language_is_a_tag(language: str) -> None:
    Person(name="Uma", email="uma@customer.example", language=language).full_clean()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("language", "German"),
        ("language", "de_DE"),
        ("language", "de\n"),
        ("language", "x" * 40),
        ("time_zone", "Berlin"),
        ("time_zone", "../etc/passwd"),
        ("time_zone", "europe/berlin"),
    ],
)
def test_what_is_no_language_and_no_time_zone_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Person(name="Uma", email="uma@customer.example", **{name: value}).full_clean(exclude=["organisation"])


def _found(address: str) -> Person:
    return people_by_address([address])[address][0]
