"""How much memory a process and all below it take, sampled while something happens."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

SECONDS = 0.02


def in_use(pid: int) -> int:
    """Bytes of a process and its descendants; what several share is counted once (PSS, proc(5))."""
    total = 0
    for process in (pid, *_descendants(pid)):
        with contextlib.suppress(OSError):  # it ended meanwhile
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total


def _descendants(pid: int) -> Iterator[int]:
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in tasks.read_text().split():
                yield int(child)
                yield from _descendants(int(child))


class Peak:
    """`with Peak(pid) as peak:` samples every 20 ms; `peak.bytes` is the most that was in use."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(SECONDS):
            self.bytes = max(self.bytes, in_use(self._pid))
