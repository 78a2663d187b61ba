"""Session-scoped fixtures: one Dovecot and one Postfix for each test process, started when asked for."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from servers import cyrus as cyrus_server
from servers import dnsmasq as dnsmasq_server
from servers import dovecot as dovecot_server
from servers import postfix as postfix_server
from servers.cyrus import Cyrus
from servers.dovecot import Dovecot
from servers.postfix import Postfix


@contextmanager
def server_folder() -> Iterator[Path]:
    """A short folder that other users may enter: pytest's own is 0700 and too long for unix sockets."""
    folder = Path(tempfile.mkdtemp(prefix="mc-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def missing(sentence: str) -> None:
    """Skip for want of a Debian package, or fail where MAILCALL_REQUIRE_SERVERS=1 says they must be there."""
    if os.environ.get("MAILCALL_REQUIRE_SERVERS") == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def need_dovecot() -> None:
    """Skip or fail unless Dovecot can be run here."""
    if dovecot_server.PROGRAM is None:
        missing("Dovecot is missing: apt-get install dovecot-imapd dovecot-pop3d dovecot-lmtpd")


def need_postfix() -> None:
    """Skip or fail unless Postfix can be run here."""
    if postfix_server.PROGRAM is None:
        missing("Postfix is missing: apt-get install postfix")
    if os.geteuid() != 0:
        missing("Postfix can only be started by root, and these tests do not run as root")


def need_dnsmasq() -> None:
    """Skip or fail unless dnsmasq can be run here."""
    if dnsmasq_server.PROGRAM is None:
        missing("dnsmasq is missing: apt-get install dnsmasq-base")


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A Dovecot shared by the session; take an account of your own with `dovecot.new_user()`."""
    need_dovecot()
    with server_folder() as folder, Dovecot(folder) as server:
        yield server


@pytest.fixture(scope="session")
def cyrus() -> Iterator[Cyrus]:
    """A Cyrus shared by the session; take an account of your own with `cyrus.new_user()`."""
    if not cyrus_server.PROGRAMS.exists():
        missing("Cyrus is missing: scripts/unpack-cyrus")
    with server_folder() as folder, Cyrus(folder) as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    """A Postfix shared by the session, with the Dovecot's users; use addresses of your own."""
    need_postfix()
    with server_folder() as folder, Postfix(folder, dovecot=dovecot) as server:
        yield server
