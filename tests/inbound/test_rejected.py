"""Rule a: what changes nothing and is answered with nothing; and the same mail twice."""

import pytest

from desks import Desk, mail, reply_to, report
from inbound.hand_made import facts, reading
from mailcall.desk.models import Call, Partition, Person, TimelineEntry
from mailcall.inbound.models import ReceivedMail
from mailcall.inbound.rules import decide
from mailcall.message import read_mail
from mailcall.outbound.models import Delivery, Message

ANN = "ann@customer.example"


def rejected(desk: Desk, raw: bytes) -> ReceivedMail:
    """The journal's row of a mail that was rejected, changed nothing and was answered with nothing."""
    before = (Call.objects.count(), TimelineEntry.objects.count(), Person.objects.count())
    before += (Message.objects.count(),)
    received = desk.receive(raw)
    after = (Call.objects.count(), TimelineEntry.objects.count(), Person.objects.count())
    assert (*after, Message.objects.count()) == before
    assert (received.state, received.outcome, received.call) == ("done", "rejected", None)
    return received


def test_our_own_mail_come_back_is_rejected(desk: Desk) -> None:
    desk.receive(mail())
    [sent] = desk.sent_to(ANN)
    received = rejected(desk, sent)
    assert received.reason == "It is our own mail come back."
    assert [step["rule"] for step in received.trace if step["fired"]] == ["own mail"]


def test_a_mail_that_only_looks_like_our_own_is_not_rejected(desk: Desk) -> None:
    received = desk.receive(mail(message_id="<mc.c1.aaaaaaaa.bbbbbbbbbbbbbbbb@desk.example>"))
    assert received.outcome == "logged"


def test_a_delivery_report_marks_its_delivery(desk: Desk) -> None:
    desk.receive(mail())
    [sent] = desk.sent_to(ANN)
    received = rejected(desk, report(read_mail(sent).message_id, "Ann@Customer.Example"))
    delivery = Delivery.objects.get()
    assert delivery.state == "bounced"
    assert "5.1.1" in delivery.reply
    assert "ann@customer.example" in received.reason.casefold()


def test_a_mail_given_up_after_days_is_marked_too(desk: Desk) -> None:
    desk.receive(mail())
    [sent] = desk.sent_to(ANN)
    rejected(desk, report(read_mail(sent).message_id, ANN, action="failed", status="4.4.7"))
    assert Delivery.objects.get().state == "bounced"


@pytest.mark.parametrize(
    "forged",
    [
        lambda ours: report("<unknown@desk.example>", ANN),
        lambda ours: report("<mc.c1.aaaaaaaa.bbbbbbbbbbbbbbbb@desk.example>", ANN),
        lambda ours: report(ours, "carl@customer.example"),
        lambda ours: report(ours, ""),
        lambda ours: report("", ANN),
        lambda ours: report(ours, ANN, action="delayed", status="4.4.1"),
        lambda ours: report(ours, ANN, action="delivered", status="2.0.0"),
    ],
    ids=["unknown id", "unsigned id", "other recipient", "no recipient", "no id", "delay", "success"],
)
def test_a_report_about_anything_else_marks_nothing(desk: Desk, forged: object) -> None:
    desk.receive(mail())
    [sent] = desk.sent_to(ANN)
    rejected(desk, forged(read_mail(sent).message_id))
    assert Delivery.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("headers", "subject", "kind"),
    [
        ("Auto-Submitted: auto-replied\n", "Out of office", "auto reply"),
        ("X-Autoreply: yes\n", "Re: your mail", "auto reply"),
        ("Precedence: auto_reply\n", "Re: your mail", "auto reply"),
        ("X-Spamarrest-Challenge: yes\n", "Prove yourself", "challenge response"),
    ],
)
def test_an_automatic_reply_is_rejected(desk: Desk, headers: str, subject: str, kind: str) -> None:
    assert rejected(desk, mail(ANN, subject, headers=headers)).reason == f"It is automatic: {kind}."


def test_a_receipt_is_rejected(desk: Desk) -> None:
    raw = report("<any@desk.example>", ANN).replace(b"delivery-status", b"disposition-notification")
    assert rejected(desk, raw).reason == "It is automatic: read receipt."


def test_an_out_of_office_on_a_call_changes_nothing(desk: Desk) -> None:
    desk.receive(mail())
    [sent] = desk.sent_to(ANN)
    rejected(desk, reply_to(sent, ANN, headers="Auto-Submitted: auto-replied\n"))


def test_words_alone_make_no_automatic_reply(desk: Desk) -> None:
    assert desk.receive(mail(subject="Out of office: printer broken")).outcome == "logged"


