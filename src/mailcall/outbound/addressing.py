"""Whom a mail that is being written goes to: what was typed, who is meant, and who can't be written to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Group, Organisation, Person, Task
from mailcall.message import comparable
from mailcall.outbound.letters import MOST_RECIPIENTS, people_with
from mailcall.outbound.models import Draft
from mailcall.outbound.recipients import Work, group_recipients, mailboxes, parent_of, why_unreachable
from mailcall.outbound.suppressing import suppressed
from mailcall.outbound.typed_addresses import Mailbox, read_typed

FOUND = 8  # of each kind, in a search
SHORTEST = 2  # characters that are searched for


@dataclass(frozen=True, slots=True)
class Reader:
    """One address that a mail goes to. `who` says what the desk knows of it, `why_not` why it can't go there.

    `doubt` is a reason to think twice, for a mail that may go there.
    """

    field: str
    name: str
    address: str
    who: str
    why_not: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Addressed:
    """The mailboxes in each field, each address once, the readers that they are, and what is no address."""

    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    readers: tuple[Reader, ...]
    wrong: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What changes when any reader does, or the field of one."""
        seen = sorted(f"{reader.field} {comparable(reader.address)}" for reader in self.readers)
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]

    def refuse_unreachable(self) -> None:
        """Raise Refused when something is no address, or mail can't go to one of them."""
        if self.wrong:
            raise Refused(" ".join(f"“{part}” is not an email address." for part in self.wrong[:5]))
        if bad := [reader for reader in self.readers if reader.why_not]:
            raise Refused(" ".join(f"{one.name or one.address}: {one.why_not}" for one in bad[:5]))


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody, or several together, whom a search found, with their mailboxes."""

    name: str
    what: str
    mailboxes: tuple[Mailbox, ...]


def addressed(draft: Draft) -> Addressed:
    """Read what was typed into the fields of a draft."""
    seen: set[str] = set()
    boxes: dict[str, tuple[Mailbox, ...]] = {}
    wrong: list[str] = []
    for field in ("to", "cc", "bcc"):
        typed = read_typed(getattr(draft, field))
        boxes[field] = tuple(box for box in typed.mailboxes if comparable(box[1]) not in seen)
        seen |= {comparable(box[1]) for box in boxes[field]}
        wrong += typed.wrong
    return Addressed(**boxes, readers=_readers(draft.about, boxes), wrong=tuple(wrong))


def _readers(about: Work, boxes: dict[str, tuple[Mailbox, ...]]) -> tuple[Reader, ...]:
    addresses = [address for some in boxes.values() for _, address in some]
    people = people_with(addresses)
    doubts = suppressed(addresses)
    user = user_of(about)
    return tuple(
        Reader(
            field,
            name or (person.name if person else ""),
            address,
            _who(person, user),
            why_unreachable(person) if person else "",
            doubts.get(address, ""),
        )
        for field, some in boxes.items()
        for name, address in some
        for person in (people.get(address.casefold()),)
    )


def _who(person: Person | None, user: Person) -> str:
    if person is None:
        return "not on record"
    if person.pk == user.pk:
        return "the User"
    return "an analyst" if person.is_analyst else "on record"


def user_of(about: Work) -> Person:
    """The User of a call or request, or of what a task is a part of."""
    return (parent_of(about) if isinstance(about, Task) else about).user


def find_readers(about: Work, words: str) -> list[Match]:
    """Whom somebody may mean: who takes part, people, groups and organisations, by name or address."""
    words = words.strip()[:100]
    if len(words) < SHORTEST:
        return []
    return [*_stakeholders(about, words), *_people(words), *_groups(words), *_organisations(words)]


def stakeholders(about: Work) -> list[Match]:
    """Who takes part in it: its User, participants of a call, and its analyst."""
    user = user_of(about)
    found = [Match(str(user), "the User", ((user.name, user.email),))] if user.email else []
    if isinstance(about, Call):
        for one in about.participants.order_by("pk")[:50]:
            if one.address != user.email:
                found.append(Match(one.name or one.address, "takes part", ((one.name, one.address),)))
    if about.analyst and about.analyst.email:
        analyst = about.analyst
        found.append(Match(str(analyst), "its analyst", ((analyst.name, analyst.email),)))
    return found


def _stakeholders(about: Work, words: str) -> list[Match]:
    folded = words.casefold()
    return [
        match
        for match in stakeholders(about)
        if folded in match.name.casefold() or folded in match.mailboxes[0][1].casefold()
    ]


def _people(words: str) -> list[Match]:
    people = Person.objects.filter(
        Q(name__icontains=words) | Q(email__icontains=words), is_template=False, active=True
    ).exclude(email="")
    return [
        Match(str(person), "an analyst" if person.is_analyst else "a person", ((person.name, person.email),))
        for person in people[:FOUND]
        if not why_unreachable(person)
    ]


def _groups(words: str) -> list[Match]:
    found = []
    for group in Group.objects.filter(name__icontains=words)[:FOUND]:
        boxes = tuple(one.pair for one in group_recipients(group) if not one.why_not)
        if boxes:
            found.append(Match(str(group), _counted("a group", boxes), boxes))
    return found


def _organisations(words: str) -> list[Match]:
    found = []
    for organisation in Organisation.objects.filter(name__icontains=words)[:FOUND]:
        members = organisation.people.filter(is_template=False)[: MOST_RECIPIENTS + 1]
        boxes = tuple(one.pair for one in mailboxes(members) if not one.why_not)
        if boxes:
            found.append(Match(str(organisation), _counted("an organisation", boxes), boxes))
    return found


def _counted(what: str, boxes: Sequence[Mailbox]) -> str:
    return f"{what}, {len(boxes)} {'address' if len(boxes) == 1 else 'addresses'}"
