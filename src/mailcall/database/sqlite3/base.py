"""Django's SQLite backend, with writers of all processes in one queue.

SQLite's busy handler is unfair: of several writers one may starve for many seconds. So a transaction
takes a file lock beside the database before it begins, and gives it back when it ends. The kernel drops
the lock of a process that dies, so a kill can't leave it behind.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

WAIT_SECONDS = 20.0
POLL_SECONDS = 0.004


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose transactions hold `<database>.writer` locked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._writer: int | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self._lock()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._unlock()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._unlock()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._unlock()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._unlock()

    def _lock(self) -> None:
        name = str(self.settings_dict["NAME"])
        if self._writer is not None or ":memory:" in name or "mode=memory" in name:
            return
        descriptor = os.open(Path(name).with_name(Path(name).name + ".writer"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _wait_for(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._writer = descriptor

    def _unlock(self) -> None:
        if self._writer is not None:
            os.close(self._writer)
            self._writer = None


def _wait_for(descriptor: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise OperationalError(
                    f"database is locked: another process has been writing for {WAIT_SECONDS:.0f} seconds"
                ) from None
            time.sleep(POLL_SECONDS)
        else:
            return
