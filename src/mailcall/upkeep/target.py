"""What a PostgreSQL database holds before a desk comes into it."""

from enum import Enum

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from mailcall.upkeep import moving
from mailcall.upkeep import tables as desk_tables
from mailcall.upkeep.models import Move
from mailcall.upkeep.problems import UpkeepError

OLDEST = 15  # the first version that the tests have seen
_MADE_BY_MIGRATING = {"auth_permission", "django_content_type"}


class Found(Enum):
    """How a target was found."""

    EMPTY = "empty"
    MIGRATED = "migrated"  # of this version, and nobody's
    HALF = "half"  # this move stopped here
    MOVED = "moved"  # this move ended here


def look(number: str) -> Found:
    """Look at the target of the move with this number. Raises UpkeepError: why it can't take the desk."""
    _can_be_used()
    present = _tables()
    if not present:
        return Found.EMPTY
    if MigrationRecorder.Migration._meta.db_table not in present:
        raise UpkeepError(f"{_name()} holds tables of something else. Name an empty database.")
    _is_of_this_version()
    move = Move.objects.first()
    if move is None:
        if filled := _filled():
            raise UpkeepError(f"{_name()} holds another desk ({filled} has rows). Name an empty database.")
        return Found.MIGRATED
    if move.pk != number:
        how = "another desk that was moved there" if move.finished_at else "a part of another move"
        raise UpkeepError(f"{_name()} holds {how}. Name an empty database.")
    return Found.MOVED if move.finished_at else Found.HALF


def is_used() -> bool:
    """Whether it has any tables. Raises UpkeepError when it can't be used at all."""
    _can_be_used()
    return bool(_tables())


def refuse_half() -> None:
    """Raises UpkeepError when a desk is still on its way into this database."""
    if connection.vendor != "postgresql" or Move._meta.db_table not in _tables():
        return
    if Move.objects.filter(finished_at=None).exists():
        raise UpkeepError(
            "A desk is still on its way into this database: `mailcall migrate-to-postgresql`, where it was, "
            "goes on with it."
        )


def _can_be_used() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding'), "
            "current_schema(), has_schema_privilege(current_schema(), 'CREATE'), current_user"
        )
        version, encoding, schema, may_create, user = cursor.fetchone()
    if version < OLDEST:
        raise UpkeepError(f"{_name()} is PostgreSQL {version}; Mailcall needs {OLDEST} or newer.")
    if encoding != "UTF8":
        raise UpkeepError(f"{_name()} keeps text as {encoding}; make the database with ENCODING 'UTF8'.")
    if schema is None or not may_create:
        raise UpkeepError(
            f"{user} may make no tables in {_name()}: `ALTER DATABASE ... OWNER TO {user}`, or grant CREATE "
            "on its schema."
        )


def _is_of_this_version() -> None:
    migrations = MigrationRecorder.Migration.objects.exclude(app__in=moving.ONLY_THERE)
    there = set(migrations.values_list("app", "name"))
    here = moving.migrations()
    if there - here:
        raise UpkeepError(f"{_name()} is of a newer Mailcall than this one. Name an empty database.")
    if here - there:
        raise UpkeepError(f"{_name()} holds a desk of an older Mailcall. Name an empty database.")


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        return connection.introspection.table_names(cursor)


def _filled() -> str:
    """A table that holds something, beyond what migrating puts there."""
    for model in desk_tables.models():
        name = model._meta.db_table
        if name not in _MADE_BY_MIGRATING and model._default_manager.exists():
            return name
    return ""


def _name() -> str:
    settings = connection.settings_dict
    return f"The database {settings['NAME']} on {settings['HOST'] or 'the local PostgreSQL'}"
