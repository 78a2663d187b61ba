"""People's records: who has an address, and what is changed about somebody."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q, Value
from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.desk.models import Organisation, OrganisationDomain, Person, PersonAddress, PersonChange

MOST_ADDRESSES = 20


def people_by_address(addresses: Collection[str]) -> dict[str, list[Person]]:
    """Who has these (comparable) addresses, whom it means first in front. One query for all of them.

    Those who have left come last; before that, those on record with it, then those whose further address it
    is, verified or not; and always the first record first. `address_verified` of each tells whether the
    address they were found by is certainly theirs. Nobody is found by a template.
    """
    if not addresses:
        return {}
    people = Person.objects.filter(is_template=False).order_by()
    on_record = people.filter(email__in=addresses).annotate(
        found_by=F("email"), is_further=Value(False), is_certain=Value(True)
    )
    verified = ExpressionWrapper(Q(addresses__verified_at__isnull=False), BooleanField())
    further = people.filter(addresses__address__in=addresses).annotate(
        found_by=F("addresses__address"), is_further=Value(True), is_certain=verified
    )
    found: dict[str, list[Person]] = defaultdict(list)
    for person in sorted(
        on_record.union(further, all=True),
        key=lambda one: (not one.active, one.is_further, not one.is_certain, one.pk),
    ):
        person.address_verified = person.is_certain
        found[person.found_by].append(person)
    return dict(found)


def may_take_part(person: Person) -> bool:
    """Whether mail from the address by which this person was found may do anything in their name at all."""
    return person.active and not person.is_template and person.address_verified


def may_act_as_analyst(person: Person) -> bool:
    """Whether it may be an Analyst's."""
    return person.is_analyst and may_take_part(person)


def add_address(
    person: Person, address: str, *, by: Person | None, verified: bool = False, now: dt.datetime | None = None
) -> PersonAddress:
    """Have a person known by a further (comparable) address. Raises Refused."""
    now = now or timezone.now()
    address = address.strip().casefold()
    if "@" not in address.strip("@") or len(address) > 254:
        raise Refused(f"“{address}” is no address.")
    with transaction.atomic():
        person = _locked(person)
        if person.is_template:
            raise Refused(f"{person} is a template person, so nobody can write as them.")
        if address == person.email or person.addresses.filter(address=address).exists():
            raise Refused(f"{person} has the address {address} already.")
        if person.addresses.count() >= MOST_ADDRESSES:
            raise Refused(f"{person} has {MOST_ADDRESSES} further addresses already. Remove one first.")
        added = PersonAddress.objects.create(
            person=person, address=address, verified_at=now if verified else None
        )
        note(person, by, f"Further address {address} added{', as verified' if verified else ''}.", now)
    return added


def verify_address(
    row: PersonAddress, *, by: Person | None, how: str, now: dt.datetime | None = None
) -> None:
    """Say that an address is certainly its person's, and `how` that was found. Raises Refused if it was."""
    now = now or timezone.now()
    with transaction.atomic():
        if not PersonAddress.objects.filter(pk=row.pk, verified_at=None).update(verified_at=now):
            raise Refused(f"{row.address} is verified already, or was removed.")
        note(row.person, by, f"Address {row.address} verified: {how}.", now)


def remove_address(row: PersonAddress, *, by: Person | None) -> None:
    """Have a person no longer known by a further address."""
    with transaction.atomic():
        deleted, _ = PersonAddress.objects.filter(pk=row.pk).delete()
        if deleted:
            note(row.person, by, f"Further address {row.address} removed.")


def put_on_record(row: PersonAddress, *, by: Person | None) -> None:
    """Make a verified further address the one on record, to which answers go; that becomes a further one."""
    with transaction.atomic():
        person = _locked(row.person)
        current = PersonAddress.objects.filter(pk=row.pk, person=person).first()
        if current is None:
            raise Refused(f"{row.address} was removed.")
        if current.verified_at is None:
            raise Refused(f"{current.address} is not verified yet.")
        before, person.email = person.email, current.address
        person.save(update_fields=["email"])
        current.address = before
        current.save(update_fields=["address"])
        note(person, by, f"Address on record changed from {before} to {person.email}.")


def leave(person: Person, *, by: Person | None) -> None:
    """Have somebody who left do nothing any more, by mail or page; what they did stays. Raises Refused."""
    _set_active(person, by, active=False)


def come_back(person: Person, *, by: Person | None) -> None:
    """Let somebody who had left act again. Raises Refused when they had not."""
    _set_active(person, by, active=True)


def set_domains(organisation: Organisation, domains: Collection[str]) -> bool:
    """Have these (comparable) domains be an organisation's; whether that changed any. Raises Refused."""
    with transaction.atomic():
        taken = OrganisationDomain.objects.filter(domain__in=domains).exclude(organisation=organisation)
        if other := taken.select_related("organisation").first():
            raise Refused(f"{other.domain} is a domain of {other.organisation}.")
        before = set(organisation.domains.values_list("domain", flat=True))
        organisation.domains.exclude(domain__in=domains).delete()
        OrganisationDomain.objects.bulk_create(
            OrganisationDomain(organisation=organisation, domain=domain)
            for domain in domains
            if domain not in before
        )
    return before != set(domains)


def join_organisations(persons: Collection[Person]) -> None:
    """Have new persons belong to the organisation of their address's domain. One query, and no saving."""
    domains = {person.email.rpartition("@")[2] for person in persons} - {""}
    if not domains:
        return
    rows = OrganisationDomain.objects.filter(domain__in=domains)
    organisations = dict(rows.values_list("domain", "organisation"))
    for person in persons:
        person.organisation_id = organisations.get(person.email.rpartition("@")[2], person.organisation_id)


def note(person: Person, by: Person | None, text: str, now: dt.datetime | None = None) -> None:
    """Write down what was changed about a person's record, and by whom; None is who runs the desk."""
    PersonChange.objects.create(
        person=person,
        at=now or timezone.now(),
        by=by,
        by_name=str(by) if by else "An administrator",
        text=text,
    )


def _set_active(person: Person, by: Person | None, *, active: bool) -> None:
    with transaction.atomic():
        person = _locked(person)
        if person.active == active:
            raise Refused(f"{person} {'has not left' if active else 'has left already'}.")
        person.active = active
        person.save(update_fields=["active"])
        note(person, by, "Came back." if active else "Left.")


def _locked(person: Person) -> Person:
    current = Person.objects.select_for_update(of=("self",)).filter(pk=person.pk).first()
    if current is None or not current.email:
        raise Refused(f"{person} is no longer on record.")
    return current
