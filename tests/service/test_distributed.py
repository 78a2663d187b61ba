"""The engine of a desk on PostgreSQL: any worker takes a nudge at once; nothing that dies blocks the rest."""

import datetime as dt
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from desks import Desk
from installations import ON_POSTGRESQL
from mailcall import nudges
from mailcall.service import clock, leases, periodic
from mailcall.service.colleagues import Others
from mailcall.service.locks import alone
from mailcall.service.messaging import MessagingService
from servers.process import wait_for

on_postgresql = pytest.mark.skipif(
    not ON_POSTGRESQL, reason="the embedded desk has its engine in the process"
)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """Procrastinate's tables and the leases without what an earlier test left."""
    yield
    if ON_POSTGRESQL:
        rows("DELETE FROM procrastinate_jobs RETURNING id")
        rows("DELETE FROM procrastinate_workers RETURNING id")
        rows("DELETE FROM service_lease RETURNING work")


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def waiting() -> list[str]:
    """The jobs that wait in Procrastinate's table."""
    return [row[0] for row in rows("SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo'")]


def all_rows() -> int:
    return int(rows("SELECT count(*) FROM procrastinate_jobs")[0][0])


@contextmanager
def running(job: Callable[[str], None], threads: int = 1) -> Iterator[Any]:
    """An engine of one job, `act`; it has begun to listen."""
    from mailcall.service.distributed import DistributedEngine

    listening = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    before = len(rows(listening))
    engine = DistributedEngine({"act": job}, threads)
    engine.start()
    try:
        assert wait_for(lambda: len(rows(listening)) > before, 10)
        yield engine
    finally:
        assert engine.stop(10)


@on_postgresql
def test_a_nudge_of_another_process_is_taken_at_once_and_leaves_no_row() -> None:
    runs = []
    with running(runs.append):
        nudges.nudge("act", "5")
        assert wait_for(lambda: runs == ["5"], 3)
        assert wait_for(lambda: all_rows() == 0, 3)


@on_postgresql
def test_a_nudge_within_a_transaction_is_for_what_it_commits() -> None:
    with transaction.atomic():
        nudges.nudge("act")
        assert waiting() == []
    assert waiting() == ["act-"]


@on_postgresql
def test_a_nudge_for_what_waits_is_dropped_and_one_for_what_runs_has_it_run_once_more() -> None:
    begun, go_on, runs = threading.Semaphore(0), threading.Event(), []

    def job(argument: str) -> None:
        begun.release()
        go_on.wait(10)
        runs.append(argument)

    with running(job) as engine:
        engine.nudge("act", "a")
        assert begun.acquire(timeout=5)
        for _ in range(5):
            engine.nudge("act", "a")
            nudges.nudge("act", "a")
        assert wait_for(lambda: waiting() == ["act-a"], 5)
        go_on.set()
        assert wait_for(lambda: runs == ["a", "a"], 5)
        assert wait_for(lambda: all_rows() == 0, 5)


@on_postgresql
def test_what_one_worker_is_too_busy_for_another_takes() -> None:
    go_on, by = threading.Event(), []

    def slow(argument: str) -> None:
        by.append("slow")
        go_on.wait(10)

    with running(slow):
        nudges.nudge("act", "1")
        assert wait_for(lambda: by == ["slow"], 5)
        with running(lambda _: by.append("quick")):
            nudges.nudge("act", "2")
            assert wait_for(lambda: by == ["slow", "quick"], 5)
        go_on.set()


@on_postgresql
def test_a_job_that_raises_ends_nothing() -> None:
    runs = []

    def job(argument: str) -> None:
        runs.append(argument)
        if argument == "bad":
            raise RuntimeError("bad")

    with running(job) as engine:
        engine.nudge("act", "bad")
        engine.nudge("act", "good")
        assert wait_for(lambda: set(runs) == {"bad", "good"}, 5)
        assert wait_for(lambda: all_rows() == 0, 5)


@on_postgresql
def test_what_a_stop_may_have_cut_short_is_left_for_another_worker() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def job(argument: str) -> None:
        begun.set()
        go_on.wait(10)

    with running(job) as engine:
        engine.nudge("act", "1")
        assert begun.wait(5)
        assert not engine.stop(0)
        go_on.set()
    assert waiting() == ["act-1"]
    assert rows("SELECT id FROM procrastinate_workers") == []


