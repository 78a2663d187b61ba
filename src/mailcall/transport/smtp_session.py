"""A protected, signed-in SMTP connection (RFC 5321), and the sentences for what can go wrong with it."""

import base64
import hmac
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from mailcall import certificates, scram
from mailcall.server_words import without_secrets
from mailcall.transport.interface import ServerTrouble, TransportSettings

LONGEST_LINE = 8192  # RFC 5321 4.5.3.1.5 allows 512
MOST_LINES = 1_000  # of one reply
UNPROTECTED = "takes no password over an unprotected connection; choose TLS or STARTTLS."

_REPLY = re.compile(rb"[2-5][0-9]{2}(?:[ -].*)?\r?\n", re.DOTALL)


def connect(settings: TransportSettings) -> smtplib.SMTP:
    """Connect, protect and sign in. Raises ServerTrouble."""
    with sentences(settings):
        session = _Session(settings)
        try:
            session.greet()
            if settings.auth_method != "none" and settings.login:
                _sign_in(session, settings)
        except BaseException:
            session.close()
            raise
        return session


class _Session(smtplib.SMTP):
    """smtplib's connection, protected from the first byte or by STARTTLS."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._context = None if settings.security == "plain" else tls_context(settings)
        super().__init__(local_hostname="localhost", timeout=settings.timeout)
        self._host = settings.server
        code, words = self.connect(settings.server, settings.port)
        self.local_hostname = settings.helo or self._own_name()
        if code != 220:
            self.close()
            raise refused("does not want us now", code, words, settings)

    def greet(self) -> None:
        """EHLO, STARTTLS where the settings say so, and EHLO again (RFC 3207 4.2)."""
        self._ehlo()
        if self._context is None or self._settings.security != "starttls":
            return
        if not self.has_extn("starttls"):
            raise ServerTrouble(
                f"The server {where(self._settings)} does not offer STARTTLS; choose TLS and its port.",
                temporary=False,
            )
        try:
            self.starttls(context=self._context)
        except smtplib.SMTPResponseException as refusal:
            words = refusal.smtp_error
            words = words.encode() if isinstance(words, str) else words
            raise refused("refuses STARTTLS", refusal.smtp_code, words, self._settings) from refusal
        self._ehlo()

    def getreply(self) -> tuple[int, bytes]:
        """The next reply (RFC 5321 4.2.1). Raises OSError, SMTPException.

        smtplib would tell a time-out as a closed connection, and read a reply without an end for ever.
        """
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        if self.file is None:
            self.file = self.sock.makefile("rb")
        words = list[bytes]()
        while len(words) < MOST_LINES:
            line = self.file.readline(LONGEST_LINE)
            if not line:
                self.close()
                raise smtplib.SMTPServerDisconnected("the server closed the connection")
            if not _REPLY.fullmatch(line):
                raise smtplib.SMTPException("no line of a reply")
            words.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(words)
        raise smtplib.SMTPException("a reply without an end")

    def _ehlo(self) -> None:
        code, words = self.ehlo()
        if code != 250:
            code, words = self.helo()
        if code != 250:
            raise refused("refuses our greeting", code, words, self._settings)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), timeout=timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None and self._settings.security == "tls":
            return self._context.wrap_socket(sock, server_hostname=host)
        return sock

    def _own_name(self) -> str:
        """The machine's name, or its address where it has no full one (RFC 5321 4.1.4)."""
        name = socket.gethostname()
        if "." in name and re.fullmatch(r"[A-Za-z0-9.-]+", name):
            return name
        address = self.sock.getsockname()[0] if self.sock else "127.0.0.1"
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def where(settings: TransportSettings) -> str:
    """The server for a sentence."""
    return f"{settings.server}:{settings.port}"


def tls_context(settings: TransportSettings) -> ssl.SSLContext:
    """The system's authorities, or the private one of the settings. Verification is never switched off."""
    try:
        return certificates.context(settings.ca_file)
    except OSError as trouble:
        raise ServerTrouble(
            f"The file {settings.ca_file} holds no certification authority that can be read.", temporary=False
        ) from trouble


