"""How a call can end, or begin again, from its page as it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from mailcall.desk.closing import may_close
from mailcall.desk.models import Call, ClosureMethod, State
from mailcall.web.access import acting_person
from mailcall.web.forms import StateForm
from mailcall.web.work_forms import ResolveForm


@dataclass(frozen=True, slots=True)
class Ending:
    """The form's title and its buttons, as names of addresses with labels; the first is the usual one."""

    title: str
    buttons: Sequence[tuple[str, str]]
    form: type[StateForm] = StateForm


_RESOLVE = ("web:call-resolve", "Resolve call")
_CLOSE = ("web:call-close", "Close call")
_REOPEN = ("web:call-reopen", "Reopen call")


def ending_of(request: HttpRequest, call: Call) -> Ending:
    """What the closure method of the partition has for this call, and for who is signed in."""
    if call.is_closed:
        return Ending("Reopen the call", [] if call.merged_into_id else [_REOPEN])
    method = call.partition.closure_method
    if method == ClosureMethod.IMMEDIATE and call.state == State.OPEN:
        return Ending("Close the call", [_CLOSE])
    person = acting_person(request)
    may = person is None or person.pk == call.user_id or may_close(call.partition, person)
    closes = [_CLOSE] if may else []
    form = ResolveForm if method == ClosureMethod.COMMENTS and call.state != State.RESOLVED else StateForm
    if call.state == State.RESOLVED:
        return Ending("Close or reopen the call", [*closes, _REOPEN], form)
    if call.state == State.UNRESOLVED:
        return Ending("Close or reopen the call", [*closes, _RESOLVE, _REOPEN], form)
    return Ending("Resolve the call", [_RESOLVE, *closes], form)
