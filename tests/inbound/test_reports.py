"""Reports of mail servers find the copy that they are about, by whatever they left of it."""

import itertools

import pytest

from desks import Desk, mail, report
from mailcall.desk.calls import write_reply
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Channel, Person
from mailcall.inbound.models import ReceivedMail
from mailcall.message import envelope_tags, read_mail
from mailcall.outbound import deliver as room
from mailcall.outbound.explaining import tellings
from mailcall.outbound.models import Delivery, Notice, OutgoingServer, Suppression
from mailcall.outbound.readdressing import readdress
from mailcall.outbound.threads import signing_keys, token_of
from mailcall.transport.interface import Envelope, RecipientResult, Result
from outbound.leaving import queue

ANN = "ann@customer.example"
BEN = "ben@customer.example"
KEYS = [b"new" * 10, b"old" * 10]
_counter = itertools.count(1)


def tagged(delivery: Delivery) -> str:
    return envelope_tags.tagged("support@desk.example", delivery.pk, signing_keys())


def sent(desk: Desk, *to: str) -> list[Delivery]:
    deliveries = queue(desk, *(to or (ANN,)))
    room.deliver(desk.server)
    return deliveries


def foreign(to: str, subject: str, text: str, headers: str = "") -> bytes:
    """A report in a form of its own, from a server that sends it to the envelope sender."""
    return mail(
        "mailer-daemon@mx.example",
        subject,
        text,
        to=to,
        headers=f"Return-Path: <>\nAuto-Submitted: auto-replied\n{headers}",
    )


def complaint(
    *, original: str = "", recipient: str = "", sender: str = "", kind: str = "abuse", proved: bool = True
) -> bytes:
    """A complaint (RFC 5965); `proved`: that it is from the customer's provider."""
    fields = [f"Feedback-Type: {kind}", "User-Agent: Loop/1.0", "Version: 1"]
    fields += [f"Original-Rcpt-To: <{recipient}>"] if recipient else []
    fields += [f"Original-Mail-From: <{sender}>"] if sender else []
    returned = [f"Message-ID: {original}"] if original else []
    return "\r\n".join(
        [
            *(
                ["Authentication-Results: mx.desk.example; dkim=pass header.d=customer.example"]
                if proved
                else []
            ),
            "From: <feedback@customer.example>",
            "To: <abuse@desk.example>",
            f"Message-ID: <arf.{next(_counter)}@provider.example>",
            "Date: Sun, 22 Nov 2026 09:00:00 +0000",
            "Subject: FW: It is about something",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
            "",
            "--b",
            "Content-Type: text/plain",
            "",
            "This is a report of abuse.",
            "--b",
            "Content-Type: message/feedback-report",
            "",
            *fields,
            "",
            "--b",
            "Content-Type: message/rfc822",
            "",
            "From: support@desk.example",
            "Subject: It is about something",
            *returned,
            "",
            "Words.",
            "--b--",
            "",
        ]
    ).encode()


def claimed(delivery: Delivery) -> str:
    """What is noted of reports that nothing proves, of a delivery that nothing else happened to."""
    assert fate(delivery)[0] == "sent"
    assert not Suppression.objects.exists()
    return delivery.reported


def proof_of(sender: str) -> str:
    domain = sender.rpartition("@")[2]
    return f"Authentication-Results: mx.desk.example; dmarc=pass header.from={domain}\r\n"


def fate(delivery: Delivery) -> tuple[str, str]:
    delivery.refresh_from_db()
    return delivery.state, delivery.reply


@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_tag_says_of_which_delivery_it_is(case: object) -> None:
    address = envelope_tags.tagged("support@desk.example", 1042, KEYS)
    assert address.startswith("support+bo.1042.")
    assert envelope_tags.number_in(["", "x@y.example", case(address)], KEYS[::-1]) == 1042
    assert envelope_tags.number_in([address], [b"foreign"]) == 0


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "+",
        "support+bo.1042.aaaaaaaaaaaaaaaa@desk.example",
        "support+bo.0.aaaaaaaaaaaaaaaa@desk.example",
        "support+bo.99999999999999999999.aaaaaaaaaaaaaaaa@desk.example",
        "support+bo.１.aaaaaaaaaaaaaaaa@desk.example",  # noqa: RUF001
        "x" * 10_000 + "+bo.1.aaaaaaaaaaaaaaaa@desk.example",
    ],
)
def test_what_only_looks_like_a_tag_is_none(address: str) -> None:
    assert envelope_tags.number_in([address], KEYS) == 0


