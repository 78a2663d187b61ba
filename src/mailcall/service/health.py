"""Whether this worker lives and can work: for orchestrators, on the port where it answers Prometheus."""

import time

from mailcall.config import config
from mailcall.database.readiness import hindrance

FROZEN_SECONDS = 60.0

_beats: dict[str, float] = {}  # when each part was last alive, by the monotonic clock


def beat(part: str) -> None:
    """Say that a part of the service lives: `look`, what it does each second; `sweep`, that its jobs run."""
    _beats[part] = time.monotonic()


def begin() -> None:
    """Give each part its time to begin."""
    for part in ("look", "sweep"):
        beat(part)


def ailment() -> str:
    """Why this worker should be started anew, in a sentence; empty while it lives.

    A database that is gone is none: a new worker would have none either.
    """
    parts = ("look", "sweep") if config().embedded else ("look",)  # elsewhere one worker's sweep is for all
    silent = max(time.monotonic() - _beats[part] for part in parts)
    if silent <= FROZEN_SECONDS:
        return ""
    return f"The service has not looked at its tables for {silent:.0f} seconds."


def unreadiness() -> str:
    """Why this worker can't work now, in a sentence; empty when it can."""
    return ailment() or hindrance()
