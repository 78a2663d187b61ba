"""Who hears of what, through Postfix into mailboxes: events, settings, rows of the group table, languages.

Each case is a partition of its own with its own people, so that many are tried in one delivery. The oracle is
written from the documented tables, and shares nothing with the product.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from desk.offices import approval, step
from mailcall.desk import call_handling, calls, closing, events, handling
from mailcall.desk.call_relations import merge
from mailcall.desk.models import (
    Call,
    Channel,
    EntryKind,
    Group,
    Membership,
    Partition,
    Person,
    Request,
    RequestType,
    Task,
    TimelineEntry,
)
from mailcall.desk.requests import log_request
from mailcall.desk.work import Deed, by
from mailcall.desk.workflows import set_workflow
from mailcall.message import read_mail
from mailcall.outbound.deliver import deliver
from mailcall.outbound.models import Notice, NotificationSettings, OccasionSetting, OutgoingServer
from outbound.told import mailed
from servers.postfix import Postfix

pytestmark = pytest.mark.servers

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SETTINGS = {
    "as usual": {},
    "no email": {"email": False},
    "no email, internal": {"email": False, "internal": True},
    "asked, yes": {"email": False, "email_optional_at_forward": True, "email_at_update": False},
    "asked, no": {"email_optional_at_forward": True, "email_at_update": True},
    "no escalation": {"email_at_escalation": False},
}
ROWS = [(True, False), (True, True), (False, True), (False, False)]  # group address given, Email Analysts
LANGUAGES = ["", "en", "de", "de-AT", "fr"]
GERMAN = ("Guten Tag", " hat ", "Meldung", "Auftrag", "Aufgabe")


@dataclass
class Case:
    """One event in one partition; `heard` is who is to get how many mails of it."""

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
            addresses=f"{name}.team@desk.example; {name}.night@desk.example" if given else "",
            email_analysts=email_analysts,
        )
        Membership.objects.bulk_create(Membership(group=self.group, person=p) for p in (self.one, self.two))

    def _person(self, who: str, **roles: bool) -> Person:
        email = f"c{self.number}.{who}@people.example"
        return Person.objects.create(
            name=f"{who.title()} {self.number}", email=email, language=self.language, **roles
        )

    def call(self) -> Call:
        return Call.objects.create(
            partition=self.partition, subject="Lampe 7", user=self.user, group=self.group
        )

    def deed(self, text: str = "") -> Deed:
        return by(self.other, Channel.PAGE, text, now=NOW)

    @property
    def group_hears(self) -> list[str]:
        """The documented group delivery table."""
        given, email_analysts = self.row
        name = f"c{self.number}"
        addresses = [f"{name}.team@desk.example", f"{name}.night@desk.example"]
        analysts = [self.one.email, self.two.email]
        return {
            (True, False): addresses,
            (True, True): addresses + analysts,
            (False, True): analysts,
            (False, False): [],
        }[given, email_analysts]

    def __str__(self) -> str:
        return f"{self.event}, {self.setting}, group {self.row}, language {self.language or 'none'}"


def by_mail(case: Case) -> None:
    call = case.call()
    entry = TimelineEntry.objects.create(
        call=call, kind=EntryKind.MAIL_IN, actor=case.user, actor_name=str(case.user), text="Noch dunkel."
    )
    events.publish([events.CallUpdated(call, entry, mailed(case.user, "Noch dunkel.").origin)])


def logged(case: Case) -> None:
    call = case.call()
    entry = TimelineEntry.objects.create(call=call, kind=EntryKind.STATE, text="Logged", internal=True)
    events.publish([events.CallLogged(call, entry, mailed(case.user, "").origin)])


def forwarded(case: Case) -> None:
    call = Call.objects.create(
        partition=case.partition, subject="Lampe 7", user=case.user, analyst=case.other
    )
    asked = {"asked, yes": True, "asked, no": False}.get(case.setting)
    handling.forward(call, case.deed("Bitte."), group=case.group, tell=asked)


def mentioned(case: Case) -> None:
    calls.add_note(case.call(), actor=case.other, text=f"@{case.one.email} bitte", channel=Channel.PAGE)


def reopened(case: Case) -> None:
    call = case.call()
    Call.objects.filter(pk=call.pk).update(state="closed", closed_at=NOW)
    call.refresh_from_db()
    closing.reopen(call, case.deed("Noch dunkel."))


def merged(case: Case) -> None:
    merge(case.call(), case.call(), case.deed("Dasselbe."))


def deferred(case: Case) -> None:
    OccasionSetting.objects.create(type_code=1014, partition=case.partition, active=True)
    call_handling.defer(case.call(), case.deed("Der Laden hat zu."), until=NOW + dt.timedelta(days=2))


def task_opened(case: Case) -> None:
    _request(case, step("order", group=case.group))


def asked_to_approve(case: Case) -> None:
    _request(case, approval("boss", by=(case.one,)))


def task_noted(case: Case) -> None:
    request = _request(case, step("order", group=case.group))
    handling.update(Task.objects.get(request=request), case.deed("Bestellt."))


def _request(case: Case, *steps: object) -> Request:
    kind = RequestType.objects.create(name=f"Lampe {case.number}", partition=case.partition)
    set_workflow(kind, steps)
    return log_request(kind, user=case.user, subject="Lampe 7", deed=by(case.user, Channel.PAGE, now=NOW))


@dataclass(frozen=True)
class Event:
    """What happens, whom in charge it concerns, by which setting, and how many mails its User gets."""

    happens: Callable[[Case], object]
    staff: str = ""  # group, one, approver
    governed: str = "email"
    user: int = 0
    before: tuple[str, ...] = ()  # events that come along with it


EVENTS = {
    "updated by mail": Event(by_mail, "group", "update"),
    "logged": Event(logged, "group", user=1),
    "forwarded": Event(forwarded, "group", "forward"),
    "mentioned": Event(mentioned, "one", "regardless"),
    "closed": Event(lambda case: closing.close(case.call(), case.deed("Hell.")), user=1),
    "resolved": Event(lambda case: closing.resolve(case.call(), case.deed("Hell.")), user=1),
    "reopened": Event(reopened, "group", user=1),
    "merged": Event(merged, user=1),
    "deferred": Event(deferred, user=1),
    "task opened": Event(task_opened, "group", user=1),  # the User hears that the request is logged
    "task noted": Event(task_noted, "group", before=("task opened",)),
    "asked to approve": Event(asked_to_approve, "one", "always", user=1),
}


def expected(case: Case) -> dict[str, int]:
    """How many mails each address is to get, from the documented tables."""
    event = EVENTS[case.event]
    counts: dict[str, int] = {}
    for name in (*event.before, case.event):
        one = EVENTS[name]
        settings = {"email": True, "email_optional_at_forward": False, "email_at_update": True}
        settings |= SETTINGS[case.setting]
        update = settings["email_at_update" if settings["email_optional_at_forward"] else "email"]
        forward = {"asked, yes": True, "asked, no": False}.get(case.setting, settings["email"])
        told = {"email": settings["email"], "update": update, "forward": forward}.get(one.governed, True)
        whom = {"group": case.group_hears, "one": [case.one.email], "": []}[one.staff]
        for address in whom if told else []:
            counts[address] = counts.get(address, 0) + 1
        if one.user:
            counts[case.user.email] = counts.get(case.user.email, 0) + one.user
    return counts


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


FACTORS = [list(EVENTS), list(SETTINGS), ROWS, LANGUAGES]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(pairwise, id="pairwise"),
        pytest.param(lambda factors: itertools.product(*factors), id="all", marks=pytest.mark.long),
    ],
)
def test_each_event_reaches_whom_it_is_to_reach_once_in_their_language(
    db: None, postfix: Postfix, rows: Callable[..., Iterator[tuple]]
) -> None:
    server = OutgoingServer.objects.create(
        name="Postfix",
        protocol="smtp",
        server="localhost",
        port=postfix.smtp_port,
        security="starttls",
        ca_file=postfix.ca_file,
    )
    cases = [Case(number, *row) for number, row in enumerate(rows(FACTORS))]
    for case in cases:
        case.set_up()
        EVENTS[case.event].happens(case)
    deliver(server)
    wanted = {(case.number, address): n for case in cases for address, n in expected(case).items()}
    found = postfix.arrived({address: n for (_, address), n in wanted.items()}, seconds=60)
    wrong = []
    for case in cases:
        people = [case.user.email, case.one.email, case.two.email, case.other.email]
        addresses = {*people, *case.group_hears}
        more = postfix.arrived(dict.fromkeys(addresses, 0))
        got = {address: len(files) for address, files in (found | more).items() if address in addresses}
        if {a: n for a, n in got.items() if n} != expected(case):
            wrong.append(f"{case}: {got} instead of {expected(case)}")
            continue
        for address in (a for a in people if got.get(a)):
            for file in more[address]:
                text = read_mail(file.read_bytes()).text
                german = any(word in text for word in GERMAN)
                if german != case.language.startswith("de"):
                    wrong.append(f"{case}: to {address} came {text!r}")
        internal = Notice.objects.filter(partition=case.partition).exists()
        reaches_people = bool(EVENTS[case.event].staff == "one" or (EVENTS[case.event].staff and case.row[1]))
        audience_is_staff = case.event != "asked to approve"
        if internal != ("internal" in case.setting and reaches_people and audience_is_staff):
            wrong.append(f"{case}: notices on pages {internal}")
    assert not wrong, "\n".join(wrong[:20])
