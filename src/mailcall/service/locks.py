"""Who works alone on what: one file lock for each kind of work.

The kernel drops the lock of a process that dies, however it dies, so nothing waits for a lease to run out.
This is for one machine; several need leases in the database, renewed by heartbeat.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from mailcall.config import config


class Busy(Exception):
    """Another thread or process is doing this work. The text says which."""


@contextmanager
def alone(work: str) -> Iterator[None]:
    """Hold the lock of this work, or raise Busy at once."""
    folder = config().locks_dir
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (re.sub(r"[^a-z0-9.-]", "-", work) + ".lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"Another process is busy with this work: {work}.") from None
        yield
    finally:
        os.close(descriptor)
