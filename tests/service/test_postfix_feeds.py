"""Postfix hands mail over, by LMTP and by a command: whatever is killed, each mail is one call."""

import os
import pwd
import shlex
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

from desks import mail
from feeding import fed_installation
from installations import Installation
from servers.fixtures import missing, need_postfix, server_folder
from servers.postfix import Postfix
from servers.process import free_ports, wait_for
from service.test_trouble import small_disk

pytestmark = pytest.mark.servers
__all__ = ["small_disk"]

NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = ("setpriv", "--reuid", "nobody", "--regid", str(NOBODY.pw_gid), "--clear-groups")
# It calls a server that refused a connection dead for a minute, if not told otherwise.
IMPATIENT = "transport_retry_time = 1s\nlmtp_tls_security_level = none\n"
KILLS = [
    ("accept.received", 10),
    ("accept.kept", 400_000),
    ("accept.journalled", 10),
    ("accept.journalled", 400_000),
]
# As the how-to tells it; the first of its runs is killed where a test says.
COMMAND = """#!/bin/sh
{exports}
cd {folder}
if [ -n "$KILL_FIRST_AT" ] && mkdir killed 2>/dev/null; then export MAILCALL_KILL_AT="$KILL_FIRST_AT"; fi
{python} -m mailcall pipe --recipient "$1"
case $? in 0) ;; 65) exit 65 ;; *) exit 75 ;; esac
"""
PIPE_SERVICE = """
mailcall unix - n n - 4 pipe flags=R user=nobody null_sender= argv={command} ${{recipient}}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users may enter."""
    need_postfix()
    with server_folder() as made:
        yield made


@pytest.fixture
def installed(folder: Path) -> Iterator[Installation]:
    """An installation that is not started."""
    with fed_installation(folder / "desk") as made:
        yield made


@pytest.fixture
def lmtp(folder: Path, installed: Installation) -> Iterator[Postfix]:
    """A Postfix that hands mail over by LMTP."""
    (port,) = free_ports(1)
    installed.environment["MAILCALL_LMTP_LISTEN"] = f"127.0.0.1:{port}"
    transports = f"/@desk[.]example$/ lmtp:inet:127.0.0.1:{port}\n"
    with Postfix(folder / "postfix", extra=IMPATIENT, transports=transports) as server:
        yield server


@pytest.fixture
def command(folder: Path, installed: Installation) -> Iterator[Postfix]:
    """A Postfix that hands mail over to `mailcall pipe`, as the user nobody, to whom the desk belongs."""
    packages = Path(django.__file__).parent.parent
    installed.environment["PYTHONPATH"] += f"{os.pathsep}{packages}"
    python = python_for_nobody(installed)
    if not python:
        missing("The user nobody can't run this checkout with any Python")
    for path in [installed.folder.parent, *installed.folder.parent.rglob("*")]:
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    (folder / "postfix").mkdir()
    with Postfix(
        folder / "postfix",
        extra=IMPATIENT + "mailcall_destination_recipient_limit = 1\n",
        services=PIPE_SERVICE.format(command=folder / "command"),
        transports="/@desk[.]example$/ mailcall:\n",
    ) as server:
        installed.environment["PYTHON_FOR_NOBODY"] = python
        write_command(folder, installed)
        yield server


def python_for_nobody(installed: Installation) -> str:
    """A Python of our version that the user nobody can run the product with; '' if there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        works = [*AS_NOBODY, "sh", "-c", f"{python} -c 'import mailcall.cli.ready, pydantic_core'"]
        if subprocess.run(works, cwd="/", env=installed.environment, check=False).returncode == 0:
            return python
    return ""


def write_command(folder: Path, installed: Installation, kill_first_at: str = "") -> None:
    """What Postfix runs for each mail."""
    environment = {**installed.environment, "KILL_FIRST_AT": kill_first_at}
    wanted = ("MAILCALL_", "PYTHONPATH", "KILL_")
    exports = [f"export {k}={shlex.quote(v)}" for k, v in environment.items() if k.startswith(wanted)]
    text = COMMAND.format(
        exports="\n".join(exports), folder=installed.folder, python=installed.environment["PYTHON_FOR_NOBODY"]
    )
    (folder / "command").write_text(text)
    (folder / "command").chmod(0o755)


def start(installed: Installation, **how: str) -> None:
    """Start its service, as nobody if the desk is nobody's."""
    python = installed.environment.get("PYTHON_FOR_NOBODY")
    as_nobody = (*AS_NOBODY, "sh", "-c", f'shift; exec {python} "$@"', "sh")
    installed.start(wrapper=as_nobody if python else (), **how)


def send(postfix: Postfix, name: str, recipients: list[str], size: int = 10) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.smtp_port) as client:
        raw = mail(f"{name}@k.example", name, "x" * size, message_id=f"<{name}@k.example>")
        client.sendmail(f"{name}@k.example", recipients, raw)


def assert_each_is_one_call(installed: Installation, postfix: Postfix, names: list[str]) -> None:
    deadline = time.monotonic() + 60
    while not (installed.settled(len(names)) and postfix.queued == 0):
        assert time.monotonic() < deadline, f"{installed.states()}\n{installed.tail()}\n{postfix.log[-3000:]}"
        postfix.flush()
        time.sleep(1)
    subjects = [subject for (subject,) in installed.query("select subject from desk_call")]
    assert sorted(subjects) == sorted(names)
    assert "status=bounced" not in postfix.log


