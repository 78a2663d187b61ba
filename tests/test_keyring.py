"""The keys of an installation: made once, rotated, kept from other eyes."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailcall import keyring
from mailcall.keyring import KeyringError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "keys"


def test_a_ring_is_made_once_and_read_again(path: Path) -> None:
    assert keyring.ensure(path) == keyring.ensure(path) == keyring.read(path)
    with pytest.raises(KeyringError, match="exists already"):
        keyring.create(path)


def test_many_that_start_at_once_have_one_ring(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: keyring.ensure(path), range(32)))
    assert len(set(rings)) == 1
    assert [p.name for p in path.parent.iterdir()] == ["keys"]


def test_only_the_owner_reads_the_file(path: Path) -> None:
    before = os.umask(0)
    try:
        keyring.create(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        keyring.add_key(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_rotation_keeps_what_was_written_readable(path: Path) -> None:
    old = keyring.create(path)
    stored = old.encrypt("hunter2")
    new = keyring.add_key(path)
    assert (len(new.keys), new.keys[1:]) == (2, old.keys)
    assert new.decrypt(stored) == "hunter2"
    moved = new.reencrypt(stored)
    with pytest.raises(KeyringError, match="can't be read with the keys of this ring"):
        old.decrypt(moved)
    assert new.decrypt(moved) == "hunter2"
    assert new.derived("x")[1] == old.derived("x")[0]


def test_a_key_derived_for_one_purpose_is_not_anothers(path: Path) -> None:
    ring = keyring.create(path)
    assert ring.derived("django") != ring.derived("message-id")
    assert len(ring.derived("django")[0]) == 32


def test_an_empty_secret_stays_empty(path: Path) -> None:
    ring = keyring.create(path)
    assert ring.encrypt("") == ring.decrypt("") == ring.reencrypt("") == ""


def test_the_same_secret_is_never_stored_alike(path: Path) -> None:
    ring = keyring.create(path)
    assert ring.encrypt("x") != ring.encrypt("x")


@pytest.mark.parametrize("stored", ["x", "gAAAAA==", "hunter2", "ä"])
def test_a_secret_that_was_tampered_with_is_refused(path: Path, stored: str) -> None:
    with pytest.raises(KeyringError, match="can't be read"):
        keyring.create(path).decrypt(stored)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"nonsense\n", "Key 1 of .* is damaged"),
        (b"QUJD\n", "Key 1 of .* is damaged"),
        (b"\xff\xfe\n", "can't be read"),
    ],
)
def test_a_damaged_file_is_one_sentence_and_not_overwritten(
    path: Path, content: bytes, sentence: str
) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    for use in (keyring.read, keyring.ensure, keyring.add_key):
        with pytest.raises(KeyringError, match=sentence):
            use(path)
    assert path.read_bytes() == content


def test_the_damaged_key_is_named_and_not_shown(path: Path) -> None:
    ring = keyring.create(path)
    path.write_bytes(ring.keys[0] + b"\n" + ring.keys[0][:-5] + b"\n")
    with pytest.raises(KeyringError, match="Key 2 of") as failed:
        keyring.read(path)
    assert ring.keys[0].decode()[:10] not in str(failed.value)


def test_a_missing_file_says_what_to_do(path: Path) -> None:
    with pytest.raises(KeyringError, match="Restore it from your backup"):
        keyring.read(path)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyringError, match="can't be written"):
        keyring.create(tmp_path / "file" / "keys")


def test_a_ring_prints_no_key(path: Path) -> None:
    ring = keyring.create(path)
    assert repr(ring) == str(ring) == f"{ring}" == "Keyring(1 keys)"
