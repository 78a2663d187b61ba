"""`mailcall inspect`: what is read from any mail, for a person or for a script. Needs no database."""

import errno
import os
import shutil
import signal
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from types import FrameType

import click

from mailcall import __version__
from mailcall.cli.inspecting.crew import Crew
from mailcall.cli.inspecting.form import Form
from mailcall.cli.inspecting.progress import Progress
from mailcall.cli.inspecting.sources import Unusable, count_files, shown_name, sources

MAX_COLUMNS = 110
_ENDED_BY_SIGNAL = 128  # and its number, as a shell has it
_PATH = click.Path(exists=True, readable=False, allow_dash=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each mail, on a line of its own.")
@click.option("--full", is_flag=True, help="Show all of what is quoted, and of long lists.")
@click.version_option(__version__, prog_name="mailcall")
@click.argument("files", nargs=-1, type=_PATH)
def inspect(files: tuple[str, ...], *, as_json: bool, full: bool) -> None:
    """Show what is read from mails. Needs no desk, no settings and no database.

    FILES are mails, mbox files, and folders (Maildirs too), which are searched for both; - is standard input,
    which is read too where no FILES are given and it is not a terminal.
    """
    files = files or _standard_input()
    _end_as_usual_on_signals()
    progress = Progress(sum(map(count_files, files)))
    if not progress.files:
        progress.say(f"There is no file in {' and '.join(map(shown_name, files))}.")
    failed: list[Unusable] = []

    def unusable(what: Unusable) -> None:
        failed.append(what)
        progress.say(f"Error: Cannot read {what.name}: {what.reason}.")

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
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        _drop_output()
        progress.say(f"Error: Cannot write: {error.strerror or error}.")
        sys.exit(1)
    except KeyboardInterrupt:
        progress.say(f"mailcall: stopped after {progress.mails} mails.")
        sys.exit(_ENDED_BY_SIGNAL + signal.SIGINT)
    finally:
        progress.clear()
    sys.exit(1 if failed else 0)


def _standard_input() -> tuple[str, ...]:
    """What is read where nothing is named. Raises click.UsageError where somebody would have to type it."""
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("Missing argument 'FILES...': name mails, or pipe one in.")
    return ("-",)


def _drop_output() -> None:
    """Let what could not be written go nowhere, since it would be tried again at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _end_as_usual_on_signals() -> None:
    """Let what ends a program end this one in order, so that nothing stays in the temporary folder."""

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(_ENDED_BY_SIGNAL + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:  # else `nohup` wants it ignored
            signal.signal(number, end)


def _form(as_json: bool, full: bool) -> Form:
    columns = min(shutil.get_terminal_size().columns, MAX_COLUMNS)
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Form(as_json, full, max(columns, 40), colours)
