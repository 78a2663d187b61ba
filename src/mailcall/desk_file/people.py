"""Which person of the desk an address, or a name with an address, means."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailcall.desk.models import Person
from mailcall.message import comparable

_NAMED = re.compile(r"(?P<name>.*\S)\s*<(?P<email>[^<>]+)>", re.DOTALL)


@dataclass(slots=True)
class People:
    """Persons by their address, those recorded first in front."""

    by_address: dict[str, list[Person]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, persons: Iterable[Person]) -> "People":
        """These persons, who come in the order of their recording."""
        people = cls()
        for person in persons:
            people.add(person)
        return people

    def add(self, person: Person) -> None:
        """One more person."""
        self.by_address[comparable(person.email)].append(person)

    def sharing(self, email: str) -> Sequence[Person]:
        """All who have this address."""
        return self.by_address.get(comparable(email), ())

    def named(self, name: str, email: str) -> Person | None:
        """Who has this name and address; the first recorded wins."""
        return next((person for person in self.sharing(email) if person.name == name), None)

    def find(self, reference: str) -> Person | None:
        """Whom `address` or `Name <address>` means; by an address alone, the first recorded."""
        if match := _NAMED.fullmatch(reference.strip()):
            sharing = self.sharing(match["email"])
            return next((person for person in sharing if person.name.strip() == match["name"]), None)
        return next(iter(self.sharing(reference)), None)

    def reference(self, person: Person) -> str:
        """How a file refers to this person: by address, with the name where somebody shares it."""
        if self.sharing(person.email)[0] == person:
            return person.email
        return f"{person.name} <{person.email}>"


def address_of(reference: str) -> str:
    """The address of a reference, comparable."""
    match = _NAMED.fullmatch(reference.strip())
    return comparable(match["email"] if match else reference)
