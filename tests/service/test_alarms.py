"""Alarms leave by a program or a web hook, once while the trouble lasts, and once when it is over."""

import datetime as dt
import http.server
import itertools
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from desks import Desk, mail, put_in_state
from mailcall.config import config
from mailcall.inbound import collect as room
from mailcall.inbound.collect import CollectFailed, collect
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from mailcall.outbound.models import Delivery, OutgoingServer
from mailcall.service import alarms
from mailcall.service.jobs import Jobs
from mailcall.service.models import Alarm, Clock
from servers.dovecot import Dovecot
from servers.fixtures import need_dovecot, server_folder

LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the alarm command writes to."""
    file = tmp_path / "told"
    file.touch()
    command = f"(echo $MAILCALL_ALARM_STATE; cat) >> {file}"
    use(monkeypatch, alarm_command=command)
    return file


def use(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    changed = config().model_copy(update=settings)
    monkeypatch.setattr(alarms, "config", lambda: changed)


@pytest.fixture
def good(desk: Desk) -> Desk:
    """A desk that has nothing wrong."""
    IncomingAccount.objects.update(last_good_at=timezone.now(), watched_since=LONG_AGO)
    return desk


def test_nothing_is_told_while_all_is_well(good: Desk, told: Path) -> None:
    good.receive(mail())
    IncomingAccount.objects.update(last_good_at=timezone.now())
    alarms.watch(LONG_AGO)
    assert told.read_text() == ""
    assert not Alarm.objects.exists()


def test_a_mailbox_not_checked_for_five_minutes_is_told_once_and_again_when_it_works(
    good: Desk, told: Path
) -> None:
    IncomingAccount.objects.update(
        last_good_at=timezone.now() - dt.timedelta(minutes=6), last_error="The server is down."
    )
    alarms.watch(LONG_AGO)
    alarms.watch(LONG_AGO)
    state, sentence = told.read_text().splitlines()
    assert state == "raised"
    assert sentence.startswith("The mailbox of account Support was not checked with success since")
    assert sentence.endswith("The server is down.")
    IncomingAccount.objects.update(last_good_at=timezone.now(), last_error="")
    alarms.watch(LONG_AGO)
    alarms.watch(LONG_AGO)
    assert told.read_text().splitlines()[2] == "over"
    assert told.read_text().splitlines()[3].startswith("Over: The mailbox of account Support")
    assert len(told.read_text().splitlines()) == 4


def test_a_mailbox_that_was_never_checked_has_its_time_from_when_it_was_added_or_switched_on(
    good: Desk, told: Path
) -> None:
    new = good.add_account("New", "new@desk.example")
    alarms.watch(LONG_AGO)
    assert told.read_text() == ""
    later = timezone.now() - dt.timedelta(minutes=6)
    IncomingAccount.objects.filter(pk=new.pk).update(watched_since=later, active=False)
    alarms.watch(LONG_AGO)
    IncomingAccount.objects.filter(pk=new.pk).update(active=True)
    alarms.watch(LONG_AGO)
    assert told.read_text() == ""
    IncomingAccount.objects.filter(pk=new.pk).update(watched_since=later)
    alarms.watch(LONG_AGO)
    assert "The mailbox of account New was not checked with success since" in told.read_text()


def test_a_mailbox_that_is_being_drained_is_not_late(good: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    began, counter = timezone.now(), itertools.count()

    def now() -> dt.datetime:
        """By ten minutes later with each mail that is fetched."""
        return began + dt.timedelta(minutes=10) * drained

    def fetched(name: str) -> None:
        nonlocal drained
        if name == "collect.fetched":
            drained = next(counter)
        elif name == "collect.journalled" and drained:  # of the second mail
            seen.append(IncomingAccount.objects.get(pk=good.account.pk))

    drained, seen = 0, list[IncomingAccount]()
    monkeypatch.setattr(room.timezone, "now", now)
    monkeypatch.setattr(room, "checkpoint", fetched)
    monkeypatch.setattr(room, "BATCH_MAILS", 1)
    before = began - dt.timedelta(minutes=10)
    IncomingAccount.objects.update(last_good_at=before, last_checked_at=before)
    for _ in range(2):
        good.deliver(mail())
    good.account.refresh_from_db()
    collect(good.account)
    [meanwhile] = seen
    assert (meanwhile.last_good_at, meanwhile.last_checked_at) == (began, before)


def test_an_account_without_a_mailbox_is_never_late(good: Desk, told: Path) -> None:
    IncomingAccount.objects.update(last_good_at=LONG_AGO, protocol="fed")
    alarms.watch(LONG_AGO)
    assert told.read_text() == ""


def test_many_mailboxes_that_fail_at_once_are_told_as_one(good: Desk, told: Path) -> None:
    for number in range(5):
        good.add_account(f"Box {number}", f"box{number}@desk.example")
    IncomingAccount.objects.update(last_good_at=LONG_AGO, watched_since=LONG_AGO)
    alarms.watch(LONG_AGO)
    alarms.watch(LONG_AGO)
    sentence = (
        "6 mailboxes were not checked with success, among them those of: Box 0, Box 1, Box 2, Box 3, Box 4."
    )
    assert told.read_text().splitlines() == ["raised", sentence]
    IncomingAccount.objects.update(last_good_at=timezone.now())
    alarms.watch(LONG_AGO)
    assert told.read_text().splitlines()[2:] == ["over", f"Over: {sentence}"]
    assert not Alarm.objects.exists()


def test_a_service_that_just_started_is_given_its_time(good: Desk, told: Path) -> None:
    IncomingAccount.objects.update(last_good_at=LONG_AGO)
    alarms.watch(timezone.now() - dt.timedelta(minutes=1))
    assert told.read_text() == ""


def test_held_mail_and_what_waits_too_long_are_told(good: Desk, told: Path) -> None:
    good.receive(mail())
    IncomingAccount.objects.update(last_good_at=timezone.now())
    put_in_state(ReceivedMail.objects.all(), "held")
    put_in_state(
        Delivery.objects.all(), "queued", due_at=None, created_at=timezone.now() - dt.timedelta(minutes=9)
    )
    alarms.watch(LONG_AGO)
    said = told.read_text()
    assert "1 received mail is held for a person." in said
    assert "The oldest outgoing mail waits to be sent since" in said


def test_a_delivery_that_was_tried_is_told_when_it_has_been_due_for_five_minutes(
    good: Desk, told: Path
) -> None:
    good.receive(mail())
    IncomingAccount.objects.update(last_good_at=timezone.now())
    now, minute = timezone.now(), dt.timedelta(minutes=1)
    put_in_state(Delivery.objects.all(), "deferred", created_at=now - 60 * minute, due_at=now - 4 * minute)
    alarms.watch(LONG_AGO)
    assert told.read_text() == ""
    Delivery.objects.update(due_at=now - 6 * minute)
    alarms.watch(LONG_AGO)
    assert "The oldest outgoing mail waits to be sent since" in told.read_text()


def test_one_greylisted_recipient_is_told_after_hours_and_many_after_half_an_hour(
    good: Desk, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good.receive(mail())
    IncomingAccount.objects.update(last_good_at=timezone.now())
    now, hour = timezone.now(), dt.timedelta(hours=1)
    put_in_state(Delivery.objects.all(), "deferred", created_at=now - hour, due_at=now + hour)
    alarms.watch(LONG_AGO)
    assert told.read_text() == ""
    monkeypatch.setattr(alarms, "MANY", 1)
    alarms.watch(LONG_AGO)
    assert "Mail to 1 recipient was tried and could not be sent" in told.read_text()
    monkeypatch.undo()
    Alarm.objects.all().delete()
    Delivery.objects.update(created_at=now - 5 * hour)
    alarms.watch(LONG_AGO)
    assert Alarm.objects.get().key == "put off"


def test_held_outgoing_mail_and_a_server_left_alone_are_told(good: Desk, told: Path) -> None:
    good.receive(mail())
    IncomingAccount.objects.update(last_good_at=timezone.now())
    put_in_state(Delivery.objects.all(), "held")
    OutgoingServer.objects.update(breaker_failures=3, last_error="It is down.")
    alarms.watch(LONG_AGO)
    assert told.read_text().splitlines() == ["raised", "1 outgoing mail is held for a person."]
    OutgoingServer.objects.update(breaker_failures=4)
    alarms.watch(LONG_AGO)
    assert told.read_text().splitlines()[3] == "The outgoing server Out can't be used. It is down."


def test_a_command_that_fails_is_tried_again(
    good: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    IncomingAccount.objects.update(last_good_at=LONG_AGO)
    use(monkeypatch, alarm_command="exit 3")
    alarms.watch(LONG_AGO)
    assert Alarm.objects.get().told_at is None
    use(monkeypatch, alarm_command=f"cat > {tmp_path / 'told'}")
    alarms.watch(LONG_AGO)
    assert "Support" in (tmp_path / "told").read_text()


def on(host: str, free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work on this machine, with so many bytes free."""
    monkeypatch.setattr(alarms.socket, "gethostname", lambda: host)
    monkeypatch.setattr(alarms.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, free))


