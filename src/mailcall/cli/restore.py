"""`mailcall restore` and `mailcall release`: a desk comes back, and then what it held is let go."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailcall.cli.backup import trouble_with
from mailcall.cli.progress import progress
from mailcall.cli.ready import migrate_database, ready
from mailcall.config import Config, config
from mailcall.upkeep import marks
from mailcall.upkeep.problems import UpkeepError

if TYPE_CHECKING:
    from mailcall.upkeep.archive import Head


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), help="Into this data folder.")
@click.option("--replace", is_flag=True, help="Although there is a desk; it is kept beside the new one.")
@click.option("--hold/--no-hold", default=True, help="Hold what waited to be sent or acted on (the default).")
@click.option(
    "--check", "check_only", is_flag=True, help="Read the file and compare every hash; change nothing."
)
def restore(file: Path, to: Path | None, replace: bool, hold: bool, check_only: bool) -> None:
    """Bring a desk back from a file of `mailcall backup`.

    A desk from the embedded database goes into an empty data folder, one from PostgreSQL into the empty
    database that `database_url` names. It is verified before anything is put in place. Mail that waited when
    the backup was made is held, since it may have been sent after that; `mailcall release` lets it go.
    """
    if to:
        os.environ |= {"MAILCALL_DATA_DIR": str(to.absolute()), "MAILCALL_DATABASE_URL": ""}
        config.cache_clear()
    os.umask(0o077)
    with trouble_with(file):
        if check_only:
            head = _read(file, None)
            click.echo(f"{file} is whole: a desk of {head.made_at[:10]} from {_kinds(head)}.")
            return
        with _alone():
            _restore(file.absolute(), config(), replace=replace, hold=hold)


@click.command()
@click.option("--cancel", is_flag=True, help="Never send what was on its way out.")
def release(cancel: bool) -> None:
    """Send what a restore put on hold, and have received mail acted on that it held."""
    ready()
    from mailcall.upkeep import holding

    deliveries, mails = holding.release(cancel=cancel)
    click.echo(f"{deliveries} deliveries {'are cancelled' if cancel else 'will be sent'}.")
    click.echo(f"{mails} received mails will be acted on.")


@contextmanager
def _alone() -> Iterator[None]:
    from mailcall.service.locks import Busy, alone_here

    try:
        with alone_here("service"):
            yield
    except Busy:
        raise UpkeepError(f"Mailcall runs on {config().data_dir}: stop it first.") from None


def _restore(file: Path, settings: Config, *, replace: bool, hold: bool) -> None:
    from mailcall.upkeep import archive

    _fits(archive.head_of(file), settings)
    if settings.embedded and settings.database_path.exists() and not replace:
        raise UpkeepError(
            f"There is a desk in {settings.data_dir} already. --replace keeps it beside the new one; --to "
            "names another folder."
        )
    from mailcall.upkeep.unpacking import aside

    with aside(settings.data_dir) as folder:
        head = _read(file, folder)
        if settings.file_storage and (folder / "files").exists():
            raise UpkeepError(
                "This backup holds large mails and attachments: restore it with an empty `file_storage`, "
                "then copy the folder `files` to that storage."
            )
        kept = (_to_sqlite if settings.embedded else _to_postgresql)(
            folder, head, settings, replace=replace, hold=hold
        )
    _say(head, settings, kept, hold=hold)


def _fits(head: "Head", settings: Config) -> None:
    """Refuse what can't be restored here, before anything is unpacked."""
    if settings.embedded and (mark := marks.read()):
        raise UpkeepError(mark.sentence)
    if head.kind == "sqlite" and not settings.embedded:
        raise UpkeepError(
            "This desk is from an embedded database: restore it with an empty `database_url`, then move it "
            "by `mailcall migrate-to-postgresql`."
        )
    if head.kind != "sqlite" and settings.embedded:
        raise UpkeepError("This desk is from PostgreSQL: set `database_url` to an empty database.")


