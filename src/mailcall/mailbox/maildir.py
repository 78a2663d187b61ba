"""Mailboxes that are a folder of files: the `new/` of a Maildir (https://cr.yp.to/proto/maildir.html)."""

import contextlib
import datetime as dt
import errno
import hashlib
import heapq
import logging
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

from mailcall.mailbox.interface import (
    BIG,
    LIST_MAILS,
    MOST_HEADER,
    Disposal,
    Fetched,
    Listed,
    MailboxError,
    MailboxSettings,
)
from mailcall.mailbox.waking import Waker

log = logging.getLogger(__name__)

PARTS = ("new", "cur", "tmp")
# what may be wrong with one file while the folder is well
OF_ONE_FILE = {errno.EACCES, errno.EPERM, errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EIO}
LOOK_SECONDS = 0.1  # between two looks at the folder's time stamp, which is one `stat`
SCAN_SECONDS = 2.0  # between two looks at its names, since some file systems' stamps are coarse
CHUNK = 1024 * 1024


class MaildirMailbox:
    """A Maildir on this machine. See `Mailbox` for the contract; keys are file names in `new/`."""

    can_push = True

    def __init__(self, settings: MailboxSettings) -> None:
        self._settings = settings
        self._path = Path(settings.path)
        self._new = self._path / "new"
        self._waker = Waker()
        self._listed: frozenset[str] = frozenset()
        self._skipped = set[str]()  # names that were warned of; asked for again by the next session

    def __enter__(self) -> Self:
        with self._sentences():
            self._check()
            if self._settings.disposal is Disposal.MOVE or self._moves_aside:
                _make_maildir(self._target())
        return self

    def __exit__(self, *_: object) -> None:
        self._waker.close()

    @property
    def high_water(self) -> str:
        """None needed: what stays leaves `new/` for `cur/`."""
        return ""

    def list(self) -> Sequence[Listed]:
        """The files of `new/`, oldest first. Their identity needs their bytes."""
        with self._sentences():
            found = heapq.nsmallest(LIST_MAILS, self._files(warn=True))
        self._listed = frozenset(name for _, name, _ in found)
        return [Listed(key=name, identity=None, size=size) for _, name, size in found]

    def fetch(self, listed: Sequence[Listed], spool: Path) -> Iterator[Fetched]:
        """Read, or above `BIG` copy, each file; one that another program took is left out."""
        for mail in listed:
            with self._sentences():
                fetched = self._fetch(mail.key, spool)
            if fetched:
                yield fetched

    def dispose(self, keys: Sequence[str]) -> None:
        """Unlink, or rename into `cur/` of this Maildir (keep) or of another (move), flagged as seen."""
        move = self._settings.disposal is Disposal.MOVE
        with self._sentences():
            for key in keys:
                with contextlib.suppress(FileNotFoundError):
                    if self._settings.disposal is Disposal.DELETE:
                        self._file(key).unlink()
                    else:
                        self._move(key, self._target() if move else self._path, "S")

    def set_aside(self, keys: Sequence[str]) -> None:
        """Rename into `cur/`, here or where mails are moved to, and not flagged as seen."""
        with self._sentences():
            for key in keys:
                with contextlib.suppress(FileNotFoundError):
                    self._move(key, self._target() if self._moves_aside else self._path, "")

    @property
    def _moves_aside(self) -> bool:
        return bool(self._settings.move_to) and self._settings.disposal is not Disposal.KEEP

    def _move(self, key: str, maildir: Path, flags: str) -> None:
        _move(self._file(key), maildir, f"{_unique(key)}:2,{flags}")

    def wait(self, seconds: float) -> bool:
        """Look at the folder ten times a second; the standard library has no inotify."""
        end = time.monotonic() + seconds
        stamp, scan_at = -1, 0.0
        while True:
            with self._sentences():
                now = self._new.stat().st_mtime_ns
                if now != stamp or time.monotonic() >= scan_at:
                    stamp, scan_at = now, time.monotonic() + SCAN_SECONDS
                    names = frozenset(name for _, name, _ in self._files())
                    if news := names - self._listed:
                        self._listed |= news
                        return True
            left = end - time.monotonic()
            if left > 0:
                self._waker.sleep(min(left, LOOK_SECONDS))
            if self._waker.woken() or left <= 0:
                return False

    def interrupt(self) -> None:
        """End the wait."""
        self._waker.wake()

    def _check(self) -> None:
        if not self._settings.path or not self._path.is_dir():
            raise MailboxError(
                f"There is no folder {self._path}; make it, or check its name.", temporary=False
            )
        names = {entry.name for entry in self._path.iterdir()}
        if names and not names & set(PARTS):
            raise MailboxError(
                f"The folder {self._path} is no Maildir: it has no folders new, cur and tmp.", temporary=False
            )
        _make_maildir(self._path)

    def _target(self) -> Path:
        """Where moved mails go: another path, or a subfolder the Maildir++ way (`Done` is `.Done`)."""
        name = self._settings.move_to
        if not name or (not name.startswith("/") and "/" in name):
            raise MailboxError(
                f"Mails can't be moved to {name!r}; give a full path or the name of a subfolder.",
                temporary=False,
            )
        return Path(name) if name.startswith("/") else self._path / f".{name.removeprefix('.')}"

    def _file(self, key: str) -> Path:
        if "/" in key or "\0" in key or key.startswith("."):
            raise MailboxError(f"{key!r} is no name of a mail in a Maildir.", temporary=False)
        return self._new / key

    def _files(self, *, warn: bool = False) -> Iterator[tuple[int, str, int]]:
        """Time of arrival, name, size of each mail. Links are no mails: they may lead anywhere."""
        with os.scandir(self._new) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name in self._skipped:
                    continue
                with contextlib.suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False):
                        about = entry.stat(follow_symlinks=False)
                        yield about.st_mtime_ns, entry.name, about.st_size
                    elif warn:
                        self._skip(entry.name, "it is no file")

    def _skip(self, name: str, why: str) -> None:
        """Leave it out for this session, so that it neither stops the others nor wakes us again."""
        self._skipped.add(name)
        log.warning("%r in %s is left where it is: %s", name, self._new, why)

    def _fetch(self, key: str, spool: Path) -> Fetched | None:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not hold us up
        try:
            number = os.open(self._file(key), flags)
        except FileNotFoundError:
            return None
        except OSError as trouble:
            if trouble.errno not in OF_ONE_FILE or not os.access(self._new, os.R_OK | os.X_OK):
                raise
            self._skip(key, os.strerror(trouble.errno))
            return None
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            os.close(number)
            self._skip(key, "it is no file")
            return None
        with os.fdopen(number, "rb") as mail:
            if 0 < self._settings.size_limit < about.st_size:
                return _header(key, mail.read(MOST_HEADER), about)
            raw: bytes | None = None
            file: Path | None = None
            if about.st_size > BIG:
                file, digest, size = _copy(mail.read, spool)
            else:
                raw = mail.read()
                digest, size = hashlib.sha256(raw).hexdigest(), len(raw)
        return Fetched(
            key=key,
            identity=f"maildir:{_unique(key)}:{digest}",
            size=size,
            raw=raw,
            file=file,
            arrived=_arrived(about),
        )

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except OSError as trouble:
            rights = trouble.errno in {errno.EACCES, errno.EPERM, errno.EROFS}
            raise MailboxError(
                f"The Maildir {self._path} can't be used: {trouble.strerror}"
                f"{'; check the rights of the account that Mailcall runs as' if rights else ''}.",
                temporary=not rights,
            ) from trouble


