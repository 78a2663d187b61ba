"""`mailcall load` and `mailcall dump`: the desk from and to one YAML file."""

import os
import sys
from pathlib import Path

import click

from mailcall.cli.ready import ready


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True))
@click.option("--check", "check_only", is_flag=True, help="Say what would change; change nothing.")
def load(file: str, check_only: bool) -> None:
    """Load a desk from a YAML file (`-` reads standard input).

    Partitions, people, groups, call templates, incoming accounts and outgoing servers are made as the file
    says. Loading the same file again changes nothing, and nothing is ever deleted. With any error in the
    file nothing is changed at all.
    """
    ready()
    from mailcall.desk_file.loading import load as load_file
    from mailcall.desk_file.problems import DeskFileError
    from mailcall.web.logins import set_password

    is_input = file == "-"
    try:
        report = load_file(
            sys.stdin.buffer.read() if is_input else Path(file).read_bytes(),
            source="standard input" if is_input else file,
            folder=Path.cwd() if is_input else Path(file).absolute().parent,
            set_password=set_password,
            check_only=check_only,
        )
    except DeskFileError as error:
        count = len(error.problems)
        click.echo(str(error), err=True)
        raise click.ClickException(
            f"Nothing was loaded: {count} {'error' if count == 1 else 'errors'} in {error.source}."
        ) from None
    for line in report.lines():
        click.echo(line)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@click.option("--force", is_flag=True, help="Write over a file that exists.")
def dump(file: str, force: bool) -> None:
    """Write the desk to a YAML file, or to standard output. It holds no password."""
    ready()
    from mailcall.desk_file.dumping import dump as dump_text

    path = Path(file)
    if file != "-" and path.exists() and not force:
        raise click.ClickException(f"{file} exists already; --force writes over it.")
    text = dump_text()
    if file == "-":
        click.echo(text, nl=False)
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}.") from None
    click.echo(f"The desk is in {file}.")
