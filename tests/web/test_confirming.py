"""The page on which somebody says whether what was asked in their name was theirs."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from desks import AUTHENTICATED, Desk, mail
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Person
from mailcall.inbound import confirming
from mailcall.inbound.models import Confirmation, ReceivedMail
from mailcall.message import read_mail
from mailcall.web.models import Login

BOB = "bob@desk.example"


@pytest.fixture
def call(desk: Desk) -> Call:
    desk.receive(mail())
    return Call.objects.get()


@pytest.fixture
def wait(desk: Desk, call: Call) -> Confirmation:
    """Somebody wrote CLOSE CALL from Bob's address, without proof."""
    desk.receive(mail(BOB, f"CLOSE CALL {call.pk}: done", "\n"))
    return Confirmation.objects.get()


def page_of(wait: Confirmation) -> str:
    return reverse("web:confirm", args=[confirming.token_of(wait)])


def test_looking_at_the_page_does_nothing(client: Client, wait: Confirmation, call: Call) -> None:
    for _ in range(3):  # as scanners of mail do
        page = client.get(page_of(wait))
    assert "Was it you?" in page.content.decode()
    assert (page["Cache-Control"], page["X-Robots-Tag"]) == ("no-store", "noindex")
    assert "It asks to <strong>close call" in page.content.decode()
    assert "done" in page.content.decode()
    call.refresh_from_db()
    assert call.state == "open"


def test_mail_and_pages_say_what_the_call_is_and_whose(
    client: Client, desk: Desk, wait: Confirmation, call: Call
) -> None:
    asked = read_mail(desk.sent_to(BOB)[-1])
    assert f"- Call {call.pk} (“My laptop is dead”, of {call.user}): It needs mail that your" in asked.text
    assert f"</strong> (“My laptop is dead”, of {call.user}) (not done)" in asked.html
    assert (
        f"<li>Call {call.pk} (“My laptop is dead”, of {call.user})</li>"
        in client.get(page_of(wait)).content.decode()
    )
    client.force_login(Login.objects.create(username=BOB, person=desk.bob))
    assert "“My laptop is dead”, of" in client.get(reverse("web:confirmations")).content.decode()


def test_what_somebody_may_not_see_is_not_shown_to_them(desk: Desk, call: Call) -> None:
    desk.receive(mail("carl@customer.example", f"UPDATE CALL {call.pk}: x"))
    Person.objects.create(name="Carl", email="carl@customer.example", is_user=True)
    desk.receive(mail("carl@customer.example", f"CLOSE CALL {call.pk}: x"))
    assert not Confirmation.objects.exists()
    assert not any(b"laptop" in sent for sent in desk.sent_to("carl@customer.example"))


def test_what_waits_for_somebodys_word_is_counted_beside_what_waits_for_their_decision(
    client: Client, desk: Desk, wait: Confirmation
) -> None:
    client.force_login(Login.objects.create(username=BOB, person=desk.bob))
    page = client.get(reverse("web:calls")).content.decode()
    assert '<span class="count">1<span class="hidden"> waiting</span></span>' in page
    page = client.get(reverse("web:approvals")).content.decode()
    assert 'Asked in my name <span class="count">1</span>' in page
    confirming.disown(wait, now=timezone.now())
    assert '<span class="count">' not in client.get(reverse("web:approvals")).content.decode()


def test_its_button_does_what_was_asked_once(
    client: Client, desk: Desk, wait: Confirmation, call: Call
) -> None:
    page = client.post(page_of(wait), {"answer": "yes"})
    assert f"Call {call.pk}: It is closed." in page.content.decode()
    call.refresh_from_db()
    assert call.state == "closed"
    entry = call.timeline.latest("pk")
    assert (entry.actor, entry.text) == (desk.bob, "done")
    assert entry.proof == "confirmed: by token"
    mail = ReceivedMail.objects.latest("pk")
    assert mail.outcome == "commanded"
    assert "Confirmed by Bob Baker" in mail.reason
    client.post(page_of(wait), {"answer": "yes"})
    assert "Confirmed already" in client.get(page_of(wait)).content.decode()
    assert call.timeline.latest("pk") == entry


def test_what_it_did_is_found_from_its_mail(client: Client, wait: Confirmation, call: Call) -> None:
    client.post(page_of(wait), {"answer": "yes"})
    received = ReceivedMail.objects.latest("pk")
    assert (received.call, received.entry) == (call, call.timeline.latest("pk"))


