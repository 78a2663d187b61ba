"""Many clocks that are due in the same moment: loaded into a desk, fired by its workers, some of them killed.

`python -m service.many_clocks OPEN DUE CLOSED` loads them, in the environment of an installation.
"""

import datetime as dt
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from installations import Installation

TESTS = Path(__file__).resolve().parent.parent
ANALYSTS = 1_000
AT_ONCE = 5_000
DESK = """
partitions:
  - {{name: IT, address: support@desk.example}}
call_templates:
  - {{name: Mail, partition: IT}}
outgoing_servers:
  - {{name: Out, protocol: maildir, path: {out}}}
"""
TOLD = (
    "select entry_id from outbound_message where type_code = 6001 "
    "union all select entry_id from outbound_digestitem where type_code = 6001"
)


def new_desk(made: Installation) -> None:
    """A desk without mailboxes, which sends into a folder."""
    made.load(DESK.format(out=made.folder / "out"))


def load_into(made: Installation, count: int, closed: int = 0) -> None:
    """Have so many open calls with a level that is due tomorrow, and closed ones whose clocks are over."""
    due = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    subprocess.run(
        [sys.executable, "-m", "service.many_clocks", str(count), due.isoformat(), str(closed)],
        env={**made.environment, "PYTHONPATH": f"{made.environment['PYTHONPATH']}:{TESTS}"},
        check=True,
        timeout=3_000,
    )


def seconds_until_fired(workers: Sequence[Installation], count: int, kills: int) -> float:
    """Start all workers, and kill some of them; from when that many clocks are due until all have fired.

    They were loaded, and are not due for long. Each is told once, by a mail or by a line of a digest.
    """
    desk = workers[0]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.wait(lambda: b"service started" in worker.log.read_bytes(), "the start")  # noqa: B023
    due = dt.datetime.now(dt.UTC)
    desk.change(f"update desk_clock set due_at = '{due:%Y-%m-%d %H:%M:%S.%f}{_zone(desk)}' where number = 1")
    begun = time.monotonic()
    for kill in range(kills):
        _wait(desk, count * (kills - kill) // (kills + 1))
        workers[kill % len(workers)].kill()
        workers[kill % len(workers)].start()
    _wait(desk, 0)
    seconds = time.monotonic() - begun
    assert_each_was_told_once(desk, count)
    return seconds


def assert_each_was_told_once(desk: Installation, count: int) -> None:
    """Fired, entered in the timeline of its call, and told of: each once."""
    fired = "select count(*) from desk_clock where number = 1 and fired_at is not null"
    assert desk.count(fired) == count
    entries = "from desk_timelineentry where text like 'Escalated at level 1 %'"
    assert desk.count(f"select count(*) {entries}") == desk.count(f"select count(distinct call_id) {entries}")
    assert desk.count(f"select count(*) {entries}") == count
    assert desk.count(f"select count(*) from ({TOLD}) as told") == count
    assert desk.count(f"select count(distinct entry_id) from ({TOLD}) as told") == count


def _wait(desk: Installation, left: int) -> None:
    """Until no more than so many are to fire; counting them costs the server something, so not too often."""
    waiting = "select count(*) from desk_clock where due_at is not null and number = 1"
    deadline = time.monotonic() + 900
    while desk.count(waiting) > left:
        assert time.monotonic() < deadline, desk.tail()
        time.sleep(0.5)


def _zone(desk: Installation) -> str:
    return "+00" if desk.database_url else ""


def _load(count: int, due: dt.datetime, closed: int) -> None:
    from mailcall.database.rows import insert_rows, new_row
    from mailcall.desk.models import Partition, Person

    partition = Partition.objects.get()
    user = new_row(Person, name="Uma", email="uma@customer.example")
    analysts = [
        new_row(Person, name=f"Ann {n}", email=f"ann{n}@desk.example", is_analyst=True, is_user=False)
        for n in range(ANALYSTS)
    ]
    insert_rows([user, *analysts])
    agreement, level = _agreed()
    for number, is_open in ((count, True), (closed, False)):
        for first in range(0, number, AT_ONCE):
            size = min(AT_ONCE, number - first)
            _insert(
                [
                    {"partition": partition, "user": user, "analyst": analysts[n % ANALYSTS]}
                    for n in range(first, first + size)
                ],
                agreement,
                level,
                due if is_open else None,
            )


def _agreed() -> tuple[Any, Any]:
    """Around the clock, an hour to resolve, and a level at half of that."""
    from mailcall.desk.models import Agreement, BusinessCalendar, EscalationLevel, Measure, Target
    from mailcall.desk.models.service_levels import WEEKDAYS

    calendar = BusinessCalendar.objects.create(name="Always", **dict.fromkeys(WEEKDAYS, "00:00-24:00"))
    agreement = Agreement.objects.create(name="Standard", calendar=calendar)
    Target.objects.create(agreement=agreement, priority=3, resolution_minutes=60)
    level = EscalationLevel.objects.create(
        agreement=agreement, measure=Measure.RESOLUTION, number=1, percent=50
    )
    return agreement, level


def _insert(calls: list[dict[str, Any]], agreement: Any, level: Any, due: dt.datetime | None) -> None:
    """As the desk makes them; without `due` long closed, in time, after the level."""
    from mailcall.database.rows import insert_rows, new_row
    from mailcall.desk.models import Call, Clock, State, Timer

    half, past = dt.timedelta(minutes=30), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    state = {"state": State.OPEN} if due else {"state": State.CLOSED, "closed_at": past}
    opened_at = due - half if due else past - half
    rows = [
        new_row(Call, subject="No light", opened_at=opened_at, updated_at=opened_at, **state, **call)
        for call in calls
    ]
    insert_rows(rows)
    how = {"running_since": opened_at, "due_at": due + half} if due else {"met_at": past, "used": 2_000}
    timers = [
        new_row(
            Timer,
            call=row,
            agreement=agreement,
            measure="resolution",
            why="Standard is for everything.",
            terms="",
            allowed=3_600,
            **how,
        )
        for row in rows
    ]
    insert_rows(timers)
    insert_rows(clock for timer in timers for clock in _clocks(new_row, Clock, timer, level, due, past))


def _clocks(
    new_row: Any, kind: Any, timer: Any, level: Any, due: dt.datetime | None, past: dt.datetime
) -> Iterator[Any]:
    half = dt.timedelta(minutes=30)
    first = {"due_at": due} if due else {"fired_at": past - half / 2}
    yield new_row(kind, timer=timer, level=level, number=1, generation=1, offset=1_800, **first)
    yield new_row(kind, timer=timer, number=0, generation=1, offset=3_600, due_at=due and due + half)


if __name__ == "__main__":
    import os

    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "mailcall.settings"
    django.setup()
    _load(int(sys.argv[1]), dt.datetime.fromisoformat(sys.argv[2]), int(sys.argv[3]))
