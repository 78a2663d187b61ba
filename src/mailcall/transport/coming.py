"""The mails that come next, made while the server is busy with the one before."""

from collections import deque
from collections.abc import Iterable

from mailcall.transport.interface import Envelope

MOST = 2  # mails
ENOUGH = 128 * 1024  # bytes of them, so that big ones are made one by one


class Coming:
    """The mails to send, some of them made before their turn."""

    def __init__(self, envelopes: Iterable[Envelope]) -> None:
        self._envelopes = iter(envelopes)
        self._made: deque[Envelope] = deque()

    def make(self) -> None:
        """Have a few made."""
        while len(self._made) < MOST and sum(len(envelope.mail) for envelope in self._made) < ENOUGH:
            envelope = next(self._envelopes, None)
            if envelope is None:
                return
            self._made.append(envelope)

    def take(self) -> Envelope | None:
        """The next one, or None after the last."""
        if not self._made:
            self.make()
        return self._made.popleft() if self._made else None

    def following(self) -> Envelope | None:
        """What `take` would give now, if it is made."""
        return self._made[0] if self._made else None
