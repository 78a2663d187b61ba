"""Named moments between the steps of whatever must survive a kill, at which a test can kill the process.

`MAILCALL_KILL_AT=act.committed:3` sends SIGKILL to this process when it passes there for the third time.
`MAILCALL_FREEZE_AT` likewise sends SIGSTOP, until the test sends SIGCONT. Without these variables a
checkpoint costs one comparison.
"""

import os
import signal

_freeze_at = os.environ.get("MAILCALL_FREEZE_AT", "")
_name, _, _count = (_freeze_at or os.environ.get("MAILCALL_KILL_AT", "")).partition(":")
_left = int(_count or 1)

NAMES = (
    "collect.fetched",
    "collect.journalled",
    "collect.disposed",
    "accept.received",
    "accept.kept",
    "accept.journalled",
    "act.read",
    "act.counted",
    "act.kept",
    "act.applied",
    "act.committed",
    "deliver.leased",
    "deliver.sent",
    "deliver.recorded",
    "due.done",
    "due.committed",
    "retention.removed",
    "retention.committed",
    "retention.aside",
)
# The same for what is done with a whole desk while no service runs on it.
UPKEEP = (
    "move.begun",
    "move.copied",
    "move.committed",
    "move.finished",
    "backup.copied",
    "backup.written",
    "backup.verified",
    "restore.unpacked",
    "restore.ready",
    "restore.kept",
    "restore.filled",
    "restore.switched",
)


def checkpoint(name: str) -> None:
    """Die or freeze here, if this is where a test wants it."""
    global _left  # noqa: PLW0603  one process dies once
    if name == _name:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGSTOP if _freeze_at else signal.SIGKILL)
