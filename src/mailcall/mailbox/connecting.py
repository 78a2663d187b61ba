"""What the protocols of a network share: a connection, its protection, and a sentence for every trouble."""

import base64
import errno
import hmac
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mailcall import certificates, scram
from mailcall.mailbox.interface import MailboxError, MailboxSettings, Security
from mailcall.scram import ScramError
from mailcall.server_words import without_secrets

OUR_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # trouble while a mail is put into the spool
UNPROTECTED = "takes no password over an unprotected connection; choose TLS or STARTTLS."


class ProtocolViolation(Exception):
    """The server said something that is not its protocol."""


def where(settings: MailboxSettings) -> str:
    """The server for a sentence."""
    return f"{settings.server}:{settings.port}"


def open_socket(settings: MailboxSettings, context: ssl.SSLContext | None) -> socket.socket:
    """Connect, protected from the first byte if the settings say so. Raises OSError."""
    sock = socket.create_connection((settings.server, settings.port), timeout=settings.timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if context and settings.security is Security.TLS:
        return context.wrap_socket(sock, server_hostname=settings.server)
    return sock


def tls_context(settings: MailboxSettings) -> ssl.SSLContext | None:
    """The system's authorities, or the private one of the settings; None for an unprotected connection.

    Verification is never switched off. Raises MailboxError.
    """
    if settings.security is Security.PLAIN:
        return None
    try:
        return certificates.context(settings.ca_file)
    except (OSError, ssl.SSLError) as trouble:
        raise MailboxError(
            f"The file {settings.ca_file} holds no certification authority that can be read.", temporary=False
        ) from trouble


def is_overheard(settings: MailboxSettings, address: str) -> bool:
    """Whether what is sent to the server at this address can be read on the way."""
    return settings.security is Security.PLAIN and not _is_loopback(address)


def refuse_to_be_overheard(settings: MailboxSettings, address: str) -> None:
    """No password goes readable to another machine unless the method is named. Raises MailboxError."""
    if is_overheard(settings, address) and settings.auth_method.lower() == "auto":
        raise MailboxError(
            f"The server {where(settings)} would get the password readable for all on the way; choose TLS or "
            "STARTTLS, or name the sign-in method to send it all the same.",
            temporary=False,
        )


def unproved(settings: MailboxSettings, error: ScramError) -> MailboxError:
    """What SCRAM found wrong."""
    return MailboxError(scram.unproved(settings.login, where(settings), error), temporary=False)


@contextmanager
def connection_sentences(settings: MailboxSettings, protocol: str) -> Iterator[None]:
    """Turn the troubles of a connection into MailboxError; `protocol` is what the server should speak.

    Trouble with the disk here is no trouble of the connection and is raised as it is.
    """
    server = where(settings)
    try:
        yield
    except ssl.SSLCertVerificationError as trouble:
        raise MailboxError(
            f"The certificate of {server} can't be trusted ({trouble.verify_message}); "
            "check the server's name, or give the file of its certification authority.",
            temporary=False,
        ) from trouble
    except ssl.SSLError as trouble:
        hint = "" if settings.security is Security.PLAIN else "; check that port and security belong together"
        raise MailboxError(
            f"No protected connection with {server} came about ({trouble.reason or 'TLS broke off'}){hint}.",
            temporary=trouble.reason != "WRONG_VERSION_NUMBER",
        ) from trouble
    except TimeoutError as trouble:
        raise MailboxError(
            f"The server {server} did not answer within {settings.timeout:g} seconds.", temporary=True
        ) from trouble
    except socket.gaierror as trouble:
        raise MailboxError(
            f"There is no server named {settings.server}; check the name.",
            temporary=trouble.errno == socket.EAI_AGAIN,
        ) from trouble
    except ConnectionRefusedError as trouble:
        raise MailboxError(
            f"Nothing accepts connections at {server}; check server and port, or whether it is running.",
            temporary=True,
        ) from trouble
    except OSError as trouble:
        if trouble.errno in OUR_DISK:
            raise
        words = scrub(str(trouble), settings, signing_in=True)  # a server may say farewell at any time
        reason = trouble.strerror or words or type(trouble).__name__
        raise MailboxError(f"The connection with {server} broke: {reason}.", temporary=True) from (
            trouble if trouble.strerror else None
        )
    except ProtocolViolation as trouble:
        words = scrub(str(trouble), settings, signing_in=True)
        raise MailboxError(
            f"The server {server} does not speak {protocol} as it should: {words}.", temporary=True
        ) from None  # the words as they were may hold the password


def scrub(text: str, settings: MailboxSettings, *, signing_in: bool = False) -> str:
    """A server's words without the password, should it have echoed it."""
    return without_secrets(text, settings.login, settings.password, signing_in=signing_in).rstrip(".")


def readable(text: bytes) -> str:
    """A server's words, fit for a sentence."""
    return re.sub(r"[^\x20-\x7e]+", " ", text.decode("ascii", "replace")).strip()[:200]


def sasl_plain(login: str, password: str) -> bytes:
    """RFC 4616, in base64."""
    return base64.b64encode(f"\0{login}\0{password}".encode())


def in_base64(respond: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """The same for a challenge and a response in base64. Raises ProtocolViolation."""
    return lambda challenge: base64.b64encode(respond(_decoded(challenge)))


def cram_md5(challenge: bytes, login: str, password: str) -> bytes:
    """RFC 2195 2; challenge and response are base64. Raises ProtocolViolation."""
    digest = hmac.new(password.encode(), _decoded(challenge), "md5").hexdigest()
    return base64.b64encode(f"{login} {digest}".encode())


def _decoded(challenge: bytes) -> bytes:
    try:
        return base64.b64decode(challenge)
    except ValueError:
        raise ProtocolViolation("a challenge that is no base64") from None


def _is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback
