"""What reading a mail promises."""

# ruff: noqa: E501 - rows of examples

import base64
import datetime as dt
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailcall.message import Kind, Mailbox, parse_addresses, read_mail
from mailcall.message.dates import read_date
from mailcall.message.reading import read_mail_strictly

PIECES = [
    b"From: a@b.example\r\n", b"Subject: =?utf-8?q?x", b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: text/html; charset=nonsense\r\n", b"\r\n\r\n", b"--b\r\n", b"--b--\r\n", b"\xff\xfe", b"\x00",
    b"Content-Type: message/delivery-status\r\n", b"Final-Recipient: rfc822; x@y\r\n", b"Auto-Submitted: auto-replied\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 644 x\r\n#ABC\r\n",
    b"Date: Mon, 99 Foo 20 25:61\r\n", b"<blockquote><a href='", b"On 1.1.2020 a@b wrote:\r\n", b"> x\r\n", b"(((", b'"',
    b"Content-Disposition: attachment; filename*0*=x'y'%ff; filename*1=z\r\n", b"=?gb2312?B?//?=", b"\r",
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)
@given(st.one_of(st.binary(max_size=3_000), st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)))
def test_any_bytes_read_without_an_error(raw: bytes) -> None:
    read_mail_strictly(raw)


def test_encoded_words_are_put_together_even_in_the_middle_of_a_character() -> None:
    mail = read_mail(b"Subject: =?utf-8?b?w4M=?= =?utf-8?q?=C3?=\r\n =?utf-8?q?=A9t=C3=A9?= plain\r\n\r\n")
    assert mail.subject == "Ãété plain"


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_raw_8_bit_subjects_are_read(charset: str) -> None:
    assert read_mail("Subject: Größe\r\n\r\n".encode(charset)).subject == "Größe"


def test_control_characters_and_folds_leave_the_subject() -> None:
    assert read_mail(b"Subject: a\x00b\r\n\tc\x1b[1m\r\n\r\n").subject == "ab c[1m"


def test_tolerated_address_forms() -> None:
    assert parse_addresses(
        '"Doe, John" <j@x.example>, k@x.example (Kay), Team: a@x.example, b@x.example;'
    ) == (
        Mailbox("Doe, John", "j@x.example"),
        Mailbox("Kay", "k@x.example"),
        Mailbox("", "a@x.example"),
        Mailbox("", "b@x.example"),
    )
    assert parse_addresses("=?utf-8?q?B=C3=BC=2C_x?= <b@x.example>") == (Mailbox("Bü, x", "b@x.example"),)
    assert parse_addresses('"a b"@x.example') == (Mailbox("", '"a b"@x.example'),)


def test_two_addresses_in_one_from_stay_two() -> None:
    mail = read_mail(b"From: <boss@corp.example> <evil@x.example>\r\n\r\n")
    assert [box.address for box in mail.from_] == ["boss@corp.example", "evil@x.example"]


def test_fifty_thousand_recipients_are_read_in_seconds() -> None:
    raw = b"To: " + b",\r\n ".join(b"User %d <u%d@example.com>" % (n, n) for n in range(50_000)) + b"\r\n\r\n"
    start = time.process_time()
    assert len(read_mail(raw).to) == 50_000
    assert time.process_time() - start < 10


def test_a_date_is_aware_or_none() -> None:
    assert read_date("Mon, 2 Nov 2026 10:00:00 +0100") == dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC)
    assert read_date("Mon, 2 Nov 2026 10:00:00").tzinfo is not None  # type: ignore[union-attr]
    assert read_date("yesterday") is None


def test_ids_are_read_with_their_brackets() -> None:
    mail = read_mail(b"Message-ID: <1@x>\r\nIn-Reply-To: 2@x\r\nReferences: <0@x>\r\n <2@x> <0@x>\r\n\r\n")
    assert (mail.message_id, mail.in_reply_to, mail.references) == ("<1@x>", ("<2@x>",), ("<0@x>", "<2@x>"))


def _multipart(kind: str, *parts: bytes) -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return (
        b"From: a@x\r\nContent-Type: multipart/"
        + kind.encode()
        + b"; boundary=b\r\n\r\n"
        + body
        + b"--b--\r\n"
    )


def test_plain_text_is_preferred_and_the_html_is_kept() -> None:
    mail = read_mail(
        _multipart(
            "alternative",
            b"Content-Type: text/plain\r\n\r\nplain",
            b"Content-Type: text/html\r\n\r\n<b>rich</b>",
        )
    )
    assert (mail.text, mail.html) == ("plain", "<b>rich</b>")


def test_text_is_made_from_html_where_there_is_no_other() -> None:
    markup = b"<style>x</style><p>One &amp; two<br>three</p><blockquote>old</blockquote><script>y</script>"
    mail = read_mail(b"Content-Type: text/html\r\n\r\n" + markup)
    assert mail.text == "One & two\nthree\n\n> old"
    assert mail.reply_text == "One & two\nthree"


