"""`make bench`: how fast mail comes in and leaves, and how soon it is logged, on real servers.

Prints the medians, and writes them into bench/results/latest.json.
"""

import datetime as dt
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import inbound
import outbound

RESULTS = Path(__file__).resolve().parent / "results" / "latest.json"
DATABASES = ("sqlite", "postgresql")


def main() -> None:
    """Measure all, which takes some minutes; the load of the machine before and after is told, too."""
    before = os.getloadavg()[0]
    if before > 0.5:
        print(
            f"Something else computes here (load {before:.1f}): the figures will be too low.", file=sys.stderr
        )
    results: dict[str, Any] = {"inbound": {}, "outbound": {}}
    for database in DATABASES:
        results["inbound"][database] = shown(f"in, {database}", inbound.measure(database))
    results["inbound_with_commands"] = {
        database: shown(f"in with commands, {database}", inbound.measure(database, commands=inbound.COMMANDS))
        for database in DATABASES
    }
    results["soon"] = shown("arrival to logged", inbound.soon())
    outbound_by = {database: shown(f"out, {database}", outbound.measure(database)) for database in DATABASES}
    results["outbound"] = {**outbound_by["sqlite"], "postgresql": outbound_by["postgresql"]}
    results["outbound_10000"] = {
        database: shown(f"out, 10,000, {database}", outbound.measure(database, 10_000, rounds=1))
        for database in DATABASES
    }
    results["machine"] = machine()
    results["date"] = dt.datetime.now(dt.UTC).date().isoformat()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(f"Written to {RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}.")


def shown(what: str, figures: dict[str, float]) -> dict[str, float]:
    """The figures, after they were printed."""
    print(f"\n{what}")
    for name, value in figures.items():
        print(f"  {name:<20}{value:>10,.2f}", flush=True)
    return figures


def machine() -> str:
    """What it was measured on."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores of {model}, {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


if __name__ == "__main__":
    main()
