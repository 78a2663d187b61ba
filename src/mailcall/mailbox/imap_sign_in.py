"""From settings to a signed-in IMAP connection, and from every trouble to a sentence for people."""

import base64
import hmac
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mailcall.mailbox.imap_wire import ProtocolViolation, Refused, Wire
from mailcall.mailbox.interface import MailboxError, MailboxSettings, Security
from mailcall.server_words import without_secrets

# RFC 5530 3: what waiting may mend
TEMPORARY_CODES = {"UNAVAILABLE", "INUSE", "LIMIT", "OVERQUOTA", "SERVERBUG", "CORRUPTION"}
UNPROTECTED = "takes no password over an unprotected connection; choose TLS or STARTTLS."


def connect(settings: MailboxSettings, on_unsolicited: Callable[[bytes], None]) -> Wire:
    """Connect, protect and sign in. Raises MailboxError."""
    context = None if settings.security is Security.PLAIN else tls_context(settings)
    with sentences(settings):
        sock = socket.create_connection((settings.server, settings.port), timeout=settings.timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if context and settings.security is Security.TLS:
            sock = context.wrap_socket(sock, server_hostname=settings.server)
        wire = Wire(sock, on_unsolicited)
        try:
            wire.greet()
            if context and settings.security is Security.STARTTLS:
                _start_tls(wire, settings, context)
            if not wire.signed_in:
                _sign_in(wire, settings)
        except BaseException:
            wire.hang_up()
            raise
        return wire


def tls_context(settings: MailboxSettings) -> ssl.SSLContext:
    """The system's authorities, or the private one of the settings. Verification is never switched off."""
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as trouble:
        raise MailboxError(
            f"The file {settings.ca_file} holds no certification authority that can be read.", temporary=False
        ) from trouble


@contextmanager
def sentences(settings: MailboxSettings) -> Iterator[None]:
    """Turn the troubles of a connection into MailboxError."""
    where = f"{settings.server}:{settings.port}"
    try:
        yield
    except ssl.SSLCertVerificationError as trouble:
        raise MailboxError(
            f"The certificate of {where} can't be trusted ({trouble.verify_message}); "
            "check the server's name, or give the file of its certification authority.",
            temporary=False,
        ) from trouble
    except ssl.SSLError as trouble:
        hint = "" if settings.security is Security.PLAIN else "; check that port and security belong together"
        raise MailboxError(
            f"No protected connection with {where} came about ({trouble.reason or 'TLS broke off'}){hint}.",
            temporary=trouble.reason != "WRONG_VERSION_NUMBER",
        ) from trouble
    except TimeoutError as trouble:
        raise MailboxError(
            f"The server {where} did not answer within {settings.timeout:g} seconds.", temporary=True
        ) from trouble
    except socket.gaierror as trouble:
        raise MailboxError(
            f"There is no server named {settings.server}; check the name.",
            temporary=trouble.errno == socket.EAI_AGAIN,
        ) from trouble
    except ConnectionRefusedError as trouble:
        raise MailboxError(
            f"Nothing accepts connections at {where}; check server and port, or whether it is running.",
            temporary=True,
        ) from trouble
    except OSError as trouble:
        words = scrub(str(trouble), settings, signing_in=True)  # a BYE may come at any time
        reason = trouble.strerror or words or type(trouble).__name__
        raise MailboxError(f"The connection with {where} broke: {reason}.", temporary=True) from (
            trouble if trouble.strerror else None
        )
    except ProtocolViolation as trouble:
        words = scrub(str(trouble), settings, signing_in=True)
        raise MailboxError(
            f"The server {where} does not speak IMAP as it should: {words}.", temporary=True
        ) from None  # the words as they were may hold the password
    except Refused as trouble:
        said = scrub(trouble.text, settings) or trouble.status
        raise MailboxError(
            f"The server {where} refused: {said}.", temporary=trouble.status != "NO" or is_temporary(trouble)
        ) from None


def is_temporary(refusal: Refused) -> bool:
    """Whether waiting may mend it: by the response code, or by the words of servers that give none."""
    return refusal.code in TEMPORARY_CODES or "too many" in refusal.text.lower()


def scrub(text: str, settings: MailboxSettings, *, signing_in: bool = False) -> str:
    """A server's words without the password, should it have echoed it."""
    return without_secrets(text, settings.login, settings.password, signing_in=signing_in).rstrip(".")


def _start_tls(wire: Wire, settings: MailboxSettings, context: ssl.SSLContext) -> None:
    """Never goes on unprotected; a server that claims to know us already (PREAUTH) is not believed."""
    if "STARTTLS" not in wire.capabilities or wire.signed_in:
        raise MailboxError(
            f"The server {settings.server}:{settings.port} does not offer STARTTLS; choose TLS and its port.",
            temporary=False,
        )
    wire.start_tls(context, settings.server)


def _sign_in(wire: Wire, settings: MailboxSettings) -> None:
    method = _method(wire, settings)
    login, password = settings.login, settings.password
    try:
        if method == "plain":  # RFC 4616
            secret = base64.b64encode(f"\0{login}\0{password}".encode())
            wire.authenticate(b"PLAIN", lambda _: b"*", secret)
        elif method == "cram-md5":
            wire.authenticate(b"CRAM-MD5", lambda challenge: _cram_md5(challenge, login, password), None)
        else:
            wire.command(b"LOGIN", login, password)
    except Refused as refusal:
        raise _sign_in_error(refusal, settings) from None  # its context may hold the password
    wire.ask_capabilities()


def _method(wire: Wire, settings: MailboxSettings) -> str:
    """The strongest that is offered, or the one chosen by hand."""
    protected = settings.security is not Security.PLAIN
    offered = [name for name in ("plain", "cram-md5") if f"AUTH={name.upper()}" in wire.capabilities]
    if "LOGINDISABLED" not in wire.capabilities:  # RFC 3501 6.2.3
        offered.append("login")
    if not protected and "cram-md5" in offered:
        offered = ["cram-md5", *offered]
    wanted = settings.auth_method.lower()
    if wanted == "auto" and offered:
        return offered[0]
    if wanted in offered:
        return wanted
    where = f"{settings.server}:{settings.port}"
    if not protected and "LOGINDISABLED" in wire.capabilities:
        raise MailboxError(f"The server {where} {UNPROTECTED}", temporary=False)
    raise MailboxError(
        f"The server {where} offers no sign-in by {'password' if wanted == 'auto' else wanted}; "
        f"it offers {', '.join(sorted(offered)) or 'none that Mailcall knows'}.",
        temporary=False,
    )


def _cram_md5(challenge: bytes, login: str, password: str) -> bytes:
    """RFC 2195 2."""
    digest = hmac.new(password.encode(), base64.b64decode(challenge), "md5").hexdigest()
    return base64.b64encode(f"{login} {digest}".encode())


def _sign_in_error(refusal: Refused, settings: MailboxSettings) -> MailboxError:
    where = f"{settings.server}:{settings.port}"
    said = scrub(refusal.text, settings, signing_in=True)
    if is_temporary(refusal) or refusal.status == "BYE":
        return MailboxError(f"The server {where} can't sign in {settings.login} now: {said}.", temporary=True)
    if refusal.code == "PRIVACYREQUIRED":
        return MailboxError(f"The server {where} {UNPROTECTED}", temporary=False)
    return MailboxError(
        f"The server {where} did not accept login and password of {settings.login} ({said}); "
        "check both, and whether the account may use IMAP.",
        temporary=False,
    )