def _read(file: Path, folder: Path | None) -> "Head":
    """Verify a backup, and unpack it if there is a folder for it."""
    from mailcall.checkpoints import checkpoint
    from mailcall.upkeep import archive

    with progress("Reading", file.stat().st_size) as told:
        if folder is None:
            return archive.read(file, None, told)[0]
        from mailcall.upkeep.unpacking import unpack

        head = unpack(file, folder, told)
    checkpoint("restore.unpacked")
    return head


def _to_sqlite(folder: Path, head: "Head", settings: Config, *, replace: bool, hold: bool) -> str:
    """Make the desk ready aside, as an installation of its own, and put it in place."""
    from mailcall import keyring
    from mailcall.checkpoints import checkpoint

    database = folder / settings.database_path.name
    (folder / "database").rename(database)
    ring = folder / "keys"
    if not ring.exists():
        keyring.create(folder / "made-up")  # nothing is read with it; Django wants one
    os.environ |= {
        "MAILCALL_DATA_DIR": str(folder),
        "MAILCALL_KEY_FILE": str(ring if ring.exists() else folder / "made-up"),
    }
    config.cache_clear()
    ready(migrated=False)
    from django.db import connection

    from mailcall.upkeep import restoring, unpacking
    from mailcall.upkeep.backing_up import missing_migrations

    if missing_migrations(head):
        migrate_database()
    connection.close()
    if hold:
        restoring.hold_sqlite(database)
    checkpoint("restore.ready")
    unpacking.merge_keys(ring, settings.keys_path)
    unpacking.add_files(folder / "files", settings.files_dir)
    kept = unpacking.switch(database, settings.database_path)
    return str(kept or "")


def _to_postgresql(folder: Path, head: "Head", settings: Config, *, replace: bool, hold: bool) -> str:
    from mailcall.checkpoints import checkpoint
    from mailcall.upkeep import unpacking

    unpacking.merge_keys(folder / "keys", settings.keys_path)
    ready(migrated=False)
    from mailcall.upkeep import restoring, target
    from mailcall.upkeep.backing_up import missing_migrations

    older = missing_migrations(head)
    if target.is_used() and not replace:
        raise UpkeepError(
            f"{settings.database_shown} is not empty. --replace keeps what it holds in another schema."
        )
    checkpoint("restore.ready")
    unpacking.add_files(folder / "files", settings.files_dir)
    kept = restoring.fill_postgresql(folder / "database", head, hold=hold, replace=target.is_used())
    checkpoint("restore.switched")
    if older:
        migrate_database()
    return f"schema {kept}" if kept else ""


def _say(head: "Head", settings: Config, kept: str, *, hold: bool) -> None:
    from mailcall import keyring
    from mailcall.upkeep.backing_up import fingerprints

    rows = head.rows
    click.echo(
        f"The desk of {head.made_at} is restored: {rows.get('desk_call', 0):,} calls, "
        f"{rows.get('inbound_receivedmail', 0):,} received mails."
    )
    if kept:
        click.echo(f"The desk that was here is kept as {kept}.")
    steps = []
    try:
        if not {*head.keys} <= {*fingerprints(keyring.read(settings.keys_path))}:
            steps.append(f"Put the keys of that desk into {settings.keys_path}: the ones there are others.")
    except keyring.KeyringError:
        steps.append(
            f"Put the keys of that desk into {settings.keys_path}: without them no password can be read."
        )
    if hold:
        steps.append(
            "Mail that waited then is held, since it may have been sent after that. Look at the message "
            "table, then `mailcall release` sends it, and `mailcall release --cancel` never does."
        )
    steps.append("`mailcall check` signs in everywhere; then start Mailcall.")
    for number, step in enumerate(steps, 1):
        click.echo(f"{number}. {step}")


def _kinds(head: "Head") -> str:
    return "an embedded database" if head.kind == "sqlite" else "PostgreSQL"
