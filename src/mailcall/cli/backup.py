"""`mailcall backup`: the whole desk into one file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mailcall.cli.progress import stages
from mailcall.cli.ready import ready
from mailcall.config import config
from mailcall.upkeep.problems import UpkeepError

FILE = click.Path(dir_okay=True, path_type=Path)


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option(
    "--with-keys", is_flag=True, help="Put the keys in too. Whoever has the file has all passwords."
)
@click.option("--verify/--no-verify", default=True, help="Read it back and compare every hash (the default).")
@click.option("--force", is_flag=True, help="Write over a file that exists.")
def backup(file: Path | None, with_keys: bool, verify: bool, force: bool) -> None:
    """Write the whole desk to one file, while it runs: database, large mails and attachments.

    FILE may be a folder; without it the file is made in the current one. It appears whole and verified, or
    not at all. The keys are not in it unless you say so: keep them in another place. The exit status is 1
    also when files that the database names are missing; the backup is made all the same.
    """
    ready()
    from django.utils import timezone

    from mailcall.upkeep.backing_up import backup as back_up

    target = file or Path()
    if target.is_dir():
        target /= f"mailcall-{timezone.now():%Y%m%dT%H%M%SZ}.tar.gz"
    with trouble_with(target.absolute()), stages() as told:
        made = back_up(target.absolute(), with_keys=with_keys, verify=verify, replace=force, told=told)
    size = target.stat().st_size
    held = f"the database and {made.manifest.files} files" + (", with the keys" if with_keys else "")
    click.echo(f"{target}: {held}, {_megabytes(size)}{', verified' if verify else ', NOT verified'}.")
    if with_keys:
        click.secho(
            "The keys are in it: whoever has this file has the passwords of your mailboxes.", bold=True
        )
    else:
        click.secho(
            f"The keys are NOT in it. Without {config().keys_path} no stored password can be read: keep a "
            "copy of it in another place.",
            bold=True,
        )
    if config().file_storage:
        click.echo(
            "Large mails and attachments are in the storage that `file_storage` names: back it up too."
        )
    if made.lost:
        raise click.ClickException(
            "The backup is made, but files that the database names are missing or damaged: "
            f"{', '.join(made.lost)}."
        )


@contextmanager
def trouble_with(path: Path) -> Iterator[None]:
    """Say trouble of the machine in one sentence."""
    from mailcall.service.troubles import explain

    try:
        yield
    except (OSError, sqlite3.Error) as error:
        why = explain(error)
        if isinstance(error, OSError) and why.startswith("[Errno"):
            path, why = Path(error.filename or path), f"{error.strerror}."
        raise UpkeepError(f"{path}: {why}") from None


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
