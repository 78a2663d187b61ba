"""Changes of calls, done many at a time: one query for each kind of row, however many changes."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mailcall.database.rows import give_keys, insert_rows, new_row, update_rows
from mailcall.desk import events
from mailcall.desk.call_states import CALL_DATES, take_back
from mailcall.desk.closing_times import wait_anew
from mailcall.desk.models import (
    Attachment,
    Call,
    CallLink,
    CallTemplate,
    Content,
    EntryKind,
    LinkState,
    Participant,
    Person,
    TimelineEntry,
)
from mailcall.desk.models.calls import store_file
from mailcall.desk.people import join_organisations


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that comes with a change: its bytes, or None when the file storage has them already.

    `sha256` is theirs, in hex, and `size` their number. `warning` is what people must know before opening it.
    """

    name: str
    content_type: str
    data: bytes | None
    sha256: str
    size: int
    inline: bool = False
    cid: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody said, and who, by which channel and on what proof."""

    kind: EntryKind
    actor: Person | None
    actor_name: str
    channel: str
    proof: str = ""
    internal: bool = True
    subject: str = ""
    text: str = ""
    quoted_text: str = ""
    html: str = ""
    external_id: str = ""
    files: Sequence[NewFile] = ()


@dataclass(frozen=True, slots=True)
class NewParticipant:
    """An address that takes part from now on."""

    address: str
    name: str
    reason: str


@dataclass(slots=True)
class LogCall:
    """A new call from a template. `user` may be a person not saved yet."""

    template: CallTemplate
    subject: str
    user: Person
    logged_by: Person | None
    words: Words
    origin: events.Origin
    participants: Sequence[NewParticipant] = ()
    links: Sequence[tuple[Call, LinkState, str]] = ()


@dataclass(slots=True)
class UpdateCall:
    """Words added to a call; `reopen` opens it again; `pass_on` has them sent to its User.

    A call that would close by itself waits anew, unless the words are `automatic`, as of who is away.
    """

    call: Call
    words: Words
    origin: events.Origin
    participants: Sequence[NewParticipant] = ()
    reopen: bool = False
    pass_on: bool = False
    automatic: bool = False


Change = LogCall | UpdateCall


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a change: its entry in the timeline, and the events to publish."""

    entry: TimelineEntry
    happened: Sequence[events.Event]


@dataclass(slots=True)
class _Work:
    """A change with the rows it turns into."""

    change: Change
    call: Call
    entry: TimelineEntry = field(init=False)


@dataclass(slots=True)
class _Rows:
    """What is not written yet; new calls, and those changed, by their keys."""

    people: list[Person] = field(default_factory=list)
    calls: dict[int, Call] = field(default_factory=dict)
    touched: dict[int, Call] = field(default_factory=dict)
    entries: list[TimelineEntry] = field(default_factory=list)
    participants: list[Participant] = field(default_factory=list)
    links: list[CallLink] = field(default_factory=list)
    files: list[tuple[TimelineEntry, Sequence[NewFile]]] = field(default_factory=list)


class Changes:
    """Changes of calls, one after another, in a transaction of the caller.

    What becomes of a change is known at once, keys included, so that the next may build on it. The rows are
    written together by `write`, which comes before anything that asks the database for them.
    """

    def __init__(self, now: dt.datetime) -> None:
        self._now = now
        self._rows = _Rows()

    def apply(self, changes: Sequence[Change]) -> list[Applied]:
        """Do these; what became of each, in order.

        No two of them may be of the same existing call. Calls to update are locked by the caller, who also
        publishes the events, in the same transaction.
        """
        work = self._work(changes)
        for item in work:
            item.entry = _entry(item, self._now)
        entries = [entry for item in work for entry in (_reopening(item, self._now), item.entry) if entry]
        give_keys(entries)
        self._rows.entries += entries
        self._rows.participants += [row for item in work for row in _participants(item)]
        self._rows.links += [row for item in work for row in _links(item)]
        self._rows.files += [(item.entry, item.change.words.files) for item in work]
        return [Applied(item.entry, _happened(item)) for item in work]

    def _work(self, changes: Sequence[Change]) -> list[_Work]:
        users = [change.user for change in changes if isinstance(change, LogCall)]
        people = list({id(user): user for user in users if user.pk is None}.values())
        give_keys(people)
        self._rows.people += people
        work = [_Work(c, _new_call(c, self._now) if isinstance(c, LogCall) else c.call) for c in changes]
        calls = [item.call for item in work if isinstance(item.change, LogCall)]
        give_keys(calls)
        self._rows.calls |= {call.pk: call for call in calls}
        for item in work:
            if isinstance(item.change, UpdateCall):
                _touch(item.call, item.change, self._now)
                self._rows.touched[item.call.pk] = item.call
        return work

    def write(self) -> None:
        """Write what was done since the last time."""
        rows, self._rows = self._rows, _Rows()
        join_organisations(rows.people)
        insert_rows(rows.people)
        insert_rows(rows.calls.values())
        touched = [call for pk, call in rows.touched.items() if pk not in rows.calls]
        update_rows(touched, ["version", "updated_at", "state", *CALL_DATES])
        insert_rows(rows.entries)
        insert_rows(rows.participants, ignore_conflicts=True)
        insert_rows(rows.links)
        add_files(rows.files)


