"""A private Dovecot (IMAP, POP3, LMTP) on loopback ports, its mail stored as Maildir under one folder."""

import os
import pwd
import shutil
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from servers.certificates import Certificates, make_certificates
from servers.process import (
    HOST,
    Guard,
    ServerError,
    alive,
    answers,
    end_process,
    free_ports,
    read_pid,
    tail,
    wait_for,
)

PROGRAM = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
DOMAIN = "mail.example"
"""Postfix, when it is given this Dovecot, hands everything for this domain over to it by LMTP."""

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
login_log_format_elements = user=<%u> method=%m %c
protocols = imap pop3 lmtp
listen = {listen}
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 0
first_valid_gid = 0
ssl = {ssl}
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = {disable_plaintext}
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 1000
imap_capability = {capability}
imap_idle_notify_interval = 2 mins
lda_mailbox_autocreate = yes
postmaster_address = postmaster@{domain}
hostname = localhost
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users/%u
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
service imap-login {{
  {chroot}
  service_count = 0
  client_limit = 1000
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service pop3-login {{
  {chroot}
  service_count = 0
  client_limit = 1000
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = {pop3s_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service auth {{
  unix_listener sasl {{
    mode = 0666
  }}
}}
service anvil {{
  {chroot}
  # no delays after wrong passwords
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {chroot}
}}
"""


class Dovecot:
    """`with Dovecot(folder) as server:` runs it; `folder` must be short (unix sockets) and traversable.

    `capability` replaces the IMAP capabilities announced after sign-in (`IMAP4rev1 IDLE` hides UIDPLUS and
    MOVE); `listen` another loopback address makes Dovecot take the connection for a remote one.
    """

    host = "localhost"
    _guard: Guard | None = None

    def __init__(
        self,
        folder: Path,
        *,
        users: dict[str, str] | None = None,
        certificates: Certificates | None = None,
        capability: str = "",
        mechanisms: str = "plain login cram-md5",
        disable_plaintext: bool = False,
        ssl: bool = True,
        listen: str = HOST,
    ) -> None:
        self.folder = folder
        self.certificates = certificates or make_certificates(folder / "tls")
        self.users: dict[str, str] = {}
        self.address = listen
        self._options = {
            "capability": capability,
            "mechanisms": mechanisms,
            "disable_plaintext": "yes" if disable_plaintext else "no",
            "ssl": "yes" if ssl else "no",
            "listen": listen if listen == HOST else f"{HOST}, {listen}",
        }
        for login, password in (users or {f"desk@{DOMAIN}": "desk secret"}).items():
            self.add_user(login, password)

    @property
    def ca_file(self) -> str:
        """The authority to trust, for the settings of a mailbox or transport."""
        return str(self.certificates.ca)

    @property
    def log(self) -> str:
        """What the server logged so far."""
        return (self.folder / "dovecot.log").read_text(errors="replace")

    @property
    def sasl_socket(self) -> Path:
        """Where Postfix asks whether a password is right."""
        return self.folder / "run" / "sasl"

    def add_user(self, login: str, password: str = "secret") -> str:
        """Make an account with an empty INBOX; works while the server runs. Returns the login."""
        self.users[login] = password
        # one file each, because Dovecot looks for a change of a file only once a second
        (self.folder / "users").mkdir(parents=True, exist_ok=True)
        (self.folder / "users" / login).write_text(f"{login}:{{PLAIN}}{password}\n")
        self._make_maildir(self._maildir(login))
        return login

    def new_user(self) -> str:
        """An account of its own for one test: its login, whose password is `secret`."""
        return self.add_user(f"user-{uuid.uuid4().hex[:12]}@{DOMAIN}")

    def deliver(self, user: str, mail: bytes, folder: str = "INBOX") -> Path:
        """Put a mail into the user's Maildir the way a delivery agent does; returns its file."""
        maildir = self._make_maildir(self._maildir(user, folder))
        name = f"{time.time_ns()}.{uuid.uuid4().hex}.test"
        (maildir / "tmp" / name).write_bytes(mail)
        self._hand_over(maildir / "tmp" / name)
        return (maildir / "tmp" / name).rename(maildir / "new" / name)

    def deliver_many(self, user: str, mails: Sequence[bytes]) -> None:
        """Put many mails into the user's Maildir: all are written first, then they appear within a moment."""
        maildir = self._make_maildir(self._maildir(user))
        names = [f"{time.time_ns()}.{number:07}.test" for number in range(len(mails))]
        for name, mail in zip(names, mails, strict=True):
            (maildir / "tmp" / name).write_bytes(mail)
            self._hand_over(maildir / "tmp" / name)
        for name in names:
            (maildir / "tmp" / name).rename(maildir / "new" / name)

    def is_empty(self, user: str) -> bool:
        """Whether the user's INBOX holds no mail, not even a deleted one."""
        maildir = self._maildir(user)
        return not any(any((maildir / part).iterdir()) for part in ("new", "cur"))

    def logins(self, user: str) -> int:
        """How often the user signed in so far."""
        return self.log.count(f"Login: user=<{user}>")

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The mails of a folder, oldest first, those flagged as deleted left out."""
        maildir = self._maildir(user, folder)
        files = [file for part in ("new", "cur") for file in (maildir / part).glob("*")]
        kept = [file for file in files if "T" not in file.name.partition(":2,")[2]]
        return [file.read_bytes() for file in sorted(kept, key=lambda file: file.name)]

    @property
    def _pid_file(self) -> Path:
        return self.folder / "run" / "master.pid"

    def start(self) -> Self:
        """Start the server and wait until it answers. Raises ServerError."""
        for _ in range(3):  # a free port may be taken between asking and binding
            self._configure()
            subprocess.run(
                [str(PROGRAM), "-c", str(self.folder / "dovecot.conf")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=(self.folder / "start.log").open("wb"),
                check=False,
            )
            if wait_for(lambda: answers(self.imap_port) and answers(self.lmtp_port), 5):
                pid = read_pid(self._pid_file)
                self._guard = Guard(pid) if pid else None
                return self
            self.stop()
        raise ServerError(tail(self.folder / "start.log") + tail(self.folder / "dovecot.log"))

    def stop(self) -> None:
        """End the server and everything it started."""
        pid = read_pid(self._pid_file)
        if pid and alive(pid):
            end_process(pid)
        if self._guard:
            self._guard.dismiss()
            self._guard = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _configure(self) -> None:
        self.imap_port, self.imaps_port, self.pop3_port, self.pop3s_port, self.lmtp_port = free_ports(5)
        root = os.geteuid() == 0
        me, owner = pwd.getpwuid(os.geteuid()), self._owner()
        config = CONFIG.format(
            folder=self.folder,
            domain=DOMAIN,
            certificate=self.certificates.certificate,
            key=self.certificates.key,
            internal="dovecot" if root else me.pw_name,
            internal_group="dovecot" if root else me.pw_gid,
            login="dovenull" if root else me.pw_name,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            chroot="" if root else "chroot =",
            imap_port=self.imap_port,
            imaps_port=self.imaps_port,
            pop3_port=self.pop3_port,
            pop3s_port=self.pop3s_port,
            lmtp_port=self.lmtp_port,
            **self._options,
        )
        for part in ("run", "state", "home"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "dovecot.conf").write_text(config)

    @staticmethod
    def _owner() -> pwd.struct_passwd:
        """Whom the mail belongs to: Dovecot refuses to serve mail of root."""
        return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())

    def _hand_over(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._owner().pw_uid, self._owner().pw_gid)

    def _make_maildir(self, maildir: Path) -> Path:
        if not (maildir / "tmp").exists():
            for part in ("", "cur", "new", "tmp"):
                (maildir / part).mkdir(parents=True, exist_ok=True)
                self._hand_over(maildir / part)
            self._hand_over(maildir.parent)
        return maildir

    def _maildir(self, user: str, folder: str = "INBOX") -> Path:
        home = self.folder / "home" / user / "Maildir"
        return home if folder == "INBOX" else home / f".{folder.replace('/', '.')}"
