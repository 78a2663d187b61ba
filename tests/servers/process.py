"""What Dovecot and Postfix have in common: free ports, waiting for a port, ending a process by its id."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"


class ServerError(Exception):
    """A private server did not come up; the text holds the end of its log."""


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that were free a moment ago."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for held in sockets:
            held.bind((HOST, 0))
        return [held.getsockname()[1] for held in sockets]


def wait_for(done: Callable[[], bool], seconds: float, pause: float = 0.02) -> bool:
    """Ask `done` again and again until it says yes (True) or the time is over (False)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(pause)
    return done()


def answers(port: int) -> bool:
    """Whether something listens on the port."""
    try:
        with socket.create_connection((HOST, port), timeout=0.5):
            return True
    except OSError:
        return False


def read_pid(file: Path) -> int | None:
    """The process id that a daemon wrote into its file."""
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def alive(pid: int) -> bool:
    """Whether a process of this id exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def end_process(pid: int) -> None:
    """Ask the daemon to end, and soon make it and everything in its own process group."""
    with contextlib.suppress(ProcessLookupError):
        leads_group = os.getpgid(pid) == pid
        os.kill(pid, signal.SIGTERM)
        if wait_for(lambda: not alive(pid), 0.3):
            return
        if leads_group:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(pid), 5)


class Guard:
    """Ends a daemon's process group should the tests be killed: it waits for the end of a pipe of ours."""

    def __init__(self, pid: int) -> None:
        self._shell = subprocess.Popen(
            ["sh", "-c", f'read word; [ "$word" = done ] || kill -9 -{pid}'],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """The daemon has ended in good order."""
        with contextlib.suppress(OSError, ValueError):  # gone, or dismissed by another thread already
            self._shell.communicate(b"done\n", timeout=5)


class Foreground:
    """A server that runs as a process of ours; `start` sets both of these."""

    _process: "subprocess.Popen[bytes] | None" = None
    _guard: Guard | None = None

    def start(self) -> Self:
        """Start the server and wait until it answers. Raises ServerError."""
        raise ServerError("a server without a start of its own")

    def stop(self) -> None:
        """End it."""
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
        if self._guard:
            self._guard.dismiss()
            self._guard = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def tail(log: Path, lines: int = 30) -> str:
    """The end of a log, for a failure's text."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError as trouble:
        return f"(no log: {trouble})"
