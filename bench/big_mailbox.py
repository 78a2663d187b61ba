"""How a mailbox of 100,000 mails is drained: as fast at its end as at its beginning, and in what memory."""

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from correspondence import Correspondence
from inbound import running
from installations import Installation
from processes import PeakMemory, cpu_seconds, footprint
from servers.dovecot import Dovecot

LETTERS = 1_000  # that differ in more than their Message-ID and sender
TENTHS = 10
LOOK_SECONDS = 2.0
WAIT_SECONDS = 3_600


def measure(mails: int = 100_000) -> dict[str, float]:
    """On SQLite, by IMAP; no server to send by. `flatness`: speed of the last tenth to that of the first.

    `peak_rss_mb` counts what the processes share once for each, `peak_pss_mb` once.
    """
    with tempfile.TemporaryDirectory(prefix="mc-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "dovecot").mkdir()
        with Dovecot(folder / "dovecot") as dovecot, running(folder / "one", dovecot) as made:
            user = made.mailbox  # type: ignore[attr-defined]
            made.end()
            _fill(dovecot, user, mails)
            made.start()
            assert made.process
            session = made.process.pid
            with PeakMemory(session) as peak, _PeakShare(session) as share:
                _wait(made, mails)
            cpu = cpu_seconds(session)
            _check(made, dovecot, mails)
            speeds = list(_speeds(made, mails))
            return {
                "mails": mails,
                "mails_per_s": mails / (sum(mails / TENTHS / speed for speed in speeds)),
                **{f"mails_per_s_tenth_{n}": speed for n, speed in enumerate(speeds, 1)},
                "flatness": speeds[-1] / speeds[0],
                "cpu_s_per_1000": cpu / mails * 1_000,
                "peak_rss_mb": peak.megabytes,
                "peak_pss_mb": share.megabytes,
                "size_mb": sum(file.stat().st_size for file in made.data.glob("mailcall.sqlite3*")) / 2**20,
            }


def _fill(dovecot: Dovecot, user: str, mails: int) -> None:
    letters = Correspondence(marker="first").letters(min(LETTERS, mails))
    for part in range(0, mails, LETTERS):
        other = b".copy%d@corp.example" % part
        some = letters[: mails - part]
        dovecot.deliver_many(user, [one.raw.replace(b".first@corp.example", other) for one in some])


def _wait(made: Installation, mails: int) -> None:
    """Looking seldom, since looking costs something here."""
    end = time.monotonic() + WAIT_SECONDS
    while made.count("select count(*) from inbound_receivedmail where state = 'done'") < mails:
        if time.monotonic() > end:
            raise SystemExit(f"waited {WAIT_SECONDS} s for all mails\n{made.states()}\n{made.tail()}")
        time.sleep(LOOK_SECONDS)


def _check(made: Installation, dovecot: Dovecot, mails: int) -> None:
    """Every mail is accounted for once, and the mailbox empty."""
    made.wait(lambda: dovecot.is_empty(made.mailbox), "the mailbox to be empty")  # type: ignore[attr-defined]
    outcomes = dict(
        made.query("select outcome, count(*) from inbound_receivedmail where state = 'done' group by 1")
    )
    calls = made.count("select count(*) from desk_call") - 1  # the first mail's
    if (
        sum(outcomes.values()) != mails
        or set(outcomes) != {"logged", "updated"}
        or calls != outcomes["logged"]
    ):
        raise SystemExit(f"{outcomes} and {calls} calls of {mails} mails.\n{made.states()}")


def _speeds(made: Installation, mails: int) -> Iterator[float]:
    """Mails in a second, for each tenth, by the times at which they were acted on; from the first on."""
    at = "(julianday(acted_at) - 2440587.5) * 86400"
    acted = sorted(
        float(row[0]) for row in made.query(f"select {at} from inbound_receivedmail where state = 'done'")
    )
    size = mails // TENTHS
    before = acted[0]
    for last in range(size - 1, size * TENTHS, size):
        yield size / (acted[last] - before)
        before = acted[last]


class _PeakShare(threading.Thread):
    """As `PeakMemory`, with what processes share counted once; looked at seldom, since that costs more."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.megabytes = 0.0
        self._session = session
        self._end = threading.Event()

    def __enter__(self) -> "_PeakShare":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join()

    def run(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            self.megabytes = max(self.megabytes, footprint(self._session).pss_mb)