def test_what_the_desk_reads_otherwise_by_now_is_not_done(
    client: Client, desk: Desk, wait: Confirmation, call: Call
) -> None:
    desk.account.words = {"CLOSE": ["finish"], "TAKE": ["grab"]}
    desk.account.save()
    Confirmation.objects.update(command={"asked": f"take call {call.pk}", "said": "done"})
    page = client.post(page_of(wait), {"answer": "yes"}).content.decode()
    assert "reads that mail otherwise now" in page
    call.refresh_from_db()
    assert call.state == "open"


def test_a_mail_that_was_worked_on_once_more_is_confirmed_no_more(wait: Confirmation) -> None:
    Confirmation.objects.all().delete()
    with pytest.raises(Refused, match="once more"):
        confirming.confirm(wait, now=timezone.now())


def test_a_decision_that_is_to_be_confirmed_is_told_with_its_words(desk: Desk, wait: Confirmation) -> None:
    text = read_mail(desk.sent_to(BOB)[-1]).text
    assert f"It asks to close call {wait.refs[0]}. It says:\n\n    done" in text


def test_who_did_not_write_it_says_so_and_nothing_is_ever_done(
    client: Client, wait: Confirmation, call: Call
) -> None:
    assert "Nothing was done" in client.post(page_of(wait), {"answer": "no"}).content.decode()
    client.post(page_of(wait), {"answer": "yes"})
    call.refresh_from_db()
    assert call.state == "open"
    assert "did not write it" in ReceivedMail.objects.latest("pk").reason


@pytest.mark.parametrize("answer", ["", "maybe", "YES"])
def test_another_answer_is_none(client: Client, wait: Confirmation, call: Call, answer: str) -> None:
    page = client.post(page_of(wait), {"answer": answer})
    assert "Say whether you wrote that mail." in page.content.decode()
    call.refresh_from_db()
    assert call.state == "open"


@pytest.mark.parametrize("token", ["x", "a" * 24, "a" * 500, "ä" * 24])
def test_a_token_that_nobody_got_is_refused(client: Client, wait: Confirmation, token: str) -> None:
    page = client.post(reverse("web:confirm", args=[token]), {"answer": "yes"})
    assert page.status_code == 404
    assert "leads nowhere" in page.content.decode()


def test_after_a_week_it_is_too_late(client: Client, wait: Confirmation, call: Call) -> None:
    Confirmation.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    page = client.get(page_of(wait))
    assert (page.status_code, "It is too late" in page.content.decode()) == (410, True)
    client.post(page_of(wait), {"answer": "yes"})
    call.refresh_from_db()
    assert call.state == "open"


def test_who_has_left_confirms_nothing(client: Client, desk: Desk, wait: Confirmation, call: Call) -> None:
    desk.bob.active = False
    desk.bob.save()
    client.post(page_of(wait), {"answer": "yes"})
    call.refresh_from_db()
    assert call.state == "open"


def test_signed_in_only_the_person_themself_can_confirm(
    client: Client, desk: Desk, wait: Confirmation, call: Call
) -> None:
    address = reverse("web:confirmation", args=[wait.pk])
    client.force_login(Login.objects.create(username=desk.ann.email, person=desk.ann))
    assert client.post(address, {"answer": "yes"}).status_code == 404
    client.force_login(Login.objects.create(username=BOB, person=desk.bob))
    assert "CLOSE CALL" in client.get(reverse("web:confirmations")).content.decode()
    page = client.post(address, {"answer": "yes"}, follow=True).content.decode()
    assert re.search(r"Call \d+: It is closed", page)
    call.refresh_from_db()
    assert call.state == "closed"


def test_what_an_analyst_adds_by_mail_is_marked_as_the_internal_note_that_it_is(
    client: Client, desk: Desk, call: Call
) -> None:
    client.force_login(Login.objects.create(username=BOB, person=desk.bob))
    page = reverse("web:call", args=[call.pk])
    assert "Internal note</span>" not in client.get(page).content.decode()
    desk.receive(mail(BOB, f"UPDATE CALL {call.pk}: a battery", "\n", headers=AUTHENTICATED))
    shown = client.get(page).content.decode()
    assert shown.count("Internal note</span>") == 1
    assert '<li class="entry note"' in shown
