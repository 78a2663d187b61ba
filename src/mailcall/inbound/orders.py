"""What goes between the service and the processes that read mails for it."""

import pickle
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailcall.inbound.reading import Reading
from mailcall.message.records import Record

SIZE = struct.Struct("!Q")  # of the pickle that follows it
NUMBER = struct.Struct("!i")  # on a lifeline: the process id, and then the status of waitpid(2)


@dataclass(frozen=True, slots=True)
class Order(Record):
    """A mail to be read: its bytes, or the file that has them, and what else `reading.read` takes.

    `seconds` of computing and `memory` in bytes are what reading it may cost.
    """

    source: bytes | Path
    about: tuple[Any, ...]
    seconds: float
    memory: int


@dataclass(slots=True)
class Answer(Record):
    """What came of an order: a reading, why there is none, or trouble that is not the mail's fault.

    After one that is `last` the process ends.
    """

    reading: Reading | None = None
    error: str = ""
    trouble: OSError | None = None
    last: bool = False


def packed(thing: Order | Answer | None) -> bytes:
    """What goes over the socket."""
    data = pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)
    return SIZE.pack(len(data)) + data
