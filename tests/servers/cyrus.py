"""A private Cyrus (IMAP, POP3) on loopback ports: a second real server, so that nothing fits Dovecot alone.

Debian lets only one IMAP server be installed, so `scripts/unpack-cyrus` unpacks this one into a folder.
"""

import contextlib
import imaplib
import os
import pwd
import re
import subprocess
import uuid
from pathlib import Path
from typing import Self

from servers.certificates import make_certificates
from servers.process import (
    HOST,
    Guard,
    ServerError,
    answers,
    end_process,
    free_ports,
    read_pid,
    tail,
    wait_for,
)

UNPACKED = Path(__file__).resolve().parents[2] / ".cache" / "cyrus"
PROGRAMS = UNPACKED / "usr/lib/cyrus/bin"
LIBRARIES = ("usr/lib", "lib")

DOMAIN = "mail.example"

IMAPD = """
configdirectory: {folder}/state
partition-default: {folder}/mail
defaultpartition: default
cyrus_user: {owner}
admins: admin
virtdomains: userid
defaultdomain: {domain}
unixhierarchysep: yes
altnamespace: yes
sasl_pwcheck_method: alwaystrue
sasl_mech_list: PLAIN LOGIN
allowplaintext: yes
tls_server_cert: {certificate}
tls_server_key: {key}
expunge_mode: immediate
munge8bit: no
servername: localhost
"""

MASTER = """
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {folder}/imapd.conf -r"
  idled cmd="{programs}/idled -C {folder}/imapd.conf"
}}
SERVICES {{
  imap cmd="{programs}/imapd -C {folder}/imapd.conf" listen="{host}:{imap_port}" prefork=0
  imaps cmd="{programs}/imapd -C {folder}/imapd.conf -s" listen="{host}:{imaps_port}" prefork=0
  pop3 cmd="{programs}/pop3d -C {folder}/imapd.conf" listen="{host}:{pop3_port}" prefork=0
  pop3s cmd="{programs}/pop3d -C {folder}/imapd.conf -s" listen="{host}:{pop3s_port}" prefork=0
}}
EVENTS {{
  checkpoint cmd="{programs}/ctl_cyrusdb -C {folder}/imapd.conf -c" period=600
}}
"""


class Cyrus:
    """`with Cyrus(folder) as server:` runs it. Any password is right; mails are stored as they are given."""

    host = "localhost"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificates = make_certificates(folder / "tls")
        self._guard: Guard | None = None
        self._sessions: dict[str, imaplib.IMAP4] = {}

    @property
    def ca_file(self) -> str:
        """The authority to trust, for the settings of a mailbox."""
        return str(self.certificates.ca)

    def new_user(self) -> str:
        """An account of its own for one test: its login, whose password is `secret`."""
        user = f"user-{uuid.uuid4().hex[:12]}@{DOMAIN}"
        _good(self._session("admin").create(f"user/{user}"))
        self._telemetry(user).mkdir(parents=True)
        self._hand_over(self._telemetry(user))
        return user

    def deliver(self, user: str, mail: bytes, folder: str = "INBOX") -> None:
        """Put a mail into the mailbox, byte for byte: line ends must be CRLF, and there must be no NUL."""
        session = self._session(user)
        session.literal = mail  # type: ignore[attr-defined]  # `append` would change the line ends
        _good(session._simple_command("APPEND", f'"{folder}"'))  # type: ignore[attr-defined]

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The mails of a folder, oldest first, those flagged as deleted left out."""
        session = self._session(user)
        if session.select(f'"{folder}"', readonly=True)[0] != "OK":
            return []
        uids = _good(session.uid("SEARCH", "UNDELETED"))[0].split()
        mails = [_good(session.uid("FETCH", uid.decode(), "(BODY.PEEK[])"))[0][1] for uid in uids]
        _good(session.close())
        return mails

    def logins(self, user: str) -> int:
        """How often the user signed in so far: Cyrus writes each session's words into this folder."""
        logs = [log.read_bytes() for log in self._telemetry(user).iterdir()]
        return sum(len(re.findall(rb"^---------- ", log, re.M)) for log in logs)

    def start(self) -> Self:
        """Start the server and wait until it answers. Raises ServerError."""
        self._configure()
        libraries = [str(path.parent) for part in LIBRARIES for path in (UNPACKED / part).rglob("lib*.so*")]
        with (self.folder / "cyrus.log").open("wb") as log:
            master = subprocess.Popen(
                [
                    *(PROGRAMS / "master", "-D", "-p", self.folder / "master.pid"),
                    *("-C", self.folder / "imapd.conf", "-M", self.folder / "cyrus.conf"),
                ],
                env={**os.environ, "LD_LIBRARY_PATH": ":".join(sorted(set(libraries)))},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._guard = Guard(master.pid)
        if not wait_for(lambda: answers(self.imap_port) and answers(self.pop3_port), 10):
            self.stop()
            raise ServerError(tail(self.folder / "cyrus.log"))
        return self

    def stop(self) -> None:
        """End the server and everything it started."""
        for session in self._sessions.values():
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                session.logout()
        if pid := read_pid(self.folder / "master.pid"):
            end_process(pid)
        if self._guard:
            self._guard.dismiss()
            self._guard = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _session(self, user: str) -> imaplib.IMAP4:
        if user not in self._sessions:
            session = imaplib.IMAP4(HOST, self.imap_port, timeout=10)
            _good(session.login(user, "secret"))
            self._sessions[user] = session
        return self._sessions[user]

    def _telemetry(self, user: str) -> Path:
        return self.folder / "state" / "log" / user.partition("@")[0]

    def _configure(self) -> None:
        ports = ("imap_port", "imaps_port", "pop3_port", "pop3s_port")
        self.imap_port, self.imaps_port, self.pop3_port, self.pop3s_port = free_ports(len(ports))
        values = {
            "folder": self.folder,
            "programs": PROGRAMS,
            "owner": self._owner().pw_name,
            "domain": DOMAIN,
            "host": HOST,
            "certificate": self.certificates.certificate,
            "key": self.certificates.key,
            **{name: getattr(self, name) for name in ports},
        }
        (self.folder / "imapd.conf").write_text(IMAPD.format(**values))
        (self.folder / "cyrus.conf").write_text(MASTER.format(**values))
        for part in (
            "mail",
            "state/db",
            "state/socket",
            "state/proc",
            "state/log",
            "state/user",
            "state/lock",
        ):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        for path in (self.folder, *self.folder.rglob("*")):
            self._hand_over(path)

    @staticmethod
    def _owner() -> pwd.struct_passwd:
        """Whom everything belongs to: Cyrus does not run as root."""
        return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

    def _hand_over(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._owner().pw_uid, self._owner().pw_gid)


def _good(answer: tuple[str, list[object]]) -> list[object]:
    status, data = answer
    if status != "OK":
        raise ServerError(str(data))
    return data
