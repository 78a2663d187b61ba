"""What the service does every so often: once, however many workers there are."""

import time

from mailcall.config import config

# Jobs, and after how many seconds each is due again.
EVERYWHERE = {"sweep": 1.0, "alarms": 20.0, "due": 10.0, "escalate": 5.0, "retention": 60.0}
EMBEDDED = {**EVERYWHERE, "clock": 20.0}
DISTRIBUTED = {**EVERYWHERE, "tidy": 5.0}


class Periodic:
    """Says what is due. Asked about once a second."""

    def __init__(self) -> None:
        self._done: dict[str, float] = {}

    def due(self) -> list[str]:
        """The jobs that are due now, and that this worker has to see to."""
        if not config().embedded:
            from mailcall.service.leases import take_turns

            return take_turns(DISTRIBUTED)
        now = time.monotonic()
        due = [job for job, seconds in EMBEDDED.items() if now - self._done.get(job, -seconds) >= seconds]
        self._done |= dict.fromkeys(due, now)
        return due
