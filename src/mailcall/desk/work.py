"""One change of a request or a task from its locks to its events, so that nothing of it happens half."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from django.db import transaction
from django.utils import timezone

from mailcall.database.rows import insert_rows, update_rows
from mailcall.desk import events
from mailcall.desk.call_states import CALL_DATES
from mailcall.desk.changes import Words, add_files
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Approval,
    Call,
    Channel,
    EntryKind,
    Partition,
    Person,
    RemovedCall,
    Request,
    Task,
    TimelineEntry,
)
from mailcall.desk.next_steps import Node, nodes_of
from mailcall.desk.work_states import Verb, move

_COMMON = ["state", "group", "analyst", "updated_at", "closed_at", "closed_by", "version"]
REQUEST_COLUMNS = _COMMON
TASK_COLUMNS = [*_COMMON, "opened_at", "due_at", "time_out_at", "remind_at"]
CALL_COLUMNS = [
    *("state", *CALL_DATES, "pause", "resume_at", "group", "analyst", "updated_at", "version"),
    *("priority", "priority_by_hand", "impact", "urgency", "issue_type", "merged_into"),
]
APPROVAL_COLUMNS = ["state", "decided_at", "decided_by", "comment", "proof", "reminded_at"]


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does: who, by which channel, on what proof, with what words; when, and why it came about.

    Words that came by mail get an entry of their own, with all that the mail had; others are in the entry
    that tells what was done.
    """

    words: Words
    now: dt.datetime = field(default_factory=timezone.now)
    origin: events.Origin = field(default_factory=events.new_origin)

    @property
    def text(self) -> str:
        """What was said: the comment, or the reason."""
        return self.words.text.strip()


def by(
    actor: Person | None,
    channel: Channel,
    text: str = "",
    *,
    proof: str | None = None,
    now: dt.datetime | None = None,
) -> Deed:
    """A deed of a person, or with None of Mailcall itself; `now` is for who asks the clock once for many.

    Without `proof` it is that on a page people have signed in.
    """
    if proof is None:
        proof = "signed in" if actor and channel == Channel.PAGE else ""
    name = str(actor) if actor else "Mailcall"
    return Deed(Words(EntryKind.NOTE, actor, name, channel, proof, text=text), now or timezone.now())


@dataclass(slots=True)
class _Touched:
    """What a change has altered, each row once."""

    calls: dict[int, Call] = field(default_factory=dict)
    requests: dict[int, Request] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    approvals: dict[int, Approval] = field(default_factory=dict)


