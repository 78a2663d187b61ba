"""Fields of the file that are rows of other tables: addresses, members, domains, who has a role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailcall.desk import people as records
from mailcall.desk.errors import Refused
from mailcall.desk.granting import grant, withdraw
from mailcall.desk.models import Grant, Group, Membership, Organisation, Person, PersonAddress, Role
from mailcall.desk_file.checking import Entry
from mailcall.desk_file.notifying import (
    read_occasions,
    read_pager,
    read_settings,
    save_occasions,
    save_pager,
    save_settings,
)
from mailcall.desk_file.people import People
from mailcall.desk_file.references import References
from mailcall.desk_file.service_levels import (
    read_analysts,
    read_levels,
    read_people,
    read_targets,
    save_analysts,
    save_levels,
    save_people,
    save_targets,
)
from mailcall.desk_file.templates import (
    read_files,
    read_html,
    read_languages,
    read_text,
    read_uses,
    save_files,
    save_html,
    save_languages,
    save_text,
    save_uses,
)
from mailcall.desk_file.working import (
    read_priorities,
    read_state_names,
    read_steps,
    save_priorities,
    save_state_names,
    save_steps,
)
from mailcall.message import comparable


@dataclass(frozen=True, slots=True)
class Part:
    """How such a field is read from the desk, and saved after its thing; whether that changed anything.

    `save` raises Refused for what the desk does not take.
    """

    read: Callable[[Any, People], Any]
    save: Callable[[Entry, Any, References], bool]


def _read_verified(person: Person, people: People) -> list[str]:
    return [row.address for row in person.addresses.all() if row.verified_at]


def _save_verified(entry: Entry, person: Person, references: References) -> bool:
    wanted = [comparable(address) for address in entry.item.addresses]
    rows = _addresses(person)
    for row in rows.values():
        if row.verified_at and row.address not in wanted:
            records.remove_address(row, by=None)
        elif not row.verified_at and row.address in wanted:
            records.verify_address(row, by=None, how="the desk file says so")
    for address in wanted:
        if address not in rows:
            records.add_address(person, address, by=None, verified=True)
    return {row.address for row in rows.values() if row.verified_at} != set(wanted)


def _read_unverified(person: Person, people: People) -> list[str]:
    return [row.address for row in person.addresses.all() if not row.verified_at]


def _save_unverified(entry: Entry, person: Person, references: References) -> bool:
    wanted = [comparable(address) for address in entry.item.unverified_addresses]
    if twice := {comparable(address) for address in entry.item.addresses}.intersection(wanted):
        raise Refused(f"{twice.pop()} can't be both in `addresses` and in `unverified_addresses`.")
    rows = _addresses(person)
    for row in rows.values():
        if bool(row.verified_at) == (row.address in wanted):
            records.remove_address(row, by=None)
    for address in wanted:
        if address not in rows or rows[address].verified_at:
            records.add_address(person, address, by=None)
    return {row.address for row in rows.values() if not row.verified_at} != set(wanted)


def _addresses(person: Person) -> dict[str, PersonAddress]:
    return {row.address: row for row in PersonAddress.objects.filter(person=person).select_related("person")}


def _read_members(group: Group, people: People) -> list[str]:
    return [people.reference(person) for person in group.members.order_by("name", "pk")]


def _save_members(entry: Entry, group: Group, references: References) -> bool:
    wanted = references.analysts(entry, "members")
    present = set(Membership.objects.filter(group=group).values_list("person_id", flat=True))
    if {person.pk for person in wanted} == present:
        return False
    Membership.objects.filter(group=group).exclude(person__in=wanted).delete()
    Membership.objects.bulk_create(
        Membership(group=group, person=person) for person in wanted if person.pk not in present
    )
    return True


def _read_default_of(group: Group, people: People) -> list[str]:
    defaults = Person.objects.filter(default_group=group).order_by("name", "pk")
    return [people.reference(person) for person in defaults]


def _save_default_of(entry: Entry, group: Group, references: References) -> bool:
    wanted = {person.pk for person in references.analysts(entry, "default_of")}
    present = set(Person.objects.filter(default_group=group).values_list("pk", flat=True))
    Person.objects.filter(pk__in=present - wanted).update(default_group=None)
    Person.objects.filter(pk__in=wanted - present).update(default_group=group)
    return wanted != present


def _read_domains(organisation: Organisation, people: People) -> list[str]:
    return [row.domain for row in organisation.domains.all()]


def _save_domains(entry: Entry, organisation: Organisation, references: References) -> bool:
    return records.set_domains(organisation, entry.item.domains)


def _read_grants(role: Role, people: People) -> list[dict[str, str]]:
    rows = role.grants.select_related("person", "group", "partition")
    return [
        {
            name: people.reference(value) if isinstance(value, Person) else str(value)
            for name, value in (("person", row.person), ("group", row.group), ("partition", row.partition))
            if value
        }
        for row in rows
    ]


def _save_grants(entry: Entry, role: Role, references: References) -> bool:
    wanted = references.grants(entry)
    present = {(row.person, row.group, row.partition): row for row in _grants(role)}
    for key, row in present.items():
        if key not in wanted:
            withdraw(row, by=None)
    for person, group, partition in wanted:
        holder = person or group
        if holder and (person, group, partition) not in present:
            grant(role, holder, partition, by=None)
    return set(present) != set(wanted)


def _grants(role: Role) -> list[Grant]:
    return list(role.grants.select_related("role", "person", "group", "partition"))


PARTS: Mapping[str, Mapping[str, Part]] = {
    "people": {
        "addresses": Part(_read_verified, _save_verified),
        "unverified_addresses": Part(_read_unverified, _save_unverified),
        "pager": Part(read_pager, save_pager),
    },
    "partitions": {
        "priorities": Part(read_priorities, save_priorities),
        "state_names": Part(read_state_names, save_state_names),
        "notifications": Part(read_settings, save_settings),
        "message_types": Part(read_occasions, save_occasions),
    },
    "request_types": {"steps": Part(read_steps, save_steps)},
    "groups": {
        "members": Part(_read_members, _save_members),
        "default_of": Part(_read_default_of, _save_default_of),
    },
    "organisations": {"domains": Part(_read_domains, _save_domains)},
    "issue_types": {"analysts": Part(read_analysts, save_analysts)},
    "agreements": {
        "targets": Part(read_targets, save_targets),
        "levels": Part(read_levels, save_levels),
        "people": Part(read_people, save_people),
    },
    "roles": {"granted": Part(_read_grants, _save_grants)},
    "layouts": {"html": Part(read_html, save_html), "text": Part(read_text, save_text)},
    "templates": {
        "files": Part(read_files, save_files),
        "languages": Part(read_languages, save_languages),
        "used": Part(read_uses, save_uses),
    },
}
