"""The mark beside an embedded database that was moved, or is being moved, to another.

Two services on two copies of one desk would answer each mail twice and give a number to two calls. So
whatever works on the embedded database looks for the mark first.
"""

import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from django.utils import timezone

from mailcall.config import config
from mailcall.database.files import sync_folder


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the desk of this data folder goes to, in words for people; moments in ISO 8601."""

    id: str
    to: str
    begun_at: str
    finished_at: str = ""

    @property
    def sentence(self) -> str:
        """Why nothing works on this database, and what to do."""
        undo = "`mailcall migrate-to-postgresql --undo` has Mailcall use the old database here again"
        if self.finished_at:
            return (
                f"The desk of {config().data_dir} was moved to {self.to} on {self.finished_at[:10]}: set "
                f"`database_url`. Or, if nothing works there, {undo}."
            )
        return (
            f"The desk of {config().data_dir} is being moved to {self.to}: `mailcall migrate-to-postgresql` "
            f"with its URL goes on; {undo}."
        )


def new() -> Mark:
    """A mark for a move that begins."""
    return Mark(uuid.uuid4().hex, "PostgreSQL", timezone.now().isoformat(timespec="seconds"))


def path() -> Path:
    """Where the mark is."""
    return config().data_dir / "moved-to-postgresql"


def read() -> Mark | None:
    """The mark of this data folder, if its desk was moved. A mark that can't be read counts."""
    try:
        text = path().read_text("utf-8")
    except FileNotFoundError:
        return None
    try:
        return Mark(**json.loads(text))
    except (ValueError, TypeError):
        return Mark("", "PostgreSQL", "")


def write(mark: Mark) -> None:
    """Put the mark there, whole and on the disk. Raises OSError."""
    partial = path().with_suffix(".new")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(asdict(mark), file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path())
    sync_folder(path().parent)


def remove() -> None:
    """Have the embedded database used again. Raises OSError."""
    path().unlink(missing_ok=True)
    sync_folder(path().parent)
