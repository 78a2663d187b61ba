"""File storage that a kill or a power loss can't leave with half a file."""

import errno
import os
import uuid
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class MovableFile(File):  # type: ignore[type-arg]
    """A file whose place nobody else needs, so that a storage may move it instead of copying."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb"))
        self.path = path


class DurableFiles(FileSystemStorage):
    """A folder whose files appear whole and on the disk, or not at all.

    A mailbox is told to delete a mail once the journal holds it; for a big mail that is only a name here,
    so the bytes must be as safe as the row.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The same: what is there has the same bytes, and may be somebody's who keeps them just then."""
        return name

    def _save(self, name: str, content: "File[Any]") -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            if isinstance(content, MovableFile) and _moved(content.path, partial):
                os.fsync(content.fileno())
            else:
                with partial.open("xb") as file:
                    for chunk in content.chunks():
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        for folder in (path.parent, *path.parent.parents):
            sync_folder(folder)
            if folder == Path(self.location):
                break
        return name


def _moved(source: Path, target: Path) -> bool:
    """Move a file, unless it is on another file system."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a power loss. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
