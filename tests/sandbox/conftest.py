"""A sandbox on a free port, with its mailboxes in a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcall.sandbox import state
from mailcall.sandbox.smtp import SandboxServer


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "demo-data"


@pytest.fixture
def mail_dir(data_dir: Path) -> Path:
    return state.mail_dir(data_dir)


@pytest.fixture
def server(data_dir: Path, mail_dir: Path) -> Iterator[SandboxServer]:
    sandbox = SandboxServer(mail_dir, "127.0.0.1", 0)
    sandbox.start()
    state.write(data_dir, "127.0.0.1", sandbox.port, "http://127.0.0.1:8025")
    yield sandbox
    sandbox.stop()
