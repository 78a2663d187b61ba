"""Who hears of what: the group delivery table, the writer, unavailable recipients, threads."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from desks import AUTHENTICATED, Desk, mail, reply_to
from mailcall.desk.calls import write_reply
from mailcall.desk.errors import Refused
from mailcall.desk.events import CallLogged, Origin
from mailcall.desk.models import Call, Channel, EntryKind, Membership, Person, TimelineEntry
from mailcall.message import read_mail
from mailcall.outbound.models import Delivery, Message
from mailcall.outbound.notify import on_events
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.recipients import group_recipients

ANN, BOB = "ann@customer.example", "bob@desk.example"


@pytest.mark.parametrize(
    ("addresses", "email_analysts", "goes_to"),
    [
        ("desk@desk.example; second@desk.example", False, ["desk@desk.example", "second@desk.example"]),
        ("desk@desk.example", True, ["desk@desk.example", BOB, "cy@desk.example"]),
        ("", True, [BOB, "cy@desk.example"]),
        ("", False, []),
        ("; not an address ;a@b\r\nBcc: eve@evil.example;", False, []),
    ],
)
def test_the_group_delivery_table(
    desk: Desk, addresses: str, email_analysts: bool, goes_to: list[str]
) -> None:
    cy = Person.objects.create(name="Cy", email="cy@desk.example", is_analyst=True)
    Membership.objects.create(group=desk.group, person=cy)
    desk.group.addresses, desk.group.email_analysts = addresses, email_analysts
    assert sorted(r.address for r in group_recipients(desk.group) if not r.why_not) == sorted(goes_to)


@pytest.mark.parametrize(
    "away", [{"available_recipient": False}, {"is_analyst": False}, {"is_template": True}, {"email": ""}]
)
def test_only_an_available_analyst_hears_of_the_group(desk: Desk, away: dict) -> None:
    Person.objects.filter(pk=desk.bob.pk).update(**away)
    desk.group.email_analysts = True
    assert [r.address for r in group_recipients(desk.group) if not r.why_not] == ["desk@desk.example"]


def update(desk: Desk, sender: str = ANN, **more: object) -> list[str]:
    """Who is told of a reply to the first mail that was sent to Ann."""
    known = set(Message.objects.values_list("pk", flat=True))
    desk.receive(reply_to(desk.sent_to(ANN)[0], sender, **more))
    told = Delivery.objects.filter(message__type_code=1002).exclude(message__in=known)
    return sorted(told.values_list("recipient", flat=True))


def test_the_group_hears_of_an_update_by_mail(desk: Desk) -> None:
    desk.receive(mail())
    assert update(desk) == ["desk@desk.example"]
    [told] = desk.sent_to("desk@desk.example")
    assert b"Auto-Submitted: auto-generated" in told
    assert "Ann" in read_mail(told).text or ANN in read_mail(told).text


def test_the_assigned_analyst_hears_of_it_instead_of_the_group(desk: Desk) -> None:
    received = desk.receive(mail())
    Call.objects.filter(pk=received.call_id).update(analyst=desk.bob)
    assert update(desk) == [BOB]


def test_a_call_of_nobody_tells_nobody(desk: Desk) -> None:
    received = desk.receive(mail())
    Call.objects.filter(pk=received.call_id).update(group=None)
    assert update(desk) == []


def test_the_writer_is_not_told_of_their_own_mail(desk: Desk) -> None:
    received = desk.receive(mail())
    Call.objects.filter(pk=received.call_id).update(analyst=desk.bob)
    assert update(desk, BOB) == []


@pytest.mark.parametrize("name", ["", "The Desk, of all"])
def test_a_writer_whom_nobody_knows_is_not_told_either(desk: Desk, name: str) -> None:
    """A participant without a record, who has one of the group's addresses."""
    desk.group.addresses = "team@partner.example; desk@desk.example"
    desk.group.save()
    desk.receive(mail(cc=("team@partner.example",)))
    assert update(desk, "Team@Partner.example", name=name) == ["desk@desk.example"]


def test_an_unavailable_user_is_not_acknowledged(desk: Desk) -> None:
    Person.objects.filter(pk=desk.ann.pk).update(available_recipient=False)
    assert desk.receive(mail()).outcome == "logged"
    assert not Delivery.objects.exists()


def test_an_unavailable_analyst_is_not_told(desk: Desk) -> None:
    received = desk.receive(mail())
    Person.objects.filter(pk=desk.bob.pk).update(available_recipient=False)
    Call.objects.filter(pk=received.call_id).update(analyst=desk.bob)
    assert update(desk) == []


def test_an_acknowledgement_is_an_automatic_reply_in_the_thread(desk: Desk) -> None:
    desk.receive(mail(message_id="<m1@customer.example>", references=("<m0@customer.example>",)))
    [sent] = desk.sent_to(ANN)
    read = read_mail(sent)
    assert b"Auto-Submitted: auto-replied" in sent
    assert read.in_reply_to == ("<m1@customer.example>",)
    assert read.references == ("<m0@customer.example>", "<m1@customer.example>")


def test_a_tag_is_put_into_a_subject_once(desk: Desk) -> None:
    received = desk.receive(mail(subject="Re: Fwd: laptop"))
    number = received.call_id
    assert read_mail(desk.sent_to(ANN)[0]).subject == f"[Call {number}] laptop"
    desk.receive(reply_to(desk.sent_to(ANN)[0], BOB, "No.\n", headers=AUTHENTICATED))
    assert read_mail(desk.sent_to(ANN)[1]).subject == f"Re: [Call {number}] laptop"


def test_a_reply_from_a_page_goes_to_whom_the_analyst_chose(desk: Desk) -> None:
    call = desk.receive(mail()).call
    write_reply(
        call,
        author=desk.bob,
        text="Done.",
        to=[("Ann", "ANN@customer.example")],
        cc=[("Carl", "carl@customer.example"), ("Ann again", ANN)],
        channel=Channel.PAGE,
    )
    desk.run()
    assert len(desk.sent_to(ANN)) == 2
    assert len(desk.sent_to("carl@customer.example")) == 1
    assert list(call.participants.values_list("address", flat=True)) == ["carl@customer.example"]


def test_a_reply_to_what_is_no_address_is_refused_whole(desk: Desk) -> None:
    call = desk.receive(mail()).call
    for address in ("nobody", "a@b\r\nBcc: eve@evil.example", ""):
        with pytest.raises(Refused, match="no address that mail can go to"):
            write_reply(
                call, author=desk.bob, text="Hi", to=[("", ANN)], cc=[("", address)], channel=Channel.PAGE
            )
    assert call.timeline.count() == 1
    assert not call.participants.exists()


def test_however_many_calls_are_logged_at_once_their_users_are_told_with_as_few_queries(desk: Desk) -> None:
    counts = []
    for number in (1, 20):
        people = [
            Person.objects.create(name="", email=f"{number}.{n}@customer.example") for n in range(number)
        ]
        made = [Call.objects.create(partition=desk.partition, subject="Ink", user=user) for user in people]
        happened = [
            CallLogged(
                call,
                TimelineEntry.objects.create(call=call, kind=EntryKind.MAIL_IN, channel=Channel.EMAIL),
                Origin("0" * 32, MailOrigin("", call.user.email, "<m1@customer.example>", (), answer=True)),
            )
            for call in made
        ]
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            on_events(happened)
        counts.append(sum("SAVEPOINT" not in query["sql"] for query in queries))
    assert Delivery.objects.count() == 21
    assert (
        counts[1] <= counts[0] <= 11
    )  # the first of all has three more, for templates and the numbering of rows
