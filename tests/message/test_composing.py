"""What a composed mail promises: it can be read, it can be sent again, nothing can be injected."""

# ruff: noqa: E501 - rows of examples

import datetime as dt
import email
import email.policy
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcall.message import (
    Attachment,
    BadAddress,
    BadHeader,
    Draft,
    Mailbox,
    address_ok,
    compose,
    needs_smtputf8,
    read_mail,
)
from mailcall.message.header_writing import clean_line

WHEN = dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def _draft(**changes: object) -> Draft:
    values: dict[str, object] = {
        "from_": Mailbox("IT Desk", "desk@example.com"),
        "to": (Mailbox("", "ann@x.example"),),
        "subject": "Printer",
        "text": "Hello\n",
        "message_id": "<mc.1@example.com>",
        "date": WHEN,
    }
    return Draft(**(values | changes))  # type: ignore[arg-type]


def _file(name: str, data: bytes = b"\x00\xff" * 300, content_type: str = "application/pdf") -> Attachment:
    return Attachment(name, content_type, data, "", inline=False, content_id="")


HOSTILE = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(["\r\n", "Bcc: x@y.example", "\n ", "\x00", "=?utf-8?q?x?=", "ü", '"', "\u2028", "a" * 80]))
    .map("".join),
)  # fmt: skip


@settings(deadline=None)
@given(subject=HOSTILE, name=HOSTILE, text=st.text(max_size=500))
def test_what_is_composed_reads_back_the_same(subject: str, name: str, text: str) -> None:
    raw = compose(_draft(subject=subject, to=(Mailbox(name, "ann@x.example"),), text=text))
    mail = read_mail(raw)
    assert mail.subject == clean_line(subject.encode("utf-8", "replace").decode())
    assert [box.address for box in mail.to] == ["ann@x.example"]
    assert mail.to[0].name == clean_line(clean_line(name)[:500])
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert b"Bcc" not in names
    assert len(names) == len(set(names))
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.count(b"\n") == raw.count(b"\r\n")


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=500).filter(str.strip))
def test_the_text_comes_through_whole(text: str) -> None:
    assert read_mail(compose(_draft(text=text))).text.strip("\n") == unicodedata.normalize("NFC", text).strip(
        "\n"
    )


@pytest.mark.parametrize("text", ["", " ", "\n", " \n \n"])
def test_a_blank_text_says_nothing(text: str) -> None:
    assert read_mail(compose(_draft(text=text))).text.strip() == ""


def test_the_same_draft_gives_the_same_bytes() -> None:
    draft = _draft(html="<p>Hi</p>", attachments=(_file("a.pdf"),))
    assert compose(draft) == compose(draft)


def test_the_standard_library_reads_text_html_and_attachment() -> None:
    raw = compose(_draft(text="Grüße\n", html="<p>Grüße</p>", attachments=(_file("büro " * 20 + ".pdf"),)))
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message.get_content_type() == "multipart/mixed"
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["Grüße"]
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == ("büro " * 20 + ".pdf")[:500]
    assert attached.get_content() == b"\x00\xff" * 300
    assert not message.defects


def test_inline_images_travel_with_the_html() -> None:
    image = Attachment("i.png", "image/png", b"x", "", inline=True, content_id="i@x")
    mail = read_mail(compose(_draft(html="<img src='cid:i@x'>", attachments=(image,))))
    assert [(item.content_id, item.inline, item.data) for item in mail.attachments] == [("i@x", True, b"x")]


def test_an_attached_mail_comes_back_whole() -> None:
    item = _file("old.eml", b"Subject: x\r\n\r\nbody\r\n", "message/rfc822")
    (attached,) = read_mail(compose(_draft(attachments=(item,)))).attachments
    assert attached.data.rstrip() == item.data.rstrip()


@pytest.mark.parametrize(
    "address", ["", "ann", "a@x\r\nBcc: b@y", "a b@x.example", "a@", "@x", "a@x..y", "a@-x.example", "<a@x.example>", "a,b@x",
                "é\x00@x.example", "a" * 65 + "@x.example", "a@" + "b" * 64 + ".example", "a@x.example\n"]
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    assert not address_ok(address)
    with pytest.raises(BadAddress):
        compose(_draft(to=(Mailbox("", address),)))


def test_international_addresses() -> None:
    draft = _draft(to=(Mailbox("Bücher", "info@bücher.example"),))
    assert b"info@xn--bcher-kva.example" in compose(draft)
    assert not needs_smtputf8(draft)
    draft = _draft(to=(Mailbox("", "büro@bücher.example"),))
    assert "büro@xn--bcher-kva.example".encode() in compose(draft)
    assert needs_smtputf8(draft)


def test_automatic_mails_say_so() -> None:
    raw = compose(_draft(auto_submitted="auto-replied"))
    assert b"Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n" in raw
    with pytest.raises(BadHeader):
        compose(_draft(auto_submitted="auto\r\nBcc: x"))


@pytest.mark.parametrize("name", ["Subject", "X: y\r\nBcc", "bcc", "", "Ü"])
def test_headers_that_are_ours_or_broken_are_refused(name: str) -> None:
    with pytest.raises(BadHeader):
        compose(_draft(headers=((name, "x"),)))


def test_long_threads_keep_their_start_and_their_latest_mails() -> None:
    mail = read_mail(compose(_draft(references=tuple(f"<{n}@x>" for n in range(100)))))
    assert (mail.references[0], mail.references[-1], len(mail.references)) == ("<0@x>", "<99@x>", 21)
