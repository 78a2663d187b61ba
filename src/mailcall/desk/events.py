"""What happened on the desk, said to whoever listens, inside the transaction in which it happened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mailcall.desk.models import Call, Person, TimelineEntry


@dataclass(frozen=True, slots=True)
class Origin:
    """What brought an event about. `context` is the channel's own, opaque to the desk."""

    correlation_id: str
    context: object = None


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


Listener = Callable[[Sequence[Event]], None]
_listeners: list[Listener] = []


def subscribe(listener: Listener) -> None:
    """Have `listener` called with each batch of events, in the transaction that caused them."""
    if listener not in _listeners:
        _listeners.append(listener)


def publish(events: Sequence[Event]) -> None:
    """Tell all listeners. An error of a listener undoes the transaction: nothing happens half."""
    if events:
        for listener in _listeners:
            listener(events)
