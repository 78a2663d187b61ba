"""A whole desk into one file, which is there whole and verified, or not at all.

1. The database is copied at one moment, beside the file that is to be made.
2. Then come the files that this copy names: each has its hash for a name and is never changed.
3. What was written is read back, and every hash compared.
4. It gets its name. Killed before, the next backup to this name removes what was left.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.core.files.storage import default_storage
from django.utils import timezone

from mailcall import __version__
from mailcall.checkpoints import checkpoint
from mailcall.config import config
from mailcall.database.files import sync_folder
from mailcall.desk.models import Content
from mailcall.desk.models.calls import content_name
from mailcall.inbound.models import ReceivedMail
from mailcall.keyring import Keyring
from mailcall.upkeep import archive, moving, snapshots
from mailcall.upkeep.problems import UpkeepError

MOST_LOST = 20  # that are named

Told = Callable[[str, int, int | None], None]  # what is done, how far, of how much


@dataclass(slots=True)
class Made:
    """What became of a backup; `lost` are files that the database names, and that are missing or damaged."""

    manifest: archive.Manifest
    lost: list[str] = field(default_factory=list)


def backup(path: Path, *, with_keys: bool, verify: bool, replace: bool, told: Told) -> Made:
    """Write the desk to this file. Raises UpkeepError, OSError, sqlite3.Error, DatabaseError."""
    if path.exists() and not replace:
        raise UpkeepError(f"{path} exists already; --force writes over it.")
    with _beside(path) as folder:
        written = folder / "archive"
        made = _write(written, folder, with_keys=with_keys, told=told)
        checkpoint("backup.written")
        if verify:
            size = written.stat().st_size
            done = 0

            def more(count: int) -> None:
                nonlocal done
                done += count
                told("Verifying", done, size)

            archive.read(written, None, more)
            checkpoint("backup.verified")
        _sync(written)
        if replace:
            written.replace(path)
        else:
            os.link(written, path)  # unlike a rename it never writes over what came meanwhile
        sync_folder(path.parent)
    return made


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A folder of our own beside the file that is to be made."""
    folder = path.with_name(f".{path.name}.partial")
    if not path.parent.is_dir():
        raise UpkeepError(f"There is no folder {path.parent}.")
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UpkeepError(f"Another backup is being written to {path}.") from None
        for left in folder.iterdir():
            left.unlink()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _write(path: Path, folder: Path, *, with_keys: bool, told: Told) -> Made:
    with _moment(folder, told) as query:
        rows = snapshots.rows_of_tables(query)
        migrations = sorted(list(pair) for pair in query("SELECT app, name FROM django_migrations"))
        names = folder / "names"
        count = _list_files(names, query)
    checkpoint("backup.copied")
    with archive.writing(path) as writer:
        writer.head(
            archive.Head(
                version=__version__,
                made_at=timezone.now().isoformat(timespec="seconds"),
                kind="sqlite" if config().embedded else "postgresql",
                migrations=migrations,
                rows=rows,
                keys=fingerprints(config().ring()),
                schema="" if config().embedded else snapshots.schema(),
            )
        )
        writer.member(archive.DATABASE, folder / "database")
        if with_keys:
            writer.member(archive.KEYS, config().keys_path)
        lost = []
        with names.open() as lines:
            for number, line in enumerate(lines):
                told("Packing", number, count)
                if not _add(writer, line.strip()):
                    lost.append(line.strip())
        return Made(writer.manifest(), list(islice(filter(_is_named, lost), MOST_LOST)))


@contextmanager
def _moment(folder: Path, told: Told) -> Iterator[snapshots.Query]:
    """Copy the database into `folder / "database"`; gives what asks the same moment."""
    target = folder / "database"
    if config().embedded:
        snapshots.sqlite(config().database_path, target, lambda done, of: told("Copying", done, of))
        with snapshots.sqlite_query(target) as query:
            yield query
    else:
        told("Dumping", 0, None)
        with snapshots.postgresql() as (query, dump):
            dump(target)
            yield query


def _list_files(path: Path, query: snapshots.Query) -> int:
    """Write down the names of the files, which may be millions; how many. A remote storage keeps its own."""
    count = 0
    with path.open("w") as file:
        for name in () if config().file_storage else snapshots.names_of_files(query):
            file.write(f"{name}\n")
            count += 1
    return count


def _add(writer: archive.Writer, name: str) -> bool:
    """Add a file of the storage, if it is there and what it says it is."""
    try:
        with default_storage.open(content_name(name)) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != name:
                return False
            file.seek(0)
            writer.file(name, file, file.size)
            return True
    except FileNotFoundError:
        return False


def _is_named(sha256: str) -> bool:
    """Whether the database names this file now: a retention rule may have removed it meanwhile."""
    mails = ReceivedMail.objects.filter(raw=None, raw_removed_at=None, sha256=sha256)
    return mails.exists() or Content.objects.filter(sha256=sha256, data=None).exists()


def fingerprints(ring: Keyring) -> list[str]:
    """What tells the keys of a ring, newest first, and gives nothing away: they are random."""
    return [hashlib.sha256(key).hexdigest()[:16] for key in ring.keys]


def missing_migrations(head: archive.Head) -> int:
    """How many migrations the backup lacks. Raises UpkeepError when it is of a newer version."""
    there = {(app, name) for app, name in head.migrations if app not in moving.ONLY_THERE}
    here = moving.migrations()
    if there - here:
        raise UpkeepError(
            f"The backup is of Mailcall {head.version}, which is newer than this one: restore it with that."
        )
    return len(here - there)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