@pytest.mark.parametrize("blocked", ["ann@customer.example", "ANN@Customer.example", "@customer.example"])
def test_a_blocked_sender_is_rejected(desk: Desk, blocked: str) -> None:
    desk.account.blocked_senders = f"spam@x.example\n  {blocked}"
    desk.account.save()
    assert rejected(desk, mail()).reason == "Its sender ann@customer.example is blocked."


@pytest.mark.parametrize(
    "other", ["nn@customer.example", "@mer.example", "customer.example", "@example", "@"]
)
def test_a_block_is_of_the_whole_address_or_domain(other: str) -> None:
    decision = decide(reading(mail()), facts(blocked_senders=(other,))).decision
    assert decision.action == "log"


def test_one_blocked_address_among_several_in_from_rejects() -> None:
    raw = mail().replace(b"From: ann@customer.example", b"From: eve@x.example, ann@customer.example")
    decision = decide(reading(raw), facts(blocked_senders=("ann@customer.example",))).decision
    assert decision.action == "reject"


@pytest.mark.parametrize("subject", ["lottery WIN today", "Re: AW: [EXTERNAL] you Win!", "Ünd du wİnst: win"])
def test_a_subject_on_the_reject_list_is_rejected(desk: Desk, subject: str) -> None:
    desk.account.reject_subjects = "casino\n win\n\n"
    desk.account.gateway_tags = "[EXTERNAL]"
    desk.account.save()
    assert "reject list: “win”" in rejected(desk, mail(subject=subject)).reason


def test_an_empty_line_of_the_reject_list_rejects_nothing(desk: Desk) -> None:
    desk.account.reject_subjects = "\n \n"
    desk.account.save()
    assert desk.receive(mail(subject="")).outcome == "logged"


def test_the_same_mail_in_two_mailboxes_of_a_partition_is_one_call_and_says_so(desk: Desk) -> None:
    second = desk.add_account("Second", "it@desk.example")
    raw = mail(to="support@desk.example", cc=("it@desk.example",))
    desk.deliver(raw)
    desk.deliver(b"Received: by another host\r\n" + raw, account=second)
    desk.run()
    first, copy = ReceivedMail.objects.order_by("pk")
    assert Call.objects.count() == 1
    assert (first.outcome, copy.outcome) == ("logged", "duplicate")
    assert copy.call == first.call
    assert copy.reason == f"It is the same mail as mail {first.pk}, which went to call {first.call_id}."
    assert len(desk.sent_to(ANN)) == 1


def test_the_same_mail_delivered_twice_is_one_call(desk: Desk) -> None:
    raw = mail()
    assert [desk.receive(raw).outcome for _ in range(3)] == ["logged", "duplicate", "duplicate"]
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"text": "Something else.\n"},
        {"sender": "carl@customer.example"},
        {"subject": "Another thing"},
    ],
)
def test_a_message_id_alone_discards_nothing(desk: Desk, other: dict) -> None:
    desk.receive(mail(message_id="<same@customer.example>"))
    assert desk.receive(mail(**{"message_id": "<same@customer.example>", **other})).outcome == "logged"
    assert Call.objects.count() == 2


def test_mails_without_a_message_id_are_never_the_same(desk: Desk) -> None:
    raw = b"From: ann@customer.example\r\nSubject: Printer\r\n\r\nDead.\r\n"
    assert [desk.receive(raw).outcome for _ in range(2)] == ["logged", "logged"]


def test_the_same_mail_in_two_partitions_is_two_calls(desk: Desk) -> None:
    people = Partition.objects.create(name="HR", address="hr@desk.example")
    account = desk.add_account("HR", "hr@desk.example", partition=people)
    raw = mail(cc=("hr@desk.example",))
    desk.deliver(raw)
    desk.deliver(raw, account=account)
    desk.run()
    assert {call.partition for call in Call.objects.all()} == {desk.partition, people}
    assert {mail.outcome for mail in ReceivedMail.objects.all()} == {"logged"}


def test_a_reply_that_reaches_two_partitions_updates_its_call_once(desk: Desk) -> None:
    people = Partition.objects.create(name="HR", address="hr@desk.example")
    account = desk.add_account("HR", "hr@desk.example", partition=people)
    desk.receive(mail())
    raw = reply_to(desk.sent_to(ANN)[0], ANN, cc=("hr@desk.example",))
    desk.deliver(raw)
    desk.deliver(raw, account=account)
    desk.run()
    assert [m.outcome for m in ReceivedMail.objects.order_by("pk")] == ["logged", "updated", "duplicate"]
    assert Call.objects.get().timeline.count() == 2
