"""Sign-in by SCRAM (RFC 5802, RFC 7677): the password goes to nobody, and the server proves that it knows it.

For mailboxes and transports alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from scramp import ScramClient, ScramException

METHODS = ("scram-sha-256", "scram-sha-1")  # the strongest first


class ScramError(Exception):
    """The server did not do its part. The text is a clause for people."""


def unproved(login: str, server: str, error: ScramError) -> str:
    """A sentence on what went wrong."""
    return (
        f"The sign-in of {login} at the server {server} failed: {error}; choose another method by hand, if "
        "the server is the right one."
    )


class Scram:
    """One sign-in, not bound to its channel."""

    def __init__(self, method: str, login: str, password: str) -> None:
        """`method` is one of METHODS. Raises ScramError for a login or password that it has no form for."""
        self._challenges = 0
        with _clauses():
            self._client = ScramClient([method.upper()], login, password)

    def first(self) -> bytes:
        """What the client says first."""
        return str(self._client.get_client_first()).encode()

    def respond(self, challenge: bytes) -> bytes:
        """The answer to the server's next challenge. Raises ScramError."""
        self._challenges += 1
        said = challenge.decode("utf-8", "replace")
        with _clauses():
            if self._challenges == 1:
                self._client.set_server_first(said)
                return str(self._client.get_client_final()).encode()
            self._client.set_server_final(said)
        return b""

    def finish(self) -> None:
        """To be called when the server says that we are signed in. Raises ScramError if it proved nothing."""
        if self._challenges < 2:
            raise ScramError("it signed us in without a proof that it knows the password")


@contextmanager
def _clauses() -> Iterator[None]:
    try:
        yield
    except ScramException as error:
        raise ScramError(str(error).rstrip(".")) from None  # its context may hold the password
