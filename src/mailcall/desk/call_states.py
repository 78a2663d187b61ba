"""The states of calls as a table, and the only functions that change one."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Pause, State


class CallVerb(StrEnum):
    """What can happen to the state of a call; the value is how a sentence says it."""

    RESOLVE = "resolved"
    GIVE_UP = "unresolved"
    CLOSE = "closed"
    CLOSE_UNRESOLVED = "closed unresolved"
    REOPEN = "reopened"


CALL: Mapping[tuple[str, CallVerb], State] = {
    (State.OPEN, CallVerb.RESOLVE): State.RESOLVED,
    (State.OPEN, CallVerb.GIVE_UP): State.UNRESOLVED,
    (State.OPEN, CallVerb.CLOSE): State.CLOSED,
    (State.OPEN, CallVerb.CLOSE_UNRESOLVED): State.CLOSED_UNRESOLVED,
    (State.RESOLVED, CallVerb.GIVE_UP): State.UNRESOLVED,
    (State.RESOLVED, CallVerb.CLOSE): State.CLOSED,
    (State.RESOLVED, CallVerb.CLOSE_UNRESOLVED): State.CLOSED_UNRESOLVED,
    (State.RESOLVED, CallVerb.REOPEN): State.OPEN,
    (State.UNRESOLVED, CallVerb.RESOLVE): State.RESOLVED,
    # What nobody could resolve isn't made resolved by being closed.
    (State.UNRESOLVED, CallVerb.CLOSE): State.CLOSED_UNRESOLVED,
    (State.UNRESOLVED, CallVerb.CLOSE_UNRESOLVED): State.CLOSED_UNRESOLVED,
    (State.UNRESOLVED, CallVerb.REOPEN): State.OPEN,
    (State.CLOSED, CallVerb.REOPEN): State.OPEN,
    (State.CLOSED_UNRESOLVED, CallVerb.REOPEN): State.OPEN,
}

CALL_DATES = ("closed_at", "resolved_at", "close_step_at")  # what changes with the state

# Whatever the table doesn't have is refused because the call stands there, or further on, already.
_STANDS: Mapping[str, str] = {
    State.OPEN: "open",
    State.RESOLVED: "resolved",
    State.UNRESOLVED: "unresolved",
    State.CLOSED: "closed",
    State.CLOSED_UNRESOLVED: "closed",
}


def move(call: Call, verb: CallVerb, now: dt.datetime) -> None:
    """Change the state and its dates, not saved. Raises Refused when that can't happen now."""
    state = CALL.get((call.state, verb))
    if state is None:
        raise Refused(f"{call} is {_STANDS[call.state]} already.")
    call.state = state
    call.closed_at = now if call.is_closed else None
    call.resolved_at = now if state == State.RESOLVED else None
    call.close_step_at = None
    call.pause, call.resume_at = Pause.NONE, None  # as only open calls can be paused


def take_back(call: Call, now: dt.datetime) -> None:
    """Open a call again, not saved, by words that came on it; an open or merged one stays as it is."""
    if not call.merged_into_id and (call.state, CallVerb.REOPEN) in CALL:
        move(call, CallVerb.REOPEN, now)
