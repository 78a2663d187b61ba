"""The page on which DKIM keys are made, looked up in DNS, and switched on."""

import pytest
from django.urls import reverse

from mailcall.message.dkim import LookupFailed
from mailcall.outbound.models import DkimKey
from web.test_mail_out import administrator, post, text_of

__all__ = ["administrator"]


@pytest.fixture
def published(monkeypatch):
    """What DNS has, by name."""
    records: dict[str, str] = {}
    monkeypatch.setattr("mailcall.web.views.dkim.look_up", lambda name: records.get(name, ""))
    return records


def do(browser, key, what):
    return browser.post(reverse("web:dkim-do", args=[key.pk]), {"do": what}, follow=True)


def test_a_key_is_made_and_switched_on_once_dns_shows_it(administrator, partition, published):
    assert "desk.example" in text_of(administrator.get(reverse("web:dkim")))
    page = text_of(post(administrator, "dkim", domain="Desk.example", selector="one"))
    key = DkimKey.objects.get()
    assert "one._domainkey.desk.example" in page
    assert "v=DKIM1; k=rsa; p=" in page
    assert "PRIVATE" not in page
    assert "Switch it on all the same" not in page
    refused = do(administrator, key, "on")
    assert refused.status_code == 422
    assert "DNS has no record at one._domainkey.desk.example." in text_of(refused)
    assert "Switch it on all the same" in text_of(refused)
    published[key.record_name] = key.record
    assert "is signed with one from now on" in text_of(do(administrator, key, "on"))
    assert "It is in use" in text_of(do(administrator, key, "remove"))
    do(administrator, key, "off")
    do(administrator, key, "remove")
    assert not DkimKey.objects.exists()


def test_where_this_machine_sees_another_dns_it_is_switched_on_all_the_same(administrator, monkeypatch):
    def silent(name: str) -> str:
        raise LookupFailed("no answer")

    monkeypatch.setattr("mailcall.web.views.dkim.look_up", silent)
    post(administrator, "dkim", domain="desk.example")
    key = DkimKey.objects.get()
    assert "Nobody says what" in text_of(do(administrator, key, "on"))
    do(administrator, key, "unchecked")
    assert DkimKey.objects.get().active


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"domain": ""}, "“” is no domain."),
        ({"domain": "no domain"}, "“no domain” is no domain."),
        ({"domain": "desk.example", "selector": "a b"}, "“a b” is no selector"),
        ({"domain": "x" * 300 + ".example"}, "is no domain."),
    ],
)
def test_a_mistake_is_told_and_what_was_typed_stays(administrator, typed, sentence):
    answer = post(administrator, "dkim", **typed)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert typed["domain"][:200] in text_of(answer)
    assert not DkimKey.objects.exists()


def test_strange_requests_do_nothing(administrator):
    key = DkimKey.objects.create(domain="desk.example", selector="one", private_key="nonsense")
    assert "That is no private key" in text_of(administrator.get(reverse("web:dkim")))
    assert "There is no such operation." in text_of(do(administrator, key, "dance"))
    assert administrator.post(reverse("web:dkim-do", args=[10**9])).status_code == 404


def test_the_page_is_for_administrators(analyst):
    assert analyst.get(reverse("web:dkim")).status_code == 403
    assert analyst.post(reverse("web:dkim-do", args=[1])).status_code == 403
