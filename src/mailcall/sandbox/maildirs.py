"""The sandbox's mailboxes: one Maildir for each address that anything was sent to."""

import datetime as dt
import itertools
import os
import re
import socket
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PARTS = ("tmp", "new", "cur")
LONGEST_NAME = 200  # bytes; file systems take 255, and a client may put something behind it
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._,:=+-]{0,200}")
_counter = itertools.count()


class UnfitAddressError(ValueError):
    """No folder can have this address as its name. The text says why."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address of the sandbox."""

    address: str
    count: int
    newest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Stored:
    """One mail in a mailbox. `key` is its file's name."""

    key: str
    path: Path
    arrived: dt.datetime
    size: int


def folder_name(address: str) -> str:
    """The name of the folder for this address: the address, folded. Raises UnfitAddressError."""
    name = unicodedata.normalize("NFC", address).casefold()
    if not name.isprintable() or "/" in name or "\\" in name:
        raise UnfitAddressError("an address with slashes or control characters has no mailbox here")
    if not name or name.startswith("."):
        raise UnfitAddressError("an address that begins with a dot has no mailbox here")
    if len(name.encode()) > LONGEST_NAME:
        raise UnfitAddressError(f"an address of more than {LONGEST_NAME} bytes has no mailbox here")
    return name


def make_mailbox(mail_dir: Path, address: str) -> Path:
    """The Maildir for this address, made when it isn't there. Raises UnfitAddressError and OSError."""
    folder = mail_dir / folder_name(address)
    for part in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
    return folder


def deliver(mail_dir: Path, address: str, mail: bytes) -> str:
    """Put a mail into the mailbox so that a crash leaves all of it or nothing. Returns its key.

    As Maildir has it: written in `tmp`, brought to the disk, then moved to `new`. Raises UnfitAddressError
    and OSError.
    """
    folder = make_mailbox(mail_dir, address)
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:60]
    now = time.time_ns()
    key = f"{now // 10**9}.M{now % 10**9 // 1000:06}P{os.getpid()}Q{next(_counter)}.{host}"
    temporary = folder / "tmp" / key
    try:
        with temporary.open("xb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(folder / "new" / key)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(folder / "new")
    return key


def mailboxes(mail_dir: Path) -> list[Mailbox]:
    """All mailboxes, those with the newest mail first."""
    try:
        names = sorted(item.name for item in mail_dir.iterdir() if item.is_dir() and item.name[0] != ".")
    except FileNotFoundError:
        return []
    boxes = []
    for name in names:
        arrivals = [stored.arrived for stored in _stored(mail_dir / name)]
        boxes.append(Mailbox(name, len(arrivals), max(arrivals, default=None)))
    ever = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(boxes, key=lambda box: box.newest or ever, reverse=True)


def mails(mail_dir: Path, address: str) -> list[Stored]:
    """The mails of one mailbox, newest first; none when there is no such mailbox."""
    try:
        folder = mail_dir / folder_name(address)
    except UnfitAddressError:
        return []
    return sorted(_stored(folder), key=lambda stored: (stored.arrived, stored.key), reverse=True)


def find(mail_dir: Path, address: str, key: str) -> Stored | None:
    """One mail, or None when it isn't there (any more)."""
    if not _KEY.fullmatch(key):
        return None
    return next((stored for stored in mails(mail_dir, address) if stored.key == key), None)


def _stored(folder: Path) -> Iterator[Stored]:
    for part in ("new", "cur"):
        try:
            entries = list(os.scandir(folder / part))
        except OSError:
            continue
        for entry in entries:
            try:
                status = entry.stat()
            except OSError:
                continue  # collected meanwhile
            if entry.is_file():
                arrived = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
                yield Stored(entry.name, Path(entry.path), arrived, status.st_size)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