def _touch(call: Call, change: UpdateCall, now: dt.datetime) -> None:
    call.version += 1
    call.updated_at = now
    if change.reopen:
        take_back(call, now)
    elif not change.automatic:
        wait_anew(call, now)


def _new_call(change: LogCall, now: dt.datetime) -> Call:
    template = change.template
    return new_row(
        Call,
        partition=template.partition,
        subject=change.subject[:500],
        state=template.status,
        type=template.type,
        stream=template.stream,
        priority=template.priority,
        user=change.user,
        logged_by_id=change.logged_by.pk if change.logged_by else None,
        group=template.group,
        analyst=template.analyst,
        template_id=template.pk,
        opened_at=now,
        updated_at=now,
    )


def _entry(item: _Work, now: dt.datetime) -> TimelineEntry:
    words = item.change.words
    return new_row(
        TimelineEntry,
        call=item.call,
        kind=words.kind,
        at=now,
        actor=words.actor,
        actor_name=words.actor_name[:300],
        channel=words.channel,
        proof=words.proof[:200],
        internal=words.internal,
        subject=words.subject[:500],
        text=words.text,
        quoted_text=words.quoted_text,
        html=words.html,
        external_id=words.external_id[:998],
    )


def _reopening(item: _Work, now: dt.datetime) -> TimelineEntry | None:
    if not (isinstance(item.change, UpdateCall) and item.change.reopen):
        return None
    words = item.change.words
    return new_row(
        TimelineEntry,
        call=item.call,
        kind=EntryKind.STATE,
        at=now,
        actor=words.actor,
        actor_name=words.actor_name[:300],
        channel=words.channel,
        proof=words.proof[:200],
        text="Reopened by a reply.",
    )


def _participants(item: _Work) -> Iterator[Participant]:
    for new in item.change.participants:
        yield new_row(
            Participant,
            call=item.call,
            address=new.address.casefold()[:254],
            name=new.name[:200],
            reason=new.reason[:200],
        )


def _links(item: _Work) -> Iterator[CallLink]:
    if isinstance(item.change, LogCall):
        for earlier, state, reason in item.change.links:
            yield CallLink(call=item.call, earlier=earlier, state=state, reason=reason[:300])


def add_files(files: Iterable[tuple[TimelineEntry, Sequence[NewFile]]]) -> None:
    """Hang files on entries; bytes that are there already are not stored again."""
    wanted = [(entry, file) for entry, several in files for file in several]
    if not wanted:
        return
    by_hash = {file.sha256: file for _, file in wanted}
    known = _contents(by_hash)
    # In one order, and not minding what another worker has just stored.
    fresh = [file for sha256, file in sorted(by_hash.items()) if sha256 not in known]
    if fresh:
        insert_rows(
            (new_row(Content, sha256=file.sha256, size=file.size, data=file.data) for file in fresh),
            ignore_conflicts=True,
        )
        known |= _contents(file.sha256 for file in fresh)
    insert_rows(
        new_row(
            Attachment,
            entry=entry,
            content_id=known[file.sha256],
            name=file.name[:255],
            content_type=file.content_type[:127],
            inline=file.inline,
            cid=file.cid[:255],
            warning=file.warning[:200],
        )
        for entry, file in wanted
    )


def _contents(hashes: Iterable[str]) -> dict[str, int]:
    """The keys of the contents with these SHA-256 that are there."""
    return dict(Content.objects.filter(sha256__in=list(hashes)).values_list("sha256", "pk"))


def new_file(name: str, content_type: str, data: bytes) -> NewFile:
    """A file for a change; a big one goes into the file storage at once, so better outside a transaction."""
    sha256 = hashlib.sha256(data).hexdigest()
    small = len(data) <= Content.IN_ROW
    if not small:
        store_file(sha256, data)
    return NewFile(name, content_type, data if small else None, sha256, len(data))


def _happened(item: _Work) -> list[events.Event]:
    change, entry = item.change, item.entry
    if isinstance(change, LogCall):
        return [events.CallLogged(item.call, entry, change.origin)]
    happened: list[events.Event] = [
        events.CallUpdated(item.call, entry, change.origin, reopened=change.reopen)
    ]
    if change.pass_on:
        user = item.call.user
        happened.append(
            events.ReplyWritten(
                item.call, entry, change.origin, author=change.words.actor, to=((user.name, user.email),)
            )
        )
    return happened
