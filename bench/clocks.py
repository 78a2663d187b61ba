"""`python bench/clocks.py [CLOCKS [DATABASE]]`: how soon so many clocks fire that are due in the same moment.

100,000 without a figure, on both databases. On PostgreSQL three workers do it, two of which are killed and
started again; on SQLite one service, which is killed twice.
"""

import contextlib
import resource
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from installations import Installation, installation  # noqa: E402
from processes import cpu_seconds_of_family  # noqa: E402
from servers.postgresql import PostgreSQL  # noqa: E402
from service.many_clocks import load_into, new_desk, seconds_until_fired  # noqa: E402

CLOCKS = 100_000
KILLS = 2


def measure(database: str, clocks: int) -> dict[str, float]:
    """On `sqlite` or `postgresql`, durable: seconds until all fired, and CPU seconds of both sides."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp")))
        folder.chmod(0o755)
        server = stack.enter_context(PostgreSQL(folder, durable=True)) if database == "postgresql" else None
        url = server.new_database() if server else ""
        made = stack.enter_context(installation(folder / "first", url))
        new_desk(made)
        load_into(made, clocks)
        workers = [made, *_others(made, folder)] if server else [made]
        before, of_server = _cpu_of_children(), _cpu_of(server)
        try:
            seconds = seconds_until_fired(workers, clocks, KILLS)
            served = _cpu_of(server) - of_server
        finally:
            for worker in workers:
                if worker.process:
                    worker.kill()
        return {
            "clocks": clocks,
            "seconds": seconds,
            "cpu_s_of_workers": _cpu_of_children() - before,
            "cpu_s_of_server": served,
        }


def _others(made: Installation, folder: Path) -> list[Installation]:
    return [made.another_worker(folder / name) for name in ("second", "third")]


def _cpu_of_children() -> float:
    """Of all that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cpu_of(server: PostgreSQL | None) -> float:
    if server is None:
        return 0.0
    return cpu_seconds_of_family(int((server.data / "postmaster.pid").read_text().split()[0]))


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CLOCKS
    for name in sys.argv[2:] or ("postgresql", "sqlite"):
        print(name, {key: round(value, 1) for key, value in measure(name, count).items()}, flush=True)
