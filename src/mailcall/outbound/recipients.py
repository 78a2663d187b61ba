"""Who is to be written to: people, groups by their delivery table, and whoever is in charge.

Whoever can't be told, or need not be, stays in the list with the reason, so that it can be asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mailcall.desk.events import Origin
from mailcall.desk.models import Call, Group, Partition, Person, Request, Right, Task, TimelineEntry
from mailcall.desk.rights import Rights, why_not
from mailcall.message import address_ok
from mailcall.outbound.origin import MailOrigin

Work = Call | Request | Task
DID_IT = "They did it themselves."


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to tell: a person, or the address of a group. `why_not` says why they are not told."""

    name: str
    address: str
    person: Person | None = None
    why_not: str = ""

    @property
    def pair(self) -> tuple[str, str]:
        """As the message table has it."""
        return self.name, self.address


def why_unreachable(person: Person) -> str:
    """Why no mail may go to somebody, or can; empty when it may and can."""
    if not person.active:
        return "They have left."
    if not person.available_recipient:
        return "They are no available recipient."
    if not address_ok(person.email):
        return f"“{person.email}” is no address that mail can go to." if person.email else "No address."
    return ""


def reachable(person: Person) -> bool:
    """Whether mail may go to somebody, and can."""
    return not why_unreachable(person)


def mailboxes(people: Iterable[Person]) -> list[Recipient]:
    """These people, with the reason where mail can't go to them."""
    return [Recipient(person.name, person.email, person, why_unreachable(person)) for person in people]


def if_they_may_see(recipient: Recipient, partition: Partition, rights: Mapping[int, Rights]) -> Recipient:
    """Analysts hear of what they may see: the same, or not told with the reason. `rights` are by person."""
    person = recipient.person
    if person is None or recipient.why_not:
        return recipient
    return replace(recipient, why_not=why_not(person, Right.VIEW, partition, rights=rights[person.pk]))


def group_recipients(group: Group) -> list[Recipient]:
    """Whom a group's mail goes to: the documented group delivery table."""
    own = [a.strip() for a in group.addresses.split(";") if address_ok(a.strip())]
    recipients = [Recipient(group.name, address) for address in own]
    if group.email_analysts:
        recipients += mailboxes(group.members.filter(is_analyst=True, is_template=False))
    if not recipients:
        why = "It has no address, and Email Analysts is off."
        if group.email_analysts:
            why = "It has neither an address nor analysts."
        recipients = [Recipient(f"Group {group}", "", why_not=why)]
    return recipients


class Charges:
    """Who is in charge of what, and whom that is to be told to; each group is asked for once."""

    def __init__(self) -> None:
        self._groups: dict[int, list[Recipient]] = {}

    def of(self, work: Work) -> list[Recipient]:
        """The assigned analyst, else the group; of a task that is nobody's, whose request or call it is."""
        if work.analyst:
            return mailboxes([work.analyst])
        if work.group:
            return self._group(work.group)
        if isinstance(work, Task):
            return self.of(parent_of(work))
        return [Recipient("", "", why_not="It is assigned to nobody.")]

    def _group(self, group: Group) -> list[Recipient]:
        if group.pk not in self._groups:
            self._groups[group.pk] = group_recipients(group)
        return self._groups[group.pk]


def kind_of(work: Work) -> str:
    """`call`, `request` or `task`: what sentences call it, and its column in the message table."""
    return str(work._meta.model_name)


def parent_of(task: Task) -> Request | Call:
    """What a task is a part of."""
    parent = task.request or task.call
    assert parent is not None  # a constraint of the table
    return parent


def partition_of(work: Work) -> Partition:
    """Whose work it is, and whose mail tells of it."""
    return (parent_of(work) if isinstance(work, Task) else work).partition


def excused(recipients: Iterable[Recipient], why: str) -> list[Recipient]:
    """These, not told for this reason, unless they have one already."""
    return [replace(recipient, why_not=recipient.why_not or why) for recipient in recipients]


def but_not_writer(recipients: list[Recipient], entry: TimelineEntry, origin: Origin) -> list[Recipient]:
    """Whoever did it themselves knows."""
    wrote = {entry.actor.email} if entry.actor else set()
    if isinstance(origin.context, MailOrigin):
        wrote.add(origin.context.sender_address)
    return [
        recipient
        for one in recipients
        for recipient in (excused([one], DID_IT) if one.address.casefold() in wrote else [one])
    ]


def did_it(person: Person, entry: TimelineEntry, origin: Origin) -> bool:
    """Whether this person brought it about."""
    mail = origin.context
    return entry.actor_id == person.pk or (
        isinstance(mail, MailOrigin) and mail.sender_address == person.email != ""
    )
