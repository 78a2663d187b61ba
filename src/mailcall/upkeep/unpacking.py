"""A backup unpacked aside and verified, then put in place in one step; needs no Django and no database.

An older desk in the data folder is kept beside the new; files are only added, and so are keys, so that
whatever moment a restore is killed at, the old desk or the new one stands whole.
"""

import datetime as dt
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mailcall import keyring
from mailcall.checkpoints import checkpoint
from mailcall.database.files import sync_folder
from mailcall.upkeep import archive
from mailcall.upkeep.problems import UpkeepError

_CHUNK = 1024 * 1024


@contextmanager
def aside(data_dir: Path) -> Iterator[Path]:
    """An empty folder within the data folder; what an earlier restore left there is removed."""
    folder = data_dir / ".restore"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unpack(path: Path, folder: Path, told: archive.Told) -> archive.Head:
    """Unpack a backup into an empty folder, verified. Raises UpkeepError, OSError."""

    def put(name: str, file: archive.Hashed) -> None:
        target = folder / name  # one of the few names that an archive may have
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as copied:
            shutil.copyfileobj(file, copied, _CHUNK)

    head, _ = archive.read(path, put, told)
    return head


def merge_keys(unpacked: Path, ring: Path) -> None:
    """Add the keys of the backup to the ring, in front: with both, the old desk and the new can be read."""
    if unpacked.exists():
        keyring.merge(ring, keyring.read(unpacked))


def add_files(unpacked: Path, files: Path) -> int:
    """Move files to where the storage finds them by their hash; how many. Raises OSError."""
    count = 0
    for found in unpacked.glob("*/*/*"):
        target = files / found.relative_to(unpacked)
        target.parent.mkdir(parents=True, exist_ok=True)
        found.replace(target)
        count += 1
    os.sync()  # all at once, rather than each file and its folders
    return count


def switch(new: Path, old: Path) -> Path | None:
    """Put an embedded database in place, in one step; where the old one is kept, if there was one.

    Both are used by nobody. Raises UpkeepError, OSError, sqlite3.Error.
    """
    kept = None
    if old.exists():
        with closing(sqlite3.connect(old, isolation_level=None)) as opened:
            [(busy, _, _)] = opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if busy:
            raise UpkeepError(f"Something works on {old}: stop it first, the pages too.")
        kept = old.with_name(f"{old.name}.before-restore-{now()}")
        os.link(old, kept)
        for left in ("-wal", "-shm"):
            old.with_name(old.name + left).unlink(missing_ok=True)
    checkpoint("restore.kept")
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(old)
    sync_folder(old.parent)
    checkpoint("restore.switched")
    return kept


def now() -> str:
    """The moment, in the names of what is kept."""
    return f"{dt.datetime.now(dt.UTC):%Y%m%d%H%M%S}"
