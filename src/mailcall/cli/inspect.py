"""`mailcall inspect`: what is read from any mail, for a person or for a script. Needs no database."""

import os
import shutil
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import click

from mailcall.cli.inspecting.crew import Crew
from mailcall.cli.inspecting.form import Form
from mailcall.cli.inspecting.progress import Progress
from mailcall.cli.inspecting.sources import Unusable, count_files, sources

MAX_COLUMNS = 110
_ENDED_BY_CTRL_C = 130  # as a shell has it
_PATH = click.Path(exists=True, readable=False, allow_dash=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each mail, on a line of its own.")
@click.option("--full", is_flag=True, help="Show all of what is quoted, and of long lists.")
@click.argument("files", nargs=-1, required=True, type=_PATH)
def inspect(files: tuple[str, ...], *, as_json: bool, full: bool) -> None:
    """Show what is read from mails. Needs no desk, no settings and no database.

    FILES are mails, mbox files, and folders (Maildirs too), which are searched for both; - is standard input.
    """
    progress = Progress(sum(map(count_files, files)))
    if not progress.files:
        progress.say("mailcall: there is no file in there.")
    failed: list[Unusable] = []

    def unusable(what: Unusable) -> None:
        failed.append(what)
        progress.say(f"mailcall: cannot read {what.name}: {what.reason}.")

    try:
        with tempfile.TemporaryDirectory(prefix="mailcall-") as spool:
            found = sources(files, Path(spool), unusable)
            with closing(Crew(_form(as_json, full)).answers(found)) as answers:
                for answer in answers:
                    if isinstance(answer, Unusable):
                        unusable(answer)
                    else:
                        sys.stdout.buffer.write(answer)
                        progress.one_more()
        sys.stdout.buffer.flush()
    except KeyboardInterrupt:
        progress.say(f"mailcall: stopped after {progress.mails} mails.")
        sys.exit(_ENDED_BY_CTRL_C)
    finally:
        progress.clear()
    sys.exit(1 if failed else 0)


def _form(as_json: bool, full: bool) -> Form:
    columns = min(shutil.get_terminal_size().columns, MAX_COLUMNS)
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Form(as_json, full, max(columns, 40), colours)