@contextmanager
def sentences(settings: TransportSettings) -> Iterator[None]:
    """Turn the troubles of a connection into ServerTrouble."""
    server = where(settings)
    try:
        yield
    except ssl.SSLCertVerificationError as trouble:
        raise ServerTrouble(
            f"The certificate of {server} can't be trusted ({trouble.verify_message}); "
            "check the server's name, or give the file of its certification authority.",
            temporary=False,
        ) from trouble
    except ssl.SSLError as trouble:
        raise ServerTrouble(
            f"No protected connection with {server} came about ({trouble.reason or 'TLS broke off'}); "
            "check that port and security belong together.",
            temporary=trouble.reason != "WRONG_VERSION_NUMBER",
        ) from trouble
    except TimeoutError as trouble:
        raise ServerTrouble(
            f"The server {server} did not answer within {settings.timeout:g} seconds."
        ) from trouble
    except socket.gaierror as trouble:
        raise ServerTrouble(
            f"There is no server named {settings.server}; check the name.",
            temporary=trouble.errno == socket.EAI_AGAIN,
        ) from trouble
    except ConnectionRefusedError as trouble:
        raise ServerTrouble(
            f"Nothing accepts connections at {server}; check server and port, or whether it is running."
        ) from trouble
    except smtplib.SMTPServerDisconnected as trouble:
        raise ServerTrouble(f"The server {server} closed the connection.") from trouble
    except smtplib.SMTPException as trouble:
        raise ServerTrouble(f"The server {server} does not speak SMTP as it should.") from trouble
    except OSError as trouble:
        reason = trouble.strerror or type(trouble).__name__
        raise ServerTrouble(f"The connection with {server} broke: {reason}.") from trouble


def refused(
    what: str, code: int, words: bytes, settings: TransportSettings, *, signing_in: bool = False
) -> ServerTrouble:
    """A refusal of the server itself; a 5xx wants a person (RFC 5321 4.2.1)."""
    said = reply_text(code, words, settings, signing_in=signing_in)
    return ServerTrouble(f"The server {where(settings)} {what}: {said}.", temporary=not 500 <= code < 600)


def reply_text(code: int, words: bytes, settings: TransportSettings, *, signing_in: bool = False) -> str:
    """`550 5.1.1 User unknown` on one line, without the password, should the server have echoed it."""
    text = re.sub(r"[^\x20-\x7e\xa0-\U0010ffff]+", " ", words.decode("utf-8", "replace"))
    text = without_secrets(text, settings.login, settings.password, signing_in=signing_in)
    return f"{code} {text}".strip()[:500].rstrip(".")


def _sign_in(session: smtplib.SMTP, settings: TransportSettings) -> None:
    method = sign_in_method(session, settings)
    if method in scram.METHODS:
        _sign_in_by_scram(session, settings, method)
        return
    login, password = settings.login.encode(), settings.password.encode()
    if method == "plain":  # RFC 4616
        answers: list[Callable[[bytes], bytes]] = []
        code, words = session.docmd("AUTH PLAIN", _b64(b"\0" + login + b"\0" + password))
    elif method == "cram-md5":  # RFC 2195
        answers = [lambda challenge: login + b" " + hmac.new(password, challenge, "md5").hexdigest().encode()]
        code, words = session.docmd("AUTH CRAM-MD5")
    else:
        answers = [lambda _: login, lambda _: password]
        code, words = session.docmd("AUTH LOGIN")
    _answer(session, settings, answers, code, words)


def _sign_in_by_scram(session: smtplib.SMTP, settings: TransportSettings, method: str) -> None:
    try:
        proof = scram.Scram(method, settings.login, settings.password)
        code, words = session.docmd(f"AUTH {method.upper()}", _b64(proof.first()))
        _answer(session, settings, [proof.respond, proof.respond], code, words)
        proof.finish()
    except scram.ScramError as error:
        why = scram.unproved(settings.login, where(settings), error)
        raise ServerTrouble(why, temporary=False) from None


def _answer(
    session: smtplib.SMTP,
    settings: TransportSettings,
    answers: Sequence[Callable[[bytes], bytes]],
    code: int,
    words: bytes,
) -> None:
    """Answer each challenge; the code and words are the first. Raises ServerTrouble when it is refused."""
    for answer in answers:
        if code == 334:
            code, words = session.docmd(_b64(answer(_unb64(words))))
    if code == 334:  # another challenge than the mechanism has: give up (RFC 4954 4)
        code, words = session.docmd("*")
    if code != 235:
        what = f"did not accept login and password of {settings.login}"
        raise refused(what, code, words, settings, signing_in=True)


def sign_in_method(session: smtplib.SMTP, settings: TransportSettings) -> str:
    """The strongest that is offered, or the one chosen by hand; a digest first where nothing protects."""
    offered_names = set(session.esmtp_features.get("auth", "").upper().split())
    ranking = (
        ["plain", "login", "cram-md5"] if settings.security != "plain" else ["cram-md5", "plain", "login"]
    )
    offered = [name for name in (*scram.METHODS, *ranking) if name.upper() in offered_names]
    wanted = settings.auth_method.lower()
    if wanted == "auto" and offered:
        return offered[0]
    if wanted in offered:
        return wanted
    if settings.security == "plain" and session.has_extn("starttls"):
        raise ServerTrouble(f"The server {where(settings)} {UNPROTECTED}", temporary=False)
    raise ServerTrouble(
        f"The server {where(settings)} offers no sign-in by {'password' if wanted == 'auto' else wanted}; "
        f"it offers {', '.join(sorted(offered_names)) or 'none'}.",
        temporary=False,
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unb64(words: bytes) -> bytes:
    try:
        return base64.b64decode(words)
    except ValueError:
        return b""
