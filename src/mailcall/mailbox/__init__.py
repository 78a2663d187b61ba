"""Mailboxes that mail is collected from, one file for each protocol behind `interface.Mailbox`."""

from collections.abc import Callable

from mailcall.mailbox.batches import batches
from mailcall.mailbox.imap import ImapMailbox
from mailcall.mailbox.interface import Mailbox, MailboxError, MailboxSettings
from mailcall.mailbox.maildir import MaildirMailbox
from mailcall.mailbox.pop3 import Pop3Mailbox

__all__ = ["PROTOCOLS", "PULL_ONLY", "batches", "open_mailbox"]

# A new protocol (exchange) is one file beside these and one line here.
PROTOCOLS: dict[str, Callable[[MailboxSettings], Mailbox]] = {
    "imap": ImapMailbox,
    "pop3": Pop3Mailbox,
    "maildir": MaildirMailbox,
}

# Those that never push: a session opened to ask for it would only keep the mailbox from others.
PULL_ONLY = frozenset({"pop3"})


def open_mailbox(protocol: str, settings: MailboxSettings) -> Mailbox:
    """The mailbox for these settings, not yet connected: enter it as a context. Raises MailboxError."""
    if protocol not in PROTOCOLS:
        raise MailboxError(
            f"Mailcall knows no protocol {protocol!r} for incoming mail; choose {' or '.join(PROTOCOLS)}.",
            temporary=False,
        )
    return PROTOCOLS[protocol](settings)
