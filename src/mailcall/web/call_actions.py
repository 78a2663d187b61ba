"""What can be done to a call by the forms of its page, in the order of the menu."""

from mailcall.desk import call_handling, priorities
from mailcall.desk.models import Call, IssueType, Person, Right, State
from mailcall.desk.work import Deed
from mailcall.web.acting import Action, Cleaned
from mailcall.web.request_actions import hand_on, take
from mailcall.web.work_forms import (
    DeferForm,
    ForwardForm,
    IssueTypeForm,
    JudgeForm,
    PlainForm,
    PriorityForm,
    ReasonForm,
)


def _goes_on(call: Call, _person: Person | None) -> bool:
    """Whether anything can be changed about it."""
    return not call.merged_into_id and not call.anonymized_at


def _not_closed(call: Call, person: Person | None) -> bool:
    return _goes_on(call, person) and not call.is_closed


def _takeable(call: Call, person: Person | None) -> bool:
    return _not_closed(call, person) and person is not None and call.analyst_id != person.pk


def _open(call: Call, person: Person | None) -> bool:
    return _goes_on(call, person) and call.state == State.OPEN


def _workable(call: Call, person: Person | None) -> bool:
    return _open(call, person) and not call.pause


def _resume(call: Call, deed: Deed, said: Cleaned) -> object:
    return call_handling.resume(call, deed, version=said["version"])


def _defer(call: Call, deed: Deed, said: Cleaned) -> object:
    return call_handling.defer(call, deed, until=said["until"], version=said["version"])


def _suspend(call: Call, deed: Deed, said: Cleaned) -> object:
    return call_handling.suspend(call, deed, version=said["version"])


def _judge(call: Call, deed: Deed, said: Cleaned) -> object:
    return priorities.judge(
        call, deed, impact=said["impact"], urgency=said["urgency"], version=said["version"]
    )


def _set_priority(call: Call, deed: Deed, said: Cleaned) -> object:
    return priorities.set_priority(call, deed, said["priority"], version=said["version"])


def _set_issue_type(call: Call, deed: Deed, said: Cleaned) -> object:
    return priorities.set_issue_type(call, deed, said["issue_type"], version=said["version"])


CALL_ACTIONS: tuple[Action[Call], ...] = (
    Action("take", "Take it", Right.TAKE, take, "{} is yours now.", _takeable, PlainForm),
    Action(
        "resume", "Resume", Right.UPDATE, _resume, "{} is worked on again.",
        lambda call, person: _open(call, person) and bool(call.pause), PlainForm,
    ),
    Action("forward", "Forward", Right.FORWARD, hand_on, "{} is forwarded.", _not_closed, ForwardForm),
    Action(
        "judge", "Impact and urgency", Right.UPDATE, _judge, "{} was judged.", _not_closed, JudgeForm,
        button="Save", says="The priority follows, unless it was set by hand.",
    ),
    Action(
        "priority", "Priority by hand", Right.UPDATE, _set_priority, "{} has its priority.", _not_closed,
        PriorityForm, button="Save", says="It wins over impact and urgency, and the issue type.",
    ),
    Action(
        "issue-type", "Issue type", Right.UPDATE, _set_issue_type, "{} has its issue type.",
        lambda call, person: _not_closed(call, person) and IssueType.objects.filter(active=True).exists(),
        IssueTypeForm, button="Save",
    ),
    Action(
        "defer", "Defer", Right.UPDATE, _defer, "{} is deferred.", _open, DeferForm,
        says="It comes back by itself at that moment.",
    ),
    Action(
        "suspend", "Suspend", Right.UPDATE, _suspend, "{} is suspended.", _workable, ReasonForm,
        says="It rests until somebody resumes it.",
    ),
)  # fmt: skip
