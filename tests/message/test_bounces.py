"""What a delivery report says: whom it could not reach, why, for good or not, and of which mail."""

# ruff: noqa: E501 - rows of examples

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.message import Bounce, Kind, read_mail
from mailcall.message.bounces import MAX_RECIPIENTS, read_bounce
from mailcall.message.mime import parse

from .bounce_samples import SAMPLES, Sample

STATUS = "Reporting-MTA: dns; mx.example\n\n"
RETURNED = "--b\nContent-Type: message/rfc822\n\nMessage-ID: <mc.7@desk.example>\nSubject: Printer\n\nHelp\n"


def _report(status: str, kind: str = "delivery-status", returned: str = RETURNED) -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nMIME-Version: 1.0\n"
        f"Content-Type: multipart/report; report-type={kind}; boundary=b\n\n--b\n\nSorry.\n"
        f"--b\nContent-Type: message/{kind}\n\n{status}\n{returned}--b--\n"
    ).encode()


def _bounce(raw: bytes) -> Bounce:
    mail = read_mail(raw)
    assert mail.kind in {Kind.BOUNCE, Kind.DELIVERED_NOTICE}, mail.kind
    assert mail.bounce is not None
    return mail.bounce


@pytest.mark.parametrize("name", SAMPLES)
def test_a_report_in_words_says_whom_it_could_not_reach_and_why(name: str) -> None:
    sample: Sample = SAMPLES[name]
    bounce = _bounce(sample.mail())
    assert tuple((r.address, r.action, r.status, r.permanent) for r in bounce.recipients) == sample.named
    if "mc.7@" in sample.text:
        assert bounce.original_message_id == "<mc.7@desk.example>"


@pytest.mark.parametrize(
    ("fields", "action", "status", "permanent"),
    [
        ("Action: failed\nStatus: 5.1.1\n", "failed", "5.1.1", True),
        ("Action: failed\nStatus: 5.2.2\n", "failed", "5.2.2", True),
        ("Action: failed\nStatus: 4.4.7\n", "failed", "4.4.7", False),
        ("Action: delayed\nStatus: 4.4.1\nWill-Retry-Until: Mon, 1 Apr 2024\n", "delayed", "4.4.1", False),
        ("Action: delayed\nStatus: 5.0.0\n", "delayed", "5.0.0", False),
        ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.7.1 no\n", "failed", "5.7.1", True),
        ("Action: failed\nStatus: 5.0.0 (permanent failure)\n", "failed", "5.0.0", True),
        ("Action: failed\nDiagnostic-Code: smtp; 452 full\n", "failed", "", False),
        ("Action: failed (user unknown)\n", "failed", "", True),
        ("Diagnostic-Code: smtp; no such user\n", "", "", True),
        ("Will-Retry-Until: Mon, 1 Apr 2024\nDiagnostic-Code: smtp; 450 busy\n", "delayed", "", False),
        ("Action: relayed\nStatus: 2.1.9\n", "relayed", "2.1.9", False),
        ("Action: Delivered\nStatus: 2.0.0\n", "delivered", "2.0.0", False),
    ],
)
def test_permanent_is_the_class_of_the_status_and_never_a_delay(
    fields: str, action: str, status: str, permanent: bool
) -> None:
    (recipient,) = _bounce(_report(f"{STATUS}Final-Recipient: rfc822; ana@b.example\n{fields}")).recipients
    assert (recipient.address, recipient.action, recipient.status, recipient.permanent) == (
        "ana@b.example",
        action,
        status,
        permanent,
    )


@pytest.mark.parametrize(
    ("recipient", "address"),
    [
        ("Final-Recipient: rfc822;ana@b.example", "ana@b.example"),
        ("Final-Recipient: RFC822; <ana@b.example>", "ana@b.example"),
        ("Final-Recipient: ana@b.example", "ana@b.example"),
        (
            "Original-Recipient: rfc822;ana@b.example\nFinal-Recipient: rfc822; box7@inner.b.example",
            "ana@b.example",
        ),
        ("Final-Recipient: rfc822; box7\nOriginal-Recipient: rfc822; ana@b.example", "ana@b.example"),
        ("Final-Recipient: utf-8; anä@bücher.example", "anä@xn--bcher-kva.example"),
        ("Final-Recipient: rfc822; ana@b.example\n (folded comment)", "ana@b.example"),
    ],
)
def test_the_address_is_the_one_that_was_written_to(recipient: str, address: str) -> None:
    assert [r.address for r in _bounce(_report(f"{STATUS}{recipient}\nAction: failed\n")).recipients] == [
        address
    ]


def test_each_recipient_of_a_report_has_its_own_outcome() -> None:
    groups = "\n".join(
        f"Final-Recipient: rfc822; {name}@b.example\nAction: {action}\nStatus: {status}\n"
        for name, action, status in (
            ("a", "failed", "5.1.1"),
            ("b", "delayed", "4.2.2"),
            ("c", "relayed", "2.0.0"),
        )
    )
    bounce = _bounce(_report(STATUS + groups))
    assert [(r.address[0], r.action, r.permanent) for r in bounce.recipients] == [
        ("a", "failed", True),
        ("b", "delayed", False),
        ("c", "relayed", False),
    ]


def test_groups_without_an_empty_line_between_them_are_still_several() -> None:
    group = "Final-Recipient: rfc822; {}@b.example\nAction: failed\nStatus: 5.1.1\n"
    bounce = _bounce(_report(STATUS + group.format("a") + group.format("b")))
    assert [r.address for r in bounce.recipients] == ["a@b.example", "b@b.example"]


