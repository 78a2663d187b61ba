"""Approvals on pages: what waits for somebody, decisions signed in and by token, delegations."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from desk.offices import USER_APPROVAL, Office, step
from mailcall.desk import approvals
from mailcall.desk.delegations import delegate
from mailcall.desk.models import Approval, Delegation
from mailcall.desk.requests import cancel_request, log_request
from mailcall.desk.workflows import set_workflow
from mailcall.outbound import tokens
from mailcall.outbound.models import Token
from mailcall.web.logins import set_password

PASSWORD = "correct horse battery"


@pytest.fixture
def office(db):
    cache.clear()
    office = Office.open()
    office.now = timezone.now()
    return office


@pytest.fixture
def approval(office):
    """Uma is asked whether a laptop may be bought for Ulf."""
    set_workflow(office.type, [step("boss", kind=USER_APPROVAL, approvers=(office.uma,))])
    log_request(
        office.type,
        user=office.ulf,
        subject="A laptop <for> Ulf",
        deed=office.deed(office.ulf, "With a big screen."),
    )
    return Approval.objects.get()


@pytest.fixture
def link(approval):
    """The address in the mail that asked Uma."""
    return reverse("web:decide", args=[tokens.give(approval, approval.person, timezone.now()).text])


def sign_in(person):
    browser = Client()
    browser.force_login(set_password(person, PASSWORD), backend="django.contrib.auth.backends.ModelBackend")
    return browser


def post(browser, address, approval, decision, text="", **more):
    approval.task.refresh_from_db()
    data = {"decision": decision, "text": text, "version": approval.task.version} | more
    return browser.post(address, data)


def state_of(approval):
    approval.refresh_from_db()
    return approval.state


def test_a_user_sees_what_waits_for_them_and_decides(office, approval):
    browser = sign_in(office.uma)
    assert browser.get("/")["Location"] == reverse("web:approvals")
    page = browser.get(reverse("web:approvals")).content.decode()
    assert "A laptop &lt;for&gt; Ulf" in page
    assert reverse("web:calls") not in page
    address = reverse("web:approval", args=[approval.pk])
    assert "With a big screen." in browser.get(address).content.decode()
    assert post(browser, address, approval, "approve", "Fine.").status_code == 302
    assert (state_of(approval), approval.comment, approval.proof) == ("approved", "Fine.", "signed in")
    assert "A laptop &lt;for&gt;" in browser.get(reverse("web:approvals") + "?show=decided").content.decode()


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        ({"decision": "reject"}, 409, "a rejection needs a reason"),
        ({"decision": "maybe", "text": "Hm, well"}, 422, "Say whether you approve or reject it."),
        ({"decision": "approve", "text": "Hm, well", "version": "x"}, 422, "did not say which version"),
        ({"decision": "approve", "text": "Hm, well", "version": "0"}, 409, "changed while you looked at it"),
    ],
)
@pytest.mark.parametrize("by_link", [True, False])
def test_a_decision_that_can_not_be_taken_says_why_and_keeps_the_comment(
    office, approval, link, data, status, sentence, by_link
):
    browser = Client() if by_link else sign_in(office.uma)
    address = link if by_link else reverse("web:approval", args=[approval.pk])
    response = post(browser, address, approval, **data)
    assert response.status_code == status
    assert sentence in response.content.decode()
    assert data.get("text", "") in response.content.decode()
    assert state_of(approval) == "waiting"
    assert post(browser, address, approval, "approve").status_code == 302
    assert state_of(approval) == "approved"


def test_an_approval_of_somebody_else_is_not_there_for_a_user(office, approval):
    browser = sign_in(office.ulf)
    address = reverse("web:approval", args=[approval.pk])
    assert browser.get(address).status_code == 404
    assert post(browser, address, approval, "approve").status_code == 404
    assert "Nothing waits for you" in browser.get(reverse("web:approvals")).content.decode()


def test_an_analyst_sees_it_and_can_not_decide_it(office, approval):
    browser = sign_in(office.bob)
    address = reverse("web:approval", args=[approval.pk])
    page = browser.get(address).content.decode()
    assert "With a big screen." in page
    assert 'value="approve"' not in page
    response = post(browser, address, approval, "approve")
    assert "Only Uma, or a delegate of theirs, can decide" in response.content.decode()
    assert state_of(approval) == "waiting"


def test_a_delegate_decides_for_somebody_as_long_as_it_holds(office, approval):
    now = timezone.now()
    made = delegate(
        office.uma, office.ulf, starts_at=now, ends_at=now + dt.timedelta(days=1), made_by=office.uma
    )
    browser = sign_in(office.ulf)
    address = reverse("web:approval", args=[approval.pk])
    assert "You decide for <strong>Uma</strong>" in browser.get(address).content.decode()
    Delegation.objects.filter(pk=made.pk).update(
        starts_at=now - dt.timedelta(days=2), ends_at=now - dt.timedelta(days=1)
    )
    assert post(browser, address, approval, "approve").status_code == 404
    Delegation.objects.filter(pk=made.pk).update(ends_at=now + dt.timedelta(days=1))
    post(browser, address, approval, "reject", "Too dear.")
    assert state_of(approval) == "rejected"
    assert approval.decided_by == office.ulf


def test_who_has_left_decides_nothing_signed_in_or_by_link(office, approval, link):
    browser = sign_in(office.uma)
    office.uma.active = False
    office.uma.save()
    assert browser.get(reverse("web:approvals")).status_code == 403
    response = post(Client(), link, approval, "approve")
    assert "act on this desk" in response.content.decode()
    assert state_of(approval) == "waiting"
    assert not Token.objects.exclude(used_at=None).exists()


def test_opening_the_link_changes_nothing_however_often(approval, link):
    browser = Client()
    for _ in range(3):
        response = browser.get(link)
        assert response.status_code == 200
        assert browser.head(link).status_code == 200
    page = response.content.decode()
    assert "Uma, do you approve this?" in page
    assert "A laptop &lt;for&gt; Ulf" in page
    assert state_of(approval) == "waiting"
    assert not Token.objects.exclude(used_at=None).exists()
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "strict-origin"


def test_the_buttons_behind_the_link_decide_once(approval, link):
    browser = Client()
    response = post(browser, link, approval, "approve", "Good.")
    assert (state_of(approval), approval.proof) == ("approved", "token")
    page = browser.get(response["Location"]).content.decode()
    assert "was approved on" in page
    assert "With a big screen." not in page
    again = post(browser, link, approval, "reject", "No!")
    assert "Nothing is left to decide" in again.content.decode()
    assert state_of(approval) == "approved"


def test_the_link_of_one_person_decides_nothing_for_another(office, approval, link):
    approvals.ask(approval.task, office.ulf, office.deed(office.bob))
    post(Client(), link, approval, "reject", "No.")
    assert dict(Approval.objects.values_list("person__name", "state")) == {
        "Uma": "rejected",
        "Ulf": "withdrawn",
    }


def test_a_link_that_expired_or_was_revoked_says_so(office, approval, link):
    Token.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    for response in (Client().get(link), post(Client(), link, approval, "approve")):
        assert response.status_code == 410
        assert "This token expired on" in response.content.decode()
    Token.objects.update(expires_at=timezone.now() + dt.timedelta(days=1))
    cancel_request(approval.task.request, office.deed(office.bob))
    assert "was withdrawn on" in Client().get(link).content.decode()
    assert state_of(approval) == "withdrawn"


@pytest.mark.parametrize("token", ["x", "a" * 52, "A" * 500, "%00", "ünknown", "'; --", "."])
def test_an_unknown_link_tells_nothing(approval, token):
    response = Client().get(f"/decide/{token}/")
    assert response.status_code == 404
    page = response.content.decode()
    assert "laptop" not in page
    assert "Uma" not in page


def test_all_unknown_links_are_answered_alike(approval, link):
    changed = link[:-3] + ("b" if link[-3] == "a" else "a") + link[-2:]
    assert Client().get(changed).content == Client().get("/decide/whatever/").content


def test_trying_many_links_is_ended(approval, link):
    browser = Client()
    codes = {browser.get(f"/decide/try{n}/").status_code for n in range(30)}
    assert codes == {404, 429}
    assert browser.get(link).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.7").get(link).status_code == 200


def test_the_link_needs_the_token_of_the_form(approval, link):
    browser = Client(enforce_csrf_checks=True)
    assert post(browser, link, approval, "approve").status_code == 403
    page = browser.get(link).content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert post(browser, link, approval, "approve", csrfmiddlewaretoken=token).status_code == 302
    assert state_of(approval) == "approved"


def in_days(days):
    return f"{timezone.localtime() + dt.timedelta(days=days):%Y-%m-%dT%H:%M}"


def test_a_user_names_and_revokes_a_delegate(office, approval):
    browser = sign_in(office.uma)
    address = reverse("web:delegations")
    typed = {"delegate": "ulf@customer.example", "starts_at": in_days(0), "ends_at": in_days(3)}
    assert browser.post(address, typed | {"scope": f"partition:{office.partition.pk}"}).status_code == 302
    made = Delegation.objects.get()
    assert (made.person, made.delegate, made.partition) == (office.uma, office.ulf, office.partition)
    assert "Ulf" in browser.get(address).content.decode()
    browser.post(reverse("web:delegation-revoke", args=[made.pk]))
    made.refresh_from_db()
    assert made.revoked_by == office.uma
    assert "Revoked" in browser.get(address + "?show=ended").content.decode()
    again = browser.post(reverse("web:delegation-revoke", args=[made.pk]), follow=True)
    assert "That was revoked on" in again.content.decode()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"delegate": "uma@customer.example"}, "needs no delegate"),
        ({"delegate": "nobody@x.example"}, "Nobody who can act on this desk has the address"),
        ({"delegate": ""}, "Type the address of a person."),
        ({"ends_at": "soon"}, "Give a day and a time"),
        ({"ends_at": "2020-01-01T00:00"}, "must end after it starts"),
        ({"scope": "partition:999"}, "Select a valid choice"),
        ({"scope": "moon:1"}, "Select a valid choice"),
    ],
)
def test_a_delegation_that_can_not_be_says_why(office, wrong, sentence):
    typed = {"delegate": "ulf@customer.example", "starts_at": in_days(0), "ends_at": in_days(3)}
    response = sign_in(office.uma).post(reverse("web:delegations"), typed | wrong)
    assert response.status_code in (409, 422)
    assert sentence in response.content.decode()
    assert not Delegation.objects.exists()


def test_a_user_names_nobody_for_others_and_sees_none_of_theirs(office):
    now = timezone.now()
    made = delegate(
        office.ann, office.bob, starts_at=now, ends_at=now + dt.timedelta(days=1), made_by=office.cy
    )
    browser = sign_in(office.uma)
    assert "Bob" not in browser.get(reverse("web:delegations")).content.decode()
    assert browser.post(reverse("web:delegation-revoke", args=[made.pk])).status_code == 404
    browser.post(
        reverse("web:delegations"),
        {
            "person": "ulf@customer.example",
            "delegate": "ann@desk.example",
            "starts_at": in_days(0),
            "ends_at": in_days(1),
        },
    )
    assert Delegation.objects.latest("pk").person == office.uma
    assert "Bob" in sign_in(office.cy).get(reverse("web:delegations")).content.decode()
