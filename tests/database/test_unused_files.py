"""A file that nothing names goes, unless somebody keeps the same bytes at that very moment."""

import os
import time
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage

from mailcall.database import unused_files
from mailcall.database.files import DurableFiles
from mailcall.database.unused_files import NoFolder, discard, left_aside, recover, renew

NAME = "ab/cd/abcd"


@pytest.fixture
def storage(tmp_path: Path) -> DurableFiles:
    """A storage with one file, written two days ago."""
    made = DurableFiles(location=tmp_path)
    made.save(NAME, ContentFile(b"bytes"))
    os.utime(made.path(NAME), (time.time() - 172_800,) * 2)
    return made


def unwanted() -> bool:
    return False


def yesterday() -> float:
    return time.time() - 86_400


def test_an_old_file_that_nothing_names_goes(storage: DurableFiles) -> None:
    assert discard(storage, NAME, before=yesterday(), wanted=unwanted)
    assert not storage.exists(NAME)
    assert not left_aside(storage)
    assert discard(storage, NAME, before=yesterday(), wanted=unwanted)  # gone is gone


def test_a_file_that_is_kept_once_more_counts_as_new(storage: DurableFiles) -> None:
    assert renew(storage, NAME, 5)
    assert not discard(storage, NAME, before=yesterday(), wanted=unwanted)
    assert storage.open(NAME).read() == b"bytes"


def test_half_a_file_and_none_are_not_there(storage: DurableFiles) -> None:
    assert not renew(storage, NAME, 6)
    assert not renew(storage, "ab/cd/none", 5)


def test_a_file_that_a_row_names_meanwhile_is_put_back(storage: DurableFiles) -> None:
    assert not discard(storage, NAME, before=yesterday(), wanted=lambda: True)
    assert storage.open(NAME).read() == b"bytes"
    assert not left_aside(storage)


def test_one_that_is_kept_between_the_look_and_the_move_is_put_back(
    storage: DurableFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def kept_just_before(path: Path, target: Path) -> Path:
        assert renew(storage, NAME, 5)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", kept_just_before)
    assert not discard(storage, NAME, before=yesterday(), wanted=unwanted)
    assert storage.open(NAME).read() == b"bytes"


def test_whoever_keeps_the_bytes_while_they_are_aside_finds_none_and_writes_them_anew(
    storage: DurableFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept_meanwhile(_: str) -> None:
        assert not renew(storage, NAME, 5)
        storage.save(NAME, ContentFile(b"bytes"))

    monkeypatch.setattr(unused_files, "checkpoint", kept_meanwhile)
    discard(storage, NAME, before=yesterday(), wanted=unwanted)
    assert storage.open(NAME).read() == b"bytes"


def test_one_moved_between_its_touch_and_the_second_look_is_written_anew(
    storage: DurableFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch = os.utime

    def touched_then_gone(path: Path) -> None:
        touch(path)
        Path(path).rename(Path(path).with_suffix(".moved"))

    monkeypatch.setattr(os, "utime", touched_then_gone)
    assert not renew(storage, NAME, 5)


def test_what_a_dead_remover_left_aside_is_put_back(
    storage: DurableFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(unused_files, "checkpoint", die)
    with pytest.raises(KeyboardInterrupt):
        discard(storage, NAME, before=yesterday(), wanted=unwanted)
    assert not storage.exists(NAME)
    assert len(left_aside(storage)) == 1
    recover(storage)
    assert storage.open(NAME).read() == b"bytes"
    assert not left_aside(storage)


def test_a_storage_that_is_no_folder_is_left_to_its_owner() -> None:
    storage = InMemoryStorage()
    storage.save("x", ContentFile(b"1"))
    assert renew(storage, "x", 1)
    with pytest.raises(NoFolder, match="for its owner"):
        discard(storage, "x", before=time.time(), wanted=unwanted)