def test_a_report_about_a_pipe_names_the_address_in_its_words() -> None:
    raw = _report(
        f"{STATUS}Final-Recipient: rfc822; |/usr/bin/filter\nAction: failed\nStatus: 5.3.0\n"
    ).replace(b"Sorry.", b"The following address(es) failed:\n\n  ana@b.example\n    pipe failed\n")
    assert [r.address for r in _bounce(raw).recipients] == ["ana@b.example"]


def test_a_report_inside_another_mail_of_a_gateway_is_read() -> None:
    inner = _report(
        f"{STATUS}Final-Recipient: rfc822; ana@b.example\nAction: failed\nStatus: 5.1.1\n"
    ).decode()
    raw = (
        "From: postmaster@gate.example\nSubject: Delivery Status Notification (Failure)\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; report-type=delivery-status; boundary=o\n\n"
        f"--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n"
    ).encode()
    assert [(r.address, r.status) for r in _bounce(raw).recipients] == [("ana@b.example", "5.1.1")]


def test_fields_in_the_text_of_a_broken_report_are_read() -> None:
    raw = (
        b"From: MAILER-DAEMON@mx.example\nSubject: Returned mail\n\nThis is a MIME-encapsulated message\n\n--x\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        b"Final-Recipient: RFC822; ana@b.example\nAction: failed\nStatus: 5.1.1\n"
    )
    assert [(r.address, r.status) for r in _bounce(raw).recipients] == [("ana@b.example", "5.1.1")]


def test_a_refusal_by_a_filter_names_its_recipient() -> None:
    fields = "Final-Recipient: rfc822; ana@b.example\nDisposition: automatic-action/MDN-sent-automatically; deleted\n"
    raw = b"Auto-Submitted: auto-replied (rejected)\n" + _report(fields, "disposition-notification")
    assert [(r.address, r.permanent) for r in _bounce(raw).recipients] == [("ana@b.example", True)]


@pytest.mark.parametrize(
    "returned",
    [
        "--b\nContent-Type: message/rfc822\n\nSubject: x\nMessage-ID: <mc.7@desk.example>\n\nHelp\n",
        "--b\nContent-Type: text/rfc822-headers\n\nmessage-id:\n <mc.7@desk.example>\n",
        "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nTWVzc2FnZS1JRDogPG1jLjdAZGVzay5leGFtcGxlPgoKSGkK\n",
        "--b\nContent-Type: text/plain\n\n> Received: by x\n> Message-Id: <mc.7@desk.example>\n",
    ],
)
def test_the_original_mail_is_found_by_what_is_given_back_of_it(returned: str) -> None:
    raw = _report(f"{STATUS}Final-Recipient: rfc822; ana@b.example\nAction: failed\n", returned=returned)
    assert _bounce(raw).original_message_id == "<mc.7@desk.example>"


def test_the_original_mail_is_found_by_the_thread_where_nothing_is_given_back() -> None:
    raw = b"In-Reply-To: <mc.7@desk.example>\n" + SAMPLES["qq"].mail()
    assert _bounce(raw).original_message_id == "<mc.7@desk.example>"


def test_the_only_addressee_of_the_returned_mail_is_the_one_that_failed() -> None:
    raw = _report("", returned="").replace(
        b"--b--", b"--b\nContent-Type: message/rfc822\n\nTo: Ana <ana@b.example>\n\nHi\n--b--"
    )
    assert [r.address for r in _bounce(raw).recipients] == ["ana@b.example"]


def test_of_a_hundred_thousand_recipients_the_first_thousand_are_read() -> None:
    many = "".join(f"Final-Recipient: rfc822; a{n}@b.example\nAction: failed\n\n" for n in range(100_000))
    assert len(_bounce(_report(STATUS + many)).recipients) == MAX_RECIPIENTS
    listed = "".join(f"<a{n}@b.example>\n" for n in range(100_000))
    sample = Sample("MAILER-DAEMON@x.example", "failure", f"The following addresses had errors\n{listed}", ())
    assert len(_bounce(sample.mail()).recipients) == MAX_RECIPIENTS


def test_a_hundred_thousand_lines_of_a_diagnostic_are_one_diagnostic() -> None:
    lines = "Diagnostic-Code: smtp; 550 no\n" + " and so on\n" * 100_000
    (recipient,) = _bounce(_report(f"{STATUS}Final-Recipient: rfc822; a@b.example\n{lines}")).recipients
    assert len(recipient.diagnostic) <= 2_000


_WORDS = st.sampled_from(
    ["<a@b.example>", "a@b.example:", "550 5.1.1", "4.4.7", "\n", "\n\n", "----- ", "Final-Recipient: rfc822; a@b\n",
     "Action: failed\n", "the following addresses had", "rcpt to:", "--- Below this line is a copy", "\xff", "=?", " "]
)  # fmt: skip


@given(
    st.lists(_WORDS, max_size=60),
    st.sampled_from(["text/plain", "text/html", "multipart/report; boundary=b"]),
)
def test_any_report_is_read_without_an_error(words: list[str], content_type: str) -> None:
    raw = f"From: mailer-daemon@x\nContent-Type: {content_type}\n\n--b\n\n{''.join(words)}".encode("latin-1")
    bounce = read_bounce(parse(raw, []))
    assert len(bounce.recipients) <= MAX_RECIPIENTS
