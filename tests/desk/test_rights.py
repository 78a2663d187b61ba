"""Who may do what in which partition."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from desk.offices import Office
from mailcall.desk.models import Grant, Partition, Person, Right, Role
from mailcall.desk.rights import MEANINGS, may, partitions_of, rights_of_many, why_not


@pytest.fixture
def hr(db: None) -> Partition:
    return Partition.objects.create(name="HR", address="hr@desk.example")


def _give(role: str, *rights: Right, **whom: object) -> Grant:
    made, _ = Role.objects.get_or_create(name=role, defaults={"rights": list(rights)})
    return Grant.objects.create(role=made, **whom)


def test_an_analyst_without_a_role_may_do_all_that_analysts_do_everywhere(office: Office) -> None:
    for right in Right:
        assert may(office.ann, right, office.partition) == (right != Right.ADMINISTER)
    assert partitions_of(office.ann) is None


def test_nobody_administers_for_just_being_an_analyst(office: Office) -> None:
    assert "no role" in why_not(office.ann, Right.ADMINISTER, None)
    _give("Administrator", *Right, person=office.ann)
    assert may(office.ann, Right.ADMINISTER, None)


def test_a_role_limits_what_an_analyst_may_do_to_it(office: Office, hr: Partition) -> None:
    _give("Reader", Right.VIEW, person=office.ann, partition=hr)
    assert may(office.ann, Right.VIEW, hr)
    assert not may(office.ann, Right.CLOSE, hr)
    assert not may(office.ann, Right.VIEW, office.partition)
    assert partitions_of(office.ann) == {hr.pk}
    assert why_not(office.ann, Right.CLOSE, hr) == (
        "Ann may not resolve, close or merge calls, requests and tasks of HR: "
        "the role Reader doesn't let them."
    )


def test_roles_of_groups_and_of_ones_own_add_up(office: Office, hr: Partition) -> None:
    _give("Reader", Right.VIEW, group=office.group)
    _give("Closer", Right.CLOSE, Right.VIEW, person=office.ann, partition=hr)
    assert may(office.ann, Right.CLOSE, hr)
    assert may(office.ann, Right.VIEW, office.partition)
    assert not may(office.ann, Right.CLOSE, office.partition)
    assert not may(office.ann, Right.CLOSE, None)
    assert partitions_of(office.ann) is None
    assert not may(office.bob, Right.CLOSE, hr)  # in the group, too
    assert may(office.cy, Right.CLOSE, hr)  # in no group
    assert "roles" in why_not(office.ann, Right.TAKE, office.partition)


def test_a_right_in_all_partitions_is_none_that_one_partition_gives(office: Office, hr: Partition) -> None:
    _give("Reader", Right.VIEW, person=office.ann, partition=hr)
    assert not may(office.ann, Right.VIEW, None)


def test_the_rights_of_many_take_one_query(office: Office, hr: Partition, django_assert_num_queries) -> None:
    _give("Reader", Right.VIEW, group=office.group)
    _give("Closer", Right.CLOSE, person=office.cy, partition=hr)
    with django_assert_num_queries(1):
        rights = rights_of_many([office.ann, office.bob, office.cy, office.uma])
    assert rights[office.ann.pk].partitions(Right.VIEW) is None
    assert rights[office.cy.pk].partitions(Right.CLOSE) == {hr.pk}
    assert rights[office.uma.pk].partitions(Right.VIEW) == frozenset()


def test_the_rights_of_who_is_no_analyst_take_no_query(office: Office, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert not may(office.uma, Right.CLOSE, office.partition)


def test_users_close_and_reopen_their_own_calls_where_the_partition_lets_them(office: Office) -> None:
    partition = office.partition
    for right, column in ((Right.CLOSE, "users_may_close"), (Right.REOPEN, "users_may_reopen")):
        assert may(office.uma, right, partition, own=True)
        assert not may(office.uma, right, partition)
        setattr(partition, column, False)
        assert why_not(office.uma, right, partition, own=True) == f"IT lets no User {right.value} a call."
    assert may(office.ann, Right.CLOSE, partition, own=True)


def test_users_take_and_forward_nothing_not_even_their_own(office: Office) -> None:
    for right in (Right.TAKE, Right.FORWARD, Right.MAIL, Right.ADMINISTER):
        assert "Only analysts" in why_not(office.uma, right, office.partition, own=True)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"active": False}, "has left"),
        ({"is_user": False, "is_analyst": False}, "neither"),
        ({"is_template": True}, "neither"),
    ],
)
def test_who_can_not_act_has_no_right(office: Office, changed: dict[str, bool], sentence: str) -> None:
    for name, value in changed.items():
        setattr(office.ann, name, value)
    for right in Right:
        assert sentence in why_not(office.ann, right, office.partition, own=True)
    assert partitions_of(office.ann) == frozenset()


def test_a_role_without_rights_lets_do_nothing(office: Office) -> None:
    _give("Nothing", person=office.ann)
    assert not any(may(office.ann, right, office.partition) for right in Right)


def test_each_right_has_its_words() -> None:
    assert set(MEANINGS) == set(Right)


@pytest.mark.parametrize("rights", [["everything"], "view", {"view": 1}, ["view", "view"], [["view"]], [1]])
def test_what_is_no_list_of_rights_is_refused(db: None, rights: object) -> None:
    with pytest.raises(ValidationError):
        Role(name="Odd", rights=rights).full_clean()


@pytest.mark.parametrize("whom", [(), ("person", "group")])
def test_a_role_is_granted_to_a_person_or_to_a_group(office: Office, whom: tuple[str, ...]) -> None:
    holders = {"person": office.ann, "group": office.group}
    with pytest.raises(IntegrityError), transaction.atomic():
        _give("Reader", Right.VIEW, **{name: holders[name] for name in whom})


def test_a_role_is_granted_once(office: Office) -> None:
    _give("Reader", Right.VIEW, person=office.ann)
    with pytest.raises(IntegrityError), transaction.atomic():
        _give("Reader", person=office.ann)
    _give("Reader", person=office.ann, partition=office.partition)


def test_an_analyst_who_is_saved_keeps_their_roles(office: Office) -> None:
    _give("Reader", Right.VIEW, person=office.ann)
    Person.objects.get(pk=office.ann.pk).save()
    assert not may(office.ann, Right.CLOSE, office.partition)