def _unique(name: str) -> str:
    return name.partition(":2,")[0]


def _header(key: str, beginning: bytes, about: os.stat_result) -> Fetched:
    """Of a mail that is too big, whose size stands in its identity for the bytes that are not read."""
    header = re.split(rb"(?<=\n)\r?\n", beginning, maxsplit=1)[0]
    digest = hashlib.sha256(header).hexdigest()
    return Fetched(
        key=key,
        identity=f"maildir:{_unique(key)}/{about.st_size}/header/{digest}",
        size=about.st_size,
        raw=header,
        arrived=_arrived(about),
        header_only=True,
    )


def _arrived(about: os.stat_result) -> dt.datetime:
    return dt.datetime.fromtimestamp(about.st_mtime, dt.UTC)


def _make_maildir(path: Path) -> None:
    for part in PARTS:
        (path / part).mkdir(parents=True, exist_ok=True, mode=0o700)


def _copy(read: Callable[[int], bytes], spool: Path) -> tuple[Path, str, int]:
    """Copy into a file of `spool`, hashing on the way."""
    digest, size = hashlib.sha256(), 0
    number, name = tempfile.mkstemp(dir=spool, prefix="maildir-", suffix=".eml")
    try:
        with os.fdopen(number, "wb") as copy:
            while chunk := read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                copy.write(chunk)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name), digest.hexdigest(), size


def _move(source: Path, maildir: Path, name: str) -> None:
    try:
        source.rename(maildir / "cur" / name)
    except OSError as trouble:
        if trouble.errno != errno.EXDEV:
            raise
        # another file system: whole in tmp/ first, so that cur/ never shows half a mail
        shutil.copyfile(source, maildir / "tmp" / name)
        (maildir / "tmp" / name).rename(maildir / "cur" / name)
        source.unlink()
