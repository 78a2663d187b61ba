"""The sandbox's SMTP server: takes any mail for any address, and lets none of it out."""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Awaitable
from email.utils import formatdate
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailcall.sandbox import maildirs

SIZE_LIMIT = 30 * 1024 * 1024
HOST_NAME = "sandbox.example"
MOST_RECIPIENTS = 1_000

_log = logging.getLogger(__name__)


class SandboxError(Exception):
    """The sandbox can't run. The text is one sentence that says why."""


class SandboxServer:
    """An SMTP server on its own thread that delivers into the Maildirs below `mail_dir`.

    With port 0 the system chooses one; `port` says which once it has started.
    """

    def __init__(self, mail_dir: Path, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._mail_dir = mail_dir
        self._controller: _Controller | None = None

    def start(self) -> None:
        """Listen, and return once mail is taken. Raises SandboxError."""
        try:
            self._mail_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SandboxError(f"The folder {self._mail_dir} can't be made: {error.strerror}.") from None
        listening = _listen(self.host, self.port)
        self.port = listening.getsockname()[1]
        self._controller = _Controller(Delivery(self._mail_dir), self.host, self.port, listening)
        self._controller.start()

    def stop(self) -> None:
        """Stop taking mail. Doing it again is no error."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(100)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise SandboxError(
                f"Port {port} on {host} is taken by another program: end that, or choose another port."
            ) from None
        raise SandboxError(f"The sandbox can't listen on {host}, port {port}: {error.strerror}.") from None
    return listening


class Delivery:
    """What the SMTP server does with a mail (aiosmtpd's handler)."""

    def __init__(self, mail_dir: Path) -> None:
        self._mail_dir = mail_dir

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take every address that a folder can be named after."""
        try:
            maildirs.folder_name(address)
        except (maildirs.UnfitAddressError, UnicodeError) as error:
            return f"553 5.1.3 {str(error).capitalize()}"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Answer only once every copy is on the disk (RFC 5321 4.2.5)."""
        body = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        recipients = list(dict.fromkeys(envelope.rcpt_tos))
        try:
            for recipient in recipients:
                head = _trace_headers(session, envelope, recipient)
                await asyncio.to_thread(maildirs.deliver, self._mail_dir, _mailbox_of(recipient), head + body)
        except OSError as error:
            _log.warning("The sandbox could not keep a mail: %s", error)
            return "451 4.3.0 The mail could not be written to the disk"
        return f"250 2.0.0 Delivered to {len(recipients)} mailbox{'es' if len(recipients) != 1 else ''}"


def _mailbox_of(address: str) -> str:
    """Where mail for an address goes: what stands behind a plus is for who reads it, as on most servers."""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


def _trace_headers(session: Session, envelope: Envelope, recipient: str) -> bytes:
    """What a server that delivers puts on top (RFC 5321 4.4). Nothing here vouches for the sender."""
    client = "".join(char for char in str(session.host_name or "unknown") if char.isprintable())[:200]
    peer = session.peer[0] if session.peer else "unknown"
    smtp = "ESMTP" if session.extended_smtp else "SMTP"
    sender = envelope.mail_from or ""
    lines = [
        f"Return-Path: <{'' if sender == '<>' else sender}>",  # aiosmtpd gives the null one with brackets
        f"Delivered-To: {recipient}",
        f"Received: from {client} ([{peer}]) by {HOST_NAME} with {smtp}; {formatdate(time.time())}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")


class _Smtp(SMTP):
    line_length_limit = 1024 * 1024  # lenient: some programs send long lines


class _Controller(Controller):
    """aiosmtpd's thread on a socket that listens already, so that a taken port is known at once."""

    def __init__(self, handler: Delivery, host: str, port: int, listening: socket.socket) -> None:
        super().__init__(handler, hostname=host, port=port)
        self._listening = listening

    def factory(self) -> SMTP:
        return _Smtp(
            self.handler,
            data_size_limit=SIZE_LIMIT,
            enable_SMTPUTF8=True,
            hostname=HOST_NAME,
            ident="Mailcall sandbox",
            timeout=60,
        )

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        server: Any = self.loop.create_server(self._factory_invoker, sock=self._listening)
        return server  # type: ignore[no-any-return]
