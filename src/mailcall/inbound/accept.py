"""Mail that is handed over, by pipe or LMTP, into the journal: what is accepted is safe."""

import hashlib
import os
import tempfile
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import BinaryIO, Self

import structlog
from django.db import IntegrityError, transaction

from mailcall.checkpoints import checkpoint
from mailcall.config import config
from mailcall.desk.models.calls import keep_file
from mailcall.inbound.journalling import Kept, journal_row, journalled, tell
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from mailcall.inbound.spool import claim
from mailcall.mailbox.interface import BIG
from mailcall.message import comparable, without_detail

log = structlog.get_logger("inbound.accept")


class NotAccepted(Exception):
    """No account takes mail of this name or address. The text is one sentence for people."""


class SwitchedOff(NotAccepted):
    """The account is there, but not active: later it may be."""


class Arriving:
    """A mail being handed over: in memory up to `BIG` bytes, then in a file of this process's spool.

    A context manager; what was not kept by then is gone.
    """

    def __init__(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._raw = bytearray()
        self._file: BinaryIO | None = None
        self._path: Path | None = None
        self._kept: Kept | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()
        if self._path:
            self._path.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Take the next bytes. Raises OSError."""
        self.size += len(piece)
        self._digest.update(piece)
        if self._file is None and self.size <= BIG:
            self._raw += piece
            return
        if self._file is None:
            descriptor, name = tempfile.mkstemp(dir=_spool())
            self._file, self._path = os.fdopen(descriptor, "wb"), Path(name)
            self._file.write(self._raw)
            self._raw.clear()
        self._file.write(piece)

    @property
    def identity(self) -> str:
        """What makes it one mail of an account: its bytes.

        Whoever did not hear that it was accepted hands over the same bytes again.
        """
        return f"fed:{self._digest.hexdigest()}"

    def keep(self) -> Kept:
        """Have the bytes where a row finds them. Doing it again is no error. Raises OSError."""
        if self._kept is None:
            sha256 = self._digest.hexdigest()
            if self._file and self._path:
                self._file.close()
                keep_file(sha256, self._path)
                self._kept = Kept(self.size, sha256, None)
            else:
                self._kept = Kept(self.size, sha256, bytes(self._raw))
        return self._kept


def accept(account: IncomingAccount, mail: Arriving) -> ReceivedMail | None:
    """Bring a mail that is complete into the journal; its row, or None when it is there already.

    When this returns, the mail is safe and its giver may forget it. Raises OSError and DatabaseError: then
    the giver must keep it, and may hand it over again.
    """
    checkpoint("accept.received")
    if journalled(account, [mail.identity]):
        return None
    row = journal_row(account, mail.identity, mail.keep())
    checkpoint("accept.kept")
    try:
        with transaction.atomic(durable=True):
            row.save(force_insert=True)
    except IntegrityError:  # the same mail was handed over twice at once
        if not journalled(account, [mail.identity]):
            raise
        return None
    checkpoint("accept.journalled")
    tell([row], log)
    return row


class Recipients:
    """Which account takes the mail for an address, as the desk is now."""

    def __init__(self) -> None:
        self._by_address: dict[str, list[IncomingAccount]] = defaultdict(list)
        self._by_partition: dict[str, list[IncomingAccount]] = defaultdict(list)
        accounts = IncomingAccount.objects.select_related("template__partition").defer("password")
        for account in accounts.order_by("pk"):
            self._by_address[comparable(account.address)].append(account)
            self._by_partition[comparable(account.partition.address)].append(account)

    def account(self, address: str) -> IncomingAccount:
        """The active account for an address, with or without a `+tag`. Raises NotAccepted.

        Its own, else the only one of the partition that has the address.
        """
        wanted = comparable(address)
        spellings = (wanted, without_detail(wanted))
        found = next((self._by_address[name] for name in spellings if name in self._by_address), [])
        if found:
            return _active(found, address)
        found = next((self._by_partition[name] for name in spellings if name in self._by_partition), [])
        if len([account for account in found if account.active]) > 1:
            raise NotAccepted(f"More than one account is for {address}.")
        return _active(found, address)


def account_named(name: str) -> IncomingAccount:
    """The active account of this name. Raises NotAccepted."""
    return _active(list(IncomingAccount.objects.filter(name=name)), name)


def _active(found: list[IncomingAccount], asked: str) -> IncomingAccount:
    """The one to take of several: best one without a mailbox, else the oldest."""
    if not found:
        raise NotAccepted(f"There is no account for {asked}.")
    active = [account for account in found if account.active]
    if not active:
        raise SwitchedOff(f"The account {found[0].name} is switched off.")
    return min(active, key=lambda account: not account.is_fed)


@cache
def _spool() -> Path:
    return claim(config().spool_dir / "fed")
