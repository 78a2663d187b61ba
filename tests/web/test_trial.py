"""The page on which the rules of an account are tried and switched on."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from mailcall.desk.models import Grant, Right, Role
from mailcall.inbound.models import IncomingAccount, MailState, Outcome, ReceivedMail
from web.conftest import make_mail


@pytest.fixture
def month(account):
    """Three mails that logged calls, the oldest first."""
    return [
        make_mail(
            account,
            identity=f"mail {number}",
            message_id=f"<{number}@example.com>",
            subject=subject,
            raw=f"From: uma@example.com\r\nSubject: {subject}\r\n\r\nWords.\r\n".encode(),
            evidence={"from_address": "uma@example.com"},
            state=MailState.DONE,
            acted_at=timezone.now(),
            outcome=Outcome.LOGGED,
        )
        for number, subject in enumerate(["Casino night", "Printer jams", "casino again"])
    ]


@pytest.fixture
def administrator(analyst, ann):
    """A browser in which the analyst is signed in, who may also administer."""
    role = Role.objects.create(name="Administrator", rights=Right.values)
    Grant.objects.create(role=role, person=ann)
    return analyst


def post(browser, name, account, **typed):
    return browser.post(reverse(f"web:{name}", args=[account.pk]), typed, follow=True)


def text_of(response):
    return response.content.decode()


def test_with_one_account_its_rules_are_shown_at_once(analyst, account):
    IncomingAccount.objects.update(
        reject_subjects="lottery", words={"CLOSE": ["FINISH", "END"]}, proofs={"close": "address"}
    )
    page = text_of(analyst.get(reverse("web:trials"), follow=True))
    assert "lottery</textarea>" in page
    assert "CLOSE: FINISH, END" in page
    assert re.search(r'name="proof_close".*?<option value="address" selected>', page, re.DOTALL)
    assert "Nothing was tried yet." in page


def test_who_may_not_switch_rules_on_is_told_before_they_try_them(analyst, account, ann):
    page = text_of(analyst.get(reverse("web:trial", args=[account.pk])))
    assert "You can't switch rules on: Ann" in page.partition('<form method="post" action="/trial/')[0]
    page = text_of(post(analyst, "trial-run", account, reject_subjects="casino"))
    assert page.count("switch rules on:") == 1
    assert "Switch these rules on" not in page


def test_who_may_switch_rules_on_is_told_nothing_of_that(administrator, account):
    assert "switch rules on:" not in text_of(administrator.get(reverse("web:trial", args=[account.pk])))


def test_what_would_be_decided_otherwise_is_listed_and_linked(analyst, account, month):
    page = text_of(post(analyst, "trial-run", account, reject_subjects="casino"))
    for mail in (month[0], month[2]):
        assert reverse("web:mail", args=[mail.pk]) in page
    assert reverse("web:mail", args=[month[1].pk]) not in page
    assert "<strong>2 of 3 mails</strong>" in page
    assert re.search("<thead.*>Mail<.*>As it is<.*>As tried<.*</thead>", page)
    assert "by “rejected subject”" in page
    assert IncomingAccount.objects.get().reject_subjects == ""
    assert not ReceivedMail.objects.exclude(outcome=Outcome.LOGGED).exists()


def test_a_long_trial_goes_on_by_itself(analyst, account, month, monkeypatch):
    monkeypatch.setattr("mailcall.web.views.trial.PART_SECONDS", -1)
    monkeypatch.setattr("mailcall.inbound.trial.CHUNK", 1)
    page = text_of(post(analyst, "trial-run", account, reject_subjects="casino"))
    assert 'hx-trigger="load, submit"' in page
    assert "1 mail looked at, 1 would be decided otherwise" in page
    typed = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    part = analyst.post(
        reverse("web:trial-run", args=[account.pk]), typed, headers={"HX-Request": "true"}
    ).content.decode()
    assert "<html" not in part
    assert "Casino night" in part
    assert "casino again" not in part


def test_the_rules_are_switched_on_as_they_were_tried(administrator, account, month):
    page = text_of(post(administrator, "trial-run", account, reject_subjects="casino", proof_close="address"))
    assert "Switch these rules on" in page
    page = text_of(
        post(administrator, "trial-save", account, reject_subjects="casino", proof_close="address")
    )
    assert "are switched on" in page
    saved = IncomingAccount.objects.get()
    assert (saved.reject_subjects, saved.proofs) == ("casino", {"close": "address"})


def test_unchanged_rules_are_not_offered_to_be_switched_on(administrator, account, month):
    assert "Switch these rules on" not in text_of(post(administrator, "trial-run", account))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"words": "FINISH"}, "must look like CLOSE: FINISH"),
        ({"words": "NOSUCH: X"}, "NOSUCH"),
        ({"words": "CLOSE: REOPEN"}, "REOPEN"),
        ({"word_languages": "xx"}, "xx"),
        ({"proof_close": "nothing"}, "nothing"),
        ({"reject_subjects": "x" * 50_001}, "at most 50000 characters"),
    ],
)
@pytest.mark.parametrize("name", ["trial-run", "trial-save"])
def test_wrong_rules_are_said_and_kept_as_typed(administrator, account, typed, sentence, name):
    response = post(administrator, name, account, **typed)
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert IncomingAccount.objects.get().words == {}


@pytest.mark.parametrize("below", ["x", "-1", "99999999999999999999", "0"])
def test_a_wrong_place_to_go_on_from_is_no_error(analyst, account, month, below):
    assert post(analyst, "trial-run", account, below=below).status_code == 200


def test_only_who_administers_switches_rules_on(analyst, ann, account, partition):
    role = Role.objects.create(name="Reader", rights=[Right.VIEW, Right.MAIL])
    Grant.objects.create(role=role, person=ann, partition=partition)
    assert "Switch these rules on" not in text_of(
        post(analyst, "trial-run", account, reject_subjects="casino")
    )
    assert post(analyst, "trial-save", account, reject_subjects="casino").status_code == 403
    assert IncomingAccount.objects.get().reject_subjects == ""
