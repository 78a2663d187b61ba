"""One LMTP connection (RFC 2033): its commands, their answers, and one answer for each recipient's mail."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

import structlog
from django.db import DatabaseError, close_old_connections

from mailcall.config import config
from mailcall.inbound.accept import Arriving, NotAccepted, Recipients, SwitchedOff, accept
from mailcall.inbound.models import IncomingAccount
from mailcall.service.lmtp_wire import BadLine, Stopping, Vanished, Wire
from mailcall.service.troubles import explain

log = structlog.get_logger("service.lmtp")

MOST_BYTES = 100 * 1024 * 1024  # of one mail
MOST_RECIPIENTS = 1000
MOST_ERRORS = 20
DESK_THREADS = 4

_PATH = r'\s*<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>(.*)'
_FROM = re.compile("FROM:" + _PATH, re.IGNORECASE)
_TO = re.compile("TO:" + _PATH, re.IGNORECASE)

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class Desk:
    """The few threads that ask the database for all connections, so that idle ones hold none to it."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(DESK_THREADS, thread_name_prefix="lmtp-desk")

    def do(self, work: Callable[_Given, _Result], *args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
        """Do this work on one of them, and wait for it."""

        def with_database() -> _Result:
            close_old_connections()
            try:
                return work(*args, **kwargs)
            finally:
                close_old_connections()

        return self._threads.submit(with_database).result()


class Refused(Exception):
    """A command gets this answer instead of a good one. `wrong` counts against a client."""

    def __init__(self, code: int, text: str, *, wrong: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.wrong = wrong


class _Transaction:
    """A mail on its way: its sender, its size if it was announced, and the accounts of its recipients."""

    def __init__(self, sender: str, size: int) -> None:
        self.sender = sender
        self.size = size
        self.recipients: list[tuple[str, IncomingAccount]] = []
        self.accounts: Recipients | None = None  # as they were at the first recipient


class Session:
    """Answers commands until QUIT, too many errors, or the end of the service."""

    def __init__(self, wire: Wire, desk: Desk, arrived: Callable[[], None]) -> None:
        """`arrived` is called when the journal has a new mail."""
        self._wire = wire
        self._desk = desk
        self._arrived = arrived
        self._host = urlsplit(config().base_url).hostname or "localhost"
        self._greeted = False
        self._mail: _Transaction | None = None
        self._errors = 0
        self._ended = False
        self._commands: dict[str, Callable[[str], None]] = {
            "LHLO": self._lhlo,
            "HELO": self._not_smtp,
            "EHLO": self._not_smtp,
            "MAIL": self._mail_from,
            "RCPT": self._rcpt_to,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "QUIT": self._quit,
        }

    def run(self) -> None:
        """The conversation. Raises Vanished and OSError when the client is gone."""
        self._wire.say(220, f"{self._host} LMTP Mailcall is ready")
        while not self._ended:
            try:
                self._obey(self._wire.command())
            except Refused as refused:
                self._refuse(refused)
            except BadLine as error:
                self._refuse(Refused(500, f"5.5.2 {error}", wrong=True))
            except Stopping:
                self._end(421, "4.3.2 Mailcall is being stopped; try again later.")
            except TimeoutError:
                self._end(421, "4.4.2 You were silent for too long.")
            except (Vanished, OSError):
                raise
            except Exception as error:  # noqa: BLE001  the client must hear that it has to keep its mail
                self._end(421, _trouble(error))
        self._wire.flush()

    def _end(self, code: int, text: str) -> None:
        self._wire.say(code, text)
        self._ended = True

    def _refuse(self, refused: Refused) -> None:
        self._wire.say(refused.code, str(refused))
        self._errors += refused.wrong
        if self._errors >= MOST_ERRORS:
            self._end(421, "4.7.0 Too many errors.")

    def _obey(self, line: str) -> None:
        verb, _, argument = line.partition(" ")
        command = self._commands.get(verb.upper())
        if command is None:
            raise Refused(500, "5.5.1 There is no such command.", wrong=True)
        command(argument.strip())

    def _lhlo(self, name: str) -> None:
        if not name:
            raise Refused(501, "5.5.4 Say LHLO and your name.", wrong=True)
        self._greeted, self._mail = True, None
        self._wire.say(
            250, self._host, "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", f"SIZE {MOST_BYTES}"
        )

    def _not_smtp(self, _: str) -> None:
        raise Refused(500, "5.5.1 This is LMTP, not SMTP: say LHLO.", wrong=True)  # RFC 2033 4.1

    def _mail_from(self, argument: str) -> None:
        if not self._greeted:
            raise Refused(503, "5.5.1 Say LHLO first.", wrong=True)
        if self._mail:
            raise Refused(503, "5.5.1 A mail is in hand already; say RSET to drop it.", wrong=True)
        found = _FROM.fullmatch(argument)
        if not found:
            raise Refused(501, "5.5.4 Say MAIL FROM:<address>.", wrong=True)
        size = max([_check_parameter(parameter) for parameter in found[2].split()], default=0)
        self._mail = _Transaction(_without_route(found[1]), size)
        self._wire.say(250, "2.1.0 Sender taken")

    def _rcpt_to(self, argument: str) -> None:
        if not self._mail:
            raise Refused(503, "5.5.1 Say MAIL first.", wrong=True)
        found = _TO.fullmatch(argument)
        if not found:
            raise Refused(501, "5.5.4 Say RCPT TO:<address>.", wrong=True)
        if found[2].strip():
            raise Refused(555, "5.5.4 RCPT has no parameters here.", wrong=True)
        if len(self._mail.recipients) >= MOST_RECIPIENTS:
            raise Refused(452, "4.5.3 Too many recipients; send the mail once more for the others.")
        address = _without_route(found[1])
        account = self._account(self._mail, address)
        if refused := _too_big(account, self._mail.size):
            raise Refused(*refused)
        self._mail.recipients.append((address, account))
        self._wire.say(250, "2.1.5 Recipient taken")

    def _account(self, mail: _Transaction, address: str) -> IncomingAccount:
        try:
            if mail.accounts is None:
                mail.accounts = self._desk.do(Recipients)
            return mail.accounts.account(address)
        except SwitchedOff as error:
            raise Refused(450, f"4.2.1 {error}") from None
        except NotAccepted as error:
            raise Refused(550, f"5.1.1 {error}") from None
        except Exception as error:
            raise Refused(451, _trouble(error)) from error

    def _data(self, argument: str) -> None:
        if not self._mail or not self._mail.recipients:  # RFC 2033 4.2
            raise Refused(503, "5.5.1 Name a sender and a recipient first.", wrong=True)
        if argument:
            raise Refused(501, "5.5.4 DATA has no parameters.", wrong=True)
        transaction, self._mail = self._mail, None
        self._wire.say(354, "Send the mail, and end it with a line that is a dot alone")
        with Arriving() as mail:
            refused = self._receive(transaction.sender, mail)
            answers: dict[int, tuple[int, str]] = {}
            for address, account in transaction.recipients:
                if account.pk not in answers:
                    answers[account.pk] = (
                        refused or _too_big(account, mail.size) or self._accept(account, mail)
                    )
                code, text = answers[account.pk]
                self._wire.say(code, f"{text} <{address}>")  # in the order of the recipients (RFC 2033 4.2)
        self._wire.flush()

    def _receive(self, sender: str, mail: Arriving) -> tuple[int, str] | None:
        """Take the content to its end, whatever happens; the answer if it can't be accepted."""
        refused = None
        for piece in _traced(f"Return-Path: <{sender}>\r\n".encode(), self._wire.content()):
            if refused:
                continue
            if mail.size + len(piece) > MOST_BYTES:
                refused = _larger_than(MOST_BYTES)
                continue
            try:
                mail.write(piece)
            except OSError as error:
                refused = 451, _trouble(error)
        return refused

    def _accept(self, account: IncomingAccount, mail: Arriving) -> tuple[int, str]:
        try:
            row = self._desk.do(accept, account, mail)
        except Exception as error:  # noqa: BLE001  whatever it is, the mail server must keep the mail
            return 451, _trouble(error)
        if row is None:
            return 250, "2.0.0 The journal had it already"
        self._arrived()
        return 250, f"2.0.0 Kept as {row.correlation_id}"

    def _rset(self, _: str) -> None:
        self._mail = None
        self._wire.say(250, "2.0.0 Forgotten")

    def _noop(self, _: str) -> None:
        self._wire.say(250, "2.0.0 Here")

    def _vrfy(self, _: str) -> None:
        self._wire.say(252, "2.0.0 Send a mail and see")

    def _quit(self, _: str) -> None:
        self._end(221, "2.0.0 Goodbye")


def _trouble(error: Exception) -> str:
    """Trouble of ours: to the log whole; for the client, which keeps the mail, in a sentence."""
    if isinstance(error, DatabaseError | OSError):
        log.error("mail can't be taken by LMTP", error=str(error))
        return f"4.3.0 {explain(error)} Try again later."
    log.exception("mail can't be taken by LMTP", error=str(error))
    return "4.3.0 Mailcall has a fault; see its log. Try again later."


def _check_parameter(parameter: str) -> int:
    """The size that it announces, else 0. Raises Refused."""
    name, _, value = parameter.partition("=")
    match name.upper():
        case "SIZE" if value.isascii() and value.isdigit() and len(value) <= 20:  # RFC 1870
            if int(value) > MOST_BYTES:
                raise Refused(*_larger_than(MOST_BYTES))
            return int(value)
        case "BODY" if value.upper() in {"7BIT", "8BITMIME"}:  # RFC 6152
            pass
        case "SMTPUTF8" if "=" not in parameter:  # RFC 6531
            pass
        case _:
            raise Refused(555, "5.5.4 There is no such parameter of MAIL.", wrong=True)
    return 0


def _too_big(account: IncomingAccount, size: int) -> tuple[int, str] | None:
    """The answer if the account takes no mail of this size."""
    return _larger_than(account.most_bytes) if 0 < account.most_bytes < size else None


def _larger_than(most: int) -> tuple[int, str]:
    return 552, f"5.3.4 The mail is larger than {most} bytes"  # RFC 1870 6.1


def _without_route(path: str) -> str:
    """The address in a path with an obsolete source route (RFC 5321 appendix C)."""
    return path.partition(":")[2] if path.startswith("@") else path


def _traced(line: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces with this line on top (RFC 5321 4.4), unless the mail server has put it there itself."""
    beginning = b""
    for piece in pieces:
        beginning += piece
        if len(beginning) >= len(line):
            break
    yield beginning if beginning.startswith(line) else line + beginning
    yield from pieces
