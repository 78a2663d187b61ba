"""A whole desk from the embedded database into an empty one on PostgreSQL.

1. `survey` reads the source once: counts and hashes of its tables, and every value that does not fit.
2. `begin` empties what migrating put into the target, and says there that a move is on its way.
3. `copy` brings the rows over in the order of their keys, in bounded transactions that also record how far
   it has come: killed, it goes on from there.
4. `finish` sets the sequences, reads the target once to compare counts and hashes, and says that it is done.

The source must not change from 1 to 4: the caller holds up its writers, and `marks` keeps services from it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.utils import DataError, IntegrityError
from django.utils import timezone

from mailcall.checkpoints import checkpoint
from mailcall.upkeep import tables as desk_tables
from mailcall.upkeep.models import Move
from mailcall.upkeep.problems import UpkeepError
from mailcall.upkeep.source import Source
from mailcall.upkeep.tables import Table
from mailcall.upkeep.values import Unfit, digest, fit

SHOWN = 20
BATCH_ROWS = 5_000
BATCH_BYTES = 8 * 1024 * 1024
ONLY_THERE = {"procrastinate"}  # nudges alone, which a service gives anew
WHOLE = 1 << 256  # sums of SHA-256 are kept below

Told = Callable[[str, int], None]  # a table, and how many more of its rows are done

# What psycopg is told of the columns of a COPY; JSON is compared as text, addresses as what they mean.
_TYPES = {
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "boolean": "bool",
    "double precision": "float8",
    "varchar": "text",
    "jsonb": "text",
    "timestamp with time zone": "timestamptz",
}


@dataclass(slots=True)
class Values:
    """Values that do not fit: how many, and the first of them as `table key, column: why`."""

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, value: str) -> None:
        """One more."""
        self.count += 1
        if self.count <= SHOWN:
            self.first.append(value)


@dataclass(slots=True)
class Survey:
    """What the source holds, and what of it does not fit."""

    tables: dict[str, list[Any]] = field(default_factory=dict)  # name: [rows, sum of the hashes in hex]
    unfit: Values = field(default_factory=Values)
    mended: Values = field(default_factory=Values)
    can_mend: bool = True


def migrations() -> set[tuple[str, str]]:
    """The migrations of this version, as (app, name), but for what only PostgreSQL has."""
    return {node for node in MigrationLoader(None).graph.nodes if node[0] not in ONLY_THERE}


def survey(source: Source, *, mend: bool, told: Told) -> Survey:
    """Read all of the source."""
    seen = Survey()
    for table in desk_tables.tables(connection):
        count = total = 0
        for raw in source.rows(table):
            values = _fitted(table, raw, mend=mend, seen=seen)
            if not seen.unfit.count:
                total += digest(table.columns, values)
            count += 1
            told(table.name, 1)
        seen.tables[table.name] = [count, f"{total % WHOLE:064x}"]
    return seen


def begin(number: str, seen: Survey, *, mend: bool) -> Move:
    """Say in the target that this move is on its way; what migrating made there is emptied."""
    names = ", ".join(f'"{table.name}"' for table in desk_tables.tables(connection))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {names}")
        return Move.objects.create(id=number, mend=mend, survey=seen.tables)


def copy(source: Source, move: Move, told: Told) -> None:
    """Bring over the rows that are not there yet. Raises UpkeepError when PostgreSQL refuses one."""
    for table in desk_tables.tables(connection):
        last, count = move.reached.get(table.name, [None, 0])
        told(table.name, count)
        rows = source.rows(table, last)
        try:
            while copied := _copy_batch(table, rows, move, count):
                count += copied
                told(table.name, copied)
        except (DataError, IntegrityError) as error:
            raise UpkeepError(
                f"PostgreSQL refuses rows of {table.name} ({_one_line(error)}). Mend them in the old one, "
                "which --undo has Mailcall use again, and move to a new, empty one."
            ) from None


def finish(source: Source, move: Move, told: Told) -> None:
    """Compare, set the sequences, and have the target used. Raises UpkeepError: what differs."""
    tables = desk_tables.tables(connection)
    for table in tables:
        count, total = _summed(table, told)
        if [count, total] != move.survey[table.name]:
            raise UpkeepError(
                f"After the copy {table.name} is not the same on both sides ({count} rows of "
                f"{move.survey[table.name][0]}): one was changed meanwhile. Move to another, "
                "empty database, after --undo; nothing works on this one."
            )
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), desk_tables.models()):
            cursor.execute(statement)
        for table in tables:
            _keep_numbers(cursor, table, source.highest(table))
        Move.objects.filter(pk=move.pk).update(finished_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _copy_batch(table: Table, rows: Iterator[tuple[Any, ...]], move: Move, before: int) -> int:
    """Bring over the next rows; how many, 0 at the end."""
    count = size = 0
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(f'COPY "{table.name}" ({table.names}) FROM STDIN') as writing:
            for raw in rows:
                values = _fitted(table, raw, mend=move.mend, seen=None)
                writing.write_row(values)
                count += 1
                size += sum(len(value) for value in raw if isinstance(value, bytes))
                move.reached[table.name] = [values[table.key_place], before + count]
                if count >= BATCH_ROWS or size >= BATCH_BYTES:
                    break
        if count:
            move.save(update_fields=["reached"])
            checkpoint("move.copied")
    checkpoint("move.committed")
    return count


def _fitted(table: Table, raw: Sequence[Any], *, mend: bool, seen: Survey | None) -> list[object]:
    """A row as PostgreSQL takes it. With `seen` what does not fit is noted there, else it is raised."""
    values = []
    for place, column in enumerate(table.columns):
        try:
            value = fit(column, raw[place])
        except Unfit as error:
            can_mend = error.mended is not None and column.name != table.key
            value = error.mended if can_mend else None
            if seen is not None:
                seen.can_mend &= can_mend
                values_of = seen.mended if mend and can_mend else seen.unfit
                values_of.add(f"{table.name} {_shown(raw[table.key_place])}, {column.name}: {error}")
            elif not (mend and can_mend):
                raise UpkeepError(f"{table.name}: {error}; it was changed meanwhile.") from None
        values.append(value)
    return values


def _summed(table: Table, told: Told) -> tuple[int, str]:
    """The rows of a table of the target, and the sum of their hashes."""
    wanted = ", ".join(
        f'"{column.name}"::text' if column.type == "jsonb" else f'"{column.name}"' for column in table.columns
    )
    count = total = 0
    statement = f'COPY (SELECT {wanted} FROM "{table.name}") TO STDOUT'  # noqa: S608  our own names
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as reading:
        reading.set_types([_TYPES.get(column.type, column.type) for column in table.columns])
        for row in reading.rows():
            total += digest(table.columns, row)
            count += 1
            told(table.name, 1)
    return count, f"{total % WHOLE:064x}"


def _keep_numbers(cursor: Any, table: Table, highest: int) -> None:
    """Give no number twice, even if the row that had it was deleted."""
    if highest:
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence(%s, %s), greatest(%s, (SELECT max({table.key}) "  # noqa: S608
            f'FROM "{table.name}")))',
            [f'"{table.name}"', table.key, highest],
        )


def _shown(key: object) -> object:
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else key


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
