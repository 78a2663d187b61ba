"""File storage that several machines share: any that Django has a class for, such as an S3 store.

What it raises is trouble with the machine, not with the mail that is being kept or read; so all of it is
raised as OSError, like that of a folder.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils.module_loading import import_string


class RemoteFiles(Storage):
    """Another storage, behind the contract above, for files that are named by their bytes."""

    def __init__(self, backend: str, options: dict[str, Any], spool: Path) -> None:
        """`backend` is the class of the other storage, `spool` a folder for what is being read.

        Raises ImproperlyConfigured.
        """
        try:
            self._inner: Storage = import_string(backend)(**options)
        except Exception as error:
            raise ImproperlyConfigured(
                f"The settings `file_storage` and `file_storage_options` can't be used: {error}"
            ) from error
        self._spool = spool

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        """The whole file, on this machine's disk until it is closed. Raises OSError."""
        self._spool.mkdir(parents=True, exist_ok=True)
        copy = tempfile.TemporaryFile(dir=self._spool)  # noqa: SIM115  the caller closes it
        try:
            with _as_trouble(), self._inner.open(name, "rb") as file:
                shutil.copyfileobj(file, copy)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return File(copy, name)

    def _save(self, name: str, content: "File[Any]") -> str:
        with _as_trouble():
            return self._inner.save(name, content)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The same: what is there has the same bytes, and may be somebody's who keeps them just then."""
        return name

    def delete(self, name: str) -> None:
        """Remove a file. Raises OSError."""
        with _as_trouble():
            self._inner.delete(name)

    def exists(self, name: str) -> bool:
        """Whether it is there. Raises OSError."""
        with _as_trouble():
            return self._inner.exists(name)

    def size(self, name: str) -> int:
        """Its size in bytes. Raises OSError."""
        with _as_trouble():
            return self._inner.size(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """The folders and files of a folder. Raises OSError."""
        with _as_trouble():
            return self._inner.listdir(path)

    def get_modified_time(self, name: str) -> datetime:
        """When it was written. Raises OSError."""
        with _as_trouble():
            return self._inner.get_modified_time(name)


@contextmanager
def _as_trouble() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"The file storage can't be used: {error}") from error
