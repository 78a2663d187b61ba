"""Addresses that mail came back from for good get no more until somebody releases them."""

import pytest

from desks import Desk
from mailcall.desk.calls import write_reply
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Channel
from mailcall.outbound.deliver import deliver
from mailcall.outbound.models import Delivery, Notice, Suppression, SuppressionCause
from mailcall.outbound.suppressing import (
    note_refused,
    release,
    says_no_such_mailbox,
    suppress,
    suppressed,
)
from outbound.leaving import arrived, queue, states


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 User unknown",
        "550 5.1.1 <ann@customer.example>: Recipient address rejected: User unknown in virtual mailbox table",
        "5.1.1 smtp; 550 5.1.1 The email account that you tried to reach does not exist",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        "556 5.1.10 Domain takes no mail",
        "550 5.2.1 The email account is disabled",
        "550 No such user here",
        "553 sorry, this recipient does not exist",
        "5.0.0 550 user unknown",
    ],
)
def test_a_refusal_that_says_there_is_no_such_mailbox_counts(reply: str) -> None:
    assert says_no_such_mailbox(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "refused, without a reason",
        "552 5.3.4 Message too big",
        "552 5.2.2 Mailbox full",
        "554 5.7.1 Service unavailable; Client host blocked using zen.example",
        "550 5.7.1 Relaying denied, user unknown",
        "550 5.7.26 Unauthenticated mail is rejected due to the domain's DMARC policy",
        "550 Blocked as spam: user unknown to us",
        "550 5.1.8 Sender's domain is unknown",
        "550 5.1.7 Bad sender address",
        "451 4.1.1 User unknown, perhaps later",
        "450 user unknown",
        "Given up after 5 days. The last word was: 451 4.7.1 Later",
        "550 Requested action not taken",
        "10.5.1.1 is no status",
    ],
)
def test_a_refusal_for_policy_size_or_for_now_does_not(reply: str) -> None:
    assert not says_no_such_mailbox(reply)


def test_an_address_that_a_server_does_not_know_gets_no_more(desk: Desk) -> None:
    queue(desk, "gone/away@customer.example")  # the Maildir server says 553 5.1.3
    deliver(desk.server)
    [row] = Suppression.objects.all()
    assert (row.address, row.cause) == ("gone/away@customer.example", "bounce")
    [again] = queue(desk, "gone/away@customer.example", "ann@customer.example")[:1]
    deliver(desk.server)
    again.refresh_from_db()
    assert (again.state, again.attempts) == ("failed", 0)
    assert again.reply.startswith(
        "Not sent, since its address is suppressed until somebody releases it. Mail"
    )
    assert "553 5.1.3" in again.reply
    assert arrived(desk.server) == ["ann@customer.example"]


def test_a_mail_written_to_such_an_address_says_so_at_once_and_tells_its_author(desk: Desk) -> None:
    call = Call.objects.create(partition=desk.partition, subject="x", user=desk.ann)
    [delivery] = queue(desk, "ann@customer.example")
    suppress(delivery, SuppressionCause.BOUNCE, "550 5.1.1 User unknown")
    write_reply(
        call, author=desk.bob, text="Hello.", to=[("", "ann@customer.example")], cc=[], channel=Channel.PAGE
    )
    mine = Delivery.objects.get(message__author=desk.bob)
    assert mine.state == "failed"
    assert "550 5.1.1 User unknown" in mine.reply
    [notice] = Notice.objects.all()
    assert notice.person == desk.bob
    assert notice.entry == mine.message.entry
    assert "ann@customer.example: Not sent" in notice.text


def test_the_author_is_told_when_a_mail_fails_while_it_is_sent(desk: Desk) -> None:
    call = Call.objects.create(partition=desk.partition, subject="x", user=desk.ann)
    write_reply(
        call, author=desk.bob, text="Hello.", to=[("", "gone/away@customer.example")], cc=[],
        channel=Channel.PAGE,
    )  # fmt: skip
    deliver(desk.server)
    [notice] = Notice.objects.all()
    assert notice.person == desk.bob
    assert "553 5.1.3" in notice.text
    assert notice.work == ("call", call.pk)


def test_released_it_gets_mail_again_and_can_be_suppressed_anew(desk: Desk) -> None:
    [delivery] = queue(desk, "ann@customer.example")
    for _ in range(2):
        suppress(delivery, SuppressionCause.COMPLAINT, "")
    [row] = Suppression.objects.all()
    assert list(suppressed(["Ann@Customer.example", "ben@customer.example"])) == ["Ann@Customer.example"]
    release(row, "Bob Baker")
    with pytest.raises(Refused, match="is released already"):
        release(row, "Bob Baker")
    assert suppressed(["ann@customer.example"]) == suppressed([]) == {}
    deliver(desk.server)
    assert states() == {"ann@customer.example": "sent"}
    suppress(delivery, SuppressionCause.BOUNCE, "")
    assert Suppression.objects.count() == 2


def test_one_reply_to_all_recipients_of_a_mail_suppresses_nobody(desk: Desk) -> None:
    both = queue(desk, "ann@customer.example", "ben@customer.example")
    for delivery in both:
        delivery.reply = "550 5.1.1 User unknown"
    note_refused(both)
    assert not Suppression.objects.exists()
    both[0].reply += " (ann)"
    note_refused(both)
    assert set(suppressed(d.recipient for d in both)) == {"ann@customer.example", "ben@customer.example"}
