"""Mailboxes reached by IMAP (RFC 3501): what is there, the bytes in batches, disposal by UID, IDLE."""

import contextlib
import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from mailcall.mailbox.batches import batches
from mailcall.mailbox.connecting import scrub, where
from mailcall.mailbox.imap_data import HEADER, WHOLE, Content, content_in, found_in, sizes_in, uid_set
from mailcall.mailbox.imap_folder_names import encode_folder
from mailcall.mailbox.imap_mark import Mark
from mailcall.mailbox.imap_sign_in import connect, is_temporary, sentences
from mailcall.mailbox.imap_wire import Refused, Wire, discard
from mailcall.mailbox.interface import (
    BIG,
    LIST_MAILS,
    Disposal,
    Fetched,
    FolderError,
    Listed,
    MailboxError,
    MailboxSettings,
)
from mailcall.mailbox.waking import Waker

log = logging.getLogger(__name__)

IDLE_SECONDS = 9 * 60  # RFC 2177 asks for less than 29 minutes; routers forget a silent connection earlier
SIZES_AT_ONCE = 2_000
UIDS_AT_ONCE = 500  # RFC 7162 4: keep a command line below 8192 bytes

_VALIDITY = re.compile(rb"\[UIDVALIDITY (\d{1,18})\]")
_COUNTED = re.compile(rb"(\d{1,18}) (EXISTS|EXPUNGE)$", re.IGNORECASE)