def test_every_text_of_a_mixed_mail_is_shown() -> None:
    mail = read_mail(_multipart("mixed", b"\r\none", b"Content-Type: text/html\r\n\r\n<p>two", b"\r\nthree"))
    assert mail.text.split() == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('filename="../../etc/passwd"', "passwd"),
        ('filename="C:\\\\temp\\\\a.txt"', "a.txt"),
        ("filename*=utf-8''b%C3%BCro.pdf", "büro.pdf"),
        ("filename*0=\"long \"; filename*1=name.pdf", "long name.pdf"),
        ('filename="=?utf-8?q?b=C3=BCro=2Epdf?="', "büro.pdf"),
        ('filename="a\u202efdp.exe"', "afdp.exe"),
        ('filename="CON.txt"', "_CON.txt"),
        ("", "attachment-1.pdf"),
    ],
)  # fmt: skip
def test_attachment_names_are_safe(header: str, name: str) -> None:
    part = f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {header}\r\n\r\nx".encode()
    assert read_mail(_multipart("mixed", b"\r\nhi", part)).attachments[0].name == name


def test_a_very_long_attachment_name_keeps_its_extension() -> None:
    part = b'Content-Disposition: attachment; filename="' + b"x" * 5_000 + b'.pdf"\r\n\r\nx'
    name = read_mail(_multipart("mixed", part)).attachments[0].name
    assert len(name) <= 120
    assert name.endswith(".pdf")


def test_a_forwarded_mail_is_attached_whole() -> None:
    mail = read_mail(
        _multipart("mixed", b"\r\nsee", b"Content-Type: message/rfc822\r\n\r\nSubject: Old one\r\n\r\nbody")
    )
    assert [(item.name, item.data) for item in mail.attachments] == [
        ("Old one.eml", b"Subject: Old one\r\n\r\nbody")
    ]


def test_inline_images_keep_their_content_id() -> None:
    image = (
        b"Content-Type: image/png\r\nContent-ID: <i@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0K"
    )
    mail = read_mail(_multipart("related", b"Content-Type: text/html\r\n\r\n<img src=cid:i@x>", image))
    assert [(item.content_id, item.inline) for item in mail.attachments] == [("i@x", True)]


def test_the_charset_is_found_where_the_declared_one_is_wrong() -> None:
    head = b"Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    assert read_mail(head + "Grüße".encode()).text == "Grüße"
    assert read_mail(b"Content-Type: text/plain; charset=x-none\r\n\r\n" + "Grüße".encode()).text == "Grüße"


def test_damaged_base64_gives_what_is_there() -> None:
    body = base64.encodebytes(b"hello world, this is text").replace(b"\n", b"!\n")[:-3]
    mail = read_mail(b"Content-Transfer-Encoding: base64\r\n\r\n" + body)
    assert mail.text.startswith("hello world")


def test_nesting_beyond_the_cap_still_reads_and_says_so() -> None:
    raw = b"Subject: deep\r\n"
    for n in range(1, 200):
        raw += b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n" % (b"a" * n, b"a" * n)
    mail = read_mail(raw + b"\r\nx")
    assert mail.subject == "deep"
    assert any("deeper" in defect for defect in mail.defects)


def test_parts_beyond_the_cap_stay_one_attachment_and_the_text_reads() -> None:
    mail = read_mail(_multipart("mixed", *[b"\r\nx%d" % n for n in range(2_000)]))
    assert mail.text.startswith("x0")
    assert b"x1999" in mail.attachments[-1].data
    assert any("more than" in defect for defect in mail.defects)


@pytest.mark.parametrize(
    "raw",
    [
        b"X: y\r\n" * 300_000,
        b"To: " + b'"\\' * 200_000 + b"\r\n\r\n",
        b"To: a" + b" " * 500_000 + b"b\r\n\r\n",
        b"\r\n" + b"On 2020 a@b\n" * 10_000,
        b"\r\n" + b"From: x\n" * 10_000,
        b"\r\n" + (b"-" * 199 + b"x\n") * 3_000,
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 100_000,
        b"Content-Type: text/html\r\n\r\n" + b'<a href="' * 100_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!--<script>" * 100_000,
    ],
)
def test_hostile_mails_cost_little(raw: bytes) -> None:
    start = time.process_time()
    read_mail_strictly(raw)
    assert time.process_time() - start < 5


def test_mails_with_other_line_ends_and_mbox_lines_read() -> None:
    assert read_mail(b"From x Mon Jan\nSubject: a\n\nb").subject == "a"
    mail = read_mail(b"Subject: a\r\rb")
    assert (mail.subject, mail.text, mail.kind) == ("a", "b", Kind.NORMAL)


def test_a_mail_that_breaks_the_reader_is_not_taken_for_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("mailcall.message.reading.classify", fail)
    mail = read_mail(b"From: ann@corp.example\r\n\r\nhi")
    assert mail.unreadable
    assert mail.defects[0].startswith(
        "Mailcall's own reader failed at this mail (KeyError at test_reading.py:"
    )
    assert "hi" in mail.text


def test_the_trace_keeps_the_order_of_hops_and_results() -> None:
    mail = read_mail(
        b"Received: by a\r\nSubject: x\r\nAuthentication-Results: a;\r\n none\r\nReceived: by b\r\n\r\nhi"
    )
    assert mail.trace == (
        ("received", "by a"),
        ("authentication-results", "a; none"),
        ("received", "by b"),
    )
    assert not mail.unreadable
