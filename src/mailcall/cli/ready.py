"""What every command needs first: settings that can be used, logs, Django, a database of this version."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import click
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from mailcall.config import ConfigError, config
from mailcall.database.readiness import unapplied
from mailcall.keyring import KeyringError
from mailcall.upkeep import marks
from mailcall.upkeep.problems import UpkeepError

PEOPLE_ERRORS = (
    ConfigError, KeyringError, ImproperlyConfigured, DatabaseError, PermissionError, UpkeepError
)  # fmt: skip


def sentence_of(error: Exception) -> str:
    """An error as one sentence for people."""
    from mailcall.service.troubles import explain

    if isinstance(error, DatabaseError):
        return f"{' '.join(explain(error).split())} The database is {config().database_shown}."
    if isinstance(error, PermissionError):
        return f"{error.filename} can't be used: {error.strerror}. Check who owns the data folder."
    return str(error)


def ready(*, migrated: bool = True) -> None:
    """Set up logs and Django; `migrated` also asks that the database is of this version.

    Raises ConfigError, ImproperlyConfigured, UpkeepError, click.ClickException.
    """
    if migrated and config().embedded and not config().database_path.exists():
        raise click.ClickException(
            f"There is no desk in {config().data_dir}. `mailcall migrate` makes one there; to look at the "
            "demo's, set MAILCALL_DATA_DIR=demo-data."
        )
    if config().embedded and (mark := marks.read()):
        raise UpkeepError(mark.sentence)
    import django

    from mailcall.logs import set_up

    os.umask(0o077)  # mail is nobody else's to read
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailcall.settings")
    set_up(config().log_format, config().log_level)
    django.setup()
    if migrated:
        missing = unapplied()
        if missing:
            raise click.ClickException(
                f"The database {config().database_shown} is not of this version ({len(missing)} migrations "
                "are missing); `mailcall migrate` brings it up to date."
            )
        _refuse_half()


def _refuse_half() -> None:
    from mailcall.upkeep.target import refuse_half

    refuse_half()


def migrate_database() -> int:
    """Bring the database up to this version; how many migrations that took.

    An existing SQLite database is copied beside itself first (`.before-migration`), so that there is a way
    back; PostgreSQL undoes a failed migration itself, and is backed up by its own means.
    """
    from django.core.management import call_command

    from mailcall.service.locks import alone_here

    with alone_here("migrate"), _no_other_machine():
        _refuse_half()
        missing = unapplied()
        if missing:
            if config().embedded and _is_in_use():
                _copy_database()
            call_command("migrate", interactive=False, verbosity=0)
    return len(missing)


@contextmanager
def _no_other_machine() -> Iterator[None]:
    """Wait for other machines that migrate the same database."""
    from django.db import connection

    if config().embedded:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('mailcall migrate'))")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('mailcall migrate'))")


def _is_in_use() -> bool:
    """Whether the database holds anything."""
    from django.db import connection

    return bool(connection.introspection.table_names())


def _copy_database() -> None:
    from django.db import connection

    path = config().database_path
    connection.close()
    with (
        sqlite3.connect(path) as source,
        sqlite3.connect(path.with_suffix(".before-migration")) as target,
    ):
        source.backup(target)
