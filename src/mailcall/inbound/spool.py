"""Folders of files on their way to the file storage, one for each process that makes use of one."""

import fcntl
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from mailcall.message import Mail

BIG = 64 * 1024  # bytes; a bigger attachment goes into a file
MOST_AT_HAND = 4 * 1024 * 1024  # bytes of all smaller ones of one mail; the rest go into files too


def claim(base: Path) -> Path:
    """A new folder in `base` that is this process's until it ends; those of ended processes are removed."""
    base.mkdir(parents=True, exist_ok=True)
    claims = os.open(base, os.O_RDONLY)
    try:
        fcntl.flock(claims, fcntl.LOCK_EX)  # so that nobody removes a folder before its lock is taken
        for folder in base.iterdir():
            _remove_unless_claimed(folder)
        own = Path(tempfile.mkdtemp(dir=base))
        fcntl.flock(os.open(own, os.O_RDONLY), fcntl.LOCK_EX)  # never closed: it is held until we end
    finally:
        os.close(claims)
    return own


def _remove_unless_claimed(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)


def empty(folder: Path) -> None:
    """Remove all files of a folder."""
    for file in folder.iterdir():
        file.unlink()


def put_aside(mail: Mail, folder: Path) -> Mail:
    """The same mail with its big attachments in files of that folder. Raises OSError."""
    if sum(attachment.size for attachment in mail.attachments) <= BIG:
        return mail
    kept, at_hand = [], 0
    for attachment in mail.attachments:
        at_hand += attachment.size if attachment.size <= BIG else 0
        if attachment.size > BIG or at_hand > MOST_AT_HAND:
            descriptor, name = tempfile.mkstemp(dir=folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(attachment.data)
            kept.append(replace(attachment, data=b"", file=Path(name)))
        else:
            kept.append(attachment)
    return replace(mail, attachments=tuple(kept))
