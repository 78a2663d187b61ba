"""Rules tried on past mail: which of it would today's desk decide otherwise under them. Changes nothing.

Two phases, so that ten thousand mails take seconds. What the journal has in columns (subject, sender,
evidence) tells of most mails that the changed rules see nothing else in them than today's do. Only the others
are read again, and decided both ways.
"""

import copy
import datetime as dt
import itertools
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from mailcall.desk.models import Person
from mailcall.desk.people import people_by_address
from mailcall.inbound.arrivals import arrivals_of
from mailcall.inbound.decision import OUTCOMES, Action, Decided, Facts
from mailcall.inbound.explain import Explanation, rehearse
from mailcall.inbound.facts import Known, account_facts, gather, own_addresses
from mailcall.inbound.models import IncomingAccount, MailState, Outcome, ReceivedMail
from mailcall.inbound.readers import Result, Unread, order_for, readers
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules import decide
from mailcall.inbound.sources import forget, sources_of
from mailcall.inbound.telling_apart import Columns, levels_changed, seen_otherwise
from mailcall.outbound.threads import signing_keys

DAYS = 30
WINDOW = 5_000  # keys of the journal that are looked through at once
CHUNK = 100
MOST_ADDRESSES = 500  # of one query
CHUNK_BYTES = 4 * 1024 * 1024
MOST_UNREAD = 100
COLUMNS = tuple(column.name for column in fields(Columns))


Read = tuple[ReceivedMail, Result]


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of an account that can be tried."""

    reject_subjects: str = ""
    reject_automatic_subjects: bool = False
    known_people_only: bool = False
    words: Mapping[str, list[str]] = field(default_factory=dict)
    word_languages: str = ""
    proofs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, account: IncomingAccount) -> "Rules":
        """Those that an account has."""
        return cls(**{one.name: getattr(account, one.name) for one in fields(cls)})

    def on(self, account: IncomingAccount) -> IncomingAccount:
        """The account as it would be with these, not saved. Raises ValidationError, by field."""
        changed = copy.copy(account)
        for one in fields(self):
            setattr(changed, one.name, getattr(self, one.name))
        try:
            changed.clean()
        except ValidationError as error:
            faults = {name: said for name, said in error.message_dict.items() if name in RULE_FIELDS}
            raise ValidationError(faults or {"__all__": error.messages}) from None
        return changed

    def save(self, account: IncomingAccount) -> None:
        """Switch these on. Raises ValidationError, by field."""
        self.on(account)
        IncomingAccount.objects.filter(pk=account.pk).update(
            **{one.name: getattr(self, one.name) for one in fields(self)}
        )


RULE_FIELDS = tuple(one.name for one in fields(Rules))


@dataclass(frozen=True, slots=True)
class Fate:
    """What would become of a mail under some rules."""

    outcome: Outcome
    rule: str
    reason: str
    told: tuple[str, ...] = ()  # of each part of a command


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A mail that the changed rules decide otherwise."""

    mail: int
    subject: str
    sender: str
    received_at: dt.datetime
    before: Fate
    after: Fate


