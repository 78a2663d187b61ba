"""From settings to a signed-in POP3 connection, and from every refusal to a sentence for people."""

import base64
import hashlib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from mailcall import scram
from mailcall.mailbox.connecting import (
    UNPROTECTED,
    connection_sentences,
    cram_md5,
    in_base64,
    is_overheard,
    open_socket,
    refuse_to_be_overheard,
    sasl_plain,
    scrub,
    tls_context,
    unproved,
    where,
)
from mailcall.mailbox.interface import MailboxError, MailboxSettings, Security
from mailcall.mailbox.pop3_wire import Refused, Wire
from mailcall.scram import ScramError

# RFC 2449 8.1, RFC 3206: what waiting may mend
TEMPORARY_CODES = {"IN-USE", "LOGIN-DELAY", "SYS/TEMP"}

_BUSY = re.compile(
    r"\b(in use|busy|too many|try again|temporar\w+|already logged|"
    r"(mailbox|maildrop) .*lock|lock .*(mailbox|maildrop))",
    re.IGNORECASE,
)
# RFC 1939 7, and only ASCII: what a man in the middle needs to learn a password by APOP isn't
_TIME_STAMP = re.compile(rb"<[!-;=?A-~]{1,250}@[!-;=?A-~]{1,250}>")


def connect(settings: MailboxSettings) -> Wire:
    """Connect, protect and sign in. Raises MailboxError."""
    context = tls_context(settings)
    with sentences(settings):
        wire = Wire(open_socket(settings, context))
        try:
            wire.greet()
            if context and settings.security is Security.STARTTLS:
                _start_tls(wire, settings, context)
            _sign_in(wire, settings)
        except BaseException:
            wire.hang_up()
            raise
        return wire


@contextmanager
def sentences(settings: MailboxSettings) -> Iterator[None]:
    """Turn the troubles of a connection, and what the server refuses, into MailboxError."""
    with connection_sentences(settings, "POP3"):
        try:
            yield
        except Refused as refusal:
            said = scrub(refusal.text, settings, signing_in=True) or "-ERR"
            raise _busy(refusal, settings, said) or MailboxError(
                f"The server {where(settings)} refused: {said}.", temporary=refusal.code != "SYS/PERM"
            ) from None


def is_temporary(refusal: Refused) -> bool:
    """Whether waiting may mend it: by the response code, or by the words of servers that give none."""
    return refusal.code in TEMPORARY_CODES or (not refusal.code and bool(_BUSY.search(refusal.text)))


def _busy(refusal: Refused, settings: MailboxSettings, said: str) -> MailboxError | None:
    """The sentence for what only needs waiting."""
    if not is_temporary(refusal):
        return None
    mailbox = f"The mailbox of {settings.login} at {where(settings)}"
    if refusal.code == "LOGIN-DELAY":
        return MailboxError(
            f"{mailbox} may not be opened again so soon ({said}); it is tried again, and a longer "
            "check interval avoids this.",
            temporary=True,
        )
    if refusal.code != "SYS/TEMP":
        return MailboxError(
            f"{mailbox} is in use by another session ({said}); it is tried again.", temporary=True
        )
    return MailboxError(f"{mailbox} can't be used now ({said}); it is tried again.", temporary=True)


def _start_tls(wire: Wire, settings: MailboxSettings, context: ssl.SSLContext) -> None:
    """Never goes on unprotected. A server without CAPA may have STLS all the same."""
    if wire.capabilities is None or "STLS" in wire.capabilities:
        try:
            wire.start_tls(context, settings.server)
        except Refused as refusal:
            if is_temporary(refusal):
                raise
        else:
            return
    raise MailboxError(
        f"The server {where(settings)} does not offer STARTTLS; choose TLS and its port.", temporary=False
    )


