"""What runs every second, or for every mail, looks rows up by an index, however many there are."""

import pytest
from django.db import connection
from django.utils import timezone

from desks import Desk
from mailcall.inbound import attempts, collect, journalling
from mailcall.inbound.models import KeptMail, ReceivedMail
from mailcall.outbound import choosing
from mailcall.outbound.models import Delivery, DeliveryState

MANY = 3_000


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A desk on which much was done, and nothing waits."""
    ReceivedMail.objects.bulk_create(
        ReceivedMail(
            account=desk.account,
            identity=f"x:{number}",
            correlation_id=str(number),
            size=1,
            sha256="0",
            raw=b"x",
            state="done",
            acted_at=timezone.now(),
        )
        for number in range(MANY)
    )
    from mailcall.outbound.models import Message

    message = Message.objects.create(
        type_code=1001,
        partition=desk.partition,
        correlation_id="1",
        message_id="<a@b>",
        sender=["", "a@b.example"],
        subject="x",
    )
    Delivery.objects.bulk_create(
        Delivery(
            message=message,
            partition=desk.partition,
            server=desk.server,
            recipient=f"r{number}@k.example",
            state=DeliveryState.SENT,
            finished_at=timezone.now(),
        )
        for number in range(MANY)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # so that the planner knows that one state is nearly all there is
    return desk


def plan(query) -> str:
    return query.explain()


def test_mails_that_wait_are_found_by_their_state(full: Desk) -> None:
    assert "mails_not_done" in plan(attempts.due(ReceivedMail.objects.filter(pk__gt=0)).order_by("pk")[:100])


def test_identities_are_looked_up_in_their_own_index(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ReceivedMail.objects.filter(account=full.account, identity__in=["x:1", "x:2", "y"])
    assert "identity" in plan(wanted) or "journalled_once" in plan(wanted)
    assert journalling.journalled(full.account, ["x:1", "y"]) == {"x:1": False}


def test_kept_mails_are_looked_up_in_their_own_index(full: Desk) -> None:
    KeptMail.objects.bulk_create(
        KeptMail(account=full.account, kept_as=f"x:{number}") for number in range(MANY)
    )
    wanted = KeptMail.objects.filter(account=full.account, kept_as__in=["x:1", "x:2", "y"])
    assert "kept_as" in plan(wanted) or "kept_once" in plan(wanted)
    assert "SCAN" not in plan(wanted)
    assert collect._kept(full.account, ["x:1", "y"]) == {"x:1"}


def test_deliveries_that_wait_are_found_by_their_state(full: Desk) -> None:
    for some in choosing.waiting(full.server, timezone.now()):
        assert "deliveries_open" in plan(some)
    in_hand = Delivery.unfinished().filter(server=full.server, state=DeliveryState.SENDING)
    assert "deliveries_open" in plan(in_hand)
