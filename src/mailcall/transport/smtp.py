"""Handing mail over by SMTP (RFC 5321): many mails on one connection, a result for each recipient."""

import contextlib
import smtplib
import socket
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from mailcall.transport.coming import Coming
from mailcall.transport.interface import (
    Envelope,
    RecipientResult,
    Result,
    ServerTrouble,
    TransportSettings,
)
from mailcall.transport.smtp_session import connect, refused, reply_text, sentences
from mailcall.transport.smtp_words import Introduction, dotted, introduction, lines

CHUNK = 128 * 1024  # a time-out counts for each chunk, so a slow line may take its time over a big mail
FLIGHT = 100  # commands in flight at once with PIPELINING
FAREWELL = 2.0  # seconds for an answer that no longer matters
DOT = b".\r\n"

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
        self._said: Introduction | None = None  # went with the mail before it; the answers are still to come
        self._may_say = True  # whether introductions go with the mail before them

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
        """Hand one mail over, see `send_all`."""
        [results] = self.send_all([envelope])
        return results

    def send_all(self, envelopes: Iterable[Envelope]) -> Generator[list[RecipientResult], None, None]:
        """Hand mails over, each in these steps.

        1. FAILED at once: what can't be said on the wire, or is above the size that the server announced.
        2. MAIL FROM, RCPT TO for each recipient, DATA; in one flight where the server has PIPELINING, and
           then behind the final dot of the mail before it (RFC 2920 3.1).
        3. The mail, if anybody was accepted, the final dot, and the server's word on it.

        A connection that served before and was closed since (421, or without a word) is opened again once.
        A server that loses an introduction which came with a mail gets none so any more.
        """
        coming = Coming(envelopes)
        try:
            while envelope := coming.take():
                yield self._send_to_the_living(envelope, coming)
        finally:
            if self._said is not None:  # the server waits for a mail that shall not leave
                self._drop()

    def _send_to_the_living(self, envelope: Envelope, coming: Coming) -> list[RecipientResult]:
        served = self._served
        try:
            return self._send(envelope, coming)
        except _ClosedError as closed:
            if not served:
                raise closed.trouble from None
        try:
            return self._send(envelope, coming)
        except _ClosedError as closed:
            raise closed.trouble from None

    def _send(self, envelope: Envelope, coming: Coming) -> list[RecipientResult]:
        if self._session is None:
            self._session = connect(self._settings)
        said = self._said or introduction(self._session, envelope)
        results = list(said.failed)
        if said.recipients:
            results += self._transact(said, coming)
        by_recipient = {result.recipient: result for result in results}
        return [by_recipient[to] for to in envelope.recipients]

    def _transact(self, mail: Introduction, coming: Coming) -> list[RecipientResult]:
        try:
            with sentences(self._settings):
                answers = self._introduce(mail)
                last = self._hand_over_if_wanted(answers, mail.envelope.mail, coming)
        except ServerTrouble as trouble:
            cause = trouble.__cause__
            closed = isinstance(cause, smtplib.SMTPServerDisconnected | ConnectionError)
            lost = cause is not None and self._said is mail
            if cause is not None:
                self._drop()
            if closed or lost:
                raise _ClosedError(trouble) from trouble
            raise
        self._served = self._session is not None
        return [
            self._result(to, last if _good(reply) else reply)
            for to, reply in zip(mail.recipients, answers.recipients, strict=True)
        ]

    def _hand_over_if_wanted(self, answers: _Answers, mail: bytes, coming: Coming) -> _Reply | None:
        """The server's last word for everybody who was accepted; None is `_hand_over`'s."""
        if answers.data is None or answers.data[0] >= 400:
            self._reset()
            return answers.data
        if answers.anybody:
            return self._hand_over(dotted(mail), coming)
        self._say_nothing()
        return None

    def _introduce(self, mail: Introduction) -> _Answers:
        """MAIL FROM, RCPT TO and DATA, the last only in vain when they travel together (RFC 2920 3.1)."""
        if self._open_session.has_extn("pipelining"):
            sender, *replies, data = self._exchange([*mail.commands, "DATA"], said=self._said is mail)
            self._said = None
            if not _good(sender) and data[0] == 354:
                self._say_nothing()
            self._check_sender(sender)
            return _Answers(replies, data)
        mail_from, *rcpts = mail.commands
        self._check_sender(self._exchange([mail_from])[0])
        replies = [self._exchange([rcpt])[0] for rcpt in rcpts]
        anybody = any(_good(reply) for reply in replies)
        return _Answers(replies, self._exchange(["DATA"])[0] if anybody else None)

    def _exchange(self, commands: Sequence[str], *, said: bool = False) -> list[_Reply]:
        """Send commands in flights and read a reply to each. A 421 ends the connection (RFC 5321 3.8)."""
        session, replies = self._open_session, list[_Reply]()
        for first in range(0, len(commands), FLIGHT):
            flight = commands[first : first + FLIGHT]
            if not said:
                self._write(lines(flight))
            for command in flight:
                code, words = session.getreply()
                if code < 400 and (code != 354 if command == "DATA" else code >= 300):
                    raise smtplib.SMTPException("neither a refusal nor what was asked for")
                if code == 421:
                    raise smtplib.SMTPServerDisconnected(reply_text(code, words, self._settings))
                replies.append((code, words))
        return replies

    def _check_sender(self, reply: _Reply) -> None:
        if not _good(reply):
            self._reset()
            raise refused("refuses the sender", *reply, self._settings)

    def _hand_over(self, body: bytes, coming: Coming) -> _Reply | None:
        """The mail with its final dot: None when that may have left and no answer came."""
        try:
            self._write_mail(body, self._say(coming.following()))
        except ConnectionError:
            # without its dot nobody got it; some servers say why before they hang up
            if early := self._early_word():
                return early
            raise
        coming.make()
        try:
            self._set_timeout(self._settings.data_timeout)
            reply = self._open_session.getreply()
            self._set_timeout(self._settings.timeout)
        except (OSError, smtplib.SMTPException):
            self._drop()
            return None
        if reply[0] == 421:
            self._drop()
        return reply if reply[0] >= 400 or _good(reply) else None

    def _say(self, envelope: Envelope | None) -> bytes:
        """The commands that may go with the mail before; none for a mail that needs several flights."""
        session = self._open_session
        if envelope is None or not self._may_say or not session.has_extn("pipelining"):
            return b""
        following = introduction(session, envelope)
        if not 0 < len(following.recipients) < FLIGHT - 1:
            return b""
        self._said = following
        return lines([*following.commands, "DATA"])

    def _write_mail(self, body: bytes, following: bytes) -> None:
        """Write a mail, its dot, and what goes with them. Raises OSError only if the dot can't have left."""
        last = (len(body) - 1) // CHUNK * CHUNK
        for first in range(0, last, CHUNK):
            self._write(body[first : first + CHUNK])
        rest, gone = memoryview(body[last:] + DOT + following), 0
        try:
            while gone < len(rest):
                gone += self._open_socket.send(rest[gone:])
        except OSError:
            if gone <= len(body) - last:
                raise

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
        self._write(DOT)
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

    @property
    def _open_socket(self) -> socket.socket:
        sock = self._open_session.sock
        if sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return sock

    def _write(self, data: bytes) -> None:
        self._open_socket.sendall(data)

    def _set_timeout(self, seconds: float) -> None:
        sock = self._open_session.sock
        if sock is not None:
            sock.settimeout(seconds)

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
        self._served = False
        if self._said is not None:
            self._said, self._may_say = None, False


def _good(reply: _Reply) -> bool:
    return 200 <= reply[0] < 300
