"""Watching mailboxes that can push, so that a mail is collected at once and not at the next check."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import structlog
from django.db import close_old_connections

from mailcall.inbound.models import IncomingAccount
from mailcall.keyring import KeyringError
from mailcall.mailbox import PULL_ONLY, open_mailbox
from mailcall.mailbox.interface import Mailbox, MailboxError, MailboxSettings

log = structlog.get_logger("service.watchers")

WAIT_SECONDS = 300.0
LEAST_SECONDS = 0.5  # between two mails that are told of
PAUSES = (2.0, 5.0, 15.0, 60.0)


class Watcher(threading.Thread):
    """Watches one folder of an account with a session of its own.

    It neither lists nor fetches: it only calls `arrived`.
    """

    def __init__(
        self, account: IncomingAccount, settings: MailboxSettings, arrived: Callable[[], None]
    ) -> None:
        """`arrived` is called whenever there may be something to collect."""
        super().__init__(name=f"watch-{account.pk}", daemon=True)
        self.settings = settings
        self._protocol = account.protocol
        self._account = account.name
        self._arrived = arrived
        self._mailbox: Mailbox | None = None
        self._end = threading.Event()
        self._cannot_push = False

    def run(self) -> None:
        """Until told to end: wait and tell; after an error, again with growing pauses."""
        failures = 0
        if self._protocol in PULL_ONLY:
            self._cannot_push = True
            return
        while not self._end.is_set():
            try:
                with open_mailbox(self._protocol, self.settings) as mailbox:
                    self._mailbox = mailbox
                    if not mailbox.can_push:
                        self._cannot_push = True
                        return
                    failures = 0
                    self._watch(mailbox)
            except Exception as error:  # whatever it is, the check by the clock goes on beside it
                if failures == 0:
                    known = isinstance(error, MailboxError)
                    log.warning(
                        "mailbox can't be watched",
                        account=self._account,
                        error=str(error),
                        exc_info=not known,
                    )
                self._end.wait(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
            finally:
                self._mailbox = None

    def _watch(self, mailbox: Mailbox) -> None:
        self._arrived()  # what came before this session would not be told
        while not self._end.is_set():
            if mailbox.wait(WAIT_SECONDS):
                self._arrived()
                self._end.wait(LEAST_SECONDS)

    def fits(self, settings: MailboxSettings) -> bool:
        """Whether it may go on under these settings; the mark, which moves with every mail, is no reason."""
        well = self.is_alive() or self._cannot_push
        return well and replace(settings, high_water="") == replace(self.settings, high_water="")

    def end(self) -> None:
        """Stop watching, soon."""
        self._end.set()
        if mailbox := self._mailbox:
            mailbox.interrupt()


class Watchers:
    """One watcher for each folder of this worker's active accounts, kept in step with their settings."""

    def __init__(self, arrived: Callable[[int], None]) -> None:
        """`arrived` is called with the number of an account."""
        self._arrived = arrived
        self._watchers: dict[tuple[int, str], Watcher] = {}

    def refresh(self, ours: Callable[[int], bool]) -> None:
        """Start, end or replace watchers so that they fit the accounts as they are now.

        `ours` says whether an account, by its number, is this worker's to watch.
        """
        close_old_connections()
        wanted: dict[tuple[int, str], tuple[IncomingAccount, MailboxSettings]] = {}
        for account in IncomingAccount.to_collect():
            if not ours(account.pk):
                continue
            try:
                for settings in account.mailboxes():
                    wanted[account.pk, settings.folder] = (account, settings)
            except KeyringError as error:
                log.warning("mailbox can't be watched", account=account.name, error=str(error))
        for key, watcher in list(self._watchers.items()):
            if key not in wanted or not watcher.fits(wanted[key][1]):
                watcher.end()
                del self._watchers[key]
        for key, (account, settings) in wanted.items():
            if key not in self._watchers:
                self._watchers[key] = Watcher(account, settings, partial(self._arrived, account.pk))
                self._watchers[key].start()

    def end(self) -> None:
        """Stop them all."""
        for watcher in self._watchers.values():
            watcher.end()