def test_an_address_without_room_stays_as_it_is() -> None:
    long = "x" * 50 + "@desk.example"
    assert envelope_tags.tagged(long, 1, KEYS) == long


def test_each_copy_leaves_with_a_tag_of_its_own_where_the_server_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Envelope] = []

    class Noting:
        def __enter__(self) -> "Noting":
            return self

        def __exit__(self, *_: object) -> None: ...

        def send_all(self, envelopes: object) -> object:
            for envelope in envelopes:
                taken.append(envelope)
                yield [RecipientResult(to, Result.SENT, "250 Ok") for to in envelope.recipients]

    monkeypatch.setattr(room, "open_transport", lambda *_: Noting())
    plain = queue(desk, ANN, BEN)
    room.deliver(desk.server)
    OutgoingServer.objects.update(envelope_tags=True)
    desk.server.refresh_from_db()
    own = queue(desk, ANN, BEN, data={"reply_to": ["IT", "support+mc.c1.aaaaaaaa@desk.example"], "call": 1})
    room.deliver(desk.server)
    assert [(e.sender, list(e.recipients)) for e in taken] == [
        ("support@desk.example", [d.recipient for d in plain]),
        (tagged(own[0]), [ANN]),
        (tagged(own[1]), [BEN]),
    ]
    assert taken[1].mail == taken[2].mail
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_report_with_another_message_id_finds_its_copy_by_the_tag(desk: Desk) -> None:
    ann, ben = sent(desk, ANN, BEN)
    raw = report("<rewritten@relay.example>", BEN)
    desk.receive(f"Delivered-To: {tagged(ben)}\r\n".encode() + raw)
    assert fate(ben)[0] == "bounced"
    assert "5.1.1" in fate(ben)[1]
    assert fate(ann)[0] == "sent"
    assert Suppression.objects.get().address == BEN


def test_a_copy_that_was_forwarded_came_back_too_and_its_first_address_is_not_suppressed(desk: Desk) -> None:
    [ann] = sent(desk)
    raw = report("<rewritten@relay.example>", "elsewhere@other.example")
    desk.receive(f"Delivered-To: {tagged(ann)}\r\n".encode() + raw)
    state, reply = fate(ann)
    assert state == "bounced"
    assert reply.startswith("elsewhere@other.example: 5.1.1")
    assert not Suppression.objects.exists()


def test_a_report_of_a_foreign_form_finds_its_copy_by_the_tag(desk: Desk) -> None:
    [ann] = sent(desk)
    received = desk.receive(
        foreign(
            tagged(ann), "Undelivered Mail Returned to Sender", "We are sorry. It could not be delivered."
        )
    )
    assert received.outcome == "rejected"
    assert fate(ann)[0] == "bounced"
    assert Call.objects.count() == 0


def test_a_report_finds_its_copy_by_the_token_in_what_it_quotes(desk: Desk) -> None:
    desk.receive(mail())
    ann = Delivery.objects.get()
    token = token_of(ann.message.message_id)
    raw = report("<rewritten@relay.example>", ANN).replace(
        b"--=b\r\nContent-Type: text/rfc822-headers",
        f"--=b\r\nContent-Type: text/plain\r\n\r\n> [mc.{token}]\r\n--=b\r\n".encode()
        + b"Content-Type: text/rfc822-headers",
    )
    desk.receive(raw)
    assert fate(ann)[0] == "bounced"


def test_a_forged_tag_moves_nothing(desk: Desk) -> None:
    [ann] = sent(desk)
    forged = tagged(ann).replace(f".{ann.pk}.", f".{ann.pk + 1}.")
    desk.receive(foreign(forged, "Undelivered Mail Returned to Sender", "It could not be delivered."))
    assert fate(ann)[0] == "sent"


def test_who_is_away_does_not_make_a_mail_come_back(desk: Desk) -> None:
    [ann] = sent(desk)
    desk.receive(
        mail(ANN, "Out of office", "I am away.", to=tagged(ann), headers="Auto-Submitted: auto-replied\n")
    )
    assert fate(ann)[0] == "sent"


