"""Big files appear whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from mailcall.database.files import DurableFiles


@pytest.fixture
def storage(tmp_path: Path) -> DurableFiles:
    return DurableFiles(location=tmp_path / "files")


def test_a_file_is_kept_and_read(storage: DurableFiles) -> None:
    assert storage.save("ab/cd/abcd", ContentFile(b"bytes")) == "ab/cd/abcd"
    with storage.open("ab/cd/abcd") as file:
        assert file.read() == b"bytes"


def test_one_that_stops_half_way_leaves_nothing(storage: DurableFiles, tmp_path: Path) -> None:
    class Cut(ContentFile):
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"half"
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        storage.save("ab/cd/abcd", Cut(b""))
    assert not storage.exists("ab/cd/abcd")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_name_cannot_leave_the_folder(storage: DurableFiles) -> None:
    with pytest.raises(Exception, match=r"[Pp]ath traversal|Detected"):
        storage.save("../outside", ContentFile(b"x"))


def test_the_same_bytes_kept_twice_at_once_are_never_away(storage: DurableFiles, tmp_path: Path) -> None:
    storage.save("ab/cd/abcd", ContentFile(b"bytes"))
    assert storage.save("ab/cd/abcd", ContentFile(b"bytes")) == "ab/cd/abcd"
    assert [path.name for path in (tmp_path / "files/ab/cd").iterdir()] == ["abcd"]
