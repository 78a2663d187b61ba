"""`mailcall pipe`: status 0 when the mail is safe in the journal, 75 whatever else happens."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from desks import mail
from feeding import fed_installation, raws
from installations import ON_POSTGRESQL, Installation

SUPPORT = ("--account", "Support")


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for all tests of this file that leave it whole. Its service does not run."""
    with fed_installation(tmp_path_factory.mktemp("fed")) as installed:
        yield installed


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Installation]:
    """One of a test's own."""
    with fed_installation(tmp_path / "own") as installed:
        yield installed


def begin(installed: Installation, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "mailcall", "pipe", *arguments],
        env={**installed.environment, **environment},
        cwd=installed.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def pipe(installed: Installation, raw: bytes, *arguments: str, status: int = 75, **environment: str) -> str:
    """What it says on standard error, in its last line."""
    process = begin(installed, *arguments, **environment)
    out, said = process.communicate(raw, timeout=60)
    assert (process.returncode, out) == (status, b""), said.decode()
    assert b"Traceback" not in said
    return said.decode().splitlines()[-1]


def count(installed: Installation) -> int:
    return installed.count("select count(*) from inbound_receivedmail")


@pytest.mark.parametrize(
    "arguments",
    [SUPPORT, ("--recipient", "support@desk.example"), ("--recipient", "Support+Printer@desk.example")],
    ids=["account", "address", "tag"],
)
def test_a_mail_is_safe_once_it_says_so(fed: Installation, arguments: tuple[str, ...]) -> None:
    raw = mail()
    assert pipe(fed, raw, *arguments, status=0).startswith("mailcall: kept as ")
    assert raws(fed)[-1] == raw
    assert pipe(fed, raw, *arguments, status=0) == "mailcall: the journal had this mail already"
    assert raws(fed).count(raw) == 1


def test_a_mail_above_the_size_limit_goes_back_with_a_code_that_mail_servers_know(fed: Installation) -> None:
    before, raw = count(fed), mail(text="All work and no play.\n" * 60_000)
    said = pipe(fed, raw, "--account", "Small", status=os.EX_DATAERR)
    assert said == "5.3.4 The mail is larger than 1048576 bytes."
    assert count(fed) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Name the account by --account, or its address by --recipient."),
        ((*SUPPORT, "--recipient", "support@desk.example"), "Name the account by --account, or"),
        (("--acount", "Support"), "No such option"),
        (("--account",), "requires an argument"),
        (("Support",), "unexpected extra argument"),
        (("--account", "Nobody"), "There is no account for Nobody."),
        (("--account", "Closed"), "The account Closed is switched off."),
        (("--recipient", "nobody@desk.example"), "There is no account for nobody@desk.example."),
        (("--recipient", ""), "There is no account"),
        (("--recipient", "it@desk.example"), "More than one account is for it@desk.example."),
    ],
)
def test_whatever_is_wrong_with_the_words_the_mail_server_keeps_the_mail(
    fed: Installation, arguments: tuple[str, ...], sentence: str
) -> None:
    before = count(fed)
    assert sentence in pipe(fed, mail(), *arguments)
    assert count(fed) == before


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"MAILCALL_LISTEN": "nowhere"}, "`listen` must look like"),
        ({"MAILCALL_DATABASE_URL": "postgresql://x:y@127.0.0.1:1/none"}, "onnection"),
        ({"MAILCALL_CONFIG": "/missing.toml"}, "does not exist"),
        ({"MAILCALL_KEY_FILE": "/missing"}, "/missing"),
        ({"MAILCALL_DATA_DIR": "/proc/none", "MAILCALL_DATABASE_URL": ""}, "There is no desk in /proc/none"),
        ({"MAILCALL_LMTP_LISTEN": "127.0.0.1:25"}, "port 25"),
    ],
)
def test_with_settings_that_cannot_be_used_the_mail_server_keeps_the_mail(
    fed: Installation, environment: dict[str, str], sentence: str
) -> None:
    assert sentence in pipe(fed, mail(), *SUPPORT, **environment)


def test_with_a_broken_installation_the_mail_server_keeps_the_mail(fed: Installation, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['django'] = None\n")
    path = os.pathsep.join([str(tmp_path), fed.environment["PYTHONPATH"]])
    assert "django" in pipe(fed, mail(), *SUPPORT, PYTHONPATH=path)


@pytest.mark.parametrize("raw", [b"", b"From ann@k.example Sun Nov 22 10:00:00 2026\n"])
def test_no_mail_is_no_mail(fed: Installation, raw: bytes) -> None:
    assert pipe(fed, raw, *SUPPORT) == "mailcall: There was no mail on standard input."


def test_a_closed_standard_input_is_no_mail(fed: Installation) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m mailcall pipe --account Support <&-"],
        env=fed.environment,
        check=False,
    )
    assert done.returncode == 75


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">/dev/full 2>/dev/full"])
def test_that_nobody_listens_does_not_change_the_status(fed: Installation, closed: str) -> None:
    raw = mail()
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m mailcall pipe --account Support {closed}"],
        env=fed.environment,
        input=raw,
        check=False,
    )
    assert done.returncode == 0
    assert raws(fed)[-1] == raw


