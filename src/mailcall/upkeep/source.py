"""The embedded database of a desk, read without Django and never written."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from mailcall.service.locks import Busy
from mailcall.upkeep.tables import Table


class Source:
    """One moment of an embedded database. Text comes as bytes: SQLite does not check that it is UTF-8."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def migrations(self) -> set[tuple[str, str]]:
        """The migrations that made it, as (app, name); none for a database that is not of Mailcall."""
        try:
            rows = self._connection.execute("SELECT app, name FROM django_migrations").fetchall()
        except sqlite3.OperationalError:
            return set()
        return {(app.decode(), name.decode()) for app, name in rows}

    def count(self, table: Table) -> int:
        """How many rows a table has."""
        [(count,)] = self._connection.execute(f'SELECT count(*) FROM "{table.name}"')  # noqa: S608  our own names
        return int(count)

    def rows(self, table: Table, after: object = None) -> Iterator[tuple[Any, ...]]:
        """Its rows in the order of their key, from the one after this key on."""
        beyond = "" if after is None else f'WHERE "{table.key}" > ?'
        yield from self._connection.execute(
            f'SELECT {table.names} FROM "{table.name}" {beyond} ORDER BY "{table.key}"',  # noqa: S608  our own names
            () if after is None else (after,),
        )

    def highest(self, table: Table) -> int:
        """The highest key that a table ever gave, if it counts them: deleted rows count too."""
        rows = self._connection.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)
        ).fetchall()
        return int(rows[0][0]) if rows else 0


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The database as it is now, whatever is written to it meanwhile. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=20)) as connection:
        connection.isolation_level = None
        connection.text_factory = bytes
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment
        yield Source(connection)


@contextmanager
def no_writers(path: Path) -> Iterator[None]:
    """Hold up whoever would write to it, or raise Busy at once; see `database.sqlite3`."""
    descriptor = os.open(path.with_name(path.name + ".writer"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("writing to the database") from None
        yield
    finally:
        os.close(descriptor)
