"""`make bench-scale`: whether it stays fast and small when the desk, a mailbox or their number grows.

`python bench/scale.py calls|mailbox|accounts` measures one part alone; --calls, --mails and --accounts make
them smaller for a try. Prints the figures, and writes them into bench/results/scale.json.
"""

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "src"), str(ROOT / "tests")]

import big_mailbox  # noqa: E402
import many_calls  # noqa: E402
import many_mailboxes  # noqa: E402
from run import machine, shown  # noqa: E402

RESULTS = ROOT / "bench" / "results" / "scale.json"


def main() -> None:
    """Measure what is asked for; results of the other parts stay as they were."""
    asked = _arguments()
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "calls": lambda: _calls(asked.calls, asked.pairs, asked.database),
        "mailbox": lambda: shown("a full mailbox", big_mailbox.measure(asked.mails)),
        "accounts": lambda: shown("many mailboxes", many_mailboxes.measure(asked.accounts, asked.seconds)),
    }
    for part in asked.parts or parts:
        before = os.getloadavg()[0]
        figures = parts[part]()
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        day = dt.datetime.now(dt.UTC).date().isoformat()
        results[part] = {**results.get(part, {}), **figures, "load_before": round(before, 1), "date": day}
        results["machine"] = machine()
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def _calls(calls: int, pairs: int, databases: list[str]) -> dict[str, Any]:
    return {
        database: shown(f"many calls, {database}", many_calls.measure(database, calls, pairs))
        for database in databases
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure at scale.")
    parser.add_argument("parts", nargs="*", choices=[[], "calls", "mailbox", "accounts"], help="all, if none")
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--mails", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=300, help="at rest, and again with mails arriving")
    return parser.parse_args()


if __name__ == "__main__":
    main()
