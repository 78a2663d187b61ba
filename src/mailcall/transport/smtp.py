"""Handing mail over by SMTP (RFC 5321): many mails on one connection, a result for each recipient."""

import contextlib
import re
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from mailcall.transport.interface import (
    Envelope,
    RecipientResult,
    Result,
    ServerTrouble,
    TransportSettings,
)
from mailcall.transport.smtp_session import connect, refused, reply_text, sentences

CHUNK = 128 * 1024  # a time-out counts for each chunk, so a slow line may take its time over a big mail
FLIGHT = 100  # commands in flight at once with PIPELINING
FAREWELL = 2.0  # seconds for an answer that no longer matters

# RFC 5321 4.1.2, generously; but nothing that could end the path, the command or the line
_ADDRESS = re.compile(
    r'(?:"(?:[^"\\\x00-\x1f\x7f-\x9f]|\\[\x20-\x7e])+"|[^\x00-\x20\x7f-\x9f<>"\ud800-\udfff]+)'
    r"@[^\x00-\x20\x7f-\x9f<>@\ud800-\udfff]+"
)
_LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3, less the brackets

_Reply = tuple[int, bytes]


class _ClosedError(Exception):
    """The server closed the connection before the final dot left, so nobody got the mail."""

    def __init__(self, trouble: ServerTrouble) -> None:
        super().__init__()
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class _Answers:
    """What became of the commands before the mail itself: the reply to each recipient and to DATA."""

    recipients: Sequence[_Reply]
    data: _Reply | None  # None: DATA was not said, because nobody was accepted

    @property
    def anybody(self) -> bool:
        return any(_good(reply) for reply in self.recipients)


