"""What happened on the desk, said to whoever listens, inside the transaction in which it happened."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from mailcall.desk.models import (
    Approval,
    Call,
    EscalationLevel,
    Person,
    Request,
    Task,
    TimelineEntry,
    Timer,
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What brought an event about. `context` is the channel's own, opaque to the desk."""

    correlation_id: str
    context: object = None


def new_origin() -> Origin:
    """The origin of a change that no mail brought about."""
    return Origin(uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a call; `entry` is its line in the timeline."""

    call: Call
    entry: TimelineEntry
    origin: Origin


@dataclass(frozen=True, slots=True)
class CallLogged(Event):
    """A new call."""


@dataclass(frozen=True, slots=True)
class CallUpdated(Event):
    """Somebody's words were added to a call; `reopened` when that opened it again."""

    reopened: bool = False


@dataclass(frozen=True, slots=True)
class ReplyWritten(Event):
    """An analyst wrote words that are meant for these people, as (name, address)."""

    author: Person | None = None
    to: tuple[tuple[str, str], ...] = ()
    cc: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class StateChanged(Event):
    """A call was closed or reopened."""


@dataclass(frozen=True, slots=True)
class CallResolved(Event):
    """A call waits for its closure; its state says whether it was resolved."""


@dataclass(frozen=True, slots=True)
class CallMerged(Event):
    """A call was closed, since it goes on in `survivor`."""

    survivor: Call


@dataclass(frozen=True, slots=True)
class CallForwarded(Event):
    """A call is for another group or analyst now. `tell` is what whoever did it said, if asked."""

    tell: bool | None = None


@dataclass(frozen=True, slots=True)
class CallPaused(Event):
    """A call is deferred or suspended; its pause says which."""


@dataclass(frozen=True, slots=True)
class CallResumed(Event):
    """A call that was deferred or suspended is worked on again."""


@dataclass(frozen=True, slots=True)
class CallChanged(Event):
    """A call has another priority or issue type."""


@dataclass(frozen=True, slots=True)
class CallClosesSoon(Event):
    """A resolved call will be closed at `closes_at` if nobody says otherwise."""

    closes_at: dt.datetime


@dataclass(frozen=True, slots=True)
class WorkEvent:
    """Something that happened to a request or a task; `entry` is its line in the timeline."""

    entry: TimelineEntry
    origin: Origin


@dataclass(frozen=True, slots=True)
class RequestEvent(WorkEvent):
    """Something that happened to a request."""

    request: Request


@dataclass(frozen=True, slots=True)
class RequestLogged(RequestEvent):
    """A new request."""


@dataclass(frozen=True, slots=True)
class RequestUpdated(RequestEvent):
    """Somebody's words were added to a request."""


@dataclass(frozen=True, slots=True)
class RequestForwarded(RequestEvent):
    """A request is for another group or analyst now. `tell` is what whoever did it said, if asked."""

    tell: bool | None = None


@dataclass(frozen=True, slots=True)
class RequestReopened(RequestEvent):
    """A closed request is open, since one of its tasks is again."""


@dataclass(frozen=True, slots=True)
class RequestClosed(RequestEvent):
    """A request ended; its state says how."""


@dataclass(frozen=True, slots=True)
class TaskEvent(WorkEvent):
    """Something that happened to a task."""

    task: Task


@dataclass(frozen=True, slots=True)
class TaskOpened(TaskEvent):
    """A task is to be done from now on, or again; an Approval Task without approvals needs an approver."""


@dataclass(frozen=True, slots=True)
class TaskUpdated(TaskEvent):
    """Somebody's words were added to a task."""


@dataclass(frozen=True, slots=True)
class TaskForwarded(TaskEvent):
    """A task is for another group or analyst now. `tell` is what whoever did it said, if asked."""

    tell: bool | None = None


@dataclass(frozen=True, slots=True)
class TaskClosed(TaskEvent):
    """A task ended that was open; its state says how."""


@dataclass(frozen=True, slots=True)
class TaskReminderDue(TaskEvent):
    """Whoever is to do a plain task is to be reminded of it."""


@dataclass(frozen=True, slots=True)
class TimeLimitPassed(TaskEvent):
    """A task was not done in its time; its state says whether that ended it."""


@dataclass(frozen=True, slots=True)
class ApprovalEvent(TaskEvent):
    """Something that happened to one person's approval."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class ApprovalWanted(ApprovalEvent):
    """Somebody is asked to approve."""


@dataclass(frozen=True, slots=True)
class ApprovalDelegated(ApprovalEvent):
    """An approval waits for somebody who is away, and `delegate` may decide for them from now on."""

    delegate: Person


@dataclass(frozen=True, slots=True)
class ApprovalDecided(ApprovalEvent):
    """Somebody approved or rejected, or a delegate did for them."""


@dataclass(frozen=True, slots=True)
class ApprovalWithdrawn(ApprovalEvent):
    """Somebody need not decide any more, and can't."""


@dataclass(frozen=True, slots=True)
class ApprovalReminderDue(ApprovalEvent):
    """Somebody who has not decided yet is to be reminded."""


@dataclass(frozen=True, slots=True)
class TimerEvent(WorkEvent):
    """Something that the clock brought to a call, a request or a task under an agreement."""

    on: Call | Request | Task
    timer: Timer


@dataclass(frozen=True, slots=True)
class Escalated(TimerEvent):
    """A target is near, or passed by some time: the level says whom that is told to."""

    level: EscalationLevel


@dataclass(frozen=True, slots=True)
class Breached(TimerEvent):
    """A target passed; with `level`, so did a level at it or after it, which is told of together."""

    level: EscalationLevel | None = None


Listener = Callable[[Sequence[Event]], None]
WorkListener = Callable[[Sequence[WorkEvent]], None]
_listeners: list[Listener] = []
_work_listeners: list[WorkListener] = []
_gathering: ContextVar[list[Event] | None] = ContextVar("gathering", default=None)


def subscribe(listener: Listener) -> None:
    """Have `listener` called with each batch of events, in the transaction that caused them."""
    if listener not in _listeners:
        _listeners.append(listener)


def publish(events: Sequence[Event]) -> None:
    """Tell all listeners, or whoever gathers. An error of a listener undoes the transaction."""
    gathering = _gathering.get()
    if gathering is not None:
        gathering += events
    elif events:
        for listener in _listeners:
            listener(events)


@contextmanager
def gathering() -> Iterator[list[Event]]:
    """Give what is published within, untold: the caller publishes it, with more, in the same transaction."""
    happened: list[Event] = []
    before = _gathering.set(happened)
    try:
        yield happened
    finally:
        _gathering.reset(before)


@contextmanager
def taken_back_on_errors() -> Iterator[None]:
    """Have nothing told of what is undone: for a savepoint within what gathers."""
    gathering = _gathering.get()
    count = 0 if gathering is None else len(gathering)
    try:
        yield
    except BaseException:
        if gathering is not None:
            del gathering[count:]
        raise


def subscribe_to_work(listener: WorkListener) -> None:
    """Have `listener` called with what happens to requests and tasks, in the transaction that caused it."""
    if listener not in _work_listeners:
        _work_listeners.append(listener)


def publish_work(events: Sequence[WorkEvent]) -> None:
    """Tell all who listen for requests and tasks. An error of a listener undoes the transaction."""
    if events:
        for listener in _work_listeners:
            listener(events)
