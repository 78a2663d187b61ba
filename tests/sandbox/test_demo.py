"""The demo as a person starts, uses, stops and starts it again."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from installations import SOURCE
from mailcall.message import read_mail
from servers.process import answers, free_ports, wait_for


@contextmanager
def demo(folder: Path, port: int, smtp_port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A running demo, ended as Ctrl-C ends it."""
    arguments = ["demo", "--port", str(port), "--smtp-port", str(smtp_port)]
    with (folder / "demo.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mailcall", *arguments],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        assert wait_for(lambda: answers(port) and process.poll() is None, 60), said(folder)
        yield process
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(15) == 0, said(folder)
        assert wait_for(lambda: not answers(port) and not answers(smtp_port), 5)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def environment() -> dict[str, str]:
    mine = {k: v for k, v in os.environ.items() if not k.startswith(("MAILCALL_", "DJANGO_", "PYTHON"))}
    return {**mine, "PYTHONPATH": str(SOURCE)}


def said(folder: Path) -> str:
    return (folder / "demo.log").read_text()


def mailcall(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mailcall", *arguments],
        cwd=folder,
        env={**environment(), "MAILCALL_DATA_DIR": "demo-data"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def inbox(folder: Path, address: str) -> list[bytes]:
    new = folder / "demo-data" / "sandbox" / "mail" / address / "new"
    return [path.read_bytes() for path in new.iterdir()] if new.exists() else []


@pytest.mark.timeout(180)
def test_a_mail_to_the_demo_is_a_call_and_its_acknowledgement_reaches_the_sender(
    tmp_path: Path,
) -> None:
    port, smtp_port = free_ports(2)
    with demo(tmp_path, port, smtp_port):
        mailcall(tmp_path, "mail", "--from", "zoe@customer.example", "--subject", "Lamp", "--body", "Dark.")
        assert wait_for(lambda: len(inbox(tmp_path, "zoe@customer.example")) == 1, 20), said(tmp_path)
        answer = read_mail(inbox(tmp_path, "zoe@customer.example")[0])
        assert answer.subject.endswith("] Lamp")
        page = f"http://127.0.0.1:{port}/sandbox/zoe@customer.example/"
        with urllib.request.urlopen(page, timeout=10) as response:
            assert "] Lamp" in response.read().decode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as response:
            assert response.status == 200
        calls = mailcall(tmp_path, "calls", "--json").splitlines()
    with demo(tmp_path, port, smtp_port):
        assert mailcall(tmp_path, "calls", "--json").splitlines() == calls
    assert said(tmp_path).count("Stopped. Run it again to continue where you left.") == 2
    assert "Traceback" not in said(tmp_path)
