"""The sandbox's pages: everybody's mailbox, seen in a browser, without signing in."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client

from mailcall.message import read_mail
from mailcall.sandbox import letters, maildirs
from mailcall.sandbox.smtp import SandboxServer

pytestmark = [pytest.mark.django_db, pytest.mark.urls("sandbox.urls_of_demo")]

HOSTILE = (
    b'From: "<script>alert(1)</script>" <eve@evil.example>\r\nTo: ann@customer.example\r\n'
    b"Subject: <img src=x onerror=alert(2)>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b"<script>alert(3)</script><p onclick=alert(4)>Hello</p><img src=http://evil.example/t.gif>\r\n"
)


@pytest.fixture(autouse=True)
def demo(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    monkeypatch.setattr("mailcall.sandbox.views.config", lambda: SimpleNamespace(data_dir=data_dir))


def key_of(mail_dir: Path, address: str) -> str:
    return maildirs.mails(mail_dir, address)[0].key


def test_mailboxes_are_listed_with_their_counts(client: Client, mail_dir: Path) -> None:
    maildirs.deliver(mail_dir, "ann@customer.example", HOSTILE)
    maildirs.make_mailbox(mail_dir, "support@demo.example")
    page = client.get("/sandbox/").content.decode()
    assert "ann@customer.example" in page
    assert "support@demo.example" in page
    assert "every 2s" in page


def test_a_mailbox_shows_the_newest_first(client: Client, mail_dir: Path) -> None:
    for number in range(3):
        maildirs.deliver(mail_dir, "ann@customer.example", b"Subject: Mail %d\r\n\r\n" % number)
    page = client.get("/sandbox/ANN@customer.example/").content.decode()
    assert page.index("Mail 2") < page.index("Mail 1") < page.index("Mail 0")


def test_a_hostile_mail_runs_nothing(client: Client, mail_dir: Path) -> None:
    maildirs.deliver(mail_dir, "ann@customer.example", HOSTILE)
    base = f"/sandbox/ann@customer.example/{key_of(mail_dir, 'ann@customer.example')}/"
    for address in ("/sandbox/ann@customer.example/", base):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    frame = client.get(base + "html/")
    assert "sandbox" in frame["Content-Security-Policy"]
    assert b"alert" not in frame.content
    assert b"evil.example" not in frame.content
    raw = client.get(base + "raw/")
    assert raw["Content-Type"].startswith("text/plain")
    assert raw["X-Content-Type-Options"] == "nosniff"
    assert raw.content == HOSTILE


def test_images_of_the_mail_itself_are_shown_and_files_are_saved(client: Client, mail_dir: Path) -> None:
    letter = letters.Letter(
        sender="ann@customer.example",
        to=["bob@demo.example"],
        html='<img src="cid:pic@x">',
        inline={"pic@x": letters.File("p.png", b"\x89PNG\r\n\x1a\n", "image/png")},
        files=[letters.File("a.html", b"<script>1</script>", "text/html")],
    )
    maildirs.deliver(mail_dir, "bob@demo.example", letters.write(letter).as_bytes())
    base = f"/sandbox/bob@demo.example/{key_of(mail_dir, 'bob@demo.example')}/"
    assert b'src="data:image/png;base64,' in client.get(base + "html/").content
    names = [client.get(f"{base}files/{index}/") for index in range(2)]
    page = next(each for each in names if b"script" in each.content)
    assert page["Content-Disposition"].startswith("attachment")
    assert page["Content-Type"] == "application/octet-stream"
    assert client.get(f"{base}files/2/").status_code == 404


def test_a_newcomer_can_write_to_the_desk_and_answer(
    client: Client, server: SandboxServer, mail_dir: Path
) -> None:
    form = {
        "sender": "ann@customer.example",
        "to": "support@demo.example",
        "subject": "Help",
        "body": "Please.",
    }
    assert client.post("/sandbox/send/", form).status_code == 302
    base = f"/sandbox/support@demo.example/{key_of(mail_dir, 'support@demo.example')}/"
    assert client.post(base + "reply/", {"body": "What is it?"}).status_code == 302
    answer = read_mail(maildirs.mails(mail_dir, "ann@customer.example")[0].path.read_bytes())
    assert answer.subject == "Re: Help"
    assert "> Please." in answer.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"to": "nobody"}, "`nobody` is no email address"),
        ({"sender": ""}, "This field is required."),
        ({"to": "../x@y.example"}, "The sandbox refused ../x@y.example: 553"),
        ({"to": ",;,"}, "A mail needs somebody to send it to."),
    ],
)
def test_what_cant_be_sent_is_told_on_the_page(
    client: Client, server: SandboxServer, change: dict[str, str], sentence: str
) -> None:
    form = {"sender": "ann@customer.example", "to": "support@demo.example", "subject": "", "body": ""}
    answer = client.post("/sandbox/send/", form | change)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_without_a_running_demo_the_form_says_so(client: Client) -> None:
    answer = client.post("/sandbox/send/", {"sender": "a@b.example", "to": "c@d.example"})
    assert "No demo runs" in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "nobody@x.example/zz/",
        "ann@customer.example/..%2F..%2Fstate.json/raw/",
        "ann@customer.example/../../state.json/raw/",
        "..%2F/state.json/raw/",
        "../state.json/raw/",
        "%2E%2E/state.json/raw/",
    ],
)
def test_no_address_leads_out_of_the_mailboxes(
    client: Client, server: SandboxServer, mail_dir: Path, address: str
) -> None:
    maildirs.deliver(mail_dir, "ann@customer.example", HOSTILE)
    assert client.get("/sandbox/" + address).status_code == 404


def test_an_empty_mailbox_is_no_error(client: Client) -> None:
    assert "No mail here" in client.get("/sandbox/new@customer.example/").content.decode()


@pytest.mark.urls("mailcall.web.urls")
def test_outside_the_demo_there_are_no_such_pages(client: Client) -> None:
    assert client.get("/sandbox/").status_code in {302, 404}
    assert b"Send a mail" not in client.get("/sandbox/").content
