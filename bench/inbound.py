"""`python bench/inbound.py`: how fast mail comes in, from Dovecot to calls, on SQLite and on PostgreSQL.

Each round a running service is given a mailbox with 1,000 mails: it collects, reads and decides them, logs or
threads them, puts acknowledgements into the message table and deletes them from the mailbox, all durable. The
clock runs from its sign-in until the last is done and the mailbox is empty. The floor is what any program
would take for that: fetch, parse by the standard library, and one durable insert of the bytes, a hundred at
a time.
"""

import contextlib
import email
import imaplib
import json
import random
import sqlite3
import ssl
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "src"), str(ROOT / "tests")]

import psycopg  # noqa: E402

from correspondence import INTERNAL, Correspondence, Letter  # noqa: E402
from installations import DESK, Installation, installation  # noqa: E402
from processes import PeakMemory, cpu_seconds  # noqa: E402
from servers.dovecot import Dovecot  # noqa: E402
from servers.postgresql import PostgreSQL  # noqa: E402

MAILS = 1_000
ROUNDS = 5
COMMANDS = 0.2  # of the mix with commands and refusals
SINGLE = 200
BATCH = 100  # of the floor, as the service's own
WAIT_SECONDS = 300

Insert = Callable[[list[tuple[str, bytes]]], None]


def main() -> None:
    """Print the medians on both databases, and how soon a single mail is logged."""
    for database in ("sqlite", "postgresql"):
        print(f"in, {database}: {json.dumps(measure(database))}")
        print(f"in with commands, {database}: {json.dumps(measure(database, commands=COMMANDS))}")
    print(f"soon: {json.dumps(soon())}")


def measure(
    database: str, mails: int = MAILS, rounds: int = ROUNDS, commands: float = 0.0
) -> dict[str, float]:
    """Medians of some rounds on `sqlite` or `postgresql`, both durable; `commands`: their share of the mails.

    `ratio_to_floor` is the service's mails in a second, divided by the floor's of the same round.
    """
    letters = Correspondence(commands=commands).letters(mails)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp")))
        folder.chmod(0o755)
        (folder / "dovecot").mkdir()
        dovecot = stack.enter_context(Dovecot(folder / "dovecot"))
        server = None
        if database == "postgresql":
            server = stack.enter_context(PostgreSQL(folder, durable=True))
        played = [one_round(folder / f"round-{n}", dovecot, server, letters) for n in range(rounds)]
    return {name: round(statistics.median(one[name] for one in played), 2) for name in played[0]}


def one_round(
    folder: Path, dovecot: Dovecot, server: PostgreSQL | None, letters: list[Letter]
) -> dict[str, float]:
    """Bring all letters to a service that waits for them; its figures."""
    with running(folder, dovecot, server.new_database() if server else "") as made:
        session = made.process.pid  # type: ignore[union-attr]
        user = dovecot.new_user()
        dovecot.deliver_many(user, [letter.raw for letter in letters])
        with PeakMemory(session) as peak:
            cpu = cpu_seconds(session)
            made.change(
                f"update inbound_incomingaccount set login = '{user}', last_checked_at = null, "
                f"internal_marker = '{INTERNAL}'"
            )
            made.wait(lambda: dovecot.logins(user) > 0, "the sign-in")
            begun = time.time()
            made.wait(
                lambda: _done(made) == len(letters) and dovecot.is_empty(user), "all mails", WAIT_SECONDS
            )
            ended = time.time()
            cpu = cpu_seconds(session) - cpu
        check(made, letters)
    seconds = ended - begun
    floor = _floor(folder / "floor", dovecot, server, letters)
    return {
        "mails_per_s": len(letters) / seconds,
        "cpu_s_per_1000": cpu / len(letters) * 1_000,
        "peak_rss_mb": peak.megabytes,
        "ratio_to_floor": floor / seconds,
        "floor_mails_per_s": len(letters) / floor,
    }


def soon(mails: int = SINGLE) -> dict[str, float]:
    """Seconds from a mail's arrival in the mailbox until its call is committed, by IDLE, on SQLite."""
    pauses = random.Random(5)
    with tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "dovecot").mkdir()
        with Dovecot(folder / "dovecot") as dovecot, running(folder / "one", dovecot) as made:
            arrived = []
            for letter in Correspondence(marker="single").letters(mails):
                time.sleep(pauses.uniform(0.1, 1.0))
                arrived.append(time.time())
                dovecot.deliver(made.mailbox, letter.raw)  # type: ignore[attr-defined]
            made.wait(lambda: _done(made) == mails, "single mails")
            acted = made.query(
                "select (julianday(acted_at) - 2440587.5) * 86400 from inbound_receivedmail "
                "where id > 1 order by id"
            )
    waited = sorted(at - begun for (at,), begun in zip(acted, arrived, strict=True))
    return {
        "p50_s": round(statistics.median(waited), 3),
        "p99_s": round(waited[int(len(waited) * 0.99)], 3),
        "worst_s": round(waited[-1], 3),
    }


