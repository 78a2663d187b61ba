"""Surveys: Users of closed calls are asked by mail, and say on a page how content they are."""

import datetime as dt

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from desk.offices import Office
from mailcall.desk import closing
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Person, Survey, TimelineEntry
from mailcall.desk.surveys import answer
from mailcall.outbound import surveys
from mailcall.outbound.models import Delivery, Message, NotificationSettings, OccasionSetting
from mailcall.outbound.render import render, shown
from outbound.told import mails, told, told_anything

UMA = "uma@customer.example"


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


@pytest.fixture
def call(office: Office) -> Call:
    """A call of Uma's in a partition that asks, closed by Ann."""
    OccasionSetting.objects.create(type_code=1017, partition=office.partition, active=True)
    call = Call.objects.create(
        partition=office.partition, subject="No light", user=office.uma, analyst=office.ann
    )
    closing.close(call, office.deed(office.ann, "A new bulb."))
    return call


def path_of(call: Call) -> str:
    return f"/survey/{surveys.token_for(call.pk, call.user_id)}/"


def test_nobody_is_asked_unless_the_administrator_wants_it(office: Office) -> None:
    call = Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
    closing.close(call, office.deed(office.ann))
    assert 1017 not in told_anything()


def test_the_user_is_asked_a_day_after_their_call_is_closed(office: Office, call: Call) -> None:
    assert told(1017) == [UMA]
    delivery = Delivery.objects.get(message__type_code=1017)
    assert abs(delivery.due_at - timezone.now() - dt.timedelta(days=1)) < dt.timedelta(minutes=1)
    [mail] = mails(1017)
    assert mail.subject == f"[Call {call.pk}] How did we do?: No light"
    assert path_of(call)[:40] in mail.text


def test_when_is_a_setting_of_the_partition(office: Office) -> None:
    OccasionSetting.objects.create(type_code=1017, active=True)
    NotificationSettings.objects.create(partition=office.partition, survey_after_hours=0)
    call = Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
    closing.close(call, office.deed(office.ann))
    assert Delivery.objects.get(message__type_code=1017).due_at <= timezone.now()


def test_nobody_is_asked_about_a_call_that_is_open_again(office: Office, call: Call) -> None:
    closing.reopen(call, office.deed(office.bob, "Still dark."))
    delivery = Delivery.objects.get(message__type_code=1017)
    assert (delivery.state, delivery.reply) == ("cancelled", "Taken back, since the call is open again.")


def test_the_link_is_hidden_from_others(call: Call) -> None:
    message = Message.objects.get(type_code=1017)
    token = path_of(call).split("/")[2].split(":")[0]
    assert token in render(message).decode()
    assert token not in shown(message).decode()


def test_looking_keeps_nothing_and_the_button_does(call: Call) -> None:
    client = Client(enforce_csrf_checks=False)
    page = client.get(path_of(call) + "?rating=4")
    assert page.status_code == 200
    assert "checked" in page.content.decode()
    assert not Survey.objects.exists()
    assert client.post(path_of(call), {"rating": "4", "comment": "Quick."}).status_code == 200
    assert (Survey.objects.get().rating, Survey.objects.get().comment) == (4, "Quick.")
    entry = TimelineEntry.objects.latest("pk")
    assert (entry.text, entry.proof) == ("Content: 4 of 5: Quick.", "by the link of the survey")


def test_a_later_word_takes_the_place_and_the_same_word_is_kept_once(call: Call) -> None:
    for rating in (4, 4, 2):
        answer(call, call.user, rating, "")
    assert Survey.objects.get().rating == 2
    assert TimelineEntry.objects.filter(text__startswith="Content:").count() == 2


@pytest.mark.parametrize(
    "posted", [{}, {"rating": "6"}, {"rating": "x"}, {"rating": "3", "comment": "y" * 6000}]
)
def test_what_is_no_rating_is_told_and_not_kept(call: Call, posted: dict) -> None:
    assert Client().post(path_of(call), posted).status_code == 422
    assert not Survey.objects.exists()


def test_a_strange_rating_is_refused_by_the_desk_too(call: Call) -> None:
    with pytest.raises(Refused):
        answer(call, call.user, 9, "")


def test_a_token_is_for_one_call_and_person_and_not_for_ever(
    office: Office, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    for token in ("x", signing.dumps([call.pk, call.user_id], salt="other"), surveys.token_for(999, 1)):
        assert Client().get(f"/survey/{token}/").status_code == 404
    assert Client().get(f"/survey/{surveys.token_for(call.pk, office.bob.pk)}/").status_code == 404
    monkeypatch.setattr(surveys, "LASTS", dt.timedelta(seconds=-1))
    assert Client().get(path_of(call)).status_code == 404


def test_who_was_erased_is_asked_no_more(call: Call) -> None:
    Person.objects.filter(pk=call.user_id).update(email="")
    assert Client().get(path_of(call)).status_code == 404
