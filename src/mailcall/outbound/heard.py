"""What an outgoing server said it took, on file the moment it is heard.

The results of a group are committed together; a process killed before that would leave mails as unknown
that were taken for certain, and they would be sent again. A line in a file outlives the process. It need
not outlive the machine: without it a mail is unknown, as ever.
"""

import contextlib
import json
import os
from collections.abc import Sequence
from functools import cached_property
from typing import Self

from mailcall.config import config
from mailcall.outbound.models import Delivery, OutgoingServer


class Heard:
    """The file of one server; whoever works alone on that server uses it, and enters it to write."""

    def __init__(self, server: OutgoingServer) -> None:
        self._path = config().data_dir / "heard" / f"server-{server.pk}"
        self._file = -1

    def __enter__(self) -> Self:
        """Begin with nothing heard: what was is recorded."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def forget(self) -> None:
        """Its results are committed. To be called before any mail that is taken with them may be sent."""
        os.truncate(self._file, 0)

    def sent(self, deliveries: Sequence[Delivery]) -> None:
        """Note that the server took these. A disk that is full costs the note, never the mail."""
        lines = "".join(json.dumps([*_key(delivery), delivery.reply]) + "\n" for delivery in deliveries)
        with contextlib.suppress(OSError):
            os.write(self._file, lines.encode())

    def reply_to(self, delivery: Delivery) -> str | None:
        """What the server said when it took this delivery, or None when that was not heard."""
        return self._replies.get(_key(delivery))

    @cached_property
    def _replies(self) -> dict[tuple[str, str], str]:
        found = {}
        with contextlib.suppress(OSError):
            for line in self._path.read_text("utf-8", "replace").splitlines():
                with contextlib.suppress(ValueError):  # the line being written when the process died
                    message_id, recipient, reply = json.loads(line)
                    found[message_id, recipient] = reply
        return found


def _key(delivery: Delivery) -> tuple[str, str]:
    return delivery.message.message_id, delivery.recipient
