"""The program that readers are forked from: it has imported all that they need, and never sees a mail.

The service asks for a reader by a byte on standard input, a socket, with two descriptors: the reader's
socket, and a lifeline. By the lifeline it is told the process id and, when the reader has ended, how; when
it lets go of the lifeline, the reader is killed. All end with the service.
"""

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from mailcall.inbound.orders import NUMBER
from mailcall.inbound.reader import ignore_signals, serve


def main() -> None:
    """Fork readers as they are asked for on standard input, until it is closed."""
    ignore_signals()
    gc.collect()
    gc.freeze()  # what is imported stays, so that nobody looks for it in vain and its pages are shared
    _ForkServer(socket.socket(fileno=0), Path(sys.argv[1])).run()


class _ForkServer:
    """Has one thread, and waits for nothing but what `poll` tells of."""

    def __init__(self, service: socket.socket, spool: Path) -> None:
        self._service = service
        self._spool = spool
        self._lifelines: dict[int, socket.socket] = {}  # by process id
        self._woken, self._wake = socket.socketpair()  # when a reader has ended
        self._wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)

    def run(self) -> None:
        while True:
            poll = select.poll()
            for end in (self._service, self._woken, *self._lifelines.values()):
                poll.register(end, select.POLLIN)
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self._woken.fileno() in ready:
                self._woken.recv(4096)
            for pid, lifeline in list(self._lifelines.items()):
                self._watch(pid, lifeline, let_go=lifeline.fileno() in ready)
            if self._service.fileno() in ready and not self._start_one():
                return

    def _watch(self, pid: int, lifeline: socket.socket, *, let_go: bool) -> None:
        """Tell when a reader has ended, and end it when nobody wants it any more."""
        if let_go:
            os.kill(pid, signal.SIGKILL)  # nobody else can have this id: it was not waited for
        ended, status = os.waitpid(pid, 0 if let_go else os.WNOHANG)
        if ended:
            _tell(lifeline, status)
            self._lifelines.pop(pid).close()

    def _start_one(self) -> bool:
        """Fork a reader; False when the service has ended."""
        asked, descriptors, _, _ = socket.recv_fds(self._service, 1, 2)
        if not asked:
            return False
        orders, lifeline = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        own = os.getpid()
        try:
            pid = os.fork()
        except OSError:  # both ends close, which says that there is none
            traceback.print_exc()
            return True
        if not pid:
            self._become_reader(orders, own)
        self._lifelines[pid] = lifeline
        _tell(lifeline, pid)
        return True

    def _become_reader(self, orders: socket.socket, parent: int) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for end in (self._service, self._woken, self._wake, *self._lifelines.values()):
                end.close()
            with contextlib.suppress(ConnectionError):  # the service has ended, and so does its reader
                serve(orders, self._spool, parent)
            os._exit(0)
        except BaseException:  # noqa: BLE001  whatever it is, only one of us goes on
            traceback.print_exc()
        finally:
            os._exit(1)


def _tell(lifeline: socket.socket, number: int) -> None:
    with contextlib.suppress(ConnectionError):  # nobody wants to know
        lifeline.sendall(NUMBER.pack(number))


if __name__ == "__main__":
    main()
