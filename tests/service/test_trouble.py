"""Trouble around the service: each is said in a clear sentence, nothing is lost, the next mail is done."""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from desks import mail
from installations import DESK, ON_POSTGRESQL, Installation, installation
from servers.dovecot import Dovecot
from servers.postfix import Postfix

pytestmark = pytest.mark.servers


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("a file system can only be mounted by root: " + made.stderr.decode().strip())
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def desk_file(dovecot: Dovecot, postfix: Postfix, user: str) -> str:
    return DESK.format(
        imap_port=dovecot.imaps_port,
        user=user,
        ca_file=dovecot.ca_file,
        smtp_port=postfix.smtp_port,
        smtp_ca=postfix.ca_file,
    )


def test_a_full_disk_is_said_and_nothing_is_lost(
    small_disk: Path, dovecot: Dovecot, postfix: Postfix
) -> None:
    user = dovecot.new_user()
    with installation(small_disk / "i") as installed:
        installed.log = small_disk.parent / "service.log"
        installed.load(desk_file(dovecot, postfix, user), IMAP_PASSWORD="secret")
        installed.change("update inbound_incomingaccount set check_interval = 5")
        installed.start()
        installed.wait(lambda: "service started" in installed.tail(), "the start")
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"x" * 65536)
        for number in range(3):
            dovecot.deliver(user, mail(f"full{number}@k.example", text="x" * 300_000))
        installed.wait(lambda: "The disk is full; make room." in installed.tail(200), "the sentence")
        assert len(dovecot.mails(user)) + installed.count("select count(*) from inbound_receivedmail") >= 3

        filler.unlink()
        installed.wait(lambda: installed.settled(3), "all mails")
        assert installed.count("select count(*) from desk_call") == 3
        assert dovecot.mails(user) == []
        installed.end()


@pytest.mark.skipif(ON_POSTGRESQL, reason="only SQLite has one lock for the whole database")
def test_a_database_locked_for_ten_seconds_only_delays(installed: Installation, dovecot: Dovecot) -> None:
    installed.start()
    installed.wait(lambda: "service started" in installed.tail(), "the start")
    connection = sqlite3.connect(installed.data / "mailcall.sqlite3", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    for number in range(3):
        dovecot.deliver(installed.mailbox, mail(f"locked{number}@k.example"))
    time.sleep(10)
    assert installed.count("select count(*) from desk_call") == 0
    connection.execute("ROLLBACK")
    connection.close()
    installed.wait(lambda: installed.settled(3), "all mails")
    assert installed.count("select count(*) from desk_call") == 3
    assert installed.count("select max(attempts) from inbound_receivedmail") == 1


@pytest.mark.skipif(ON_POSTGRESQL, reason="several machines have several clocks, so nothing is moved")
def test_a_clock_set_back_is_said_and_what_waits_does_not_wait_for_hours(
    installed: Installation, dovecot: Dovecot
) -> None:
    if not shutil.which("faketime"):
        pytest.skip("faketime is missing: apt-get install faketime")
    dovecot.deliver(installed.mailbox, mail("defer-me@k.example"))
    installed.start()
    state = "select count(*) from outbound_delivery where state = 'deferred'"
    installed.wait(lambda: installed.count(state) == 1, "the deferred delivery")
    installed.wait(lambda: installed.count("select count(*) from service_clock") == 1, "the clock")
    due = installed.query("select due_at from outbound_delivery")[0][0]
    installed.end()

    dovecot.deliver(installed.mailbox, mail("back@k.example"))
    os.environ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
    installed.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
    installed.start(wrapper=("faketime", "-f", "-3h"))
    installed.wait(lambda: "The clock was set back by" in installed.tail(100), "the sentence")
    installed.wait(lambda: installed.count("select count(*) from desk_call") == 2, "the next mail")
    assert installed.query("select due_at from outbound_delivery order by id")[0][0] < due


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("update inbound_incomingaccount set folder = 'Nowhere'", "Nowhere"),
        ("update inbound_incomingaccount set login = 'nobody@desk.example'", "nobody@desk.example"),
        ("update inbound_incomingaccount set ca_file = ''", "certificate"),
        ("update inbound_incomingaccount set port = 1", "localhost:1"),
        ("update inbound_incomingaccount set password = 'gAAAAABdamaged'", "can't be read with the keys"),
    ],
    ids=["unknown-folder", "wrong-sign-in", "untrusted-certificate", "nobody-listens", "damaged-secret"],
)
def test_an_account_that_cannot_be_used_is_said_and_the_other_account_goes_on(
    change: str, sentence: str, installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    installed.change(change)
    good = dovecot.new_user()
    text = desk_file(dovecot, postfix, good).replace("name: Support", "name: Good")
    text = text[: text.index("outgoing_servers")]
    installed.load(text, IMAP_PASSWORD="secret")
    installed.start()
    dovecot.deliver(good, mail("other@k.example"))
    installed.wait(lambda: installed.settled(1), "the other account's mail")
    error = "select last_error from inbound_incomingaccount where name = 'Support'"
    installed.wait(lambda: bool(installed.query(error)[0][0]), "the error")
    said = installed.query(error)[0][0]
    assert sentence in said
    assert "gAAAA" not in said
    assert said.rstrip().endswith((".", ")"))
    assert "Traceback" not in installed.tail(200)


def test_check_names_what_is_wrong_and_what_is_right(installed: Installation) -> None:
    said = installed.cli("check")
    assert "account Support: signed in" in said
    assert "server Postfix: " in said
    assert "It has PIPELINING, 8BITMIME, SMTPUTF8, DSN." in said
    assert "Everything is right." in said
    installed.change(
        "update inbound_incomingaccount set folder = 'Nowhere'", "update outbound_outgoingserver set port = 1"
    )
    said = installed.cli("check", status=1)
    assert "WRONG  account Support:" in said
    assert "Nowhere" in said
    assert "WRONG  server Postfix:" in said
    assert "2 things are wrong." in said
