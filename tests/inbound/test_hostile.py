"""Mails that mean harm, or are merely broken: each has exactly one outcome, and the next is done."""

import pytest

from desks import AUTHENTICATED, Desk, mail
from mailcall.desk.models import Call, Person
from mailcall.inbound.models import ReceivedMail
from mailcall.message import address_ok, read_mail
from mailcall.outbound.models import Delivery

BODY = b"\r\n\r\nHelp.\r\n"
FROM = b"From: ann@customer.example\r\n"
HOSTILE = {
    "empty": b"",
    "one newline": b"\n",
    "only zeros": b"\0" * 1000,
    "headers only": FROM + b"Subject: nothing more",
    "no headers": b"\r\nHelp.\r\n",
    "no From": b"Subject: who am I?" + BODY,
    "empty From": b"From: \r\nSubject: x" + BODY,
    "From without an address": b"From: Somebody\r\nSubject: x" + BODY,
    "two From headers": FROM + b"From: eve@evil.example\r\nSubject: x" + BODY,
    "two From addresses": b"From: ann@customer.example, eve@evil.example\r\nSubject: x" + BODY,
    "CRLF in the subject": FROM + b"Subject: =?utf-8?q?a=0D=0ABcc:_eve@evil.example?=" + BODY,
    "CRLF in the name": b"From: =?utf-8?q?a=0D=0ABcc:_eve@evil.example?= <x@y.example>\r\nSubject: x" + BODY,
    "NUL in the subject": FROM + b"Subject: a\0b =?utf-8?q?c=00d?=" + BODY,
    "lone surrogate in the subject": FROM
    + b"Subject: =?utf-8?b?7aCA?= \xed\xa0\x80 =?utf-7?q?+2AA-?="
    + BODY,
    "lone surrogate in the name": b"From: \xed\xa0\x80 <x@y.example>\r\nSubject: x" + BODY,
    "lone surrogate in the text": FROM
    + b"Subject: x\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n\xd8\x00",
    "emoji": "From: 🦄 <x@y.example>\r\nSubject: 🔥💻\r\n\r\n👩‍👩‍👧\r\n".encode(),
    "long subject": FROM + b"Subject: " + b"long " * 2000 + BODY,
    "long word": FROM + b"Subject: " + b"x" * 10_000 + BODY,
    "long name": b"From: " + b"n" * 10_000 + b" <x@y.example>\r\nSubject: x" + BODY,
    "long address": b"From: " + b"a" * 5_000 + b"@" + b"b" * 5_000 + b".example\r\nSubject: x" + BODY,
    "surrogate in the address": b"From: <\xed\xa0\x80@y.example>\r\nSubject: x" + BODY,
    "5000 recipients": FROM + b"To: " + b",\r\n ".join(b"p%d@x.example" % n for n in range(5000)) + BODY,
    "5000 references": FROM + b"References: " + b"\r\n ".join(b"<%d@x>" % n for n in range(5000)) + BODY,
    "Message-ID with spaces": FROM + b"Message-ID: < a b @ c >" + BODY,
    "Message-ID with a comma": FROM + b"Message-ID: <a>, <b>" + BODY,
    "Message-ID of bytes": FROM + b"Message-ID: <\xff\xfe\0@x>" + BODY,
    "long Message-ID": FROM + b"Message-ID: <" + b"i" * 5000 + b"@x>" + BODY,
    "empty Message-ID": FROM + b"Message-ID: <>" + BODY,
    "huge tag": FROM + b"Subject: [Call 99999999999999999999] [Call 999999999999999]" + BODY,
    "template in the subject": FROM + b"Subject: {{ call.user.password }} {% load x %}" + BODY,
    "year 9999": FROM + b"Date: Fri, 31 Dec 9999 23:59:59 -1200\r\nSubject: x" + BODY,
    "deep parts": FROM
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(200)),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_mail_has_one_outcome_and_the_next_is_done(desk: Desk, raw: bytes) -> None:
    desk.deliver(raw)
    desk.deliver(mail("zoe@customer.example", "An honest question"))
    desk.run()
    hostile, honest = ReceivedMail.objects.order_by("pk")
    assert (hostile.state, hostile.error) == ("done", "")
    assert hostile.outcome in {"logged", "rejected"}
    assert hostile.read_raw() == raw
    assert (honest.state, honest.outcome) == ("done", "logged")
    assert len(desk.sent_to("zoe@customer.example")) == 1
    assert set(Delivery.objects.values_list("state", flat=True)) <= {"sent", "failed"}
    for delivery in Delivery.objects.all():
        assert address_ok(delivery.recipient)
        [sent] = desk.sent_to(delivery.recipient)
        assert b"\nBcc:" not in sent
        assert len(read_mail(sent).to) == 1


def test_all_hostile_mails_at_once_are_as_many_outcomes(desk: Desk) -> None:
    for raw in HOSTILE.values():
        desk.deliver(raw)
    desk.run()
    assert set(ReceivedMail.objects.values_list("state", flat=True)) == {"done"}
    assert ReceivedMail.objects.filter(outcome="").count() == 0
    logged = ReceivedMail.objects.filter(outcome="logged")
    assert logged.count() == Call.objects.count()
    assert Person.objects.filter(email="").count() == 1  # one record for all who can't be known


def test_a_mail_without_a_usable_from_is_logged_and_not_answered(desk: Desk) -> None:
    received = desk.receive(HOSTILE["two From headers"])
    assert received.call.user.name == "Unknown sender"
    assert received.entry.proof == "none"
    assert not Delivery.objects.exists()


def test_a_trusted_result_proves_nothing_for_two_from(desk: Desk) -> None:
    received = desk.receive(AUTHENTICATED.encode().replace(b"\n", b"\r\n") + HOSTILE["two From headers"])
    assert received.entry.proof == "none"


def test_recipients_without_end_do_not_all_take_part(desk: Desk) -> None:
    received = desk.receive(HOSTILE["5000 recipients"])
    assert received.call.participants.count() == 50
