"""Decide and act on mails that were read: the desk, the journal and the message table, in one transaction."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from mailcall import measures
from mailcall.checkpoints import checkpoint
from mailcall.database.rows import update_rows
from mailcall.desk import events
from mailcall.desk.changes import Change, Changes
from mailcall.desk.models import Call, TimelineEntry
from mailcall.inbound import confirming
from mailcall.inbound.attempts import fail
from mailcall.inbound.changes import change_for, refusal_for
from mailcall.inbound.claims import Alone, Chunk, ClaimLost, Claims
from mailcall.inbound.commands import (
    Asking,
    Ran,
    answer_to_command,
    answer_to_near_miss,
    answer_to_refused,
    run,
)
from mailcall.inbound.decision import OUTCOMES, Action, Decided, Decision, Facts
from mailcall.inbound.dependence import behind_commands, independent, together
from mailcall.inbound.facts import Known, gather, own_addresses
from mailcall.inbound.models import IncomingAccount, MailState, ReceivedMail
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules import decide
from mailcall.message import comparable, without_detail
from mailcall.outbound.answers import Answer, send_answers
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.returned import note_returned

log = structlog.get_logger("inbound.act")

JOURNALLED = (
    "evidence",
    "message_id",
    "from_address",
    "subject",
    "duplicate_key",
    "state",
    "due_at",
    "error",
    "outcome",
    "reason",
    "trace",
    "acted_at",
    "call",
    "request",
    "task",
    "entry",
)


@dataclass(frozen=True, slots=True)
class Item:
    """A mail in hand, read."""

    mail: ReceivedMail
    reading: Reading

    @property
    def account(self) -> IncomingAccount:
        """The account that it came to."""
        return self.mail.account


def apply_together(items: Sequence[Item], chunk: Chunk, claims: Alone | Claims) -> int:
    """Act on some of these, from the first, in one transaction; how many, 0 when it failed.

    One alone is always dealt with: what fails alone waits, or is held. So is one that no longer waits: a
    person discarded it while it was read here. Raises ClaimLost when another worker took the chunk over.
    """
    try:
        with transaction.atomic():
            claims.confirm(chunk)
            waiting = _still_waiting(items)
            if not waiting:
                log.warning("mail was dealt with elsewhere", mail=items[0].mail.pk)
                return 1
            done = _act(items[:waiting])
            claims.done(chunk, {item.mail.pk for item, _ in done})
            checkpoint("act.applied")
    except (OperationalError, InterfaceError, OSError, ClaimLost):
        raise
    except Exception as error:
        if len(items) > 1:
            log.warning("chunk failed, going one by one", mails=len(items), error=str(error))
            return 0
        mail = items[0].mail
        log.exception("mail failed", correlation_id=mail.correlation_id, mail=mail.pk)
        fail(mail, f"{type(error).__name__}: {error}")
        return 1
    checkpoint("act.committed")
    for item, decided in done:
        measures.MAILS_DONE.labels(item.mail.outcome).inc()
        if item.mail.acted_at:
            measures.MAIL_SECONDS.observe((item.mail.acted_at - item.mail.received_at).total_seconds())
        log.info(
            "mail done",
            correlation_id=item.mail.correlation_id,
            mail=item.mail.pk,
            outcome=str(item.mail.outcome),
            call=item.mail.call_id,
            reason=decided.decision.reason,
        )
    return len(done)


def _still_waiting(items: Sequence[Item]) -> int:
    """How many of these, from the first, still wait; their rows are locked until the transaction ends."""
    rows = ReceivedMail.objects.select_for_update(skip_locked=True)
    own = [item.mail.pk for item in items]
    waiting = set(rows.filter(pk__in=own, state=MailState.NEW).values_list("pk", flat=True))
    return next((count for count, pk in enumerate(own) if pk not in waiting), len(own))


def _act(items: Sequence[Item]) -> list[tuple[Item, Decided]]:
    """Decide and act on all of these; commands, and what has to do with them, come last."""
    now = timezone.now()
    known = gather([(item.account, item.mail.pk, item.reading) for item in items], own_addresses(), now)
    work = _Work(now)
    last: set[int] = set()
    if known.may_have_commands:
        facts = [known.facts(item.account, item.reading) for item in items]
        readings = [item.reading for item in items]
        last = behind_commands(readings, facts, known.people.keys(), _passed_on(items))
    done = _act_in_order([item for place, item in enumerate(items) if place not in last], known, work)
    done += _act_in_order([items[place] for place in sorted(last)], known, work)
    work.finish()
    update_rows([item.mail for item in items], JOURNALLED)
    return done


def _act_in_order(items: Sequence[Item], known: Known, work: "_Work") -> list[tuple[Item, Decided]]:
    """What does not depend on each other at once, then what depends on it."""
    done: list[tuple[Item, Decided]] = []
    while left := items[len(done) :]:
        readings = [item.reading for item in left]
        left = left[: independent(readings, known.people.keys(), _passed_on(left))]
        facts = [known.facts(item.account, item.reading) for item in left]
        count = together([item.reading for item in left], facts)
        done += _act_at_once(left[:count], facts[:count], known, work)
    return done


def _passed_on(items: Sequence[Item]) -> set[int]:
    """The places of those that may be logged for who wrote what they forward."""
    return {place for place, item in enumerate(items) if item.account.log_for_original_sender}


class _Work:
    """Changes not written and events not told yet: many at once cost little more than one."""

    def __init__(self, now: dt.datetime) -> None:
        self._answers: list[Answer] = []
        self._strangers: set[str] = set()  # the mailboxes of those among whom they are for
        self._changes = Changes(now)
        self._happened: list[events.Event] = []

    def do(self, changes: Sequence[Change]) -> list[TimelineEntry]:
        """Do these; the entry of each in the timeline of its call."""
        self._answer_first(
            mailbox for change in changes if (mailbox := _stranger_behind(change.origin.context))
        )
        done = self._changes.apply(changes)
        self._happened += [event for became in done for event in became.happened]
        return [became.entry for became in done]

    def run(self, asking: Asking) -> Ran:
        """Run a command, for which all must be written."""
        self._answer_first([_mailbox(asking.reading.sender)])
        with events.gathering() as happened:
            ran = run(asking)
        self._happened += happened
        return ran

    def answer(self, answer: Answer | None) -> None:
        """Have whoever wrote be told, if they are."""
        if answer is None:
            return
        self._answers.append(answer)
        if mailbox := _stranger_behind(answer.origin):
            self._strangers.add(mailbox)

    def _answer_first(self, mailboxes: Iterable[str]) -> None:
        """Of two answers a stranger gets the first alone: it comes before what another mail brings about."""
        if not self._strangers.isdisjoint(mailboxes):
            self.finish()

    def write(self) -> None:
        """Write all. To be called before anything that reads what was changed."""
        self._changes.write()

    def finish(self) -> None:
        """Write all, and tell of it. To be called before anything that changes what people are told."""
        self.write()
        happened, self._happened = self._happened, []
        events.publish(happened)
        answers, self._answers = self._answers, []
        send_answers(answers)
        self._strangers.clear()


def _stranger_behind(origin: object) -> str:
    """The mailbox of a stranger whose mail it was; empty when it was somebody else's."""
    return "" if not isinstance(origin, MailOrigin) or origin.known else _mailbox(origin.sender_address)


