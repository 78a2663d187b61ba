"""What collecting from a Maildir does."""

import errno
import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from mailcall.mailbox import maildir as maildir_module
from mailcall.mailbox.interface import BIG, Disposal, MailboxError, MailboxSettings
from mailcall.mailbox.maildir import MaildirMailbox
from servers.account import MAIL


@pytest.fixture
def maildir(tmp_path) -> Path:
    path = tmp_path / "Maildir"
    for part in ("new", "cur", "tmp"):
        (path / part).mkdir(parents=True)
    return path


@pytest.fixture
def spool(tmp_path) -> Path:
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


def open_at(path: Path, **changes) -> MaildirMailbox:
    return MaildirMailbox(MailboxSettings(path=str(path), **changes))


def deliver(maildir: Path, name: str, mail: bytes = MAIL, age: int = 0) -> Path:
    file = maildir / "tmp" / name
    file.write_bytes(mail)
    os.utime(file, (time.time() - age,) * 2)
    return file.rename(maildir / "new" / name)


def test_mails_of_new_come_oldest_first_and_byte_for_byte(maildir, spool):
    deliver(maildir, "1.b.host", b"Subject: second\n\n\xff", age=10)
    deliver(maildir, "2.a.host", b"Subject: first\n\n\x00", age=20)
    (maildir / "tmp" / "3.half").write_bytes(b"not yet")
    (maildir / "cur" / "4.read:2,S").write_bytes(b"read")
    (maildir / "new" / ".hidden").write_bytes(b"no mail")
    with open_at(maildir) as mailbox:
        listed = mailbox.list()
        assert [(mail.key, mail.identity, mail.size) for mail in listed] == [
            ("2.a.host", None, 17),
            ("1.b.host", None, 18),
        ]
        mails = list(mailbox.fetch(listed, spool))
    assert [mail.raw for mail in mails] == [b"Subject: first\n\n\x00", b"Subject: second\n\n\xff"]
    assert mails[0].arrived < mails[1].arrived


def test_the_identity_is_name_and_bytes_without_the_flags(maildir, spool):
    for name in ("1.x.host", "1.x.host:2,S"):
        file = deliver(maildir, name)
        with open_at(maildir) as mailbox:
            (mail,) = mailbox.fetch(mailbox.list(), spool)
        file.unlink()
        assert mail.identity == f"maildir:1.x.host:{hashlib.sha256(MAIL).hexdigest()}"


def test_a_big_mail_is_copied_to_a_file(maildir, spool):
    big = b"x" * (BIG + 1)
    deliver(maildir, "1.big", big)
    with open_at(maildir) as mailbox:
        (mail,) = mailbox.fetch(mailbox.list(), spool)
        mailbox.dispose([mail.key])
    assert mail.raw is None
    assert mail.file.parent == spool
    assert mail.file.read_bytes() == big
    assert mail.size == len(big)


def test_a_mail_that_vanished_after_the_listing_is_left_out(maildir, spool):
    first, _ = deliver(maildir, "1.a", age=9), deliver(maildir, "2.b")
    with open_at(maildir) as mailbox:
        listed = mailbox.list()
        first.unlink()
        assert [mail.key for mail in mailbox.fetch(listed, spool)] == ["2.b"]


def test_deleting_twice_is_no_error(maildir):
    deliver(maildir, "1.a")
    with open_at(maildir) as mailbox:
        mailbox.dispose(["1.a", "2.never-there"])
        mailbox.dispose(["1.a"])
        assert mailbox.list() == []
    assert not any(path.is_file() for path in maildir.rglob("*"))


def test_kept_mails_are_marked_as_seen_and_not_listed_again(maildir):
    deliver(maildir, "1.a")
    with open_at(maildir, disposal=Disposal.KEEP) as mailbox:
        mailbox.dispose(["1.a"])
        mailbox.dispose(["1.a"])
        assert mailbox.list() == []
    assert (maildir / "cur" / "1.a:2,S").read_bytes() == MAIL


@pytest.mark.parametrize("target", ["Done", ".Done", "elsewhere"])
def test_moved_mails_are_in_the_other_maildir(maildir, tmp_path, target):
    deliver(maildir, "1.a")
    there = tmp_path / "elsewhere" if target == "elsewhere" else maildir / ".Done"
    move_to = str(there) if target == "elsewhere" else target
    with open_at(maildir, disposal=Disposal.MOVE, move_to=move_to) as mailbox:
        mailbox.dispose(["1.a"])
        mailbox.dispose(["1.a"])
        assert mailbox.list() == []
    assert (there / "cur" / "1.a:2,S").read_bytes() == MAIL


def test_moving_to_another_file_system_leaves_no_half_mail(maildir, tmp_path, monkeypatch):
    file = deliver(maildir, "1.a")
    real = Path.rename

    def rename(self, target):
        if self == file:
            raise OSError(18, "Invalid cross-device link")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with open_at(maildir, disposal=Disposal.MOVE, move_to=str(tmp_path / "far")) as mailbox:
        mailbox.dispose(["1.a"])
    assert (tmp_path / "far" / "cur" / "1.a:2,S").read_bytes() == MAIL
    assert not file.exists()


@pytest.mark.parametrize("move_to", ["", "../out", "a/b"])
def test_a_target_that_leads_astray_is_refused(maildir, move_to):
    with pytest.raises(MailboxError, match="can't be moved"):
        open_at(maildir, disposal=Disposal.MOVE, move_to=move_to).__enter__()


