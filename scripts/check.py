"""Run the checks that are not tests, all of them even if one fails, and say which did.

`check.py` runs them all; `check.py lint` those that read the code only.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
# The checks load the settings: those of a fresh installation, whatever this checkout is used for.
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "mailcall.settings",
    "MAILCALL_CONFIG": os.devnull,
    "MAILCALL_DATA_DIR": str(ROOT / ".cache" / "check"),
    "NO_MKDOCS_2_WARNING": "1",
}


@dataclass(frozen=True)
class Check:
    """One check: what people call it, and the command that passes or fails."""

    name: str
    command: str
    lint: bool = True


CHECKS = [
    Check("types", "mypy"),
    Check("docs", "mkdocs build --strict --site-dir .cache/site", lint=False),
    Check("migrations", "python -m django makemigrations --check --dry-run", lint=False),
    Check("imports between rooms", "lint-imports --no-cache"),
    Check("format", "ruff format --check ."),
    Check("lint", "ruff check ."),
]


def main(only_lint: bool) -> int:
    """Run the checks, as many at once as there are processors; the exit code."""
    checks = [check for check in CHECKS if check.lint or not only_lint]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(passes, checks))
    failed = [check.name for check, passed in zip(checks, results, strict=True) if not passed]
    if failed:
        print(f"== Checks: {len(failed)} of {len(checks)} failed: {', '.join(failed)}", flush=True)
    else:
        print(f"== Checks: all {len(checks)} passed", flush=True)
    return 1 if failed else 0


def passes(check: Check) -> bool:
    """Run one check and print its line, with all that it wrote if it failed."""
    began = time.monotonic()
    program, *words = check.command.split()
    done = subprocess.run(
        [BIN / program, *words], cwd=ROOT, env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )  # fmt: skip
    passed = done.returncode == 0
    outcome = "passed" if passed else "FAILED"
    line = f"== {check.name}: {outcome}, {time.monotonic() - began:.1f} s ({check.command})\n"
    sys.stdout.write(line if passed else f"{line}{done.stdout.rstrip()}\n")
    sys.stdout.flush()
    return passed


if __name__ == "__main__":
    sys.exit(main(only_lint=sys.argv[1:] == ["lint"]))
