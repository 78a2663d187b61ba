"""Several folders of one IMAP account, on a real server: each with its own mark, none stops the others."""

import pytest

from mailcall.inbound.collect import CollectFailed, collect
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from mailcall.mailbox.imap import ImapMailbox
from mailcall.mailbox.interface import FolderError
from mailcall.service import watchers
from servers.account import MAIL, Account
from servers.process import wait_for

pytestmark = [pytest.mark.servers, pytest.mark.django_db]


@pytest.fixture
def incoming(desk, on_dovecot: Account) -> IncomingAccount:
    """The small desk's account, collected from a Dovecot."""
    account = desk.account
    account.protocol, account.server, account.port = "imap", "localhost", on_dovecot.server.imaps_port
    account.login, account.password, account.ca_file = on_dovecot.user, "secret", on_dovecot.server.ca_file
    account.folder = "INBOX\nDesk/Büro\nDesk, old; new"
    account.save()
    return account


def fill(mailbox: Account) -> None:
    """A mail of its own in each folder."""
    for number, folder in enumerate(("INBOX", "Desk/B&APw-ro", "Desk, old; new")):
        mailbox.deliver(MAIL + b"%d\r\n" % number, folder=folder)


def journal() -> list[str]:
    return [mail.identity.split("/", 1)[1] for mail in ReceivedMail.objects.order_by("pk")]


def folder_of(identity: str) -> str:
    return identity.rsplit("/", 2)[0]


def test_each_folder_is_collected_and_emptied(incoming: IncomingAccount, on_dovecot: Account) -> None:
    fill(on_dovecot)
    assert collect(incoming) == 3
    assert [folder_of(mail) for mail in journal()] == ["INBOX", "Desk/Büro", "Desk, old; new"]
    assert on_dovecot.mails() == on_dovecot.mails("Desk/B&APw-ro") == on_dovecot.mails("Desk, old; new") == []
    assert incoming.high_water == {}


def test_each_folder_has_a_mark_of_its_own(incoming: IncomingAccount, on_dovecot: Account) -> None:
    incoming.disposal = "keep"
    incoming.save()
    fill(on_dovecot)
    on_dovecot.deliver(MAIL)
    assert collect(incoming) == 4
    incoming.refresh_from_db()
    assert [mark.rpartition(":")[2] for mark in incoming.high_water.values()] == ["2", "1", "1"]
    assert collect(incoming) == 0
    on_dovecot.deliver(MAIL, folder="Desk, old; new")
    assert collect(incoming) == 1
    incoming.folder = "INBOX"
    incoming.save()
    on_dovecot.deliver(MAIL)
    assert collect(incoming) == 1
    assert list(incoming.high_water) == ["INBOX"]


def test_a_folder_that_is_not_there_is_named_and_stops_no_other(
    incoming: IncomingAccount, on_dovecot: Account
) -> None:
    incoming.folder = "Gone\nINBOX\nGone too"
    on_dovecot.deliver(MAIL)
    with pytest.raises(CollectFailed, match=r"Account Support: The folder Gone of .*The folder Gone too of"):
        collect(incoming)
    incoming.refresh_from_db()
    assert "Gone" in incoming.last_error
    assert incoming.last_good_at is None
    assert len(journal()) == 1
    assert on_dovecot.mails() == []


def test_trouble_within_one_folder_names_it_and_stops_no_other(
    incoming: IncomingAccount, on_dovecot: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = ImapMailbox._delete

    def refusing(self: ImapMailbox, uids: list[int]) -> None:
        if self._folder == "Desk/Büro":
            raise TimeoutError
        delete(self, uids)

    fill(on_dovecot)
    monkeypatch.setattr(ImapMailbox, "_delete", refusing)
    with pytest.raises(CollectFailed, match=r"Account Support: Folder Desk/Büro: .* did not answer"):
        collect(incoming)
    assert len(journal()) == 3
    assert len(on_dovecot.mails("Desk/B&APw-ro")) == 1
    assert on_dovecot.mails("Desk, old; new") == []


def test_a_wrong_password_is_tried_once_and_not_for_each_folder(
    incoming: IncomingAccount, on_dovecot: Account
) -> None:
    incoming.password = "wrong"
    with pytest.raises(CollectFailed, match="did not accept login and password") as failed:
        collect(incoming)
    assert str(failed.value).count("did not accept") == 1
    assert wait_for(lambda: f"user=<{on_dovecot.user}>" in on_dovecot.server.log, 10)
    assert on_dovecot.server.log.count(f"user=<{on_dovecot.user}>") == 1


def test_mails_are_moved_from_each_folder(incoming: IncomingAccount, on_dovecot: Account) -> None:
    incoming.disposal, incoming.move_to = "move", "Done"
    fill(on_dovecot)
    assert collect(incoming) == 3
    assert collect(incoming) == 0
    assert len(on_dovecot.mails("Done")) == 3


def test_a_folder_that_was_made_anew_is_a_new_one(incoming: IncomingAccount, on_dovecot: Account) -> None:
    incoming.disposal, incoming.folder = "keep", "INBOX\nOld"
    on_dovecot.deliver(MAIL, MAIL)
    on_dovecot.deliver(MAIL, folder="Old")
    assert collect(incoming) == 3
    with on_dovecot.open() as session:
        session._session.command(b"DELETE", "Old")
        session._session.command(b"CREATE", "Old")
    on_dovecot.deliver(MAIL, folder="Old")
    assert collect(incoming) == 1
    assert collect(incoming) == 0


def test_opening_a_missing_folder_says_that_only_the_folder_is_at_fault(on_dovecot: Account) -> None:
    with pytest.raises(FolderError, match="check its name"):
        on_dovecot.open(folder="Gone").__enter__()


def test_each_folder_is_watched_also_when_one_is_missing(
    incoming: IncomingAccount, on_dovecot: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchers, "LEAST_SECONDS", 0.0)
    incoming.folder = "Gone\nINBOX\nDesk"
    on_dovecot.deliver(MAIL, folder="Desk")
    arrived = list[int]()
    watching = watchers.Watchers(arrived.append)
    try:
        for settings in incoming.mailboxes():
            watcher = watchers.Watcher(incoming, settings, lambda: arrived.append(1))
            watching._watchers[incoming.pk, settings.folder] = watcher
            watcher.start()
        assert wait_for(lambda: len(arrived) == 2, 10)  # as each begins
        for count, folder in enumerate(("Desk", "INBOX", "Desk"), 3):
            on_dovecot.deliver(MAIL, folder=folder)
            assert wait_for(lambda count=count: len(arrived) >= count, 10)
    finally:
        watching.end()


def test_the_watchers_follow_the_folders_of_an_account(
    incoming: IncomingAccount, on_dovecot: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[tuple[str, str]]()
    for name in ("start", "end"):
        monkeypatch.setattr(
            watchers.Watcher, name, lambda self, name=name: seen.append((name, self.settings.folder))
        )
    monkeypatch.setattr(watchers, "close_old_connections", lambda: None)
    monkeypatch.setattr(watchers.Watcher, "is_alive", lambda _: True)
    watching = watchers.Watchers(lambda _: None)
    incoming.folder = "INBOX\nDesk"
    incoming.high_water = {"INBOX": "mark"}
    incoming.save()
    watching.refresh(lambda _: True)
    incoming.folder = "Desk\nOther"
    incoming.high_water = {}
    incoming.save()
    watching.refresh(lambda _: True)
    assert seen == [("start", "INBOX"), ("start", "Desk"), ("end", "INBOX"), ("start", "Other")]
