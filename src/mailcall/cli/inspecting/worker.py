"""The program that reads mails for `Crew`: it is told a mail, answers it, and waits for the next.

Its arguments are the number of the connection that it was given, and the seconds for one mail.
"""

import resource
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

from mailcall.cli.inspecting.form import Form
from mailcall.cli.inspecting.job import not_shown, shown
from mailcall.cli.inspecting.sources import Source, Unusable

MEMORY = 4 * 1024**3  # bytes of address space; what needs more fails instead of taking the machine's


def main() -> None:
    """Answer mails until nobody asks any more."""
    connection, seconds = Connection(int(sys.argv[1])), int(sys.argv[2])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        form = connection.recv()
        while True:
            source = connection.recv()
            signal.alarm(seconds)  # which ends this process
            answer = _answer(source, form)
            signal.alarm(0)
            connection.send(answer)


def _answer(source: Source, form: Form) -> bytes | Unusable:
    try:
        return shown(source, form)
    except OSError as error:
        return Unusable(source.name, error.strerror or str(error))
    except Exception as error:  # noqa: BLE001 - one mail must never stop the next
        return not_shown(source, f"Mailcall failed to show this mail ({error!r}).", form)


if __name__ == "__main__":
    main()