def _mailbox(address: str) -> str:
    return without_detail(comparable(address))


def _act_at_once(
    items: Sequence[Item], facts: Sequence[Facts], known: Known, work: _Work
) -> list[tuple[Item, Decided]]:
    """Decide and act on some of which none depends on another, and have it known what became of them.

    Commands come last, one after another: each changes the desk by itself.
    """
    done = [(item, decide(item.reading, fact), fact) for item, fact in zip(items, facts, strict=True)]
    commands = [one for one in done if one[1].decision.action is Action.COMMAND]
    _change_at_once([one for one in done if one[1].decision.action is not Action.COMMAND], known, work)
    if commands:
        work.write()
    ran = [(item, _run(item, decided, fact, known, work)) for item, decided, fact in commands]
    plain = [(item, decided) for item, decided, _ in done if decided.decision.action is not Action.COMMAND]
    return plain + ran


def _change_at_once(done: Sequence[tuple[Item, Decided, Facts]], known: Known, work: _Work) -> None:
    """Act on what logs, updates, rejects or refuses."""
    if any(_stands_alone(item.reading, decided.decision) for item, decided, _ in done):
        work.finish()
    changes: dict[int, Change] = {}
    for item, decided, fact in done:
        _forget(item.mail)
        if change := change_for(item.mail, item.reading, decided.decision, fact):
            changes[item.mail.pk] = change
        if decided.decision.returned:
            note_returned(decided.decision.returned)
        work.answer(refusal_for(item.mail, item.reading, decided.decision, fact))
    entries = dict(zip(changes, work.do(list(changes.values())), strict=True))
    for item, decided, fact in done:
        participants: list[str] = []
        if entry := entries.get(item.mail.pk):
            item.mail.entry, item.mail.call = entry, entry.call
            participants = [new.address for new in changes[item.mail.pk].participants]
        work.answer(_answer(item, decided.decision, fact))
        _journal(item, decided, known.now)
        known.learn(item.mail, item.reading, participants)


