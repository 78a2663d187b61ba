"""`mailcall backup`, `restore` and `release`: a desk in one file, whole or not at all."""

import gzip
import hashlib
import io
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path

import pytest

from cli.test_commands import DESK, deliver
from desks import mail
from installations import ON_POSTGRESQL, Installation, new_database
from mailcall.checkpoints import UPKEEP
from mailcall.upkeep import archive
from mailcall.upkeep.problems import UpkeepError
from servers.dovecot import Dovecot

BIG = "a line of a long mail\n" * 20_000  # more than a row of the journal holds
copies = itertools.count(1)


def copy_of(made: Installation, folder: Path) -> Installation:
    """The same desk in another place."""
    folder.mkdir(exist_ok=True)
    copied = Installation(folder)
    shutil.copytree(made.data, copied.data)
    if ON_POSTGRESQL:
        name = f"copy_{os.getpid()}_{next(copies)}"
        use(copied, new_database(name, made.database_url.rpartition("/")[2]))
    return copied


def empty_place(folder: Path) -> Installation:
    """Where a desk can be restored."""
    folder.mkdir(exist_ok=True)
    place = Installation(folder)
    if ON_POSTGRESQL:
        use(place, new_database(f"empty_{os.getpid()}_{next(copies)}", ""))
        place.data.mkdir()
    return place


