"""When the certificates of the servers expire that this process spoke to.

For mailboxes and transports alike: whatever protects a connection, from its first byte or by STARTTLS, is
seen here, and nothing else has to hand it on.
"""

import datetime as dt
import ssl
import threading

Place = tuple[str, int]  # the server's name as it was verified, in lower case, and its port

_lock = threading.Lock()
_seen: dict[Place, dt.datetime] = {}


class _NotingSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        """Shake hands, and note until when the certificate is good that was verified."""
        super().do_handshake(block)
        certificate = self.getpeercert() or {}
        if self.server_hostname and (written := certificate.get("notAfter")):
            ends = dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(written)), dt.UTC)
            with _lock:
                _seen[str(self.server_hostname).lower(), self.getpeername()[1]] = ends


def context(ca_file: str) -> ssl.SSLContext:
    """For connections that verify: by the system's authorities, or those in a PEM file. Raises OSError."""
    made = ssl.create_default_context(cafile=ca_file or None)
    made.sslsocket_class = _NotingSocket
    return made


def place(server: str, port: int) -> Place:
    """Where a server of the settings is noted."""
    try:
        name = server.encode("idna").decode("ascii")
    except UnicodeError:
        name = server
    return name.lower(), port


def seen() -> dict[Place, dt.datetime]:
    """When the certificates expire that were seen since the last call."""
    with _lock:
        fresh = dict(_seen)
        _seen.clear()
    return fresh
