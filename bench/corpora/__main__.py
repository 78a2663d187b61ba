"""Scores the reading of mail on corpora: `python -m corpora [--verbose] [SCORER...]`, or `make corpora`.

All scorers together also write docs/reference/corpora.md.
"""

import argparse
import importlib
import sys
from pathlib import Path

from .rendering import markdown, terminal
from .report import CORPORA, Report

SCORERS = ("parse_trees", "winmail", "new_text", "kinds", "scan")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "corpora.md"


def report_of(scorer: str) -> Report:
    """Run one scorer."""
    report: Report = importlib.import_module(f"{__package__}.{scorer}").score()
    return report


def main() -> None:
    """Run the scorers, print their reports and, after all of them, write the page."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("scorers", nargs="*", metavar="SCORER", help=f"some of: {', '.join(SCORERS)}")
    options.add_argument("--verbose", action="store_true", help="name each miss")
    asked = options.parse_args()
    if not CORPORA.is_dir():
        sys.exit(f"There are no corpora in {CORPORA}.")
    if unknown := set(asked.scorers) - set(SCORERS):
        options.error(f"there is no scorer {', '.join(sorted(unknown))}; there are {', '.join(SCORERS)}")
    reports = []
    for scorer in asked.scorers or SCORERS:
        reports.append(report_of(scorer))
        print(terminal(reports[-1], verbose=asked.verbose), flush=True)
    if not asked.scorers:
        PAGE.write_text(markdown(reports))
        print(f"Written to {PAGE.relative_to(Path.cwd())}." if PAGE.is_relative_to(Path.cwd()) else PAGE)


if __name__ == "__main__":
    main()
