"""What a run through an outgoing server took in hand, began and heard, on file the moment it happens.

The results of a group are committed together; a process killed before that would leave mails as unknown
that were taken for certain, or that never left, and they would be sent again. Lines in a file outlive the
process. They need not outlive the machine: without them a mail is unknown, as ever.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Self

from mailcall.config import config
from mailcall.outbound.models import Delivery, OutgoingServer

_BOOT = Path("/proc/sys/kernel/random/boot_id")  # another after each start of the machine: proc(5)
_Key = tuple[str, str]


@dataclass(slots=True)
class _Lines:
    """What the file says. `taken` has the number of the try, since the file may be an old one."""

    replies: dict[_Key, str] = field(default_factory=dict)
    taken: dict[_Key, int] = field(default_factory=dict)
    begun: set[_Key] = field(default_factory=set)


class Heard:
    """The file of one server; whoever works alone on that server uses it, and enters it to write."""

    def __init__(self, server: OutgoingServer) -> None:
        self._path = config().data_dir / "heard" / f"server-{server.pk}"
        self._file = -1
        self._alone = False

    def __enter__(self) -> Self:
        """Begin with nothing heard: what was is recorded."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._alone = _lock(self._file)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def took(self, group: Sequence[Delivery]) -> None:
        """What was is committed, and that these are taken: to be called before any of them is sent."""
        os.truncate(self._file, 0)
        if group and self._alone and (boot := _boot()):
            self._write([{"boot": boot, "taken": [[*_key(d), d.attempts] for d in group]}])

    def begin(self, deliveries: Sequence[Delivery]) -> None:
        """Note, before it does, that a mail may leave from now on."""
        self._write([{"begun": [_key(delivery) for delivery in deliveries]}])

    def sent(self, deliveries: Sequence[Delivery]) -> None:
        """Note that the server took these."""
        self._write([[*_key(delivery), delivery.reply] for delivery in deliveries])

    def reply_to(self, delivery: Delivery) -> str | None:
        """What the server said when it took this delivery, or None when that was not heard."""
        return self._lines.replies.get(_key(delivery))

    def never_began(self, delivery: Delivery) -> bool:
        """Whether it is certain that whoever took this delivery last died before any of it left."""
        key = _key(delivery)
        return self._lines.taken.get(key) == delivery.attempts and key not in self._lines.begun

    def _write(self, lines: Sequence[object]) -> None:
        """A disk that is full costs all notes, so that none is missing among others, and never the mail."""
        data = "".join(json.dumps(line) + "\n" for line in lines).encode()
        try:
            whole = os.write(self._file, data) == len(data)
        except OSError:
            whole = False
        if not whole:
            os.truncate(self._file, 0)

    @cached_property
    def _lines(self) -> _Lines:
        found = _Lines()
        with contextlib.suppress(OSError), self._path.open(encoding="utf-8", errors="replace") as file:
            is_dead = _lock(file.fileno())
            for line in file:
                with contextlib.suppress(ValueError):  # the line being written when the process died
                    _read(json.loads(line), found, is_dead=is_dead)
        return found


def _read(line: Any, found: _Lines, *, is_dead: bool) -> None:
    match line:
        case [message_id, recipient, reply]:
            found.replies[message_id, recipient] = reply
        case {"boot": boot, "taken": taken} if is_dead and boot == _boot():
            found.taken = {(message_id, recipient): tries for message_id, recipient, tries in taken}
        case {"begun": begun}:
            found.begun |= {(message_id, recipient) for message_id, recipient in begun}


def _lock(file: int) -> bool:
    """Whether nobody who lives has the file, as who is frozen does, and may go on to send."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@cache
def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def _key(delivery: Delivery) -> _Key:
    return delivery.message.message_id, delivery.recipient
