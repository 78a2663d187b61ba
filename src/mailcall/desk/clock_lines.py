"""The timeline of the clock: what became of a timer, in lines for people."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from mailcall.desk.models import Call, ClockLine, ClockStep, Request, Task, Timer


@dataclass(frozen=True, slots=True)
class Before:
    """How a timer was before it was brought in step; `anew` is why it has other terms since."""

    is_new: bool
    ran: bool
    met_at: dt.datetime | None
    anew: str = ""


def what_became(
    timer: Timer, thing: Call | Request | Task, before: Before, now: dt.datetime
) -> Iterator[ClockLine]:
    """The lines that tell what is otherwise than before."""
    runs = timer.running_since is not None
    if before.is_new:
        yield line(timer, ClockStep.STARTED, now, timer.why)
    elif before.anew:
        yield line(timer, ClockStep.ANEW, now, before.anew)
    if timer.met_at and not before.met_at:
        yield met_line(timer, now, f"{thing} is {thing.get_state_display().lower()}.")
    elif before.met_at and not timer.met_at:
        yield line(timer, ClockStep.RESUMED, now, f"{thing} is open again.")
    elif (before.ran or before.is_new) and not runs:
        yield line(timer, ClockStep.PAUSED, now, _why_it_stands(thing))
    elif runs and not before.ran and not before.is_new:
        yield line(timer, ClockStep.RESUMED, now)


def line(timer: Timer, step: ClockStep, now: dt.datetime, why: str = "") -> ClockLine:
    """One line, with how the timer stands now."""
    used, due_at = timer.used, timer.due_at if timer.running_since else None
    return ClockLine(timer=timer, at=now, step=step, why=why[:300], used=used, due_at=due_at)


def met_line(timer: Timer, now: dt.datetime, why: str) -> ClockLine:
    """That the target was met, or that it was done too late."""
    return line(timer, ClockStep.LATE if timer.used > timer.allowed else ClockStep.MET, now, why)


def _why_it_stands(thing: Call | Request | Task) -> str:
    if isinstance(thing, Call) and thing.pause:
        until = f" until {thing.resume_at:%Y-%m-%d %H:%M} UTC" if thing.resume_at else ""
        return f"{thing} is {thing.get_pause_display().lower()}{until}."
    return f"{thing} is {thing.get_state_display().lower()}."
