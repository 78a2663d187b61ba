"""A private Postfix on loopback ports that takes mail for every `*.example` domain and relays nothing."""

import grp
import os
import pwd
import shutil
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from servers.certificates import Certificates, make_certificates
from servers.dovecot import DOMAIN, Dovecot
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

PROGRAM = shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
PROGRAMS = Path("/usr/lib/postfix/sbin")

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:nothing is local here
default_transport = error:this test server relays nothing
relay_transport = error:this test server relays nothing
relayhost =
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
biff = no
notify_classes =
message_size_limit = {size_limit}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_base = {folder}/mail
virtual_mailbox_domains = regexp:{folder}/domains
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_transport = virtual
transport_maps = regexp:{folder}/transport
smtpd_delay_reject = no
smtpd_helo_required = yes
smtpd_recipient_restrictions = check_recipient_access regexp:{folder}/recipients, reject_unauth_destination
smtpd_relay_restrictions = reject_unauth_destination
smtpd_sender_restrictions = check_sender_access regexp:{folder}/senders{sender_login}
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 10000
smtpd_hard_error_limit = 10000
smtpd_junk_command_limit = 100000
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = may
smtpd_tls_chain_files = {key}, {certificate}
smtpd_tls_loglevel = 0
smtpd_sasl_auth_enable = {sasl}
smtpd_sasl_type = dovecot
smtpd_sasl_path = {sasl_socket}
smtpd_sasl_security_options = noanonymous
smtpd_discard_ehlo_keywords = {hidden}
{extra}
"""

MASTER = """
{smtp_port} inet n - n - - smtpd
{smtps_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

RECIPIENTS = """/^reject-/ 550 5.1.1 User unknown
/^defer-/ 451 4.7.1 Please try again later
"""
SENDERS = """/^refused-/ 550 5.7.1 Sender refused
"""


class Postfix:
    """`with Postfix(folder) as server:` runs it; the folder must be traversable by other users.

    Recipients `reject-...@` are answered 550, `defer-...@` 451, senders `refused-...@` 550. With a Dovecot,
    AUTH is offered with its users, and mail for `@mail.example` goes into its mailboxes by LMTP; the rest
    is read back with `mails`. `hide` names EHLO keywords that are not offered (`pipelining`, `starttls`);
    `extra` is more lines for main.cf, `services` for master.cf; `transports` are lines that say by which
    service an address is delivered, as `/regular expression/ service:destination`.
    """

    host = "localhost"
    _guard: Guard | None = None

    def __init__(
        self,
        folder: Path,
        *,
        dovecot: Dovecot | None = None,
        certificates: Certificates | None = None,
        hide: str = "",
        require_login: bool = False,
        size_limit: int = 60_000_000,
        extra: str = "",
        services: str = "",
        transports: str = "",
    ) -> None:
        self.folder = folder
        self.certificates = certificates or (
            dovecot.certificates if dovecot else make_certificates(folder / "tls")
        )
        self._dovecot = dovecot
        self._hide, self._require_login, self._extra = hide, require_login, extra
        self._size_limit = size_limit
        self._services, self._transports = services, transports
        self._seen: dict[str, list[Path]] = {}
        self._read: set[str] = set()
        self._lock = threading.Lock()

    @property
    def ca_file(self) -> str:
        """The authority to trust, for the settings of a transport."""
        return str(self.certificates.ca)

    @property
    def log(self) -> str:
        """What the server logged so far."""
        return (self.folder / "postfix.log").read_text(errors="replace")

    def mails(self, address: str, *, wait: int = 0, seconds: float = 10) -> list[bytes]:
        """The mails that came for an address, oldest first, with Postfix's own trace headers on top.

        Delivery takes a moment after the 250: `wait` is how many to wait for, at most `seconds`.
        """
        wait_for(lambda: len(self._find(address)) >= wait, seconds)
        return [file.read_bytes() for file in self._find(address)]

    def arrived(self, wanted: Mapping[str, int], *, seconds: float = 10) -> dict[str, list[Path]]:
        """The files of many addresses at once; how many are `wanted` of each is waited for."""

        found: dict[str, list[Path]] = {}

        def all_there() -> bool:
            self._look()
            found.update((address, self._seen.get(address.casefold(), [])) for address in wanted)
            return all(len(found[address]) >= count for address, count in wanted.items())

        wait_for(all_there, seconds, pause=0.5)
        return found

    @property
    def queued(self) -> int:
        """How many mails wait in the queue."""
        queue = self.folder / "queue"
        return sum(
            1
            for part in ("maildrop", "incoming", "active", "deferred")
            for path in (queue / part).rglob("*")
            if path.is_file()
        )

    def flush(self) -> None:
        """Have what was deferred tried again now."""
        subprocess.run(
            [str(PROGRAM), "-c", str(self.folder / "etc"), "flush"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )

    @property
    def _pid_file(self) -> Path:
        return self.folder / "queue" / "pid" / "master.pid"

    def start(self) -> Self:
        """Start the server and wait until it answers. Raises ServerError."""
        for _ in range(3):  # a free port may be taken between asking and binding
            self._configure()
            subprocess.run(
                [str(PROGRAM), "-c", str(self.folder / "etc"), "start"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=(self.folder / "start.log").open("wb"),
                check=False,
            )
            if wait_for(lambda: answers(self.smtp_port) and answers(self.smtps_port), 10):
                pid = read_pid(self._pid_file)
                self._guard = Guard(pid) if pid else None
                return self
            self.stop()
        raise ServerError(tail(self.folder / "start.log") + tail(self.folder / "postfix.log"))

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

    def _find(self, address: str) -> list[Path]:
        self._look()
        return list(self._seen.get(address.casefold(), []))

    def _look(self) -> None:
        """See what is new. `X-Original-To` is what virtual(8) writes on top of each copy."""
        with self._lock:
            for file in sorted((self.folder / "mail" / "all" / "new").glob("*")):
                if file.name in self._read:
                    continue
                self._read.add(file.name)
                with file.open("rb") as lines:
                    for line in lines:
                        if line.lower().startswith(b"x-original-to:"):
                            recipient = line.partition(b":")[2].strip().decode(errors="replace")
                            self._seen.setdefault(recipient.casefold(), []).append(file)
                            break

    def _configure(self) -> None:
        self.smtp_port, self.smtps_port = free_ports(2)
        me, owner = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
        sasl = self._dovecot is not None
        etc = self.folder / "etc"
        for part in ("etc", "queue", "data", "mail/all"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        os.chown(self.folder / "data", me.pw_uid, grp.getgrnam("postfix").gr_gid)
        for part in ("mail", "mail/all"):
            os.chown(self.folder / part, owner.pw_uid, owner.pw_gid)
        (self.folder / "domains").write_text("/^([^.]+\\.)*example$/ OK\n")
        (self.folder / "recipients").write_text(RECIPIENTS)
        (self.folder / "senders").write_text(SENDERS)
        transports = self._transports
        if self._dovecot is not None:
            transports += f"/@{DOMAIN.replace('.', '[.]')}$/ lmtp:inet:{HOST}:{self._dovecot.lmtp_port}\n"
        (self.folder / "transport").write_text(transports)
        (etc / "main.cf").write_text(
            MAIN.format(
                folder=self.folder,
                certificate=self.certificates.certificate,
                key=self.certificates.key,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                sasl="yes" if sasl else "no",
                sasl_socket=self._dovecot.sasl_socket if self._dovecot else "none",
                sender_login=", permit_sasl_authenticated, reject" if self._require_login else "",
                hidden=self._hide,
                size_limit=self._size_limit,
                extra=self._extra,
            )
        )
        (etc / "master.cf").write_text(
            MASTER.format(smtp_port=f"{HOST}:{self.smtp_port}", smtps_port=f"{HOST}:{self.smtps_port}")
            + self._services
        )
