"""Leases on a database that several machines share: one worker at a time, and none that froze goes on."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection

from installations import ON_POSTGRESQL
from mailcall.service import leases
from mailcall.service.locks import Busy, alone
from mailcall.service.models import Lease
from servers.process import wait_for

pytestmark = [
    pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite is for one machine, which has file locks"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leases of a second, renewed ten times in it."""
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(leases, "MARGIN_SECONDS", 0.2)
    yield
    wait_for(lambda: leases._renewer._thread is None, 5)


def in_another_thread(work: str) -> str:
    """What another worker finds: 'taken', or 'busy'."""
    found = []

    def ask() -> None:
        try:
            with alone(work):
                found.append("taken")
        except Busy:
            found.append("busy")
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return found[0]


def test_what_one_works_on_no_other_does_and_it_is_free_afterwards() -> None:
    with alone("act") as lost:
        assert in_another_thread("act") == "busy"
        assert in_another_thread("deliver-1") == "taken"
        assert not lost()
    assert in_another_thread("act") == "taken"
    assert not Lease.objects.exists()


def test_a_lease_is_renewed_while_the_work_goes_on() -> None:
    with alone("act") as lost:
        first = Lease.objects.get().until
        assert wait_for(lambda: Lease.objects.get().until > first, 5)
        threading.Event().wait(1.5)
        assert not lost()
        assert in_another_thread("act") == "busy"


def test_one_that_froze_finds_its_lease_lost_and_another_took_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases.Renewer, "_renew", staticmethod(lambda _: None))  # as if it were stopped
    with alone("act") as lost:
        assert wait_for(lost, 5)
        assert wait_for(lambda: in_another_thread("act") == "taken", 5)
        with alone("act"):  # another holds it now
            pass
    assert not Lease.objects.exists()


def test_giving_back_a_lost_lease_takes_nothing_from_the_new_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases.Renewer, "_renew", staticmethod(lambda _: None))
    with alone("act") as lost:
        assert wait_for(lost, 5)
        threading.Event().wait(0.3)
        Lease.objects.update(holder="another")
    assert Lease.objects.get().holder == "another"
