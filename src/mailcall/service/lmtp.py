"""The LMTP listener (RFC 2033): takes mail from a mail server, and answers "accepted" only when it is safe.

Our own server because LMTP's point is an answer for each recipient once the content is there (4.2), which
aiosmtpd does not give, and because the journal is written by threads that wait for the disk.
"""

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from mailcall.service.lmtp_session import Desk, Session
from mailcall.service.lmtp_wire import Vanished, Wire

log = structlog.get_logger("service.lmtp")

MOST_CONNECTIONS = 50
TRY_AGAIN_SECONDS = 0.5  # after connections could not be taken


class Listener:
    """Listens where it is told, with a thread for each connection."""

    def __init__(self, address: str, arrived: Callable[[], None]) -> None:
        """`address` as in the setting `lmtp_listen`; `arrived` is called when the journal has a new mail."""
        self.address = address
        self._arrived = arrived
        self._stopping, stop = os.pipe()  # the end of which all threads hear of
        self._stop: int | None = stop
        self._desk = Desk()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._listening: socket.socket | None = None

    def start(self) -> None:
        """Listen from now on, unless it does already. Raises OSError."""
        if self._listening is None:
            self._listening = _listen(self.address)
            self._run(self._take_connections, self._listening)
            log.info("mail is taken by LMTP", address=self.address)

    def stop(self, deadline: float) -> bool:
        """Take no new mail, and finish those in hand; whether that was done by then (monotonic)."""
        if self._stop is not None:
            os.close(self._stop)
            self._stop = None
        threads = self._alive()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _alive(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._threads)

    def _run(self, work: Callable[[socket.socket], None], connection: socket.socket) -> None:
        def run() -> None:
            try:
                with connection:
                    work(connection)
            except Exception as error:
                log.exception("LMTP session failed", error=str(error))
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name="lmtp", daemon=True)
        with self._lock:  # where no thread can be started any more, none is counted
            thread.start()
            self._threads.add(thread)

    def _take_connections(self, listening: socket.socket) -> None:
        poll = select.poll()
        poll.register(listening, select.POLLIN)
        poll.register(self._stopping, select.POLLIN)
        try:
            while self._stopping not in [descriptor for descriptor, _ in poll.poll()]:
                try:
                    self._welcome(listening.accept()[0])
                except (BlockingIOError, ConnectionAbortedError):  # the client has gone already
                    pass
                except (OSError, RuntimeError) as error:  # too many open files, or threads
                    log.warning("LMTP connection can't be taken", error=str(error))
                    time.sleep(TRY_AGAIN_SECONDS)
        finally:
            self._listening = None
            if listening.family == socket.AF_UNIX:
                Path(listening.getsockname()).unlink(missing_ok=True)

    def _welcome(self, connection: socket.socket) -> None:
        if len(self._alive()) <= MOST_CONNECTIONS:  # one of them takes connections
            self._run(self._converse, connection)
            return
        with connection, contextlib.suppress(OSError):
            connection.settimeout(0.0)
            connection.send(b"421 4.3.2 Too many connections; try again later.\r\n")

    def _converse(self, connection: socket.socket) -> None:
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(Vanished, OSError):
            Session(Wire(connection, self._stopping), self._desk, self._arrived).run()


def _listen(address: str) -> socket.socket:
    path = address.removeprefix("unix:")
    host, _, port = address.rpartition(":")
    inet = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(socket.AF_UNIX if path != address else inet, socket.SOCK_STREAM)
    try:
        if path != address:
            _bind_in_folder(listening, Path(path))
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host.strip("[]"), int(port)))
        listening.listen(MOST_CONNECTIONS)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _bind_in_folder(listening: socket.socket, path: Path) -> None:
    """Make a socket for our user and group, in place of one that a killed service left."""
    if path.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(str(path)) != 0:
                path.unlink()
    listening.bind(str(path))
    path.chmod(0o660)
