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
    found = [_stat(entry) for entry in _entries(session)]
    return [_Process(sum(map(int, words[11:15])) / TICK, int(words[21]) * PAGE) for words in found if words]


def _entries(session: int) -> list[Path]:
    """The folders of a session's processes."""
    entries = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [entry for entry in entries if (words := _stat(entry)) and int(words[3]) == session]


def _stat(entry: Path) -> list[str]:
    """The words behind the program's name; none of a process that has ended meanwhile."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def cpu_seconds(session: int) -> float:
    """What all processes of a session have computed so far (proc(5), stat)."""
    return sum(process.cpu for process in _of_session(session))


def cpu_seconds_of_family(parent: int) -> float:
    """What a process and its children have computed so far, those that have ended included."""
    stats = [_stat(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    stats = [words for words in stats if words and int(words[1]) == parent]
    stats.append(_stat(Path("/proc") / str(parent)))
    return sum(sum(map(int, words[11:15])) for words in stats) / TICK


@dataclass(frozen=True, slots=True)
class Footprint:
    """What the processes of a session hold together. PSS counts once what several share, RSS for each."""

    rss_mb: float
    pss_mb: float
    descriptors: int
    threads: int


def footprint(session: int) -> Footprint:
    """At this moment (proc(5), smaps_rollup)."""
    rss = pss = descriptors = threads = 0
    for entry in _entries(session):
        try:
            sizes = dict(line.split()[:2] for line in (entry / "smaps_rollup").read_text().splitlines()[1:])
            rss, pss = rss + int(sizes["Rss:"]), pss + int(sizes["Pss:"])
            descriptors += len(list((entry / "fd").iterdir()))
            threads += len(list((entry / "task").iterdir()))
        except (OSError, KeyError):  # it has ended meanwhile
            continue
    return Footprint(rss / 1024, pss / 1024, descriptors, threads)


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
