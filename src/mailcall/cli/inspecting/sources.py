"""Where mails are: files, folders, Maildirs and mbox files, as a stream of places to read from."""

import errno
import mmap
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

# "From ann@example.com Mon Nov  3 10:15:00 2025" (RFC 4155, appendix A) before a header field, after an empty
# line: a sentence of a body that begins so has neither all of the date nor a field below.
_FROM_LINE = re.compile(rb"^From ([^\r\n]{0,400})\r?\n(?=>From |[!-9;-~]{1,100}[ \t]{0,9}:)", re.MULTILINE)
_TIME, _YEAR = re.compile(rb"\d\d:\d\d"), re.compile(rb"(?<!\d)(?:19|20)\d\d(?!\d)")
_MAILDIR = {"cur", "new", "tmp"}
MAX_BYTES = 256 * 1024 * 1024  # of one mail, and of what can be read only once
_CHUNK = 1024 * 1024
_TOO_LONG = f"more than {MAX_BYTES // 1024 // 1024} MB came; what follows them is left out"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Source:
    """The place of one mail: a file, or some bytes of an mbox file. `name` is safe to print."""

    name: str
    path: str
    start: int = 0
    end: int | None = None  # None: the end of the file


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file or folder that could not be opened, and why."""

    name: str
    reason: str


def shown_name(path: str) -> str:
    """A path as text that is valid UTF-8 and on one line, whatever bytes it is made of."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def sources(paths: Iterable[str], spool: Path, unusable: Callable[[Unusable], None]) -> Iterator[Source]:
    """The mails in these files and folders, in order; an mbox file gives each of its mails.

    `-` is standard input. What can be read only once is copied into the folder `spool` first.
    """
    for path in paths:
        for file in _files(path, unusable):
            try:
                if _flows(file):
                    copy, cut = _copied(file, spool)
                    if cut:
                        unusable(Unusable(shown_name(file), _TOO_LONG))
                else:
                    copy = file
                yield from _mails_of(copy, shown_name(file))
            except OSError as error:
                unusable(_why(file, error))


def count_files(path: str) -> int:
    """How many files a folder has, to tell how far one has come; 1 for a file."""
    return sum(1 for _ in _files(path, lambda _: None))


def _files(path: str, unusable: Callable[[Unusable], None]) -> Iterator[str]:
    return _files_below(path, unusable) if Path(path).is_dir() else iter([path])


def _files_below(folder: str, unusable: Callable[[Unusable], None]) -> Iterator[str]:
    """Every file of a folder and its folders, sorted by name.

    Of a Maildir these are the mails in `cur` and `new`: what else a mail server keeps there is left out.
    Links to folders are not followed.
    """
    waiting = [(folder, True)]  # the next one last
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            yield path
            continue
        try:
            waiting += reversed(list(_inside(path)))
        except OSError as error:
            unusable(_why(path, error))


def _inside(folder: str) -> Iterator[tuple[str, bool]]:
    """What is in a folder and matters, sorted: each path, and whether it is a folder. Raises OSError."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
    folders = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    is_maildir = folders >= _MAILDIR
    for entry in entries:
        if entry.name in folders:
            if not (is_maildir and entry.name == "tmp"):
                yield entry.path, True
        elif not is_maildir and _is_regular(entry):
            yield entry.path, False


def _is_regular(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a link to nothing, which is worth a word."""
    try:
        return entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
    except OSError:
        return True  # whoever reads it will be told why it can't be read


def _why(path: str, error: OSError) -> Unusable:
    return Unusable(shown_name(path), error.strerror or str(error))


def _flows(path: str) -> bool:
    """Whether it is standard input or a pipe, which can be read only once. Raises OSError for a device."""
    if path == "-":
        return True
    mode = Path(path).stat().st_mode
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise OSError(errno.EINVAL, "it is a device, not a file")
    return not stat.S_ISREG(mode)


def _copied(path: str, spool: Path) -> tuple[str, bool]:
    """A copy of the first `MAX_BYTES` of what is read only once, and whether more came. Raises OSError."""
    descriptor, copy = tempfile.mkstemp(dir=spool)
    try:
        with (
            os.fdopen(descriptor, "wb") as target,
            nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb") as source,
        ):
            left = MAX_BYTES
            while chunk := source.read(min(left, _CHUNK)):
                target.write(chunk)
                left -= len(chunk)
            return copy, left == 0 and bool(source.read(1))
    except OSError as error:
        Path(copy).unlink()
        if error.errno in _FULL:
            raise OSError(error.errno, f"its copy in {spool} does not fit ({error.strerror})") from None
        raise


def _mails_of(path: str, name: str) -> Iterator[Source]:
    """The mails in a file: one, unless it is an mbox file of several, named `x.mbox#1`, `x.mbox#2`, ..."""
    starts = _mbox_starts(path)
    if len(starts) < 2:
        yield Source(name, path)
        return
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True), 1):
        yield Source(f"{name}#{number}", path, start, end)


def _mbox_starts(path: str) -> list[int]:
    with Path(path).open("rb") as file:
        if file.read(5) != b"From ":
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return [
                found.start()
                for found in _FROM_LINE.finditer(content)
                if _TIME.search(found[1])
                and _YEAR.search(found[1])
                and _after_empty_line(content, found.start())
            ]


def _after_empty_line(content: mmap.mmap, start: int) -> bool:
    return start == 0 or content[max(0, start - 3) : start].endswith((b"\n\n", b"\n\r\n"))