def use(made: Installation, url: str) -> None:
    made.database_url = made.environment["MAILCALL_DATABASE_URL"] = url


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A desk with a call from a big mail, one with an attachment, and answers that wait to be sent."""
    folder = tmp_path_factory.mktemp("desk")
    inbox, out = folder / "inbox", folder / "out"
    for part in ("new", "cur", "tmp"):
        (inbox / part).mkdir(parents=True)
    out.mkdir()
    made = Installation(folder / "installation")
    made.folder.mkdir()
    made.load(DESK.format(inbox=inbox, out=out))
    deliver(made, "1", mail("ann@k.example", "Big", message_id="<one@k.example>", text=BIG))
    deliver(made, "2", with_attachment("eve@k.example", "two@k.example"))
    made.cli("collect", "--once")
    return made


def with_attachment(sender: str, message_id: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "support@desk.example", "A file"
    message["Message-ID"] = f"<{message_id}>"
    message.set_content("See there.")
    message.add_attachment(os.urandom(150_000), maintype="application", subtype="x-y", filename="a.bin")
    return message.as_bytes()


@pytest.fixture
def desk(made: Installation, tmp_path: Path) -> Installation:
    return copy_of(made, tmp_path / "copied")


@pytest.fixture(scope="module")
def backed_up(made: Installation) -> Path:
    """A backup of it, with keys."""
    file = made.folder / "backup.tar.gz"
    made.cli("backup", str(file), "--with-keys")
    return file


def test_a_desk_backed_up_while_mail_flows_goes_on_where_it_is_restored(
    installed: Installation, dovecot: Dovecot, tmp_path: Path
) -> None:
    user = installed.mailbox  # type: ignore[attr-defined]
    for number in range(30):
        raw = (
            with_attachment("ann@k.example", f"m{number}@k.example")
            if number % 5 == 0
            else mail(message_id=f"<m{number}@k.example>", text=BIG if number % 7 == 0 else "Short.")
        )
        dovecot.deliver(user, raw)
    file = tmp_path / "backup.tar.gz"
    installed.start()
    installed.wait(lambda: installed.count("select count(*) from inbound_receivedmail") >= 10, "the first")
    said = installed.cli("backup", str(file))
    assert "verified" in said
    assert "The keys are NOT in it" in said
    assert file.stat().st_mode & 0o077 == 0
    installed.wait(lambda: installed.settled(30), "all mails")
    installed.end()
    then = {row["message_id"]: (row["outcome"], row["call"]) for row in installed.rows("mails")}

    place = empty_place(tmp_path / "restored")
    if ON_POSTGRESQL:
        shutil.copy(installed.data / "keys", place.data / "keys")
    said = place.cli("restore", str(file))
    if not ON_POSTGRESQL:
        assert "Put the keys" in said
        assert "key file" in place.cli("calls", status=1)
        shutil.copy(installed.data / "keys", place.data / "keys")
    assert "Everything is right" in place.cli("check")
    came = place.rows("mails")
    assert len(came) >= 10
    assert [row for row in came if row["state"] not in {"done", "held"}] == []
    assert all(then[row["message_id"]] == (row["outcome"], row["call"]) for row in came if row["outcome"])
    waiting = place.count("select count(*) from outbound_delivery where state in ('queued', 'sending')")
    assert waiting == 0

    dovecot.deliver(user, mail(message_id="<later@k.example>"))
    place.start()
    later = (
        "select count(*) from inbound_receivedmail where message_id = '<later@k.example>' and state = 'done'"
    )
    place.wait(lambda: place.count(later) == 1, "the new mail")
    held = place.count("select count(*) from outbound_delivery where state = 'held'")
    assert f"{held} deliveries will be sent" in place.cli("release")
    place.wait(lambda: place.settled(len(came) + 1), "all of it")
    place.end()


def test_a_restored_desk_is_the_same_and_holds_what_waited_until_it_is_released(
    made: Installation, backed_up: Path, tmp_path: Path
) -> None:
    made_calls, made_mails = made.rows("calls"), made.rows("mails")
    place = empty_place(tmp_path / "place")
    said = place.cli("restore", str(backed_up))
    assert "mailcall release" in said
    assert place.rows("calls") == made_calls
    assert place.rows("mails") == made_mails
    assert (place.data / "keys").read_bytes() == (made.data / "keys").read_bytes()
    assert stored(place) == stored(made)
    assert len(stored(place)) == 2
    assert not (place.data / ".restore").exists()

    states = [d["state"] for message in place.rows("messages") for d in message["deliveries"]]
    assert states == ["held", "held"]
    assert "Out: 0 tried" in place.cli("deliver", "--once")
    assert "2 deliveries will be sent" in place.cli("release")
    assert "Out: 2 tried" in place.cli("deliver", "--once")
    assert "0 deliveries" in place.cli("release", "--cancel")


def stored(made: Installation) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (made.data / "files").rglob("*") if p.is_file()}


@pytest.mark.long
def test_what_came_and_was_not_acted_on_is_held_too_and_mail_can_be_cancelled(
    desk: Installation, tmp_path: Path
) -> None:
    desk.change("update inbound_receivedmail set state = 'new', outcome = '', acted_at = null where id = 2")
    desk.change("update outbound_delivery set state = 'sending' where id = 1")
    file = tmp_path / "b.tar.gz"
    desk.cli("backup", str(file), "--with-keys", "--no-verify")
    assert "exists already" in desk.cli("backup", str(file), status=1)
    assert "There is no folder" in desk.cli("backup", str(tmp_path / "none" / "b"), status=1)
    for place, options in ((empty_place(tmp_path / "a"), ()), (empty_place(tmp_path / "b"), ("--no-hold",))):
        place.cli("restore", str(file), *options)
        states = place.query("select state from inbound_receivedmail order by id")
        sending = place.query("select state from outbound_delivery order by id")
        if options:
            assert (states, sending) == ([("done",), ("new",)], [("sending",), ("queued",)])
        else:
            assert (states, sending) == ([("done",), ("held",)], [("held",), ("held",)])
            said = place.cli("release", "--cancel")
            assert "2 deliveries are cancelled" in said
            assert "1 received mails will be acted on" in said
            assert place.query("select distinct state from outbound_delivery") == [("cancelled",)]
            assert place.query("select state from inbound_receivedmail where id = 2") == [("new",)]


def test_a_desk_is_replaced_only_when_told_and_the_old_one_is_kept(
    desk: Installation, made: Installation, backed_up: Path
) -> None:
    desk.change("update desk_call set subject = 'Changed since'")
    other = b"dGhlIGtleSBvZiB0aGUgb2xkIGRlc2sgdGhhdCBpcyA="
    with (desk.data / "keys").open("ab") as keys:
        keys.write(other + b"\n")
    said = desk.cli("restore", str(backed_up), status=1)
    assert "--replace" in said
    assert {row["subject"] for row in desk.rows("calls")} == {"Changed since"}
    said = desk.cli("restore", str(backed_up), "--replace")
    assert "kept as" in said
    assert desk.rows("calls") == made.rows("calls")
    assert (desk.data / "keys").read_bytes().split() == [*(made.data / "keys").read_bytes().split(), other]
    if ON_POSTGRESQL:
        [(schema,)] = desk.query("select nspname from pg_namespace where nspname like 'before_restore%'")
        assert desk.query(f"select distinct subject from {schema}.desk_call") == [("Changed since",)]
    else:
        [old] = desk.data.glob("mailcall.sqlite3.before-restore-*")
        old.replace(desk.data / "mailcall.sqlite3")
        assert {row["subject"] for row in desk.rows("calls")} == {"Changed since"}


@pytest.mark.long
def test_nothing_is_restored_under_a_running_service_nor_into_another_kind_of_database(
    desk: Installation, backed_up: Path, tmp_path: Path
) -> None:
    desk.start()
    desk.wait(lambda: "service started" in desk.tail(), "the start")
    assert "stop it first" in desk.cli("restore", str(backed_up), "--replace", status=1)
    desk.kill()
    if ON_POSTGRESQL:
        said = desk.cli("restore", str(backed_up), "--to", str(tmp_path / "x"), status=1)
        assert "from PostgreSQL: set `database_url`" in said
    else:
        there = "postgresql://nobody@127.0.0.1:1/desk"
        said = desk.cli("restore", str(backed_up), MAILCALL_DATABASE_URL=there, status=1)
        assert "migrate-to-postgresql" in said
    assert desk.query("select id from desk_call order by id") == [(1,), (2,)]


ELSEWHERE = {"restore.kept"} if ON_POSTGRESQL else {"restore.filled"}
TELLING = {"backup.written", "restore.kept", "restore.filled", "restore.switched"}


def steps_of(command: str) -> list:
    """Its checkpoints; those whose kill tells least are for the long tests."""
    return [
        pytest.param(step, marks=[] if step in TELLING else pytest.mark.long)
        for step in UPKEEP
        if step.startswith(f"{command}.") and step not in ELSEWHERE
    ]


@pytest.mark.long
@pytest.mark.parametrize("step", steps_of("backup"))
def test_a_killed_backup_leaves_no_file_and_the_next_one_cleans_up(
    step: str, made: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    made.cli("backup", str(folder / "b.tar.gz"), status=-9, MAILCALL_KILL_AT=step)
    assert [path.name for path in folder.iterdir()] == [".b.tar.gz.partial"]
    made.cli("backup", str(folder / "b.tar.gz"))
    assert [path.name for path in folder.iterdir()] == ["b.tar.gz"]


@pytest.mark.parametrize("step", steps_of("restore"))
def test_a_killed_restore_leaves_the_old_desk_or_the_new_one(
    step: str, desk: Installation, backed_up: Path
) -> None:
    desk.change("update desk_call set subject = 'Changed since'")
    desk.cli("restore", str(backed_up), "--replace", status=-9, MAILCALL_KILL_AT=step)
    subjects = {subject for (subject,) in desk.query("select subject from desk_call")}
    if step == "restore.switched":
        assert "Changed since" not in subjects
        assert {row[0] for row in desk.query("select state from outbound_delivery")} == {"held"}
    else:
        assert subjects == {"Changed since"}
    desk.cli("restore", str(backed_up), "--replace")
    assert "Changed since" not in desk.cli("calls")
    assert not (desk.data / ".restore").exists()


@pytest.mark.long
def test_a_lost_or_damaged_file_is_named_and_the_rest_is_kept(desk: Installation, tmp_path: Path) -> None:
    files = sorted(path for path in (desk.data / "files").rglob("*") if path.is_file())
    files[0].unlink()
    files[1].write_bytes(b"damaged")
    said = desk.cli("backup", str(tmp_path), status=1)
    assert files[0].name in said
    assert files[1].name in said
    [made] = tmp_path.glob("mailcall-*.tar.gz")
    assert "is whole" in desk.cli("restore", str(made), "--check")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("a file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.long
def test_on_a_full_disk_there_is_a_sentence_and_no_file(
    made: Installation, backed_up: Path, small_disk: Path
) -> None:
    said = made.cli("backup", str(small_disk / "b.tar.gz"), status=1)
    assert "The disk is full; make room." in said or "No space left" in said
    assert list(small_disk.iterdir()) == []
    place = empty_place(small_disk / "p")
    if ON_POSTGRESQL:
        shutil.copy(made.data / "keys", place.data / "keys")
    assert "The disk is full; make room." in place.cli("restore", str(backed_up), status=1)
    assert not (place.data / ".restore").exists()
    assert not (place.data / "mailcall.sqlite3").exists()


def verified(path: Path) -> archive.Head:
    return archive.read(path, None, lambda _: None)[0]


def test_any_damage_to_an_archive_is_noticed(backed_up: Path, tmp_path: Path) -> None:
    assert verified(backed_up).rows["desk_call"] == 2
    whole = backed_up.read_bytes()
    file = tmp_path / "damaged.tar.gz"
    for place in range(20, len(whole), len(whole) // 15):
        file.write_bytes(whole[:place])
        with pytest.raises(UpkeepError, match="damaged"):
            verified(file)
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(UpkeepError, match="damaged"):
            verified(file)
    for nonsense in (b"", b"no archive", gzip.compress(b"no tar" * 1000), whole[:10]):
        file.write_bytes(nonsense)
        with pytest.raises(UpkeepError, match="no backup of Mailcall"):
            archive.head_of(file)


Change = Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]


def rewritten(backup: Path, target: Path, change: Change) -> Path:
    """A copy of an archive whose members were changed, with checksums that are right again."""
    with tarfile.open(backup) as tar:
        members = [(info, tar.extractfile(info).read()) for info in tar]  # type: ignore[union-attr]
    change(members)
    with tarfile.open(target, "w:gz") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return target


def renamed(name: str, kind: bytes = tarfile.REGTYPE) -> Change:
    def change(members: list) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        members.insert(2, (info, b""))

    return change


def told(**values: object) -> Change:
    def change(members: list) -> None:
        members[0] = (members[0][0], json.dumps(json.loads(members[0][1]) | values).encode())

    return change


TRICKS: dict[str, tuple[Change, str]] = {
    "parent": (renamed("../evil"), "which no backup does"),
    "absolute": (renamed("/tmp/evil"), "which no backup does"),
    "hidden parent": (renamed("files/../../evil"), "which no backup does"),
    "link": (renamed("files/ab/cd/" + "abcd" * 16, tarfile.SYMTYPE), "which no backup does"),
    "device": (renamed("keys", tarfile.CHRTYPE), "which no backup does"),
    "other content": (renamed("files/ab/cd/" + "abcd" * 16), "is not what it was"),
    "one file less": (lambda members: members.pop(3), "does not hold what it says"),
    "no end": (lambda members: members.pop(), "has no end"),
    "more after the end": (lambda members: members.append(members[1]), "does not hold what it says"),
    "no beginning": (lambda members: members.pop(0), "does not begin as one"),
    "later format": (told(format=2), "made by a newer Mailcall"),
    "nonsense": (told(colour="blue"), "does not say what it is"),
}


@pytest.mark.long
@pytest.mark.parametrize("trick", TRICKS)
def test_an_archive_that_was_tampered_with_is_refused(trick: str, backed_up: Path, tmp_path: Path) -> None:
    change, sentence = TRICKS[trick]
    place = tmp_path / "place"
    place.mkdir()
    file = rewritten(backed_up, tmp_path / "b.tar.gz", change)
    from mailcall.upkeep.unpacking import unpack

    with pytest.raises(UpkeepError, match=sentence):
        unpack(file, place, lambda _: None)
    assert {path.name for path in tmp_path.iterdir()} == {"place", "b.tar.gz"}


@pytest.mark.long
def test_a_backup_of_a_newer_mailcall_is_refused(made: Installation, backed_up: Path, tmp_path: Path) -> None:
    later = [["desk", "0001_initial"], ["desk", "9999_future"]]
    newer = rewritten(backed_up, tmp_path / "b.tar.gz", told(migrations=later, version="99.0"))
    place = empty_place(tmp_path / "place")
    assert "Mailcall 99.0, which is newer" in place.cli("restore", str(newer), status=1)
    assert not (place.data / "mailcall.sqlite3").exists()


@pytest.mark.skipif(ON_POSTGRESQL, reason="a dump of an older version can't be made from one of this")
def test_a_backup_of_an_older_mailcall_is_migrated(backed_up: Path, tmp_path: Path) -> None:
    def older(members: list) -> None:
        database = tmp_path / "old.sqlite3"
        database.write_bytes(members[1][1])
        with closing(sqlite3.connect(database)) as opened, opened:
            opened.execute("drop table upkeep_move")
            opened.execute("delete from django_migrations where app = 'upkeep'")
        head, manifest = json.loads(members[0][1]), json.loads(members[-1][1])
        head["migrations"] = [pair for pair in head["migrations"] if pair[0] != "upkeep"]
        data = database.read_bytes()
        manifest["members"]["database"] = [len(data), hashlib.sha256(data).hexdigest()]
        members[0] = (members[0][0], json.dumps(head).encode())
        members[1] = (members[1][0], data)
        members[-1] = (members[-1][0], json.dumps(manifest).encode())

    place = empty_place(tmp_path / "place")
    place.cli("restore", str(rewritten(backed_up, tmp_path / "b.tar.gz", older)))
    assert len(place.rows("calls")) == 2
    assert {row[0] for row in place.query("select state from outbound_delivery")} == {"held"}


@pytest.mark.long
@pytest.mark.skipif(ON_POSTGRESQL, reason="how one file takes the place of another")
def test_an_embedded_desk_that_something_still_reads_is_not_replaced(
    desk: Installation, backed_up: Path
) -> None:
    with closing(sqlite3.connect(desk.data / "mailcall.sqlite3", isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from desk_call").fetchall()
        desk.change("update desk_call set subject = 'Changed since'")
        assert "stop it first, the pages too" in desk.cli("restore", str(backed_up), "--replace", status=1)
    assert desk.query("select distinct subject from desk_call") == [("Changed since",)]
