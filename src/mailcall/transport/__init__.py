"""Transports that mail is handed over by, one file for each protocol behind `interface.Transport`."""

from collections.abc import Callable

from mailcall.transport.interface import ServerTrouble, Transport, TransportSettings
from mailcall.transport.maildir import MaildirTransport
from mailcall.transport.smtp import SmtpTransport

__all__ = ["PROTOCOLS", "open_transport"]

# A new protocol is one file beside these and one line here.
PROTOCOLS: dict[str, Callable[[TransportSettings], Transport]] = {
    "smtp": SmtpTransport,
    "maildir": MaildirTransport,
}


def open_transport(protocol: str, settings: TransportSettings) -> Transport:
    """The transport for these settings, not yet connected: enter it as a context. Raises ServerTrouble."""
    if protocol not in PROTOCOLS:
        raise ServerTrouble(
            f"Mailcall knows no protocol {protocol!r} for outgoing mail; choose {' or '.join(PROTOCOLS)}.",
            temporary=False,
        )
    return PROTOCOLS[protocol](settings)
