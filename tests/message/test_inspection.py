"""A mail as JSON-able values: the same keys whatever the mail is, and HTML that can stand alone."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcall.cli.inspecting.form import Form
from mailcall.cli.inspecting.job import json_line, shown
from mailcall.cli.inspecting.sources import Source
from mailcall.message import read_mail
from mailcall.message.clean_html import MAX_IN_DATA
from mailcall.message.inspection import MAX_IMAGE, inspect_mail

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
KEYS = [
    "subject", "from", "to", "cc", "reply_to", "date", "message_id", "in_reply_to", "references", "text",
    "html", "reply_text", "quoted_text", "attachments", "kind", "auto_generated", "list", "bounce",
    "forwarded", "defects",
]  # fmt: skip


def with_image(data: bytes, kind: str = "image/png") -> bytes:
    return (
        b"From: ann@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>Look: <img src='cid:one@example.com'></p>\r\n"
        b"--b\r\nContent-Type: " + kind.encode() + b"\r\nContent-ID: <one@example.com>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data) + b"\r\n--b--\r\n"
    )


@pytest.mark.parametrize(
    "raw", [b"", b"Subject: x\r\n\r\ny", b"\0\xff" * 100], ids=["empty", "short", "junk"]
)
def test_every_mail_has_the_same_keys_and_missing_values_are_empty(raw: bytes) -> None:
    values = inspect_mail(read_mail(raw))
    assert list(values)[: len(KEYS)] == KEYS
    assert values["from"] == values["attachments"] == values["forwarded"] == values["references"] == []
    assert values["date"] == values["html"] == values["message_id"] == ""
    assert values["bounce"] == {"permanent": False, "recipients": [], "original_message_id": ""}
    assert values["kind"] == "normal"


def test_a_mail_is_given_with_offset_ids_and_addresses() -> None:
    values = inspect_mail(
        read_mail(
            b"From: =?utf-8?q?Zo=C3=AB?= <zoe@example.net>\r\nDate: Mon, 3 Nov 2025 10:15:00 +0100\r\n"
            b"Message-ID: <a@b>\r\nReferences: <x@y> <z@y>\r\nIn-Reply-To: <z@y>\r\n\r\nHello\r\n"
        )
    )
    assert values["from"] == [{"name": "Zoë", "address": "zoe@example.net"}]
    assert values["date"] == "2025-11-03T10:15:00+01:00"
    assert values["message_id"] == "<a@b>"
    assert (values["in_reply_to"], values["references"]) == (["<z@y>"], ["<x@y>", "<z@y>"])


def test_an_image_of_the_mail_stands_in_its_html() -> None:
    values = inspect_mail(read_mail(with_image(PIXEL)))
    assert f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}" in values["html"]
    [image] = values["attachments"]
    assert (image["type"], image["size"], image["inline"]) == ("image/png", len(PIXEL), True)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(PIXEL + bytes(MAX_IMAGE), "image/png"), (b"<svg onload='alert(1)'/>", "image/svg+xml")],
    ids=["too large", "a drawing that can hold a script"],
)
def test_an_image_that_is_too_large_or_not_safe_stays_where_it_is(data: bytes, kind: str) -> None:
    html = inspect_mail(read_mail(with_image(data, kind)))["html"]
    assert "data:" not in html
    assert "Look:" in html


def related(html: bytes, fields: bytes) -> str:
    """The HTML that `inspect` gives of a mail with an image that has these fields."""
    raw = (
        b"From: ann@example.com\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n"
        + html
        + b"\r\n--b\r\nContent-Type: image/png\r\n"
        + fields
        + b"\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(PIXEL) + b"\r\n--b--\r\n"
    )
    return str(inspect_mail(read_mail(raw))["html"])


@pytest.mark.parametrize(
    ("html", "fields"),
    [
        (b"<img src='cid:i1%40x'>", b"Content-ID: <i1@x>"),
        (b"<img src='CID:i1@x'>", b"Content-ID: <i1@x>"),
        (b"<img src='p.png'>", b"Content-Location: p.png"),
        (b"<p style='background-image:url(cid:i1@x)'>y</p>", b"Content-ID: <i1@x>"),
    ],
    ids=["percent-encoded", "in capitals", "by its place", "in a style"],
)
def test_an_image_is_found_by_each_way_to_name_it(html: bytes, fields: bytes) -> None:
    if b"background" in html:
        html += b"<img src='cid:i1@x'>"
    found = related(html, fields)
    assert found.count("data:image/png;base64,") == html.count(b"cid:") + html.count(b"CID:") + html.count(
        b"p.png"
    )


def test_an_image_that_is_shown_ever_so_often_stands_in_the_html_up_to_a_bound() -> None:
    data = PIXEL + b"x" * 100_000
    html = inspect_mail(
        read_mail(with_image(data).replace(b"<img", b"<img src=cid:one@example.com>" * 6_600 + b"<img"))
    )["html"]
    assert len(html) < MAX_IN_DATA + 1_000_000
    assert html.count("data:") > 10
    assert html.count("cid:") > 6_000


def test_where_the_html_can_not_be_cleaned_the_rest_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("mailcall.message.inspection.clean_html", fails)
    (tmp_path / "x").write_bytes(b"Subject: y\r\nContent-Type: text/html\r\n\r\n<p>Hello")
    values = json.loads(shown(Source("x", str(tmp_path / "x")), Form(as_json=True)))
    assert (values["subject"], values["text"], values["html"]) == ("y", "Hello", "")
    assert "failed to clean its HTML" in values["defects"][-1]


@given(st.binary(max_size=300), st.text(max_size=100))
def test_any_bytes_become_one_line_of_json(junk: bytes, text: str) -> None:
    raw = b"From: a@b.example\r\nSubject: " + text.encode("utf-8", "surrogatepass") + b"\r\n\r\n" + junk
    for mail in (raw, junk):
        line = json_line({"file": "x", **inspect_mail(read_mail(mail))})
        assert len(line.decode().splitlines()) == 1
        assert list(json.loads(line))[1:][: len(KEYS)] == KEYS


def test_lone_surrogates_and_line_separators_do_not_break_the_line() -> None:
    line = json_line({"text": "a\ud800b\u2028c\x85d\x9be"})
    assert json.loads(line.decode()) == {"text": "a\ufffdb\u2028c\x85d\x9be"}
    assert len(line.decode().splitlines()) == 1
    assert b"\xc2\x9b" not in line  # what some terminals obey