def test_a_key_can_not_reach_out_of_the_maildir(maildir, tmp_path):
    (tmp_path / "precious").write_text("mine")
    with open_at(maildir) as mailbox, pytest.raises(MailboxError, match="no name of a mail"):
        mailbox.dispose(["../../precious"])
    assert (tmp_path / "precious").exists()


def test_what_is_no_file_is_warned_of_and_the_others_come(maildir, spool, tmp_path, caplog):
    (maildir / "new" / "1.dangling").symlink_to(tmp_path / "nowhere")
    (maildir / "new" / "2.folder").mkdir()
    os.mkfifo(maildir / "new" / "3.pipe")
    deliver(maildir, "4.mail")
    with open_at(maildir) as mailbox:
        for _ in range(2):
            assert [mail.key for mail in mailbox.fetch(mailbox.list(), spool)] == ["4.mail"]
        assert mailbox.wait(0) is False
    assert len(caplog.records) == 3  # each once
    for name in ("1.dangling", "2.folder", "3.pipe"):
        assert name in caplog.text


@pytest.fixture
def deny(monkeypatch):
    """Has these files refuse to be opened, for root too."""
    real, denied = os.open, set()

    def opened(path, *args, **options):
        if Path(path).name in denied:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", opened)
    return denied


def test_a_file_that_can_not_be_read_is_warned_of_and_the_others_come(maildir, spool, caplog, deny):
    deliver(maildir, "1.mine", age=9)
    deliver(maildir, "2.theirs", age=8)
    deliver(maildir, "3.mine", age=7)
    deny.add("2.theirs")
    with open_at(maildir) as mailbox:
        mails = list(mailbox.fetch(mailbox.list(), spool))
        assert [mail.key for mail in mails] == ["1.mine", "3.mine"]
        mailbox.dispose([mail.key for mail in mails])
        assert mailbox.list() == []  # or a caller that lists until nothing is left would never end
        assert mailbox.wait(0) is False
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "2.theirs" in caplog.text
    deny.clear()
    with open_at(maildir) as mailbox:
        assert [mail.key for mail in mailbox.fetch(mailbox.list(), spool)] == ["2.theirs"]


def test_a_mail_that_became_a_folder_or_pipe_after_the_listing_is_left_out(maildir, spool, caplog):
    for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")):
        file = deliver(maildir, "1.a")
        with open_at(maildir) as mailbox:
            listed = mailbox.list()
            file.unlink()
            make(file)
            assert list(mailbox.fetch(listed, spool)) == []
        file.rmdir() if file.is_dir() else file.unlink()
    assert len(caplog.records) == 3


def test_a_folder_that_lost_its_rights_is_a_trouble_of_the_folder(maildir, spool, monkeypatch, deny):
    deliver(maildir, "1.a")
    deny.add("1.a")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with open_at(maildir) as mailbox, pytest.raises(MailboxError, match="check the rights"):
        list(mailbox.fetch(mailbox.list(), spool))


def test_a_link_is_no_mail(maildir, tmp_path):
    (tmp_path / "precious").write_text("mine")
    (maildir / "new" / "1.link").symlink_to(tmp_path / "precious")
    with open_at(maildir) as mailbox:
        assert mailbox.list() == []


def test_a_missing_path_needs_a_person(tmp_path):
    for path in (tmp_path / "nowhere", ""):
        with pytest.raises(MailboxError, match="no folder") as caught:
            open_at(path).__enter__()
        assert caught.value.temporary is False


def test_a_folder_of_other_things_is_no_maildir_and_stays_as_it_is(tmp_path):
    (tmp_path / "things").mkdir()
    with pytest.raises(MailboxError, match="no Maildir"):
        open_at(tmp_path).__enter__()
    assert [path.name for path in tmp_path.iterdir()] == ["things"]


def test_an_empty_folder_becomes_a_maildir(tmp_path):
    with open_at(tmp_path) as mailbox:
        assert mailbox.list() == []
        assert mailbox.high_water == ""


def test_a_maildir_that_goes_away_is_a_temporary_trouble(maildir):
    with open_at(maildir) as mailbox:
        maildir.rename(maildir.with_name("away"))
        with pytest.raises(MailboxError, match="can't be used") as caught:
            mailbox.list()
    assert caught.value.temporary


def test_a_long_folder_is_listed_in_portions(maildir, monkeypatch):
    monkeypatch.setattr(maildir_module, "LIST_MAILS", 10)
    for number in range(25):
        deliver(maildir, f"{number}.x")
    seen = []
    with open_at(maildir) as mailbox:
        while listed := mailbox.list():
            seen += listed
            mailbox.dispose([mail.key for mail in listed])
            assert mailbox.wait(0) is (len(seen) < 25)
    assert len(seen) == 25


def test_a_new_mail_ends_the_wait(maildir):
    with open_at(maildir) as mailbox:
        assert mailbox.can_push
        assert mailbox.list() == []
        threading.Timer(0.2, deliver, [maildir, "1.a"]).start()
        start = time.monotonic()
        assert mailbox.wait(20)
        assert time.monotonic() - start < 1
        mailbox.list()
        deliver(maildir, "2.b")  # between listing and waiting
        assert mailbox.wait(20)
        mailbox.list()
        assert mailbox.wait(0.2) is False  # listed mails are no news


def test_a_wait_is_interrupted_from_another_thread(maildir):
    with open_at(maildir) as mailbox:
        threading.Timer(0.2, mailbox.interrupt).start()
        start = time.monotonic()
        assert mailbox.wait(20) is False
        assert time.monotonic() - start < 1
    mailbox.interrupt()
