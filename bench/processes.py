"""What the processes of a service cost: CPU time and memory, its children counted."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _Process:
    cpu: float  # seconds, those of children that have ended included
    rss: int  # bytes


def _of_session(session: int) -> list[_Process]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(words[3]) == session:
            found.append(_Process(sum(map(int, words[11:15])) / TICK, int(words[21]) * PAGE))
    return found


def cpu_seconds(session: int) -> float:
    """What all processes of a session have computed so far (proc(5), stat)."""
    return sum(process.cpu for process in _of_session(session))


class PeakMemory:
    """`with PeakMemory(session) as peak:` samples the resident memory of all its processes together."""

    def __init__(self, session: int) -> None:
        self.megabytes = 0.0
        self._session = session
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._end.wait(SAMPLE_SECONDS):
            now = sum(process.rss for process in _of_session(self._session)) / 1024 / 1024
            self.megabytes = max(self.megabytes, now)
