"""Mails that were in hand when the service stopped are read in a process of their own first.

A mail that ends or hangs whoever reads it would stop the desk at every start. Here it only ends a child,
which tells it apart from the innocent mails beside it. Run as a program, this file is that child.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from mailcall.message import Trust, find_ours, read_mail, sender_evidence

SECONDS = 30.0  # to start, and to read one mail
SECONDS_MORE = 1.0  # for each further mail
TRIES = 2
ALARM = 120.0  # after which a child ends itself


def harmful(mails: Sequence[bytes]) -> dict[int, str]:
    """Which of these end or hang a process that reads them: position and a sentence.

    The one that a child ended at is tried once more alone, since something else may have ended it.
    """
    found: dict[int, str] = {}
    first = 0
    while first < len(mails):
        read, why = _read_apart(mails[first:])
        if not why:
            break
        first += read
        for _ in range(TRIES - 1):
            _, why = _read_apart(mails[first : first + 1])
        if why:
            found[first] = why
        first += 1
    return found


def _read_apart(mails: Sequence[bytes]) -> tuple[int, str]:
    """How many of these a child read, and why it ended before the last; empty when it did not."""
    sent = b"".join(len(mail).to_bytes(8, "big") + mail for mail in mails)
    command = [sys.executable, "-m", "mailcall.inbound.suspects"]
    limit = SECONDS + SECONDS_MORE * len(mails)
    try:
        child = subprocess.run(command, input=sent, stdout=subprocess.PIPE, timeout=limit, check=False)
    except subprocess.TimeoutExpired as late:
        return len(late.stdout or b""), f"Reading it took more than {SECONDS:.0f} seconds."
    if child.returncode:
        return len(child.stdout), f"Reading it ended the process that read it ({_cause(child.returncode)})."
    return len(mails), ""


def _cause(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _mails(stream: BinaryIO) -> Iterator[bytes]:
    while size := stream.read(8):
        yield stream.read(int.from_bytes(size, "big"))


def main() -> None:
    """Read each mail on standard input, and write a dot for each."""
    for raw in _mails(sys.stdin.buffer):
        signal.alarm(int(ALARM))  # should the service be gone that would end it
        mail = read_mail(raw)
        sender_evidence(mail, Trust())
        find_ours(mail, [bytes(32)])
        sys.stdout.write(".")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
