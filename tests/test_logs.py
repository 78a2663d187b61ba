"""Log lines: what can't be written changes nothing else."""

import io
import sys
from collections.abc import Iterator

import pytest
import structlog

from mailcall import logs


@pytest.fixture
def log() -> Iterator[structlog.stdlib.BoundLogger]:
    """A logger of its own, on whatever standard error is when it says its first word."""
    before = structlog.get_config()
    logs.set_up("json", "info")
    yield structlog.get_logger("trial")
    structlog.configure(**before)


def test_a_line_that_the_disk_has_no_room_for_is_lost_and_nothing_else(
    log: structlog.stdlib.BoundLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True)  # keeps nothing for later
    with pytest.raises(OSError, match="No space"):
        full.write("x")
    monkeypatch.setattr(sys, "stderr", full)
    log.info("mail journalled", mail=1)
    log.error("alarm")


def test_a_line_goes_out_in_one_piece(
    log: structlog.stdlib.BoundLogger, capsys: pytest.CaptureFixture[str]
) -> None:
    log.info("mail journalled", mail=1, subject="one\ntwo")
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert '"mail": 1' in line
    assert '"logger": "trial"' in line