class ImapMailbox:
    """One signed-in session with one folder selected. See `Mailbox` for the contract."""

    can_push = False

    def __init__(self, settings: MailboxSettings) -> None:
        self._settings = settings
        self._folder = "INBOX" if settings.folder.upper() == "INBOX" else settings.folder  # RFC 3501 5.1
        self._wire: Wire | None = None
        self._waker = Waker()
        self._validity = 0
        self._mark = Mark()
        self._exists = 0
        self._news = False  # the folder grew since the last list
        self._disposed = 0
        self._refusal: Refused | None = None  # of disposals
        self._refused = 0  # how many of them
        self._warned = False

    def __enter__(self) -> Self:
        if self._settings.disposal is Disposal.MOVE and not self._settings.move_to:
            raise MailboxError("Mails are to be moved, but no folder is named; name one.", temporary=False)
        self._waker.open()
        try:
            self._open()
        except BaseException:
            self._waker.close()
            raise
        start = f"{self._epoch()}:{self._validity}:"
        mark = re.fullmatch(start + "([0-9]+(?::[0-9]+(?:,[0-9]+)*)?)", self._settings.high_water)
        self._mark = Mark(mark[1] if mark else "")
        return self

    def __exit__(self, kind: object = None, *_: object) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None
        self._waker.close()
        if kind is None:
            self._tell_of_refusals()

    @property
    def high_water(self) -> str:
        """`epoch:UIDVALIDITY:` and a `Mark`; empty where all is deleted or moved, so that none is needed."""
        keep = self._settings.disposal is Disposal.KEEP
        return f"{self._epoch()}:{self._validity}:{self._mark}" if keep or self._mark.after else ""

    def list(self) -> Sequence[Listed]:
        """Undeleted mails by UID, oldest first, with their sizes."""
        self._tell_of_refusals()
        with sentences(self._settings):
            self._session.command(b"NOOP")  # some servers let SEARCH see new mail only after this
            self._news = False
            uids = self._mark.new_among(self._search())
            self._news = self._news or len(uids) > LIST_MAILS
            uids = uids[:LIST_MAILS]
            self._mark.listed(uids)
            sizes = self._sizes(uids)
        return [Listed(str(uid), self._identity(uid), sizes.get(uid)) for uid in uids]

    def fetch(self, listed: Sequence[Listed], spool: Path) -> Iterator[Fetched]:
        """One command for each batch; nothing is asked of the server while the caller holds one."""
        limit = self._settings.size_limit
        for batch in batches(listed):
            big = {int(mail.key): mail.size for mail in batch if mail.size and 0 < limit < mail.size}
            uids = [int(mail.key) for mail in batch]
            self._mark.tried(uids)
            got = self._fetch([uid for uid in uids if uid not in big], spool, WHOLE)
            for uid, header in self._fetch([*big], spool, HEADER).items():
                got[uid] = replace(header, size=big[uid], header_only=True)
            try:
                for uid in uids:
                    if fetched := got.pop(uid, None):
                        yield fetched
            finally:  # what the caller did not want any more
                for left in got.values():
                    if left.file:
                        left.file.unlink(missing_ok=True)

    def dispose(self, keys: Sequence[str]) -> None:
        """Delete or move by UID, never by a plain EXPUNGE: others may have flagged mails of their own."""
        uids = sorted({int(key) for key in keys})
        match self._settings.disposal:
            case Disposal.KEEP:
                self._mark.stay(uids)
            case Disposal.MOVE:
                self._in_parts(self._move, uids)
            case Disposal.DELETE:
                self._in_parts(self._delete, uids)

    def set_aside(self, keys: Sequence[str]) -> None:
        """Move, or leave and raise the mark."""
        uids = sorted({int(key) for key in keys})
        if self._settings.move_to and self._settings.disposal is not Disposal.KEEP:
            self._in_parts(self._move, uids)
        else:
            self._mark.stay(uids)

    def _in_parts(self, remove: Callable[[Sequence[int]], None], uids: Sequence[int]) -> None:
        """As many with one command as its line holds, and in one session as its limit allows."""
        limit = self._settings.session_limit
        while uids:
            count = min(UIDS_AT_ONCE, max(1, limit - self._disposed)) if limit > 0 else UIDS_AT_ONCE
            part, uids = uids[:count], uids[count:]
            if not self._may(remove, part):
                continue
            self._mark.gone(part)
            self._disposed += len(part)
            if 0 < limit <= self._disposed:
                self._open_again()

    def _may(self, remove: Callable[[Sequence[int]], None], uids: Sequence[int]) -> bool:
        """Whether the server removes them. A refusal is told later, so that it keeps no new mail back."""
        with sentences(self._settings):
            try:
                remove(uids)
            except Refused as refusal:
                if refusal.status != "NO":
                    raise
                self._refusal, self._refused = refusal, self._refused + len(uids)
                return False
        return True

    def _tell_of_refusals(self) -> None:
        refusal, count = self._refusal, self._refused
        self._refusal, self._refused = None, 0
        if refusal:
            said = scrub(refusal.text, self._settings) or refusal.status
            raise MailboxError(
                f"The server {where(self._settings)} did not remove {count} of the mails that the journal "
                f"holds ({said}); it is asked again at every check.",
                temporary=is_temporary(refusal),
            )

    def wait(self, seconds: float) -> bool:
        """IDLE where the server has it, renewed in time; else sleep. Tells at once what came since `list`."""
        end = time.monotonic() + seconds
        while not self._news and (left := end - time.monotonic()) > 0 and not self._waker.woken():
            if not self.can_push:
                self._waker.sleep(left)
                continue
            with sentences(self._settings):
                self._session.command(b"NOOP")  # RFC 3501 6.1.2: tells what came before IDLE begins
                if not self._news:
                    self._session.idle(lambda: self._news, self._waker.fileno(), min(left, IDLE_SECONDS))
        news, self._news = self._news, False
        return news

    def interrupt(self) -> None:
        """End the wait."""
        self._waker.wake()

    @property
    def _session(self) -> Wire:
        if self._wire is None:
            raise MailboxError("The mailbox is not open.", temporary=False)
        return self._wire

    def _open(self) -> None:
        self._wire = connect(self._settings, self._hear)
        try:
            self.can_push = "IDLE" in self._wire.capabilities
            self._select()
        except BaseException:
            self._wire.hang_up()
            self._wire = None
            raise

    def _open_again(self) -> None:
        """Some servers slow down or refuse after many commands; a new session also commits the disposals."""
        validity = self._validity
        self._session.close()
        self._open()
        self._disposed = 0
        if self._validity != validity:
            raise FolderError(
                f"The folder {self._folder} at {self._settings.server} was rebuilt meanwhile; list it again.",
                temporary=True,
            )

    def _select(self) -> None:
        settings, keep = self._settings, self._settings.disposal is Disposal.KEEP
        self._exists = 0
        with sentences(settings):
            try:
                # EXAMINE changes nothing, not even \Recent (RFC 3501 6.3.2)
                answer = self._session.command(b"EXAMINE" if keep else b"SELECT", encode_folder(self._folder))
            except Refused as refusal:
                raise FolderError(
                    f"The folder {self._folder} of {settings.login} at {settings.server} can't be opened "
                    f"({scrub(refusal.text, settings)}); check its name and the account's rights.",
                    temporary=is_temporary(refusal),
                ) from None
        self._news = False
        found = [match for response in answer if (match := _VALIDITY.search(response.text))]
        if not found or any(b"[UIDNOTSTICKY]" in response.text for response in answer):
            raise FolderError(
                f"The server {settings.server} gives the mails of {self._folder} no lasting numbers; "
                "use POP3 for this mailbox.",
                temporary=False,
            )
        self._validity = int(found[-1][1])

    def _hear(self, text: bytes) -> None:
        """RFC 3501 7.3.1, 7.4.1: EXISTS tells the folder's size, EXPUNGE that it shrank by one."""
        if match := _COUNTED.match(text):
            if match[2].upper() == b"EXPUNGE":
                self._exists -= 1
            else:
                self._news = self._news or int(match[1]) > self._exists
                self._exists = int(match[1])

    def _identity(self, uid: int) -> str:
        """Without the port: 143 and 993 lead to the same mails."""
        settings = self._settings
        return f"imap:{settings.login}@{settings.server.casefold()}/{self._folder}/{self._validity}/{uid}"

    def _epoch(self) -> str:
        """A mark counts for one folder of one login: others may have the same UIDVALIDITY.

        And for one disposal: what was kept is to go under another, and what was left may be moved.
        """
        settings = self._settings
        names = (
            settings.server.casefold(),
            settings.login,
            self._folder,
            settings.disposal,
            settings.move_to,
        )
        return hashlib.sha256("\0".join(names).encode()).hexdigest()[:12]

    def _search(self) -> Sequence[int]:
        """What may be new, and what is owed. `n:*` always finds the last mail (RFC 3501 6.4.8)."""
        mark = self._mark
        wanted = b"%s,%d:*" % (uid_set(sorted(mark.owed)), mark.after + 1)
        answer = self._session.command(b"UID SEARCH UID %s UNDELETED" % wanted.lstrip(b","))
        return found_in(answer)

    def _sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """In bytes, of those that the server tells of."""
        owed, new = [uid for uid in uids if uid in self._mark.owed], [*uids]
        del new[: len(owed)]  # they are the first
        sets = [uid_set(owed)] if owed else []
        parts = (new[first : first + SIZES_AT_ONCE] for first in range(0, len(new), SIZES_AT_ONCE))
        sets += [b"%d:%d" % (part[0], part[-1]) for part in parts]
        sizes = dict[int, int]()
        for some in sets:
            sizes |= sizes_in(self._session.command(b"UID FETCH", some, b"(RFC822.SIZE)"))
        return sizes

    def _fetch(self, uids: Sequence[int], spool: Path, items: bytes) -> dict[int, Fetched]:
        """What the server still has of these mails: `items` is WHOLE or HEADER.

        A NO may mean that one of them is gone or broken (RFC 5530 EXPUNGEISSUED): those that did not come
        along are asked for singly, so that one bad mail does not keep back the others.
        """
        if not uids:
            return {}
        with sentences(self._settings):
            responses, refusal = self._session.try_command(
                b"UID FETCH", uid_set(uids), items, spool=spool, above=BIG
            )
            if refusal and refusal.status != "NO":
                discard(responses)
                raise refusal
        wanted = set(uids)
        got = dict[int, Fetched]()
        for response in responses:
            content = content_in(response)
            if content and content.uid in wanted:
                got[content.uid] = self._fetched(content)
            else:
                discard([response])
        missing = [uid for uid in uids if uid not in got]
        if refusal and len(uids) > 1:
            for uid in missing:
                got |= self._fetch([uid], spool, items)
        elif refusal and missing and refusal.code != "EXPUNGEISSUED":
            log.warning(
                "%s was not handed over: %s", self._identity(uids[0]), scrub(refusal.text, self._settings)
            )
        return got

    def _fetched(self, content: Content) -> Fetched:
        body = content.body
        return Fetched(
            key=str(content.uid),
            identity=self._identity(content.uid),
            size=len(body) if isinstance(body, bytes) else body.stat().st_size,
            raw=body if isinstance(body, bytes) else None,
            file=body if isinstance(body, Path) else None,
            arrived=content.arrived,
        )

    def _delete(self, uids: Sequence[int]) -> None:
        some = uid_set(uids)
        with _gone_is_no_error():
            self._session.command(b"UID STORE", some, rb"+FLAGS.SILENT (\Deleted)")
        if "UIDPLUS" in self._session.capabilities:
            with _gone_is_no_error():
                self._session.command(b"UID EXPUNGE", some)  # RFC 4315 2.1
        elif not self._warned:
            self._warned = True
            log.warning(
                "%s has no UIDPLUS: mails of %s are flagged as deleted and stay until somebody expunges them",
                self._settings.server,
                self._folder,
            )

    def _move(self, uids: Sequence[int]) -> None:
        target, wire = encode_folder(self._settings.move_to), self._session
        verb = b"UID MOVE" if "MOVE" in wire.capabilities else b"UID COPY"  # RFC 6851
        _, refusal = wire.try_command(verb, uid_set(uids), target)
        if refusal and refusal.code == "EXPUNGEISSUED":  # one was gone, so none was moved (RFC 3501 6.4.7)
            if len(uids) > 1:
                for uid in uids:
                    self._move([uid])
            return
        if refusal and is_temporary(refusal):
            raise refusal
        if refusal:
            self._make_folder(target)
            wire.command(verb, uid_set(uids), target)
        if verb == b"UID COPY":
            self._delete(uids)

    def _make_folder(self, target: str) -> None:
        with contextlib.suppress(Refused):  # it may be there by now
            self._session.command(b"CREATE", target)


@contextlib.contextmanager
def _gone_is_no_error() -> Iterator[None]:
    try:
        yield
    except Refused as refusal:
        if refusal.code != "EXPUNGEISSUED":  # RFC 5530
            raise
