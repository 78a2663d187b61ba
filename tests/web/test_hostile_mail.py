"""What strangers send is shown without running, loading or passing for ours."""

import pytest
from django.core import signing
from django.urls import reverse

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
HOSTILE = """
<script>alert(1)</script><img src=x onerror="alert(2)"><a href="javascript:alert(3)">go</a>
<form action="https://evil.example/"><input name=password></form>
<meta http-equiv=refresh content="0;url=//evil.example">
<img src="https://tracker.example/pixel.gif"><iframe src="https://evil.example/"></iframe>
<base href="https://evil.example/"><p style="background:url(https://tracker.example/b.gif)">Words</p>
<img src="cid:logo@x">
"""


@pytest.fixture
def hostile(mail_in):
    mail_in.html = HOSTILE
    mail_in.save()
    return reverse("web:entry-as-sent", args=[mail_in.pk])


@pytest.mark.parametrize("field", ["text", "quoted_text"])
def test_of_a_text_without_end_the_page_shows_the_beginning_and_offers_the_whole(analyst, mail_in, field):
    setattr(mail_in, field, "begun " + "word " * 400_000 + "ended")
    mail_in.save()
    shown = analyst.get(reverse("web:call", args=[mail_in.call_id])).content.decode()
    assert "begun" in shown
    assert "ended" not in shown
    assert len(shown) < 100_000
    whole = reverse("web:entry-text", args=[mail_in.pk])
    assert whole in shown
    assert "ended" in analyst.get(whole).content.decode()


def test_hostile_html_is_cleaned_and_boxed_in(analyst, hostile):
    response = analyst.get(hostile)
    shown = response.content.decode().lower()
    for word in (
        "<script",
        "onerror",
        "javascript:",
        "<form",
        "<input",
        "http-equiv",
        "<iframe",
        "tracker.example",
    ):
        assert word not in shown, word
    assert "Words" in response.content.decode()
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "https:" not in policy


def test_remote_images_load_only_when_asked_for(analyst, hostile):
    assert "not loaded, so that the sender" in analyst.get(hostile).content.decode()
    response = analyst.get(hostile, {"images": "1"})
    assert "https://tracker.example/pixel.gif" in response.content.decode()
    assert "img-src data: http://testserver/inline/ https: http:;" in response["Content-Security-Policy"]
    assert "<script" not in response.content.decode().lower()


def test_an_inline_image_is_shown_to_who_has_its_token(analyst, client, hostile, attach):
    attach("logo.png", "image/png", PNG, inline=True, cid="<logo@x>")
    shown = analyst.get(hostile).content.decode()
    address = shown.partition('src="/inline/')[2].partition('"')[0]
    assert address
    client.logout()
    response = client.get(f"/inline/{address}")
    assert (response.status_code, response.content, response["Content-Type"]) == (200, PNG, "image/png")
    assert client.get("/inline/1/").status_code == 404
    assert client.get(f"/inline/{address}x/").status_code == 404


def test_no_token_makes_a_drawing_or_a_page_inline(client, attach):
    from mailcall.web.safety import inline_image_url

    for content_type in ("image/svg+xml", "text/html"):
        file = attach("x", content_type, content_type.encode(), inline=True, cid="<x>")
        assert client.get(inline_image_url(file.pk)).status_code == 404


def test_a_token_ends_after_an_hour(client, attach, monkeypatch):
    from mailcall.web import safety

    address = safety.inline_image_url(attach("a.png", "image/png", PNG).pk)
    later = signing.time.time() + 3_700
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("page.html", "text/html"),
        ("page.html", "text/html; charset=utf-8"),
        ("drawing.svg", "image/svg+xml"),
        ("page.xhtml", "application/xhtml+xml"),
        ("script.js", "application/javascript"),
        ("feed.xml", "text/xml"),
        ("odd", "nonsense"),
        ("odd", ""),
    ],
)
def test_an_attachment_never_renders(analyst, attach, name, content_type):
    file = attach(name, content_type, b"<script>alert(1)</script>")
    response = analyst.get(reverse("web:attachment", args=[file.pk]))
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert response["Cache-Control"] == "no-store"


