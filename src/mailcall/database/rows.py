"""Writing many rows at once with one statement, without what Django does for each value of each row."""

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models, transaction
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
    fields, write = _insert(type(rows[0]))
    size = min(max(_most_parameters() // len(fields), 1), 500)
    key = _quoted(meta.pk.column)
    names = ", ".join(_quoted(field.column) for field in fields)
    places = "(" + ", ".join(["%s"] * len(fields)) + ")"
    end = " ON CONFLICT DO NOTHING" if ignore_conflicts else f" RETURNING {key}"
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            statement = (
                f"INSERT INTO {_quoted(meta.db_table)} ({names}) "  # noqa: S608  our own names
                f"VALUES {', '.join([places] * len(some))}{end}"
            )
            cursor.execute(statement, list(itertools.chain.from_iterable(map(write, some))))
            if not ignore_conflicts:
                for row, (made,) in zip(some, cursor.fetchall(), strict=True):
                    row.pk = made
                    row._state.adding = False
                    row._state.db = connection.alias


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
    values = [[*(_prepared(column, row) for column in columns), row.pk] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


@cache
def _insert(model: type[Model]) -> tuple[list["Field[Any, Any]"], Callable[[Model], list[Any]]]:
    """The fields of a new row whose key the database makes, and what gives their values."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    stamped = [f for f in fields if isinstance(f, models.DateField) and (f.auto_now or f.auto_now_add)]

    def values(row: Model) -> list[Any]:
        for field in stamped:
            field.pre_save(row, add=True)
        return [_prepared(field, row) for field in fields]

    return fields, values


def _prepared(field: "Field[Any, Any]", row: Model) -> Any:
    value = getattr(row, field.attname)
    if (
        value is None and isinstance(field, models.ForeignKey) and field.is_cached(row)
    ):  # set before that row had its key
        related = field.get_cached_value(row)
        value = None if related is None else related.pk
        setattr(row, field.attname, value)
    if value.__class__ in _PLAIN_VALUES and field.__class__ in _PLAIN_FIELDS:
        return value
    return field.get_db_prep_save(value, connection)


def _most_parameters() -> int:
    if connection.vendor != "sqlite":
        return _MOST_PARAMETERS
    connection.ensure_connection()
    limit: int = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    return min(limit, _MOST_PARAMETERS)


def _quoted(name: object) -> str:
    return connection.ops.quote_name(str(name))