@contextlib.contextmanager
def running(folder: Path, dovecot: Dovecot, database_url: str = "") -> Iterator[Installation]:
    """A service with one account in an empty mailbox, at rest; it has no server to send by."""
    user = dovecot.new_user()
    with installation(folder, database_url) as made:
        made.mailbox = user  # type: ignore[attr-defined]
        desk = DESK.format(
            imap_port=dovecot.imaps_port, user=user, ca_file=dovecot.ca_file, smtp_port=1, smtp_ca='""'
        )
        made.load(desk.partition("outgoing_servers:")[0], IMAP_PASSWORD="secret")
        made.start()
        made.wait(lambda: dovecot.logins(user) >= 2, "the sessions with the mailbox")
        dovecot.deliver(user, b"From: first@corp.example\r\nSubject: Warm\r\n\r\nWarm.\r\n")
        made.wait(lambda: _done(made) == 1, "the first mail")
        # Not counted from now on.
        made.change("update inbound_receivedmail set state = 'held', acted_at = null where id = 1")
        yield made
        made.end()


def _done(made: Installation) -> int:
    return made.count("select count(*) from inbound_receivedmail where state = 'done'")


def check(made: Installation, letters: list[Letter]) -> None:
    """Every letter has become what it should, or this was no measurement."""
    became = Counter(letter.outcome for letter in letters)
    calls = became["logged"] + 1
    for what, sql, expected in (
        ("calls", "select count(*) from desk_call", calls),
        ("acknowledgements", "select count(*) from outbound_message where type_code = 1001", calls),
        *(
            (outcome, f"select count(*) from inbound_receivedmail where outcome = '{outcome}'", count)
            for outcome, count in became.items()
            if outcome != "logged"
        ),
    ):
        found = made.count(sql)
        if found != expected:
            raise SystemExit(f"{found} {what} instead of {expected}.\n{made.states()}")


def _floor(folder: Path, dovecot: Dovecot, server: PostgreSQL | None, letters: list[Letter]) -> float:
    """Seconds to fetch and parse all, and to insert them durably, a batch in a transaction."""
    user = dovecot.new_user()
    dovecot.deliver_many(user, [letter.raw for letter in letters])
    folder.mkdir()
    with _durable_table(folder, server) as insert:
        context = ssl.create_default_context(cafile=dovecot.ca_file)
        with imaplib.IMAP4_SSL("localhost", dovecot.imaps_port, ssl_context=context) as session:
            begun = time.time()
            session.login(user, "secret")
            session.select()
            numbers = session.search(None, "ALL")[1][0].split()
            for start in range(0, len(numbers), BATCH):
                some = b",".join(numbers[start : start + BATCH]).decode()
                fetched = [
                    part[1] for part in session.fetch(some, "(BODY.PEEK[])")[1] if isinstance(part, tuple)
                ]
                insert([(email.message_from_bytes(raw)["Subject"], raw) for raw in fetched])
            return time.time() - begun


@contextlib.contextmanager
def _durable_table(folder: Path, server: PostgreSQL | None) -> Iterator[Insert]:
    if server:
        with psycopg.connect(server.new_database()) as database:
            database.execute("create table mail (id bigserial primary key, subject text, raw bytea)")
            database.commit()

            def insert(rows: list[tuple[str, bytes]]) -> None:
                with database.cursor() as cursor:
                    cursor.executemany("insert into mail (subject, raw) values (%s, %s)", rows)
                database.commit()

            yield insert
    else:
        table = sqlite3.connect(folder / "floor.sqlite3")
        table.executescript(
            "pragma journal_mode = wal; pragma synchronous = full;"
            "create table mail (id integer primary key, subject text, raw blob);"
        )

        def insert_here(rows: list[tuple[str, bytes]]) -> None:
            with table:
                table.executemany("insert into mail (subject, raw) values (?, ?)", rows)

        yield insert_here
        table.close()


if __name__ == "__main__":
    main()
