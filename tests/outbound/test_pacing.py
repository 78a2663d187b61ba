"""Rate limits: how many recipients a server, and each domain, gets within a minute."""

import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from desks import Desk
from mailcall.outbound.deliver import deliver
from mailcall.outbound.models import Delivery, OutgoingServer, Pace
from mailcall.outbound.pacing import at_once, room_after
from mailcall.service import clock
from outbound.leaving import arrived, queue, states, time_passes

LIMIT = 60  # 3 at once


@given(limit=st.integers(1, 100_000), pauses=st.lists(st.floats(0, 20), max_size=30))
def test_within_a_minute_no_more_are_sent_to_than_the_limit_says(limit: int, pauses: list[float]) -> None:
    room, clock, sent = at_once(limit), 0.0, []
    for pause in [0.0, *pauses]:
        clock += pause
        room = room_after(room, pause, limit)
        count = int(room)
        room -= count
        sent.append((clock, count))
    for begin, _ in sent:
        assert sum(count for at, count in sent if begin <= at < begin + 60) <= limit


@given(limit=st.integers(1, 10_000))
def test_a_limit_is_reached_in_the_long_run(limit: int) -> None:
    sent = room = 0.0
    for _ in range(3600):
        room = room_after(room, 1, limit)
        sent += int(room)
        room -= int(room)
    assert sent >= 0.7 * limit * 60  # at one look a second


def limited(desk: Desk, **limits: int) -> OutgoingServer:
    for name, value in limits.items():
        setattr(desk.server, name, value)
    desk.server.save()
    return OutgoingServer.objects.get(pk=desk.server.pk)


def test_a_server_at_its_limit_goes_on_as_time_passes_and_a_restart_makes_no_room(desk: Desk) -> None:
    limited(desk, rate_limit=LIMIT)
    for number in range(10):
        queue(desk, f"p{number}@customer.example")
    assert deliver(OutgoingServer.objects.get(pk=desk.server.pk)) == 3
    assert deliver(OutgoingServer.objects.get(pk=desk.server.pk)) == 0
    time_passes(2.2)
    assert deliver(OutgoingServer.objects.get(pk=desk.server.pk)) == 2
    assert list(states().values()).count("queued") == 5


def test_a_domain_at_its_limit_holds_up_nobody_else(desk: Desk) -> None:
    server = limited(desk, domain_rate_limit=LIMIT)
    for number in range(200):
        queue(desk, f"p{number}@slow.example")
    queue(desk, "ann@customer.example")
    assert deliver(server) == 4
    assert "ann@customer.example" in arrived(server)
    waits = Delivery.objects.filter(state="queued").order_by("due_at")
    assert waits.count() == 197
    assert waits[0].reply == "It waits, so that slow.example gets at most 60 in a minute."
    assert [d.recipient for d in waits[:2]] == ["p3@slow.example", "p4@slow.example"]
    gaps = {round((b.due_at - a.due_at).total_seconds(), 2) for a, b in itertools.pairwise(waits)}
    assert gaps <= {1.03, 1.04}  # each has a moment of its own


def test_those_in_line_are_sent_in_their_order_and_newcomers_after_them(desk: Desk) -> None:
    server = limited(desk, domain_rate_limit=LIMIT)
    for number in range(6):
        queue(desk, f"p{number}@slow.example")
    deliver(server)
    time_passes(1.1)
    queue(desk, "new@slow.example")
    assert deliver(server) == 1
    assert arrived(server) == [f"p{number}@slow.example" for number in range(4)]
    time_passes(2.2)
    assert deliver(server) == 2
    assert states()["new@slow.example"] == "queued"
    time_passes(1.1)
    assert deliver(server) == 1
    assert set(states().values()) == {"sent"}


def test_one_tried_again_gets_in_line_too(desk: Desk) -> None:
    server = limited(desk, domain_rate_limit=1)
    queue(desk, "a@slow.example")
    [again] = queue(desk, "b@slow.example")
    Delivery.objects.filter(pk=again.pk).update(state="deferred", due_at=again.created_at)
    assert deliver(server) == 1
    assert states() == {"a@slow.example": "queued", "b@slow.example": "sent"}


def test_paces_that_are_over_are_forgotten(desk: Desk) -> None:
    server = limited(desk, domain_rate_limit=LIMIT)
    queue(desk, "a@one.example", "b@two.example")
    deliver(server)
    assert Pace.objects.count() == 2
    time_passes(7200)
    queue(desk, "c@three.example", "d@four.example")
    deliver(server)
    assert set(Pace.objects.values_list("domain", flat=True)) == {"three.example", "four.example"}


def test_a_clock_set_back_makes_nobody_wait_longer(desk: Desk) -> None:
    server = limited(desk, domain_rate_limit=1)
    queue(desk, "a@one.example", "b@one.example")
    deliver(server)
    before = Pace.objects.get()
    clock._move_back(dt.timedelta(hours=2))
    after = Pace.objects.get()
    assert before.at - after.at == before.put_off_until - after.put_off_until == dt.timedelta(hours=2)
