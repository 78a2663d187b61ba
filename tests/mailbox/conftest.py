"""An IMAP account of its own for each test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailcall.mailbox.interface import Fetched
from servers.account import Account
from servers.dovecot import Dovecot


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    return Account(dovecot, dovecot.new_user())


@pytest.fixture
def collect(tmp_path: Path) -> Callable[[Any], list[Fetched]]:
    """Lists and fetches everything."""
    return lambda mailbox: list(mailbox.fetch(mailbox.list(), tmp_path))
