"""Watching mailboxes that can push, so that a mail is collected at once and not at the next check."""

import threading
from collections.abc import Callable
from functools import partial

import structlog
from django.db import close_old_connections

from mailcall.inbound.models import IncomingAccount
from mailcall.keyring import KeyringError
from mailcall.mailbox import open_mailbox
from mailcall.mailbox.interface import Mailbox, MailboxError, MailboxSettings

log = structlog.get_logger("service.watchers")

WAIT_SECONDS = 300.0
PAUSES = (2.0, 5.0, 15.0, 60.0)


class Watcher(threading.Thread):
    """Watches one account with a session of its own. It never fetches: it only calls `arrived`."""

    def __init__(self, account: IncomingAccount, arrived: Callable[[], None]) -> None:
        """`arrived` is called whenever there may be something to collect."""
        super().__init__(name=f"watch-{account.pk}", daemon=True)
        self.settings = account.mailbox_settings()
        self._protocol = account.protocol
        self._account = account.name
        self._arrived = arrived
        self._mailbox: Mailbox | None = None
        self._end = threading.Event()

    def run(self) -> None:
        """Until told to end: list, tell, wait; after an error, again with growing pauses."""
        failures = 0
        while not self._end.is_set():
            try:
                with open_mailbox(self._protocol, self.settings) as mailbox:
                    self._mailbox = mailbox
                    if not mailbox.can_push:
                        return
                    failures = 0
                    self._watch(mailbox)
            except MailboxError as error:
                if failures == 0:
                    log.warning("mailbox can't be watched", account=self._account, error=str(error))
                self._end.wait(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
            finally:
                self._mailbox = None

    def _watch(self, mailbox: Mailbox) -> None:
        while not self._end.is_set():
            if mailbox.list():
                self._arrived()
            mailbox.wait(WAIT_SECONDS)

    def end(self) -> None:
        """Stop watching, soon."""
        self._end.set()
        if mailbox := self._mailbox:
            mailbox.interrupt()


class Watchers:
    """One watcher for each active account, kept in step with the accounts' settings."""

    def __init__(self, arrived: Callable[[int], None]) -> None:
        """`arrived` is called with the number of an account."""
        self._arrived = arrived
        self._watchers: dict[int, Watcher] = {}

    def refresh(self) -> None:
        """Start, end or replace watchers so that they fit the accounts as they are now."""
        close_old_connections()
        wanted: dict[int, tuple[IncomingAccount, MailboxSettings]] = {}
        for account in IncomingAccount.objects.filter(active=True):
            account.high_water = ""  # it moves with every mail and is no reason to begin anew
            try:
                wanted[account.pk] = (account, account.mailbox_settings())
            except KeyringError as error:
                log.warning("mailbox can't be watched", account=account.name, error=str(error))
        for key, watcher in list(self._watchers.items()):
            if key not in wanted or wanted[key][1] != watcher.settings:
                watcher.end()
                del self._watchers[key]
        for key, (account, _) in wanted.items():
            if key not in self._watchers:
                self._watchers[key] = Watcher(account, partial(self._arrived, key))
                self._watchers[key].start()

    def end(self) -> None:
        """Stop them all."""
        for watcher in self._watchers.values():
            watcher.end()
