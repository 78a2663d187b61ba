"""Working on held mail and on deliveries, and finding mails and messages."""

import pytest
from django.urls import reverse

from desks import put_in_state
from mailcall.inbound.models import MailState, Outcome
from mailcall.outbound.models import DeliveryState


def post(browser, name, *args, **data):
    return browser.post(reverse(f"web:{name}", args=args), data, follow=True)


def test_held_mail_is_counted_in_the_navigation(analyst, held):
    assert (
        '<span class="count">1<span class="hidden"> held'
        in analyst.get(reverse("web:calls")).content.decode()
    )


def test_a_held_mail_is_tried_again(analyst, held):
    page = post(analyst, "mail-retry", held.pk, next="held").content.decode()
    held.refresh_from_db()
    assert held.state == MailState.NEW
    assert f"Mail {held.pk} is tried again." in page


def test_all_held_mails_are_tried_again(analyst, held):
    assert "1 held mail will be tried again." in post(analyst, "held-retry-all").content.decode()


def test_a_mail_that_is_done_can_not_be_tried_again(analyst, received):
    assert "is done; only a held mail" in post(analyst, "mail-retry", received.pk).content.decode()


def test_discarding_needs_a_reason(analyst, held):
    response = post(analyst, "mail-discard", held.pk, reason=" ")
    assert response.status_code == 422
    assert "Say why this mail is discarded." in response.content.decode()
    page = post(analyst, "mail-discard", held.pk, reason="Only spam.").content.decode()
    held.refresh_from_db()
    assert held.outcome == Outcome.DISCARDED
    assert "Discarded by Ann Analyst: Only spam." in page


def test_a_mail_that_is_not_held_is_not_discarded_and_the_reason_kept(analyst, received):
    response = post(analyst, "mail-discard", received.pk, reason="Only spam.")
    assert response.status_code == 422
    assert "is not held" in response.content.decode()


@pytest.mark.parametrize(
    ("state", "operation", "after"),
    [
        (DeliveryState.DEFERRED, "retry", DeliveryState.QUEUED),
        (DeliveryState.FAILED, "retry", DeliveryState.QUEUED),
        (DeliveryState.WITHHELD, "release", DeliveryState.QUEUED),
        (DeliveryState.DEFERRED, "cancel", DeliveryState.CANCELLED),
        (DeliveryState.SENT, "cancel", DeliveryState.SENT),
        (DeliveryState.SENT, "explode", DeliveryState.SENT),
    ],
)
def test_deliveries_are_operated(analyst, message, state, operation, after):
    delivery = message.deliveries.get()
    put_in_state(message.deliveries.all(), state)
    page = post(analyst, "delivery-operate", delivery.pk, operation=operation).content.decode()
    delivery.refresh_from_db()
    assert delivery.state == after
    assert 'class="flash' in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"Printer jams", "A broken mail"}),
        ({"became": "held"}, {"A broken mail"}),
        ({"became": "logged"}, {"Printer jams"}),
        ({"became": "nonsense"}, {"Printer jams", "A broken mail"}),
        ({"q": "first@example.com"}, {"Printer jams", "A broken mail"}),
        ({"q": "broken"}, {"A broken mail"}),
        ({"q": "nothing like it"}, set()),
        ({"account": "999"}, set()),
        ({"before": "x"}, {"Printer jams", "A broken mail"}),
    ],
)
def test_received_mail_is_found(analyst, received, held, asked, found):
    page = analyst.get(reverse("web:mails"), asked).content.decode()
    assert {subject for subject in ("Printer jams", "A broken mail") if f">{subject}</a>" in page} == found


def test_messages_are_filtered_by_the_state_of_a_delivery(analyst, message):
    assert "Printer jams" in analyst.get(reverse("web:messages"), {"state": "deferred"}).content.decode()
    assert "None in this state" in analyst.get(reverse("web:messages"), {"state": "sent"}).content.decode()


def test_a_message_that_can_not_be_rendered_still_has_a_page(analyst, message):
    message.type_code = 9999
    message.save()
    response = analyst.get(reverse("web:message", args=[message.pk]))
    assert response.status_code == 200
    assert "It can&#x27;t be made into a mail" in response.content.decode()
    assert analyst.get(reverse("web:message-raw", args=[message.pk])).status_code == 404
    assert analyst.get(reverse("web:message-as-sent", args=[message.pk])).status_code == 404


@pytest.mark.parametrize("name", ["mails", "messages"])
def test_a_list_is_sent_again_only_when_it_changed(analyst, received, message, name):
    address = reverse(f"web:{name}")
    seen = analyst.get(address).content.decode().partition("seen=")[2].partition('"')[0]
    ask = {"seen": seen}, {"HX-Request": "true"}
    assert analyst.get(address, ask[0], headers=ask[1]).status_code == 204
    type(received).objects.update(attempts=7)
    put_in_state(message.deliveries.all(), "sent")
    again = analyst.get(address, ask[0], headers=ask[1])
    assert again.status_code == 200
    assert "<html" not in again.content.decode()


def test_a_search_without_an_index_is_not_repeated_by_itself(analyst, received):
    assert "data-poll" not in analyst.get(reverse("web:mails"), {"q": "printer"}).content.decode()
    assert "data-poll" in analyst.get(reverse("web:mails")).content.decode()
