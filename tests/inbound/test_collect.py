"""From a Maildir to the journal: nothing is lost, nothing comes twice."""

import shutil
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from desks import Desk, mail
from mailcall.desk.models import Call
from mailcall.desk.models.calls import content_name
from mailcall.inbound import collect as room
from mailcall.inbound.collect import CollectFailed, collect, due
from mailcall.inbound.models import ReceivedMail
from mailcall.mailbox import maildir
from mailcall.mailbox.interface import MailboxError
from servers.account import MAIL, Account
from servers.dovecot import Dovecot


def inbox(desk: Desk, part: str = "new") -> list[str]:
    return sorted(path.name for path in (Path(desk.account.path) / part).iterdir())


@pytest.mark.parametrize("where", ["collect.fetched", "collect.journalled", "collect.disposed"])
def test_a_mail_killed_anywhere_is_logged_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    class Killed(BaseException):
        pass

    def kill(name: str) -> None:
        if name == where:
            raise Killed

    desk.deliver(mail())
    monkeypatch.setattr(room, "checkpoint", kill)
    with pytest.raises(Killed):
        collect(desk.account)
    monkeypatch.undo()
    desk.run()
    assert (ReceivedMail.objects.count(), Call.objects.count()) == (1, 1)
    assert inbox(desk) == []


def test_a_mailbox_that_will_not_delete_gives_no_second_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*_: object) -> None:
        raise MailboxError("The mailbox is read-only.", temporary=True)

    monkeypatch.setattr(maildir.MaildirMailbox, "dispose", refusing)
    desk.deliver(mail())
    for _ in range(2):
        with pytest.raises(CollectFailed, match=r"Account Support: The mailbox is read-only\."):
            collect(desk.account)
    assert ReceivedMail.objects.count() == 1
    monkeypatch.undo()
    assert collect(desk.account) == 0
    assert inbox(desk) == []
    desk.account.refresh_from_db()
    assert desk.account.last_error == ""


def test_nothing_is_deleted_before_the_journal_has_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    desk.deliver(mail())
    monkeypatch.setattr("mailcall.inbound.collect.insert_rows", failing)
    with pytest.raises(OSError, match="No space"):
        collect(desk.account)
    assert len(inbox(desk)) == 1


def test_kept_mails_stay_and_come_once(desk: Desk) -> None:
    desk.account.disposal = "keep"
    desk.account.save()
    desk.deliver(mail())
    assert [collect(desk.account) for _ in range(3)] == [1, 0, 0]
    assert len(inbox(desk, "cur")) == 1


def test_a_maildir_that_vanished_is_told_of_on_the_account(desk: Desk) -> None:
    shutil.rmtree(desk.account.path)
    with pytest.raises(CollectFailed) as failed:
        collect(desk.account)
    desk.account.refresh_from_db()
    assert str(failed.value) == f"Account Support: {desk.account.last_error}"
    assert desk.account.last_error.startswith("There is no folder ")
    assert desk.account.last_checked_at is not None
    assert desk.account.last_good_at is None


def test_an_unknown_protocol_is_told_of_on_the_account(desk: Desk) -> None:
    desk.account.protocol = "pigeon"
    with pytest.raises(CollectFailed, match="knows no protocol 'pigeon'"):
        collect(desk.account)


def test_a_big_mail_goes_to_the_file_storage_and_reads_back(desk: Desk) -> None:
    raw = mail() + b"x" * maildir.BIG
    desk.deliver(raw)
    collect(desk.account)
    received = ReceivedMail.objects.get()
    assert received.raw is None
    assert received.size == len(raw)
    assert received.read_raw() == raw
    assert default_storage.size(content_name(received.sha256)) == len(raw)


def test_half_a_file_of_a_killed_run_is_not_taken_for_the_mail(desk: Desk) -> None:
    raw = mail() + b"y" * maildir.BIG
    desk.deliver(raw, "first")
    collect(desk.account)
    received = ReceivedMail.objects.get()
    path = Path(default_storage.path(content_name(received.sha256)))
    path.write_bytes(raw[:1000])
    received.delete()
    desk.deliver(raw, "again")
    collect(desk.account)
    assert ReceivedMail.objects.get().read_raw() == raw


def test_the_bytes_are_kept_as_they_came(desk: Desk) -> None:
    raws = [b"", b"\0\xff\n\r\r\n", mail().replace(b"\r\n", b"\n"), "From: ä".encode("latin-1")]
    for raw in raws:
        desk.deliver(raw)
    collect(desk.account)
    assert [received.read_raw() for received in ReceivedMail.objects.order_by("pk")] == raws


def test_stopping_collects_nothing_more(desk: Desk) -> None:
    desk.deliver(mail())
    assert collect(desk.account, stop=lambda: True) == 0
    assert len(inbox(desk)) == 1


def test_an_account_is_due_after_its_interval_or_when_the_clock_went_back(desk: Desk) -> None:
    now = timezone.now()
    account = desk.account
    assert due(account, now)
    account.check_interval = 60
    for seconds, is_due in ((0, False), (59, False), (60, True), (-1, True)):
        account.last_checked_at = now - timezone.timedelta(seconds=seconds)
        assert due(account, now) == is_due


@pytest.mark.servers
@pytest.mark.parametrize("disposal", ["delete", "move", "keep"])
@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_the_session_is_closed_and_opened_again_after_so_many_deletions(
    desk: Desk, dovecot: Dovecot, protocol: str, disposal: str
) -> None:
    if (protocol, disposal) == ("pop3", "move"):
        pytest.skip("POP3 has no folders")
    mailbox = Account(dovecot, dovecot.new_user())
    mailbox.deliver(*[MAIL + b"%d\r\n" % number for number in range(8)])
    port = dovecot.imaps_port if protocol == "imap" else dovecot.pop3s_port
    fields = {"protocol": protocol, "disposal": disposal, "move_to": "Done" if disposal == "move" else ""}
    fields |= {"server": "localhost", "port": port, "login": mailbox.user, "password": "secret"}
    for name, value in {**fields, "ca_file": dovecot.ca_file, "session_limit": 3}.items():
        setattr(desk.account, name, value)
    assert collect(desk.account) == 8
    assert len(mailbox.mails()) == (8 if disposal == "keep" else 0)
    assert dovecot.logins(mailbox.user) == (1 if disposal == "keep" else 3)
