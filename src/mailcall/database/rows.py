"""Writing many rows at once with one statement, without what Django does for each value of each row."""

import datetime as dt
import itertools
import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, Model

# Values of these classes go to the database as they are, in fields of these classes.
_PLAIN_VALUES = (str, int, bool, type(None))
_PLAIN_FIELDS = (
    models.AutoField,
    models.BigAutoField,
    models.BooleanField,
    models.CharField,
    models.ForeignKey,
    models.IntegerField,
    models.BigIntegerField,
    models.OneToOneField,
    models.PositiveBigIntegerField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.TextField,
)
_MOST_PARAMETERS = 32_000  # PostgreSQL takes 65,535


def insert_rows(rows: Iterable[Model], *, ignore_conflicts: bool = False) -> None:
    """Insert new rows of one model, and give each its key unless `ignore_conflicts`.

    Django's `bulk_create` prepares each value by itself and cuts at 999 of them: most of what acting on a
    mail took. The same rules hold: no signals, and the rows of a foreign key must have been saved.
    """
    rows = list(rows)
    if not rows:
        return
    meta = rows[0]._meta
    columns, stamped = _columns_of_new(type(rows[0]))
    for row in rows if stamped else ():
        for field in stamped:
            field.pre_save(row, add=True)
    write = _Writer(columns)
    with transaction.atomic(savepoint=False), write.connection.cursor() as cursor:
        if write.connection.vendor == "postgresql" and not ignore_conflicts:
            keys = _copy(cursor, rows, columns, write)
        else:
            keys = _insert(cursor, rows, columns, write, ignore_conflicts)
    if not ignore_conflicts:
        for row, key in zip(rows, keys, strict=True):
            setattr(row, meta.pk.attname, key)
            row._state.adding = False
            row._state.db = write.connection.alias


def _insert(
    cursor: CursorWrapper, rows: Sequence[Model], columns: Sequence["Field[Any, Any]"], write: "_Writer",
    ignore_conflicts: bool,
) -> list[int]:  # fmt: skip
    """Insert by statements of many values; the new keys, unless `ignore_conflicts`."""
    meta = rows[0]._meta
    places = "(" + ", ".join(["%s"] * len(columns)) + ")"
    end = " ON CONFLICT DO NOTHING" if ignore_conflicts else f" RETURNING {_quoted(meta.pk.column)}"
    size = min(max(_most_parameters(write.connection) // len(columns), 1), 500)
    keys: list[int] = []
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        statement = (
            f"INSERT INTO {_quoted(meta.db_table)} ({_names(columns)}) "  # noqa: S608  our own names
            f"VALUES {', '.join([places] * len(some))}{end}"
        )
        cursor.execute(statement, list(itertools.chain.from_iterable(map(write.values, some))))
        if not ignore_conflicts:
            keys += [key for (key,) in cursor.fetchall()]
    return keys


def _copy(
    cursor: CursorWrapper, rows: Sequence[Model], columns: Sequence["Field[Any, Any]"], write: "_Writer"
) -> list[int]:
    """Insert by COPY with keys taken before: on PostgreSQL both sides do less for it than for INSERT."""
    meta = rows[0]._meta
    table, key = _quoted(meta.db_table), meta.pk.column
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, key, len(rows)]
    )
    keys = [made for (made,) in cursor.fetchall()]
    statement = f"COPY {table} ({_quoted(key)}, {_names(columns)}) FROM STDIN"
    with cursor.copy(statement) as copy:
        for made, row in zip(keys, rows, strict=True):
            copy.write_row([made, *write.values(row)])
    return keys


def update_rows(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Save these fields of rows of one model: one prepared statement, run for each.

    Django's `bulk_update` builds one statement with a CASE for each row and field, which costs more than
    all the rest of acting on a mail.
    """
    if not rows:
        return
    meta = rows[0]._meta
    columns = [column for column in meta.concrete_fields if column.name in fields]
    assignments = ", ".join(f"{_quoted(column.column)} = %s" for column in columns)
    key = _quoted(meta.pk.column)
    statement = f"UPDATE {_quoted(meta.db_table)} SET {assignments} WHERE {key} = %s"  # noqa: S608  our own names
    write = _Writer(columns)
    with write.connection.cursor() as cursor:
        cursor.executemany(statement, [[*write.values(row), row.pk] for row in rows])


class _Writer:
    """Gives the values of rows as the database takes them."""

    def __init__(self, columns: Sequence["Field[Any, Any]"]) -> None:
        # Not the proxy, which looks for the thread's connection at each access.
        self.connection = connections[DEFAULT_DB_ALIAS]
        self._columns = [(field.attname, field.__class__ in _PLAIN_FIELDS, field) for field in columns]
        self._moments: dict[tuple[Field[Any, Any], dt.datetime], Any] = {}  # many rows share theirs

    def values(self, row: Model) -> list[Any]:
        """Of one row, in the order of the columns."""
        own = row.__dict__
        return [
            value
            if plain and (value := own.get(name)).__class__ in _PLAIN_VALUES and value is not None
            else self._prepared(row, field)
            for name, plain, field in self._columns
        ]

    def _prepared(self, row: Model, field: "Field[Any, Any]") -> Any:
        value = getattr(row, field.attname)
        if value is None:
            return _key_of_related(row, field)
        if value.__class__ is not dt.datetime:
            return field.get_db_prep_save(value, self.connection)
        moment = (field, value)
        if moment not in self._moments:
            self._moments[moment] = field.get_db_prep_save(value, self.connection)
        return self._moments[moment]


def _key_of_related(row: Model, field: "Field[Any, Any]") -> Any:
    """The key of a row that was set before it had one; else None."""
    if not (isinstance(field, models.ForeignKey) and field.is_cached(row)):
        return None
    related = field.get_cached_value(row)
    if related is not None:
        setattr(row, field.attname, related.pk)
    return getattr(row, field.attname)


@cache
def _columns_of_new(model: type[Model]) -> tuple[list["Field[Any, Any]"], list["Field[Any, Any]"]]:
    """The fields of a new row whose key the database makes, and those of them that Django stamps."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    stamped: list[Field[Any, Any]] = [
        field
        for field in fields
        if isinstance(field, models.DateField) and (field.auto_now or field.auto_now_add)
    ]
    return fields, stamped


def _most_parameters(connection: BaseDatabaseWrapper) -> int:
    if connection.vendor != "sqlite":
        return _MOST_PARAMETERS
    connection.ensure_connection()
    limit: int = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    return min(limit, _MOST_PARAMETERS)


def _names(columns: Sequence["Field[Any, Any]"]) -> str:
    return ", ".join(_quoted(field.column) for field in columns)


def _quoted(name: object) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(str(name))
