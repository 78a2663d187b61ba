"""What a mailbox or an outgoing server can't do without, by its protocol."""

from mailcall.desk_file.schema import IncomingAccountItem, OutgoingServerItem
from mailcall.inbound.models import FED, IncomingAccount
from mailcall.outbound.models import OutgoingServer

_USUAL_PORTS = {
    ("imap", "tls"): 993,
    ("imap", "starttls"): 143,
    ("imap", "plain"): 143,
    ("pop3", "tls"): 995,
    ("pop3", "starttls"): 110,
    ("pop3", "plain"): 110,
    ("smtp", "tls"): 465,
    ("smtp", "starttls"): 587,
    ("smtp", "plain"): 25,
}


def usual_port(item: IncomingAccountItem | OutgoingServerItem) -> int | None:
    """The registered port (RFC 8314 7.3, RFC 6409), or None for a protocol without ports."""
    return _USUAL_PORTS.get((item.protocol, item.security))


def missing_setting(target: IncomingAccount | OutgoingServer) -> tuple[str, str] | None:
    """The field that must not stay as it is, and why in a sentence, or None."""
    if target.protocol == FED:
        return None
    if target.protocol == "maildir":
        return None if target.path else ("path", "a Maildir needs the `path` of its folder.")
    if not target.server:
        return "server", f"{target.protocol.upper()} needs the name of a `server`."
    if isinstance(target, IncomingAccount) and not target.login:
        return "login", f"{target.protocol.upper()} needs a `login`."
    return None