def test_a_full_disk_is_told_once_whichever_worker_looks_and_over_when_its_own_says_so(
    good: Desk, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on("full", 10**6, monkeypatch)
    alarms.note_disk()
    alarms.watch(LONG_AGO)
    on("roomy", 10**11, monkeypatch)
    alarms.note_disk()
    alarms.watch(LONG_AGO)
    on("full", 10**6 - 9, monkeypatch)
    alarms.note_disk()
    alarms.watch(LONG_AGO)
    assert told.read_text().splitlines() == ["raised", "The data folder of full has less than 500 MB left."]
    on("full", 10**11, monkeypatch)
    alarms.watch(LONG_AGO)
    assert told.read_text().splitlines()[2] == "over"


def test_the_disk_of_a_worker_that_does_not_look_for_alarms_is_told_and_over_once_it_no_longer_says_so(
    good: Desk, told: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on("full", 10**6, monkeypatch)
    alarms.note_disk()
    on("roomy", 10**11, monkeypatch)
    alarms.watch(LONG_AGO)
    assert "The data folder of full" in told.read_text()
    Alarm.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=3))
    alarms.watch(LONG_AGO)
    assert "over" in told.read_text()
    assert not Alarm.objects.exists()


@pytest.fixture
def hook() -> Iterator[tuple[str, list]]:
    """A web hook, and what was posted to it."""
    posted: list = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", posted
    server.shutdown()
    server.server_close()


