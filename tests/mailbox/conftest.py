"""An IMAP account of its own for each test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailcall.mailbox.interface import Fetched
from servers.account import Account
from servers.cyrus import Cyrus
from servers.dovecot import Dovecot


@pytest.fixture(params=["dovecot", "cyrus"])
def server(request: pytest.FixtureRequest) -> Dovecot | Cyrus:
    """Each real server in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def account(server: Dovecot | Cyrus) -> Account:
    return Account(server, server.new_user())


@pytest.fixture
def on_dovecot(dovecot: Dovecot) -> Account:
    """For what Cyrus is not set up for: wrong passwords, digests, a look at the files."""
    return Account(dovecot, dovecot.new_user())


@pytest.fixture
def collect(tmp_path: Path) -> Callable[[Any], list[Fetched]]:
    """Lists and fetches everything."""
    return lambda mailbox: list(mailbox.fetch(mailbox.list(), tmp_path))
