"""Ending a wait from another thread: a flag that is remembered, and a descriptor that `poll` can watch."""

import contextlib
import socket
import threading


class Waker:
    """`wake` is safe at any time, from any thread; the next or the current wait then ends at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flag = threading.Event()
        self._pair: tuple[socket.socket, socket.socket] | None = None

    def open(self) -> None:
        """Make the descriptor."""
        with self._lock:
            if self._pair is None:
                self._pair = socket.socketpair()
                for end in self._pair:
                    end.setblocking(False)
                if self._flag.is_set():
                    self._pair[1].send(b"w")

    def close(self) -> None:
        """Give the descriptor back."""
        with self._lock:
            for end in self._pair or ():
                end.close()
            self._pair = None

    def fileno(self) -> int:
        """Readable as soon as somebody called `wake`; only between `open` and `close`."""
        if self._pair is None:
            raise ValueError("the waker is closed")
        return self._pair[0].fileno()

    def wake(self) -> None:
        """End the wait."""
        with self._lock:
            self._flag.set()
            if self._pair is not None:
                with contextlib.suppress(BlockingIOError):
                    self._pair[1].send(b"w")

    def sleep(self, seconds: float) -> bool:
        """Sleep; True when woken before the time was over."""
        return self._flag.wait(seconds)

    def woken(self) -> bool:
        """Whether somebody called `wake` since the last time this was asked."""
        with self._lock:
            was = self._flag.is_set()
            self._flag.clear()
            if self._pair is not None:
                with contextlib.suppress(BlockingIOError):
                    while self._pair[0].recv(64):
                        pass
            return was
