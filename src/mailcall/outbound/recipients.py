"""Who is written to: people who can be, groups by their delivery table, and whoever is in charge."""

from collections.abc import Iterable

from mailcall.desk.events import Origin
from mailcall.desk.models import Call, Group, Person, Request, Task, TimelineEntry
from mailcall.message import address_ok
from mailcall.outbound.origin import MailOrigin

Recipient = tuple[str, str]
Work = Call | Request | Task


def reachable(person: Person) -> bool:
    """Whether mail may go to somebody, and can."""
    return person.available_recipient and person.active and address_ok(person.email)


def mailboxes(people: Iterable[Person]) -> list[Recipient]:
    """The names and addresses of those who can be reached."""
    return [(person.name, person.email) for person in people if reachable(person)]


def group_recipients(group: Group) -> list[Recipient]:
    """Whom a group's mail goes to: the documented group delivery table."""
    own = [a.strip() for a in group.addresses.split(";") if address_ok(a.strip())]
    recipients: list[Recipient] = [(group.name, address) for address in own]
    if group.email_analysts:
        recipients += mailboxes(group.members.filter(is_analyst=True, is_template=False))
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
        return self.of(parent_of(work)) if isinstance(work, Task) else []

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


def but_not_writer(recipients: list[Recipient], entry: TimelineEntry, origin: Origin) -> list[Recipient]:
    """Those who did not do it themselves, and know."""
    wrote = {entry.actor.email} if entry.actor else set()
    if isinstance(origin.context, MailOrigin):
        wrote.add(origin.context.sender_address)
    return [recipient for recipient in recipients if recipient[1].casefold() not in wrote]


def did_it(person: Person, entry: TimelineEntry, origin: Origin) -> bool:
    """Whether this person brought it about."""
    mail = origin.context
    return entry.actor_id == person.pk or (
        isinstance(mail, MailOrigin) and mail.sender_address == person.email != ""
    )
