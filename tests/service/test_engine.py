"""The embedded engine and the watchers: nothing that hangs or dies holds up the rest."""

import threading

import pytest

from desks import Desk
from mailcall.mailbox.interface import MailboxError
from mailcall.service import watchers
from mailcall.service.engine import Engine
from mailcall.service.messaging import MessagingService
from servers.process import wait_for


def test_a_nudge_while_a_job_runs_has_it_run_once_more_and_never_twice_at_once() -> None:
    begun, go_on, runs, at_once = threading.Event(), threading.Event(), [], []
    running = threading.Lock()

    def job(argument: str) -> None:
        at_once.append(running.acquire(blocking=False))
        runs.append(argument)
        begun.set()
        go_on.wait(5)
        running.release()

    engine = Engine({"job": job}, threads=3)
    engine.start()
    engine.nudge("job", "a")
    assert begun.wait(5)
    for _ in range(5):
        engine.nudge("job", "a")
    go_on.set()
    assert wait_for(lambda: len(runs) == 2, 5)
    assert engine.stop(5)
    assert runs == ["a", "a"]
    assert all(at_once)


def test_a_job_that_raises_does_not_end_its_thread() -> None:
    done = threading.Event()

    def job(argument: str) -> None:
        if argument == "bad":
            raise RuntimeError("bad")
        done.set()

    engine = Engine({"job": job}, threads=1)
    engine.start()
    engine.nudge("job", "bad")
    engine.nudge("job", "good")
    assert done.wait(5)
    assert engine.stop(5)


@pytest.mark.django_db(transaction=True)
def test_mailboxes_that_never_answer_hold_up_neither_acting_nor_sending() -> None:
    service = MessagingService()
    assert service._engines["collect"] not in {service._engines["act"], service._engines["deliver"]}
    assert service._engines["deliver"] is not service._engines["act"]


class Broken:
    """A mailbox whose client has a bug."""

    can_push = True

    def __enter__(self) -> "Broken":
        raise ValueError("a bug")

    def __exit__(self, *_: object) -> None: ...


def test_a_watcher_survives_what_nobody_foresaw(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def opened(*_: object) -> Broken:
        tries.append(1)
        if len(tries) > 2:
            raise MailboxError("It is away.", temporary=True)
        return Broken()

    monkeypatch.setattr(watchers, "open_mailbox", opened)
    monkeypatch.setattr(watchers, "PAUSES", (0.01,))
    watcher = watchers.Watcher(desk.account, desk.account.mailbox_settings(), lambda: None)
    watcher.start()
    assert wait_for(lambda: len(tries) > 4, 5)
    assert watcher.is_alive()
    assert watcher.fits(desk.account.mailbox_settings())
    watcher.end()
    watcher.join(5)
    assert not watcher.fits(desk.account.mailbox_settings())
