"""Whom an erasure is about, and why it may have to wait."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Participant, Person
from mailcall.desk.models.calls import CLOSED_STATES
from mailcall.inbound.facts import own_addresses
from mailcall.inbound.models import ReceivedMail
from mailcall.message import comparable
from mailcall.outbound.models import Delivery
from mailcall.retention.removing import IN_HAND

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Subject:
    """The persons that an erasure is about, and their address; empty when they have none."""

    persons: Sequence[Person]
    address: str

    @property
    def keys(self) -> list[int]:
        """The persons' numbers."""
        return [person.pk for person in self.persons]

    @property
    def title(self) -> str:
        """For the audit: without a name or an address."""
        numbers = ", ".join(f"{key}" for key in self.keys)
        return f"Erasure of person {numbers}" if numbers else "Erasure of an address without a person"

    @property
    def words(self) -> list[str]:
        """What others may have written of them: the address and the full names."""
        names = [person.name for person in self.persons if len(person.name.split()) > 1]
        return [word for word in dict.fromkeys([self.address, *names]) if word]

    def calls(self) -> "QuerySet[Call]":
        """The calls that they are the Users of, or take part in."""
        part = (
            Participant.objects.filter(address=self.address) if self.address else Participant.objects.none()
        )
        return Call.objects.filter(Q(user__in=self.keys) | Q(pk__in=part.values("call")))

    def apart(self) -> "QuerySet[ReceivedMail]":
        """Their mails that went to no call."""
        rows = ReceivedMail.objects.filter(acted_at__isnull=False, entry=None, emptied_at=None)
        return rows.filter(from_address=self.address) if self.address else rows.none()

    def deliveries(self) -> "QuerySet[Delivery]":
        """The copies of messages that went to them."""
        return Delivery.objects.filter(recipient=self.address) if self.address else Delivery.objects.none()


def subject_of(who: str) -> Subject:
    """Whom a person's number, or an address, means. Raises Refused."""
    if who.isascii() and who.isdigit() and len(who) < 19:
        person = Person.objects.filter(pk=int(who)).first()
        if person is None:
            raise Refused(f"There is no person {who}.")
        sharing = list(Person.objects.filter(email=person.email).order_by("pk")) if person.email else [person]
        if len(sharing) > 1:
            numbers = ", ".join(f"{each.name} ({each.pk})" for each in sharing)
            raise Refused(
                f"{person.email} is the address of {numbers}, and what came from it can't be told apart. "
                "Give the address to erase all of them, or give one of them another address first."
            )
        return Subject([person], person.email)
    address = comparable(who.strip())
    if "@" not in address.strip("@"):
        raise Refused(f"“{who}” is neither an address nor a person's number.")
    subject = Subject(list(Person.objects.filter(email=address).order_by("pk")), address)
    if not (
        subject.persons
        or subject.calls().exists()
        or subject.apart().exists()
        or subject.deliveries().exists()
    ):
        raise Refused(f"Nobody has the address {address}, and no mail came from it or went to it.")
    return subject


def refuse_what_must_wait(subject: Subject, *, even_open: bool) -> None:
    """Raise Refused while the desk still needs who they are."""
    for reason in _reasons(subject, even_open=even_open):
        raise Refused(reason)


def _reasons(subject: Subject, *, even_open: bool) -> Iterator[str]:
    if subject.address in own_addresses():
        yield f"{subject.address} is an address of this desk."
    for person in subject.persons:
        if person.is_template:
            yield f"{person} is a template person."
    logins = get_user_model()._default_manager.filter(person__in=subject.keys, is_active=True)
    if logins.exists():
        yield (
            f"{subject.persons[0]} can sign in. Take that away first: "
            f"mailcall password {subject.address} --off"
        )
    of_theirs = Delivery.objects.filter(message__call__user__in=subject.keys)
    waiting = (subject.deliveries().filter(state__in=IN_HAND), of_theirs.filter(state__in=IN_HAND))
    messages = sorted({key for rows in waiting for key in rows.values_list("message", flat=True)[:SHOWN]})
    if messages:
        yield (
            f"Mail to {subject.address or 'them'}, or about their calls, is on its way or held: messages "
            f"{', '.join(map(str, messages))}. Wait for it, or cancel it on its page."
        )
    worked_on = Call.objects.filter(analyst__in=subject.keys)
    still_open = (subject.calls() | worked_on).exclude(state__in=CLOSED_STATES).distinct().order_by("pk")
    if not even_open and (numbers := list(still_open.values_list("pk", flat=True)[: SHOWN + 1])):
        listed = ", ".join(map(str, numbers[:SHOWN])) + (", ..." if len(numbers) > SHOWN else "")
        yield f"These calls of theirs are open: {listed}. Close them, or say --even-open."
