"""What is done with one call while it is open: taken, deferred, suspended, resumed."""

import datetime as dt

from mailcall.desk import events
from mailcall.desk.call_work import call_work
from mailcall.desk.errors import Refused
from mailcall.desk.handling import forward
from mailcall.desk.models import Call, Pause, State, TimelineEntry
from mailcall.desk.state_names import state_names
from mailcall.desk.work import Deed, Work

_LONGEST = dt.timedelta(days=2 * 366)


def take(call: Call, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Have the actor work on a call from now on. Raises Refused."""
    if deed.words.actor is None:
        raise Refused("Only an Analyst can take a call.")
    return forward(call, deed, analyst=deed.words.actor, version=version)


def defer(call: Call, deed: Deed, *, until: dt.datetime, version: int | None = None) -> TimelineEntry:
    """Put an open call aside until a moment, at which it comes back by itself. Raises Refused."""
    if not deed.text:
        raise Refused("Say why it is deferred.")
    if not deed.now < until <= deed.now + _LONGEST:
        raise Refused(f"A call is deferred to a moment to come, at most {_LONGEST.days} days from now.")
    with call_work(call, deed, version) as work:
        _refuse_unless_open(work.the_call, "deferred")
        return _pause(work, Pause.DEFERRED, until, f"Deferred until {until:%Y-%m-%d at %H:%M %Z}")


def suspend(call: Call, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Put an open call aside until somebody resumes it. Raises Refused."""
    if not deed.text:
        raise Refused("Say why it is suspended.")
    with call_work(call, deed, version) as work:
        _refuse_unless_open(work.the_call, "suspended")
        if work.the_call.pause == Pause.SUSPENDED:
            raise Refused(f"{work.the_call} is suspended already.")
        return _pause(work, Pause.SUSPENDED, None, "Suspended")


def resume(call: Call, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Have a deferred or suspended call worked on again. Raises Refused."""
    with call_work(call, deed, version) as work:
        if not work.the_call.pause:
            raise Refused(f"{work.the_call} is neither deferred nor suspended.")
        return end_pause(work, "Resumed")


def end_pause(work: Work, sentence: str) -> TimelineEntry:
    """Have the call worked on again, as part of a change."""
    call = work.the_call
    call.pause, call.resume_at = Pause.NONE, None
    entry = work.tell(call, sentence)
    work.happened(events.CallResumed(call, entry, work.deed.origin))
    return entry


def _pause(work: Work, pause: Pause, until: dt.datetime | None, sentence: str) -> TimelineEntry:
    call = work.the_call
    call.pause, call.resume_at = pause, until
    entry = work.tell(call, sentence)
    work.happened(events.CallPaused(call, entry, work.deed.origin))
    return entry


def _refuse_unless_open(call: Call, verb: str) -> None:
    if call.state != State.OPEN:
        raise Refused(f"{call} is {state_names(call.partition)[call.state]}, so it can't be {verb}.")
