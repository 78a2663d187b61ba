"""One user of a private server, and the settings that reach the user's mailbox."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mailcall.mailbox.imap import ImapMailbox
from mailcall.mailbox.interface import MailboxSettings, Security
from mailcall.mailbox.pop3 import Pop3Mailbox
from servers.cyrus import Cyrus
from servers.dovecot import Dovecot

MAIL = b"From: a@shop.example\r\nSubject: Printer\r\n\r\nIt is on fire.\r\n"


@dataclass
class Account:
    """One user of a private server."""

    server: Dovecot | Cyrus
    user: str

    def settings(self, **changes: Any) -> MailboxSettings:
        return replace(
            MailboxSettings(
                server="localhost",
                port=self.server.imap_port if "security" in changes else self.server.imaps_port,
                security=Security.TLS,
                login=self.user,
                password="secret",
                ca_file=self.server.ca_file,
                timeout=10,
            ),
            **changes,
        )

    def open(self, **changes: Any) -> ImapMailbox:
        return ImapMailbox(self.settings(**changes))

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> list[Path | None]:
        return [self.server.deliver(self.user, mail, folder) for mail in mails]

    def mails(self, folder: str = "INBOX") -> list[bytes]:
        return self.server.mails(self.user, folder)


class Pop3Account(Account):
    """The same, reached by POP3."""

    def settings(self, **changes: Any) -> MailboxSettings:
        port = self.server.pop3_port if "security" in changes else self.server.pop3s_port
        return super().settings(**{"port": port} | changes)

    def open(self, **changes: Any) -> Pop3Mailbox:  # type: ignore[override]
        return Pop3Mailbox(self.settings(**changes))
