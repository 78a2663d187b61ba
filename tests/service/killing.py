"""Workers of one desk that are killed at random, each in one of several ways, and started again."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from installations import Installation
from servers.process import wait_for

# The whole process group as by the kernel in need, the service alone, or one of the readers it started.
WAYS = {"all": 6, "service": 2, "child": 2}
# A worker renews what it holds each 5 of 30 seconds; what was not renewed for 8 is a dead one's.
_LEFT_BY_THE_DEAD = (
    "update service_lease set until = now() "
    "where until < now() + make_interval(secs => {seconds}) and work not like 'every %'",
    "update inbound_claim set until = now() - interval '1 second' "
    "where until < now() + make_interval(secs => {seconds})",
)


@contextmanager
def workers(first: Installation, count: int) -> Iterator[list[Installation]]:
    """This worker of a desk and as many more as are needed; their processes are ended in any case."""
    more = [first.another_worker(first.folder / f"worker-{number}") for number in range(1, count)]
    try:
        yield [first, *more]
    finally:
        for worker in more:
            if worker.process:
                worker.kill()


def start_all(desk: Sequence[Installation]) -> None:
    """Start those that do not run, and wait until they say so."""
    begun = []
    for worker in desk:
        if worker.process is None:
            begun.append((worker, worker.log.stat().st_size if worker.log.exists() else 0))
            worker.start()
    for worker, size in begun:
        worker.wait(
            lambda worker=worker, size=size: b"service started" in worker.log.read_bytes()[size:], "the start"
        )


def kill(worker: Installation, chance: random.Random) -> str:
    """Kill a running worker, or a process of it; in which way. Nothing of a killed service lives on."""
    assert worker.process
    leader = worker.process.pid
    children = [pid for pid in members(leader) if pid != leader]
    (way,) = chance.choices(list(WAYS), WAYS.values())
    if way == "child" and children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(children), signal.SIGKILL)
        return way
    if way == "all":
        worker.kill()
    else:
        os.kill(leader, signal.SIGKILL)
        worker.process.wait(30)
        worker.process = None
    assert wait_for(lambda: not members(leader), 20), f"left over: {members(leader)}"
    return way


def members(group: int) -> list[int]:
    """The processes of a group that are alive."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of, *_ = stat.read_text().rsplit(")", 1)[1].split()
            if int(of) == group and state != "Z":
                found.append(int(stat.parent.name))
    return found


def let_time_pass(desk: Sequence[Installation]) -> None:
    """What dead workers held runs out, as it would by itself within half a minute."""
    if desk[0].database_url:
        seconds = 22 if any(worker.process for worker in desk) else 30
        desk[0].change(*(statement.format(seconds=seconds) for statement in _LEFT_BY_THE_DEAD))


def wait_until_settled(desk: Sequence[Installation], mails: int, seconds: float) -> None:
    """Until all that came is done, and all that is to leave has left."""
    passed = time.monotonic()

    def settled() -> bool:
        nonlocal passed
        if time.monotonic() - passed > 1:
            let_time_pass(desk)
            passed = time.monotonic()
        return desk[0].settled(mails)

    desk[0].wait(settled, f"{mails} mails", seconds)
