"""An office for tests of requests: some analysts, some Users, a clock, and short ways to do things."""

import datetime as dt
from dataclasses import dataclass, field

from mailcall.desk import events
from mailcall.desk.models import (
    Approval,
    Channel,
    Group,
    Membership,
    Partition,
    Person,
    Request,
    RequestType,
    Task,
    TaskKind,
)
from mailcall.desk.requests import log_request
from mailcall.desk.work import Deed, by
from mailcall.desk.workflows import Step, set_workflow

START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
APPROVAL, USER_APPROVAL = TaskKind.APPROVAL, TaskKind.USER_APPROVAL


@dataclass
class Office:
    """The records, what happened since, and the time, which stands still unless it is moved."""

    partition: Partition
    type: RequestType
    ann: Person
    bob: Person
    cy: Person
    uma: Person
    ulf: Person
    group: Group
    now: dt.datetime = START
    happened: list[events.WorkEvent] = field(default_factory=list)

    @classmethod
    def open(cls) -> "Office":
        """A new one, with a request type that has no steps yet."""
        partition = Partition.objects.create(name="IT", address="it@desk.example")
        ann, bob, cy = (
            _person(name, "desk", is_analyst=True, is_user=False) for name in ("Ann", "Bob", "Cy")
        )
        uma, ulf = (_person(name, "customer", is_analyst=False) for name in ("Uma", "Ulf"))
        group = Group.objects.create(name="Buyers")
        Membership.objects.create(group=group, person=ann)
        Membership.objects.create(group=group, person=bob)
        kind = RequestType.objects.create(name="New laptop", partition=partition)
        return cls(partition, kind, ann, bob, cy, uma, ulf, group)

    def deed(self, actor: Person | None, text: str = "", **more: object) -> Deed:
        """A deed on a page, now."""
        return by(actor, Channel.PAGE, text, now=self.now, **more)

    def request(self, *steps: Step) -> Request:
        """A request of Uma's that goes through these steps."""
        set_workflow(self.type, steps)
        return log_request(self.type, user=self.uma, subject="A laptop", deed=self.deed(self.uma))

    def pass_hours(self, hours: float) -> None:
        """Let time go by."""
        self.now += dt.timedelta(hours=hours)

    def heard(self) -> list[str]:
        """The names of what happened since this was asked last."""
        names = [type(event).__name__ for event in self.happened]
        self.happened.clear()
        return names


def _person(name: str, company: str, **roles: bool) -> Person:
    return Person.objects.create(name=name, email=f"{name.lower()}@{company}.example", **roles)


def step(key: str, *after: str, **more: object) -> Step:
    """A plain step that is called like its key."""
    return Step(title=key.capitalize(), key=key, after=after, **more)


def approval(key: str, *after: str, by: tuple[Person, ...], **more: object) -> Step:
    """A step that analysts approve."""
    return step(key, *after, kind=APPROVAL, approvers=by, **more)


def task(request: Request, key: str) -> Task:
    """The task of a step, as it is now."""
    return request.tasks.get(step__key=key)


def states(request: Request) -> dict[str, str]:
    """The state of each task by its step."""
    return {task.step.key: str(task.state) for task in request.tasks.select_related("step")}


def asked(of: Task, person: Person) -> Approval:
    """What somebody was asked."""
    return Approval.objects.get(task=of, person=person)


def said(about: Request | Task) -> list[str]:
    """What the timeline says."""
    return list(about.timeline.order_by("pk").values_list("text", flat=True))
