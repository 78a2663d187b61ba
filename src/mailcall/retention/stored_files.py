"""The files of the storage that nothing names: found, and removed once that is safe."""

import contextlib
import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.db import transaction

from mailcall.database.unused_files import ASIDE, discard, left_aside, recover
from mailcall.desk.models.calls import content_name
from mailcall.retention.models import LooseFile
from mailcall.retention.removing import Removed, named

BATCH = 200
YOUNG = dt.timedelta(days=1)  # a row that is still to come names its file by then
AGAIN = dt.timedelta(hours=1)
_HASH = re.compile(r"[0-9a-f]{64}")
_OURS = re.compile(  # `.HASH.UUID`: half a file; `HASH_xxxxxxx`: a second of the same bytes, kept at once
    r"[0-9a-f]{64}|\.[0-9a-f]{64}\.[0-9a-f]{32}|[0-9a-f]{64}_[A-Za-z0-9]{7}"
)


def old_names(storage: Storage, before: dt.datetime) -> Iterator[str]:
    """The names of all files in the storage, of a form that is ours, that were not written since `before`."""
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            inner, files = storage.listdir(folder)
        except FileNotFoundError:  # nothing was ever put there, or somebody removed it just now
            continue
        for name in sorted(files):
            path = f"{folder}/{name}" if folder else name
            if _OURS.fullmatch(name) and _is_older(storage, path, before):
                yield path
        folders += [f"{folder}/{name}" if folder else name for name in sorted(inner) if name != ASIDE]


def _is_older(storage: Storage, name: str, before: dt.datetime) -> bool:
    try:
        return storage.get_modified_time(name) < before
    except FileNotFoundError:
        return False


def let_unnamed_go(names: Sequence[str], removed: Removed) -> None:
    """Note those of these files that nothing names, to be removed."""
    known = {content_name(sha256) for sha256 in named([PurePosixPath(name).name for name in names])}
    loose = [name for name in names if name not in known]
    LooseFile.objects.bulk_create((LooseFile(name=name) for name in loose), ignore_conflicts=True)
    removed.add("files", [PurePosixPath(name).name for name in loose])


def remove_loose_files(now: dt.datetime, stop: Callable[[], bool] = lambda: False) -> int:
    """Remove the files that were let go; how many. The caller works alone on them. Raises OSError.

    One that a row names again is forgotten; one that was kept within a day stays for a later run. In a
    storage that is no folder all stay: there nothing shows whether one is just being kept once more.
    """
    if not isinstance(default_storage, FileSystemStorage):
        return 0
    recover(default_storage)
    gone = 0
    due = LooseFile.objects.filter(due_at__lte=now).order_by("pk")
    while not stop() and (some := list(due[:BATCH])):
        young = []
        for loose in some:
            is_named = partial(_is_named, loose.name)
            if is_named():
                continue
            if discard(default_storage, loose.name, before=(now - YOUNG).timestamp(), wanted=is_named):
                gone += 1
            else:
                young.append(loose.pk)
        LooseFile.objects.filter(pk__in=young).update(due_at=now + AGAIN)
        LooseFile.objects.filter(pk__in={loose.pk for loose in some} - set(young)).delete()
    return gone


def has_loose_files(now: dt.datetime) -> bool:
    """Whether a file waits to be removed, or was left aside by a process that died."""
    return isinstance(default_storage, FileSystemStorage) and (
        LooseFile.objects.filter(due_at__lte=now).exists() or bool(left_aside(default_storage))
    )


def dead_spool_files(spool: Path, before: dt.datetime) -> Iterator[Path]:
    """Files on their way that were not written since `before`: whoever brought them there is dead."""
    for path in sorted(spool.rglob("*")):
        with contextlib.suppress(OSError):  # it went its way meanwhile
            if path.is_file() and path.stat().st_mtime < before.timestamp():
                yield path


def let_spool_go(paths: Sequence[Path], removed: Removed) -> None:
    """Remove these files of this machine's spool, once the transaction is committed."""
    removed.count("files of the spool", len(paths))
    for path in paths:
        transaction.on_commit(partial(path.unlink, missing_ok=True))


def _is_named(name: str) -> bool:
    sha256 = PurePosixPath(name).name
    return bool(_HASH.fullmatch(sha256) and content_name(sha256) == name and named([sha256]))
