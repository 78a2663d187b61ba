"""What it costs to check very many mailboxes each minute and to watch them by IDLE, on Dovecot with TLS."""

import contextlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from correspondence import Correspondence
from installations import DESK, Installation, installation
from processes import cpu_seconds, footprint
from servers.dovecot import Dovecot

INTERVAL = 60  # seconds between two checks of a mailbox
SETTLE_SECONDS = 900
LOOK_SECONDS = 5.0
PAUSE_SECONDS = 1.0  # between two mails of the phase in which some arrive
PRESENT = "select count(*) from inbound_incomingaccount where last_good_at is null"
OLDEST = "select (julianday('now') - julianday(min(last_good_at))) * 86400 from inbound_incomingaccount"


def measure(accounts: int = 1_000, seconds: int = 300) -> dict[str, float]:
    """One service on SQLite: at rest for `seconds`, then as long with a mail each second.

    `cores_*` are the service's CPU seconds in a second. `oldest_check_s` is the longest that any mailbox went
    without a check that ended well.
    """
    with _desk(accounts) as (made, users, dovecot):
        figures = {f"{name}_at_rest": value for name, value in _rest(made, seconds).items()}
        arrived = _bring(made, dovecot, users, seconds)
        assert made.process
        small = footprint(made.process.pid)
        return {
            "accounts": accounts,
            **figures,
            **arrived,
            "rss_mb": small.rss_mb,
            "pss_mb": small.pss_mb,
            "descriptors": small.descriptors,
            "threads": small.threads,
        }


@contextlib.contextmanager
def _desk(accounts: int) -> Iterator[tuple[Installation, list[str], Dovecot]]:
    """A service all of whose mailboxes are watched, and were checked once."""
    with tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "dovecot").mkdir()
        with Dovecot(folder / "dovecot") as dovecot, installation(folder / "desk") as made:
            users = [dovecot.new_user() for _ in range(accounts)]
            made.environment["MAILCALL_CHECK_INTERVAL"] = str(INTERVAL)
            made.load(_desk_file(dovecot, users), IMAP_PASSWORD="secret")
            made.start()
            _wait(made, lambda: made.count(PRESENT) == 0, "a first check of each mailbox")
            # each has a session that waits, beside those of its checks
            _wait(made, lambda: dovecot.log.count("Login: user=<") >= 2 * accounts, "the watchers")
            time.sleep(INTERVAL)
            yield made, users, dovecot
            made.end()


def _desk_file(dovecot: Dovecot, users: list[str]) -> str:
    """That of the tests, with its account once for each user."""
    one = DESK.format(
        imap_port=dovecot.imaps_port, user="USER", ca_file=dovecot.ca_file, smtp_port=1, smtp_ca='""'
    )
    head, _, rest = one.partition("incoming_accounts:\n")
    account = rest.partition("outgoing_servers:")[0]
    accounts = [
        account.replace("USER", user)
        .replace("name: Support", f"name: Support {number}")
        .replace("support@desk.example", f"support{number}@desk.example")
        for number, user in enumerate(users)
    ]
    return f"{head}incoming_accounts:\n{''.join(accounts)}"


def _rest(made: Installation, seconds: int) -> dict[str, float]:
    """Nothing arrives."""
    assert made.process
    cpu, begun = cpu_seconds(made.process.pid), time.monotonic()
    oldest = 0.0
    while time.monotonic() - begun < seconds:
        time.sleep(LOOK_SECONDS)
        oldest = max(oldest, _oldest(made))
    took = time.monotonic() - begun
    return {"cores": (cpu_seconds(made.process.pid) - cpu) / took, "oldest_check_s": oldest}


def _bring(made: Installation, dovecot: Dovecot, users: list[str], seconds: int) -> dict[str, float]:
    """A mail each second, each to any of the mailboxes.

    How soon they come is not told: Dovecot as set up here may watch only as many folders as the machine lets
    one user watch (`fs.inotify.max_user_instances`), and looks at the others every half minute.
    """
    assert made.process
    choices = random.Random(5)
    letters = Correspondence(marker="crowd").letters(int(seconds / PAUSE_SECONDS))
    cpu, begun = cpu_seconds(made.process.pid), time.monotonic()
    for letter in letters:
        dovecot.deliver(choices.choice(users), letter.raw)
        time.sleep(PAUSE_SECONDS)
    done = "select count(*) from inbound_receivedmail where state = 'done'"
    _wait(made, lambda: made.count(done) == len(letters), "all mails")
    cores = (cpu_seconds(made.process.pid) - cpu) / (time.monotonic() - begun)
    return {"mails": len(letters), "cores_with_mails": cores, "oldest_check_s_at_the_end": _oldest(made)}


def _oldest(made: Installation) -> float:
    return float(made.query(OLDEST)[0][0])


def _wait(made: Installation, done: Callable[[], bool], what: str) -> None:
    """As `Installation.wait`, but looking seldom, since looking costs something here."""
    end = time.monotonic() + SETTLE_SECONDS
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"waited {SETTLE_SECONDS} s for {what}\n{made.tail()}")
        time.sleep(1)
