"""A request that the demo begins with, which waits for somebody to approve it."""

from mailcall.desk.models import Channel, Condition, Group, Partition, Person, Request, RequestType, TaskKind
from mailcall.desk.requests import log_request
from mailcall.desk.work import by
from mailcall.desk.workflows import Step, set_workflow


def log_sample_request() -> Request:
    """A request type with a workflow, and a request of it: a User is asked by mail to approve the costs."""
    kind = RequestType.objects.create(
        name="New laptop",
        partition=Partition.objects.get(name="IT"),
        description="A laptop with everything on it. The head of the department approves what it costs.",
        group=Group.objects.get(name="Service Desk"),
    )
    set_workflow(kind, _steps())
    user = _person("sofia.rossi")
    return log_request(
        kind, user=user, subject="A laptop for our new colleague", deed=by(user, Channel.PAGE, _TEXT)
    )


def _steps() -> list[Step]:
    return [
        Step(
            "Approve the costs",
            "costs",
            TaskKind.USER_APPROVAL,
            approvers=(_person("marcus.webb"),),
            reminder_hours=24,
        ),
        Step("Order the laptop", "order", after=("costs",), condition=Condition.APPROVED),
        Step("Make the accounts", "accounts", after=("costs",), condition=Condition.APPROVED),
        Step("Set the laptop up and hand it over", "hand-over", after=("order", "accounts")),
        Step(
            "Tell the User why not",
            "tell",
            after=("costs",),
            condition=Condition.REJECTED,
            time_limit_hours=48,
        ),
    ]


def _person(name: str) -> Person:
    return Person.objects.get(email=f"{name}@demo.example")


_TEXT = """\
Nora Lind joins the finance team on the first of next month. She needs a laptop with a large screen,
a docking station and the usual accounts.
"""
