"""What a dump holds, and that it goes back in."""

import json

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk_file.conftest import GOOD, Complaints, Loader
from mailcall.desk.models import CallTemplate, Group, Partition, Person
from mailcall.desk_file.dumping import dump
from mailcall.desk_file.kinds import KINDS
from mailcall.desk_file.reference import SECTIONS, reference
from mailcall.inbound.models import IncomingAccount
from mailcall.outbound.models import OutgoingServer


def clear() -> None:
    for model in (IncomingAccount, OutgoingServer, CallTemplate, Group, Person, Partition):
        model.objects.all().delete()


def test_a_dump_loads_as_unchanged(load_text: Loader) -> None:
    load_text(GOOD)
    assert load_text(dump()).is_unchanged


def test_a_dump_never_has_a_secret(load_text: Loader) -> None:
    load_text(GOOD)
    text = dump()
    assert "imap secret" not in text
    assert "argon2" not in text
    assert "md5" not in text
    assert yaml.safe_load(text)["incoming_accounts"][0]["password"] == {"stored": True}


def test_a_dump_on_a_fresh_desk_says_which_passwords_are_missing(
    load_text: Loader, complaints: Complaints
) -> None:
    load_text(GOOD)
    text = dump()
    clear()
    found = complaints(text)
    lines = text.splitlines()
    assert [lines[line - 1].strip() for line in found] == ["password: {stored: true}"]
    assert "for Support" in str(found)


def test_a_dump_makes_another_desk_the_same(load_text: Loader) -> None:
    load_text(GOOD)
    text = dump().replace("password: {stored: true}", "password: {env: ANN_PASSWORD}")
    clear()
    load_text(text)
    assert load_text(text).is_unchanged
    assert dump().replace("password: {stored: true}", "password: {env: ANN_PASSWORD}") == text


@pytest.mark.parametrize("folder", ["Desk", "Desk, old; new", ["INBOX", "Desk, old", "-1"], [" Büro "]])
def test_folders_go_out_and_in_one_by_itself_and_several_as_a_list(
    load_text: Loader, folder: str | list[str]
) -> None:
    load_text(GOOD.replace("    login: support", f"    login: support\n    folder: {json.dumps(folder)}"))
    names = [folder] if isinstance(folder, str) else folder
    assert IncomingAccount.objects.get().folders == names
    dumped = yaml.safe_load(dump())["incoming_accounts"][0]["folder"]
    assert dumped == (names if len(names) > 1 else names[0])
    assert load_text(dump()).is_unchanged


def test_the_dump_of_an_empty_desk_loads(load_text: Loader) -> None:
    assert load_text(dump()).is_unchanged


@pytest.mark.django_db
def test_persons_alike_in_name_and_address_are_written_once(load_text: Loader) -> None:
    for _ in range(2):
        Person.objects.create(name="Twin", email="twin@desk.example")
    assert load_text(dump()).is_unchanged


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=40).filter(
        lambda text: text.strip() and len(text.splitlines()) == 1
    )
)
def test_any_name_goes_out_and_in(load_text: Loader, name: str) -> None:
    clear()
    partition = Partition.objects.create(name=name, address="support@desk.example")
    Person.objects.create(name=name, email="ann@desk.example", is_analyst=True)
    other = Person.objects.create(name=name + "2", email="ann@desk.example", is_analyst=True)
    Group.objects.create(name=name).members.add(other)
    CallTemplate.objects.create(name=name, partition=partition, analyst=other, stream=name)
    assert load_text(dump()).is_unchanged


def test_the_defaults_that_the_reference_tells_are_those_of_the_tables() -> None:
    for kind in KINDS:
        for name in kind.plain_fields:
            info = kind.item.model_fields[name]
            if info.is_required() or (info.json_schema_extra and "needed_when_new" in info.json_schema_extra):
                continue
            assert kind.read(kind.model(), name) == info.default, f"{kind.section}.{name}"


def test_every_field_of_every_section_is_in_the_reference() -> None:
    assert list(SECTIONS) == [kind.section for kind in KINDS]
    text = reference()
    for kind in KINDS:
        for name, info in kind.item.model_fields.items():
            assert f"| `{name}` |" in text
            assert info.description, f"{kind.section}.{name}"
