"""Whom an erasure is about, and why it may have to wait."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Participant, Person, PersonAddress
from mailcall.desk.models.calls import CLOSED_STATES
from mailcall.inbound.facts import own_addresses
from mailcall.inbound.models import ReceivedMail
from mailcall.message import comparable
from mailcall.outbound.models import Delivery
from mailcall.retention.removing import IN_HAND
from mailcall.retention.waiting import SHOWN, listed, open_work, steps_to_approve


@dataclass(frozen=True, slots=True)
class Subject:
    """The persons that an erasure is about, their address (empty when they have none), and further ones."""

    persons: Sequence[Person]
    address: str
    further: Sequence[str] = ()

    @property
    def keys(self) -> list[int]:
        """The persons' numbers."""
        return [person.pk for person in self.persons]

    @property
    def addresses(self) -> list[str]:
        """All their addresses."""
        return [address for address in (self.address, *self.further) if address]

    @property
    def title(self) -> str:
        """For the audit: without a name or an address."""
        numbers = ", ".join(f"{key}" for key in self.keys)
        return f"Erasure of person {numbers}" if numbers else "Erasure of an address without a person"

    @property
    def words(self) -> list[str]:
        """What others may have written of them: the addresses and the full names."""
        names = [person.name for person in self.persons if len(person.name.split()) > 1]
        return [word for word in dict.fromkeys([*self.addresses, *names]) if word]

    def calls(self) -> "QuerySet[Call]":
        """The calls that they are the Users of, or take part in."""
        part = Participant.objects.filter(address__in=self.addresses)
        return Call.objects.filter(Q(user__in=self.keys) | Q(pk__in=part.values("call")))

    def apart(self) -> "QuerySet[ReceivedMail]":
        """Their mails that went to no call."""
        rows = ReceivedMail.objects.filter(acted_at__isnull=False, entry=None, emptied_at=None)
        return rows.filter(from_address__in=self.addresses)

    def deliveries(self) -> "QuerySet[Delivery]":
        """The copies of messages that went to them."""
        return Delivery.objects.filter(recipient__in=self.addresses)


def subject_of(who: str) -> Subject:
    """Whom a person's number, or an address, means. Raises Refused."""
    if who.isascii() and who.isdigit() and len(who) < 19:
        person = Person.objects.filter(pk=int(who)).first()
        if person is None:
            raise Refused(f"There is no person {who}.")
        return _subject([person], person.email)
    address = comparable(who.strip())
    if "@" not in address.strip("@"):
        raise Refused(f"“{who}” is neither an address nor a person's number.")
    if further := PersonAddress.objects.filter(address=address).select_related("person").first():
        raise Refused(
            f"{address} is a further address of {further.person}. Give their number, {further.person_id}, to "
            "erase them, or have the address removed from their record first."
        )
    subject = _subject(list(Person.objects.filter(email=address).order_by("pk")), address)
    if not (
        subject.persons
        or subject.calls().exists()
        or subject.apart().exists()
        or subject.deliveries().exists()
    ):
        raise Refused(f"Nobody has the address {address}, and no mail came from it or went to it.")
    return subject


def _subject(persons: Sequence[Person], address: str) -> Subject:
    """What these persons have on record. Raises Refused when others have one of their addresses, too."""
    further = (
        PersonAddress.objects.filter(person__in=persons).order_by("pk").values_list("address", flat=True)
    )
    subject = Subject(persons, address, tuple(dict.fromkeys(further)))
    for each in subject.addresses:
        having = Q(email=each) | Q(pk__in=PersonAddress.objects.filter(address=each).values("person"))
        others = Person.objects.filter(having).exclude(pk__in=subject.keys)
        if others:
            numbers = ", ".join(f"{one.name} ({one.pk})" for one in sorted([*persons, *others], key=_key))
            raise Refused(
                f"{each} is the address of {numbers}, and what came from it can't be told apart. "
                "Give the address to erase all of them, or give one of them another address first."
            )
    return subject


def _key(person: Person) -> int:
    return person.pk


def refuse_what_must_wait(subject: Subject, *, even_open: bool) -> None:
    """Raise Refused while the desk still needs who they are."""
    for reason in _reasons(subject, even_open=even_open):
        raise Refused(reason)


def _reasons(subject: Subject, *, even_open: bool) -> Iterator[str]:
    for address in own_addresses().intersection(subject.addresses):
        yield f"{address} is an address of this desk."
    for person in subject.persons:
        if person.is_template:
            yield f"{person} is a template person."
    logins = get_user_model()._default_manager.filter(person__in=subject.keys, is_active=True)
    if logins.exists():
        yield (
            f"{subject.persons[0]} can sign in. Take that away first: "
            f"mailcall password {subject.address} --off"
        )
    of_theirs = Delivery.objects.filter(
        Q(message__call__user__in=subject.keys)
        | Q(message__request__user__in=subject.keys)
        | Q(message__task__request__user__in=subject.keys)
    )
    waiting = (subject.deliveries().filter(state__in=IN_HAND), of_theirs.filter(state__in=IN_HAND))
    messages = sorted({key for rows in waiting for key in rows.values_list("message", flat=True)[:SHOWN]})
    if messages:
        yield (
            f"Mail to {subject.address or 'them'}, or about what is theirs, is on its way or held: messages "
            f"{', '.join(map(str, messages))}. Wait for it, or cancel it on its page."
        )
    worked_on = Call.objects.filter(analyst__in=subject.keys)
    still_open = (subject.calls() | worked_on).exclude(state__in=CLOSED_STATES).distinct().order_by("pk")
    if not even_open:
        if numbers := listed(still_open.values_list("pk", flat=True)[: SHOWN + 1]):
            yield f"These calls of theirs are open: {numbers}. Close them, or say --even-open."
        yield from open_work(subject.keys)
    yield from steps_to_approve(subject.keys)
