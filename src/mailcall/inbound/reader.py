"""What a process does that reads mails, one after another, each under hard limits.

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

from mailcall.inbound.orders import SIZE, Answer, Order, packed
from mailcall.inbound.reading import Unreadable, read
from mailcall.inbound.spool import put_aside

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1  # prctl(2)
GROWTH = 32 * 1024 * 1024  # bytes above what it began with, after which a process ends and is replaced
AT_ONCE = 256 * 1024  # bytes of orders


def ignore_signals() -> None:
    """Leave alone what is meant for the service, which ends us when it is done."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)


def serve(connection: socket.socket, spool: Path, parent: int) -> None:
    """Read what is ordered on a socket, until it is closed; `parent` is the process that forked this one."""
    _end_with(parent)
    orders = connection.makefile("rb", AT_ONCE)
    memory = _Memory()
    connection.sendall(packed(None))  # ready
    while head := orders.read(SIZE.size):
        order: Order = pickle.loads(orders.read(*SIZE.unpack(head)))  # noqa: S301  from the service
        memory.limit(order.memory)
        signal.setitimer(signal.ITIMER_PROF, order.seconds)  # SIGPROF ends even what never returns to Python
        answer = _answer(order, spool)
        signal.setitimer(signal.ITIMER_PROF, 0)
        memory.limit(None)
        answer.last = memory.grown() > GROWTH
        connection.sendall(packed(answer))
        if answer.last:
            return


def _end_with(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however it ends."""
    if LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("The service ended before its reader began.")


def _answer(order: Order, spool: Path) -> Answer:
    try:
        reading = read(_bytes_of(order.source), *order.about)
    except Unreadable as error:
        return Answer(error=str(error))
    except Exception as error:  # noqa: BLE001  the mail's doing, and its alone
        return Answer(error=f"{type(error).__name__}: {error}")
    try:
        mail = put_aside(reading.mail, spool)
        return Answer(reading if mail is reading.mail else replace(reading, mail=mail))
    except OSError as trouble:
        return Answer(trouble=trouble)


def _bytes_of(source: bytes | Path) -> bytes | mmap.mmap:
    """The mail; one in a file is mapped, so that of its bytes only what is being read takes memory."""
    if isinstance(source, bytes):
        return source
    with source.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class _Memory:
    """The private writable memory of this process, which counts for RLIMIT_DATA, in bytes."""

    def __init__(self) -> None:
        self._most = resource.getrlimit(resource.RLIMIT_DATA)[1]  # that the machine's administrator allows
        self._statm = os.open("/proc/self/statm", os.O_RDONLY) if LINUX else -1  # proc(5)
        self._usual = self._in_use()

    def limit(self, more: int | None) -> None:
        """Allow so much more than was in use at the beginning; None is no limit of ours."""
        most = self._most if more is None else self._usual + more
        if more is not None and self._most != resource.RLIM_INFINITY:
            most = min(most, self._most)
        if LINUX:
            resource.setrlimit(resource.RLIMIT_DATA, (most, self._most))

    def grown(self) -> int:
        """By how much more is in use than at the beginning. 0 where that is unknown."""
        return self._in_use() - self._usual

    def _in_use(self) -> int:
        return int(os.pread(self._statm, 200, 0).split()[5]) * resource.getpagesize() if LINUX else 0
