"""Writing many rows at once, each with values of its own."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model


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
    values = [
        [
            *(column.get_db_prep_save(getattr(row, column.attname), connection) for column in columns),
            row.pk,
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def _quoted(name: object) -> str:
    return connection.ops.quote_name(str(name))
