"""Who works alone on what: a file lock beside the embedded database, a lease in one on a server.

The kernel drops the file lock of a process that dies, however it dies, so nothing waits there.
"""

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mailcall.config import config

Lost = Callable[[], bool]


class Busy(Exception):
    """Another thread or process is doing this work. The text says which."""

    def __init__(self, work: str) -> None:
        super().__init__(f"Another process is busy with this work: {work}.")


@contextmanager
def alone(work: str) -> Iterator[Lost]:
    """Do this work alone, or raise Busy at once.

    Gives a function that says whether the work may have passed to another meanwhile: nothing more may be
    begun then. What belongs to this machine alone, such as its data folder, asks for `alone_here`.
    """
    if config().embedded:
        with alone_here(work):
            yield lambda: False
        return
    from mailcall.service.leases import leased

    with leased(work) as lease:
        if lease is None:
            raise Busy(work)
        yield lease.lost


@contextmanager
def acting() -> Iterator[Lost]:
    """Act on the journal: alone beside the embedded database, or raise Busy at once.

    On a server many may act at once, each on what it has claimed (`inbound.claims`).
    """
    if config().embedded:
        with alone("act") as lost:
            yield lost
    else:
        yield lambda: False


@contextmanager
def alone_here(work: str) -> Iterator[None]:
    """Do this work alone on this machine's data folder, or raise Busy at once."""
    folder = config().locks_dir
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (re.sub(r"[^a-z0-9.-]", "-", work) + ".lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(work) from None
        yield
    finally:
        os.close(descriptor)
