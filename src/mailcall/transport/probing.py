"""What an outgoing server shows whoever asks: protection, certificate, sign-in, limits. No mail is sent."""

import contextlib
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mailcall.transport import open_transport
from mailcall.transport.interface import TransportSettings
from mailcall.transport.smtp_session import connect, sentences, sign_in_method, where

PATIENCE = 10.0  # seconds for each answer, since somebody waits
MEGABYTE = 1024 * 1024


def probe(protocol: str, settings: TransportSettings) -> list[str]:
    """Connect, protect, sign in and leave; what was seen, in sentences. Raises ServerTrouble."""
    settings = replace(settings, timeout=min(settings.timeout, PATIENCE))
    if protocol != "smtp":
        with open_transport(protocol, settings):
            return [f"The folder {settings.path} is there."]
    session = connect(settings)
    try:
        with sentences(settings):
            return [
                f"Connected with {where(settings)}.",
                *_protection(session),
                _sign_in(session, settings),
                _size(session),
                _extensions(session),
            ]
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            session.quit()
        session.close()


def _protection(session: smtplib.SMTP) -> list[str]:
    if not isinstance(session.sock, ssl.SSLSocket):
        return ["Nothing protects the connection: others on the way can read the mail."]
    cipher = session.sock.cipher()
    version = str(session.sock.version()).replace("TLSv", "TLS ")
    said = [f"{version} protects the connection, with {cipher[0]}." if cipher else f"{version}."]
    certificate: Mapping[str, Any] = session.sock.getpeercert() or {}
    if certificate:
        names = [
            name for kind, name in certificate.get("subjectAltName", ()) if kind in {"DNS", "IP Address"}
        ]
        said.append(
            f"Its certificate is for {', '.join(map(str, names[:5])) or _name(certificate.get('subject'))}, "
            f"by {_name(certificate.get('issuer'))}, until {certificate.get('notAfter')}."
        )
    return said


def _name(subject: Any) -> str:
    """The common name in a subject or an issuer, else the organisation."""
    fields: Mapping[str, str] = {key: value for part in subject or () for key, value in part}
    return fields.get("commonName") or fields.get("organizationName") or "nobody named"


def _sign_in(session: smtplib.SMTP, settings: TransportSettings) -> str:
    if settings.auth_method != "none" and settings.login:
        return f"Signed in as {settings.login} by {sign_in_method(session, settings).upper()}."
    offered = session.esmtp_features.get("auth", "").upper().split()
    return "Not signed in, as the settings say." + (f" It offers {', '.join(offered)}." if offered else "")


def _size(session: smtplib.SMTP) -> str:
    if not session.has_extn("size"):
        return "It announces no limit of size."
    limit = session.esmtp_features["size"]
    if limit.isascii() and limit.isdigit() and len(limit) < 19 and int(limit):
        return f"It takes mails of at most {int(limit) / MEGABYTE:,.1f} MB ({int(limit):,} bytes)."
    return "It has no limit of size."


def _extensions(session: smtplib.SMTP) -> str:
    names = ("pipelining", "8bitmime", "smtputf8", "dsn")
    has = [name.upper() for name in names if session.has_extn(name)]
    lacks = [name.upper() for name in names if not session.has_extn(name)]
    said = f"It has {', '.join(has) or 'no extension that we use'}"
    return f"{said}, and lacks {', '.join(lacks)}." if lacks else f"{said}."
