"""A desk on which much was done: what a running service made of some letters, many times over.

Every table that a mail fills is filled as the service fills it, because each row is a copy of one that the
service wrote, with numbers, Message-IDs, addresses and times of its own. What retention removes with time is
removed of all but the first: the bytes of mails and the data of sent messages; texts are cut to 500
characters, which lie outside of the pages that are searched.
"""

import hashlib
import math
import sqlite3
from pathlib import Path

import psycopg

PEOPLE = 100_000
MINUTES = 400  # between two copies of the first letters: a million calls in a year
AT_ONCE = 20  # copies, so that they can be sorted in memory
MORE_ENTRIES = {"note": "Called back; it happens again after a restart.", "state": "Open/Resolved"}

# What of a copied row is not as in the first. {n} is the number of the copy, {person} that of its people;
# {id:table} is how far the keys of a table are moved, {moved:column} a time of another day.
COPIED: dict[str, dict[str, str]] = {
    "desk_person": {
        "id": "t.id + {person} * {id:desk_person}",
        "email": "replace(t.email, '@', '.' || {person} || '@')",
        "created_at": "{moved:created_at}",
    },
    "desk_call": {
        "id": "t.id + {n} * {id:desk_call}",
        "user_id": "t.user_id + {person} * {id:desk_person}",
        "state": "'closed'",
        "opened_at": "{moved:opened_at}",
        "updated_at": "{moved:updated_at}",
        "closed_at": "{moved:updated_at}",
    },
    "desk_participant": {
        "id": "t.id + {n} * {id:desk_participant}",
        "call_id": "t.call_id + {n} * {id:desk_call}",
        "address": "replace(t.address, '@', '.' || {person} || '@')",
    },
    "desk_timelineentry": {
        "id": "t.id + {n} * {id:desk_timelineentry}",
        "call_id": "t.call_id + {n} * {id:desk_call}",
        "actor_id": "t.actor_id + {person} * {id:desk_person}",
        "at": "{moved:at}",
        "text": "substr(t.text, 1, 500)",
        "html": "substr(t.html, 1, 500)",
        "external_id": "'<' || md5({n} || t.external_id) || '@mail.example>'",
    },
    "desk_attachment": {
        "id": "t.id + {n} * {id:desk_attachment}",
        "entry_id": "t.entry_id + {n} * {id:desk_timelineentry}",
    },
    "inbound_receivedmail": {
        "id": "t.id + {n} * {id:inbound_receivedmail}",
        "identity": "t.identity || '.' || {n}",
        "correlation_id": "md5({n} || t.correlation_id)",
        "received_at": "{moved:received_at}",
        "sha256": "md5({n} || t.sha256) || md5(t.sha256)",
        "raw": "null",
        "message_id": "'<' || md5({n} || t.message_id) || '@mail.example>'",
        "from_address": "replace(t.from_address, '@', '.' || {person} || '@')",
        "duplicate_key": "md5({n} || t.duplicate_key) || md5(t.duplicate_key)",
        "acted_at": "{moved:acted_at}",
        "call_id": "t.call_id + {n} * {id:desk_call}",
        "entry_id": "t.entry_id + {n} * {id:desk_timelineentry}",
        "raw_removed_at": "{moved:acted_at}",
        "removed_by": "'retention'",
    },
    "outbound_message": {
        "id": "t.id + {n} * {id:outbound_message}",
        "created_at": "{moved:created_at}",
        "correlation_id": "md5({n} || t.correlation_id)",
        "message_id": "'<' || md5({n} || t.message_id) || '@desk.example>'",
        "data": "'{{}}'",
        "call_id": "t.call_id + {n} * {id:desk_call}",
        "entry_id": "t.entry_id + {n} * {id:desk_timelineentry}",
        "data_removed_at": "{moved:created_at}",
        "removed_by": "'retention'",
    },
    "outbound_delivery": {
        "id": "t.id + {n} * {id:outbound_delivery}",
        "message_id": "t.message_id + {n} * {id:outbound_message}",
        "recipient": "replace(t.recipient, '@', '.' || {person} || '@')",
        "created_at": "{moved:created_at}",
    },
}
SENT = "update outbound_delivery set state = 'sent', attempts = 1, finished_at = created_at"