def test_a_harmless_type_is_kept_but_still_saved(analyst, attach):
    file = attach("minutes.pdf", "application/pdf", b"%PDF-")
    response = analyst.get(reverse("web:attachment", args=[file.pk]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="minutes.pdf"'


@pytest.mark.parametrize(
    "name",
    [
        '"><script>.html',
        "a\r\nSet-Cookie: x=y",
        "../../etc/passwd",
        "C:\\x.exe",
        "inv\u202efdp.exe",
        "",
        "   ",
        "é☃.txt",
    ],
)
def test_a_file_name_can_not_break_out_of_its_header(analyst, attach, name):
    file = attach(name, "text/html", b"x")
    response = analyst.get(reverse("web:attachment", args=[file.pk]))
    disposition = response["Content-Disposition"]
    assert response.status_code == 200
    assert "Set-Cookie" not in response
    assert disposition.startswith("attachment")
    for sign in ("\r", "\n", "/", "\\x", "\u202e"):
        assert sign not in disposition.replace("filename*=utf-8''", "")


def test_a_big_file_comes_from_the_storage_and_a_missing_one_is_a_404(analyst, attach, mail_in):
    from mailcall.desk.models.calls import store_file

    file = attach("big.bin", "application/zip", b"PK" * 100)
    store_file(file.content.sha256, b"PK" * 100)
    type(file.content).objects.filter(pk=file.content.pk).update(data=None)
    address = reverse("web:attachment", args=[file.pk])
    assert b"".join(analyst.get(address).streaming_content) == b"PK" * 100
    type(file.content).objects.filter(pk=file.content.pk).update(sha256="0" * 64)
    assert analyst.get(address).status_code == 404


def test_markup_in_names_subjects_and_errors_stays_text(
    analyst, call, mail_in, received, held, message, attach, uma, account
):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    for record, fields in (
        (call, ["subject"]),
        (uma, ["name"]),
        (mail_in, ["actor_name", "subject", "text", "quoted_text", "proof"]),
        (received, ["subject", "from_address", "message_id", "reason", "error"]),
        (held, ["subject", "from_address", "error"]),
        (message, ["subject", "why"]),
        (account, ["last_error", "name"]),
    ):
        for field in fields:
            setattr(record, field, evil)
        record.save()
    received.trace = [{"rule": evil, "letter": evil, "fired": True, "saw": evil}]
    received.evidence = {evil: [evil]}
    received.raw = f"Subject: {evil}\r\n\r\n{evil}".encode()
    received.save()
    message.deliveries.update(reply=evil)
    attach(evil, "text/plain", b"x")
    for name, args in (
        ("calls", []),
        ("call", [call.pk]),
        ("mails", []),
        ("mail", [received.pk]),
        ("mail", [held.pk]),
        ("held", []),
        ("messages", []),
        ("message", [message.pk]),
        ("accounts", []),
    ):
        page = analyst.get(reverse(f"web:{name}", args=args)).content.decode()
        assert "<script>alert" not in page, name
        assert "<img src=x" not in page, name
        assert "&lt;script&gt;alert(1)" in page, name
    search = analyst.get(reverse("web:calls"), {"q": evil}).content.decode()
    assert "<script>alert" not in search


def test_the_source_of_a_mail_is_plain_text(analyst, received):
    received.raw = b"Subject: x\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>"
    received.save()
    address = reverse("web:mail-raw", args=[received.pk])
    response = analyst.get(address)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    saved = analyst.get(address, {"download": "1"})
    assert saved["Content-Disposition"] == f'attachment; filename="mail-{received.pk}.eml"'
    assert saved.content == received.raw


def test_a_mail_whose_file_is_missing_still_has_a_page(analyst, received):
    type(received).objects.filter(pk=received.pk).update(raw=None, sha256="f" * 64)
    page = analyst.get(reverse("web:mail", args=[received.pk]))
    assert page.status_code == 200
    assert "missing from the storage" in page.content.decode()
    assert analyst.get(reverse("web:mail-raw", args=[received.pk])).status_code == 404


def test_odd_traces_and_evidence_do_not_break_the_page(analyst, received):
    for trace, evidence in (
        (["x", 1, None, {}], ["list"]),
        ({}, "x"),
        ("text", {"a": None, "b": {"c": []}}),
    ):
        received.trace, received.evidence = trace, evidence
        received.save()
        assert analyst.get(reverse("web:mail", args=[received.pk])).status_code == 200
