"""Who is in which group, and has which role where; told in the history of whoever it is about."""

from django.core.exceptions import ValidationError
from django.db import transaction

from mailcall.desk.delegations import is_active
from mailcall.desk.errors import Refused
from mailcall.desk.models import Grant, Group, Membership, Partition, Person, Role
from mailcall.desk.people import note


def join(group: Group, person: Person, *, by: Person | None) -> None:
    """Have an analyst be in a group from now on. Raises Refused."""
    _refuse_unless_analyst(person)
    with transaction.atomic():
        _, made = Membership.objects.get_or_create(group=group, person=person)
        if not made:
            raise Refused(f"{person} is in the group {group} already.")
        note(person, by, f"Joined the group {group}.")


def quit_group(group: Group, person: Person, *, by: Person | None) -> None:
    """Have somebody no longer be in a group. Raises Refused when they are not."""
    with transaction.atomic():
        deleted, _ = Membership.objects.filter(group=group, person=person).delete()
        if not deleted:
            raise Refused(f"{person} is not in the group {group}.")
        note(person, by, f"Left the group {group}.")


def grant(role: Role, holder: Person | Group, partition: Partition | None, *, by: Person | None) -> Grant:
    """Give an analyst, or each analyst in a group, a role in a partition, or with None in all.

    Raises Refused. Whoever gets their first role may from then on do only what their roles say.
    """
    made = Grant(role=role, partition=partition)
    if isinstance(holder, Person):
        _refuse_unless_analyst(holder)
        made.person = holder
    else:
        made.group = holder
    with transaction.atomic():
        try:
            made.validate_constraints()
        except ValidationError as error:
            raise Refused(" ".join(error.messages)) from None
        made.save()
        if isinstance(holder, Person):
            note(holder, by, f"Given the role {_named(made)}.")
    return made


def withdraw(grant: Grant, *, by: Person | None) -> None:
    """Take a role away."""
    with transaction.atomic():
        deleted, _ = Grant.objects.filter(pk=grant.pk).delete()
        if deleted and grant.person:
            note(grant.person, by, f"No longer has the role {_named(grant)}.")


def _named(grant: Grant) -> str:
    return f"{grant.role} in {grant.partition or 'all partitions'}"


def _refuse_unless_analyst(person: Person) -> None:
    if not (person.is_analyst and is_active(person)):
        raise Refused(f"{person} is no active Analyst.")
