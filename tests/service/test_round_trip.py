"""Round trips: the desk writes to itself, knows its mail when it comes back, and tells when it does not."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from desks import Desk, mail
from installations import Installation
from mailcall.config import ConfigError, config
from mailcall.desk.models import Call
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from mailcall.outbound.deliver import deliver
from mailcall.outbound.models import Delivery, Message, OutgoingServer
from mailcall.service import round_trip
from mailcall.service.models import RoundTrip
from mailcall.web.views import mails, messages
from servers.dovecot import Dovecot

LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
Later = Callable[[int], None]


@pytest.fixture
def watched(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The small desk, which watches its account Support."""
    use(monkeypatch, round_trip_account="Support")
    return desk


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Have so many seconds pass for the round trips."""

    def later(seconds: int) -> None:
        now = timezone.now
        monkeypatch.setattr(round_trip.timezone, "now", lambda: now() + dt.timedelta(seconds=seconds))

    return later


def use(monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
    changed = config().model_copy(update=settings)
    monkeypatch.setattr(round_trip, "config", lambda: changed)


def returned(desk: Desk) -> bytes:
    """The last round-trip mail that left."""
    deliver(desk.server)
    return desk.sent_to("support@desk.example")[-1]


def alarm() -> str:
    return round_trip.trouble(round_trip.timezone.now(), LONG_AGO)


def test_nothing_is_sent_unless_it_is_set(desk: Desk) -> None:
    assert not round_trip.look()
    assert not Message.objects.exists()
    assert alarm() == ""


def test_a_mail_that_comes_back_is_measured_and_logs_no_call_and_gets_no_answer(watched: Desk) -> None:
    assert round_trip.look()
    received = watched.receive(returned(watched))
    assert (received.state, received.outcome, received.error) == ("done", "round_trip", "")
    assert received.trace[0]["rule"] == "round trip"
    assert "carries our signature of a round trip" in received.trace[0]["saw"]
    round_trip.look()
    trip = RoundTrip.objects.get()
    assert trip.waiting_since is None
    assert trip.last_good_at == received.acted_at
    assert trip.seconds is not None
    assert trip.seconds > 0
    assert not Call.objects.exists()
    assert Message.objects.count() == 1
    assert not list(Path(watched.account.path).glob("*/*test*"))


def test_it_says_that_it_is_automatic(watched: Desk) -> None:
    round_trip.look()
    left = returned(watched)
    assert b"Auto-Submitted: auto-generated\r\n" in left
    assert b"X-Auto-Response-Suppress: " in left


def test_the_next_is_sent_when_its_time_has_come_and_by_one_worker(watched: Desk, later: Later) -> None:
    assert round_trip.look()
    assert not round_trip.look()
    watched.receive(returned(watched))
    assert not round_trip.look()
    later(301)
    assert round_trip.look()
    assert Message.objects.count() == 2


def test_a_worker_that_looked_before_another_sent_sends_none(
    watched: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert round_trip.look()
    seen = iter([True])
    is_due = round_trip._is_due
    monkeypatch.setattr(round_trip, "_is_due", lambda trip, now: next(seen, None) or is_due(trip, now))
    assert not round_trip.look()
    assert Message.objects.count() == 1


def test_one_that_stays_away_is_an_alarm_until_one_comes_back(watched: Desk, later: Later) -> None:
    round_trip.look()
    lost = returned(watched)
    assert alarm() == ""
    later(301)
    assert alarm().startswith("No round-trip mail came back to account Support since ")
    assert "The last one is sent: " in alarm()
    assert round_trip.look()
    assert alarm() != ""
    watched.receive(lost)
    round_trip.look()
    assert alarm() != ""
    watched.receive(returned(watched))
    round_trip.look()
    assert alarm() == ""


def test_one_that_could_not_leave_is_recalled_before_the_next(watched: Desk, later: Later) -> None:
    OutgoingServer.objects.update(active=False)
    round_trip.look()
    for _ in range(3):
        later(301)
        RoundTrip.objects.update(sent_at=LONG_AGO)
        assert round_trip.look()
    states = list(Delivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["cancelled", "cancelled", "cancelled", "queued"]
    assert "The last one is queued." in alarm()


def test_a_service_that_just_started_is_given_its_time(watched: Desk) -> None:
    round_trip.look()
    RoundTrip.objects.update(waiting_since=LONG_AGO)
    now = timezone.now()
    assert round_trip.trouble(now, now - dt.timedelta(minutes=1)) == ""


def test_a_forged_marker_is_a_mail_like_any_other(watched: Desk) -> None:
    round_trip.look()
    genuine = Message.objects.get().message_id
    at = genuine.index("@")
    forged = genuine[: at - 1] + ("a" if genuine[at - 1] != "a" else "b") + genuine[at:]
    assert watched.receive(mail(message_id=forged)).outcome == "logged"
    round_trip.look()
    assert RoundTrip.objects.get().last_good_at is None


def test_an_old_one_that_comes_again_does_nothing(watched: Desk, later: Later) -> None:
    round_trip.look()
    old = returned(watched)
    watched.receive(old)
    round_trip.look()
    first = RoundTrip.objects.get().last_good_at
    later(301)
    round_trip.look()
    assert watched.receive(old).outcome == "round_trip"
    round_trip.look()
    trip = RoundTrip.objects.get()
    assert trip.last_good_at == first
    assert trip.waiting_since is not None
    assert not Call.objects.exists()


def test_one_that_comes_back_to_another_account_is_not_the_one_waited_for(watched: Desk) -> None:
    other = watched.add_account("Other", "other@desk.example")
    round_trip.look()
    assert watched.receive(returned(watched), account=other).outcome == "round_trip"
    round_trip.look()
    assert RoundTrip.objects.get().last_good_at is None


def test_an_unknown_account_is_an_alarm_and_ends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, round_trip_account="Suport")
    assert not round_trip.look()
    assert alarm() == (
        "The setting `round_trip_account` names Suport, but there is no active account of that name."
    )
    use(monkeypatch, round_trip_account="Support")
    IncomingAccount.objects.update(active=False)
    assert not round_trip.look()
    assert "no active account" in alarm()


def test_what_was_deleted_meanwhile_is_sent_anew(watched: Desk, later: Later) -> None:
    round_trip.look()
    Message.objects.all().delete()
    assert not round_trip.look()
    later(301)
    assert round_trip.look()


@pytest.mark.parametrize("every", ["59", "0", "-1", "86401", "often"])
def test_a_pause_that_makes_no_sense_is_refused(every: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILCALL_ROUND_TRIP_EVERY", every)
    with pytest.raises(ConfigError, match="`round_trip_every`"):
        config.__wrapped__()


def test_lists_of_mail_show_it_only_when_asked(watched: Desk) -> None:
    round_trip.look()
    watched.receive(returned(watched))
    rows = ReceivedMail.objects.all()
    assert not mails._filtered(rows, became="", account="", q="")[0]
    assert mails._filtered(rows, became="round_trip", account="", q="")[0].count() == 1
    assert messages.ROUND_TRIP.code == Message.objects.get().type_code


@pytest.mark.servers
def test_a_mail_goes_round_by_postfix_and_dovecot(installed: Installation, dovecot: Dovecot) -> None:
    installed.change(f"update inbound_incomingaccount set address = '{installed.mailbox}'")
    installed.environment["MAILCALL_ROUND_TRIP_ACCOUNT"] = "Support"
    assert "round trip: a mail to account Support every 300 s" in installed.cli("check")
    installed.start()
    back = "select count(*) from service_roundtrip where last_good_at is not null and waiting_since is null"
    installed.wait(lambda: installed.count(back) == 1, "the mail")
    assert installed.query("select outcome from inbound_receivedmail") == [("round_trip",)]
    assert installed.count("select count(*) from desk_call") == 0
    assert installed.count("select count(*) from outbound_message") == 1
    installed.wait(lambda: dovecot.mails(installed.mailbox) == [], "the empty mailbox")
