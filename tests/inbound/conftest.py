"""Keeps the log quiet: its pretty tracebacks cost seconds where tests make mails fail on purpose."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(scope="package", autouse=True)
def quiet_log() -> Iterator[None]:
    """Drops what is logged."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(**before)


def _drop(*_: object) -> dict:
    raise structlog.DropEvent
