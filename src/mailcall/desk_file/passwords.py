"""Passwords of a desk file: those of people, compared without hashing twice, and those of mailboxes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password

from mailcall.desk.models import Person
from mailcall.desk_file import secrets
from mailcall.desk_file.checking import Document
from mailcall.desk_file.schema import SecretReference


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where this load looks for secrets."""

    environ: Mapping[str, str]
    folder: Path

    def reveal(self, reference: SecretReference) -> str | None:
        """The secret, or None to keep the stored one. Raises SecretError."""
        return secrets.reveal(reference, self.environ, self.folder)


def unchanged(document: Document, places: Secrets) -> frozenset[tuple[str, str]]:
    """(address, stored hash) for each sign-in whose password is the one that the file gives.

    A hash that is not here when the transaction runs is replaced.
    """
    given: dict[str, set[str]] = {}
    for entry in document.entries["people"]:
        if entry.item.password:
            try:
                password = places.reveal(entry.item.password)
            except secrets.SecretError:
                continue  # told of with its line when the person is saved
            if password is not None:
                given.setdefault(entry.item.email.casefold(), set()).add(password)
    if not given:
        return frozenset()
    logins = get_user_model().objects.filter(person__isnull=False).values_list("person__email", "password")
    return frozenset(
        (email, stored)
        for email, stored in logins
        if any(check_password(password, stored) for password in given.get(email, ()))
    )


def stored_hash(person: Person) -> str:
    """The hash that the person signs in by, or nothing for somebody who can't."""
    login = get_user_model().objects.filter(person=person).first() if person.pk else None
    return login.password if login and login.has_usable_password() else ""
