"""What a rule looks for, and whether a row names a file, is found by an index, however much there is."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from desks import Desk
from mailcall.desk.models import Call, Participant
from mailcall.inbound.models import ReceivedMail
from mailcall.outbound.models import Message
from mailcall.retention import calls
from mailcall.retention.people import Subject
from mailcall.retention.rules import pages, raw_mails, rejected_mails, sent_messages

MANY = 1_500
PAST = timezone.now() - dt.timedelta(days=999)


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A desk on which nearly all was removed already, and little is old enough."""
    ReceivedMail.objects.bulk_create(
        ReceivedMail(
            account=desk.account,
            identity=f"x:{number}",
            correlation_id=str(number),
            size=1,
            sha256=f"{number:064}",
            raw=None if number < 5 else b"x",
            state="done",
            acted_at=PAST + dt.timedelta(minutes=number),
            raw_removed_at=None if number < 50 else PAST,
            emptied_at=None if number < 50 else PAST,
            from_address=f"{number}@k.example",
        )
        for number in range(MANY)
    )
    Call.objects.bulk_create(
        Call(
            partition=desk.partition,
            subject="x",
            user=desk.ann,
            state="closed",
            closed_at=PAST + dt.timedelta(minutes=number),
            anonymized_at=None if number < 50 else PAST,
        )
        for number in range(MANY)
    )
    Participant.objects.bulk_create(
        Participant(call=call, address=f"{call.pk}@k.example", reason="x") for call in Call.objects.all()
    )
    Message.objects.bulk_create(
        Message(
            type_code=1001,
            partition=desk.partition,
            correlation_id="1",
            message_id=f"<{number}@b>",
            sender=["", "a@b.example"],
            subject="x",
            created_at=PAST,
            data_removed_at=None if number < 50 else PAST,
        )
        for number in range(MANY)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return desk


def test_each_rule_finds_what_is_left_to_remove_by_an_index(full: Desk) -> None:
    now = timezone.now()
    for rows, moment, index in (
        (raw_mails(now), "acted_at", "mails_with_raw"),
        (rejected_mails(now), "acted_at", "mails_apart"),
        (sent_messages(now), "created_at", "messages_with_data"),
        (calls.closed(full.partition, now), "closed_at", "calls_to_remove"),
    ):
        assert index in rows.order_by(moment, "pk").values_list(moment, "pk")[:200].explain(), index
        assert len([key for keys in pages(rows, moment, 7) for key in keys]) == 50


def test_whether_a_row_names_a_file_is_found_by_an_index(full: Desk) -> None:
    wanted = ReceivedMail.objects.filter(sha256__in=["1", "2"], raw=None, raw_removed_at=None)
    assert "mails_in_files" in wanted.values_list("sha256", flat=True).explain()


def test_what_is_a_persons_is_found_by_indexes(full: Desk) -> None:
    subject = Subject([full.bob], "7@k.example")
    assert "mails_apart_by_sender" in subject.apart().explain()
    assert "participants_by_address" in Participant.objects.filter(address="7@k.example").explain()
    assert "deliveries_to" in subject.deliveries().explain() or connection.vendor == "postgresql"