@dataclass(slots=True)
class Tried:
    """What came of looking through a part of the journal.

    `looked` mails were looked at, of which `read` had to be read; `unread` could not be, with why. Go on
    with the keys below `below`; None at the end.
    """

    looked: int = 0
    read: int = 0
    otherwise: list[Otherwise] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
    below: int | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One account as it is and as it would be; the mails of so many days are looked at.

    Of those only what is done is: what waits or is held will be decided by the rules as they are then.
    """

    account: IncomingAccount
    changed: IncomingAccount
    since: dt.datetime
    now: dt.datetime

    def count(self) -> int:
        """How many mails there are to look at."""
        lowest = first_since(self.since)
        return 0 if lowest is None else self._done_between(lowest, _last() + 1).count()

    def parts(self, below: int | None = None) -> Iterator[Tried]:
        """Look through the journal, newest first, from the keys below one; part after part."""
        own = own_addresses()
        lowest = first_since(self.since)
        top = below if below is not None else _last() + 1
        while lowest is not None and top > lowest:
            bottom = max(lowest, top - WINDOW)
            rows = list(self._rows(bottom, top))
            candidates = seen_otherwise(rows, self.account, self.changed, _people)
            looked = [row.pk for row in rows]
            for chunk, results in self._read_ahead(
                _chunks([row for row in rows if row.pk in candidates]), own
            ):
                end = chunk[-1].pk
                part = self._part(chunk, results, own)
                part.looked = sum(1 for pk in looked if pk >= end)
                looked = [pk for pk in looked if pk < end]
                part.below = end if end > lowest else None
                yield part
            top = bottom
            yield Tried(looked=len(looked), below=top if top > lowest else None)

    def _done_between(self, bottom: int, top: int) -> "QuerySet[ReceivedMail]":
        rows = ReceivedMail.objects.filter(pk__gte=bottom, pk__lt=top, account=self.account)
        return rows.filter(state=MailState.DONE).exclude(outcome=Outcome.ROUND_TRIP).order_by("-pk")

    def _rows(self, bottom: int, top: int) -> Iterator[Columns]:
        for values in self._done_between(bottom, top).values_list(*COLUMNS):
            yield Columns(*values)

    def _read_ahead(
        self, chunks: Iterator[list[Columns]], own: frozenset[str]
    ) -> Iterator[tuple[list[Columns], list[Read]]]:
        """Each chunk with what was read of it, while the readers are at the next one already."""
        begun = deque[_Begun]()
        try:
            for chunk in itertools.chain(chunks, [None]):
                results = list(begun[0]) if begun else []
                if chunk:
                    begun.append(_Begun(chunk, self, own))
                if len(begun) > (1 if chunk else 0):
                    yield begun.popleft().chunk, results
        finally:
            readers().drop()
            for left in begun:
                left.forget()

    def _part(self, chunk: Sequence[Columns], results: Sequence[Read], own: frozenset[str]) -> Tried:
        part = Tried(read=len(chunk))
        part.unread = [(row.pk, "Its source was removed.") for row in chunk if row.raw_removed_at]
        part.unread += [(mail.pk, result.why) for mail, result in results if isinstance(result, Unread)]
        readings = [(mail, result) for mail, result in results if isinstance(result, Reading)]
        part.otherwise = list(self._compare(readings, own))
        return part

    def _compare(
        self, readings: Sequence[tuple[ReceivedMail, Reading]], own: frozenset[str]
    ) -> Iterator[Otherwise]:
        before, after = self._known(readings, own)
        for mail, reading in readings:
            old, new = before.facts(self.account, reading), after.facts(self.changed, reading)
            first, second = decide(reading, old), decide(reading, new)
            if first.decision == second.decision and not self._proof_matters(first):
                continue
            fates = (
                self._fate(mail, self.account, reading, first, old),
                self._fate(mail, self.changed, reading, second, new),
            )
            if fates[0] != fates[1]:
                yield Otherwise(mail.pk, mail.subject, mail.from_address, mail.received_at, *fates)

    def _known(
        self, readings: Sequence[tuple[ReceivedMail, Reading]], own: frozenset[str]
    ) -> tuple[Known, Known]:
        """What the desk knows for either rules; it is gathered once where the same words name the same."""
        with transaction.atomic():
            before = gather([(self.account, mail.pk, reading) for mail, reading in readings], own, self.now)
            rules = account_facts(self.changed)
            if rules.words == account_facts(self.account).words:
                return before, replace(before, accounts={self.changed.pk: rules})
            work = [(self.changed, mail.pk, reading) for mail, reading in readings]
            return before, gather(work, own, self.now)

    def _proof_matters(self, decided: Decided) -> bool:
        """Whether only the running of it tells what proof it has."""
        return decided.decision.action is Action.COMMAND and bool(
            levels_changed(self.account, self.changed) - {"log call"}
        )

    def _fate(
        self, mail: ReceivedMail, account: IncomingAccount, reading: Reading, decided: Decided, facts: Facts
    ) -> Fate:
        decision, rule = decided.decision, decided.trace[-1].rule
        if decision.action is not Action.COMMAND:
            return Fate(OUTCOMES[decision.action], rule, decision.reason)
        mail.account = account
        outcome, steps = rehearse(mail, Explanation(account, reading, decided, facts))
        return Fate(outcome, rule, decision.reason, tuple(f"{step.rule}: {step.saw}" for step in steps))


class _Begun:
    """Mails that the readers have begun to read; iterating gives them with what came of it."""

    def __init__(self, chunk: list[Columns], trial: Trial, own: frozenset[str]) -> None:
        self.chunk = chunk
        there = [row.pk for row in chunk if row.raw_removed_at is None]
        rows = ReceivedMail.objects.defer("raw", "trace").in_bulk(there)
        self._mails = [rows[pk] for pk in there if pk in rows]
        trust, keys = trial.account.trust(own), signing_keys()
        sources, arrivals = sources_of(self._mails), arrivals_of(self._mails)
        self._results = readers().read(
            [
                order_for(source, mail.size, trust, keys, arrival)
                for mail, source, arrival in zip(self._mails, sources, arrivals, strict=True)
            ]
        )

    def __iter__(self) -> Iterator[Read]:
        for results in self._results:
            for position, result in results:
                yield self._mails[position], result
        forget(self._mails)

    def forget(self) -> None:
        """They are not wanted any more."""
        self._results.close()
        forget(self._mails)


def first_since(moment: dt.datetime) -> int | None:
    """The key of the first mail received since a moment; None when there is none.

    Keys grow with time, so that few rows are looked at.
    """
    mails = ReceivedMail.objects.order_by("pk")
    low, high = 1, _last()
    while low <= high:
        middle = (low + high) // 2
        pk, came = mails.filter(pk__gte=middle).values_list("pk", "received_at")[0]
        if came >= moment:
            high = middle - 1
        else:
            low = pk + 1
    return mails.filter(pk__gte=low).values_list("pk", flat=True).first()


def _last() -> int:
    return ReceivedMail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _people(addresses: Collection[str]) -> dict[str, list[Person]]:
    """Who has these addresses, by queries of bounded length."""
    found: dict[str, list[Person]] = {}
    ordered = sorted(addresses)
    for start in range(0, len(ordered), MOST_ADDRESSES):
        found |= people_by_address(ordered[start : start + MOST_ADDRESSES])
    return found


def _chunks(rows: Sequence[Columns]) -> Iterator[list[Columns]]:
    """Parts of these that fit into memory."""
    chunk: list[Columns] = []
    size = 0
    for row in rows:
        if chunk and (len(chunk) >= CHUNK or size + row.size > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += row.size
    if chunk:
        yield chunk


def total(parts: Iterator[Tried], until: Callable[[], bool] = lambda: False) -> Tried:
    """All parts as one, or as many as there is time for, until something says so."""
    whole = Tried()
    for part in parts:
        whole = replace(
            whole,
            looked=whole.looked + part.looked,
            read=whole.read + part.read,
            otherwise=[*whole.otherwise, *part.otherwise],
            unread=[*whole.unread, *part.unread][:MOST_UNREAD],
            below=part.below,
        )
        if until():
            break
    return whole
