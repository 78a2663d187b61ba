"""The page of a received mail, today beside then, and working on it once more; filters of held mail."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from mailcall.desk.models import Call, Grant, Partition, Person, Right, Role
from mailcall.inbound.models import IncomingAccount, MailEdit, MailState, Outcome, ReceivedMail
from web.conftest import make_mail


def get(browser, name, *args, **asked):
    return browser.get(reverse(f"web:{name}", args=args), asked)


def text_of(response):
    return response.content.decode()


@pytest.fixture
def rejected(account):
    return make_mail(
        account,
        identity="rejected",
        correlation_id="d" * 32,
        message_id="<second@example.com>",
        state=MailState.DONE,
        acted_at=timezone.now(),
        outcome=Outcome.REJECTED,
        reason="Its subject is on the reject list: “jams”.",
        trace=[{"rule": "rejected subject", "letter": "a", "fired": True, "saw": "The subject contains it."}],
        evidence={"from_address": "uma@example.com", "authenticated": True, "method": "dmarc=pass by mx"},
    )


def test_what_would_happen_today_stands_beside_what_happened(analyst, rejected):
    response = get(analyst, "mail-today", rejected.pk)
    page = text_of(response)
    assert "Another outcome" in page
    assert "Logged a call" in page
    assert "<html" in page
    assert 'class="differs"' in page
    assert not Call.objects.exists()
    part = analyst.get(reverse("web:mail-today", args=[rejected.pk]), headers={"HX-Request": "true"})
    assert "<html" not in text_of(part)


def test_the_same_outcome_is_called_so(analyst, received):
    assert "The same outcome" in text_of(get(analyst, "mail-today", received.pk))


def test_a_mail_whose_source_is_gone_can_not_be_asked_about(analyst, received):
    ReceivedMail.objects.update(raw=None, raw_removed_at=timezone.now(), removed_by="a rule")
    assert "was removed" in text_of(get(analyst, "mail-today", received.pk))


def test_a_rejected_mail_is_edited_and_worked_on_once_more(analyst, ann, rejected):
    edit = {"subject": "The printer", "sender": "ann@desk.example"}
    page = text_of(analyst.post(reverse("web:mail-replay", args=[rejected.pk]), edit, follow=True))
    assert "is worked on once more" in page
    assert "Ann Analyst" in page
    rejected.refresh_from_db()
    assert (rejected.state, rejected.outcome) == (MailState.NEW, "")
    assert [(edit.field, edit.old, edit.new) for edit in MailEdit.objects.all()] == [
        ("subject", "Printer jams", "The printer"),
        ("sender", "uma@example.com", "ann@desk.example"),
        ("outcome", "Rejected: Its subject is on the reject list: “jams”.", "Replayed"),
    ]
    assert MailEdit.objects.first().person == ann


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"subject": "x", "sender": "nobody"}, "is no email address"),
        ({"subject": "x" * 501, "sender": "a@b.example"}, "at most 500 characters"),
        ({"subject": "bell \x07", "sender": "a@b.example"}, "control characters"),
        ({"subject": "x", "sender": ""}, "is no email address"),
    ],
)
def test_a_wrong_edit_is_said_and_what_was_typed_is_kept(analyst, rejected, edit, sentence):
    response = analyst.post(reverse("web:mail-replay", args=[rejected.pk]), edit)
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert f'value="{edit["sender"]}"' in text_of(response) or not edit["sender"]
    assert not MailEdit.objects.exists()


def test_left_as_it_is_nothing_is_edited(analyst, rejected):
    odd = "Printer\u200e jams"
    ReceivedMail.objects.filter(pk=rejected.pk).update(subject=odd, from_address="")
    analyst.post(reverse("web:mail-replay", args=[rejected.pk]), {"subject": odd, "sender": ""})
    rejected.refresh_from_db()
    assert rejected.state == MailState.NEW
    assert [edit.field for edit in MailEdit.objects.all()] == ["outcome"]


def test_a_mail_that_acted_offers_no_replay_and_refuses_one(analyst, received):
    assert "A mail never acts twice." in text_of(get(analyst, "mail", received.pk))
    response = analyst.post(
        reverse("web:mail-replay", args=[received.pk]),
        {"subject": received.subject, "sender": received.from_address},
    )
    assert response.status_code == 409
    assert "A mail never acts twice." in text_of(response)


def test_spam_is_let_in_by_a_tick(analyst, rejected):
    ReceivedMail.objects.update(evidence={"spam": "X-Spam-Flag: YES"})
    assert "It is no spam" in text_of(get(analyst, "mail", rejected.pk))
    analyst.post(
        reverse("web:mail-replay", args=[rejected.pk]),
        {"subject": rejected.subject, "sender": rejected.from_address, "no_spam": "on"},
    )
    assert MailEdit.objects.filter(field="spam", old="X-Spam-Flag: YES").exists()


def test_a_virus_is_not_saved_without_a_warning(analyst, rejected):
    ReceivedMail.objects.update(evidence={"virus": "Eicar"})
    assert "The antivirus daemon found Eicar" in text_of(get(analyst, "mail", rejected.pk))
    for asked in ({}, {"download": "1"}):
        warned = get(analyst, "mail-raw", rejected.pk, **asked)
        assert "This mail holds a virus" in text_of(warned)
        assert b"The printer jams." not in warned.content
    assert b"The printer jams." in get(analyst, "mail-raw", rejected.pk, download="1", anyway="1").content


def test_what_was_sent_because_of_a_mail_is_linked(analyst, received, message):
    message.correlation_id = received.correlation_id
    message.save()
    page = text_of(get(analyst, "mail", received.pk))
    assert "What was sent because of it" in page
    assert reverse("web:message", args=[message.pk]) in page


def test_a_discard_is_taken_back(analyst, held):
    analyst.post(reverse("web:mail-discard", args=[held.pk]), {"reason": "Only spam."})
    page = text_of(get(analyst, "mail", held.pk))
    assert "Take the discard back" in page
    page = text_of(analyst.post(reverse("web:mail-undo-discard", args=[held.pk]), follow=True))
    held.refresh_from_db()
    assert held.state == MailState.HELD
    assert "is held again" in page
    assert "Discarded by Ann Analyst: Only spam." in page
    again = text_of(analyst.post(reverse("web:mail-undo-discard", args=[held.pk]), follow=True))
    assert "is not discarded" in again


# Held mail


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, True),
        ({"cause": "ran out"}, True),
        ({"cause": "disk"}, False),
        ({"sender": "uma"}, True),
        ({"hours": "4"}, False),
        ({"hours": "0"}, True),
    ],
)
def test_held_mail_is_filtered(analyst, held, asked, found):
    page = text_of(get(analyst, "held", **asked))
    assert ("A broken mail" in page) == found
    assert ("No held mail is like that" in page) != found


@pytest.mark.parametrize("asked", [{"account": "x"}, {"account": "999"}, {"hours": "-1"}, {"hours": "many"}])
def test_a_filter_that_means_nothing_retries_nothing(analyst, held, asked):
    assert "That filter means no held mail" in text_of(get(analyst, "held", **asked))
    page = text_of(analyst.post(reverse("web:held-retry-all"), asked, follow=True))
    assert "That filter means no held mail" in page
    held.refresh_from_db()
    assert held.state == MailState.HELD


def test_only_what_the_filter_means_is_tried_again(analyst, account, held):
    old = make_mail(
        account,
        identity="old",
        state=MailState.HELD,
        error="The disk is full.",
        received_at=timezone.now() - dt.timedelta(hours=5),
    )
    page = text_of(analyst.post(reverse("web:held-retry-all"), {"hours": "4", "cause": "disk"}, follow=True))
    assert "1 held mail will be tried again." in page
    assert set(ReceivedMail.objects.filter(state=MailState.NEW)) == {old}


def test_an_analyst_retries_only_where_their_roles_let_them(analyst, ann, held):
    elsewhere = Partition.objects.create(name="HR", address="hr@desk.example")
    role = Role.objects.create(name="HR", rights=[Right.VIEW, Right.MAIL])
    Grant.objects.create(role=role, person=Person.objects.get(pk=ann.pk), partition=elsewhere)
    page = text_of(analyst.post(reverse("web:held-retry-all"), follow=True))
    assert "0 held mails will be tried again." in page
    assert analyst.post(reverse("web:mail-replay", args=[held.pk]), {"sender": "x"}).status_code == 403
    assert IncomingAccount.objects.count() == 1
