"""From the journal to the desk: read, decide, act, all or nothing, and never the same mail twice."""

import datetime as dt
import itertools
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from mailcall import measures
from mailcall.checkpoints import checkpoint
from mailcall.database.rows import update_rows
from mailcall.desk.changes import Change, apply
from mailcall.desk.models.calls import keep_file
from mailcall.inbound.attempts import MOST_ATTEMPTS, fail, hold, take_back
from mailcall.inbound.changes import change_for
from mailcall.inbound.decision import Action, Decided
from mailcall.inbound.dependence import independent, together
from mailcall.inbound.facts import gather, own_addresses
from mailcall.inbound.models import IncomingAccount, MailState, Outcome, ReceivedMail, sources_of
from mailcall.inbound.orders import Order
from mailcall.inbound.readers import Result, Unread, order_for, readers
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules import decide
from mailcall.outbound import operations
from mailcall.outbound.threads import signing_keys

log = structlog.get_logger("inbound.act")

CHUNK = 100
CHUNK_BYTES = 4 * 1024 * 1024  # so that memory is bounded whatever came; a bigger mail goes alone
MOST_STOPS = 20  # of the service while a mail was in hand

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
    "entry",
)
OUTCOMES = {
    Action.LOG: Outcome.LOGGED,
    Action.UPDATE: Outcome.UPDATED,
    Action.REJECT: Outcome.REJECTED,
    Action.DUPLICATE: Outcome.DUPLICATE,
    Action.ROUND_TRIP: Outcome.ROUND_TRIP,
}


@dataclass(frozen=True, slots=True)
class _Item:
    """A mail in hand, read."""

    mail: ReceivedMail
    reading: Reading

    @property
    def account(self) -> IncomingAccount:
        return self.mail.account


@dataclass(slots=True)
class _Chunk:
    """Mails being read; `untried` are those whose attempt is counted, and that nobody tried to act on yet."""

    mails: list[ReceivedMail]
    results: Generator[list[tuple[int, Result]], None, None]
    untried: dict[int, ReceivedMail]


def act_on_next(*, stop: Callable[[], bool] = lambda: False) -> int:
    """Act on the next chunk of the journal; how many mails were in it. The caller works alone."""
    with closing(act_on_all(stop=stop, ahead=False)) as chunks:
        return next(chunks, 0)


def act_on_all(*, stop: Callable[[], bool] = lambda: False, ahead: bool = True) -> Generator[int, None, None]:
    """Act on the journal until nothing is due; how many mails each chunk had. The caller works alone.

    1. Each mail is read, in other processes. Then its attempt is counted and committed: what stops the
       service from here on may be its doing. One that can't be read fails alone; one that ends or outlasts
       its readers is held.
    2. Big attachments of those read go into the file storage, so that no transaction waits for the disk.
    3. The readers are given the next chunk (`ahead`), so that they work while this one is acted on.
    4. As many as do not depend on each other are decided and acted on in one transaction, then the rest.
    5. When a transaction fails, its mails are done again, one by one; what fails then waits, or is held.

    Trouble with the machine itself (database, disk) is not the mail's fault: it is raised, and the
    attempt does not count.
    """
    chunk = _begin(stop)
    following: _Chunk | None = None
    try:
        while chunk:
            for results in chunk.results:
                checkpoint("act.read")
                _count(chunk, [chunk.mails[position] for position, _ in results])
                checkpoint("act.counted")
                left = _items([(chunk.mails[position], result) for position, result in results])
                for position, result in results:
                    if isinstance(result, Unread):
                        del chunk.untried[chunk.mails[position].pk]
                _keep_files(left)
                checkpoint("act.kept")
                if ahead and readers().finished and not stop():
                    next(chunk.results, None)  # which ends it
                    following = _begin(stop, after=chunk.mails[-1].pk)
                for item in _act_on(left, stop):
                    del chunk.untried[item.mail.pk]
            _uncount(chunk)
            yield len(chunk.mails)
            chunk, following = following, None
            if not chunk and not stop():
                chunk = _begin(stop)
    finally:
        for begun in (chunk, following):
            if begun:
                begun.results.close()
                _uncount(begun)
        readers().drop()


def _begin(stop: Callable[[], bool], after: int = 0) -> _Chunk | None:
    """Have the reading of the next chunk begin; None when nothing is due."""
    mails = _next_chunk(after)
    if not mails:
        return None
    return _Chunk(mails, readers().read(_orders(mails), stop), {})


def _count(chunk: _Chunk, mails: Sequence[ReceivedMail]) -> None:
    """Count an attempt of each."""
    ReceivedMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(attempts=F("attempts") + 1)
    chunk.untried |= {mail.pk: mail for mail in mails}


def _act_on(left: Sequence[_Item], stop: Callable[[], bool]) -> Iterator[_Item]:
    """Act on these, and tell each that was tried."""
    singly = 0  # how many of those left are to be done one by one
    while left and not stop():
        chosen = left[: 1 if singly else independent([item.reading for item in left])]
        done = _act_together(chosen)
        singly = max(singly - 1, 0) if done else len(chosen)
        yield from left[:done]
        left = left[done:]


