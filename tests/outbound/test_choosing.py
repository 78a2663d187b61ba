"""Which server takes which mail: by partition, by the sender's domain, and by the priority of the work."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from desks import Desk, mail
from mailcall.desk.models import Call, Partition
from mailcall.outbound.choosing import servers_for, waiting
from mailcall.outbound.deliver import deliver, has_work
from mailcall.outbound.models import Delivery, OutgoingServer
from outbound.leaving import arrived, queue, second_server, states


def server(name: str, **fields: object) -> OutgoingServer:
    return OutgoingServer(pk=ord(name), name=name, **fields)


def test_the_order_of_servers() -> None:
    now = timezone.now()
    soon = now + dt.timedelta(seconds=10)
    servers = [
        server("a", priority=20),
        server("b", priority=10),
        server("c", priority=99, partition_id=1),
        server("d", priority=1, partition_id=2),
        server("e", priority=1, active=False),
        server("f", priority=1, breaker_until=soon),
        server("g", priority=10, breaker_until=now),
        server("h", priority=99, sender_domains="desk.example"),
        server("i", priority=99, call_priority=1),
        server("j", priority=1, call_priority=2),
    ]
    assert [s.name for s in servers_for(1, servers, now)] == ["c", "h", "i", "j", "b", "g", "a"]
    assert [s.name for s in servers_for(2, servers, now)] == ["d", "h", "i", "j", "b", "g", "a"]
    assert [s.name for s in servers_for(3, servers, soon)] == ["h", "i", "j", "f", "b", "g", "a"]
    assert servers_for(1, [], now) == []


def test_a_server_of_a_senders_domain_takes_its_mail_and_no_other(desk: Desk) -> None:
    special = second_server(desk, sender_domains="Shop.example other.example")
    queue(desk, "ann@customer.example", sender=["Shop", "sales@shop.EXAMPLE"])
    queue(desk, "ben@customer.example", sender=["Shop", "sales@workshop.example"])
    deliver(special)
    assert arrived(special) == ["ann@customer.example"]
    deliver(desk.server)
    assert arrived(desk.server) == ["ben@customer.example"]


def test_a_server_for_urgent_work_takes_what_is_urgent(desk: Desk) -> None:
    special = second_server(desk, call_priority=2)
    desk.receive(mail(headers="Auto-Submitted: auto-generated\n"))
    for priority in (1, 2, 3):
        call = Call.objects.create(partition=desk.partition, subject="x", user=desk.ann, priority=priority)
        queue(desk, f"p{priority}@customer.example", call=call)
    queue(desk, "nothing@customer.example")
    deliver(special)
    assert arrived(special) == ["p1@customer.example", "p2@customer.example"]
    deliver(desk.server)
    assert arrived(desk.server) == ["nothing@customer.example", "p3@customer.example"]


def test_mail_of_a_server_in_trouble_goes_by_the_next_that_takes_it(desk: Desk) -> None:
    special = second_server(desk, sender_domains="desk.example")
    other = Partition.objects.create(name="HR", address="hr@desk.example")
    foreign = second_server(desk, partition=other, sender_domains="desk.example")
    queue(desk, "ann@customer.example")
    assert not has_work(desk.server)
    special.breaker_until = timezone.now() + dt.timedelta(minutes=1)
    special.save()
    assert has_work(desk.server)
    assert not has_work(foreign)
    deliver(desk.server)
    assert states() == {"ann@customer.example": "sent"}


def test_a_server_that_is_switched_off_in_mid_session_sends_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcall.outbound.groups.LOOK_EVERY", 0.0)
    for number in range(45):
        queue(desk, f"p{number}@customer.example")
    looks = iter([True, True, False])

    def stop() -> bool:
        if not next(looks, False):
            OutgoingServer.objects.update(active=False)
        return False

    deliver(desk.server, stop=stop)
    left = Delivery.objects.filter(state="queued").count()
    assert 0 < left < 45


def test_mail_that_no_server_takes_waits_for_one(desk: Desk) -> None:
    desk.server.sender_domains = "elsewhere.example"
    desk.server.save()
    queue(desk, "ann@customer.example")
    assert deliver(desk.server) == 0
    assert states() == {"ann@customer.example": "queued"}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan is worded for SQLite")
def test_what_is_due_far_ahead_is_not_looked_at(desk: Desk) -> None:
    for some in waiting(desk.server, timezone.now()):
        plan = some.explain()
        assert "deliveries_open (state=? AND due_at" in plan
        assert "TEMP B-TREE" not in plan


def test_what_is_due_later_is_sent_later_in_its_order(desk: Desk) -> None:
    now = timezone.now()
    [later], [fresh], [first] = (
        queue(desk, f"{name}@customer.example") for name in ("later", "fresh", "first")
    )
    Delivery.objects.filter(pk=later.pk).update(due_at=now + dt.timedelta(days=2))
    Delivery.objects.filter(pk=first.pk).update(due_at=now - dt.timedelta(seconds=1))
    order = [d.pk for some in waiting(desk.server, now) for d in some]
    assert order == [first.pk, fresh.pk]
    assert deliver(desk.server) == 2
    assert states()["later@customer.example"] == "queued"


def test_many_that_were_tried_and_many_new_ones_are_all_sent_in_one_run(desk: Desk) -> None:
    for number in range(130):
        queue(desk, f"old{number}@customer.example")
    Delivery.objects.update(state="deferred", due_at=timezone.now())
    for number in range(130):
        queue(desk, f"new{number}@customer.example")
    assert deliver(desk.server) == 260
    assert set(states().values()) == {"sent"}
