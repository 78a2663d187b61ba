"""A chunk gives exactly what its mails give one by one, however they depend on each other."""

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core.management.color import no_style
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desks import AUTHENTICATED, Desk, mail, make_desk, report
from mailcall.desk.models import Call, Participant, Person, TimelineEntry
from mailcall.inbound import act
from mailcall.inbound.collect import collect
from mailcall.inbound.models import ReceivedMail
from mailcall.outbound.models import Delivery, Message

SENDERS = ("ann@customer.example", "zoe@x.example", "yan@x.example", "bob@desk.example", "")
IDS = tuple(f"<m{number}@x.example>" for number in range(6))

mails = st.builds(
    dict,
    sender=st.sampled_from(SENDERS),
    subject=st.sampled_from(["Laptop", "Printer", "[Call 1]", "Re: [Call 2] Laptop", "[Call 3]"]),
    text=st.sampled_from(["One\n", "Two\n"]),
    message_id=st.sampled_from(IDS),
    in_reply_to=st.sampled_from(["", *IDS]),
    references=st.lists(st.sampled_from(IDS), max_size=2).map(tuple),
    cc=st.lists(st.sampled_from(SENDERS[:4]), max_size=1).map(tuple),
    headers=st.sampled_from(["", "", AUTHENTICATED, "Auto-Submitted: auto-generated\n"]),
)
MORE = ("copy", "report", "close")
sequences = st.lists(st.one_of(mails, mails, mails, st.sampled_from(MORE)), min_size=2, max_size=7)


def outcome(desk: Desk, raws: list[bytes], chunk: int) -> dict[str, list]:
    """What these mails make of the small desk, a chunk at a time; then all is undone."""
    for number, raw in enumerate(raws):
        desk.deliver(raw, f"{number}.test")
    collect(desk.account)
    ReceivedMail.objects.update(received_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    act.CHUNK = chunk
    while act.act_on_next():
        pass
    messages = Message.objects.order_by("call", "pk").values_list(
        "call", "type_code", "to", "subject", "data"
    )
    deliveries = Delivery.objects.order_by("message__call", "pk")
    return {
        "mails": list(ReceivedMail.objects.order_by("pk").values_list("outcome", "call", "reason", "state")),
        "calls": list(Call.objects.order_by("pk").values_list("subject", "user__email", "state", "version")),
        "people": sorted(Person.objects.values_list("name", "email")),
        "entries": sorted(
            TimelineEntry.objects.values_list("call", "kind", "actor_name", "text", "internal", "proof")
        ),
        "participants": sorted(Participant.objects.values_list("call", "address", "reason")),
        "links": sorted(
            (link.call_id, link.earlier_id, link.state)
            for call in Call.objects.all()
            for link in call.links.all()
        ),
        "messages": sorted(map(str, messages)),
        "deliveries": sorted(deliveries.values_list("message__call", "recipient", "state", "reply")),
    }


def fresh(raws: list[bytes], chunk: int, closed: bool) -> dict[str, list]:
    """The outcome on a new small desk with one call of Ann's, whose numbers begin at one."""
    with TemporaryDirectory() as folder, transaction.atomic():
        with connection.cursor() as cursor:
            sequences = connection.introspection.sequence_list()
            for statement in connection.ops.sequence_reset_by_name_sql(no_style(), sequences):
                cursor.execute(statement)
        desk = make_desk(Path(folder))
        desk.receive(mail(message_id=IDS[0], cc=("yan@x.example",), subject="Base"))
        desk.receive(mail(message_id=IDS[1], in_reply_to=IDS[0], subject="Base"))
        if closed:
            Call.objects.update(state="closed", closed_at=dt.datetime.now(dt.UTC))
        result = outcome(desk, raws, chunk)
        transaction.set_rollback(True)
    return result


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequence=sequences, closed=st.booleans())
def test_a_chunk_gives_what_one_by_one_gives(sequence: list, closed: bool) -> None:
    raws: list[bytes] = []
    for item in sequence:
        if isinstance(item, dict):
            raws.append(mail(**item))
        elif item == "copy" and raws:
            raws.append(raws[-1])
        elif item == "report":
            raws.append(report("<unknown@x.example>", "zoe@x.example"))
    before = act.CHUNK
    try:
        assert fresh(raws, 100, closed) == fresh(raws, 1, closed)
    finally:
        act.CHUNK = before


def both(*raws: bytes, closed: bool = False) -> dict[str, list]:
    before = act.CHUNK
    try:
        together, singly = fresh(list(raws), 100, closed), fresh(list(raws), 1, closed)
    finally:
        act.CHUNK = before
    assert together == singly
    return together


@pytest.mark.django_db
def test_two_mails_of_unknown_senders_share_one_record() -> None:
    people = both(mail(""), mail(""))["people"]
    assert [name for name, email in people if not email] == ["Unknown sender"]


@pytest.mark.django_db
def test_who_is_brought_in_by_one_mail_takes_part_in_the_next() -> None:
    """Both name the call, but by different mails of it."""
    result = both(
        mail(in_reply_to=IDS[0], cc=("zoe@x.example",)),
        mail("zoe@x.example", in_reply_to=IDS[1]),
    )
    assert [row[0] for row in result["mails"]][-2:] == ["updated", "updated"]


@pytest.mark.django_db
def test_a_closed_call_is_opened_once() -> None:
    result = both(mail(in_reply_to=IDS[0]), mail("yan@x.example", in_reply_to=IDS[1]), closed=True)
    assert [row[1] for row in result["entries"]].count("state") == 1


@pytest.mark.django_db
def test_a_tag_may_name_a_call_that_the_mail_before_logs() -> None:
    result = both(mail("zoe@x.example", "New", cc=("yan@x.example",)), mail("yan@x.example", "[Call 2]"))
    assert [row[:2] for row in result["mails"]][-2:] == [("logged", 2), ("updated", 2)]
