"""List-Id, unsubscribing with one click, and short texts to pagers."""

import pytest
from django.test import Client

from desks import Desk
from mailcall.desk.models import Call
from mailcall.message import read_mail
from mailcall.outbound.message_types import CALL_SURVEY, DIGEST
from mailcall.outbound.models import PersonChoice
from mailcall.outbound.render import render, shown
from mailcall.outbound.unsubscribing import READER, is_unsubscribed, token_for
from outbound.leaving import queue

POST = "List-Unsubscribe=One-Click"


def header(raw: bytes, name: str) -> str:
    lines = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").decode().split("\r\n")
    return next((line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")), "")


def click(address: str) -> int:
    """As a mail program does it: without a cookie, and with checks against forged forms in force."""
    client = Client(enforce_csrf_checks=True)
    return client.post(address, POST, content_type="application/x-www-form-urlencoded").status_code


def test_a_notice_has_a_list_id_of_its_kind_and_a_reply_has_none(desk: Desk) -> None:
    [notice] = queue(desk, "ann@customer.example", type_code=1008)
    [answer] = queue(desk, "ann@customer.example", type_code=1001)
    raw = render(notice.message)
    assert header(raw, "List-Id") == "Call - Resolved <1008.desk.example>"
    assert not header(raw, "List-Unsubscribe")
    assert not header(render(answer.message), "List-Id")


def test_a_digest_is_unsubscribed_from_by_one_post_without_signing_in(desk: Desk) -> None:
    for code, wish in ((1003, "digest"), (1005, "at_once")):
        PersonChoice.objects.create(person=desk.bob, type_code=code, wish=wish)
    data = {"receiver": "Bob", "partition": "IT", "flood": False, "count": 0, "groups": []}
    [delivery] = queue(desk, "bob@desk.example", type_code=DIGEST.code, data={**data, READER: desk.bob.pk})
    raw = render(delivery.message)
    assert header(raw, "List-Unsubscribe-Post") == POST
    address = header(raw, "List-Unsubscribe").strip("<>")
    path = "/unsubscribe/" + address.partition("/unsubscribe/")[2]
    assert path.endswith("/")
    assert path.split("/")[2] not in shown(delivery.message).decode()
    page = Client().get(path)
    assert "You then no longer get the digest of notices." in page.content.decode()
    assert PersonChoice.objects.filter(wish="digest").exists()  # looking changes nothing
    assert click(path) == 200
    assert click(path) == 200
    assert dict(PersonChoice.objects.values_list("type_code", "wish")) == {1003: "off", 1005: "at_once"}


def test_whoever_unsubscribed_from_surveys_is_asked_no_more(desk: Desk) -> None:
    assert not is_unsubscribed(desk.ann.pk, CALL_SURVEY)
    assert click(f"/unsubscribe/{token_for(desk.ann.pk, CALL_SURVEY)}/") == 200
    assert is_unsubscribed(desk.ann.pk, CALL_SURVEY)
    assert not is_unsubscribed(desk.bob.pk, CALL_SURVEY)


@pytest.mark.parametrize("token", ["x", "W10:forged", "a" * 5_000])
def test_a_wrong_token_changes_nothing(desk: Desk, token: str) -> None:
    assert click(f"/unsubscribe/{token}/") == 404
    assert not PersonChoice.objects.exists()


def test_a_token_of_one_person_is_none_of_another(desk: Desk) -> None:
    token = token_for(desk.ann.pk, CALL_SURVEY)
    assert click(f"/unsubscribe/{token[:-1]}{'a' if token[-1] != 'a' else 'b'}/") == 404
    desk.ann.email = ""
    desk.ann.save()
    assert click(f"/unsubscribe/{token}/") == 404


# ---- pagers


def paged(desk: Desk, text: str, encoding: str = "utf-8") -> bytes:
    call = Call.objects.create(partition=desk.partition, subject="x", user=desk.ann)
    [delivery] = queue(
        desk,
        "4912345@pager.example",
        call=call,
        channel="pager",
        subject="[Call 1] Grüße",
        data={"call": 1, "text": text, "files": []},
    )
    return render(delivery.message, pager_encoding=encoding)


def test_a_pager_gets_a_short_plain_text(desk: Desk) -> None:
    raw = paged(desk, "word " * 100)
    mail = read_mail(raw)
    assert b"text/html" not in raw
    assert mail.text.split("\n")[0] == "[Call 1] Grüße"
    assert len(mail.text.split("\n")[1]) <= 160


@pytest.mark.parametrize(
    ("encoding", "charset", "text"),
    [
        ("utf-8", b"utf-8", "[Call 1] Grüße\nЖ €"),
        ("latin-1", b"iso-8859-1", "[Call 1] Grüße\n? ?"),
        ("iso-8859-15", b"iso-8859-15", "[Call 1] Grüße\n? €"),
        ("ascii", b"us-ascii", "[Call 1] Gr??e\n? ?"),
        ("utf-16", b"utf-16", "[Call 1] Grüße\nЖ €"),
    ],
)
def test_its_encoding_is_the_servers(desk: Desk, encoding: str, charset: bytes, text: str) -> None:
    raw = paged(desk, "Ж €", encoding)
    assert b"charset=" + charset in raw
    assert read_mail(raw).text.strip() == text
