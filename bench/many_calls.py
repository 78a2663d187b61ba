"""What a mail costs on a desk with a million calls, against an empty one: interleaved pairs of rounds.

The rounds are those of `inbound.py`. Message-IDs are random, as those of most mail programs are, so that each
mail goes to another place of every index.
"""

import contextlib
import hashlib
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from correspondence import Correspondence, Letter
from inbound import running
from installations import Installation
from loading import Desk
from processes import cpu_seconds, cpu_seconds_of_family
from servers.dovecot import Dovecot
from servers.postgresql import PostgreSQL

MAILS = 1_000
WAIT_SECONDS = 600
NEWEST = "select coalesce(max(id), 0) from inbound_receivedmail"


class Scattered(Correspondence):
    """Letters with random Message-IDs."""

    def _id(self, number: int) -> str:
        name = hashlib.md5(f"{self._marker} {number}".encode(), usedforsecurity=False).hexdigest()
        return f"<{name}@corp.example>"


@dataclass(frozen=True, slots=True)
class Round:
    """CPU seconds for all letters: of the service with its children, and of PostgreSQL."""

    service: float
    server: float


def measure(database: str, calls: int = 1_000_000, pairs: int = 5) -> dict[str, float]:
    """On `sqlite` or `postgresql`, durable: CPU seconds for 1,000 mails on either desk, and their ratios."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp")))
        folder.chmod(0o755)
        (folder / "dovecot").mkdir()
        dovecot = stack.enter_context(Dovecot(folder / "dovecot"))
        server = stack.enter_context(PostgreSQL(folder, durable=True)) if database == "postgresql" else None
        loaded, size = _load(folder / "loaded", dovecot, server, calls)
        empty_rounds, loaded_rounds = [], []
        for number in range(pairs):
            letters = Scattered(marker=f"round{number}").letters(MAILS)
            url = server.new_database() if server else ""
            with running(folder / f"empty-{number}", dovecot, url) as made:
                empty_rounds.append(_round(made, dovecot, server, letters))
            with _again(loaded, dovecot):
                loaded_rounds.append(_round(loaded, dovecot, server, letters))
            print(f"  {database}: empty {empty_rounds[-1]}, loaded {loaded_rounds[-1]}", flush=True)
    return {
        "calls": calls,
        "size_mb": size,
        **_compared("", [r.service for r in empty_rounds], [r.service for r in loaded_rounds]),
        **(
            _compared("server_", [r.server for r in empty_rounds], [r.server for r in loaded_rounds])
            if server
            else {}
        ),
    }


def _compared(whose: str, empty: list[float], loaded: list[float]) -> dict[str, float]:
    ratios = [full / bare for full, bare in zip(loaded, empty, strict=True)]
    return {
        f"{whose}cpu_s_per_1000_empty": statistics.median(empty),
        f"{whose}cpu_s_per_1000_loaded": statistics.median(loaded),
        f"{whose}ratio_of_medians": statistics.median(loaded) / statistics.median(empty),
        f"{whose}median_of_ratios": statistics.median(ratios),
    }


def _load(
    folder: Path, dovecot: Dovecot, server: PostgreSQL | None, calls: int
) -> tuple[Installation, float]:
    """A desk with so many calls, its service at rest; and its megabytes on disk."""
    with running(folder, dovecot, server.new_database() if server else "") as made:
        _round(made, dovecot, server, Scattered(marker="first").letters(MAILS))
    made.change("delete from inbound_receivedmail where state = 'held'")  # the first mail, to warm up
    desk = Desk(made.database_url or made.data / "mailcall.sqlite3")
    desk.multiply(calls)
    print(f"  loaded: {desk.rows()}, {desk.size_mb():,.0f} MB", flush=True)
    size = desk.size_mb()
    desk.close()
    return made, size


@contextlib.contextmanager
def _again(made: Installation, dovecot: Dovecot) -> Iterator[None]:
    """Its service once more, at rest, after a mail to warm it up."""
    user = made.mailbox  # type: ignore[attr-defined]
    before, newest = dovecot.logins(user), made.count(NEWEST)
    made.start()
    made.wait(lambda: dovecot.logins(user) >= before + 2, "the sessions with the mailbox")
    dovecot.deliver(user, b"From: first@corp.example\r\nSubject: Warm\r\n\r\nWarm.\r\n")
    made.wait(lambda: _done(made, newest) == 1, "the first mail")
    yield
    made.end()


def _round(made: Installation, dovecot: Dovecot, server: PostgreSQL | None, letters: list[Letter]) -> Round:
    """Bring all letters, and see that each became what it should."""
    assert made.process
    user, newest = made.mailbox, made.count(NEWEST)  # type: ignore[attr-defined]
    session = made.process.pid
    service, of_server = cpu_seconds(session), _cpu_of(server)
    dovecot.deliver_many(user, [letter.raw for letter in letters])
    made.wait(
        lambda: _done(made, newest) == len(letters) and dovecot.is_empty(user), "all mails", WAIT_SECONDS
    )
    service, of_server = cpu_seconds(session) - service, _cpu_of(server) - of_server
    answers = sum(letter.answers is not None for letter in letters)
    for outcome, expected in (("logged", len(letters) - answers), ("updated", answers)):
        found = made.count(
            f"select count(*) from inbound_receivedmail where id > {newest} and outcome = '{outcome}'"
        )
        if found != expected:
            raise SystemExit(f"{found} mails {outcome} instead of {expected}.")
    scale = 1_000 / len(letters)
    return Round(round(service * scale, 2), round(of_server * scale, 2))


def _cpu_of(server: PostgreSQL | None) -> float:
    if server is None:
        return 0.0
    return cpu_seconds_of_family(int((server.data / "postmaster.pid").read_text().split()[0]))


def _done(made: Installation, newest: int) -> int:
    """How many mails are done since one of the journal."""
    return made.count(f"select count(*) from inbound_receivedmail where id > {newest} and state = 'done'")