class Work:
    """A call, a request with its tasks, or a task of a call, locked; and what is being changed about them.

    What is altered is written at the end, with the entries, and told as events after that.
    """

    def __init__(self, deed: Deed, tasks: list[Task], request: Request | None, call: Call | None) -> None:
        self.deed = deed
        self.request = request
        self.call = call
        self.tasks = tasks
        self._approvals: dict[int, list[Approval]] = {}
        self._touched = _Touched()
        self._entries: list[TimelineEntry] = []
        self._with_files: TimelineEntry | None = None
        self._happened: list[events.WorkEvent] = []
        self._happened_to_calls: list[events.Event] = []

    @property
    def now(self) -> dt.datetime:
        """When it happens."""
        return self.deed.now

    @property
    def actor(self) -> Person | None:
        """Who does it; None is Mailcall."""
        return self.deed.words.actor

    @property
    def partition(self) -> Partition:
        """Whose work it is."""
        owner = self.request or self.call
        assert owner is not None  # a constraint of the table
        return owner.partition

    @property
    def the_call(self) -> Call:
        """The call, where the work is on one."""
        assert self.call is not None
        return self.call

    @property
    def the_request(self) -> Request:
        """The request, where the work is on one."""
        assert self.request is not None
        return self.request

    def task(self, pk: int) -> Task:
        """One of the tasks. Raises Refused when it was removed."""
        for task in self.tasks:
            if task.pk == pk:
                return task
        raise Refused(f"Task {pk} does not exist.")

    @cached_property
    def nodes(self) -> dict[int, Node]:
        """The places in the workflow of the tasks that have one, by step."""
        return nodes_of([task.step for task in self.tasks if task.step is not None])

    def add_tasks(self, tasks: Sequence[Task]) -> None:
        """Save new tasks."""
        insert_rows(tasks)
        self.tasks += tasks

    def add_approvals(self, task: Task, persons: Sequence[Person]) -> list[Approval]:
        """Save new approvals of a task whose others, if it has any, were read."""
        made = [Approval(task=task, person=person, asked_at=self.now) for person in persons]
        insert_rows(made)
        self._approvals.setdefault(task.pk, []).extend(made)
        return made

    def approvals(self, task: Task) -> list[Approval]:
        """Those of a task, whatever became of them; locked with it."""
        if task.pk not in self._approvals:
            rows = task.approvals.select_related("person", "decided_by").order_by("pk")
            self._approvals[task.pk] = list(rows.select_for_update(of=("self",)))
        return self._approvals[task.pk]

    def move(self, row: Request | Task | Approval, verb: Verb, *, by: Person | None = None) -> None:
        """Change a state. Raises Refused when that can't happen now."""
        move(row, verb, by, self.now)
        self.touch(row)

    def touch(self, row: Call | Request | Task | Approval) -> None:
        """Have a row saved at the end."""
        if isinstance(row, Call):
            self._touched.calls[row.pk] = row
        elif isinstance(row, Request):
            self._touched.requests[row.pk] = row
        elif isinstance(row, Task):
            self._touched.tasks[row.pk] = row
        else:
            self._touched.approvals[row.pk] = row

    def tell(self, target: Call | Request | Task, sentence: str) -> TimelineEntry:
        """Write that the actor did this, and what they said; once in each change. The entry that has it.

        `sentence` has no full stop, and may be empty when there is only what they said.
        """
        self.touch(target)
        words, text = self.deed.words, self.deed.text
        if words.kind == EntryKind.MAIL_IN:
            if sentence:
                self._enter(target, EntryKind.STATE, words, f"{sentence}.")
            entry = self._enter(target, words.kind, words, words.text)
            entry.quoted_text, entry.html = words.quoted_text, words.html
            entry.subject, entry.external_id = words.subject[:500], words.external_id[:998]
        elif sentence:
            said = f"{sentence}: {text}" if text else f"{sentence}."
            entry = self._enter(target, EntryKind.STATE, words, said)
        else:
            entry = self._enter(target, words.kind, words, text)
        self._with_files = entry
        return entry

    def tell_also(self, target: Call | Request | Task, sentence: str) -> TimelineEntry:
        """Write on something else that the actor did this, without what they said."""
        self.touch(target)
        return self._enter(target, EntryKind.STATE, self.deed.words, f"{sentence}.")

    def follow(self, target: Call | Request | Task, sentence: str) -> TimelineEntry:
        """Write what comes of it by itself."""
        self.touch(target)
        return self._enter(target, EntryKind.STATE, _MAILCALL, sentence)

    def happened(self, event: events.WorkEvent | events.Event) -> None:
        """Have this told at the end."""
        if isinstance(event, events.Event):
            self._happened_to_calls.append(event)
        else:
            self._happened.append(event)

    def finish(self) -> None:
        """Write all of it, and tell what happened."""
        touched = self._touched
        rows: list[Call | Request | Task] = [
            *touched.calls.values(),
            *touched.requests.values(),
            *touched.tasks.values(),
        ]
        for row in rows:
            row.version += 1
            row.updated_at = self.now
        update_rows(list(touched.calls.values()), CALL_COLUMNS)
        update_rows(list(touched.requests.values()), REQUEST_COLUMNS)
        update_rows(list(touched.tasks.values()), TASK_COLUMNS)
        update_rows(list(touched.approvals.values()), APPROVAL_COLUMNS)
        insert_rows(self._entries)
        if self._with_files:
            add_files([(self._with_files, self.deed.words.files)])
        events.publish(self._happened_to_calls)
        events.publish_work(self._happened)

    def _enter(
        self, target: Call | Request | Task, kind: EntryKind, words: Words, text: str
    ) -> TimelineEntry:
        entry = TimelineEntry(
            call=target if isinstance(target, Call) else None,
            request=target if isinstance(target, Request) else None,
            task=target if isinstance(target, Task) else None,
            kind=kind,
            at=self.now,
            actor=words.actor,
            actor_name=words.actor_name[:300],
            channel=words.channel,
            proof=words.proof[:200],
            internal=words.internal,
            text=text,
        )
        self._entries.append(entry)
        return entry


_MAILCALL = Words(EntryKind.STATE, None, "Mailcall", Channel.SYSTEM)


@contextmanager
def work_on(target: Request | Task | Call, deed: Deed, version: int | None = None) -> Iterator[Work]:
    """Lock a request or a task with what it belongs to, or a call for a new task; write all of it in the end.

    Raises Refused when the target was removed, or has changed since `version` of it was read. The request is
    locked before its tasks, always, so that two changes never wait for each other.
    """
    with transaction.atomic():
        work = _locked(target, deed)
        current = work.task(target.pk) if isinstance(target, Task) else work.request or work.call
        if version is not None and current is not None and current.version != version:
            raise Refused(f"{target} changed while you looked at it. Read what is new, then decide again.")
        yield work
        work.finish()


def _locked(target: Request | Task | Call, deed: Deed) -> Work:
    if isinstance(target, Call):
        return Work(deed, [], None, locked_call(target))
    tasks = Task.objects.select_for_update(of=("self",)).order_by("pk")
    request_id = target.pk if isinstance(target, Request) else target.request_id
    if request_id is None:
        own = list(tasks.filter(pk=target.pk).select_related("call__partition"))
        return Work(deed, own, None, own[0].call if own else None)
    requests = Request.objects.select_for_update(of=("self",)).select_related("partition", "type", "user")
    request = requests.filter(pk=request_id).first()
    if request is None:
        raise Refused(f"Request {request_id} does not exist.")
    if request.anonymized_at:
        raise Refused(
            f"What was said on {request} was removed on {request.anonymized_at:%Y-%m-%d}. "
            "Nothing can be added to it."
        )
    return Work(deed, list(tasks.filter(request=request).select_related("step")), request, None)


def locked_call(call: Call) -> Call:
    """A call as it is now, locked. Raises Refused when it was removed."""
    current = (
        Call.objects.select_for_update(of=("self",)).select_related("partition").filter(pk=call.pk).first()
    )
    if current is None or current.anonymized_at:
        raise Refused(
            f"{RemovedCall.objects.filter(pk=call.pk).first() or f'{call} does not exist.'}"
            " Nothing can be added to it."
        )
    return current
