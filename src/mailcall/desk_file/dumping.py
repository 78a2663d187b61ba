"""Writes the desk out as a desk file, without any secret."""

from collections.abc import Iterable, Sequence
from typing import Any

import yaml
from django.db import transaction

from mailcall.desk.models import Person
from mailcall.desk_file import passwords
from mailcall.desk_file.kinds import BY_SECTION, KINDS, Kind
from mailcall.desk_file.parts import PARTS
from mailcall.desk_file.people import People

_HEADER = """\
# A desk, written by `mailcall dump`; `mailcall load` loads it. It holds no password: {stored: true}
# keeps the one that the desk has. Where there is none, {env: NAME} or {file: PATH} says where it is.
"""


def dump() -> str:
    """The desk as YAML text. Loading it again changes nothing.

    Persons with both the same name and the same address can't be told apart: the first recorded is written.
    Those without an address, unknown senders and the erased, are left out.
    """
    with transaction.atomic():
        people = People.of(_persons())
        sections = {kind.section: _section(kind, people) for kind in KINDS}
    text = yaml.dump(
        {name: items for name, items in sections.items() if items},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=110,
    )
    return _HEADER + (text if any(sections.values()) else "")


def _persons() -> Iterable[Person]:
    rows = Person.objects.exclude(email="").order_by("pk")
    return rows.select_related("organisation").prefetch_related("addresses")


def _section(kind: Kind, people: People) -> list[dict[str, Any]]:
    if kind.model is Person:
        first = [person for persons in people.by_address.values() for person in _one_of_each_name(persons)]
        return [_item(kind, each, people) for each in sorted(first, key=lambda each: (each.name, each.pk))]
    return [_item(kind, each, people) for each in kind.all()]


def _one_of_each_name(persons: Sequence[Person]) -> Iterable[Person]:
    return {person.name: person for person in reversed(persons)}.values()


def _item(kind: Kind, thing: Any, people: People) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for name in kind.item.model_fields:
        if name in kind.references:
            referred = getattr(thing, name)
            item[name] = (
                people.reference(referred) if isinstance(referred, Person) else _name(kind, name, referred)
            )
        elif name in kind.parts:
            item[name] = PARTS[kind.section][name].read(thing, people)
        elif name != "password":
            item[name] = kind.read(thing, name)
        elif isinstance(thing, Person):
            if passwords.stored_hash(thing):
                item[name] = {"stored": True}
        else:
            item[name] = {"stored": True} if thing.password else None
    return item


def _name(kind: Kind, field: str, referred: Any) -> str | None:
    return str(BY_SECTION[kind.references[field]].read(referred, "name")) if referred else None


class _Dumper(yaml.SafeDumper):
    """Lists set in below their name, references to secrets on one line, nothing by alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        is_secret = set(mapping) == {"stored"}
        return super().represent_mapping(tag, mapping, True if is_secret else flow_style)
