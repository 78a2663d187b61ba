"""A process that writes to a database without a pause, as the tests of the queue of writers need it."""

import sys
import time

import django
from django.conf import settings


def connect(path: str) -> None:
    """Set Django up with nothing but this database."""
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    database = {"ENGINE": "mailcall.database.sqlite3", "NAME": path, "OPTIONS": options}
    settings.configure(DATABASES={"default": database}, USE_TZ=True)
    django.setup()


def main() -> None:
    """Write for so many seconds, or take the lock and wait to be killed; print how many writes there were."""
    path, what, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    connect(path)
    from django.db import connection, transaction

    if what == "hold":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE counter SET n = n + 1000")
            print("held", flush=True)  # noqa: T201
            time.sleep(seconds)
        return
    done, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT n FROM counter")
            [(n,)] = cursor.fetchall()
            cursor.execute("UPDATE counter SET n = %s", [n + 1])
        done += 1
        if what == "mixed":  # and one outside a transaction, which only SQLite's own lock guards
            with connection.cursor() as cursor:
                cursor.execute("UPDATE counter SET n = n + 1")
            done += 1
    print(done)  # noqa: T201


if __name__ == "__main__":
    main()
