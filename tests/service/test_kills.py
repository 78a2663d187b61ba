"""Killed everywhere: whatever is killed, every mail has exactly one outcome, and no answer is sent twice.

The one exception is written down where it happens: a delivery whose fate nobody can know is marked, and
resent once. So surplus acknowledgements never exceed those marks.
"""

import random
import smtplib
import time
from collections import Counter
from dataclasses import dataclass

import pytest

from desks import mail
from installations import Installation
from mailcall.checkpoints import NAMES
from mailcall.message import read_mail
from servers.dovecot import Dovecot
from servers.postfix import Postfix

pytestmark = pytest.mark.servers


@dataclass(frozen=True)
class Sent:
    """A mail that was put into the mailbox."""

    message_id: str
    sender: str
    refers_to: str = ""


class Flow:
    """Mails with a sender each; every fifth is followed by a second mail that belongs to the first."""

    def __init__(self, dovecot: Dovecot, mailbox: str, name: str) -> None:
        self._dovecot, self._mailbox, self._name = dovecot, mailbox, name
        self.sent: list[Sent] = []

    def feed(self, count: int) -> None:
        """Put so many more mails into the mailbox, by LMTP, which numbers them in this order."""
        if not count:
            return
        with smtplib.LMTP("127.0.0.1", self._dovecot.lmtp_port) as lmtp:
            self._feed(lmtp, count)

    def _feed(self, lmtp: smtplib.LMTP, count: int) -> None:
        for _ in range(count):
            number = len(self.sent)
            last = self.sent[-1] if self.sent else None
            if number % 5 == 4 and last:
                new = Sent(f"<{self._name}.{number}@k.example>", last.sender, last.message_id)
                raw = mail(
                    new.sender, "Re: more", "More.", message_id=new.message_id, in_reply_to=last.message_id
                )
            else:
                new = Sent(f"<{self._name}.{number}@k.example>", f"{self._name}{number}@k.example")
                raw = mail(new.sender, f"Problem {number}", "Help.", message_id=new.message_id)
            lmtp.sendmail("test@k.example", [self._mailbox], raw)
            self.sent.append(new)


def assert_exactly_once(installed: Installation, flow: Flow, dovecot: Dovecot, postfix: Postfix) -> str:
    """Every mail has one outcome; a sentence with the figures."""
    rows = installed.query("select message_id, id, state, outcome, call_id from inbound_receivedmail")
    assert Counter(row[0] for row in rows) == Counter(sent.message_id for sent in flow.sent)
    place = {row[0]: row[1] for row in rows}
    new: list[Sent] = []
    replies: list[Sent] = []
    for sent in flow.sent:
        # Now and then Dovecot numbers a reply before what it answers. Then it is a new matter, rightly.
        belongs = bool(sent.refers_to) and place[sent.refers_to] < place[sent.message_id]
        (replies if belongs else new).append(sent)
    outcome = {row[0]: row[2:] for row in rows}
    assert all(outcome[sent.message_id][:2] == ("done", "logged") for sent in new)
    assert all(outcome[sent.message_id][:2] == ("done", "updated") for sent in replies)
    assert installed.count("select count(*) from desk_call") == len(new)
    assert len({outcome[sent.message_id][2] for sent in new}) == len(new)
    assert installed.count("select count(*) from desk_timelineentry where kind = 'mail_in'") == len(flow.sent)
    assert installed.count(
        "select count(distinct external_id) from desk_timelineentry where kind = 'mail_in'"
    ) == len(flow.sent)
    assert dovecot.mails(installed.mailbox) == []

    table = installed.query(
        "select m.message_id, d.recipient, d.state, d.unknowns from outbound_delivery d "
        "join outbound_message m on m.id = d.message_id where m.type_code = 1001"
    )
    assert Counter(row[1] for row in table) == Counter(s.sender for s in new)
    assert {row[2] for row in table} <= {"sent", "held"}
    unknowns = sum(row[3] for row in table)
    surplus = 0
    due = Counter(row[1] for row in table if row[2] == "sent")
    for message_id, recipient, state, unknown in table:
        arrived = [read_mail(raw).message_id for raw in postfix.mails(recipient, wait=due[recipient])]
        copies = arrived.count(message_id)
        assert copies >= 1 or state == "held"
        assert copies - 1 <= unknown
        surplus += max(0, copies - 1)
    assert surplus <= unknowns
    return (
        f"{len(flow.sent)} mails, {len(new)} calls, {len(replies)} updates, "
        f"{unknowns} deliveries unknown, {surplus} acknowledgements surplus"
    )


@pytest.mark.parametrize("step", [name for name in NAMES if not name.startswith(("accept.", "retention."))])
def test_killed_at_a_step_boundary_every_mail_has_one_outcome(
    step: str, installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    flow = Flow(dovecot, installed.mailbox, step.replace(".", "-"))
    flow.feed(10)
    installed.start(kill_at=step)
    assert installed.process
    assert installed.process.wait(60) == -9, installed.tail()
    installed.process = None

    flow.feed(3)
    installed.start()
    installed.wait(lambda: installed.settled(len(flow.sent)), "all mails")
    installed.end()
    assert_exactly_once(installed, flow, dovecot, postfix)


def killed_at_random(
    installed: Installation, dovecot: Dovecot, postfix: Postfix, *, kills: int, mails: int
) -> str:
    """Mails flow while the service is killed again and again; then it may finish."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")  # noqa: T201  to play a failure again
    chance = random.Random(seed)
    flow = Flow(dovecot, installed.mailbox, "random")
    for number in range(kills):
        installed.start()
        log = installed.log.stat().st_size if installed.log.exists() else 0
        flow.feed((mails - len(flow.sent)) // (kills - number) // 2)
        installed.wait(lambda log=log: b"service started" in installed.log.read_bytes()[log:], "the start")
        flow.feed((mails - len(flow.sent)) // (kills - number))
        time.sleep(chance.uniform(0, 0.6))
        installed.kill()
    installed.start()
    installed.wait(lambda: installed.settled(len(flow.sent)), "all mails", 120)
    installed.end()
    assert len(flow.sent) == mails
    return assert_exactly_once(installed, flow, dovecot, postfix)


@pytest.mark.timeout(600)
def test_killed_at_forty_random_moments_while_300_mails_flow(
    installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    print(killed_at_random(installed, dovecot, postfix, kills=40, mails=300))  # noqa: T201


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_killed_at_500_random_moments_while_3000_mails_flow(
    installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    print(killed_at_random(installed, dovecot, postfix, kills=500, mails=3000))  # noqa: T201
