"""Making and writing many rows at once, without what Django does for each value of each row."""

import datetime as dt
import itertools
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, Model
from django.db.models.base import ModelState

# Values of these classes go to the database as they are, in fields of these classes.
_PLAIN_VALUES = (str, int, bool)
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

Row = TypeVar("Row", bound=Model)


def new_row(model: type[Row], **values: Any) -> Row:
    """`model(**values)` at a tenth of its price, for rows that go to `insert_rows` by the thousand.

    `values` are of fields, keys, or rows that foreign keys point to. No signals; a wrong name is not told.
    """
    plain, made, related = _beginnings(model)
    row = model.__new__(model)
    own = row.__dict__
    own["_state"] = state = ModelState()
    own.update(plain)
    for name, make in made:
        if name not in values:
            own[name] = make()
    for name, value in values.items():
        if attname := related.get(name):
            own[attname] = None if value is None else value.pk
            state.fields_cache[name] = value
        else:
            own[name] = value
    return row


def give_keys(rows: Sequence[Model]) -> None:
    """Give new rows of one model their keys, in order, before they are inserted in the same transaction."""
    if not rows:
        return
    meta, connection = rows[0]._meta, connections[DEFAULT_DB_ALIAS]
    take = _take_sequence if connection.vendor == "postgresql" else _take_numbers
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        for row, key in zip(rows, take(cursor, meta.db_table, meta.pk.column, len(rows)), strict=True):
            row.__dict__[meta.pk.attname] = key


def _take_sequence(cursor: CursorWrapper, table: str, key: str | None, count: int) -> Sequence[int]:
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
        [_quoted(table), key, count],
    )
    return [number for (number,) in cursor.fetchall()]


def _take_numbers(cursor: CursorWrapper, table: str, _key: str | None, count: int) -> Sequence[int]:
    """From where SQLite counts the keys of a table that it must not give twice (AUTOINCREMENT)."""
    cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [count, table])
    last = [number for (number,) in cursor.fetchall()]
    if not last:  # nothing was ever inserted
        last = [count]
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
    return range(last[0] - count + 1, last[0] + 1)


def insert_rows(rows: Iterable[Model], *, ignore_conflicts: bool = False) -> None:
    """Insert new rows of one model, and give each a key that has none, unless `ignore_conflicts`.

    Django's `bulk_create` prepares each value by itself and cuts at 999 of them: most of what acting on a
    mail took. The same rules hold: no signals, and the rows of a foreign key must have their keys.
    """
    rows = list(rows)
    if not rows:
        return
    columns, stamped = _columns_of_new(type(rows[0]))
    for row in rows if stamped else ():
        for field in stamped:
            field.pre_save(row, add=True)
    if ignore_conflicts:
        columns = [field for field in columns if not field.primary_key]
    with transaction.atomic(savepoint=False):
        if not ignore_conflicts and rows[0].pk is None:
            give_keys(rows)
        write = _Writer(columns)
        with write.connection.cursor() as cursor:
            if write.connection.vendor == "postgresql" and not ignore_conflicts:
                _copy(cursor, rows, columns, write)
            else:
                _insert(cursor, rows, columns, write, ignore_conflicts)
    if not ignore_conflicts:
        for row in rows:
            row._state.adding = False
            row._state.db = write.connection.alias


def _insert(
    cursor: CursorWrapper, rows: Sequence[Model], columns: Sequence["Field[Any, Any]"], write: "_Writer",
    ignore_conflicts: bool,
) -> None:  # fmt: skip
    """Insert by statements of many values."""
    places = "(" + ", ".join(["%s"] * len(columns)) + ")"
    end = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    size = min(max(_most_parameters(write.connection) // len(columns), 1), 500)
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        statement = (
            f"INSERT INTO {_quoted(rows[0]._meta.db_table)} ({_names(columns)}) "  # noqa: S608  our own names
            f"VALUES {', '.join([places] * len(some))}{end}"
        )
        cursor.execute(statement, list(itertools.chain.from_iterable(map(write.values, some))))


def _copy(
    cursor: CursorWrapper, rows: Sequence[Model], columns: Sequence["Field[Any, Any]"], write: "_Writer"
) -> None:
    """Insert by COPY: on PostgreSQL both sides do less for it than for INSERT."""
    with cursor.copy(f"COPY {_quoted(rows[0]._meta.db_table)} ({_names(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(write.values(row))


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
    run_for_each(statement, [[*write.values(row), row.pk] for row in rows])


def run_for_each(statement: str, values: Sequence[Sequence[Any]]) -> None:
    """Run a statement with each of these values, in one transaction; PostgreSQL prepares it once.

    By Django's own cursor PostgreSQL would parse and plan it each time, values and all.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    with transaction.atomic(savepoint=False):
        if connection.vendor != "postgresql":
            with connection.cursor() as cursor:
                cursor.executemany(statement, values)
            return
        from psycopg import Cursor

        with connection.wrap_database_errors, Cursor(connection.connection) as prepared:
            prepared.executemany(statement, values)


class _Writer:
    """Gives the values of rows as the database takes them."""

    def __init__(self, columns: Sequence["Field[Any, Any]"]) -> None:
        # Not the proxy, which looks for the thread's connection at each access.
        self.connection = connections[DEFAULT_DB_ALIAS]
        self._columns = [
            (
                field.attname,
                _PLAIN_VALUES if field.__class__ in _PLAIN_FIELDS else (),
                field.is_relation,
                field,
            )
            for field in columns
        ]
        self._moments: dict[tuple[Field[Any, Any], dt.datetime], Any] = {}  # many rows share theirs

    def values(self, row: Model) -> list[Any]:
        """Of one row, in the order of the columns."""
        own = row.__dict__
        return [
            value
            if (value := own[name]).__class__ in plain or (value is None and not related)
            else self._prepared(row, value, field)
            for name, plain, related, field in self._columns
        ]

    def _prepared(self, row: Model, value: Any, field: "Field[Any, Any]") -> Any:
        if value is None:
            return _key_of_related(row, field) if field.name in row._state.fields_cache else None
        if isinstance(value, Enum) and field.__class__ in _PLAIN_FIELDS:
            return value.value
        if value.__class__ is not dt.datetime:
            return field.get_db_prep_save(value, self.connection)
        moment = (field, value)
        if moment not in self._moments:
            self._moments[moment] = field.get_db_prep_save(value, self.connection)
        return self._moments[moment]


def _key_of_related(row: Model, field: "Field[Any, Any]") -> Any:
    """The key of a row that was set before it had one; else None."""
    related = row._state.fields_cache[field.name]
    if related is not None:
        setattr(row, field.attname, related.pk)
    return getattr(row, field.attname)


@cache
def _beginnings(
    model: type[Model],
) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]], dict[str, str]]:
    """What a new row has by itself: values, values to be made for each, and the columns of its relations."""
    fields = model._meta.concrete_fields
    made = [(f.attname, f.get_default) for f in fields if f.has_default() and callable(f.default)]
    plain = {f.attname: f.get_default() for f in fields if f.attname not in dict(made)}
    return plain, made, {f.name: f.attname for f in fields if f.is_relation}


@cache
def _columns_of_new(model: type[Model]) -> tuple[list["Field[Any, Any]"], list["Field[Any, Any]"]]:
    """The fields of a new row, and those of them that Django stamps."""
    fields = list(model._meta.concrete_fields)
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
