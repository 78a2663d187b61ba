"""What can be done to a call, a request or a task by a form: one row for each, and one way to do them all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Channel, Person, Request, Right, Task
from mailcall.desk.work import Deed, by
from mailcall.outbound.recipients import partition_of
from mailcall.web.access import acting_person, demand, why_not_here
from mailcall.web.forms import ActionForm

UNPROCESSABLE = 422
CONFLICT = 409

T = TypeVar("T", Call, Request, Task)
Cleaned = Mapping[str, Any]


class Author(TypedDict):
    """Who did something, and what they are called, also once they are gone."""

    by: Person | None
    by_name: str


def author(request: HttpRequest) -> Author:
    """Whoever is signed in."""
    person = acting_person(request)
    return {"by": person, "by_name": str(person or request.user)[:200]}


@dataclass(frozen=True, slots=True)
class Action(Generic[T]):
    """Something people do. `do` gets what the form says, and raises Refused.

    `applies` says whether it is offered as things stand; the desk decides when it is done. `done` is said
    afterwards, with the target in place of the braces, and `says` is read before.
    """

    name: str
    title: str
    right: Right
    do: Callable[[T, Deed, Cleaned], object]
    done: str
    applies: Callable[[T, Person | None], bool]
    form: type[ActionForm] = ActionForm
    button: str = ""
    says: str = ""
    danger: bool = False


@dataclass(frozen=True, slots=True)
class Offered:
    """An action with its form and where that goes; `open` after it was tried in vain."""

    action: Action[Any]
    form: ActionForm
    address: str
    open: bool = False

    @property
    def is_button(self) -> bool:
        """Whether nothing is to be filled in."""
        return not self.form.visible_fields() and not self.open


Tried = tuple[str, ActionForm]  # the action that was tried in vain, and its form as it was filled in


def offered(
    actions: Sequence[Action[T]], target: T, request: HttpRequest, tried: Tried | None = None
) -> list[Offered]:
    """The actions that can be done now and that this person has the right to; and one tried in vain."""
    person, where = acting_person(request), partition_of(target)
    found = []
    for action in actions:
        address = reverse(f"web:{type(target).__name__.lower()}-do", args=[target.pk, action.name])
        if tried and tried[0] == action.name:
            found.append(Offered(action, tried[1], address, open=True))
        elif action.applies(target, person) and not why_not_here(request, action.right, where):
            form = action.form(
                target=target, initial={"version": target.version}, auto_id=f"{action.name}_%s"
            )
            found.append(Offered(action, form, address))
    return found


def act(
    request: HttpRequest,
    name: str,
    actions: Sequence[Action[T]],
    load: Callable[[], T],
    *,
    again: Callable[[T, Tried, int], HttpResponse],
    back: Callable[[T], HttpResponse],
) -> HttpResponse:
    """Do an action by its posted form. When it is refused, `again` shows the page with what was typed.

    The form is then about the version that `load` gives, since that is what the page shows.
    """
    target = load()
    action = next((one for one in actions if one.name == name), None)
    if action is None:
        raise Http404
    demand(request, action.right, partition_of(target))
    form = action.form(request.POST, target=target, auto_id=f"{name}_%s")
    if not form.is_valid():
        return again(target, (name, form.about(target.version)), UNPROCESSABLE)
    try:
        action.do(target, deed_of(request, form.cleaned_data["text"]), form.cleaned_data)
    except Refused as refusal:
        target = load()
        form = action.form(request.POST, target=target, auto_id=f"{name}_%s").about(target.version)
        form.add_error(None, str(refusal))
        return again(target, (name, form), CONFLICT)
    messages.success(request, action.done.format(target))
    return back(target)


def deed_of(request: HttpRequest, text: str = "") -> Deed:
    """What the person who is signed in does on a page."""
    return by(acting_person(request), Channel.PAGE, text)
