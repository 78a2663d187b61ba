"""Mails that flow into a desk by each of its feeds, numbered, so that they can be counted afterwards."""

import itertools
import queue
import random
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from desks import mail
from installations import Installation
from servers.dovecot import Dovecot

ADDRESS = "support@desk.example"
PAUSE = 0.05  # seconds until a mail that was not accepted is handed over again


@dataclass(frozen=True)
class Sent:
    """A mail that was brought; `refers_to` the first of its conversation, unless it is that."""

    message_id: str
    sender: str
    refers_to: str = ""


class Feed(Protocol):
    """A way for mail to come. `in_order`: what was brought first is journalled first, for certain."""

    in_order: bool

    def bring(self, mails: Sequence[tuple[str, bytes]]) -> None:
        """Bring these, each with its sender; returns when the desk or its mailbox is answerable for all."""

    def is_empty(self) -> bool:
        """Whether nothing is left where the desk collects from."""


class IntoMailbox:
    """Into a mailbox of Dovecot, from which the desk collects by IMAP or POP3.

    Now and then Dovecot numbers a mail before one that came earlier.
    """

    in_order = False

    def __init__(self, dovecot: Dovecot, mailbox: str) -> None:
        self._dovecot, self._mailbox = dovecot, mailbox

    def bring(self, mails: Sequence[tuple[str, bytes]]) -> None:
        with smtplib.LMTP("127.0.0.1", self._dovecot.lmtp_port) as lmtp:
            for sender, raw in mails:
                lmtp.sendmail(sender, [self._mailbox], raw)

    def is_empty(self) -> bool:
        return self._dovecot.mails(self._mailbox) == []


class IntoMaildir:
    """Into a Maildir, as a delivery agent does."""

    in_order = False  # a folder that is read while a file appears may show a later one instead

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for part in ("new", "cur", "tmp"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def bring(self, mails: Sequence[tuple[str, bytes]]) -> None:
        for _, raw in mails:
            name = f"{time.time_ns()}.test"
            (self._folder / "tmp" / name).write_bytes(raw)
            (self._folder / "tmp" / name).rename(self._folder / "new" / name)

    def is_empty(self) -> bool:
        return not any((self._folder / "new").iterdir())


class ByLmtp:
    """To the listeners of the desk's workers, by a client that goes on until a mail is accepted."""

    in_order = True

    def __init__(self, ports: Sequence[int], *, timeout: float = 10) -> None:
        self._ports = itertools.cycle(ports)
        self._timeout = timeout
        self.refused = 0

    def bring(self, mails: Sequence[tuple[str, bytes]]) -> None:
        for sender, raw in mails:
            while not self._accepted(sender, raw):
                self.refused += 1
                time.sleep(PAUSE)

    def _accepted(self, sender: str, raw: bytes) -> bool:
        client = smtplib.LMTP(timeout=self._timeout)
        try:
            client.connect("127.0.0.1", next(self._ports))
            client.sendmail(sender, [ADDRESS], raw)
        except (OSError, smtplib.SMTPException):
            return False
        finally:
            client.close()
        return True

    def is_empty(self) -> bool:
        return True


class ByPipe:
    """To `mailcall pipe`, run again until its status says that the mail is safe; some runs are killed."""

    in_order = True

    def __init__(self, desks: Sequence[Installation], chance: random.Random) -> None:
        self._desks = itertools.cycle(desks)
        self._chance = chance
        self.kills = 0

    def bring(self, mails: Sequence[tuple[str, bytes]]) -> None:
        for _, raw in mails:
            while self._run(raw) != 0:
                time.sleep(PAUSE)

    def _run(self, raw: bytes) -> int:
        desk = next(self._desks)
        process = subprocess.Popen(
            [sys.executable, "-m", "mailcall", "pipe", "--recipient", ADDRESS],
            env=desk.environment,
            cwd=desk.folder,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        # About as long as a run takes, so that some are killed before, some after the mail is safe.
        patience = self._chance.uniform(0.3, 1.5) if self._chance.random() < 0.3 else 60
        try:
            process.communicate(raw, timeout=patience)
        except subprocess.TimeoutExpired:
            self.kills += 1
            process.kill()
            process.communicate()
        assert process.returncode in {0, 75, -9}
        return process.returncode

    def is_empty(self) -> bool:
        return True


class Flow:
    """Mails with a sender each; of every ten the last four are a conversation, a matter and its replies."""

    def __init__(self, name: str, feed: Feed) -> None:
        self.name, self.by = name, feed
        self.sent: list[Sent] = []

    def feed(self, count: int) -> None:
        """Bring so many more, in their order."""
        if count:
            new = [self._make(len(self.sent) + number) for number in range(count)]
            self.by.bring([(sent.sender, raw) for sent, raw in new])
            self.sent += [sent for sent, _ in new]

    def _make(self, number: int) -> tuple[Sent, bytes]:
        first = number - max(0, number % 10 - 6)
        sent = Sent(self._name(number), f"{self.name}{first}@k.example", self._name(first) * (first < number))
        subject = f"Re: Problem {first}, {number}" if sent.refers_to else f"Problem {number}"
        raw = mail(
            sent.sender, subject, "Help.", message_id=sent.message_id, in_reply_to=sent.refers_to, to=ADDRESS
        )
        return sent, raw

    def _name(self, number: int) -> str:
        return f"<{self.name}.{number}@k.example>"


class Feeder:
    """Brings mails in a thread of its own, since some feeds wait until the desk is there."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._orders = queue.SimpleQueue[int]()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def bring(self, count: int) -> None:
        """So many more, soon."""
        if count > 0:
            self._orders.put(count)

    def finish(self, seconds: float) -> None:
        """Wait until all are brought."""
        self._orders.put(0)
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"mails of {self._flow.name} were not accepted in {seconds} s"

    def _work(self) -> None:
        while count := self._orders.get():
            self._flow.feed(count)


@contextmanager
def feeding(flow: Flow, *, every: float) -> Iterator[None]:
    """Bring one mail after another while the block runs."""
    over = threading.Event()

    def feed() -> None:
        while not over.wait(every):
            flow.feed(1)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        yield
    finally:
        over.set()
        feeder.join()
