"""Many rows at once: what is written is what Django would write, and each row knows its key."""

import datetime as dt

import pytest
from django.db import connection

from mailcall.database.rows import give_keys, insert_rows, new_row
from mailcall.desk.models import Call, Participant, Partition, Person, State, TimelineEntry
from mailcall.inbound.models import IncomingAccount

pytestmark = pytest.mark.django_db


def people(count: int) -> list[Person]:
    return [Person(name=f"Person {n}", email=f"p{n}@k.example", is_analyst=bool(n % 2)) for n in range(count)]


def test_rows_are_what_they_were_and_have_their_keys_in_order() -> None:
    made = people(1_203)  # several statements
    insert_rows(iter(made))
    assert [person.pk for person in made] == sorted(person.pk for person in made)
    stored = Person.objects.in_bulk([person.pk for person in made])
    for person in made:
        assert (stored[person.pk].name, stored[person.pk].is_analyst) == (person.name, person.is_analyst)
        assert stored[person.pk].created_at == person.created_at
        assert not person._state.adding
    made[0].name = "Renamed"
    made[0].save()
    assert Person.objects.count() == 1_203


def test_a_row_may_refer_to_one_that_got_its_key_after_they_were_tied() -> None:
    partition = Partition.objects.create(name="IT", address="it@k.example")
    person = Person(name="Ann", email="ann@k.example")
    now = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    call = Call(
        partition=partition, subject="x", user=person, opened_at=now, updated_at=now, state=State.OPEN
    )
    entry = TimelineEntry(call=call, kind="note", at=now, text="\U0001f600 'quoted' %s")
    for row in (person, call, entry):
        insert_rows([row])
    stored = TimelineEntry.objects.select_related("call__user").get()
    assert (stored.call.user.email, stored.text, stored.at) == ("ann@k.example", entry.text, now)
    assert stored.call.state == State.OPEN


def test_keys_that_were_given_before_are_kept_and_never_given_again() -> None:
    first, second = people(3), people(2)
    give_keys(first)
    give_keys(second)
    insert_rows(second)
    insert_rows(first)
    last = Person.objects.create(name="Last", email="last@k.example")
    keys = [person.pk for person in (*first, *second, last)]
    assert keys == list(range(keys[0], keys[0] + 6))
    last.delete()
    assert Person.objects.create(name="Next", email="next@k.example").pk == keys[-1] + 1
    assert Person.objects.get(pk=first[0].pk).email == "p0@k.example"


def test_a_quick_row_is_what_the_model_makes() -> None:
    partition = Partition.objects.create(name="IT", address="it@k.example")
    now = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    values = {"partition": partition, "subject": "x", "user_id": 7, "group": None, "opened_at": now}
    quick, made = new_row(Call, **values), Call(**values)
    assert quick.partition is partition
    made.updated_at = quick.updated_at  # each is stamped
    own, usual = vars(quick).copy(), vars(made).copy()
    assert own.pop("_state").fields_cache == usual.pop("_state").fields_cache
    assert own == usual
    assert new_row(IncomingAccount).high_water is not new_row(IncomingAccount).high_water


def test_conflicts_are_passed_over_only_where_that_is_asked() -> None:
    partition = Partition.objects.create(name="IT", address="it@k.example")
    person = Person.objects.create(name="Ann", email="ann@k.example")
    now = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    call = Call.objects.create(partition=partition, subject="x", user=person, opened_at=now, updated_at=now)
    addresses = ("a@k.example", "b@k.example", "a@k.example")
    rows = [Participant(call=call, address=address) for address in addresses]
    insert_rows(rows, ignore_conflicts=True)
    assert sorted(call.participants.values_list("address", flat=True)) == ["a@k.example", "b@k.example"]


def test_a_secret_is_encrypted_here_too() -> None:
    from mailcall.desk.models import CallTemplate

    partition = Partition.objects.create(name="IT", address="it@k.example")
    template = CallTemplate.objects.create(name="Mail", partition=partition)
    account = IncomingAccount(name="A", address="a@k.example", template=template, password="open sesame")
    insert_rows([account])
    with connection.cursor() as cursor:
        cursor.execute("SELECT password FROM inbound_incomingaccount")
        assert "sesame" not in cursor.fetchone()[0]
    assert IncomingAccount.objects.get().password.reveal() == "open sesame"


def test_nothing_is_no_statement(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):
        insert_rows([])
