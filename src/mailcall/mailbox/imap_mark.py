"""How far a folder is done with: a high-water mark, and the few mails below it that are not."""

from collections.abc import Collection, Iterable

MOST_OWED = 500  # UIDs beside the mark; RFC 7162 4: keep a command line below 8192 bytes


class Mark:
    """Every mail up to `after` is done with, but for those in `owed`.

    Done with means that the journal holds it and it stays, or that it is gone. A mail that the server will
    not hand over is owed and does not hold the mark back, unless it is one of more than `MOST_OWED`.
    """

    def __init__(self, text: str = "") -> None:
        """From what `str` gave."""
        after, _, owed = text.partition(":")
        self.after = int(after or 0)
        self.owed = {int(uid) for uid in owed.split(",") if uid}
        self._staying = set[int]()  # above the mark, done with
        self._pending = set(self.owed)  # listed, not done with
        self._tried = set(self.owed)

    def __str__(self) -> str:
        owed = ",".join(map(str, sorted(self.owed)))
        return f"{self.after}:{owed}" if owed else str(self.after)

    def new_among(self, found: Iterable[int]) -> list[int]:
        """Those to be listed, in order. What is owed must be looked for too, or it counts as gone."""
        new = sorted({uid for uid in found if uid > self.after or uid in self.owed} - self._staying)
        self.owed.intersection_update(new)
        return new

    def listed(self, uids: Collection[int]) -> None:
        """These are to be done with next."""
        self._pending = set(uids) | self.owed
        self._tried = set(self.owed)

    def tried(self, uids: Collection[int]) -> None:
        """These were asked for; those that did not come must not hold the others up."""
        self._tried.update(uids)

    def stay(self, uids: Collection[int]) -> None:
        """The journal holds these, and they stay where they are."""
        self._staying.update(uid for uid in uids if uid > self.after)
        self.gone(uids)

    def gone(self, uids: Collection[int]) -> None:
        """These were deleted or moved."""
        self._pending.difference_update(uids)
        self.owed.difference_update(uids)
        self._rise()

    def _rise(self) -> None:
        """As far as nothing that is still to come lies below, and to a mail that stays."""
        stuck = sorted(self._pending & self._tried)
        untried = min(self._pending - self._tried, default=None)
        ends = [*stuck[MOST_OWED : MOST_OWED + 1], *([] if untried is None else [untried])]
        reached = {uid for uid in self._staying if not ends or uid < min(ends)}
        self.after = max([self.after, *reached])
        self.owed = {uid for uid in stuck if uid <= self.after}
        self._staying -= reached