def test_a_person_who_writes_to_the_tag_is_heard(desk: Desk) -> None:
    [ann] = sent(desk)
    received = desk.receive(mail(ANN, "Thank you", to=tagged(ann)))
    assert received.outcome == "logged"
    assert fate(ann)[0] == "sent"


@pytest.mark.parametrize("by", ["tag", "Message-ID", "Message-ID and recipient"])
def test_a_complaint_finds_its_copy_and_no_more_is_sent_there(desk: Desk, by: str) -> None:
    [ann] = sent(desk)
    raws = {
        "tag": complaint(sender=tagged(ann)),
        "Message-ID": complaint(original=ann.message.message_id),
        "Message-ID and recipient": complaint(original=ann.message.message_id, recipient=ANN),
    }
    received = desk.receive(raws[by])
    assert received.outcome == "rejected"
    assert [step["rule"] for step in received.trace if step["fired"]] == ["complaint"]
    state, reply = fate(ann)
    assert state == "sent"
    assert reply.startswith("Reported as ")
    row = Suppression.objects.get()
    assert (row.address, row.cause) == (ANN, "complaint")


@pytest.mark.parametrize(
    "raw",
    [
        complaint(kind="not-spam", original="<a@b>", recipient=ANN),
        complaint(kind="auth-failure", recipient=ANN),
        complaint(),
        complaint(recipient="nobody@nowhere.example"),
    ],
)
def test_a_complaint_about_nothing_of_ours_is_rejected_and_does_nothing(desk: Desk, raw: bytes) -> None:
    [ann] = sent(desk)
    assert desk.receive(raw).outcome == "rejected"
    assert fate(ann)[0] == "sent"
    assert not Suppression.objects.exists()


def test_whoever_wrote_the_mail_is_told(desk: Desk) -> None:
    call = Call.objects.create(partition=desk.partition, subject="x", user=Person.objects.get(email=ANN))
    write_reply(call, author=desk.bob, text="Hello.", to=[("", ANN)], cc=[], channel=Channel.PAGE)
    room.deliver(desk.server)
    ann = Delivery.objects.get(recipient=ANN)
    desk.receive(report(ann.message.message_id, ANN))
    [notice] = Notice.objects.all()
    assert notice.person == desk.bob
    assert notice.entry == ann.message.entry
    assert "5.1.1" in notice.text
    assert notice.subject.startswith("Not delivered: ")


def test_a_report_read_a_second_time_tells_nobody_again(desk: Desk) -> None:
    call = Call.objects.create(partition=desk.partition, subject="x", user=Person.objects.get(email=ANN))
    write_reply(call, author=desk.bob, text="Hello.", to=[("", ANN)], cc=[], channel=Channel.PAGE)
    room.deliver(desk.server)
    ann = Delivery.objects.get(recipient=ANN)
    for _ in range(2):
        desk.receive(report(ann.message.message_id, ANN))
    assert Notice.objects.count() == 1


def test_a_full_mailbox_bounces_and_is_not_suppressed(desk: Desk) -> None:
    [ann] = sent(desk)
    desk.receive(report(ann.message.message_id, ANN, status="5.2.2"))
    assert fate(ann)[0] == "bounced"
    assert not Suppression.objects.exists()
    assert ReceivedMail.objects.count() == 1


def test_the_reader_tells_a_complaint() -> None:
    bounce = read_mail(
        complaint(original="<a@b>", recipient="Ann@Customer.example", sender="x@y.example")
    ).bounce
    assert bounce is not None
    assert bounce.original_message_id == "<a@b>"
    assert bounce.envelope_sender == "x@y.example"
    assert [(r.address, r.action) for r in bounce.recipients] == [("Ann@Customer.example", "complained")]
    assert not bounce.permanent


@pytest.mark.parametrize("forged", [report, complaint])
def test_who_read_a_mail_can_not_stop_mail_to_another_reader(desk: Desk, forged: object) -> None:
    ann, ben = sent(desk, ANN, BEN)
    about = ann.message.message_id
    raw = {
        report: report(about, BEN, proved=False),
        complaint: complaint(original=about, recipient=BEN, proved=False),
    }[forged]
    received = desk.receive(raw)
    assert received.outcome == "rejected"
    assert any("Nothing proves who sent it" in step["saw"] for step in received.trace)
    assert claimed(ben)
    assert not claimed(ann)
    assert [d.state for d in queue(desk, BEN)] == ["queued"]


