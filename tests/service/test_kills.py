"""Killed everywhere: whatever is killed, every mail has exactly one outcome, and no answer is sent twice."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from installations import ON_POSTGRESQL, Installation, installation
from mailcall.checkpoints import NAMES
from servers.dovecot import Dovecot
from servers.postfix import Postfix
from servers.process import free_ports
from service.balance import assert_exactly_once
from service.desk_text import desk_file, mailbox, smtp
from service.flows import ByLmtp, ByPipe, Feed, Feeder, Flow, IntoMailbox, IntoMaildir
from service.killing import kill, let_time_pass, start_all, wait_until_settled, workers

pytestmark = pytest.mark.servers
on_postgresql = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite is for one machine")
FEEDS = ("imap", "pop3", "maildir", "lmtp", "pipe")


STEPS = [name for name in NAMES if name.startswith(("collect.", "act.", "deliver."))]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_boundary_every_mail_has_one_outcome(
    step: str, installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    flow = Flow(step.replace(".", "-"), IntoMailbox(dovecot, installed.mailbox))
    flow.feed(10)
    installed.start(kill_at=step)
    assert installed.process
    assert installed.process.wait(60) == -9, installed.tail()
    installed.process = None

    flow.feed(3)
    installed.start()
    installed.wait(lambda: installed.settled(len(flow.sent)), "all mails")
    installed.end()
    assert_exactly_once(installed, flow, postfix)


@dataclass
class Servers:
    """What the desks of these tests have around them."""

    dovecot: Dovecot
    postfix: Postfix
    folder: Path


@pytest.fixture
def servers(dovecot: Dovecot, postfix: Postfix, tmp_path: Path) -> Servers:
    return Servers(dovecot, postfix, tmp_path)


@contextmanager
def fed_desk(
    feed: str, count: int, servers: Servers, chance: random.Random
) -> Iterator[tuple[list[Installation], Feed]]:
    """So many workers of a desk, none of them started, and the way by which it gets its mail."""
    dovecot, postfix = servers.dovecot, servers.postfix
    user, maildir = dovecot.new_user(), servers.folder / "maildir"
    account = {
        "imap": mailbox("imap", dovecot.imaps_port, user, dovecot.ca_file),
        "pop3": mailbox("pop3", dovecot.pop3s_port, user, dovecot.ca_file),
        "maildir": {"protocol": "maildir", "path": str(maildir)},
    }.get(feed, {"protocol": "fed"})
    with installation(servers.folder / "desk") as first:
        text = desk_file({"Support": account}, {"Postfix": smtp(postfix.smtp_port, postfix.ca_file)})
        first.load(text, MAILBOX_PASSWORD="secret")
        with workers(first, count) as desk:
            ports = free_ports(count) if feed == "lmtp" else []
            for worker, port in zip(desk, ports, strict=False):
                worker.environment["MAILCALL_LMTP_LISTEN"] = f"127.0.0.1:{port}"
            feeds = {
                "maildir": lambda: IntoMaildir(maildir),
                "lmtp": lambda: ByLmtp(ports),
                "pipe": lambda: ByPipe(desk, chance),
            }
            yield desk, feeds.get(feed, lambda: IntoMailbox(dovecot, user))()


def killed_at_random(feed: str, count: int, servers: Servers, *, kills: int, mails: int) -> None:
    """Mails flow while workers are killed again and again; then all may finish."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")  # noqa: T201  to play a failure again
    chance = random.Random(seed)
    with fed_desk(feed, count, servers, chance) as (desk, by):
        flow, ways, brought = Flow(f"{feed}-{count}", by), Counter[str](), 0
        feeder = Feeder(flow)
        for number in range(kills):
            share = (mails - brought) // (kills - number)
            feeder.bring(share // 2)  # some before the start, some while it runs
            start_all(desk)
            feeder.bring(share - share // 2)
            brought += share
            time.sleep(chance.uniform(0, 0.6))
            ways[kill(chance.choice(desk), chance)] += 1
            let_time_pass(desk)
        start_all(desk)
        feeder.finish(300)
        wait_until_settled(desk, mails, 180)
        desk[0].wait(by.is_empty, "an empty mailbox")
        for worker in desk:
            worker.end()
        found = assert_exactly_once(desk[0], flow, servers.postfix)
        print(f"{feed}, {count} workers, killed {dict(ways)}: {found}")  # noqa: T201


@pytest.mark.skipif(ON_POSTGRESQL, reason="there, three workers are killed")
@pytest.mark.timeout(600)
def test_killed_at_forty_random_moments_while_300_mails_flow(servers: Servers) -> None:
    killed_at_random("imap", 1, servers, kills=40, mails=300)


@on_postgresql
def test_of_three_workers_one_after_another_is_killed_while_mails_flow(servers: Servers) -> None:
    killed_at_random("imap", 3, servers, kills=5, mails=100)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("count", [1, pytest.param(3, marks=on_postgresql)])
@pytest.mark.parametrize("feed", FEEDS)
def test_killed_at_36_random_moments_whatever_feeds_the_desk(feed: str, count: int, servers: Servers) -> None:
    """On both databases and with one and three workers these are 540 kills."""
    killed_at_random(feed, count, servers, kills=36, mails=40 if feed == "pipe" else 250)