class SmtpTransport:
    """See `Transport` for the contract."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._session: smtplib.SMTP | None = None
        self._served = False  # whether this connection took a mail before

    def __enter__(self) -> Self:
        self._session = connect(self._settings)
        return self

    def __exit__(self, *_: object) -> None:
        if self._session is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._set_timeout(FAREWELL)
                self._session.quit()
        self._drop()

    def send(self, envelope: Envelope) -> list[RecipientResult]:
        """Hand the mail over.

        1. FAILED at once: what can't be said on the wire, or is above the size that the server announced.
        2. MAIL FROM, RCPT TO for each recipient, DATA; in one flight where the server has PIPELINING.
        3. The mail, if anybody was accepted, the final dot, and the server's word on it.

        A connection that served before and was closed since (421, or without a word) is opened again once.
        """
        served = self._served
        try:
            return self._send(envelope)
        except _ClosedError as closed:
            if not served:
                raise closed.trouble from None
        try:
            return self._send(envelope)
        except _ClosedError as closed:
            raise closed.trouble from None

    def _send(self, envelope: Envelope) -> list[RecipientResult]:
        if self._session is None:
            self._session = connect(self._settings)
        results = {to: self._unspeakable(envelope, to) for to in envelope.recipients}
        speakable = [to for to, result in results.items() if result is None]
        if speakable:
            results |= {result.recipient: result for result in self._transact(envelope, speakable)}
        return [result for to in envelope.recipients if (result := results[to])]

    def _unspeakable(self, envelope: Envelope, to: str) -> RecipientResult | None:
        """Why this recipient can't even be tried; the codes are those a server would give (RFC 3463)."""
        session = self._open_session
        size = session.esmtp_features.get("size", "")
        if re.fullmatch("[0-9]{1,18}", size) and 0 < int(size) < len(envelope.mail):  # RFC 1870 6
            return _failed(to, f"552 5.3.4 The mail is larger than the {size} bytes that the server takes")
        for address, code in ((to, "501 5.1.3"), (envelope.sender, "501 5.1.7")):
            if not address and address is envelope.sender:  # the null reverse-path
                continue
            if not _ADDRESS.fullmatch(address) or len(address.encode()) > _LONGEST_ADDRESS:
                return _failed(to, f"{code} {address[:_LONGEST_ADDRESS]!a} is no address that SMTP can carry")
            if not address.isascii() and not session.has_extn("smtputf8"):  # RFC 6531 3.2
                return _failed(to, f"553 5.6.7 The server can't take {address}: it has no SMTPUTF8")
        return None

    def _transact(self, envelope: Envelope, recipients: Sequence[str]) -> list[RecipientResult]:
        try:
            with sentences(self._settings):
                replies = self._introduce(_mail_from(self._open_session, envelope, recipients), recipients)
                last = self._hand_over_if_wanted(replies, envelope.mail)
        except ServerTrouble as trouble:
            closed = isinstance(trouble.__cause__, smtplib.SMTPServerDisconnected | ConnectionError)
            if trouble.__cause__ is not None:
                self._drop()
            if closed:
                raise _ClosedError(trouble) from trouble
            raise
        self._served = self._session is not None
        return [
            self._result(to, last if _good(reply) else reply)
            for to, reply in zip(recipients, replies.recipients, strict=True)
        ]

    def _hand_over_if_wanted(self, replies: _Answers, mail: bytes) -> _Reply | None:
        """The server's last word for everybody who was accepted; None is `_hand_over`'s."""
        if replies.data is None or replies.data[0] >= 400:
            self._reset()
            return replies.data
        if replies.data[0] != 354:
            raise smtplib.SMTPException("neither a refusal nor a go-ahead for DATA")
        if replies.anybody:
            return self._hand_over(_dotted(mail))
        self._say_nothing()
        return None

    def _introduce(self, mail_from: str, recipients: Sequence[str]) -> _Answers:
        """MAIL FROM, RCPT TO and DATA, the last only in vain when they travel together (RFC 2920 3.1)."""
        rcpts = [f"RCPT TO:<{to}>" for to in recipients]
        if self._open_session.has_extn("pipelining"):
            sender, *replies, data = self._exchange([mail_from, *rcpts, "DATA"])
            if not _good(sender) and data[0] == 354:
                self._say_nothing()
            self._check_sender(sender)
            return _Answers(replies, data)
        self._check_sender(self._exchange([mail_from])[0])
        replies = [self._exchange([rcpt])[0] for rcpt in rcpts]
        anybody = any(_good(reply) for reply in replies)
        return _Answers(replies, self._exchange(["DATA"])[0] if anybody else None)

    def _exchange(self, commands: Sequence[str]) -> list[_Reply]:
        """Send commands in flights and read a reply to each. A 421 ends the connection (RFC 5321 3.8)."""
        session, replies = self._open_session, list[_Reply]()
        for first in range(0, len(commands), FLIGHT):
            flight = commands[first : first + FLIGHT]
            self._write("".join(f"{command}\r\n" for command in flight).encode())
            for command in flight:
                code, words = session.getreply()
                if code < 400 and not _good((code, words)) and command != "DATA":
                    raise smtplib.SMTPException("a go-ahead that nobody asked for")
                if code == 421:
                    raise smtplib.SMTPServerDisconnected(reply_text(code, words, self._settings))
                replies.append((code, words))
        return replies

    def _check_sender(self, reply: _Reply) -> None:
        if not _good(reply):
            self._reset()
            raise refused("refuses the sender", *reply, self._settings)

    def _hand_over(self, body: bytes) -> _Reply | None:
        """The mail, then the final dot on its own: None when it may have left and no answer came."""
        try:
            for first in range(0, len(body), CHUNK):
                self._write(body[first : first + CHUNK])
        except ConnectionError:
            # without its dot nobody got it; some servers say why before they hang up
            if early := self._early_word():
                return early
            raise
        try:
            self._write(b".\r\n")
            self._set_timeout(self._settings.data_timeout)
            reply = self._open_session.getreply()
            self._set_timeout(self._settings.timeout)
        except (OSError, smtplib.SMTPException):
            self._drop()
            return None
        if reply[0] == 421:
            self._drop()
        return reply if reply[0] >= 400 or _good(reply) else None

    def _early_word(self) -> _Reply | None:
        """A refusal that came before the mail was over, such as `552 too large`."""
        try:
            self._set_timeout(FAREWELL)
            reply = self._open_session.getreply()
        except (OSError, smtplib.SMTPException):
            return None
        self._drop()
        return reply if reply[0] >= 400 and reply[0] != 421 else None

    def _say_nothing(self) -> None:
        """A 354 though nobody was accepted: send an empty mail, which is then refused (RFC 2920 3.1)."""
        self._write(b".\r\n")
        self._open_session.getreply()

    def _reset(self) -> None:
        """Forget the transaction (RFC 5321 4.1.1.5), or the connection when that fails."""
        try:
            if not _good(self._open_session.docmd("RSET")):
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _result(self, to: str, reply: _Reply | None) -> RecipientResult:
        if reply is None:
            return RecipientResult(to, Result.UNKNOWN, "The connection ended before the server answered")
        kind = Result.SENT if _good(reply) else Result.FAILED if reply[0] >= 500 else Result.DEFERRED
        return RecipientResult(to, kind, reply_text(*reply, self._settings))

    @property
    def _open_session(self) -> smtplib.SMTP:
        if self._session is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._session

    def _write(self, data: bytes) -> None:
        sock = self._open_session.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        sock.sendall(data)

    def _set_timeout(self, seconds: float) -> None:
        sock = self._open_session.sock
        if sock is not None:
            sock.settimeout(seconds)

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
        self._served = False


def _good(reply: _Reply) -> bool:
    return 200 <= reply[0] < 300


def _failed(recipient: str, reply: str) -> RecipientResult:
    return RecipientResult(recipient, Result.FAILED, reply)


def _mail_from(session: smtplib.SMTP, envelope: Envelope, recipients: Sequence[str]) -> str:
    command = f"MAIL FROM:<{envelope.sender}>"
    if not all(address.isascii() for address in (envelope.sender, *recipients)):
        command += " SMTPUTF8"  # RFC 6531 3.4
    if not envelope.mail.isascii() and session.has_extn("8bitmime"):
        command += " BODY=8BITMIME"  # RFC 6152 2
    return command


def _dotted(mail: bytes) -> bytes:
    """CRLF lines, a dot doubled at the start of a line (RFC 5321 4.5.2), and a line end at the end.

    A bare CR or LF becomes CRLF before the doubling, or servers that take it for a line end would see
    commands in the rest (RFC 5321 2.3.8).
    """
    if not mail.count(b"\r\n") == mail.count(b"\n") == mail.count(b"\r"):
        mail = re.sub(rb"\r\n|\r|\n", b"\r\n", mail)
    if not mail.endswith(b"\r\n"):
        mail += b"\r\n"
    return (b"." if mail.startswith(b".") else b"") + mail.replace(b"\r\n.", b"\r\n..")