def test_the_tag_of_ones_own_copy_proves_nothing_of_another_readers(desk: Desk) -> None:
    ann, ben = sent(desk, ANN, BEN)
    raw = report(ann.message.message_id, BEN, proved=False)
    desk.receive(f"Delivered-To: {tagged(ann)}\r\n".encode() + raw)
    assert fate(ann)[0] == "bounced"  # theirs came back, as they say
    assert not claimed(ben)


@pytest.mark.parametrize(
    ("reporter", "counts"),
    [
        ("mailer-daemon@customer.example", True),
        ("postmaster@mx.customer.example", True),
        ("MAILER-DAEMON@smtp.relay.example", True),
        ("mailer-daemon@relay.example", True),
        ("ben@customer.example", False),  # another reader, at the same provider
        ("mailer-daemon@other.example", False),
        ("mailer-daemon@evil-customer.example", False),
        ("mailer-daemon@example", False),
        ("mailer-daemon.ben@customer.example", False),
    ],
)
def test_a_proved_report_counts_from_mail_systems_of_the_recipient_and_of_our_server(
    desk: Desk, reporter: str, counts: bool
) -> None:
    OutgoingServer.objects.update(server="smtp.relay.example")
    [ann] = sent(desk)
    raw = report(ann.message.message_id, ANN, proved=False).replace(
        b"MAILER-DAEMON@customer.example", reporter.encode()
    )
    desk.receive(proof_of(reporter).encode() + raw)
    if counts:
        assert fate(ann)[0] == "bounced"
        assert Suppression.objects.get().address == ANN
    else:
        assert claimed(ann).startswith("5.1.1")


def test_a_report_from_an_address_that_is_only_written_there_changes_nothing(desk: Desk) -> None:
    [ann] = sent(desk)
    raw = report(ann.message.message_id, ANN, proved=False)
    forged = b"Authentication-Results: mx.customer.example; dmarc=pass header.from=customer.example\r\n"
    desk.receive(forged + raw)
    assert claimed(ann).startswith("5.1.1")


def test_an_author_is_told_once_of_reports_that_nothing_proves_and_in_other_words(desk: Desk) -> None:
    call = Call.objects.create(partition=desk.partition, subject="x", user=Person.objects.get(email=ANN))
    write_reply(call, author=desk.bob, text="Hello.", to=[("", ANN)], cc=[], channel=Channel.PAGE)
    room.deliver(desk.server)
    ann = Delivery.objects.get(recipient=ANN)
    for _ in range(3):
        desk.receive(report(ann.message.message_id, ANN, proved=False))
    [telling] = [one for one in tellings([ann.message.entry_id]) if one.who == ANN]
    assert "Unproven, a report says: 5.1.1" in telling.why
    [notice] = Notice.objects.all()
    assert notice.subject.startswith("Perhaps not delivered: ")
    assert notice.text.startswith(f"{ANN}: 5.1.1")
    assert "nothing proves" in notice.why


def test_a_mail_that_perhaps_did_not_arrive_may_be_sent_to_another_address(desk: Desk) -> None:
    desk.receive(mail())
    ann = Delivery.objects.get(recipient=ANN)
    with pytest.raises(Refused):
        readdress(ann, BEN, "Bob Baker")
    desk.receive(report(ann.message.message_id, ANN, proved=False))
    ann.refresh_from_db()
    assert readdress(ann, BEN, "Bob Baker").recipient == BEN
    assert fate(ann)[0] == "sent"


def test_an_author_is_told_of_a_complaint_as_such_and_once(desk: Desk) -> None:
    call = Call.objects.create(partition=desk.partition, subject="x", user=Person.objects.get(email=ANN))
    write_reply(call, author=desk.bob, text="Hello.", to=[("", ANN)], cc=[], channel=Channel.PAGE)
    room.deliver(desk.server)
    ann = Delivery.objects.get(recipient=ANN)
    for _ in range(2):
        desk.receive(complaint(sender=tagged(ann), proved=False))
    [notice] = Notice.objects.all()
    assert notice.subject.startswith("Reported as spam: ")
    assert "Reported as spam" in notice.text
    assert "no more mail goes there" in notice.why
