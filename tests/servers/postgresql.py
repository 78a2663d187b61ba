"""A private PostgreSQL on a loopback port, its cluster in one folder."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

from servers.process import HOST, Guard, ServerError, free_ports, tail

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
USER = "mailcall"
PASSWORD = "secret words"  # a space, so that whoever builds an URL must quote
CONFIG = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
fsync = {fsync}
full_page_writes = {fsync}
password_encryption = scram-sha-256
log_min_messages = warning
"""


class PostgreSQL:
    """`with PostgreSQL(folder) as server:` runs it. `durable` keeps fsync on, as in production.

    The folder must be traversable by other users: PostgreSQL refuses to run as root.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.folder = folder
        self.data = folder / "postgresql"
        self.log = folder / "postgresql.log"
        self.durable = durable
        (self.port,) = free_ports(1)
        self._as_postgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        if os.geteuid() != 0:
            self._as_postgres = []
        self._guard: Guard | None = None
        self._databases = 0

    def __enter__(self) -> Self:
        if BIN is None:
            raise ServerError("PostgreSQL is not installed")
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self.log.touch()
        self.data.mkdir(mode=0o700)
        if self._as_postgres:
            owner = pwd.getpwnam("postgres")
            for path in (password, self.log, self.data):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._run(
            "initdb", "-D", self.data, "-U", USER, "-E", "UTF8", "--locale=C", "-A", "scram-sha-256",
            f"--pwfile={password}", "--no-sync",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(CONFIG.format(host=HOST, port=self.port, fsync="on" if self.durable else "off"))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop("immediate")

    def start(self) -> None:
        """Start, or start again on the same data."""
        try:
            self._run("pg_ctl", "start", "-D", self.data, "-l", self.log, "-w", "-t", "60")
        except ServerError as error:
            raise ServerError(f"{error}\n{tail(self.log)}") from None
        self._guard = Guard(int((self.data / "postmaster.pid").read_text().split()[0]))

    def stop(self, mode: str = "fast") -> None:
        """Stop: `fast` ends sessions in good order, `immediate` is a crash."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-D", self.data, "-m", mode, "-w", "-t", "60")
        if self._guard:
            self._guard.dismiss()
            self._guard = None

    def url(self, database: str = "postgres") -> str:
        """How a client reaches a database of it."""
        return f"postgresql://{USER}:{PASSWORD.replace(' ', '%20')}@{HOST}:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database; its URL."""
        self._databases += 1
        name = f"desk_{os.getpid()}_{self._databases}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]  # the tests' own words

    def _run(self, program: str, *arguments: object) -> None:
        assert BIN
        done = subprocess.run(
            [*self._as_postgres, shutil.which(program, path=str(BIN)) or program, *map(str, arguments)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if program != "pg_ctl" else subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            raise ServerError(f"{program} failed: {(done.stdout or b'').decode(errors='replace')}")


def main() -> int:
    """Run a command with a private PostgreSQL for the tests to use; its exit code."""
    with tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with PostgreSQL(folder) as server:
            environment = {**os.environ, "MAILCALL_TEST_DATABASE": server.url()}
            return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    sys.exit(main())