def test_the_line_of_an_mbox_is_no_part_of_the_mail(fed: Installation) -> None:
    raw = mail()
    pipe(fed, b"From ann@k.example Sun Nov 22 10:00:00 2026\n" + raw, *SUPPORT, status=0)
    said = pipe(fed, b"From ann@k.example  Sun Nov 22 10:05:00 2026\r\n" + raw, *SUPPORT, status=0)
    assert said == "mailcall: the journal had this mail already"
    odd = b"From : ann@k.example\n\nHello.\n"
    pipe(fed, odd, *SUPPORT, status=0)
    assert raws(fed)[-2:] == [raw, odd]


def test_the_bytes_are_kept_as_they_came(fed: Installation) -> None:
    for raw in (b"\0\xff\n\r\r\n", b"\n", mail().replace(b"\r\n", b"\n"), b"From " + b"x" * 70_000):
        pipe(fed, raw, *SUPPORT, status=0)
        assert raws(fed)[-1] == raw


def test_a_big_mail_goes_to_the_file_storage(fed: Installation) -> None:
    raw = mail(text="x" * 3_000_000)
    pipe(fed, raw, *SUPPORT, status=0)
    assert (
        fed.count(f"select count(*) from inbound_receivedmail where raw is null and size = {len(raw)}") == 1
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_ended_by_a_signal_the_mail_server_keeps_the_mail(fed: Installation, number: signal.Signals) -> None:
    before = count(fed)
    process = begin(fed, *SUPPORT)
    assert process.stdin
    process.stdin.write(mail(text="x" * 400_000))
    process.stdin.flush()
    spool = fed.data / "spool" / "fed"
    fed.wait(lambda: any(path.is_file() for path in spool.rglob("*")), "the reading")
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 75
    assert f"ended by {number.name}" in said.decode()
    assert count(fed) == before
    pipe(fed, mail(text="x" * 400_000), *SUPPORT, status=0)
    assert [path for path in spool.rglob("*") if path.is_file()] == []  # what it left is gone


@pytest.mark.parametrize("step", ["accept.received", "accept.kept", "accept.journalled"])
@pytest.mark.parametrize("size", [10, 400_000])
def test_killed_at_a_step_boundary_it_is_handed_over_again_and_is_one_mail(
    fed: Installation, step: str, size: int
) -> None:
    before, raw = count(fed), mail(text="x" * size)
    process = begin(fed, *SUPPORT, MAILCALL_KILL_AT=step)
    process.communicate(raw, timeout=60)
    assert process.returncode == -9
    assert count(fed) == before + (step == "accept.journalled")
    pipe(fed, raw, *SUPPORT, status=0)
    assert count(fed) == before + 1


def test_a_database_that_fails_leaves_the_mail_with_the_mail_server(own: Installation) -> None:
    own.change("alter table inbound_receivedmail rename to away")
    raw = mail()
    assert "inbound_receivedmail" in pipe(own, raw, *SUPPORT)
    own.change("alter table away rename to inbound_receivedmail")
    pipe(own, raw, *SUPPORT, status=0)
    assert count(own) == 1


@pytest.mark.skipif(ON_POSTGRESQL, reason="only SQLite has one lock for the whole database")
def test_while_the_database_is_locked_the_mail_stays_with_the_mail_server(own: Installation) -> None:
    with closing(sqlite3.connect(own.data / "mailcall.sqlite3", isolation_level=None)) as locking:
        locking.execute("BEGIN IMMEDIATE")
        assert "The database is locked by another process." in pipe(own, mail(), *SUPPORT)
    assert count(own) == 0


def test_many_at_once_are_all_kept(own: Installation) -> None:
    mails = [mail(f"many{number}@k.example") for number in range(8)]
    processes = [begin(own, *SUPPORT) for _ in mails]
    for process, raw in zip(processes, mails, strict=True):
        assert process.stdin
        process.stdin.write(raw)
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0] * len(mails)
    assert sorted(raws(own)) == sorted(mails)


def test_the_running_service_logs_what_was_piped(own: Installation) -> None:
    own.start()
    pipe(own, mail(), *SUPPORT, status=0)
    own.wait(lambda: own.settled(1), "the call")
    assert own.count("select count(*) from desk_call") == 1
    time.sleep(1.5)
    assert own.query(
        "select last_checked_at, last_error from inbound_incomingaccount where name = 'Support'"
    ) == [(None, "")]


def test_an_account_without_a_mailbox_is_neither_collected_nor_checked(own: Installation) -> None:
    assert own.cli("collect", "--once").splitlines() == ["acted on 0"]
    said = own.cli("collect", "--once", "--account", "Support", status=1)
    assert "The account Support has no mailbox: its mail is handed over." in said
    assert "account Support: has no mailbox; fed by `mailcall pipe`, or by LMTP once" in own.cli("check")
    said = own.cli("check", MAILCALL_LMTP_LISTEN="[::1]:2424")
    assert "account Support: has no mailbox; fed by `mailcall pipe`, or by LMTP at [::1]:2424" in said


def test_an_account_without_a_mailbox_is_dumped_and_loaded(own: Installation) -> None:
    dumped = own.cli("dump")
    assert "protocol: fed" in dumped
    (own.folder / "again.yaml").write_text(dumped)
    assert "unchanged: the desk is already" in own.cli("load", "again.yaml")
