"""Whether this machine can work on the desk now: what pages and services say when they are asked."""

import shutil

import structlog
from django.db import Error, connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

from mailcall.config import config

log = structlog.get_logger("readiness")

LEAST_FREE_BYTES = 20 * 1024 * 1024  # below, a database may not even be able to commit
_current = False  # the database was found to have all our migrations; a newer version takes none away


def unapplied() -> list[Migration]:
    """The migrations that the database lacks. Raises django.db.Error."""
    executor = MigrationExecutor(connection)
    return [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def hindrance() -> str:
    """Why nothing can be worked on here, in a sentence that tells a stranger nothing; empty when it can."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _is_current():
            return "The database is not of this version."
    except Error as error:  # its words may tell a stranger where it is
        log.error("not ready", error=str(error).strip())  # noqa: TRY400  one sentence each time it is asked
        return "The database can't be used; the log says why."
    if shutil.disk_usage(config().data_dir).free < LEAST_FREE_BYTES:
        return "The disk of the data folder is full."
    return ""


def _is_current() -> bool:
    global _current  # noqa: PLW0603  looking takes a while, and need not be done twice
    _current = _current or not unapplied()
    return _current