def test_mail_comes_by_lmtp(installed: Installation, lmtp: Postfix) -> None:
    start(installed)
    send(lmtp, "one", ["support@desk.example"])
    send(lmtp, "large", ["support+x@desk.example", "support@desk.example"], 2_000_000)
    assert_each_is_one_call(installed, lmtp, ["one", "large"])
    [raw] = [
        bytes(raw) for (raw,) in installed.query("select raw from inbound_receivedmail where raw is not null")
    ]
    assert raw.startswith(b"Return-Path: <one@k.example>\r\nReceived: ")
    assert "250 2.0.0 Kept as " in lmtp.log


def test_mail_comes_by_a_command(installed: Installation, command: Postfix) -> None:
    start(installed)
    send(command, "one", ["support@desk.example"])
    send(command, "large", ["support+x@desk.example"], 2_000_000)
    assert_each_is_one_call(installed, command, ["one", "large"])
    [raw] = [
        bytes(raw) for (raw,) in installed.query("select raw from inbound_receivedmail where raw is not null")
    ]
    assert raw.startswith(b"Return-Path: <one@k.example>\n")


def test_an_unknown_recipient_is_bounced_alone(installed: Installation, lmtp: Postfix) -> None:
    start(installed)
    installed.wait(lambda: "mail is taken by LMTP" in installed.tail(), "the listener")
    send(lmtp, "mixed", ["support@desk.example", "nobody@desk.example"])
    installed.wait(lambda: installed.settled(1), "the mail")
    [bounce] = lmtp.mails("mixed@k.example", wait=1)
    assert b"There is no account for nobody@desk.example" in bounce
    assert (
        b"support@desk.example"
        not in bounce.partition(b"message/delivery-status")[2].partition(b"message/rfc822")[0]
    )


@pytest.mark.parametrize(("step", "size"), KILLS)
def test_killed_at_a_step_boundary_what_came_by_lmtp_is_one_call(
    step: str, size: int, installed: Installation, lmtp: Postfix
) -> None:
    start(installed, kill_at=f"{step}:3")
    installed.wait(lambda: "mail is taken by LMTP" in installed.tail(), "the listener")
    names = [f"{step.replace('.', '-')}-{number}" for number in range(6)]
    for name in names:
        send(lmtp, name, ["support@desk.example"], size)
    assert installed.process
    assert installed.process.wait(60) == -9, installed.tail()
    installed.process = None
    assert lmtp.queued > 0
    start(installed)
    assert_each_is_one_call(installed, lmtp, names)


@pytest.mark.long
@pytest.mark.parametrize(("step", "size"), KILLS)
def test_killed_at_a_step_boundary_what_came_by_a_command_is_one_call(
    step: str, size: int, folder: Path, installed: Installation, command: Postfix
) -> None:
    write_command(folder, installed, kill_first_at=step)
    start(installed)
    names = [f"{step.replace('.', '-')}-{number}" for number in range(3)]
    for name in names:
        send(command, name, ["support@desk.example"], size)
    assert_each_is_one_call(installed, command, names)
    assert (installed.folder / "killed").exists()
    assert "status=deferred" in command.log


@pytest.mark.long
def test_killed_again_and_again_while_mail_flows_each_is_one_call(
    installed: Installation, lmtp: Postfix
) -> None:
    names = [f"flow-{number}" for number in range(60)]
    for number, name in enumerate(names):
        if number % 10 == 0:
            if installed.process:
                installed.kill()
            start(installed)
        send(lmtp, name, ["support@desk.example"], 300_000 if number % 7 == 0 else 10)
    assert_each_is_one_call(installed, lmtp, names)


def test_while_the_desk_fails_the_mail_stays_with_postfix(
    folder: Path, installed: Installation, command: Postfix
) -> None:
    installed.change("alter table inbound_receivedmail rename to away")
    send(command, "later", ["support@desk.example"])
    assert wait_for(lambda: "status=deferred" in command.log, 30)
    installed.change("alter table away rename to inbound_receivedmail")
    start(installed)
    assert_each_is_one_call(installed, command, ["later"])


def test_with_a_full_disk_big_mail_stays_with_postfix(small_disk: Path, folder: Path) -> None:
    with fed_installation(small_disk / "desk") as installed:
        (port,) = free_ports(1)
        installed.environment["MAILCALL_LMTP_LISTEN"] = f"127.0.0.1:{port}"
        installed.log = folder / "service.log"
        transports = f"/@desk[.]example$/ lmtp:inet:127.0.0.1:{port}\n"
        with Postfix(folder / "postfix", extra=IMPATIENT, transports=transports) as postfix:
            start(installed)
            installed.wait(lambda: "mail is taken by LMTP" in installed.tail(), "the listener")
            filler = small_disk / "filler"
            with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
                while True:
                    file.write(b"x" * 65536)
            send(postfix, "full", ["support@desk.example"], 500_000)
            sentence = "451 4.3.0 The disk is full; make room. Try again later."
            assert wait_for(lambda: sentence in postfix.log, 30), postfix.log[-2000:]
            raw = mail("piped@k.example", "piped", "x" * 500_000)
            piped = [sys.executable, "-m", "mailcall", "pipe", "--account", "Support"]
            done = subprocess.run(
                piped, env=installed.environment, input=raw, capture_output=True, check=False
            )
            assert done.returncode == 75
            assert b"The disk is full; make room." in done.stderr
            assert installed.count("select count(*) from inbound_receivedmail") == 0

            filler.unlink()
            done = subprocess.run(piped, env=installed.environment, input=raw, check=False)
            assert done.returncode == 0
            assert_each_is_one_call(installed, postfix, ["full", "piped"])
