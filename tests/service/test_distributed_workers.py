"""Several workers on one database: restarted in turn, frozen, killed, and without it for a while."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from installations import DESK, ON_POSTGRESQL, Installation
from servers.dovecot import Dovecot
from servers.fixtures import server_folder
from servers.postfix import Postfix
from servers.postgresql import PostgreSQL
from servers.process import alive
from service.balance import assert_exactly_once, longest_pause
from service.flows import Flow, IntoMailbox, feeding

pytestmark = [
    pytest.mark.servers,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite is for one machine"),
]

MINUTE = 60.0
DONE = "select count(*) from inbound_receivedmail where state = 'done'"


@pytest.fixture
def workers(installed: Installation, tmp_path: Path) -> Iterator[list[Installation]]:
    """Three workers of one desk; none runs yet."""
    with three(installed, tmp_path) as workers:
        yield workers


@contextmanager
def three(first: Installation, folder: Path) -> Iterator[list[Installation]]:
    """The first worker of a desk and two more; their processes are ended in any case."""
    workers = [first, first.another_worker(folder / "second"), first.another_worker(folder / "third")]
    try:
        yield workers
    finally:
        for worker in workers:
            if worker.process:
                worker.kill()


def started(worker: Installation) -> None:
    """Start it, and wait until it says so."""
    log = worker.log.stat().st_size if worker.log.exists() else 0
    worker.start()
    worker.wait(lambda: b"service started" in worker.log.read_bytes()[log:], "the start")


def test_workers_are_restarted_in_turn_without_a_gap(
    workers: list[Installation], dovecot: Dovecot, postfix: Postfix
) -> None:
    desk = workers[0]
    flow = Flow("rolling", IntoMailbox(dovecot, desk.mailbox))
    for worker in workers:
        started(worker)
    with feeding(flow, every=0.1):
        for worker in workers:
            stopping = worker.end()
            print(f"stopped in {stopping:.1f} s")  # noqa: T201
            sent = len(flow.sent)
            desk.wait(lambda sent=sent: desk.count(DONE) >= sent, "the others to do what has come")
            started(worker)
    desk.wait(lambda: desk.settled(len(flow.sent)), "all mails")
    print(f"longest pause {longest_pause(desk):.2f} s")  # noqa: T201
    print(assert_exactly_once(desk, flow, postfix))  # noqa: T201
    assert desk.count("select count(*) from procrastinate_jobs where status = 'doing'") <= 3
    assert desk.count("select count(*) from service_lease where work like 'worker-%'") == 3


@pytest.mark.parametrize("step", ["collect.journalled", "act.applied", "deliver.sent"])
def test_the_work_of_a_frozen_worker_is_taken_over_within_a_minute_and_nothing_is_done_twice(
    step: str, workers: list[Installation], dovecot: Dovecot, postfix: Postfix
) -> None:
    frozen, *others = workers
    flow = Flow("frozen", IntoMailbox(dovecot, frozen.mailbox))
    flow.feed(10)
    frozen.start(freeze_at=step)
    assert frozen.process
    pid = frozen.process.pid
    frozen.wait(lambda: is_stopped(pid), "the freeze")
    begun = time.monotonic()
    for worker in others:
        started(worker)
    flow.feed(5)
    frozen.wait(lambda: frozen.settled(15), "the others to take over", MINUTE - (time.monotonic() - begun))
    print(f"taken over in {time.monotonic() - begun:.0f} s")  # noqa: T201
    time.sleep(max(0.0, 90 - (time.monotonic() - begun)))
    os.kill(pid, signal.SIGCONT)
    flow.feed(5)
    frozen.wait(lambda: frozen.settled(20), "the mails after it went on")
    for worker in others:
        worker.end()
    flow.feed(5)
    frozen.wait(lambda: frozen.settled(25), "what it does alone")
    frozen.end()
    print(assert_exactly_once(frozen, flow, postfix))  # noqa: T201


@pytest.mark.parametrize("step", ["collect.fetched", "act.committed", "deliver.leased"])
def test_the_work_of_a_killed_worker_is_taken_over_within_a_minute(
    step: str, workers: list[Installation], dovecot: Dovecot, postfix: Postfix
) -> None:
    killed, *others = workers
    flow = Flow("killed", IntoMailbox(dovecot, killed.mailbox))
    flow.feed(10)
    killed.start(kill_at=step)
    assert killed.process
    assert killed.process.wait(60) == -9, killed.tail()
    killed.process = None
    begun = time.monotonic()
    for worker in others:
        started(worker)
    flow.feed(5)
    killed.wait(lambda: killed.settled(15), "the others to take over", MINUTE - (time.monotonic() - begun))
    print(f"taken over in {time.monotonic() - begun:.0f} s")  # noqa: T201
    print(assert_exactly_once(killed, flow, postfix))  # noqa: T201


def test_a_database_that_crashes_and_comes_back_loses_nothing_and_is_said_once(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    user = dovecot.new_user()
    desk = DESK.format(
        imap_port=dovecot.imaps_port,
        user=user,
        ca_file=dovecot.ca_file,
        smtp_port=postfix.smtp_port,
        smtp_ca=postfix.ca_file,
    )
    with server_folder() as folder, PostgreSQL(folder, durable=True) as server:
        (tmp_path / "first").mkdir()
        first = Installation(tmp_path / "first", server.url())
        first.mailbox = user  # type: ignore[attr-defined]
        first.load(desk, IMAP_PASSWORD="secret")
        flow = Flow("restart", IntoMailbox(dovecot, user))
        with three(first, tmp_path) as workers:
            for worker in workers:
                started(worker)
            for pause in (0.0, 5.0):
                with feeding(flow, every=0.05):
                    time.sleep(2)
                    server.stop("immediate")
                    time.sleep(pause)
                    server.start()
                    begun = time.monotonic()
                    time.sleep(2)
                first.wait(lambda: first.settled(len(flow.sent)), "all mails")
                print(f"all done {time.monotonic() - begun:.1f} s after the start")  # noqa: T201
            print(assert_exactly_once(first, flow, postfix))  # noqa: T201
            for worker in workers:
                first.wait(lambda: times(worker, "away") == times(worker, "back"), "the word that it is back")  # noqa: B023
                worker.end()
                assert "Traceback" not in worker.log.read_text()
                assert 1 <= times(worker, "away") <= 2


def times(worker: Installation, what: str) -> int:
    """How often a worker said that the database is away, or back."""
    return worker.log.read_text().count(f'"database {what}"')


def is_stopped(pid: int) -> bool:
    """Whether a process was frozen by SIGSTOP."""
    return alive(pid) and Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
