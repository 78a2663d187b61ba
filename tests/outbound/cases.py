"""Cases of who hears of what: one event in a partition of its own, under one setting, row and language."""

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailcall.desk.models import Call, Channel, Group, Membership, Partition, Person
from mailcall.desk.work import Deed, by
from mailcall.outbound.models import NotificationSettings, PersonNotices

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SETTINGS = {
    "as usual": {},
    "no email": {"email": False},
    "no email, internal": {"email": False, "internal": True},
    "asked, yes": {"email": False, "email_optional_at_forward": True, "email_at_update": False},
    "asked, no": {"email_optional_at_forward": True, "email_at_update": True},
    "no escalation": {"email_at_escalation": False},
    "no email, pager": {"email": False, "email_at_escalation": False, "pager": True},
}
ROWS = [(True, False), (True, True), (False, True), (False, False)]  # group address given, Email Analysts
LANGUAGES = ["", "en", "de", "de-AT", "fr"]


@dataclass
class Case:
    """One event in one partition, with its own people."""

    number: int
    event: str
    setting: str
    row: tuple[bool, bool]
    language: str
    group: Group = field(init=False)
    partition: Partition = field(init=False)
    user: Person = field(init=False)
    one: Person = field(init=False)
    two: Person = field(init=False)
    other: Person = field(init=False)
    pagers: dict[str, str] = field(init=False)  # of the analysts, by address

    def set_up(self) -> None:
        """The partition with its User, a group of two analysts, and another analyst, who does things."""
        name = f"c{self.number}"
        self.partition = Partition.objects.create(name=name, address=f"{name}@desk.example")
        NotificationSettings.objects.create(partition=self.partition, **SETTINGS[self.setting])
        self.user = self._person("user", is_user=True)
        self.one, self.two, self.other = (
            self._person(who, is_analyst=True) for who in ("one", "two", "other")
        )
        given, email_analysts = self.row
        self.group = Group.objects.create(
            name=f"Group {name}",
            addresses="; ".join(self._group_addresses) if given else "",
            email_analysts=email_analysts,
        )
        Membership.objects.bulk_create(Membership(group=self.group, person=p) for p in (self.one, self.two))
        analysts = (self.one, self.two, self.other)
        self.pagers = {person.email: person.email.replace("people", "pager") for person in analysts}
        PersonNotices.objects.bulk_create(
            PersonNotices(person=person, pager=self.pagers[person.email], digest_at=dt.time(8))
            for person in analysts
        )

    def _person(self, who: str, **roles: bool) -> Person:
        email = f"c{self.number}.{who}@people.example"
        return Person.objects.create(
            name=f"{who.title()} {self.number}", email=email, language=self.language, **roles
        )

    def call(self) -> Call:
        return Call.objects.create(
            partition=self.partition, subject="Lampe 7", user=self.user, group=self.group
        )

    def call_of(self, analyst: Person) -> Call:
        """One that is for an analyst alone."""
        return Call.objects.create(
            partition=self.partition, subject="Lampe 7", user=self.user, analyst=analyst
        )

    def deed(self, text: str = "") -> Deed:
        return by(self.other, Channel.PAGE, text, now=NOW)

    @property
    def group_hears(self) -> list[str]:
        """The documented group delivery table."""
        addresses = self._group_addresses
        analysts = [self.one.email, self.two.email]
        return {
            (True, False): addresses,
            (True, True): addresses + analysts,
            (False, True): analysts,
            (False, False): [],
        }[self.row]

    @property
    def people(self) -> list[str]:
        """The addresses of those whose language is known."""
        return [person.email for person in (self.user, self.one, self.two, self.other)]

    @property
    def addresses(self) -> list[str]:
        """All to which mail of it could go."""
        return [*dict.fromkeys((*self.people, *self._group_addresses, *self.pagers.values()))]

    @property
    def _group_addresses(self) -> list[str]:
        return [f"c{self.number}.{name}@desk.example" for name in ("team", "night")]

    def __str__(self) -> str:
        return f"{self.event}, {self.setting}, group {self.row}, language {self.language or 'none'}"


def pairwise(factors: Sequence[Sequence[object]]) -> Iterator[tuple]:
    """Rows in which each value of a factor meets each of every other one; greedy, and always the same."""
    missing = {
        (i, a, j, b)
        for (i, one), (j, other) in itertools.combinations(enumerate(factors), 2)
        for a in range(len(one))
        for b in range(len(other))
    }
    rows = list(itertools.product(*(range(len(factor)) for factor in factors)))
    while missing:
        best = max(rows, key=lambda row: len(_pairs(row) & missing))
        missing -= _pairs(best)
        yield tuple(factor[n] for factor, n in zip(factors, best, strict=True))


def _pairs(row: tuple[int, ...]) -> set[tuple[int, int, int, int]]:
    return {(i, row[i], j, row[j]) for i, j in itertools.combinations(range(len(row)), 2)}
