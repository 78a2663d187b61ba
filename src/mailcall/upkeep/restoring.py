"""The database of a backup on its way back: what waited is held before anybody can send it."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from django.db import connection

from mailcall.checkpoints import checkpoint
from mailcall.upkeep import archive, holding, snapshots
from mailcall.upkeep.problems import UpkeepError
from mailcall.upkeep.unpacking import now

_CHUNK = 1024 * 1024


def hold_sqlite(database: Path) -> None:
    """Hold what waited, in a database that nothing else uses."""
    with closing(sqlite3.connect(database)) as opened, opened:
        for statement in holding.statements():
            opened.execute(statement)


def fill_postgresql(dump: Path, head: archive.Head, *, hold: bool, replace: bool) -> str:
    """Fill the database from a dump, in one transaction; the schema that the old desk is kept in, if any.

    psql is given what pg_restore makes of the dump, between our own BEGIN and COMMIT: if either is killed, or
    a table has not the rows that it had, nothing was done. Raises UpkeepError.
    """
    _nobody_works_there()
    schema = snapshots.schema()
    if schema != head.schema:
        raise UpkeepError(
            f"The desk is from the schema {head.schema}; have the user's search_path name it first."
        )
    kept = f"before_restore_{now()}" if replace else ""
    before = f'ALTER SCHEMA "{schema}" RENAME TO "{kept}"' if replace else f'DROP SCHEMA IF EXISTS "{schema}"'
    after = [f'SET search_path = "{schema}"', *_checks(head.rows), *(holding.statements() if hold else ())]
    where, environment = snapshots.reached_by()
    connection.close()
    with (
        subprocess.Popen(
            [snapshots.program("psql"), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1",
             "--output=/dev/null", f"--dbname={where}"],
            env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        ) as psql,
        subprocess.Popen(
            [snapshots.program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", dump],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as reading,
    ):  # fmt: skip
        said, error = _pump(psql, reading, f"BEGIN;\n{before};\n", ";\n".join(after) + ";\nCOMMIT;\n")
    if error:
        raise UpkeepError(f"The database was not restored, and is as it was: {error}")
    if psql.returncode:
        raise UpkeepError(f"The database was not restored, and is as it was: {_first_line(said)}")
    return kept


def _pump(
    psql: "subprocess.Popen[bytes]", reading: "subprocess.Popen[bytes]", before: str, after: str
) -> tuple[str, str]:
    """Give psql all it is to do; what it said, and why pg_restore failed: then nothing is committed."""
    assert psql.stdin
    assert reading.stdout
    error = ""
    try:
        psql.stdin.write(before.encode())
        shutil.copyfileobj(reading.stdout, psql.stdin, _CHUNK)
        checkpoint("restore.filled")
        _, complaint = reading.communicate()
        if reading.returncode:
            error = f"pg_restore failed: {_first_line(complaint.decode(errors='replace'))}"
        else:
            psql.stdin.write(after.encode())
        psql.stdin.flush()
    except BrokenPipeError:  # psql ended with an error, which it said
        reading.kill()
    _, said = psql.communicate()
    return said.decode(errors="replace"), error


def _checks(rows: dict[str, int]) -> Iterator[str]:
    for table, count in rows.items():
        if table.replace("_", "").isalnum():
            yield (
                f'DO $$ BEGIN IF (SELECT count(*) FROM "{table}") <> {int(count)} THEN '  # noqa: S608
                f"RAISE EXCEPTION '{table} has not the rows that it had'; END IF; END $$"
            )


def _nobody_works_there() -> None:
    with connection.cursor() as cursor:
        if "service_lease" in connection.introspection.table_names(cursor):
            cursor.execute("SELECT count(*) FROM service_lease WHERE until > now()")
            if cursor.fetchone()[0]:
                raise UpkeepError(
                    "A service works on this database, or did half a minute ago: stop all of them first."
                )


def _first_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[0] if lines else "it did not say why."
