"""A standby of a private PostgreSQL: it follows by streaming, and takes over when it is told to."""

import os
import pwd
from pathlib import Path

from servers.postgresql import CONFIG, PostgreSQL
from servers.process import HOST


class Standby(PostgreSQL):
    """`with Standby(folder, primary) as standby:` runs it; from then on each commit waits for it."""

    def __init__(self, folder: Path, primary: PostgreSQL) -> None:
        super().__init__(folder)
        self._primary = primary

    def __enter__(self) -> "Standby":
        self.log.touch()
        self.data.mkdir(mode=0o700)
        if self._as_postgres:
            owner = pwd.getpwnam("postgres")
            for path in (self.folder, self.log, self.data):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        copying = ("-D", self.data, "-R", "-X", "stream", "--no-sync")
        self._run("pg_basebackup", "-d", self._primary.url(), *copying)
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(CONFIG.format(host=HOST, port=self.port, fsync="off"))
        self.start()
        self._primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self._primary.execute("SELECT pg_reload_conf()")
        return self

    def promote(self) -> None:
        """Take over: from now on it takes writes."""
        self._run("pg_ctl", "promote", "-D", self.data, "-w")
