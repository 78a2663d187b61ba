"""Which mails are automatic, and what delivery reports say."""

# ruff: noqa: E501 - rows of examples

import pytest

from mailcall.message import Kind, read_mail

PERSON = b"From: ann@x.example\r\nSubject: Printer\r\n"
REPORT = (
    b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered\r\n"
    b"Content-Type: multipart/report; report-type=%s; boundary=b\r\n\r\n--b\r\n\r\nSorry\r\n--b\r\n"
    b"Content-Type: message/%s\r\n\r\n%s\r\n--b\r\n"
    b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <mc.1@desk.example>\r\n--b--\r\n"
)


def _report(fields: bytes) -> bytes:
    kind = b"delivery-status"
    return REPORT % (
        kind,
        kind,
        b"Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; b@y.example\r\n" + fields,
    )


@pytest.mark.parametrize(
    ("header", "kind", "automatic"),
    [
        (b"", Kind.NORMAL, False),
        (b"Auto-Submitted: no", Kind.NORMAL, False),
        (b"X-Auto-Response-Suppress: All", Kind.NORMAL, False),
        (b"Disposition-Notification-To: ann@x.example", Kind.NORMAL, False),
        (b"Auto-Submitted: auto-generated", Kind.NORMAL, True),
        (b"Auto-Submitted: auto-notified; owner-email=x", Kind.NORMAL, True),
        (b"Precedence: bulk", Kind.NORMAL, True),
        (b"List-Id: <l.x.example>", Kind.NORMAL, True),
        (b"Return-Path: <>", Kind.NORMAL, True),
        (b"Auto-Submitted: auto-replied (vacation)", Kind.AUTO_REPLY, True),
        (b"X-Autoreply: yes", Kind.AUTO_REPLY, True),
        (b"Precedence: auto_reply", Kind.AUTO_REPLY, True),
        (b"X-Failed-Recipients: b@y.example", Kind.BOUNCE, True),
    ],
)
def test_one_header_decides_the_kind(header: bytes, kind: Kind, automatic: bool) -> None:
    mail = read_mail(PERSON + header + b"\r\n\r\nhello")
    assert (mail.kind, mail.automatic) == (kind, automatic)
    assert bool(mail.automatic_reason) is automatic


def test_an_out_of_office_mail_of_exchange_is_an_automatic_reply() -> None:
    raw = b"From: a@x\r\nSubject: Automatic reply: Printer\r\nAuto-Submitted: auto-generated\r\n\r\nAway"
    assert read_mail(raw).kind is Kind.AUTO_REPLY


def test_a_person_writing_about_undelivered_mail_is_a_person() -> None:
    raw = b"From: ann@x.example\r\nSubject: Undelivered Mail Returned to Sender, what now?\r\n\r\nHelp"
    assert read_mail(raw).kind is Kind.NORMAL


def test_a_delivery_report_names_recipient_status_and_our_mail() -> None:
    mail = read_mail(
        _report(b"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n no such user\r\n")
    )
    assert mail.kind is Kind.BOUNCE
    assert mail.bounce is not None
    assert mail.bounce.original_message_id == "<mc.1@desk.example>"
    (recipient,) = mail.bounce.recipients
    assert (recipient.address, recipient.status, recipient.permanent) == ("b@y.example", "5.1.1", True)
    assert recipient.diagnostic.endswith("no such user")


def test_a_delay_is_a_bounce_that_is_not_permanent() -> None:
    mail = read_mail(_report(b"Action: delayed\r\nStatus: 4.4.7\r\n"))
    assert mail.bounce is not None
    assert (mail.kind, mail.bounce.permanent) == (Kind.BOUNCE, False)


def test_a_report_of_success_is_a_delivered_notice() -> None:
    assert read_mail(_report(b"Action: delivered\r\nStatus: 2.0.0\r\n")).kind is Kind.DELIVERED_NOTICE


def test_receipts_and_complaints_have_their_own_kind() -> None:
    receipt = b"disposition-notification"
    assert read_mail(REPORT % (receipt, receipt, b"Disposition: x")).kind is Kind.READ_RECEIPT
    feedback = b"feedback-report"
    assert read_mail(REPORT % (feedback, feedback, b"Feedback-Type: abuse")).kind is Kind.FEEDBACK_REPORT


def test_a_dmarc_aggregate_report_is_a_feedback_report() -> None:
    raw = (
        b"From: noreply@g.example\r\nSubject: Report domain: x.example Submitter: g.example Report-ID: 1\r\n"
        b"Content-Type: application/zip\r\n\r\nPK"
    )
    assert read_mail(raw).kind is Kind.FEEDBACK_REPORT


def test_an_old_style_bounce_is_read_from_its_text() -> None:
    raw = (
        b"Return-Path: <>\r\nFrom: Mail Delivery System <mailer-daemon@x.example>\r\nSubject: failure notice\r\n\r\n"
        b"I was not able to deliver your message.\r\n\r\n<bob@y.example>:\r\n550 5.1.1 unknown user\r\n\r\n"
        b"--- Below this line is a copy of the message.\r\n\r\nMessage-ID: <mc.2@desk.example>\r\n"
    )
    bounce = read_mail(raw).bounce
    assert bounce is not None
    assert [(box.address, box.permanent) for box in bounce.recipients] == [("bob@y.example", True)]
    assert bounce.original_message_id == "<mc.2@desk.example>"
