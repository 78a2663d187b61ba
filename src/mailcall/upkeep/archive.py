"""The one file that holds a desk: a gzipped tar, written and read as a stream, with a hash of everything.

    backup.json     what it is: version, kind of database, migrations, rows of each table
    database        the SQLite file, or what pg_dump wrote in its custom format
    keys            the key ring, if it was asked for
    files/ab/cd/... large mails and attachments, each named by its own SHA-256
    manifest.json   size and SHA-256 of database and keys, and how many files there are

Nothing is ever unpacked by the name that an archive gives it: other names than these are refused.
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from mailcall.upkeep.problems import UpkeepError

FORMAT = 1
HEAD, DATABASE, KEYS, MANIFEST = "backup.json", "database", "keys", "manifest.json"
_FILE = re.compile(r"files/([0-9a-f]{2})/([0-9a-f]{2})/(\1\2[0-9a-f]{60})")
_MOST_JSON = 4 * 1024 * 1024
_CHUNK = 1024 * 1024
_LEVEL = 4  # mail gets hardly smaller above, and twice as slow

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Head:
    """What an archive is. `kind` is sqlite or postgresql; `keys` are fingerprints, newest first."""

    version: str
    made_at: str
    kind: str
    migrations: list[list[str]]
    rows: dict[str, int]
    keys: list[str]
    schema: str = ""
    format: int = FORMAT


@dataclass(slots=True)
class Manifest:
    """What an archive holds: [size, SHA-256] of database and keys; number and bytes of files."""

    members: dict[str, list[Any]] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0


class Writer:
    """Adds to an archive; see `writing`."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._manifest = Manifest()

    def head(self, head: Head) -> None:
        """Must come first."""
        self._json(HEAD, asdict(head))

    def member(self, name: str, path: Path) -> None:
        """Add the database or the keys. Raises OSError."""
        with path.open("rb") as file:
            size, sha256 = self._add(name, file, path.stat().st_size)
        self._manifest.members[name] = [size, sha256]

    def file(self, sha256: str, file: IO[bytes], size: int) -> None:
        """Add a file of the storage. Raises OSError."""
        self._add(f"files/{sha256[:2]}/{sha256[2:4]}/{sha256}", file, size)
        self._manifest.files += 1
        self._manifest.bytes += size

    def manifest(self) -> Manifest:
        """Must come last."""
        self._json(MANIFEST, asdict(self._manifest))
        return self._manifest

    def _json(self, name: str, value: object) -> None:
        data = json.dumps(value).encode()
        self._add(name, io.BytesIO(data), len(data))

    def _add(self, name: str, file: IO[bytes], size: int) -> tuple[int, str]:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashed = Hashed(file)
        self._tar.addfile(info, hashed)
        _forget(self._tar)
        return size, hashed.sha256


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write an archive. Raises OSError, and leaves what it wrote to the caller."""
    with (
        path.open("xb") as file,
        gzip.GzipFile("", "wb", _LEVEL, file) as packed,
        tarfile.open(fileobj=packed, mode="w|", bufsize=_CHUNK) as tar,
    ):
        yield Writer(tar)


def head_of(path: Path) -> Head:
    """What the archive says of itself, unverified. Raises UpkeepError, OSError."""
    with _reading(path) as (_, tar):
        return _head(path, next(_members(path, tar), None))


def read(path: Path, put: "Callable[[str, Hashed], None] | None", told: Told) -> tuple[Head, Manifest]:
    """Read all of an archive and compare every hash. Raises UpkeepError when anything is wrong, and OSError.

    `put` is given the name and the bytes of database, keys and files, before their hash is known; it reads
    them to their end. `told` hears how many more bytes of the archive were read.
    """
    seen = Manifest()
    with _reading(path) as (raw, tar):
        members = _members(path, tar)
        head = _head(path, next(members, None))
        done = 0
        for name, size, file in members:
            if name == MANIFEST:
                break
            hashed = Hashed(file)
            if put:
                put(name, hashed)
            while hashed.read(_CHUNK):
                pass
            _compare(path, seen, name, size, hashed.sha256)
            told(raw.tell() - done)
            done = raw.tell()
        else:
            raise _damaged(path, "it has no end")
        if asdict(seen) != _json_of(path, file, size) or next(members, None):
            raise _damaged(path, "it does not hold what it says")
    return head, seen


def _compare(path: Path, seen: Manifest, name: str, size: int, sha256: str) -> None:
    if name in {DATABASE, KEYS}:
        seen.members[name] = [size, sha256]
        return
    if name.rpartition("/")[2] != sha256:
        raise _damaged(path, f"{name} is not what it was")
    seen.files += 1
    seen.bytes += size


@contextmanager
def _reading(path: Path) -> Iterator[tuple[IO[bytes], tarfile.TarFile]]:
    with path.open("rb") as raw:
        try:
            packed = gzip.GzipFile(fileobj=raw)
            with tarfile.open(fileobj=packed, mode="r|", bufsize=_CHUNK) as tar:
                yield raw, tar
            while packed.read(_CHUNK):  # to the checksum at the end
                pass
        except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError) as error:
            raise _damaged(path, str(error) or "it can't be read") from None


def _members(path: Path, tar: tarfile.TarFile) -> Iterator[tuple[str, int, IO[bytes]]]:
    while info := tar.next():
        _forget(tar)
        known = info.name in {HEAD, DATABASE, KEYS, MANIFEST} or _FILE.fullmatch(info.name)
        file = tar.extractfile(info) if known and info.isreg() else None
        if file is None:
            raise _damaged(path, f"it holds {info.name[:100]!r}, which no backup does")
        yield info.name, info.size, file


def _forget(tar: Any) -> None:
    """Keep no list of all members in memory, as tarfile does even of a stream."""
    tar.members.clear()


def _head(path: Path, first: tuple[str, int, IO[bytes]] | None) -> Head:
    if first is None or first[0] != HEAD:
        raise _damaged(path, "it does not begin as one")
    said = _json_of(path, first[2], first[1])
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise UpkeepError(f"{path} was made by a newer Mailcall; restore it with that one.")
    try:
        return Head(**said)
    except TypeError:
        raise _damaged(path, "it does not say what it is") from None


def _json_of(path: Path, file: IO[bytes], size: int) -> Any:
    if size > _MOST_JSON:
        raise _damaged(path, "what it says of itself is too long")
    return json.loads(file.read())


def _damaged(path: Path, why: str) -> UpkeepError:
    return UpkeepError(f"{path} is no backup of Mailcall, or is damaged: {why.rstrip('.')}.")


class Hashed:
    """Bytes that are hashed as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self._hash.update(data)
        return data

    @property
    def sha256(self) -> str:
        """Of what was read so far."""
        return self._hash.hexdigest()