def has_work() -> bool:
    """Whether a mail waits that is due."""
    return _due().exists()


def _due() -> "QuerySet[ReceivedMail]":
    now = timezone.now()
    return ReceivedMail.objects.filter(state=MailState.NEW).filter(Q(due_at=None) | Q(due_at__lte=now))


def _next_chunk(after: int) -> list[ReceivedMail]:
    """The oldest due mails behind this one; one alone if it was tried often: it may stop the service."""
    mails = list(
        _due()
        .filter(pk__gt=after)
        .select_related("account__template__partition", "account__default_logging_analyst")
        .defer("raw")
        .order_by("pk")[:CHUNK]
    )
    for mail in mails:
        if mail.attempts >= MOST_STOPS:
            hold(mail, f"Mailcall stopped {mail.attempts} times while this mail was in hand.")
    mails = [mail for mail in mails if mail.state == MailState.NEW]
    often = (n for n, mail in enumerate(mails) if mail.attempts >= MOST_ATTEMPTS)
    first_often = next(often, len(mails))
    sizes = itertools.accumulate(mail.size for mail in mails)
    fit = sum(1 for size in sizes if size <= CHUNK_BYTES)
    return mails[: min(first_often, fit)] or mails[:1]


def _orders(chunk: Sequence[ReceivedMail]) -> list[Order]:
    keys, own = signing_keys(), own_addresses()
    trust = {mail.account_id: mail.account.trust(own) for mail in chunk}
    return [
        order_for(source, mail.size, trust[mail.account_id], keys, mail.evidence, mail.received_at)
        for mail, source in zip(chunk, sources_of(chunk), strict=True)
    ]


def _items(results: Sequence[tuple[ReceivedMail, Result]]) -> list[_Item]:
    """Those that were read; the others fail alone, or are held."""
    items = []
    for mail, result in results:
        if isinstance(result, Reading):
            items.append(_Item(mail, result))
        elif result.deadly:
            hold(mail, result.why)
        else:
            why = f"It can't be read: {result.why}"
            log.error("mail failed", correlation_id=mail.correlation_id, mail=mail.pk, error=why)
            fail(mail, why)
    return items


def _keep_files(items: Sequence[_Item]) -> None:
    """Move big attachments into the file storage, where they do no harm if the mail is rejected."""
    for item in items:
        for attachment in item.reading.mail.attachments:
            if attachment.file:
                keep_file(attachment.sha256, attachment.file)


def _act_together(items: Sequence[_Item]) -> int:
    """Act on some of these, from the first, in one transaction; how many, 0 when it failed.

    One alone is always dealt with: what fails alone waits, or is held. So is one that no longer waits: a
    person discarded it, or another machine took over, while it was read here.
    """
    try:
        with transaction.atomic():
            waiting = _still_waiting(items)
            if not waiting:
                log.warning("mail was dealt with elsewhere", mail=items[0].mail.pk)
                return 1
            done = _act(items[:waiting])
            checkpoint("act.applied")
    except (OperationalError, InterfaceError, OSError):
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


def _still_waiting(items: Sequence[_Item]) -> int:
    """How many of these, from the first, still wait; their rows are locked until the transaction ends."""
    rows = ReceivedMail.objects.select_for_update(skip_locked=True)
    own = [item.mail.pk for item in items]
    waiting = set(rows.filter(pk__in=own, state=MailState.NEW).values_list("pk", flat=True))
    return next((count for count, pk in enumerate(own) if pk not in waiting), len(own))


def _act(items: Sequence[_Item]) -> list[tuple[_Item, Decided]]:
    """Decide and act on these, up to the first that would change a call that one before it changes."""
    now = timezone.now()
    facts = gather([(i.account, i.mail.pk, i.reading) for i in items], own_addresses(), now)
    count = together([item.reading for item in items], facts)
    items, facts = items[:count], facts[:count]
    done = [(item, decide(item.reading, fact)) for item, fact in zip(items, facts, strict=True)]
    changes: list[Change] = []
    changed: list[_Item] = []
    for (item, decided), fact in zip(done, facts, strict=True):
        item.mail.entry = item.mail.call = None
        change = change_for(item.mail, item.reading, decided.decision, fact)
        if change:
            changes.append(change)
            changed.append(item)
        if decided.decision.bounced:
            operations.bounced(decided.decision.bounced_message_id, decided.decision.bounced)
    for item, entry in zip(changed, apply(changes, now), strict=True):
        item.mail.entry, item.mail.call = entry, entry.call
    for item, decided in done:
        _journal(item, decided, now)
    update_rows([item.mail for item in items], JOURNALLED)
    return done


def _journal(item: _Item, decided: Decided, now: dt.datetime) -> None:
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


def _uncount(chunk: _Chunk) -> None:
    """Take back the attempt of mails that were not tried after all."""
    take_back(chunk.untried)
    chunk.untried = {}
