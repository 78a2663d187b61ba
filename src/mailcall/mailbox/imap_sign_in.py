"""From settings to a signed-in IMAP connection, and from every trouble to a sentence for people."""

import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mailcall import scram
from mailcall.mailbox.connecting import (
    UNPROTECTED,
    connection_sentences,
    cram_md5,
    in_base64,
    open_socket,
    refuse_to_be_overheard,
    sasl_plain,
    scrub,
    tls_context,
    unproved,
    where,
)
from mailcall.mailbox.imap_wire import Refused, Wire
from mailcall.mailbox.interface import MailboxError, MailboxSettings, Security
from mailcall.scram import ScramError

# RFC 5530 3: what waiting may mend
TEMPORARY_CODES = {"UNAVAILABLE", "INUSE", "LIMIT", "OVERQUOTA", "SERVERBUG", "CORRUPTION"}


def connect(settings: MailboxSettings, on_unsolicited: Callable[[bytes], None]) -> Wire:
    """Connect, protect and sign in. Raises MailboxError."""
    context = tls_context(settings)
    with sentences(settings):
        wire = Wire(open_socket(settings, context), on_unsolicited)
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


@contextmanager
def sentences(settings: MailboxSettings) -> Iterator[None]:
    """Turn the troubles of a connection, and what the server refuses, into MailboxError."""
    with connection_sentences(settings, "IMAP"):
        try:
            yield
        except Refused as trouble:
            said = scrub(trouble.text, settings) or trouble.status
            raise MailboxError(
                f"The server {where(settings)} refused: {said}.",
                temporary=trouble.status != "NO" or is_temporary(trouble),
            ) from None


def is_temporary(refusal: Refused) -> bool:
    """Whether waiting may mend it: by the response code, or by the words of servers that give none."""
    return refusal.code in TEMPORARY_CODES or "too many" in refusal.text.lower()


def _start_tls(wire: Wire, settings: MailboxSettings, context: ssl.SSLContext) -> None:
    """Never goes on unprotected; a server that claims to know us already (PREAUTH) is not believed."""
    if "STARTTLS" not in wire.capabilities or wire.signed_in:
        raise MailboxError(
            f"The server {where(settings)} does not offer STARTTLS; choose TLS and its port.",
            temporary=False,
        )
    wire.start_tls(context, settings.server)


def _sign_in(wire: Wire, settings: MailboxSettings) -> None:
    method = _method(wire, settings)
    login, password = settings.login, settings.password
    if method in {"plain", "login"}:
        refuse_to_be_overheard(settings, wire.peer)
    try:
        if method == "plain":
            wire.authenticate(b"PLAIN", lambda _: b"*", sasl_plain(login, password))
        elif method == "cram-md5":
            wire.authenticate(b"CRAM-MD5", lambda challenge: cram_md5(challenge, login, password), None)
        elif method in scram.METHODS:
            proof = scram.Scram(method, login, password)
            wire.authenticate(method.upper().encode(), in_base64(proof.respond), b64encode(proof.first()))
            proof.finish()
        else:
            wire.command(b"LOGIN", login, password)
    except ScramError as error:
        raise unproved(settings, error) from None
    except Refused as refusal:
        raise _sign_in_error(refusal, settings) from None  # its context may hold the password
    wire.ask_capabilities()


def _method(wire: Wire, settings: MailboxSettings) -> str:
    """The strongest that is offered, or the one chosen by hand."""
    protected = settings.security is not Security.PLAIN
    known = (*scram.METHODS, "plain", "cram-md5")
    offered = [name for name in known if f"AUTH={name.upper()}" in wire.capabilities]
    if "LOGINDISABLED" not in wire.capabilities:  # RFC 3501 6.2.3
        offered.append("login")
    if not protected and "cram-md5" in offered:
        offered.sort(key=lambda name: name in {"plain", "login"})
    wanted = settings.auth_method.lower()
    if wanted == "auto" and offered:
        return offered[0]
    if wanted in offered:
        return wanted
    server = where(settings)
    if not protected and "LOGINDISABLED" in wire.capabilities:
        raise MailboxError(f"The server {server} {UNPROTECTED}", temporary=False)
    raise MailboxError(
        f"The server {server} offers no sign-in by {'password' if wanted == 'auto' else wanted}; "
        f"it offers {', '.join(sorted(offered)) or 'none that Mailcall knows'}.",
        temporary=False,
    )


def _sign_in_error(refusal: Refused, settings: MailboxSettings) -> MailboxError:
    server = where(settings)
    said = scrub(refusal.text, settings, signing_in=True)
    if is_temporary(refusal) or refusal.status == "BYE":
        return MailboxError(
            f"The server {server} can't sign in {settings.login} now: {said}.", temporary=True
        )
    if refusal.code == "PRIVACYREQUIRED":
        return MailboxError(f"The server {server} {UNPROTECTED}", temporary=False)
    return MailboxError(
        f"The server {server} did not accept login and password of {settings.login} ({said}); "
        "check both, and whether the account may use IMAP.",
        temporary=False,
    )