def _sign_in(wire: Wire, settings: MailboxSettings) -> None:
    method = _method(wire, settings)
    login, password = settings.login, settings.password
    if method in {"plain", "login"}:
        refuse_to_be_overheard(settings, wire.peer)
    try:
        if method == "plain":
            wire.authenticate(b"PLAIN", lambda _: sasl_plain(login, password))
        elif method == "cram-md5":
            wire.authenticate(b"CRAM-MD5", lambda challenge: cram_md5(challenge, login, password))
        elif method == "apop":
            stamp = _time_stamp(wire)
            digest = hashlib.md5(stamp + password.encode(), usedforsecurity=False).hexdigest()
            wire.command(b"APOP", _word(login, settings), digest.encode())
        elif method in scram.METHODS:
            proof = scram.Scram(method, login, password)
            respond = in_base64(proof.respond)
            wire.authenticate(method.upper().encode(), lambda _: _base64(proof.first()), respond, respond)
            proof.finish()
        elif "LOGIN" in _mechanisms(wire):
            name, secret = _base64(login.encode()), _base64(password.encode())
            wire.authenticate(b"LOGIN", lambda _: name, lambda _: secret)
        else:
            wire.command(b"USER", _word(login, settings))
            wire.command(b"PASS", _word(password, settings))
    except ScramError as error:
        raise unproved(settings, error) from None
    except Refused as refusal:
        raise _sign_in_error(refusal, settings) from None  # its context may hold the password


def _method(wire: Wire, settings: MailboxSettings) -> str:
    """The strongest that is offered and fits the connection, or the one chosen by hand.

    SCRAM gives the password to nobody. Without it, within TLS that is PLAIN, since only then the server need
    not store the password readably; where others listen, one that doesn't give it away. APOP is weak, and
    offered by a time stamp that may mean nothing.
    """
    sasl = _mechanisms(wire)
    offers = {
        **{method: method.upper() in sasl for method in scram.METHODS},
        "plain": "PLAIN" in sasl,
        "cram-md5": "CRAM-MD5" in sasl,
        "login": _has_user(wire) or "LOGIN" in sasl,
        "apop": bool(_time_stamp(wire)),
    }
    safe = not is_overheard(settings, wire.peer)
    order = ("plain", "cram-md5", "login", "apop") if safe else ("cram-md5", "apop", "plain", "login")
    offered = [method for method in (*scram.METHODS, *order) if offers[method]]
    wanted = settings.auth_method.lower()
    if wanted == "auto" and offered:
        return offered[0]
    if wanted in offered:
        return wanted
    if settings.security is Security.PLAIN and not offered:
        raise MailboxError(f"The server {where(settings)} {UNPROTECTED}", temporary=False)
    raise MailboxError(
        f"The server {where(settings)} offers no sign-in by {'password' if wanted == 'auto' else wanted}; "
        f"it offers {', '.join(sorted(offered)) or 'none that Mailcall knows'}.",
        temporary=False,
    )


def _mechanisms(wire: Wire) -> list[str]:
    """RFC 2449 6.3."""
    return (wire.capabilities or {}).get("SASL", [])


def _has_user(wire: Wire) -> bool:
    """RFC 2449 6.2; a server without CAPA is taken to have USER and PASS."""
    return wire.capabilities is None or "USER" in wire.capabilities


def _time_stamp(wire: Wire) -> bytes:
    match = _TIME_STAMP.search(wire.banner)
    return match[0] if match else b""


def _word(text: str, settings: MailboxSettings) -> bytes:
    """For a command line, which it must not end."""
    if re.search(r"[\r\n\0]", text):
        raise MailboxError(
            f"Login and password of {settings.login!r} must not hold line breaks.", temporary=False
        )
    return text.encode()


def _base64(said: bytes) -> bytes:
    return base64.b64encode(said)


def _sign_in_error(refusal: Refused, settings: MailboxSettings) -> MailboxError:
    said = scrub(refusal.text, settings, signing_in=True)
    return _busy(refusal, settings, said) or MailboxError(
        f"The server {where(settings)} did not accept login and password of {settings.login} ({said}); "
        "check both, and whether the account may use POP3.",
        temporary=False,
    )
