"""`mailcall migrate-to-postgresql`: a whole desk changes its database, or nothing does."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli.test_commands import DESK, deliver
from desks import mail
from installations import ON_POSTGRESQL, SOURCE, Installation, new_database

NEW_PARTITION = (
    "insert into desk_partition (name, address, sender_name, reopen_days, closure_method, close_after_hours, "
    "close_warning_hours) values ('{}', 'a', '', 1, 'immediate', 72, '')"
)
pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="there must be a PostgreSQL to move to")

COMMAND = "migrate-to-postgresql"


class Embedded(Installation):
    """An installation on SQLite, whatever these tests run on; `target` is an empty database."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.target = self.environment.pop("MAILCALL_DATABASE_URL")
        self.path = self.data / "mailcall.sqlite3"

    def migrate(self) -> None:
        self.cli("migrate")

    def move(self, *arguments: str, status: int = 0, **environment: str) -> str:
        return self.cli(COMMAND, self.target, *arguments, status=status, **environment)

    def sql(self, statement: str, *values: object) -> list:
        with sqlite3.connect(self.path) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            return connection.execute(statement, values).fetchall()

    def there(self, statement: str) -> list:
        with psycopg.connect(self.target, autocommit=True) as server:
            done = server.execute(statement)
            return done.fetchall() if done.description else []

    def hash(self) -> str:
        with sqlite3.connect(self.path) as connection:
            return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Embedded:
    """A desk with two calls, a big mail in the files, and answers on their way out; to be copied."""
    folder = tmp_path_factory.mktemp("desk")
    inbox, out = folder / "inbox", folder / "out"
    for part in ("new", "cur", "tmp"):
        (inbox / part).mkdir(parents=True)
    out.mkdir()
    made = Embedded(folder / "installation")
    made.folder.mkdir()
    made.load(DESK.format(inbox=inbox, out=out))
    deliver(made, "1", mail("ann@k.example", "Broken chair \N{SNOWMAN}", message_id="<one@k.example>"))
    deliver(
        made, "2", mail("eve@k.example", "Big", message_id="<two@k.example>", text="long line\n" * 40_000)
    )
    made.cli("collect", "--once")
    return made


@pytest.fixture
def worked(made: Embedded, tmp_path: Path) -> Iterator[Embedded]:
    copied = Embedded(tmp_path)
    shutil.copytree(made.data, copied.data)
    try:
        yield copied
    finally:
        if copied.process:
            copied.kill()


def test_a_moved_desk_goes_on_where_it_was(worked: Embedded, made: Embedded) -> None:
    worked.sql(NEW_PARTITION.format("Gone"))
    worked.sql("delete from desk_partition where name = 'Gone'")
    before, calls = worked.hash(), worked.rows("calls")
    said = worked.move()
    assert "the same on both sides" in said
    assert str(worked.data / "files") in said
    assert "database_url" in said
    assert worked.hash() == before

    refused = worked.cli("calls", status=1)
    assert "was moved to" in refused
    assert "--undo" in refused
    assert "was moved to" in worked.cli("run", "--no-web", status=1)
    assert "already" in worked.move()

    worked.environment["MAILCALL_DATABASE_URL"] = worked.target
    assert worked.rows("calls") == calls
    deliver(made, "3", mail("ann@k.example", "Another", message_id="<three@k.example>"))
    assert "acted on 1" in worked.cli("collect", "--once")
    assert [call["number"] for call in worked.rows("calls")] == [3, 2, 1]
    assert worked.there(f"{NEW_PARTITION.format('New')} returning id") == [(3,)]
    assert "settings name" in worked.cli(COMMAND, worked.target, status=1)


@pytest.mark.long
def test_undo_has_the_old_database_used_again(worked: Embedded) -> None:
    calls = worked.rows("calls")
    worked.move()
    other = new_database(f"other_{worked.target.rpartition('/')[2]}", "")
    assert "was moved to" in worked.cli(COMMAND, other, status=1)
    assert "empty" in worked.cli(COMMAND, "--undo")
    assert worked.rows("calls") == calls
    assert "another desk that was moved" in worked.move(status=1)
    assert "never moved" in worked.cli(COMMAND, "--undo", status=1)
    assert worked.rows("calls") == calls


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("move.begun", marks=pytest.mark.long),
        "move.copied:7",
        pytest.param("move.committed:3", marks=pytest.mark.long),
        "move.finished",
    ],
)
def test_killed_in_the_middle_it_goes_on_and_nothing_works_meanwhile(step: str, worked: Embedded) -> None:
    worked.move(status=-9, MAILCALL_KILL_AT=step)
    assert "--undo" in worked.cli("calls", status=1)
    if step != "move.finished":
        assert "on its way into" in worked.cli("calls", status=1, MAILCALL_DATABASE_URL=worked.target)
    worked.move()
    assert worked.there("select count(*) from desk_call") == [(2,)]
    assert len(worked.cli("calls", MAILCALL_DATABASE_URL=worked.target).splitlines()) == 3


def test_it_refuses_while_mailcall_works_on_the_desk(worked: Embedded) -> None:
    worked.start()
    worked.wait(lambda: "service started" in worked.tail(), "the start")
    assert "stop it first" in worked.move(status=1)
    worked.kill()
    connection = sqlite3.connect(worked.path)
    with subprocess.Popen(["flock", f"{worked.path}.writer", "sleep", "60"]) as writer:
        try:
            worked.wait(lambda: "stop it first" in worked.move(status=1), "the writer")
        finally:
            writer.terminate()
            connection.close()
    assert worked.there("select count(*) from pg_tables where schemaname = 'public'") == [(0,)]


