"""The keys of an installation: they encrypt secrets at rest and sign our Message-IDs.

The ring is a file outside the database, one key a line, newest first. Secrets are written with the
newest key and read with any; so are signatures. Rotating adds a key, and what is stored is then
encrypted anew (`mailcall keys rotate`); old keys stay in the ring, since mails that they signed are
still out there and will be answered.
"""

import base64
import contextlib
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class KeyringError(Exception):
    """The key ring can't be used. The text says why and what to do."""


class _ExistsError(KeyringError):
    """There is a key file already."""


@dataclass(frozen=True)
class Keyring:
    """Keys, newest first, each 32 bytes in URL-safe base64 (the form of Fernet)."""

    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"Keyring({len(self.keys)} keys)"

    def encrypt(self, secret: str) -> str:
        """The secret under the newest key, as text. An empty secret stays empty."""
        return self._fernet().encrypt(secret.encode()).decode() if secret else ""

    def decrypt(self, stored: str) -> str:
        """What `encrypt` was given. Raises KeyringError when no key of the ring fits."""
        if not stored:
            return ""
        try:
            return self._fernet().decrypt(stored.encode()).decode()
        except InvalidToken:
            raise KeyringError(
                "A stored secret can't be read with the keys of this ring: was the key file replaced? "
                "Restore it, or enter the secret again."
            ) from None

    def reencrypt(self, stored: str) -> str:
        """The same secret under the newest key. Raises KeyringError."""
        return self.encrypt(self.decrypt(stored))

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """A 32-byte key for one purpose from each key of the ring, newest first (RFC 5869)."""
        return tuple(
            HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode()).derive(
                base64.urlsafe_b64decode(key)
            )
            for key in self.keys
        )

    def _fernet(self) -> MultiFernet:
        return MultiFernet([Fernet(key) for key in self.keys])


def read(path: Path) -> Keyring:
    """The ring in this file. Raises KeyringError."""
    try:
        lines = path.read_text("ascii").split()
    except FileNotFoundError:
        raise KeyringError(
            f"The key file {path} does not exist. Restore it from your backup: without it no stored "
            "password can be read. `mailcall keys create` makes a new one; enter the passwords again then."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyringError(f"The key file {path} can't be read: {error}.") from None
    keys = tuple(line.encode() for line in lines)
    if not keys:
        raise KeyringError(f"The key file {path} is empty. Restore it from your backup.")
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            raise KeyringError(
                f"Key {number} of {path} is damaged. Restore the file from a backup."
            ) from None
    return Keyring(keys)


def create(path: Path) -> Keyring:
    """A new ring with one key in a new file that only its owner can read. Raises KeyringError."""
    return _write(path, [Fernet.generate_key()], os.link)


def ensure(path: Path) -> Keyring:
    """The ring in this file, made when there is none yet. Raises KeyringError.

    Of several processes that start at once one makes it, and all read the same.
    """
    if not path.exists():
        with contextlib.suppress(_ExistsError):
            return create(path)
    return read(path)


def add_key(path: Path) -> Keyring:
    """The ring with a new key in front, written so that a crash leaves the old or the new file whole."""
    return _write(path, [Fernet.generate_key(), *read(path).keys], os.replace)


def merge(path: Path, ring: Keyring) -> Keyring:
    """The ring of this file with the keys of another in front. Raises KeyringError."""
    here = read(path).keys if path.exists() else ()
    return _write(path, [*ring.keys, *(key for key in here if key not in ring.keys)], os.replace)


def _write(path: Path, keys: Sequence[bytes], put: Callable[[str, Path], None]) -> Keyring:
    """Write a whole file beside `path`, `put` it there, and have both survive a power loss."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"\n".join(keys) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            put(temporary, path)
        except FileExistsError:
            raise _ExistsError(f"{path} exists already; `mailcall keys rotate` adds a key to it.") from None
        finally:
            Path(temporary).unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyringError(f"The key file {path} can't be written: {error.strerror}.") from None
    return Keyring(tuple(keys))
