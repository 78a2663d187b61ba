"""`make bench`: how fast mail comes in, how soon it is acted on, and how fast it leaves, on real servers.

Each round starts a fresh installation against a private Dovecot and Postfix's smtp-sink on loopback. The
clock is the database's own: when a mail was journalled, acted on, and delivered.
"""

import datetime as dt
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from desks import mail  # noqa: E402
from installations import DESK, Installation, installation  # noqa: E402
from servers.dovecot import Dovecot  # noqa: E402
from servers.process import answers, free_ports, wait_for  # noqa: E402

MAILS = 500
SINGLE = 10
ROUNDS = 3


def main() -> None:
    """Print the figures of each round, and their medians."""
    with tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "dovecot").mkdir()
        with Dovecot(folder / "dovecot") as dovecot, sink() as port:
            rounds = [one_round(folder / f"round-{n}", dovecot, port) for n in range(ROUNDS)]
    print(f"\nmedians of {ROUNDS} rounds")
    for name in rounds[0]:
        print(f"  {name:<48}{statistics.median(figures[name] for figures in rounds):10.2f}")


def one_round(folder: Path, dovecot: Dovecot, port: int) -> dict[str, float]:
    """Drain a full mailbox, then bring single mails and see how soon each is a call."""
    user = dovecot.new_user()
    with installation(folder) as made:
        desk = DESK.format(
            imap_port=dovecot.imaps_port, user=user, ca_file=dovecot.ca_file, smtp_port=port, smtp_ca='""'
        )
        made.load(desk.replace("security: starttls", "security: plain"), IMAP_PASSWORD="secret")
        for number in range(MAILS):
            dovecot.deliver(user, mail(f"sender{number}@bench.example", f"Problem {number}", "Help.\n" * 200))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        made.start()
        made.wait(lambda: made.settled(MAILS), "all mails", 300)
        singles = [soon(made, dovecot, user, number) for number in range(SINGLE)]
        made.end()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "mails in a second, mailbox to call": MAILS
        / span(made, "received_at", "acted_at", "inbound_receivedmail"),
        "mails out a second, while mail comes in": MAILS
        / span(made, "created_at", "finished_at", "outbound_delivery"),
        "seconds from the mailbox to a call, by IDLE": statistics.median(singles),
        "CPU seconds of the service, start included": (after.ru_utime + after.ru_stime)
        - (before.ru_utime + before.ru_stime),
    }
    print({name: round(value, 2) for name, value in figures.items()})
    return figures


def soon(made: Installation, dovecot: Dovecot, user: str, number: int) -> float:
    """Seconds from a mail's arrival in the mailbox until its call is committed."""
    begun = time.time()
    dovecot.deliver(user, mail(f"single{number}@bench.example"))
    made.wait(lambda: made.settled(MAILS + number + 1), "a single mail")
    acted = made.query("select acted_at from inbound_receivedmail order by id desc limit 1")[0][0]
    return dt.datetime.fromisoformat(acted).replace(tzinfo=dt.UTC).timestamp() - begun


def span(made: Installation, begin: str, end: str, table: str) -> float:
    """Seconds from the first beginning to the last end in a table, single mails left out."""
    first, last = made.query(
        f"select min({begin}), max({end}) from (select * from {table} order by id limit {MAILS})"
    )[0]
    return (dt.datetime.fromisoformat(last) - dt.datetime.fromisoformat(first)).total_seconds()


@contextmanager
def sink() -> Iterator[int]:
    """Postfix's smtp-sink, which takes all mail and keeps none."""
    [port] = free_ports(1)
    process = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "200"])
    try:
        if not wait_for(lambda: answers(port), 10):
            raise SystemExit("smtp-sink does not start.")
        yield port
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
