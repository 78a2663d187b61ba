"""Mailboxes reached by POP3 (RFC 1939): what is there, the bytes, deletion when the session ends.

A session sees the mails that were there when it began, by numbers that hold for it alone, and deletes what
it was told to only after its QUIT. So a mail is deleted in the session in which it was fetched, or not at
all: neither a number nor a UIDL, which some servers use again, can lead to the wrong one.
"""

import hashlib
import logging
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self, TypeVar

from mailcall.mailbox.batches import batches
from mailcall.mailbox.connecting import scrub, where
from mailcall.mailbox.interface import (
    BATCH_BYTES,
    BATCH_MAILS,
    BIG,
    LIST_MAILS,
    MOST_HEADER,
    Disposal,
    Fetched,
    Listed,
    MailboxError,
    MailboxSettings,
)
from mailcall.mailbox.pop3_listing import MOST_OWED, Entry, Hashing, Prefix, read_listing, renumber
from mailcall.mailbox.pop3_sign_in import connect, is_temporary, sentences
from mailcall.mailbox.pop3_wire import Refused, Wire
from mailcall.mailbox.waking import Waker

log = logging.getLogger(__name__)
T = TypeVar("T")

QUIT_PATIENCE = 4  # times the time-out of an answer: the server deletes thousands of mails meanwhile
QUIT_SECONDS = 2.0  # where nothing is to be deleted


