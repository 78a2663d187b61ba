"""Which workers there are on one database, and which of them watches which mailbox.

Collecting and the like go to whoever is free. Watching is shared out: a session to each mailbox from every
worker would be more than mail servers like. A mailbox watched by two for a moment, or by none, does no harm,
since watchers only nudge, and mailboxes are checked by the clock too.
"""

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from mailcall.config import config

PREFIX = "worker-"


class Colleagues(Protocol):
    """What a worker asks of the others."""

    def changed(self) -> bool:
        """Whether one came or went since this was asked last."""

    def ours(self, account_id: int) -> bool:
        """Whether this account is ours to watch."""


class Nobody:
    """The embedded desk: one worker, which watches all."""

    def changed(self) -> bool:
        """Never."""
        return False

    def ours(self, account_id: int) -> bool:
        """Always."""
        return True


class Others:
    """All workers of a database, by the leases that each holds while it runs."""

    def __init__(self, own: str, workers: Callable[[], set[str]]) -> None:
        """`own` is our name, `workers` asks the database for all."""
        self._own = own
        self._ask = workers
        self._workers = {own}

    def changed(self) -> bool:
        """Whether one came or went since this was asked last. Asks the database."""
        before, self._workers = self._workers, self._ask() | {self._own}
        return self._workers != before

    def ours(self, account_id: int) -> bool:
        """Whether our name comes first for it; when a worker goes, only its accounts change hands."""
        return max(self._workers, key=lambda worker: _weight(worker, account_id)) == self._own


def _weight(worker: str, account_id: int) -> bytes:
    return hashlib.sha256(f"{worker} {account_id}".encode()).digest()


def present() -> AbstractContextManager[Colleagues]:
    """Be one of the workers of this database while the block runs."""
    return nullcontext(Nobody()) if config().embedded else _present()


@contextmanager
def _present() -> Iterator[Colleagues]:
    from mailcall.service.leases import held, leased

    own = f"{PREFIX}{socket.gethostname()[:60]}-{os.getpid()}-{os.urandom(4).hex()}"
    with leased(own):
        yield Others(own, lambda: held(PREFIX))