def _answer(item: Item, decision: Decision, facts: Facts) -> Answer | None:
    """What the sender is told of a refusal, or of what was nearly a command."""
    if decision.action is Action.REFUSE:
        return answer_to_refused(item.mail, item.reading, decision, facts)
    if decision.action is Action.LOG and decision.command and item.mail.call:
        return answer_to_near_miss(item.mail, item.reading, decision, facts, item.mail.call)
    return None


def _run(item: Item, decided: Decided, facts: Facts, known: Known, work: _Work) -> Decided:
    """Run a command; the decision with what became of it in its trace."""
    mail = item.mail
    asking = Asking(mail, item.reading, decided.decision, facts, known.now)
    ran = work.run(asking)
    work.answer(answer_to_command(asking, ran, confirming.ask(asking, ran.short)))
    _forget(mail)
    ran.link(mail)
    decision = replace(decided.decision, reason=f"{decided.decision.reason} {ran.sentence}".strip())
    decided = Decided(decision, decided.trace + ran.steps)
    _journal(item, decided, known.now)
    mail.outcome = ran.outcome
    known.stale |= {target.pk for target in ran.changed if isinstance(target, Call)}
    known.work_changed |= bool(ran.touched)
    known.learn(mail, item.reading, ())
    return decided


def _forget(mail: ReceivedMail) -> None:
    """What an attempt that failed made it belong to."""
    mail.entry = mail.call = mail.request = mail.task = None


def _stands_alone(reading: Reading, decision: Decision) -> bool:
    """Whether acting on it needs more of the database than was gathered for the chunk."""
    refused = decision.action is Action.REJECT  # for which its sender may be told
    return decision.returned is not None or decision.reopen or refused or not reading.sender


def _journal(item: Item, decided: Decided, now: dt.datetime) -> None:
    mail, reading, decision = item.mail, item.reading, decided.decision
    mail.evidence = reading.evidence.as_dict()
    mail.message_id = reading.mail.message_id[:998]
    mail.from_address = (reading.sender or ", ".join(m.address for m in reading.mail.from_))[:320]
    mail.subject = reading.mail.subject[:500]
    mail.duplicate_key = reading.duplicate_key
    mail.state, mail.due_at, mail.error = MailState.DONE, None, ""
    mail.outcome = OUTCOMES[decision.action]
    mail.reason = decision.reason
    if decision.action is Action.LOG and decision.no_answer:
        mail.reason += f" Not acknowledged: {decision.no_answer}"
    mail.trace = [step.as_dict() for step in decided.trace]
    mail.acted_at = now
    if decision.action is Action.DUPLICATE:
        mail.call = decision.call
