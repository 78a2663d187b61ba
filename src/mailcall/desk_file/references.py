"""Finds what an item refers to, and complains with the nearest name when there is no such thing."""

from typing import Any

from django.db.models import Model

from mailcall.desk.models import ApprovalRule, Condition, Group, OnTimeLimit, Partition, Person, TaskKind
from mailcall.desk.workflows import Step
from mailcall.desk_file.checking import Document, Entry
from mailcall.desk_file.kinds import BY_SECTION
from mailcall.desk_file.people import People, address_of
from mailcall.desk_file.problems import Problem, did_you_mean
from mailcall.desk_file.schema import StepItem
from mailcall.message import comparable


class References:
    """The things of the desk, those of the file included once they are saved."""

    def __init__(self, document: Document, people: People, problems: list[Problem]) -> None:
        self._document = document
        self._people = people
        self._problems = problems
        self._named: dict[str, list[Any]] = {}
        for entry in document.entries["people"]:
            self._named.setdefault(entry.item.email.casefold(), []).append(entry.item)

    def find(self, entry: Entry, section: str, name: str) -> Any:
        """What the field `name` refers to, or None after a complaint (or when its own line has one)."""
        reference = getattr(entry.item, name)
        if section == "people":
            person = self._person(entry, reference, (name,))
            if person and name == "analyst" and not _may_work(person):
                self._problem(entry.line(name), f"{person} is not an Analyst.")
            return person
        return self._thing(entry, section, reference, (name,))

    def analysts(self, entry: Entry, name: str) -> list[Person]:
        """The analysts that a list of references means, each once."""
        analysts: dict[int, Person] = {}
        for index, reference in enumerate(getattr(entry.item, name)):
            person = self._person(entry, reference, (name, index))
            if person is None:
                continue
            if not _may_work(person):
                self._problem(entry.line(name, index), f"{person} is not an Analyst.")
            if person.pk in analysts:
                self._problem(entry.line(name, index), f"{person} is here twice.")
            analysts[person.pk] = person
        return list(analysts.values())

    def grants(self, entry: Entry) -> list[tuple[Person | None, Group | None, Partition | None]]:
        """Who has a role where, each once; what refers to nothing is left out after a complaint."""
        found: list[tuple[Person | None, Group | None, Partition | None]] = []
        for index, item in enumerate(entry.item.granted):
            within = ("granted", index)
            before = len(self._problems)
            person = self._person(entry, item.person, (*within, "person")) if item.person else None
            group = self._thing(entry, "groups", item.group, (*within, "group"))
            partition = self._thing(entry, "partitions", item.partition, (*within, "partition"))
            complained = len(self._problems) > before or (item.partition and not partition)
            if complained or not (person or group):
                continue
            if (person, group, partition) in found:
                self._problem(entry.line(*within), "This is granted twice.")
            found.append((person, group, partition))
        return found

    def steps(self, entry: Entry) -> list[Step] | None:
        """The workflow of a request type, or None after a complaint (or when another line has one)."""
        steps = [self._step(entry, ("steps", index), item) for index, item in enumerate(entry.item.steps)]
        found = [step for step in steps if step]
        return found if len(found) == len(steps) else None

    def _step(self, entry: Entry, within: tuple[str | int, ...], item: StepItem) -> Step | None:
        def person(reference: str, *place: str | int) -> Person | None:
            return self._person(entry, reference, (*within, *place))

        approvers = [person(each, "approvers", index) for index, each in enumerate(item.approvers)]
        group = self._thing(entry, "groups", item.group, (*within, "group"))
        asked = self._thing(entry, "groups", item.approver_group, (*within, "approver_group"))
        analyst = person(item.analyst, "analyst") if item.analyst else None
        named = (*item.approvers, *filter(None, (item.group, item.approver_group, item.analyst)))
        if len(named) > len([each for each in (*approvers, group, asked, analyst) if each]):
            return None
        return Step(
            title=item.title.strip(),
            key=item.key,
            kind=TaskKind(item.kind),
            after=tuple(sorted(set(item.after))),
            condition=Condition(item.condition),
            condition_on=item.condition_on,
            group=group,
            analyst=analyst,
            approvers=tuple(sorted({one for one in approvers if one}, key=lambda one: one.pk)),
            approver_group=asked,
            rule=ApprovalRule(item.rule),
            needed=item.needed,
            time_limit_hours=item.time_limit_hours,
            reminder_hours=item.reminder_hours,
            on_time_limit=OnTimeLimit(item.on_time_limit),
        )

    def stored_person(self, entry: Entry) -> Person | None:
        """The person that the desk has for this item, None for a new one; complains when it is ambiguous."""
        item = entry.item
        if found := self._people.named(item.name, item.email):
            return found
        in_file = self._named[item.email.casefold()]
        unclaimed = [
            person
            for person in self._people.sharing(item.email)
            if person.name not in {other.name for other in in_file}
        ]
        if len(in_file) == 1 and len(self._people.sharing(item.email)) == 1:
            return unclaimed[0]  # another name for the only person with this address
        if unclaimed:
            names = ", ".join(person.name for person in unclaimed)
            self._problem(
                entry.line(),
                f"The desk has {names} with the address {item.email}, but no {item.name}. Use the name that "
                "the desk has, or list everybody who has this address.",
            )
        return None

    def _thing(self, entry: Entry, section: str, reference: str | None, within: tuple[str | int, ...]) -> Any:
        """What has this name, or None after a complaint (or when its own line has one)."""
        if not reference:
            return None
        kind = BY_SECTION[section]
        found: Model | None = kind.find(reference)
        if found is None and comparable(reference) not in self._document.broken[section]:
            hint = did_you_mean(reference, kind.model._default_manager.values_list("name", flat=True))
            self._problem(entry.line(*within), f"There is no {kind.word} `{reference}`.{hint}")
        return found

    def _person(self, entry: Entry, reference: str, within: tuple[str | int, ...]) -> Person | None:
        person = self._people.find(reference)
        if person is None and address_of(reference) not in self._document.broken["people"]:
            hint = did_you_mean(address_of(reference), self._people.by_address)
            self._problem(entry.line(*within), f"There is no person `{reference}`.{hint}")
        return person

    def _problem(self, line: int, sentence: str) -> None:
        self._problems.append(Problem(line, sentence))


def _may_work(person: Person) -> bool:
    return person.is_analyst and not person.is_template
