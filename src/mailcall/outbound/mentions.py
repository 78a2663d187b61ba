"""Analysts whom somebody mentions in a note, as in `@Ann Bell` or `@ann.bell`."""

import re
from collections.abc import Iterator

from mailcall.desk.events import Origin
from mailcall.desk.models import Person, TimelineEntry
from mailcall.outbound.instructions import Instruction
from mailcall.outbound.message_types import MessageType
from mailcall.outbound.recipients import Work, but_not_writer, mailboxes
from mailcall.outbound.snapshots import words

MOST = 20  # are told of one note
_MENTION = re.compile(r"(?<![\w.@+-])@(?=\w)")
_GOES_ON = re.compile(r"[\w-]")


def mentions(kind: MessageType, work: Work, entry: TimelineEntry, origin: Origin) -> Iterator[Instruction]:
    """Each analyst whom an analyst's words mention is told."""
    if "@" not in entry.text or entry.actor is None or not entry.actor.is_analyst:
        return
    found = mentioned(entry.text)
    if not found:
        return
    yield Instruction(
        kind,
        work,
        entry,
        origin,
        to=but_not_writer(mailboxes(found), entry, origin),
        data=words(entry),
        why=f"{entry.actor_name} mentioned them.",
    )


def mentioned(text: str) -> list[Person]:
    """The active analysts whose names or addresses stand after an `@`, in order, each once."""
    places = [match.end() for match in _MENTION.finditer(text)][:MOST]
    if not places:
        return []
    names = [
        (name, person)
        for person in Person.objects.filter(is_analyst=True, active=True, is_template=False).order_by("pk")
        for name in _names(person)
    ]
    names.sort(key=lambda pair: -len(pair[0]))
    found: dict[int, Person] = {}
    for place in places:
        after = text[place : place + 320].casefold()
        for name, person in names:
            if after.startswith(name) and not _GOES_ON.match(after[len(name) :]):
                found.setdefault(person.pk, person)
                break
    return list(found.values())


def _names(person: Person) -> list[str]:
    """What may stand for them: the name, that with dots, the address, what is before its @."""
    name = " ".join(person.name.casefold().split())
    own = person.email.partition("@")[0]
    return [name for name in (name, name.replace(" ", "."), person.email, own) if name]
