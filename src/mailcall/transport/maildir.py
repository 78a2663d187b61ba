"""Handing mail over into folders: each recipient's copy goes into a Maildir named after the address."""

import os
import socket
import time
import uuid
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Self

from mailcall.transport.interface import (
    Envelope,
    RecipientResult,
    Result,
    ServerTrouble,
    TransportSettings,
)

LONGEST_NAME = 255  # bytes, of a file name


class MaildirTransport:
    """Writes `path/{address}/new/...`; for tests, demonstrations and hand-over to other programs."""

    def __init__(self, settings: TransportSettings) -> None:
        self._path = Path(settings.path)
        self._configured = bool(settings.path)

    def __enter__(self) -> Self:
        if not self._configured or not self._path.is_dir():
            raise ServerTrouble(
                f"There is no folder {self._path}; make it, or check its name.", temporary=False
            )
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send_all(self, envelopes: Iterable[Envelope]) -> Generator[list[RecipientResult], None, None]:
        """Write each mail, see `send`."""
        for envelope in envelopes:
            yield self.send(envelope)

    def send(self, envelope: Envelope) -> list[RecipientResult]:
        """Write one copy for each recipient; one whose address is no file name fails alone."""
        return [self._deliver(recipient, envelope.mail) for recipient in envelope.recipients]

    def _deliver(self, recipient: str, mail: bytes) -> RecipientResult:
        if not _safe(recipient):
            return RecipientResult(
                recipient, Result.FAILED, "553 5.1.3 The address can't be the name of a folder"
            )
        try:
            _write(self._path / recipient, mail)
        except OSError as trouble:
            return RecipientResult(recipient, Result.DEFERRED, f"451 4.3.0 {trouble.strerror}")
        return RecipientResult(recipient, Result.SENT, "250 2.0.0 Written")


def _safe(address: str) -> bool:
    try:
        encoded = address.encode()
    except UnicodeEncodeError:
        return False
    return (
        address.isprintable()
        and "/" not in address
        and "@" in address
        and not address.startswith(".")
        and len(encoded) <= LONGEST_NAME
    )


def _write(maildir: Path, mail: bytes) -> None:
    """Whole and on the disk in tmp/ before it shows in new/ (https://cr.yp.to/proto/maildir.html)."""
    for part in ("tmp", "new", "cur"):
        (maildir / part).mkdir(parents=True, exist_ok=True)
    host = socket.gethostname().replace("/", "_").replace(":", "_")
    name = f"{time.time_ns() // 1_000_000_000}.{uuid.uuid4().hex}.{host}"
    try:
        with (maildir / "tmp" / name).open("wb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())
        (maildir / "tmp" / name).rename(maildir / "new" / name)
    except BaseException:
        (maildir / "tmp" / name).unlink(missing_ok=True)
        raise
    folder = os.open(maildir / "new", os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
