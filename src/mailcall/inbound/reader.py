"""The program of a process that reads mails, one after another, each under hard limits.

It knows no Django and no database, and shares nothing with the service but a socket and a folder for big
attachments. So what a mail does to it, it does to nothing else.
"""

import ctypes
import mmap
import os
import pickle
import resource
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from mailcall.inbound.orders import SIZE, Answer, Order, packed
from mailcall.inbound.reading import Unreadable, read
from mailcall.inbound.spool import put_aside

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1  # prctl(2)
GROWTH = 32 * 1024 * 1024  # bytes above what it began with, after which a process ends and is replaced


def main() -> None:
    """Read what is ordered on standard input, a socket, until it is closed."""
    _end_with_service()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # meant for the service, which ends us when it is done
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    connection = socket.socket(fileno=0)
    _serve(connection.makefile("rb"), connection, Path(sys.argv[1]))


def _end_with_service() -> None:
    """Have the kernel end this process when the service dies, however it dies."""
    parent = os.getppid()
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("The service ended before its reader began.")


def _serve(orders: BinaryIO, connection: socket.socket, spool: Path) -> None:
    usual = _data_in_use()
    connection.sendall(packed(None))  # ready
    while head := orders.read(SIZE.size):
        order: Order = pickle.loads(orders.read(*SIZE.unpack(head)))  # noqa: S301  from the service
        _limit_memory(usual + order.memory)
        signal.setitimer(signal.ITIMER_PROF, order.seconds)  # SIGPROF ends even what never returns to Python
        answer = _answer(order, spool)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _limit_memory(resource.RLIM_INFINITY)
        answer.last = _data_in_use() - usual > GROWTH
        connection.sendall(packed(answer))
        if answer.last:
            return


def _answer(order: Order, spool: Path) -> Answer:
    try:
        reading = read(_bytes_of(order.source), *order.about)
    except Unreadable as error:
        return Answer(error=str(error))
    except Exception as error:  # noqa: BLE001  the mail's doing, and its alone
        return Answer(error=f"{type(error).__name__}: {error}")
    try:
        return Answer(replace(reading, mail=put_aside(reading.mail, spool)))
    except OSError as trouble:
        return Answer(trouble=trouble)


def _bytes_of(source: bytes | Path) -> bytes | mmap.mmap:
    """The mail; one in a file is mapped, so that of its bytes only what is being read takes memory."""
    if isinstance(source, bytes):
        return source
    with source.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _limit_memory(most: int) -> None:
    """Allow so many bytes of private writable memory, or what the machine's administrator allows, if less."""
    allowed = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if allowed != resource.RLIM_INFINITY:
        most = allowed if most == resource.RLIM_INFINITY else min(most, allowed)
    if LINUX:
        resource.setrlimit(resource.RLIMIT_DATA, (most, allowed))


def _data_in_use() -> int:
    """What counts for RLIMIT_DATA: private writable memory, in bytes (proc(5), statm). 0 where unknown."""
    if not LINUX:
        return 0
    return int(Path("/proc/self/statm").read_bytes().split()[5]) * resource.getpagesize()


if __name__ == "__main__":
    main()
