"""What an orchestrator is told of a worker: whether it lives, and whether it can work."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from mailcall.config import config
from mailcall.database import readiness
from mailcall.service import health, metrics
from servers.process import free_ports
from service.test_trouble import small_disk

__all__ = ["small_disk"]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that just began."""
    monkeypatch.setattr(readiness, "_current", False)
    health.begin()


def silent(part: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health._beats, part, time.monotonic() - seconds)


@pytest.mark.django_db
def test_a_worker_that_lives_and_has_its_database_is_ready() -> None:
    assert health.ailment() == ""
    assert health.unreadiness() == ""


@pytest.mark.django_db
@pytest.mark.parametrize("trouble", [OperationalError, InterfaceError])
def test_without_its_database_it_lives_but_is_not_ready(
    trouble: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise trouble("could not connect to db.internal as desk")

    monkeypatch.setattr(connection, "cursor", refuse)
    assert health.ailment() == ""
    assert health.unreadiness() == "The database can't be used; the log says why."


@pytest.mark.django_db
def test_with_a_database_of_another_version_it_is_not_ready_until_that_is_migrated() -> None:
    applied = MigrationRecorder(connection).migration_qs.filter(app="service", name="0001_initial")
    applied.update(name="0001_other")
    assert health.unreadiness() == "The database is not of this version."
    applied.model.objects.filter(name="0001_other").update(name="0001_initial")
    assert health.unreadiness() == ""


@pytest.mark.django_db
def test_with_a_full_disk_it_is_not_ready(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = config().model_copy(update={"data_dir": small_disk})
    monkeypatch.setattr(readiness, "config", lambda: changed)
    assert health.unreadiness() == "The disk of the data folder is full."
    assert health.ailment() == ""


@pytest.mark.django_db
def test_one_that_is_frozen_is_to_be_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    silent("look", 59, monkeypatch)
    assert health.ailment() == ""
    silent("look", 61, monkeypatch)
    assert health.ailment() == "The service has not looked at its tables for 61 seconds."
    assert health.unreadiness() == health.ailment()


@pytest.mark.skipif(not config().embedded, reason="one worker's sweep is for all where there are several")
def test_one_whose_jobs_no_longer_run_is_to_be_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    silent("sweep", 61, monkeypatch)
    assert health.ailment() != ""


@pytest.fixture(params=["127.0.0.1", "[::1]", "localhost"])
def port(request: pytest.FixtureRequest) -> Iterator[str]:
    (number,) = free_ports(1)
    end = metrics.serve(f"{request.param}:{number}")
    yield f"http://{request.param}:{number}"
    end()


def ask(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.django_db(transaction=True)
def test_it_says_so_on_the_port_of_its_metrics(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(f"{port}/healthz") == (200, b"ok\n")
    assert ask(f"{port}/readyz") == (200, b"ok\n")
    assert b"mailcall_up 1.0" in ask(f"{port}/metrics")[1]
    silent("look", 61, monkeypatch)
    assert ask(f"{port}/healthz")[0] == 503
    assert ask(f"{port}/readyz?verbose=1") == (
        503,
        b"The service has not looked at its tables for 61 seconds.\n",
    )
