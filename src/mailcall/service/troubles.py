"""Trouble with the machine itself, in sentences for people."""

import errno
import threading

import structlog

log = structlog.get_logger("service")


def explain(error: Exception) -> str:
    """Trouble with the machine, in one sentence."""
    text = str(error)
    if "database is locked" in text:
        return "The database is locked by another process."
    if "disk is full" in text or getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full; make room."
    if "readonly" in text or getattr(error, "errno", None) in {errno.EROFS, errno.EACCES}:
        return f"The data folder can't be written ({text})."
    return text if text.endswith("?") else f"{text.rstrip('.')}."


def one_line(error: BaseException) -> str:
    """What went wrong in the first place, without line breaks."""
    return " ".join(str(error.__cause__ or error).split())


class Outage:
    """Says once that something is away, and once that it is back, however many of this process notice."""

    def __init__(self, what: str) -> None:
        """`what` is away, such as the database."""
        self._what = what
        self._lock = threading.Lock()
        self._noticed: set[str] = set()

    def seen(self, by: str, error: BaseException) -> None:
        """One who needs it can't have it."""
        with self._lock:
            first = not self._noticed
            self._noticed.add(by)
        if first:
            log.error(
                f"{self._what} away", error=f"{one_line(error)} Nothing is lost; it is tried again and again."
            )

    def over(self, by: str) -> None:
        """One who needs it has it."""
        with self._lock:
            last = self._noticed == {by}
            self._noticed.discard(by)
        if last:
            log.info(f"{self._what} back")


database_outage = Outage("database")
