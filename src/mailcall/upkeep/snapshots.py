"""One moment of the database in a file of its own, while everybody goes on writing."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from mailcall.desk.models import Content
from mailcall.inbound.models import ReceivedMail
from mailcall.upkeep import tables
from mailcall.upkeep.problems import UpkeepError

_PAGES = 4_096  # copied before the next word on how far it is
_NAMED = (
    f'SELECT sha256 FROM "{ReceivedMail._meta.db_table}" WHERE raw IS NULL AND raw_removed_at IS NULL '  # noqa: S608
    f'UNION SELECT sha256 FROM "{Content._meta.db_table}" WHERE data IS NULL'
)

Told = Callable[[int, int], None]  # how much is done, of how much
Query = Callable[[str], Iterable[tuple[Any, ...]]]


def sqlite(source: Path, target: Path, told: Told) -> None:
    """Copy an embedded database. Raises sqlite3.Error, and UpkeepError when it is damaged.

    Writers are not held up: in WAL mode a reader sees one moment, however long it reads.
    """
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=20)) as old,
        closing(sqlite3.connect(target, isolation_level=None)) as new,
    ):
        old.isolation_level = None
        old.execute("BEGIN")
        old.execute(
            "SELECT count(*) FROM sqlite_master"
        ).fetchone()  # without it each write would begin it anew
        new.execute("PRAGMA synchronous = OFF")
        old.backup(new, pages=_PAGES, progress=lambda _, left, of: told(of - left, of))
        [(answer,)] = new.execute("PRAGMA quick_check(1)").fetchall()
        if answer != "ok":
            raise UpkeepError(f"{source} is damaged ({answer}). Restore it from an earlier backup.")
        new.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def sqlite_query(path: Path) -> Iterator[Query]:
    """Ask a copy that nobody else uses."""
    with closing(sqlite3.connect(path)) as opened:
        yield opened.execute


@contextmanager
def postgresql() -> Iterator[tuple[Query, Callable[[Path], None]]]:
    """One moment of the database: what asks it, and what dumps it into a file. Raises UpkeepError."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]

        def query(statement: str) -> Iterator[tuple[Any, ...]]:
            with connection.connection.cursor(name="names") as named:
                named.execute(statement)
                yield from named

        yield query, lambda target: _dump(target, snapshot)


def names_of_files(query: Query) -> Iterator[str]:
    """The SHA-256 of each file that the database names."""
    for (name,) in query(_NAMED):
        yield name


def rows_of_tables(query: Query) -> dict[str, int]:
    """How many rows each table has."""
    found = {}
    for model in tables.models():
        name = model._meta.db_table
        [(found[name],)] = query(f'SELECT count(*) FROM "{name}"')  # noqa: S608  our own names
    return found


def program(name: str) -> str:
    """Where one of PostgreSQL's programs is, not older than the server. Raises UpkeepError."""
    connection.ensure_connection()
    server = connection.connection.info.server_version // 10_000
    found = shutil.which(name)
    if found is None:
        raise UpkeepError(f"{name} is missing: install postgresql-client-{server}.")
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = next((word.partition(".")[0] for word in said.split() if word[:1].isdigit()), "0")
    if int(version) < server:
        raise UpkeepError(
            f"{name} is of PostgreSQL {version}, the server of {server}: install postgresql-client-{server}."
        )
    return found


def reached_by() -> tuple[str, dict[str, str]]:
    """How PostgreSQL's programs reach the database: an argument, and an environment with the password."""
    ours = {"cursor_factory", "context", "prepare_threshold", "options", "client_encoding"}
    settings = {name: value for name, value in connection.get_connection_params().items() if name not in ours}
    password = str(settings.pop("password", "") or "")
    return make_conninfo("", **settings), {**os.environ, **({"PGPASSWORD": password} if password else {})}


def schema() -> str:
    """The schema that the tables are in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def _dump(target: Path, snapshot: str) -> None:
    where, environment = reached_by()
    done = subprocess.run(
        [
            program("pg_dump"), "--format=custom", "--compress=0", "--no-owner", "--no-privileges",
            "--no-password", f"--snapshot={snapshot}", f"--schema={schema()}", f"--file={target}",
            f"--dbname={where}",
        ],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise UpkeepError(
            f"pg_dump failed: {' '.join(done.stderr.decode(errors='replace').split())[-500:].rstrip('.')}."
        )
