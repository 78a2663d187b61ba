"""Setting up a machine: what goes wrong is said in a sentence, and what is done is not done again."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from .conftest import ROOT, Run


class Disk(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def setup(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`scripts/setup.py` of the checkout, as a module."""
    spec = importlib.util.spec_from_file_location("setup_of_a_checkout", checkout / "scripts" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def empty_environment(checkout: Path) -> Path:
    """An environment in which nothing is installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    return checkout / ".venv"


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def assert_one_sentence(words: str) -> None:
    """One line that ends as a sentence, and no traceback; make adds a line of its own."""
    lines = [line for line in words.splitlines() if not line.startswith("make")]
    assert len(lines) == 1, words
    assert lines[0].startswith("mailcall: ")
    assert lines[0].endswith(".")


def test_an_old_python_is_named_with_its_version(run: Run, tmp_path: Path) -> None:
    old = script(tmp_path / "python3.9", '[ "$1" = -V ] && echo Python 3.9.2 && exit; exit 1')
    done = run("make", "demo", PYTHON=str(old))
    assert done.returncode != 0
    assert_one_sentence(done.stderr)
    assert "needs Python 3.11 or newer" in done.stderr
    assert "is Python 3.9.2" in done.stderr


def test_a_machine_without_python_is_told_to_install_one(run: Run) -> None:
    done = run("scripts/setup", "runtime", PYTHON="/nowhere/python3")
    assert done.returncode != 0
    assert_one_sentence(done.stderr)
    assert "/nowhere/python3 is not there" in done.stderr


def test_without_a_network_the_sentence_says_so(run: Run, empty_environment: Path) -> None:
    pip = importlib.util.find_spec("pip")
    assert pip is not None
    assert pip.origin is not None
    (packages,) = empty_environment.glob("lib/python*/site-packages")
    (packages / "pip").symlink_to(Path(pip.origin).parent)  # to spare the seconds that installing it takes
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        index = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
        done = run(
            "./mailcall", "demo", PYTHON=sys.executable, PIP_INDEX_URL=index, PIP_RETRIES="0",
            PIP_CONFIG_FILE=os.devnull, PIP_NO_CACHE_DIR="1",
        )  # fmt: skip
    assert done.returncode != 0
    said = done.stderr.splitlines()
    assert_one_sentence(said[-1])
    assert "there is no network, or the place that packages are fetched from is out of reach" in said[-1]
    assert "the log is .cache/setup.log" in said[-1]
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_seen_before_anything_is_written(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda _: Disk(10**9, 10**9, 5 * 2**20))
    assert setup.main("runtime") == 1
    said = capsys.readouterr()
    assert_one_sentence(said.err)
    assert "the disk is full: 5 MB are free" in said.err
    assert not said.out


def test_without_root_or_sudo_the_packages_are_named(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "on_debian", lambda: True)
    monkeypatch.setattr(setup, "is_installed", lambda package: package != "postfix")
    monkeypatch.setattr(setup, "can_make_venvs", lambda: True)
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(setup.shutil, "which", lambda _: None)
    monkeypatch.setattr(setup, "check_disk", lambda _: None)
    monkeypatch.delenv("MAILCALL_REQUIRE_SERVERS", raising=False)
    assert setup.main("test") == 1
    said = capsys.readouterr().err
    assert_one_sentence(said)
    assert "`apt-get install postfix`" in said


def test_a_system_that_is_not_debian_is_told_what_is_left_out(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "on_debian", lambda: False)
    assert setup.missing_debian_packages("test") == []
    said = capsys.readouterr().out
    assert "this is not Debian" in said
    assert "dovecot-imapd" in said


@pytest.mark.parametrize(
    ("log", "clause"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "the disk is full",
        ),
        (
            "WARNING: Retrying after connection broken by 'SSLError(SSLCertVerificationError(1, '[SSL: "
            "CERTIFICATE_VERIFY_FAILED] certificate verify failed'))'\n"
            "ERROR: No matching distribution found for click==8.3.1",
            "a certificate that this machine does not trust",
        ),
        (
            "WARNING: Retrying after connection broken by 'NewConnectionError(': Failed to establish a new "
            "connection: [Errno -3] Temporary failure in name resolution')'\n"
            "ERROR: No matching distribution found for click==8.3.1",
            "there is no network",
        ),
        ("ERROR: No matching distribution found for nh3==0.3.2", "no build of nh3==0.3.2 for this Python"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "its hash differs"),
        (
            "Err:1 http://mirror bookworm InRelease\n  Temporary failure resolving 'mirror'",
            "there is no network",
        ),
        ("E: Unable to locate package dovecot-imapd", "do not have the package dovecot-imapd"),
        (
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7",
            "another program is installing",
        ),
        ("one thing\nthe last thing\n", "its last words were 'the last thing'"),
    ],
)
def test_a_log_is_read_for_its_cause(setup: ModuleType, log: str, clause: str) -> None:
    assert clause in setup.cause(log.splitlines())


def test_the_command_runs_in_a_folder_with_a_blank_and_keeps_its_words(
    setup: ModuleType, empty_environment: Path, checkout: Path
) -> None:
    setup.link_package()
    package = checkout / "src" / "mailcall"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "cli.py").write_text("import sys\ndef main():\n    print(sys.argv[1:])\n    return 3\n")
    command = [empty_environment / "bin" / "mailcall", "run", "two words", ""]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    assert done.stdout == "['run', 'two words', '']\n"
    assert done.returncode == 3


def test_a_machine_that_is_set_up_is_ready_at_once_and_without_a_word(
    run: Run, empty_environment: Path, checkout: Path
) -> None:
    script(checkout / ".venv" / "bin" / "mailcall", 'echo "$@"')
    never = script(checkout.parent / "python3.11", "exit 1")
    sources = [checkout / "scripts" / "setup.py", checkout / "requirements" / "runtime.txt"]
    made_from = f"{checkout}\n" + "".join(source.read_text() for source in sources)
    (checkout / ".venv" / "made-from-runtime").write_text(made_from)
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        done = run("./mailcall", "hello", "there", PYTHON=str(never))
        seconds.append(time.monotonic() - began)
        assert (done.stdout, done.stderr, done.returncode) == ("hello there\n", "", 0)
    assert min(seconds) < 0.3

    sources[1].write_text("click==8.3.1\n")
    assert run("./mailcall", "hello", PYTHON=str(never)).returncode != 0, "what is locked has changed"


def test_shell_scripts_parse() -> None:
    scripts = [ROOT / "mailcall", ROOT / ".ci" / "run"]
    scripts += [path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix]
    assert len(scripts) >= 6
    for path in scripts:
        assert os.access(path, os.X_OK), path
        subprocess.run([shutil.which("sh") or "/bin/sh", "-n", path], check=True)
