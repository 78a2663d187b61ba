"""A whole installation for tests: its own data folder and processes, worked through the command line."""

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mailcall import keyring
from servers.dovecot import Dovecot
from servers.postfix import Postfix

ON_POSTGRESQL = "MAILCALL_TEST_DATABASE" in os.environ
SOURCE = Path(__file__).resolve().parent.parent / "src"

DESK = """
partitions:
  - {{name: IT, address: support@desk.example, sender_name: IT Support}}
people:
  - {{name: Bob Baker, email: bob@desk.example, user: false, analyst: true}}
groups:
  - {{name: Service Desk, addresses: [team@desk.example], members: [bob@desk.example]}}
call_templates:
  - {{name: Mail, partition: IT, group: Service Desk}}
incoming_accounts:
  - name: Support
    address: support@desk.example
    protocol: imap
    server: localhost
    port: {imap_port}
    security: tls
    login: {user}
    password: {{env: IMAP_PASSWORD}}
    ca_file: {ca_file}
    template: Mail
    default_logging_analyst: bob@desk.example
    trusted_hosts: [mx.desk.example]
outgoing_servers:
  - {{name: Postfix, protocol: smtp, server: localhost, port: {smtp_port}, security: starttls,
     ca_file: {smtp_ca}}}
"""


class Installation:
    """One installation; `start` runs its Messaging Service in a process of its own."""

    migrated: bytes | None = None
    template = ""  # on PostgreSQL: a migrated database that the others are copied from
    made = itertools.count(1)

    def __init__(self, folder: Path, database_url: str = "") -> None:
        """`database_url`: a database to use rather than one of its own."""
        self.folder = folder
        self.data = folder / "data"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("MAILCALL_", "DJANGO_", "PYTHON"))},
            "MAILCALL_DATA_DIR": str(self.data),
            "MAILCALL_LOG_FORMAT": "json",
            "PYTHONPATH": str(SOURCE),
        }
        self.database_url = database_url
        if ON_POSTGRESQL and not database_url:
            name = f"desk_{os.getpid()}_{next(Installation.made)}"
            self.database_url = new_database(name, Installation.template)
        if self.database_url:
            self.environment["MAILCALL_DATABASE_URL"] = self.database_url
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "service.log"

    def cli(self, *arguments: str, status: int = 0, **environment: str) -> str:
        """Run a command; its output. The exit status must be as said."""
        done = subprocess.run(
            [sys.executable, "-m", "mailcall", *arguments],
            env={**self.environment, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def rows(self, command: str) -> list[dict[str, Any]]:
        """What `mailcall calls|mails|messages --json` prints."""
        return [json.loads(line) for line in self.cli(command, "--json", "--limit", "0").splitlines()]

    def load(self, text: str, **environment: str) -> None:
        """Migrate and load a desk file."""
        file = self.folder / "desk.yaml"
        file.write_text(text)
        self.migrate()
        self.cli("load", str(file), **environment)

    def migrate(self) -> None:
        """A database of this version: made by the process's first installation, copied by the others."""
        database = self.data / "mailcall.sqlite3"
        if self.database_url:
            if not (self.data / "keys").exists():
                self.cli("keys", "create")
            self.cli("migrate")  # nothing to do on a copy of the template
            if ON_POSTGRESQL and not Installation.template:
                Installation.template = new_database(
                    f"template_{os.getpid()}", self.database_url.rpartition("/")[2]
                ).rpartition("/")[2]
            return
        if Installation.migrated is None:
            self.cli("migrate")
            Installation.migrated = database.read_bytes()
        elif not database.exists():
            self.data.mkdir(mode=0o700, exist_ok=True)
            keyring.create(self.data / "keys")
            database.write_bytes(Installation.migrated)

    def another_worker(self, folder: Path) -> "Installation":
        """A further worker of the same desk, as on another machine: with a data folder of its own."""
        folder.mkdir()
        worker = Installation(folder, self.database_url)
        worker.environment["MAILCALL_KEY_FILE"] = str(self.data / "keys")
        return worker

    def start(self, *, kill_at: str = "", freeze_at: str = "", wrapper: tuple[str, ...] = ()) -> None:
        """Start the service; returns at once."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", "mailcall", "run", "--no-web"],
                env={**self.environment, "MAILCALL_KILL_AT": kill_at, "MAILCALL_FREEZE_AT": freeze_at},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that a wrapper's child is ended with it
            )

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Send a signal and wait; how many seconds it took."""
        assert self.process
        begun = time.monotonic()
        os.killpg(self.process.pid, number)
        self.process.wait(30)
        self.process = None
        return time.monotonic() - begun

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database beside the service."""
        if self.database_url:
            with psycopg.connect(self.database_url, autocommit=True) as server:
                return server.execute(sql).fetchall()
        connection = sqlite3.connect(f"file:{self.data}/mailcall.sqlite3?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def change(self, *statements: str) -> None:
        """Change the database beside the service."""
        if self.database_url:
            with psycopg.connect(self.database_url) as server:
                for statement in statements:
                    server.execute(statement)
            return
        connection = sqlite3.connect(self.data / "mailcall.sqlite3", timeout=30)
        try:
            with connection:
                for statement in statements:
                    connection.execute(statement)
        finally:
            connection.close()

    def count(self, sql: str) -> int:
        """The one number that a query gives."""
        return int(self.query(sql)[0][0])

    def wait(self, done: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until something is so, or fail with the log's end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if done():
                return
            time.sleep(0.05)
        pytest.fail(f"waited {seconds} s for {what}\n{self.states()}\n{self.tail()}", pytrace=False)

    def states(self) -> str:
        """How many mails and deliveries are in which state, for a test that failed."""
        mails = (
            "select state, outcome, error, attempts, due_at, count(*) "
            "from inbound_receivedmail group by 1, 2, 3, 4, 5"
        )
        deliveries = (
            "select state, reply, due_at, count(*) "
            "from outbound_delivery where state <> 'sent' group by 1, 2, 3"
        )
        return "\n".join(map(str, [*self.query(mails), *self.query(deliveries)]))

    def tail(self, lines: int = 40) -> str:
        """The end of the service's log."""
        return "\n".join(self.log.read_text().splitlines()[-lines:]) if self.log.exists() else ""

    def settled(self, mails: int) -> bool:
        """Whether so many mails have come and are done, and nothing waits to be sent."""
        done = self.count("select count(*) from inbound_receivedmail where state = 'done'")
        waiting = self.count(
            "select count(*) from outbound_delivery "
            "where state in ('queued', 'sending', 'deferred', 'unknown')"
        )
        return done == mails and waiting == 0


def new_database(name: str, template: str) -> str:
    """Make a database on the PostgreSQL of these tests; its URL."""
    url = os.environ["MAILCALL_TEST_DATABASE"]
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
    return url.rpartition("/")[0] + f"/{name}"


@contextmanager
def installation(folder: Path, database_url: str = "") -> Iterator[Installation]:
    """An installation whose process is ended in any case."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Installation(folder, database_url)
    try:
        yield made
    finally:
        if made.process:
            made.kill()


@pytest.fixture
def installed(tmp_path: Path, dovecot: Dovecot, postfix: Postfix) -> Iterator[Installation]:
    """An installation that collects from Dovecot by TLS and sends through Postfix by STARTTLS."""
    user = dovecot.new_user()
    with installation(tmp_path / "installation") as made:
        made.mailbox = user  # type: ignore[attr-defined]
        made.load(
            DESK.format(
                imap_port=dovecot.imaps_port,
                user=user,
                ca_file=dovecot.ca_file,
                smtp_port=postfix.smtp_port,
                smtp_ca=postfix.ca_file,
            ),
            IMAP_PASSWORD="secret",
        )
        yield made
