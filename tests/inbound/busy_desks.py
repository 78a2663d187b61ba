"""A desk to be worked by mail, on pages and by the clock at once: people of every kind, and their work."""

import datetime as dt
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from django.core.management.color import no_style
from django.db import connection
from django.test import Client
from django.utils import timezone

from desks import Desk, mail, make_desk
from mailcall.desk import closing
from mailcall.desk.delegations import delegate
from mailcall.desk.models import (
    ApprovalRule,
    ClosureMethod,
    Condition,
    Grant,
    Group,
    Membership,
    OnTimeLimit,
    Partition,
    Person,
    RequestType,
    Role,
    TaskKind,
)
from mailcall.desk.people import leave
from mailcall.desk.requests import log_request
from mailcall.desk.work import by
from mailcall.desk.workflows import Step, set_workflow
from mailcall.web.logins import set_password

NAMES = ("ann", "mia", "dan", "bob", "rita", "cy", "leo")
STRANGERS = ("eve@evil.example", "mia@custorner.example")
_really_now = timezone.now


def number_from_one() -> None:
    """Have what is made from now on be numbered from one, whatever a transaction taken back made before."""
    sequences = connection.introspection.sequence_list()
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_by_name_sql(no_style(), sequences):
            cursor.execute(statement)


@dataclass
class BusyDesk:
    """The small desk with a second partition, where calls wait to be closed; and a clock that can leap."""

    desk: Desk
    hr_account: object
    closers: Group
    people: dict[str, Person]
    ahead: dt.timedelta = dt.timedelta(0)
    _browsers: dict[str, Client] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> "BusyDesk":
        """A new one, with a call in each partition and a request that waits for approvals."""
        number_from_one()
        desk = make_desk(folder)
        closers = Group.objects.create(name="Closers")
        hr = Partition.objects.create(name="HR", address="hr@desk.example")
        words = {"words": {"CLOSE": ["finish"], "TAKE": ["grab"]}, "word_languages": "de"}
        account = desk.add_account("hr", "hr@desk.example", partition=hr, **words)
        people = {"ann": desk.ann, "bob": desk.bob}
        people |= {name: _person(name, "customer", is_user=True) for name in ("mia", "dan")}
        people |= {
            name: _person(name, "desk", is_user=False, is_analyst=True) for name in ("rita", "cy", "leo")
        }
        Membership.objects.create(group=closers, person=people["cy"])
        Grant.objects.create(role=Role.objects.create(name="Reader", rights=["view"]), person=people["rita"])
        closing.set_closure(hr, ClosureMethod.RULES, group=closers, after_hours=24, warning_hours="3")
        busy = cls(desk, account, closers, people)
        busy._plan(desk.partition)
        desk.receive(mail(subject="A laptop"))
        desk.receive(mail(subject="A leave", to="hr@desk.example"), account=account)
        busy._log_a_request()
        leave(people["leo"], by=people["bob"])
        return busy

    def _plan(self, partition: Partition) -> None:
        """Laptops: Mia, and one of Cy and Leo, approve; then Bob orders."""
        people = self.people
        self.kind = RequestType.objects.create(name="New laptop", partition=partition)
        steps = [
            Step("Approve", "ask", TaskKind.USER_APPROVAL, approvers=(people["mia"],), reminder_hours=5),
            Step(
                "Check", "check", TaskKind.APPROVAL, rule=ApprovalRule.ANY,
                approvers=(people["cy"], people["leo"]),
                time_limit_hours=40, on_time_limit=OnTimeLimit.REJECTED,
            ),
            Step(
                "Order", "order", after=("ask", "check"), condition=Condition.APPROVED,
                analyst=people["bob"],
            ),
            Step("Tell", "tell", after=("ask",), condition=Condition.REJECTED, group=self.closers),
        ]  # fmt: skip
        set_workflow(self.kind, steps)

    def _log_a_request(self) -> None:
        ann, mia, dan = (self.people[name] for name in ("ann", "mia", "dan"))
        log_request(self.kind, user=ann, subject="For a new starter", deed=by(ann, "page"))
        now = timezone.now()
        delegate(mia, dan, starts_at=now, ends_at=now + dt.timedelta(hours=30), made_by=mia)

    @property
    def addresses(self) -> list[str]:
        """All from which mail comes."""
        return [*(self.people[name].email for name in NAMES), *STRANGERS]

    @property
    def partitions(self) -> list[Partition]:
        """As they are now."""
        return list(Partition.objects.order_by("pk"))

    def person(self, which: int) -> Person:
        """One of them, as they are now."""
        return Person.objects.get(pk=self.people[NAMES[which % len(NAMES)]].pk)

    def browser(self, person: Person) -> Client:
        """One in which they are signed in."""
        if person.email not in self._browsers:
            browser = self._browsers[person.email] = Client()
            login = set_password(person, "correct horse battery")
            browser.force_login(login, backend="django.contrib.auth.backends.ModelBackend")
        return self._browsers[person.email]

    def clock(self) -> AbstractContextManager[object]:
        """Has everybody read this desk's clock, as long as it is started."""
        return patch.object(timezone, "now", lambda: _really_now() + self.ahead)


def _person(name: str, company: str, **roles: bool) -> Person:
    return Person.objects.create(name=name.capitalize(), email=f"{name}@{company}.example", **roles)