@on_postgresql
def test_jobs_of_dead_and_frozen_workers_are_given_to_others_and_those_of_the_living_are_not() -> None:
    from mailcall.service.distributed import jobs_left_behind

    rows(
        "WITH workers AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), "
        "(now() - interval '45 seconds') RETURNING id) "
        "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, status, worker_id) "
        "SELECT 'act', 'act', 'act-', '{\"argument\": \"\"}'::jsonb, 'doing'::procrastinate_job_status, id "
        "FROM workers UNION ALL "
        "SELECT 'collect', 'collect', 'collect-5', '{\"argument\": \"5\"}', 'doing', NULL RETURNING id"
    )
    assert sorted(jobs_left_behind()) == [("act", ""), ("collect", "5")]
    assert rows("SELECT task_name FROM procrastinate_jobs") == [("act",)]
    assert jobs_left_behind() == []


@on_postgresql
def test_an_engine_whose_connections_are_cut_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    runs = []
    with running(runs.append):
        for number in range(3):
            rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            nudges.nudge("act", str(number))
            assert wait_for(lambda number=number: runs[-1:] == [str(number)], 10)
    assert "worker begins anew" not in caplog.text
    assert caplog.text.count("database away") <= 3


@on_postgresql
def test_a_worker_that_was_struck_off_while_it_was_frozen_registers_anew() -> None:
    runs = []
    with running(runs.append):
        rows("DELETE FROM procrastinate_workers RETURNING id")
        nudges.nudge("act", "1")
        assert wait_for(lambda: runs == ["1"], 10)


@on_postgresql
def test_finishing_a_job_that_others_took_over_meanwhile_harms_neither() -> None:
    begun, go_on, runs = threading.Event(), threading.Event(), []

    def job(argument: str) -> None:
        begun.set()
        go_on.wait(10)
        runs.append(argument)

    with running(job):
        nudges.nudge("act", "1")
        assert begun.wait(5)
        rows("DELETE FROM procrastinate_jobs RETURNING id")
        go_on.set()
        nudges.nudge("act", "2")
        assert wait_for(lambda: runs == ["1", "2"], 5)


@on_postgresql
def test_work_that_was_asked_for_while_it_was_done_is_nudged_when_it_is_given_back() -> None:
    with alone("collect-5"), leases.leased("collect-5") as second:
        assert second is None
        assert waiting() == []
    assert waiting() == ["collect-5"]
    with alone("collect-6"):
        pass
    assert waiting() == ["collect-5"]


@on_postgresql
def test_what_hangs_when_a_worker_ends_is_given_to_others_at_once() -> None:
    with alone("collect-5") as lost:
        leases.give_back_all()
        assert lost()
        assert waiting() == ["collect-5"]
        with alone("collect-5") as others:
            assert not others()


@on_postgresql
def test_what_is_periodic_is_due_once_however_many_workers_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "DISTRIBUTED", {"alarms": 3600.0, "sweep": 0.0})
    due: list[str] = []

    def ask() -> None:
        for _ in range(5):
            due.extend(periodic.Periodic().due())
        connection.close()

    workers = [threading.Thread(target=ask) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert due.count("alarms") == 1
    assert due.count("sweep") > 1
    rows("UPDATE service_lease SET until = now() RETURNING work")
    assert sorted(periodic.Periodic().due()) == ["alarms", "sweep"]


@on_postgresql
def test_a_worker_that_begins_does_not_make_the_others_forget_how_long_a_mailbox_was_away() -> None:
    now = timezone.now()
    assert clock.at_work_since(now) == now
    assert clock.at_work_since(now + dt.timedelta(minutes=4)) == now
    assert clock.at_work_since(now + dt.timedelta(minutes=8)) == now
    later = now + dt.timedelta(minutes=14)
    assert clock.at_work_since(later) == later


@on_postgresql
def test_a_reply_written_on_a_page_nudges_the_service(client: Client, desk: Desk) -> None:
    client.post("/sign-in/", {})
    assert waiting() == ["sweep-"]


def test_each_mailbox_is_watched_by_one_worker_and_only_those_of_one_that_goes_change_hands() -> None:
    names = {"a", "b", "c"}
    workers = {name: Others(name, lambda: names) for name in sorted(names)}
    assert all(worker.changed() for worker in workers.values())
    assert not any(worker.changed() for worker in workers.values())

    def watched() -> dict[int, str]:
        by = {n: [name for name in names if workers[name].ours(n)] for n in range(300)}
        assert all(len(watchers) == 1 for watchers in by.values())
        return {n: watchers[0] for n, watchers in by.items()}

    before = watched()
    assert all(list(before.values()).count(name) > 50 for name in names)
    names = {"a", "b"}
    assert workers["a"].changed()
    assert workers["b"].changed()
    after = watched()
    assert all(after[n] == before[n] for n in before if before[n] != "c")


@pytest.mark.skipif(ON_POSTGRESQL, reason="Procrastinate is for PostgreSQL")
def test_the_embedded_desk_does_not_even_load_procrastinate() -> None:
    MessagingService()
    nudges.nudge("act")
    assert "procrastinate" not in sys.modules
