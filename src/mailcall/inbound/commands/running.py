"""Run a command: each of its numbers on its own, and what became of each told in one answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction
from django.utils.text import Truncator

from mailcall.desk import events
from mailcall.desk.errors import Refused
from mailcall.desk.models import Right, Task, TimelineEntry
from mailcall.grammar import HelpRow
from mailcall.inbound.commands import asked_lists, calls, deciding, work
from mailcall.inbound.commands.asking import Asking, Did, ShortOfProof, Target
from mailcall.inbound.decision import Step
from mailcall.inbound.models import Outcome, ReceivedMail
from mailcall.message.subjects import clean_subject
from mailcall.outbound.answers import Result, Table
from mailcall.outbound.recipients import parent_of, partition_of
from mailcall.outbound.snapshots import url_of

Doer = Callable[[Asking, int], Did]

DOERS: Mapping[tuple[str, str], Doer] = {
    ("update", "call"): calls.update,
    ("close", "call"): calls.close,
    ("reopen", "call"): calls.reopen,
    ("update", "request"): work.update,
    ("update", "task"): work.update,
    ("update", "approval"): work.update,
    ("close", "request"): work.close,
    ("close", "task"): work.close,
    ("log", "task"): work.log_a_task,
    ("approve", "task"): deciding.decide,
    ("approve", "approval"): deciding.decide,
    ("reject", "task"): deciding.decide,
    ("reject", "approval"): deciding.decide,
    **{("forward", kind): work.forward for kind in ("call", "request", "task", "approval")},
    **{("take", kind): work.take for kind in ("call", "request", "task", "approval")},
    **{("status", kind): asked_lists.status for kind in ("call", "request", "task", "approval")},
}
MOST_TITLE = 120  # characters
CHANGES_NOTHING = frozenset({"summary", "status", "help"})


@dataclass(slots=True)
class Ran:
    """What became of a command. `short` has the numbers for which nothing proved who asks, and what each is.

    0 stands for none.
    """

    asking: Asking
    results: list[Result] = field(default_factory=list)
    short: dict[int, str] = field(default_factory=dict)
    touched: list[Target] = field(default_factory=list)
    changed: list[Target] = field(default_factory=list)
    entry: TimelineEntry | None = None
    tables: Sequence[Table] = ()
    help: Sequence[HelpRow] = ()

    @property
    def anything_done(self) -> bool:
        """Whether anything of it was done."""
        return bool(self.tables or self.help) or any(result.done for result in self.results)

    @property
    def all_done(self) -> bool:
        """Whether all of it was."""
        return all(result.done for result in self.results)

    @property
    def outcome(self) -> Outcome:
        """For the journal."""
        return Outcome.COMMANDED if self.anything_done else Outcome.REFUSED

    @property
    def steps(self) -> tuple[Step, ...]:
        """What became of each part, for the trace."""
        return tuple(Step("b", result.about, result.done, result.sentence) for result in self.results)

    @property
    def sentences(self) -> list[str]:
        """The same for people."""
        return [f"{result.about}: {result.sentence}" for result in self.results]

    @property
    def sentence(self) -> str:
        """All of it for the journal."""
        told = self.sentences
        told += [f"{table.title}: {len(table.rows)} listed." for table in self.tables]
        if self.help:
            told.append("The commands were listed.")
        return " ".join(told)

    def link(self, mail: ReceivedMail) -> None:
        """Have the mail of the journal belong to what it touched first, of each kind."""
        mail.entry = mail.entry or self.entry
        for target in self.touched:
            kind = type(target).__name__.lower()
            if getattr(mail, f"{kind}_id") is None:
                setattr(mail, kind, target)

    def add(self, about: str, did: Did) -> None:
        """Take in what became of one number."""
        target = did.target
        rights = self.asking.opens
        opens = target and rights and rights.has(Right.VIEW, partition_of(target))
        self.results.append(Result(about, did.done, did.sentence, url_of(target) if target and opens else ""))
        if target:
            self.touched.append(target)
        if target and did.entry:
            self.changed.append(target)
        self.entry = self.entry or did.entry


def run(asking: Asking) -> Ran:
    """Do what is asked, as part of the caller's transaction: what is refused leaves nothing behind."""
    command, ran = asking.command, Ran(asking)
    if command.action == "help":
        _try(ran, "Help", 0, partial(_list_commands, asking, ran))
    elif command.action == "summary":
        _try(ran, "Summary", 0, partial(_list, asking, ran))
    elif (command.action, command.object) == ("log", "request"):
        _try(ran, f"Request “{command.name}”", 0, partial(work.log_a_request, asking))
    else:
        doer = DOERS[command.action, command.object]
        kind = (command.on or command.object).capitalize()
        for number in asking.refs:
            _try(ran, f"{kind} {number}", number, partial(doer, asking, number))
    return ran


def _list_commands(asking: Asking, ran: Ran) -> None:
    ran.help = asked_lists.help_for(asking)


def _list(asking: Asking, ran: Ran) -> None:
    ran.tables = asked_lists.summary_for(asking)


def _try(ran: Ran, about: str, number: int, do: Callable[[], Did | None]) -> None:
    try:
        with transaction.atomic(), events.taken_back_on_errors():
            did = do()
    except ShortOfProof as short:
        what = _what(short.target) if short.target else ""
        ran.results.append(Result(about, False, str(short), what=what))
        ran.short[number] = f"{about} ({what})" if what else about
    except Refused as refused:
        ran.results.append(Result(about, False, str(refused)))
    else:
        if did:
            ran.add(about, did)


def _what(target: Target) -> str:
    """What it is about and whose it is, for somebody who does not know it by its number."""
    about = target.title if isinstance(target, Task) else target.subject
    user = (parent_of(target) if isinstance(target, Task) else target).user
    return f"“{Truncator(clean_subject(about)).chars(MOST_TITLE)}”, of {user}"
