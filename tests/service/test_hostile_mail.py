"""Hostile mail through the whole service: each has one outcome, the next is done, memory stays bounded."""

import random
import time
from collections.abc import Callable

import pytest

import hostile_mails as hostile
from desks import mail
from harm import harming
from installations import Installation
from memory import Peak, in_use
from servers.dovecot import Dovecot

pytestmark = pytest.mark.servers

MOST = 150 * 1024 * 1024  # bytes above what the idle service has in use
SWIFT = (
    hostile.empty,
    hostile.headers_only,
    hostile.no_from,
    hostile.unknown_charset,
    hostile.zeros,
    hostile.ten_thousand_parts,
    hostile.ten_thousand_files,
    hostile.header_of_a_megabyte,
    hostile.field_of_a_megabyte,
    hostile.nested_multiparts,
    hostile.nested_mails,
    hostile.nested_base64,
    hostile.gzip_bomb,
    hostile.quoted_printable_bomb,
    hostile.nested_html,
    hostile.quotes_without_end,
    hostile.recipients,
)
SLOW = (hostile.long_text, hostile.long_html, hostile.big_attachment)
DEADLY = (hostile.dies, hostile.hangs)


class Mailbox:
    """Each hostile mail is followed by an honest one of the same name."""

    def __init__(self, installed: Installation, dovecot: Dovecot) -> None:
        self._installed, self._dovecot = installed, dovecot
        self.hostile: dict[str, bytes] = {}

    def put(self, *made: Callable[[], bytes]) -> None:
        for make in made:
            raw = self.hostile[make.__name__] = make()
            self._dovecot.deliver(self._installed.mailbox, raw)
            self._dovecot.deliver(self._installed.mailbox, honest(make.__name__))

    def dealt_with(self) -> bool:
        query = "select count(*) from inbound_receivedmail where state in ('done', 'held')"
        return self._installed.count(query) == 2 * len(self.hostile)

    def assert_each_has_one_outcome(self) -> None:
        """Hostile ones are done or held, honest ones logged, all of them once."""
        rows = self._installed.query("select size, subject, state, outcome, error from inbound_receivedmail")
        logged = [row[1] for row in rows if row[1].startswith("Honest") and row[3] == "logged"]
        assert sorted(logged) == sorted(f"Honest {name}" for name in self.hostile)
        others = [row for row in rows if not row[1].startswith("Honest")]
        assert len(others) == len(self.hostile)
        for _, _, state, outcome, error in others:
            assert outcome in {"logged", "rejected"} if state == "done" else error
        calls = self._installed.count("select count(*) from desk_call")
        assert calls == sum(row[3] == "logged" for row in rows)
        assert self._dovecot.mails(self._installed.mailbox) == []


def honest(name: str) -> bytes:
    return mail(f"{name}@honest.example", f"Honest {name}")


@pytest.fixture
def mailbox(installed: Installation, dovecot: Dovecot) -> Mailbox:
    return Mailbox(installed, dovecot)


def idle(installed: Installation) -> int:
    """Start the service; what it has in use once it rests."""
    installed.start()
    installed.wait(lambda: "service started" in installed.tail(), "the start")
    pid = installed.process.pid
    time.sleep(1)
    return in_use(pid)


@pytest.mark.parametrize("made", [SWIFT, SLOW[:2], SLOW[2:]], ids=["swift", "long", "30 MB"])
def test_a_hostile_mail_has_an_outcome_within_bounded_memory_and_the_next_is_done(
    made: tuple, installed: Installation, mailbox: Mailbox
) -> None:
    before = idle(installed)
    with Peak(installed.process.pid) as peak:
        mailbox.put(*made)
        installed.wait(mailbox.dealt_with, "all mails", 120)
    print(f"{before >> 20} MB idle, {(peak.bytes - before) >> 20} MB more at most")  # noqa: T201
    mailbox.assert_each_has_one_outcome()
    assert peak.bytes - before < MOST


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (hostile.dies, "Reading it ended the process that read it (signal 11)."),
        pytest.param(hostile.hangs, "Reading it took more than 5 seconds.", marks=pytest.mark.long),
    ],
)
def test_a_mail_that_ends_or_hangs_its_reader_is_held_and_the_next_is_done(
    made: Callable[[], bytes], why: str, installed: Installation, mailbox: Mailbox
) -> None:
    installed.environment["PYTHONPATH"] = harming(installed.folder)
    mailbox.put(made)
    installed.start()
    installed.wait(mailbox.dealt_with, "both mails", 120)
    mailbox.assert_each_has_one_outcome()
    assert installed.query("select error from inbound_receivedmail where state = 'held'") == [(why,)]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_while_it_reads_hostile_mail_each_still_has_one_outcome(
    installed: Installation, mailbox: Mailbox
) -> None:
    seed = random.randrange(10**9)
    print(f"seed {seed}")  # noqa: T201  to play a failure again
    chance = random.Random(seed)
    installed.environment["PYTHONPATH"] = harming(installed.folder)
    mailbox.put(*SWIFT, *SLOW, *DEADLY)
    for _ in range(10):
        log = installed.log.stat().st_size if installed.log.exists() else 0
        installed.start()
        installed.wait(lambda log=log: b"service started" in installed.log.read_bytes()[log:], "the start")
        time.sleep(chance.uniform(0, 5))
        installed.kill()
    installed.start()
    installed.wait(mailbox.dealt_with, "all mails", 300)
    mailbox.assert_each_has_one_outcome()
