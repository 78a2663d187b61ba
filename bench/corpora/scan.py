"""Reads every file of every corpus, mail or not: none may crash the reader, hang it or take too long."""

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from mailcall.cli.inspecting.crew import Crew
from mailcall.cli.inspecting.form import Form
from mailcall.cli.inspecting.sources import Source
from mailcall.message.reading import read_mail_strictly

from .report import CORPORA, Miss, Report, Row

MOST_SECONDS_PER_100_KB = 0.1
_TRIES = 3
_CRASH, _SLOW = "crash", "slow"

EXPLANATIONS = {
    _CRASH: "The reader failed, or the process that it ran in ended: a bug.",
    _SLOW: "The reading took more than 100 ms of processor time for each 100 KB begun: a bug.",
}


def score() -> Report:
    """Read every file in a process of its own kind, under a time limit; then measure each."""
    report = Report("Every file of every corpus", explanations=EXPLANATIONS)
    files = list(_files())
    failed = {file: why for file, why in zip(files, _failures(files), strict=True) if why}
    report.misses += (Miss(_name(file), _CRASH, "a mail", why) for file, why in failed.items())
    times = {file: _seconds(file) for file in files if file not in failed}
    late = [file for file, seconds in times.items() if seconds > _allowed(file)]
    report.misses += (
        Miss(_name(file), _SLOW, f"{_allowed(file):.1f} s", f"{times[file]:.2f} s") for file in late
    )
    total = len(files)
    report.rows.append(
        Row("files read without a crash or a time-out", "Mailcall", total - len(failed), total)
    )
    report.rows.append(
        Row("of these, in 100 ms for each 100 KB", "Mailcall", len(times) - len(late), len(times))
    )
    slowest = max(times, key=lambda file: times[file])
    report.figures.append(
        f"The median file took {statistics.median(times.values()) * 1000:.2f} ms, "
        f"the slowest {times[slowest] * 1000:.0f} ms ({_name(slowest)}, {slowest.stat().st_size // 1024} KB)."
    )
    return report


def _files() -> Iterator[Path]:
    for file in sorted(CORPORA.rglob("*")):
        if file.is_file() and not file.name.startswith("heldout"):
            yield file


def _name(file: Path) -> str:
    return str(file.relative_to(CORPORA))


def _failures(files: list[Path]) -> Iterator[str]:
    """Why each file could not be read, '' where it could."""
    sources = (Source(_name(file), str(file)) for file in files)
    with closing(Crew(Form(as_json=True)).answers(sources)) as answers:
        for answer in answers:
            values = json.loads(answer) if isinstance(answer, bytes) else {"defects": [answer.reason]}
            yield " ".join(values["defects"]) if values.get("unreadable", True) else ""


def _seconds(file: Path) -> float:
    """The processor time of one reading: the best of a few, since other programs run too."""
    raw = file.read_bytes()
    times = []
    for _ in range(_TRIES):
        began = time.process_time()
        read_mail_strictly(raw)
        times.append(time.process_time() - began)
    return min(times)


def _allowed(file: Path) -> float:
    return MOST_SECONDS_PER_100_KB * (file.stat().st_size // 102_400 + 1)
