"""Takes files out of the storage that no row names, without harm to whoever keeps the same bytes just then.

Whoever keeps a file does so before the row that names it is there. Therefore:

1. A file that is kept once more is touched, and looked for again *after* that (`renew`).
2. What is to go is moved aside first, and looked at *after* that (`discard`). If it was touched since it was
   judged, or a row names it now, it is put back.

So a keeper that finds the file at its second look touched it before it was moved, which the remover sees;
any other keeper finds none, and writes its own. A remover that dies in between leaves the file aside, where
`recover` finds it.
"""

import os
from collections.abc import Callable
from pathlib import Path

from django.core.files.storage import FileSystemStorage, Storage

from mailcall.checkpoints import checkpoint
from mailcall.database.files import sync_folder

ASIDE = ".aside"
_SLASH = "+"  # in names of files that are aside; no file of ours has it in its name


class NoFolder(Exception):
    """Files can't be taken out of this storage. The text says why."""


def renew(storage: Storage, name: str, size: int) -> bool:
    """Whether the storage has this file with all its bytes; if so, it counts as new from now on.

    A storage that is no folder looks after its unused files itself.
    """
    if not isinstance(storage, FileSystemStorage):
        return storage.exists(name) and storage.size(name) == size
    path = Path(storage.path(name))
    try:
        os.utime(path)
        return _look(path).st_size == size
    except FileNotFoundError:
        return False


def discard(storage: Storage, name: str, *, before: float, wanted: Callable[[], bool]) -> bool:
    """Remove a file, unless it is newer than `before` or `wanted`; whether it is gone.

    `before` is a moment as time.time() gives it. The caller works alone on the storage. Raises OSError.
    """
    path, aside = Path(_folder(storage).path(name)), _aside(storage) / name.replace("/", _SLASH)
    try:
        seen = _look(path).st_mtime_ns
        if seen >= before * 1e9:
            return False
        aside.parent.mkdir(exist_ok=True)
        path.rename(aside)
    except FileNotFoundError:
        return True
    checkpoint("retention.aside")
    if _look(aside).st_mtime_ns != seen or wanted():
        _put_back(storage, aside)
        return False
    aside.unlink()
    return True


def left_aside(storage: Storage) -> list[Path]:
    """The files that a remover has in hand, or left when it died."""
    folder = _aside(storage)
    return sorted(folder.iterdir()) if folder.exists() else []


def recover(storage: Storage) -> None:
    """Put back what a remover that died left aside. The caller works alone on the storage."""
    for aside in left_aside(storage):
        _put_back(storage, aside)


def _put_back(storage: Storage, aside: Path) -> None:
    path = Path(_folder(storage).path(aside.name.replace(_SLASH, "/")))
    aside.replace(path)  # over what was kept there meanwhile: the same bytes
    sync_folder(path.parent)


def _aside(storage: Storage) -> Path:
    return Path(_folder(storage).path(ASIDE))


def _folder(storage: Storage) -> FileSystemStorage:
    if not isinstance(storage, FileSystemStorage):
        raise NoFolder("The files are not in a folder, so what is not used there is for its owner to remove.")
    return storage


def _look(path: Path) -> os.stat_result:
    """What the file is now: it is opened, so that a file server is asked anew."""
    with path.open("rb") as file:
        return os.fstat(file.fileno())