@pytest.mark.long
def test_a_target_that_can_not_take_the_desk_is_named_and_not_touched(worked: Embedded) -> None:
    sentences = {}
    name = worked.target.rpartition("/")[2]
    base = worked.target.rpartition("/")[0]
    for what, url in {
        "nonsense": "mysql://x/y",
        "nobody": "postgresql://mailcall:x@127.0.0.1:1/desk",
        "password": worked.target.replace("secret", "wrong"),
        "missing": f"{base}/missing",
    }.items():
        sentences[what] = worked.cli(COMMAND, url, status=1)
        assert "Traceback" not in sentences[what]
        assert "secret" not in sentences[what]
        assert len(sentences[what].splitlines()) == 1
    assert "must look like" in sentences["nonsense"]
    assert "refused" in sentences["nobody"]
    assert "authentication failed" in sentences["password"]
    assert "does not exist" in sentences["missing"]

    worked.there(
        f"create role weak_{name} login password 'weak'; grant connect on database {name} to weak_{name}"
    )
    weak = worked.target.replace("mailcall:secret%20words", f"weak_{name}:weak")
    assert "may make no tables" in worked.cli(COMMAND, weak, status=1)

    worked.there("create table accounts (id int); insert into accounts values (1)")
    assert "something else" in worked.move(status=1)
    worked.there("drop table accounts")
    worked.cli("migrate", MAILCALL_DATABASE_URL=worked.target)
    worked.there("insert into django_migrations (app, name, applied) values ('desk', '9999_future', now())")
    assert "newer Mailcall" in worked.move(status=1)
    worked.there("delete from django_migrations where name = '9999_future' or app = 'upkeep'")
    assert "older Mailcall" in worked.move(status=1)
    worked.there(
        "insert into django_migrations (app, name, applied) values ('upkeep', '0001_initial', now())"
    )
    worked.there(NEW_PARTITION.format("Me"))
    assert "holds another desk (desk_partition" in worked.move(status=1)
    assert worked.there("select name from desk_partition") == [("Me",)]
    assert worked.rows("calls")
    worked.there("delete from desk_partition")
    worked.sql(
        "insert into django_migrations (app, name, applied) values ('desk', '9999_future', '2026-01-01')"
    )
    assert "newer Mailcall" in worked.move(status=1)
    worked.sql("delete from django_migrations where name = '9999_future' or app = 'upkeep'")
    assert "`mailcall migrate`" in worked.move(status=1)


@pytest.mark.long
def test_what_postgresql_can_not_keep_is_named_and_mended_when_asked(worked: Embedded) -> None:
    worked.sql("update desk_call set subject = 'a' || char(0) || 'b' where id = 1")
    worked.sql("update desk_call set subject = cast(x'61ff' as text) where id = 2")
    worked.sql("update desk_person set name = ? where id = 1", "n" * 300)
    worked.sql("update inbound_receivedmail set reason = 'x' || char(0), trace = ? where id = 1",
               json.dumps([{"saw": "\0 and \ud800", "\0key": [1.0, 1e3, -0.0]}]))  # fmt: skip
    said = worked.move(status=1)
    for words in (
        "desk_call 1, subject: it has a NUL character",
        "desk_call 2, subject: it is not UTF-8",
        "desk_person 1, name: it has 300 characters, and 200 are allowed",
        "inbound_receivedmail 1, trace: ",
        "--mend",
    ):
        assert words in said
    assert not (worked.data / "moved-to-postgresql").exists()
    assert worked.there("select count(*) from pg_tables where schemaname = 'public'") == [(0,)]

    worked.sql("update desk_call set closed_at = '10000-01-01 00:00:00', priority = 40000 where id = 1")
    said = worked.move("--mend", status=1)
    assert "desk_call 1, closed_at: '10000-01-01 00:00:00' is no moment" in said
    assert "desk_call 1, priority: 40000 is beyond 32767" in said
    worked.sql("update desk_call set closed_at = '0001-01-01 00:00:00', priority = 3 where id = 1")

    said = worked.move("--mend")
    assert "Mended: desk_call 1, subject: it has a NUL character" in said
    assert worked.there("select id, subject from desk_call order by id") == [(1, "a\ufffdb"), (2, "a\ufffd")]
    assert worked.there("select length(name) from desk_person where id = 1") == [(200,)]
    [(trace,)] = worked.there("select trace from inbound_receivedmail where id = 1")
    assert trace == [{"saw": "\ufffd and \ufffd", "\ufffdkey": [1.0, 1e3, 0]}]


FILL = """
insert into desk_call (id, partition_id, subject, state, type, stream, priority, user_id, opened_at,
  updated_at, version, priority_by_hand, pause)
with recursive n(i) as (select 3 union all select i + 1 from n where i < {rows})
select i, 1, 'Call ' || i, 'open', '', '', 3, 1, '2026-01-01 10:00:00.5', '2026-01-01 10:00:00', 1,
  false, '' from n
"""


@pytest.mark.long
def test_200_000_calls_are_moved_in_bounded_memory_though_killed_on_the_way(worked: Embedded) -> None:
    worked.sql(FILL.format(rows=200_000))
    worked.move(status=-9, MAILCALL_KILL_AT="move.copied:30")
    [(before,)] = worked.there("select count(*) from desk_call")
    assert 0 < before < 200_000
    peak = "import resource, sys; from mailcall.cli import cli; sys.argv = sys.argv[:1] + sys.argv[2:];" \
        "cli(standalone_mode=False); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", peak, "mailcall", COMMAND, worked.target],
        env={**worked.environment, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Going on where it stopped" in done.stdout
    assert int(done.stdout.splitlines()[-1]) < 250 * 1024
    assert worked.there("select count(*), max(id) from desk_call") == [(200_000, 200_000)]
