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


@pytest.mark.parametrize(
    "sign", [b"Return-Path: <>", b"Precedence: bulk", b"Precedence: junk\r\nReturn-Path: <>"]
)
def test_the_note_of_vacation_is_an_automatic_reply(sign: bytes) -> None:
    raw = b"From: a@x.example\r\nSubject: away from my mail\r\n%s\r\n\r\nI will not be reading my mail."
    assert read_mail(raw % sign).kind is Kind.AUTO_REPLY
    assert read_mail(raw % b"X-Mailer: Mutt").kind is Kind.NORMAL


@pytest.mark.parametrize("subject", ["Gelesen: Drucker", "Read: Printer", "Non lu : Imprimante"])
def test_a_receipt_without_its_structure_is_no_reply_though_it_is_sent_as_one(subject: str) -> None:
    head = (
        f"From: a@x.example\r\nSubject: {subject}\r\nReturn-Path: <>\r\nAuto-Submitted: auto-replied\r\n\r\nx"
    )
    assert read_mail(head.encode()).kind is Kind.READ_RECEIPT


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


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@g.example\r\nSubject: complaint about message from 192.0.2.7\r\nContent-Type: message/rfc822\r\n\r\nSubject: Hi\r\n\r\n",
        b"From: a@g.example\r\nContent-Type: multipart/report; report-type=tlsrpt; boundary=b\r\n\r\n--b\r\nContent-Type: application/tlsrpt+gzip\r\n\r\nx\r\n--b--",
        b'From: a@g.example\r\nContent-Type: multipart/report; report-type="feedback-report"; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--',
    ],
)
def test_complaints_and_reports_about_transport_are_feedback(raw: bytes) -> None:
    assert read_mail(raw).kind is Kind.FEEDBACK_REPORT


@pytest.mark.parametrize(
    "header",
    [
        b"X-BoxTrapper-Verify: 1",
        b"X-ELNK-Challenge: sender verification",
        b"X-Delivery-Agent: TMDA/1.1.12\r\nReply-To: ann-confirm-99.a7@x.example",
        b"Auto-Submitted: auto-replied\r\nReply-To: ann+confirm+a7@x.example",
    ],
)
def test_a_request_to_prove_that_one_is_a_person_is_a_challenge(header: bytes) -> None:
    assert read_mail(PERSON + header + b"\r\n\r\nPlease confirm").kind is Kind.CHALLENGE_RESPONSE


@pytest.mark.parametrize(
    ("message_class", "kind"),
    [
        (b"IPM.Note.Rules.OofTemplate.Microsoft", Kind.AUTO_REPLY),
        (b"REPORT.IPM.Note.IPNRN", Kind.READ_RECEIPT),
        (b"REPORT.IPM.Note.NDR", Kind.BOUNCE),
        (b"IPM.Note", Kind.NORMAL),
    ],
)
def test_the_message_class_in_winmail_dat_tells_the_kind(message_class: bytes, kind: Kind) -> None:
    header = b"MIME-Version: 1.0\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"
    assert read_mail(PERSON + header + b"\x78\x9f\x3e\x22" + message_class).kind is kind


def test_a_report_that_a_scanner_put_a_banner_before_is_a_report() -> None:
    report = _report(b"Action: failed\r\n")
    wrapped = (
        b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
        b"--o\r\n\r\nChecked.\r\n--o\r\n" + report[report.index(b"Content-Type") :] + b"\r\n--o--\r\n"
    )
    mail = read_mail(wrapped)
    assert mail.kind is Kind.BOUNCE
    assert mail.bounce is not None
    assert [r.address for r in mail.bounce.recipients] == ["b@y.example"]


def test_a_refusal_by_a_filter_is_a_bounce_and_no_receipt() -> None:
    receipt = b"disposition-notification"
    raw = REPORT % (receipt, receipt, b"Final-Recipient: rfc822; b@y.example\r\nDisposition: a/b; deleted")
    assert read_mail(b"Auto-Submitted: auto-replied (rejected)\r\n" + raw).kind is Kind.BOUNCE
    assert read_mail(b"Auto-Submitted: auto-replied\r\n" + raw).kind is Kind.READ_RECEIPT


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        (b"Return-Path: <>", True),
        (b"X-Cron-Env: <SHELL=/bin/sh>", True),
        (b"Return-Path: <>\r\nX-MS-Exchange-Inbox-Rules-Loop: bob@x.example", False),
        (b"X-Autogenerated: Mirror", False),
        (b"X-ServiceNow-Generated: true", True),
        (b"X-Google-Group-Id: 77", True),
    ],
)
def test_what_a_rule_passes_on_is_still_written_by_a_person(header: bytes, automatic: bool) -> None:
    mail = read_mail(PERSON + header + b"\r\n\r\nhello")
    assert (mail.kind, mail.automatic) == (Kind.NORMAL, automatic)


def test_an_automatic_mail_says_that_a_machine_made_it() -> None:
    mail = read_mail(PERSON + b"Auto-Submitted: auto-replied\r\n\r\nAway")
    assert (mail.auto_generated, mail.automatic_reason) == (True, mail.kind_reason)
