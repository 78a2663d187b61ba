"""What can be done to a request and to a task by the forms of their pages, in the order of the menu."""

from collections.abc import Callable

from mailcall.desk import approvals, requests, tasks
from mailcall.desk.handling import forward, update
from mailcall.desk.models import Call, Person, Request, Right, Task, TaskState
from mailcall.desk.models.work import UNENDED_STATES
from mailcall.desk.work import Deed
from mailcall.web.acting import Action, Cleaned
from mailcall.web.forms import ActionForm
from mailcall.web.work_forms import AskForm, ForwardForm, PlainForm, UpdateForm


def _open_request(request: Request, _person: Person | None) -> bool:
    return not request.has_ended


def _open(task: Task, _person: Person | None) -> bool:
    return task.state == TaskState.OPEN


def _open_plain(task: Task, _person: Person | None) -> bool:
    return task.state == TaskState.OPEN and not task.is_approval


def _takeable(target: Request | Task, person: Person | None) -> bool:
    plain = not (isinstance(target, Task) and target.is_approval)
    return plain and not target.has_ended and person is not None and target.analyst_id != person.pk


def take(target: Call | Request | Task, deed: Deed, said: Cleaned) -> object:
    """Have the actor work on it."""
    return forward(target, deed, analyst=deed.words.actor, version=said["version"])


def hand_on(target: Call | Request | Task, deed: Deed, said: Cleaned) -> object:
    """Forward it to whom the form says."""
    whom = {"group": said["group"], "analyst": said["analyst"], "tell": said.get("tell")}
    return forward(target, deed, version=said["version"], **whom)


def _plainly(do: Callable[..., object]) -> Callable[..., object]:
    """An action of which the form says nothing but words and version."""
    return lambda target, deed, said: do(target, deed, version=said["version"])


REQUEST_ACTIONS: tuple[Action[Request], ...] = (
    Action(
        "update", "Add an update", Right.UPDATE, _plainly(update), "Added to {}.",
        lambda request, person: True, UpdateForm, button="Add update",
    ),
    Action("take", "Take it", Right.TAKE, take, "{} is yours now.", _takeable, PlainForm),
    Action("forward", "Forward", Right.FORWARD, hand_on, "{} is forwarded.", _open_request, ForwardForm),
    Action(
        "close", "Close", Right.CLOSE, _plainly(requests.close_request), "{} is closed.", _open_request,
        ActionForm, button="Close request", says="A request closes by itself with the last of its tasks.",
    ),
    Action(
        "cancel", "Cancel", Right.CLOSE, _plainly(requests.cancel_request), "{} is cancelled.", _open_request,
        ActionForm, button="Cancel request", danger=True,
        says="All its tasks that are left are cancelled, and nobody is asked any more. It stays so.",
    ),
)  # fmt: skip

TASK_ACTIONS: tuple[Action[Task], ...] = (
    Action(
        "update", "Add an update", Right.UPDATE, _plainly(update), "Added to {}.",
        lambda task, person: True, UpdateForm, button="Add update",
    ),
    Action("take", "Take it", Right.TAKE, take, "{} is yours now.", _takeable, PlainForm),
    Action(
        "close", "Close", Right.CLOSE, _plainly(tasks.close_task), "{} is closed.", _open_plain,
        ActionForm, button="Close task",
    ),
    Action(
        "forward", "Forward", Right.FORWARD, hand_on, "{} is forwarded.",
        lambda task, person: task.state in UNENDED_STATES and not task.is_approval, ForwardForm,
    ),
    Action(
        "ask", "Ask somebody else, too", Right.FORWARD,
        lambda task, deed, said: approvals.ask(task, said["person"], deed, version=said["version"]),
        "They are asked, too.", lambda task, person: task.is_approval and task.state == TaskState.OPEN,
        AskForm, button="Ask them",
    ),
    Action(
        "cancel", "Cancel", Right.CLOSE, _plainly(tasks.cancel_task), "{} is cancelled.", _open,
        ActionForm, button="Cancel task", danger=True,
        says="It need not be done then, and what follows it goes on. An approval that is cancelled counts "
        "as not approved. It stays so.",
    ),
    Action(
        "reopen", "Reopen", Right.UPDATE, _plainly(tasks.reopen_task), "{} is open again.",
        lambda task, person: task.state == TaskState.CLOSED, ActionForm, button="Reopen task",
    ),
)  # fmt: skip
