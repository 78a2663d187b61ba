"""What a killed run leaves: what it heard, what it began, and what it only had in hand."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from desks import Desk
from mailcall.outbound import heard
from mailcall.outbound.deliver import deliver, recover
from mailcall.outbound.heard import Heard
from mailcall.outbound.models import Delivery, DeliveryState
from outbound.leaving import queue

Fates = dict[str, tuple[str, int, int]]


@pytest.fixture
def group(desk: Desk) -> list[Delivery]:
    """Three mails that a run has taken."""
    deliveries = [queue(desk, f"{name}@shop.example")[0] for name in ("ann", "ben", "cat")]
    Delivery.objects.update(state=DeliveryState.SENDING, server=desk.server, attempts=1)
    for delivery in deliveries:
        delivery.refresh_from_db()
    return deliveries


@pytest.fixture
def run(desk: Desk, group: list[Delivery]) -> Iterator[tuple[Heard, Callable[[], None]]]:
    """A run that was told that the first mail was sent, has the second in hand, and how to kill it."""
    with ExitStack() as process:
        notes = process.enter_context(Heard(desk.server))
        notes.took(group)
        notes.begin(group[:1])
        group[0].reply = "250 Ok"
        notes.sent(group[:1])
        notes.begin(group[1:2])
        yield notes, process.close


def fates() -> Fates:
    rows = Delivery.objects.values_list("recipient", "state", "attempts", "unknowns")
    return {recipient.partition("@")[0]: (state, tries, doubts) for recipient, state, tries, doubts in rows}


def assert_doubtful(*names: str) -> None:
    assert {name for name, fate in fates().items() if fate == ("unknown", 1, 1)} == set(names)


def test_only_what_was_in_hand_is_in_doubt(desk: Desk, run: tuple) -> None:
    run[1]()
    recover(desk.server)
    assert fates() == {"ann": ("sent", 1, 0), "ben": ("unknown", 1, 1), "cat": ("queued", 0, 0)}
    deliver(desk.server)
    assert fates() == {"ann": ("sent", 1, 0), "ben": ("sent", 2, 1), "cat": ("sent", 1, 0)}


def test_however_often_it_is_killed_what_was_not_begun_is_not_held(
    desk: Desk, group: list[Delivery], run: tuple
) -> None:
    run[1]()
    for _ in range(3):
        recover(desk.server)
        Delivery.objects.filter(pk=group[2].pk).update(state=DeliveryState.SENDING, attempts=1)
        group[2].refresh_from_db()
        with Heard(desk.server) as notes:
            notes.took(group[2:])
    recover(desk.server)
    assert fates()["cat"] == ("queued", 0, 0)


def test_one_that_is_frozen_may_go_on_to_send(desk: Desk, run: tuple) -> None:
    recover(desk.server)
    assert_doubtful("ben", "cat")


def test_a_machine_that_lost_its_power_lost_lines(
    desk: Desk, run: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    run[1]()
    monkeypatch.setattr(heard, "_boot", lambda: "another")
    recover(desk.server)
    assert_doubtful("ben", "cat")


def test_an_old_file_says_nothing_of_a_later_try(desk: Desk, run: tuple) -> None:
    run[1]()
    Delivery.objects.update(attempts=2)
    recover(desk.server)
    assert fates()["cat"] == ("unknown", 2, 1)


@pytest.mark.parametrize("written", [0, 5])
def test_a_full_disk_leaves_no_notes_rather_than_some(
    desk: Desk, group: list[Delivery], run: tuple, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    def full(file: int, data: bytes) -> int:
        if not written:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[:written])

    write = os.write
    monkeypatch.setattr(os, "write", full)
    run[0].begin(group[2:])
    monkeypatch.undo()
    run[1]()
    recover(desk.server)
    assert_doubtful("ann", "ben", "cat")


def test_a_line_that_was_being_written_is_passed_over(desk: Desk, run: tuple) -> None:
    os.write(run[0]._file, b'["<x@desk.exa')
    run[1]()
    recover(desk.server)
    assert fates() == {"ann": ("sent", 1, 0), "ben": ("unknown", 1, 1), "cat": ("queued", 0, 0)}
