"""When the certificates of the servers expire that this process spoke to.

For mailboxes and transports alike: whatever protects a connection, from its first byte or by STARTTLS, is
seen here, and nothing else has to hand it on.
"""

import datetime as dt
import ssl
import threading
from pathlib import Path

Place = tuple[str, int]  # the server's name as it was verified, in lower case, and its port

_lock = threading.Lock()
_seen: dict[Place, dt.datetime] = {}
_contexts: dict[str, tuple[list[tuple[int, ...]], ssl.SSLContext]] = {}  # with the state of its files


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
    """For connections that verify: by the system's authorities, or those in a PEM file. Raises OSError.

    One for all of them, until the file changes: to read the system's authorities takes longer than all else
    that a check of a mailbox does.
    """
    state = _state(ca_file)
    known = _contexts.get(ca_file)
    if known and known[0] == state:
        return known[1]
    made = ssl.create_default_context(cafile=ca_file or None)
    made.sslsocket_class = _NotingSocket
    _contexts[ca_file] = (state, made)
    return made


def _state(ca_file: str) -> list[tuple[int, ...]]:
    """What changes when another file of authorities is put in its place, or it is written anew."""
    default = ssl.get_default_verify_paths()
    states = [
        Path(path).stat() for path in ([ca_file] if ca_file else [default.cafile, default.capath]) if path
    ]
    return [(state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns) for state in states]


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
