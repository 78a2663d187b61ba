"""`mailcall migrate-to-postgresql`: a desk leaves the embedded database for one that machines can share."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailcall.cli.progress import progress
from mailcall.cli.ready import migrate_database, ready
from mailcall.config import config
from mailcall.upkeep import marks
from mailcall.upkeep.problems import UpkeepError

if TYPE_CHECKING:
    from mailcall.upkeep import moving
    from mailcall.upkeep.models import Move
    from mailcall.upkeep.moving import Survey
    from mailcall.upkeep.source import Source


@click.command()
@click.argument("url", required=False)
@click.option("--mend", is_flag=True, help="Replace characters that PostgreSQL refuses; cut text too long.")
@click.option("--undo", is_flag=True, help="Have Mailcall use the old database here again.")
def migrate_to_postgresql(url: str | None, mend: bool, undo: bool) -> None:
    """Move the desk from the embedded database to an empty one on PostgreSQL, and compare the two.

    The URL is postgresql://user:password@host:5432/name. No service may run meanwhile. Stopped in the middle,
    it goes on when it is run again; until it has ended, the desk works nowhere. The old database stays as it
    is, but nothing works on it any more; --undo changes that. Large mails and attachments, and the keys,
    stay where they are.
    """
    if undo:
        _undo()
        return
    if not url:
        raise click.UsageError("Name the PostgreSQL database by its URL, or say --undo.")
    source = _source()
    os.environ["MAILCALL_DATABASE_URL"] = url
    config.cache_clear()
    with _alone(source):
        _move(source, mend=mend)


def _undo() -> None:
    mark = marks.read()
    if mark is None:
        raise click.ClickException(f"The desk of {config().data_dir} was never moved.")
    marks.remove()
    click.echo(
        f"Mailcall uses {config().database_path} again where `database_url` is empty. What happened in "
        f"{mark.to} since is not there; let nothing work on it any more."
    )


def _source() -> Path:
    """The embedded database to be moved."""
    if not config().embedded:
        raise click.ClickException(
            f"The settings name {config().database_shown} already. To move an embedded desk, leave "
            "`database_url` empty until that is done."
        )
    if not config().database_path.exists():
        raise click.ClickException(f"There is no desk in {config().data_dir}.")
    return config().database_path


@contextmanager
def _alone(source: Path) -> Iterator[None]:
    """Keep the service and all writers from the desk, and other moves from the target."""
    ready(migrated=False)
    from mailcall.service.locks import Busy, alone_here
    from mailcall.upkeep.source import no_writers

    try:
        with alone_here("service"), no_writers(source), _no_other_move():
            yield
    except Busy as error:
        raise click.ClickException(
            f"Mailcall works on {config().data_dir}: stop it first. ({error})"
        ) from None


@contextmanager
def _no_other_move() -> Iterator[None]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('mailcall move'))")
        if not cursor.fetchone()[0]:
            raise click.ClickException("Another move to that database is under way: wait for it, or stop it.")
    try:
        yield
    finally:
        connection.close()


def _move(path: Path, *, mend: bool) -> None:
    from mailcall.upkeep import moving, target
    from mailcall.upkeep.source import opened

    mark = marks.read()
    with _readable(path), opened(path) as source:
        _is_of_this_version(source.migrations(), moving.migrations())
        found = target.look(mark.id if mark else "")
        if found is target.Found.MOVED and mark:
            _say_moved(mark)
            return
        if mark and mark.finished_at:
            raise UpkeepError(mark.sentence)
        move = _begun(source, mark, mend=mend, found=found)
        with _progress("Copying", move.survey) as told:
            moving.copy(source, move, told)
        with _progress("Comparing", move.survey) as told:
            moving.finish(source, move, told)
    ended = marks.read()
    assert ended
    _say_moved(ended, rows=sum(rows for rows, _ in move.survey.values()))


def _begun(source: "Source", mark: marks.Mark | None, *, mend: bool, found: object) -> "Move":
    """The move as far as it is; begun, if nothing of it is in the target."""
    from mailcall.checkpoints import checkpoint
    from mailcall.upkeep import moving
    from mailcall.upkeep.models import Move
    from mailcall.upkeep.target import Found

    if found is Found.HALF:
        click.echo("Going on where it stopped.")
        return Move.objects.get()
    seen = _surveyed(source, mend=mend)
    if found is Found.EMPTY:
        migrate_database()
    mark = replace(mark or marks.new(), to=config().database_shown)
    marks.write(mark)
    move = moving.begin(mark.id, seen, mend=mend)
    checkpoint("move.begun")
    return move


def _surveyed(source: "Source", *, mend: bool) -> "Survey":
    """What there is to move. Raises click.ClickException when something does not fit."""
    from django.db import connection

    from mailcall.upkeep import moving
    from mailcall.upkeep.tables import tables

    counts = {table.name: [source.count(table)] for table in tables(connection)}
    with _progress("Reading", counts) as told:
        seen = moving.survey(source, mend=mend, told=told)
    for title, values in (("Mended", seen.mended), ("PostgreSQL can't keep", seen.unfit)):
        for value in values.first:
            click.echo(f"{title}: {value}", err=True)
        if values.count > len(values.first):
            click.echo(f"{title}: {values.count - len(values.first)} more", err=True)
    if seen.unfit.count:
        raise click.ClickException(
            f"Nothing was moved: {seen.unfit.count} values do not fit. "
            + (
                "--mend replaces such characters and cuts such text."
                if seen.can_mend
                else "Correct those that are no text in the old database; --mend helps with text alone."
            )
        )
    return seen


@contextmanager
def _progress(doing: str, counts: dict[str, list[int]]) -> "Iterator[moving.Told]":
    with progress(doing, sum(count[0] for count in counts.values())) as more:
        yield lambda _table, rows: more(rows)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise UpkeepError(f"{path} can't be read: {error}. `mailcall check` looks into it.") from None


def _is_of_this_version(there: set[tuple[str, str]], here: set[tuple[str, str]]) -> None:
    if there - here:
        raise UpkeepError("This desk is of a newer Mailcall. Move it with that one.")
    if here - there:
        raise UpkeepError("This desk is of an older Mailcall. `mailcall migrate` brings it up to date.")


def _say_moved(mark: marks.Mark, rows: int | None = None) -> None:
    """Say that it is done, on both sides, and what comes next."""
    from django.utils import timezone

    from mailcall.checkpoints import checkpoint

    checkpoint("move.finished")
    if not mark.finished_at:
        marks.write(replace(mark, finished_at=timezone.now().isoformat(timespec="seconds")))
    if rows is None:
        click.echo(f"The desk of {config().data_dir} was moved to {mark.to} already.")
    else:
        click.echo(f"Moved to {mark.to}: {rows:,} rows, the same on both sides by counts and hashes.")
    click.echo(
        f"""
Set `database_url` to the URL that you gave, in mailcall.toml or as MAILCALL_DATABASE_URL, and start Mailcall.
Large mails and attachments stay in {config().files_dir}, and the keys in
{config().keys_path}. Each further machine needs both: the same files, and a copy of the keys.
The old database {config().database_path} stays as it was, and nothing works on it any more."""
    )
