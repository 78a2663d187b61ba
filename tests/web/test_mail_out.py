"""The pages of mail that leaves: servers, the outbox, suppressed addresses."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from desks import put_in_state
from mailcall.outbound.models import Delivery, Message, OutgoingServer, Suppression
from mailcall.outbound.threads import new_message_id, signing_keys
from mailcall.web.logins import set_password

SERVER = {
    "name": "Second",
    "protocol": "smtp",
    "server": "smtp.desk.example",
    "port": "587",
    "security": "starttls",
    "auth_method": "auto",
    "priority": "20",
    "call_priority": "0",
    "rate_limit": "0",
    "domain_rate_limit": "0",
    "pager_encoding": "ascii",
}


def post(browser, name, /, *args, **data):
    return browser.post(reverse(f"web:{name}", args=args), data, follow=True)


def text_of(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def administrator(client, ann):
    login = set_password(ann, "correct horse battery 9")
    login.is_superuser = True
    login.save()
    client.force_login(login, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def many(message, server):
    """Three further copies of the message: one queued, one held, one failed."""
    for name, state in (("one", "queued"), ("two", "held"), ("three", "failed")):
        copy = Delivery.objects.create(
            message=message, partition=message.partition, recipient=f"{name}@example.com", server=server
        )
        put_in_state(Delivery.objects.filter(pk=copy.pk), state)
    return message


def states():
    return dict(Delivery.objects.order_by("pk").values_list("recipient", "state"))


# ---- servers


def test_a_server_is_added_changed_and_switched_off(administrator):
    page = text_of(post(administrator, "server-new", **SERVER, new_password="secret", login="desk"))
    assert "Second is saved." in page
    server = OutgoingServer.objects.get(name="Second")
    assert server.password.reveal() == "secret"
    assert "secret" not in page
    edit = {**SERVER, "login": "desk", "sender_domains": "Shop.example, @other.example", "rate_limit": "60"}
    post(administrator, "server-edit", server.pk, **edit)
    server.refresh_from_db()
    assert server.domains == ["shop.example", "other.example"]
    assert server.password.reveal() == "secret"
    post(administrator, "server-edit", server.pk, **SERVER, forget_password="on")
    server.refresh_from_db()
    assert not server.password
    post(administrator, "server-switch", server.pk, active="off")
    server.refresh_from_db()
    assert not server.active
    assert "Switch it on" in text_of(administrator.get(reverse("web:server", args=[server.pk])))


def test_the_form_of_a_server_is_grouped_and_in_words(administrator):
    page = text_of(administrator.get(reverse("web:server-new")))
    for words in (
        "<legend>Sign-in</legend>",
        "TLS from the start",
        "Automatic: the most secure",
        "Only about work",
    ):
        assert words in page
    assert "> auto<" not in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"protocol": "carrier pigeon"}, "Select a valid choice"),
        ({"server": ""}, "SMTP needs the name of a"),
        ({"protocol": "maildir"}, "a Maildir needs the"),
        ({"sender_domains": "shop.example no_domain"}, "“no_domain” is no domain."),
        ({"call_priority": "6"}, "A priority is 1, the most urgent, to 5"),
        ({"rate_limit": "-1"}, "greater than or equal to 0"),
        ({"pager_encoding": "morse"}, "“morse” is no encoding"),
        ({"pager_encoding": "base64"}, "“base64” is no encoding"),
        ({"port": "many"}, "Enter a whole number."),
        ({"port": "0"}, "greater than or equal to 1."),
        ({"port": "70000"}, "less than or equal to 65535."),
    ],
)
def test_a_mistake_is_told_in_a_sentence_and_nothing_is_saved(administrator, wrong, sentence):
    response = administrator.post(reverse("web:server-new"), {**SERVER, **wrong})
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert not OutgoingServer.objects.filter(name="Second").exists()


def test_the_test_says_what_it_saw_or_what_is_wrong(administrator, server, tmp_path):
    server.protocol, server.path = "maildir", str(tmp_path)
    server.breaker_failures = 3
    server.save()
    assert f"The folder {tmp_path} is there." in text_of(post(administrator, "server-test", server.pk))
    server.refresh_from_db()
    assert server.breaker_failures == 0
    server.path = str(tmp_path / "nowhere")
    server.save()
    assert "There is no folder" in text_of(post(administrator, "server-test", server.pk))


@pytest.mark.parametrize("name", ["server", "server-edit", "server-test", "server-switch"])
def test_servers_are_for_administrators(analyst, server, name):
    address = reverse(f"web:{name}", args=[server.pk])
    assert (analyst.post if name in {"server-test", "server-switch"} else analyst.get)(
        address
    ).status_code == 403


# ---- the outbox


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"uma", "one", "two", "three"}),
        ({"state": "held"}, {"two"}),
        ({"state": "failed"}, {"three"}),
        ({"recipient": "ONE@"}, {"one"}),
        ({"type_code": "1001"}, {"uma", "one", "two", "three"}),
        ({"type_code": "1003"}, set()),
        ({"hours": "24"}, set()),
        ({"state": "nonsense"}, set()),
        ({"server": "999"}, set()),
        ({"before": "x"}, {"uma", "one", "two", "three"}),
    ],
)
def test_deliveries_are_filtered(analyst, many, asked, found):
    page = analyst.get(reverse("web:outbox"), asked).content.decode()
    assert set(re.findall(r">(\w+)@example\.com</a>", page)) == found


def test_all_that_a_filter_shows_are_worked_on_after_asking_and_undone(analyst, many):
    asked = text_of(post(analyst, "outbox-do", operation="cancel", recipient="example.com"))
    assert "Cancel 4 deliveries?" in asked
    before = states()
    assert set(before.values()) == {"deferred", "queued", "held", "failed"}
    done = post(analyst, "outbox-do", operation="cancel", recipient="example.com", confirmed="yes")
    assert "3 cancelled" in text_of(done)
    assert "1 were not" in text_of(done)
    assert list(states().values()).count("cancelled") == 3
    [token] = re.findall(r'name="undo" value="([^"]+)"', done.content.decode())
    Delivery.objects.filter(recipient="one@example.com").update(state="queued", finished_at=None)
    undone = text_of(post(analyst, "outbox-undo", undo=token))
    assert "2 put back as they were. 1 had gone on, and stay as they are." in undone
    assert states() == before


def test_a_retry_of_all_is_undone_with_the_last_words(analyst, many):
    Delivery.objects.filter(recipient="three@example.com").update(reply="550 5.7.1 No")
    done = post(analyst, "outbox-do", operation="retry", state="failed", confirmed="yes")
    assert states()["three@example.com"] == "queued"
    [token] = re.findall(r'name="undo" value="([^"]+)"', done.content.decode())
    post(analyst, "outbox-undo", undo=token)
    row = Delivery.objects.get(recipient="three@example.com")
    assert (row.state, row.reply, bool(row.finished_at)) == ("failed", "550 5.7.1 No", True)


def test_hold_and_release(analyst, many):
    post(analyst, "outbox-do", operation="hold", state="queued", confirmed="yes")
    assert states()["one@example.com"] == "held"
    post(analyst, "outbox-do", operation="release", state="held", confirmed="yes")
    assert states()["one@example.com"] == states()["two@example.com"] == "queued"


@pytest.mark.parametrize(
    "data",
    [
        {"operation": "explode", "confirmed": "yes"},
        {"operation": "cancel", "state": "nonsense", "confirmed": "yes"},
        {"operation": "cancel", "server": "999", "confirmed": "yes"},
        {"confirmed": "yes"},
        {},
    ],
)
def test_what_means_nothing_changes_nothing(analyst, many, data):
    before = states()
    assert "flash error" in text_of(post(analyst, "outbox-do", **data))
    assert states() == before


def test_a_forged_or_old_undo_changes_nothing(analyst, many):
    before = states()
    assert "can&#x27;t be undone any more" in text_of(post(analyst, "outbox-undo", undo="forged"))
    assert states() == before


def test_a_mail_goes_to_another_address_instead(analyst, many):
    message_id = new_message_id(many.call_id, "help@desk.example", signing_keys())
    Message.objects.filter(pk=many.pk).update(message_id=message_id)
    first = Delivery.objects.get(recipient="uma@example.com")
    page = text_of(post(analyst, "delivery-address", first.pk, address=" Uma@New.example "))
    assert "It goes to uma@new.example instead." in page
    again = Delivery.objects.get(recipient="uma@new.example")
    assert again.message.to == [["Uma User", "uma@new.example"]]
    assert again.message.message_id != message_id
    assert again.message.why == "Ann Analyst sent it to uma@new.example instead of uma@example.com."
    assert states()["uma@example.com"] == "cancelled"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "is no address that mail can go to"),
        ("nobody", "is no address that mail can go to"),
        ("a@b@c.example\r\nBcc: x@y.example", "is no address that mail can go to"),
        ("UMA@example.com", "That is the address that it has."),
        ("gone@example.com", "No mail goes to gone@example.com."),
    ],
)
def test_an_address_that_is_no_good_changes_nothing(analyst, message, address, sentence):
    Suppression.objects.create(address="gone@example.com", cause="bounce", since=timezone.now())
    delivery = message.deliveries.get()
    assert sentence in text_of(post(analyst, "delivery-address", delivery.pk, address=address))
    assert Message.objects.count() == 1
    assert states() == {"uma@example.com": "deferred"}


def test_a_mail_with_a_secret_goes_to_nobody_else(analyst, message):
    message.data = {**message.data, "token": 1}
    message.save()
    page = text_of(post(analyst, "delivery-address", message.deliveries.get().pk, address="a@b.example"))
    assert "It carries a secret for its recipient alone" in page


# ---- suppressed addresses


def test_a_suppressed_address_is_listed_shown_on_the_person_and_released(analyst, uma, message):
    row = Suppression.objects.create(
        address="uma@example.com",
        cause="bounce",
        reason="550 5.1.1 User unknown",
        since=timezone.now() - dt.timedelta(days=1),
        delivery=message.deliveries.get(),
    )
    assert "550 5.1.1 User unknown" in text_of(analyst.get(reverse("web:suppressed")))
    assert "No mail goes to uma@example.com" in text_of(analyst.get(reverse("web:person", args=[uma.pk])))
    assert "Mail goes to uma@example.com again." in text_of(post(analyst, "suppressed-release", row.pk))
    assert "is released already" in text_of(post(analyst, "suppressed-release", row.pk))
    history = text_of(analyst.get(reverse("web:suppressed"), {"q": "UMA@example.com"}))
    assert "released by Ann Analyst" in history
    assert "No address is suppressed" in text_of(analyst.get(reverse("web:suppressed")))


def test_the_pages_have_a_way_to_each_other(analyst, message):
    for name in ("messages", "outbox", "suppressed"):
        page = analyst.get(reverse(f"web:{name}")).content.decode()
        for other in ("messages", "outbox", "suppressed"):
            assert f'href="{reverse(f"web:{other}")}"' in page
