"""`mailcall pipe`: one mail from standard input into the journal, for mail servers that run a command."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from mailcall.inbound.accept import Arriving

CHUNK = 64 * 1024


class _AllElseIsTemporary(click.Command):
    """Ends with EX_TEMPFAIL whatever goes wrong: on others, mail servers return the mail to its sender."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _all_else_is_temporary():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _interrupted)
        with _all_else_is_temporary():
            super().invoke(ctx)


@click.command(cls=_AllElseIsTemporary)
@click.option("--account", "name", help="The account that the mail is for.")
@click.option("--recipient", "address", help="The address that it came to; finds the account.")
def pipe(name: str | None, address: str | None) -> None:
    """Take one mail from standard input, for an account by its name or address.

    The exit status is 0 when the mail is safe in the journal; 65 (bad data) when it is larger than the
    account takes, and the mail server must return it; 75 (temporary failure) in every other case: the mail
    server must keep it and try again. The running service acts on it.
    """
    if (name is None) == (address is None):
        raise click.UsageError("Name the account by --account, or its address by --recipient.")
    from mailcall.cli.ready import ready

    ready()
    from mailcall.inbound.accept import Arriving, Recipients, accept, account_named
    from mailcall.nudges import nudge

    account = account_named(name) if name is not None else Recipients().account(address or "")
    with Arriving() as mail:
        fits = _take(mail, account.most_bytes)
        if not mail.size:
            raise click.ClickException("There was no mail on standard input.")
        row = accept(account, mail) if fits else None
    nudge("act")
    if not fits:
        _end(os.EX_DATAERR, f"5.3.4 The mail is larger than {account.most_bytes} bytes.")
    _end(0, f"kept as {row.correlation_id}" if row else "the journal had this mail already")


def _take(mail: "Arriving", most: int) -> bool:
    """Take the mail from standard input, to its end; whether it has at most so many bytes (0: any number)."""
    for piece in _standard_input():
        if not 0 < most < mail.size:
            mail.write(piece)
    return not 0 < most < mail.size


def _standard_input() -> Iterator[bytes]:
    """The mail, piece by piece."""
    if sys.stdin is None:  # closed by whoever started us
        return
    source = sys.stdin.buffer
    yield _without_mbox_line(source.read(CHUNK))
    while piece := source.read(CHUNK):
        yield piece


def _without_mbox_line(beginning: bytes) -> bytes:
    """What follows the line of an mbox (RFC 4155) that some programs put before the mail.

    It tells the time of each try, by which the same mail would look like another. `From : ann@k.example`
    is none (RFC 5322 4.5).
    """
    line, end, rest = beginning.partition(b"\n")
    is_mbox = end and line.startswith(b"From ") and not line[5:].lstrip().startswith(b":")
    return rest if is_mbox else beginning


@contextmanager
def _all_else_is_temporary() -> Iterator[None]:
    try:
        yield
    except click.exceptions.Exit:  # --help
        raise
    except BaseException as error:  # noqa: BLE001  whatever it is, the mail must stay where it is
        _end(os.EX_TEMPFAIL, _sentence(error))


def _interrupted(number: int, _frame: FrameType | None) -> NoReturn:
    _end(os.EX_TEMPFAIL, f"ended by {signal.Signals(number).name}; try again.")


def _sentence(error: BaseException) -> str:
    """What went wrong, for people."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    with suppress(Exception):  # what says it well may be what is broken
        from mailcall.cli.ready import PEOPLE_ERRORS, sentence_of
        from mailcall.inbound.accept import NotAccepted
        from mailcall.service.troubles import explain

        if isinstance(error, (*PEOPLE_ERRORS, NotAccepted)):
            return sentence_of(error)
        if isinstance(error, OSError):
            return explain(error)
    return f"{type(error).__name__}: {error}"


def _end(status: int, sentence: str) -> NoReturn:
    """Say it and end at once: nothing that goes wrong from here may change the status.

    A status code (RFC 3463) stays at the beginning, where Postfix looks for one.
    """
    who = "" if status == os.EX_DATAERR else "mailcall: "
    with suppress(Exception):
        os.write(2, f"{who}{' '.join(sentence.split())}\n".encode())
    os._exit(status)
