"""The queue of writers: no writer of any process finds the database locked, and a kill blocks nobody."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError

from installations import ON_POSTGRESQL
from mailcall.database.sqlite3 import base

pytestmark = pytest.mark.skipif(ON_POSTGRESQL, reason="how writers queue for SQLite")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "test.sqlite3"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE counter (n INTEGER)")
        made.execute("INSERT INTO counter VALUES (0)")
    return path


def writer(path: Path, what: str, seconds: float) -> subprocess.Popen:
    command = [sys.executable, str(ROOT / "tests/database/writer.py"), str(path), what, str(seconds)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def count(path: Path) -> int:
    with sqlite3.connect(path) as read:
        return int(read.execute("SELECT n FROM counter").fetchone()[0])


def test_four_processes_write_at_once_and_none_is_refused(database: Path) -> None:
    writers = [writer(database, what, 2) for what in ("own", "own", "own", "mixed")]
    results = [process.communicate(timeout=60) for process in writers]
    assert [errors for _, errors in results] == [""] * 4
    assert count(database) == sum(int(output) for output, _ in results)  # no write was lost
    assert min(int(output) for output, _ in results) > 5  # and nobody starved


def test_a_killed_writer_blocks_nobody_and_leaves_nothing(database: Path) -> None:
    holder = writer(database, "hold", 60)
    assert holder.stdout.readline() == "held\n"
    second = writer(database, "own", 0.2)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    start = time.monotonic()
    output, errors = second.communicate(timeout=30)
    assert (errors, count(database)) == ("", int(output))
    assert time.monotonic() - start < 15


def open_files() -> list[str]:
    return [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.exists()]


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_is_never_given_back_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "WAIT_SECONDS", 0.1)
    refused: list[str] = []

    def other() -> None:
        try:
            with transaction.atomic():
                pass
        except OperationalError as error:
            refused.append(str(error))
        finally:
            connection.close()

    with transaction.atomic():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert refused == ["database is locked: another process has been writing for 0 seconds"]
    assert not any(name.endswith(".writer") for name in open_files())
    other()  # the lock is free again
    assert len(refused) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_the_lock_is_given_back_however_a_transaction_ends(end: str) -> None:
    connection.ensure_connection()
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    assert connection._writer is not None
    getattr(connection, end)()
    if end != "close":
        connection.set_autocommit(True)
    assert connection._writer is None