class Desk:
    """The database of a desk that no service uses now."""

    def __init__(self, place: Path | str) -> None:
        """`place`: the file of an SQLite database, or the URL of one on PostgreSQL."""
        self.on_sqlite = isinstance(place, Path)
        if isinstance(place, Path):
            self._connection: sqlite3.Connection | psycopg.Connection = sqlite3.connect(
                place, isolation_level=None
            )
            self._connection.create_function("md5", 1, _md5, deterministic=True)
            for pragma in ("synchronous = off", "cache_size = -1000000", "foreign_keys = off"):
                self._connection.execute(f"pragma {pragma}")
        else:
            self._connection = psycopg.connect(place, autocommit=True)

    def multiply(self, calls: int) -> None:
        """Copy what is there until it has about that many calls; in the order in which mails come."""
        copies = math.ceil(calls / self._number("count(*)", "desk_call")) - 1
        people = min(copies + 1, math.ceil(PEOPLE / self._number("count(*)", "desk_person")))
        moves = {table: self._number("max(id)", table) for table in COPIED}
        self._run("begin")
        self._run(SENT)
        if not self.on_sqlite:
            self._run("set local session_replication_role = replica")  # what is copied fits together
        for table, changes in COPIED.items():
            count = people - 1 if table == "desk_person" else copies
            self._copy(table, changes, moves, count, people)
        if not self.on_sqlite:
            self._set_sequences()
        self._add_entries()
        self._run("commit")
        self._settle()

    def size_mb(self) -> float:
        """On disk."""
        if self.on_sqlite:
            pages = self._number("page_count", "pragma_page_count()")
            return pages * self._number("page_size", "pragma_page_size()") / 2**20
        return self._number("pg_database_size(current_database())", "(select 1) as one") / 2**20

    def rows(self) -> dict[str, int]:
        """How many each table has."""
        return {table: self._number("count(*)", table) for table in COPIED}

    def close(self) -> None:
        """End the connection, so that the database may be copied."""
        self._connection.close()

    def _copy(
        self, table: str, changes: dict[str, str], moves: dict[str, int], count: int, people: int
    ) -> None:
        if count < 1:
            return
        words = {f"id:{name}": str(move) for name, move in moves.items()}
        words |= {"n": "k.n", "person": f"(k.n % {people})"}
        columns = self._columns(table)
        words |= {f"moved:{column}": self._moved(column, count) for column in columns}
        values = [_filled(changes.get(column, f't."{column}"'), words) for column in columns]
        names = ", ".join(f'"{column}"' for column in columns)
        self._run(f"create temporary table first_{table} as select * from {table}")  # without its copies
        for first in range(1, count + 1, AT_ONCE):
            numbers = " union all ".join(
                f"select {n} as n" for n in range(first, min(first + AT_ONCE, count + 1))
            )
            self._run(
                f"insert into {table} ({names}) select {', '.join(values)} "
                f"from ({numbers}) as k cross join first_{table} as t order by k.n, t.id"
            )

    def _add_entries(self) -> None:
        """What analysts did by the pages: about three entries a call in all."""
        for kind, text in MORE_ENTRIES.items():
            values = {
                "kind": f"'{kind}'",
                "at": "updated_at",
                "actor_name": "'Bob Baker'",
                "channel": "'page'",
                "internal": "true",
                "text": f"'{text}'",
                "call_id": "id",
            }
            empty = ("proof", "subject", "quoted_text", "html", "external_id")
            values |= dict.fromkeys(empty, "''")
            self._run(
                f"insert into desk_timelineentry ({', '.join(values)}) "
                f"select {', '.join(values.values())} from desk_call order by id"
            )

    def _set_sequences(self) -> None:
        """What is added from now on is numbered behind the copies; SQLite sees to that itself."""
        for table in COPIED:
            self._run(
                f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))"
            )

    def _settle(self) -> None:
        """As a database is that was long in use: with statistics, and its log written back."""
        if self.on_sqlite:
            self._run("analyze")
            self._run("pragma wal_checkpoint(truncate)")
            return
        for table in COPIED:
            self._run(
                f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))"
            )
        self._run("vacuum analyze")
        self._run("checkpoint")

    def _moved(self, column: str, count: int) -> str:
        """The later the copy, the later the time; all before now."""
        if self.on_sqlite:
            minutes = f"'-' || ({MINUTES} * ({count} + 1 - k.n)) || ' minutes'"
            return f"strftime('%Y-%m-%d %H:%M:%f', t.\"{column}\", {minutes})"
        return f"t.\"{column}\" - ({count} + 1 - k.n) * interval '{MINUTES} minutes'"

    def _columns(self, table: str) -> list[str]:
        if self.on_sqlite:
            return [row[0] for row in self._run(f"select name from pragma_table_info('{table}')")]
        return [row[0] for row in self._run(
            f"select column_name from information_schema.columns where table_name = '{table}'"
        )]  # fmt: skip

    def _number(self, what: str, where: str) -> int:
        return int(self._run(f"select {what} from {where}")[0][0])

    def _run(self, sql: str) -> list[tuple]:  # type: ignore[type-arg]
        cursor = self._connection.execute(sql)  # type: ignore[arg-type]  # our own words
        return cursor.fetchall() if cursor.description else []


def _md5(text: str | None) -> str | None:
    return text if text is None else hashlib.md5(str(text).encode(), usedforsecurity=False).hexdigest()


def _filled(expression: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        expression = expression.replace("{" + word + "}", value)
    return expression.replace("{{", "{").replace("}}", "}")