def test_a_web_hook_gets_it_as_json_even_when_the_command_fails(
    good: Desk, hook: tuple[str, list], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, posted = hook
    IncomingAccount.objects.update(last_good_at=LONG_AGO)
    use(monkeypatch, alarm_command="/nowhere/at/all", alarm_url=url)
    alarms.watch(LONG_AGO)
    alarms.watch(LONG_AGO)
    [body] = posted
    assert body["state"] == "raised"
    assert body["text"].startswith("Mailcall: The mailbox of account Support")


def test_a_web_hook_that_nobody_answers_ends_nothing(good: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    IncomingAccount.objects.update(last_good_at=LONG_AGO)
    use(monkeypatch, alarm_url="http://127.0.0.1:1/hook")
    alarms.watch(LONG_AGO)
    assert Alarm.objects.get().told_at is None


@pytest.mark.servers
def test_a_mail_server_that_is_stopped_is_told_by_the_hook_and_when_it_is_back(
    good: Desk, hook: tuple[str, list], monkeypatch: pytest.MonkeyPatch
) -> None:
    need_dovecot()
    url, posted = hook
    use(monkeypatch, alarm_url=url)
    with server_folder() as folder, Dovecot(folder) as dovecot:
        account = good.account
        account.protocol, account.security = "imap", "tls"
        account.server, account.port, account.ca_file = "localhost", dovecot.imaps_port, dovecot.ca_file
        account.login, account.password = dovecot.new_user(), "secret"
        account.save()
        account.refresh_from_db()
        collect(account)
        alarms.watch(LONG_AGO)
        assert posted == []

        dovecot.stop()
        with pytest.raises(CollectFailed):
            collect(account)
        alarms.watch(LONG_AGO)
        assert posted == []
        long_enough = timezone.now() - dt.timedelta(minutes=5, seconds=1)
        IncomingAccount.objects.update(last_good_at=long_enough, watched_since=LONG_AGO)
        alarms.watch(LONG_AGO)
        [raised] = posted
        assert raised["state"] == "raised"
        assert f"Nothing accepts connections at localhost:{dovecot.imaps_port}" in raised["text"]

        dovecot.start()
        account.port = dovecot.imaps_port
        account.save()
        collect(account)
        alarms.watch(LONG_AGO)
        assert [body["state"] for body in posted] == ["raised", "over"]


@pytest.mark.django_db(transaction=True)
def test_of_several_workers_that_look_at_once_one_tells(
    good: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    IncomingAccount.objects.update(last_good_at=LONG_AGO)
    use(monkeypatch, alarm_command=f"cat >> {tmp_path / 'told'}; sleep 1")
    Clock.objects.create(began_at=LONG_AGO, seen_at=timezone.now())  # where there are several
    workers = [Jobs(lambda job, argument: None, lambda: False) for _ in range(3)]
    for worker in workers:
        worker._began = LONG_AGO
    looking = [threading.Thread(target=look, args=[worker]) for worker in workers]
    for thread in looking:
        thread.start()
    for thread in looking:
        thread.join()
    for worker in workers:
        worker.alarms()
    assert len((tmp_path / "told").read_text().splitlines()) == 1
    assert Alarm.objects.get().told_at is not None


def look(worker: Jobs) -> None:
    try:
        worker.alarms()
    finally:
        connection.close()