class Pop3Mailbox:
    """One signed-in session after another. See `Mailbox` for the contract."""

    can_push = False

    def __init__(self, settings: MailboxSettings) -> None:
        self._settings = settings
        self._keep = settings.disposal is Disposal.KEEP
        self._wire: Wire | None = None
        self._waker = Waker()
        self._listings = 0
        self._entries = dict[str, Entry]()  # by key, of the last listing: those not disposed of
        self._fetched = set[str]()  # keys, in this session
        self._deleted = list[int]()  # numbers, in this session
        self._refusal: Refused | None = None  # of deletions
        self._refused = 0  # how many of them
        self._progress = True  # something was disposed of since the last listing, or that was not full
        self._prefix = Prefix.read(settings.high_water, self._epoch())
        self._hashing = Hashing()
        self._above = deque[Entry]()  # the prefix
        self._staying = set[int]()  # numbers above the prefix that are done with too
        self._unread = set[int]()  # numbers that were asked for and did not come

    def __enter__(self) -> Self:
        if self._settings.disposal is Disposal.MOVE:
            raise MailboxError(
                "POP3 has no folders to move mail to; delete or keep it, or use IMAP.", temporary=False
            )
        self._wire = connect(self._settings)
        return self

    def __exit__(self, kind: object = None, *_: object) -> None:
        try:
            self._close()
            self._tell_of_refusals()
        except MailboxError:
            if kind is None:
                raise
        finally:
            self._waker.close()

    @property
    def high_water(self) -> str:
        """`epoch:` and a `Prefix`; empty where nothing stays."""
        return self._prefix.written(self._epoch()) if self._keep or self._prefix.count else ""

    def list(self) -> Sequence[Listed]:
        """The first mails, as the server orders them. What came since this session began is in the next."""
        self._tell_of_refusals()
        if not self._progress:
            raise MailboxError(
                f"None of the first {LIST_MAILS} mails of {self._settings.login} at "
                f"{where(self._settings)} can be read; look at them with another program.",
                temporary=True,
            )
        if self._deleted:
            self._entries.clear()
            self._open_again()
        with sentences(self._settings):
            listing = read_listing(self._session, self._prefix, LIST_MAILS + len(self._staying))
        if self._keep and not listing.has_uidl:
            raise MailboxError(
                f"The server {where(self._settings)} has no UIDL, which tells kept mails from new ones; "
                "delete them instead, or use IMAP.",
                temporary=False,
            )
        self._hashing, self._above = listing.hashing, deque(listing.entries)
        self._prefix = self._hashing.prefix()
        new = [entry for entry in listing.entries if entry.number not in self._staying][:LIST_MAILS]
        self._progress = len(new) < LIST_MAILS
        self._listings += 1
        self._entries = {f"{self._listings}:{entry.number}": entry for entry in (*listing.owed, *new)}
        self._fetched.clear()
        self._unread.clear()
        may_stay = [self._name(e) for e in self._entries.values() if self._keep or self._is_too_big(e)]
        names = Counter(may_stay)
        return [
            Listed(key, None, entry.size, name if names[name] == 1 and entry.uidl else None)
            for key, entry in self._entries.items()
            for name in [self._name(entry)]
        ]

    def fetch(self, listed: Sequence[Listed], spool: Path) -> Iterator[Fetched]:
        """All commands of a batch ahead of the answers, where the server can do that."""
        limit = self._settings.session_limit
        if 0 < limit < len(self._deleted) + len(listed) and self._deleted:
            self._open_again()
        for batch in batches(listed):
            got = self._fetch([mail.key for mail in batch], spool)
            try:
                for key in [*got]:
                    yield got.pop(key)
            finally:  # what the caller did not want any more
                for left in got.values():
                    if left.file:
                        left.file.unlink(missing_ok=True)

    def dispose(self, keys: Sequence[str]) -> None:
        """Mark as deleted what was fetched in this session; QUIT deletes it. Or leave it."""
        if self._keep:
            self.set_aside(keys)
            return
        entries = [self._entries.pop(key) for key in dict.fromkeys(keys) if key in self._fetched]
        self._fetched.difference_update(keys)
        with sentences(self._settings):
            for part in self._portions(entries):
                self._session.send([b"DELE %d" % entry.number for entry in part])
                for entry in part:
                    self._mark_deleted(entry)

    def set_aside(self, keys: Sequence[str]) -> None:
        """Leave them, and lengthen the prefix, but never past a mail that is still to come."""
        for key in keys:
            if entry := self._entries.pop(key, None):
                self._staying.add(entry.number)
                self._hashing.owed.discard(entry.number)
                self._progress = True
        while self._above and self._may_pass(self._above[0]):
            entry = self._above.popleft()
            self._hashing.add(entry)
            if entry.number not in self._staying:
                self._hashing.owed.add(entry.number)
            self._staying.discard(entry.number)
        self._prefix = self._hashing.prefix()

    def _may_pass(self, entry: Entry) -> bool:
        """What the server would not hand over is owed; its line is found again if its number is its place."""
        if entry.number in self._staying:
            return True
        hashing = self._hashing
        return (
            entry.number in self._unread
            and entry.number == hashing.count + 1
            and len(hashing.owed) < MOST_OWED
        )

    def wait(self, seconds: float) -> bool:
        """Sleep: nothing new can come into an open session, and it should not be open meanwhile."""
        if not self._waker.woken() and self._waker.sleep(seconds):
            self._waker.woken()
        return False

    def interrupt(self) -> None:
        """End the wait."""
        self._waker.wake()

    @property
    def _session(self) -> Wire:
        if self._wire is None:
            raise MailboxError("The mailbox is not open.", temporary=False)
        return self._wire

    def _close(self) -> None:
        """QUIT. If that fails, nothing may have been deleted: MailboxError, if anything was to be."""
        wire, self._wire = self._wire, None
        deleted, self._deleted = self._deleted, []
        if wire is None:
            return
        try:
            with sentences(self._settings):
                try:
                    wire.quit(self._settings.timeout * QUIT_PATIENCE if deleted else QUIT_SECONDS)
                except Refused as refusal:
                    self._refusal, self._refused = self._refusal or refusal, self._refused + len(deleted)
        except MailboxError:
            if deleted:
                raise

    def _tell_of_refusals(self) -> None:
        refusal, count = self._refusal, self._refused
        self._refusal, self._refused = None, 0
        if refusal and count:
            said = scrub(refusal.text, self._settings) or "-ERR"
            raise MailboxError(
                f"The server {where(self._settings)} did not delete {count} of the mails that the "
                f"journal holds ({said}); it hands them over again at every check.",
                temporary=is_temporary(refusal),
            )

    def _open_again(self) -> None:
        """End the session, which deletes, and begin another, in which the mails have other numbers."""
        deleted = self._deleted
        self._close()
        self._tell_of_refusals()
        self._wire = connect(self._settings)
        self._fetched.clear()
        if not self._keep:  # the numbers are others now
            self._above.clear()
            self._staying.clear()
            self._hashing, self._prefix = Hashing(), Prefix(0, "")
        if self._entries:
            with sentences(self._settings):
                renumber(self._session, [*self._entries.values()], deleted)

    def _fetch(self, keys: Sequence[str], spool: Path) -> dict[str, Fetched]:
        """What the server hands over of these mails. One that it refuses does not keep back the others."""
        got = dict[str, Fetched]()
        refusal: Refused | None = None
        wanted = [key for key in keys if key in self._entries and self._entries[key].number]
        try:
            with sentences(self._settings):
                for part in self._portions(wanted):
                    self._session.send([self._request(self._entries[key]) for key in part])
                    for key in part:
                        refusal = self._receive(key, got, spool) or refusal
        except BaseException:
            for fetched in got.values():
                if fetched.file:
                    fetched.file.unlink(missing_ok=True)
            raise
        if refusal and not got and len(wanted) > 1:  # not one bad mail, but a bad session
            with sentences(self._settings):
                raise refusal
        self._fetched.update(got)
        self._unread.update(self._entries[key].number for key in wanted if key not in got)
        return got

    def _is_too_big(self, entry: Entry) -> bool:
        """By what the server says. One without TOP (RFC 1939 7) hands over whole mails only."""
        can = self._session.capabilities is None or "TOP" in self._session.capabilities
        return can and 0 < self._settings.size_limit < (entry.size or 0)

    def _request(self, entry: Entry) -> bytes:
        return b"TOP %d 0" % entry.number if self._is_too_big(entry) else b"RETR %d" % entry.number

    def _receive(self, key: str, got: dict[str, Fetched], spool: Path) -> Refused | None:
        """One mail more; its size is what came, whatever the listing said."""
        entry = self._entries[key]
        name = self._name(entry, sized=False)
        try:
            self._session.answer()
        except Refused as refusal:
            log.warning("%s was not handed over: %s", name, scrub(refusal.text, self._settings))
            return refusal
        if self._is_too_big(entry):
            got[key] = self._header(key, entry, spool)
            return None
        held = sum(len(mail.raw or b"") for mail in got.values())
        body = self._session.mail(spool, above=min(BIG, BATCH_BYTES - held))
        got[key] = Fetched(
            key=key,
            identity=f"{name}/{body.sha256}",
            size=body.size,
            raw=body.content if isinstance(body.content, bytes) else None,
            file=None if isinstance(body.content, bytes) else body.content,
        )
        return None

    def _header(self, key: str, entry: Entry, spool: Path) -> Fetched:
        """Of a mail that is too big, whose size stands in its identity for the bytes that are not here."""
        body = self._session.mail(spool, above=MOST_HEADER)
        content = body.content
        if isinstance(content, Path):
            with content.open("rb") as file:
                raw = file.read(MOST_HEADER)
            content.unlink()
        else:
            raw = content
        identity = f"{self._name(entry)}/header/{body.sha256}"
        return Fetched(key, identity, entry.size or 0, raw, header_only=True)

    def _mark_deleted(self, entry: Entry) -> None:
        try:
            self._session.answer()
        except Refused as refusal:
            self._refusal, self._refused = refusal, self._refused + 1
        else:
            self._deleted.append(entry.number)
            self._progress = True

    def _portions(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        """As many as may be under way at once."""
        step = BATCH_MAILS if self._session.pipelining else 1
        for first in range(0, len(items), step):
            yield items[first : first + step]

    def _name(self, entry: Entry, *, sized: bool = True) -> str:
        """What the listing tells of a mail. Without the port: 110 and 995 lead to the same mails."""
        start = f"pop3:{self._settings.login}@{self._settings.server.casefold()}/{entry.uidl}"
        return f"{start}/{entry.size}" if sized else start

    def _epoch(self) -> str:
        """A mark counts for one mailbox, and for one disposal: what was kept is to go under another."""
        settings = self._settings
        what_for = (settings.server.casefold(), settings.login, settings.disposal)
        return hashlib.sha256("\0".join(what_for).encode()).hexdigest()[:12]
