"""Which worker acts on which mails: alone beside the embedded database, by claims where many share one.

A claim is a chunk of the journal in one worker's hands. Claims are numbered in the order in which they were
taken, which is that of the mails. Before a worker acts, it tells what its mails depend on; a mail waits while
one of an earlier claim has something in common with it. So chunks are acted on side by side, and what
belongs together keeps its order.

A worker renews its claims while it works. One that dies or freezes stops renewing, and after CLAIM_SECONDS
another takes the claim over, in its place in the order. Who goes on after that finds the claim lost in the
transaction in which it would act.
"""

import datetime as dt
import time
import uuid
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import structlog
from django.db import connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from mailcall.config import config
from mailcall.inbound.attempts import due
from mailcall.inbound.dependence import EVERYTHING
from mailcall.inbound.models import Claim, ReceivedMail

log = structlog.get_logger("inbound.claims")

CLAIM_SECONDS = 30.0
RENEW_SECONDS = 5.0
LOOK_SECONDS = 0.02  # between two looks at what earlier claims still have
_TAKING = 0x6D61696C  # the advisory lock under which claims are taken and told

_THIS_PROCESS = uuid.uuid4().hex  # which acts in one thread at a time

Choose = Callable[["QuerySet[ReceivedMail]"], list[ReceivedMail]]


class ClaimLost(Exception):
    """Another worker has taken these mails over; nothing of them may be written here any more."""


class EarlierRanOut(Exception):
    """What these mails wait for is in nobody's hands any more; if all went on waiting, it would stay so."""


@dataclass(slots=True)
class Chunk:
    """Mails in hand. `keys`: what each that was not tried yet depends on, once it is told."""

    mails: list[ReceivedMail]
    claim: int = 0
    keys: dict[int, Set[int]] = field(default_factory=dict)


class Alone:
    """For the one worker of the embedded database, who has nobody to heed."""

    def __init__(self) -> None:
        self._last = 0

    def take(self, choose: Choose, *, further: bool = False) -> Chunk | None:
        """The next mails to act on; `further` those behind the ones taken last. None when nothing is due."""
        mails = choose(ReceivedMail.objects.filter(pk__gt=self._last if further else 0))
        if not mails:
            return None
        self._last = mails[-1].pk
        return Chunk(mails)

    def tell(self, chunk: Chunk, depends_on: Callable[[], Mapping[int, Set[int]]]) -> bool:
        """Nobody needs to know what they depend on."""
        return True

    def free(self, chunk: Chunk, mails: Sequence[int]) -> Set[int]:
        """All of them."""
        return set(mails)

    def confirm(self, chunk: Chunk) -> None:
        """They can't be lost."""

    def done(self, chunk: Chunk, mails: Set[int]) -> None:
        """Nobody waits for them."""

    def give_back(self, chunk: Chunk) -> None:
        """Nothing to do: what is not done is still due."""

    def lost(self) -> bool:
        """Never."""
        return False


class Claims:
    """For one of several workers that share a database. For one thread."""

    def __init__(self, holder: str) -> None:
        """`holder` names this worker: what it claimed before, and could not give back, is its own again."""
        self._holder = holder
        self._renewed = time.monotonic()
        self._held = set[int]()

    def take(self, choose: Choose, *, further: bool = False) -> Chunk | None:
        """Claim the next mails, first those of a claim that ran out. `choose` picks from a query of mails."""
        while True:
            with transaction.atomic():
                _lock()
                left = Q(until__lt=Now()) | (Q(holder=self._holder) & ~Q(pk__in=self._held))
                old = Claim.objects.select_for_update(skip_locked=True).filter(left).first()
                if old:
                    mails = choose(ReceivedMail.objects.filter(pk__in=old.mails))
                else:
                    taken = [pk for mails in Claim.objects.values_list("mails", flat=True) for pk in mails]
                    mails = choose(ReceivedMail.objects.exclude(pk__in=taken))
                if mails:
                    return Chunk(mails, self._claim(old, mails))
                if not old:
                    return None
                old.delete()

    def _claim(self, old: Claim | None, mails: Sequence[ReceivedMail]) -> int:
        claim = old or Claim()  # keys that were told go on to hold: others wait for these mails
        claim.holder = self._holder
        claim.mails = [mail.pk for mail in mails]
        claim.until = _until()
        claim.save()
        if old:
            log.warning("claim taken over", claim=claim.pk, mails=len(mails))
        self._held.add(claim.pk)
        return claim.pk

    def tell(self, chunk: Chunk, depends_on: Callable[[], Mapping[int, Set[int]]]) -> bool:
        """Let later claims know what these mails depend on; False while an earlier claim has not told.

        Raises EarlierRanOut, as `free` does.

        What depends on a mail that waits depends on all that this one waits for, too.
        """
        with transaction.atomic():
            _lock()
            earlier = self._earlier(chunk)
            untold = [ran_out for by_mail, ran_out in earlier if by_mail is None]
            if any(untold):
                raise EarlierRanOut
            if untold:
                return False
            before = [set(keys) for by_mail, _ in earlier for keys in (by_mail or {}).values()]
            for mail, own in depends_on().items():
                related = [keys for keys in before if EVERYTHING in own or not own.isdisjoint(keys)]
                chunk.keys[mail] = set(own).union(*related)
                before.append(set(chunk.keys[mail]))
            self._save(chunk)
        return True

    def free(self, chunk: Chunk, mails: Sequence[int]) -> Set[int]:
        """Those of these mails that need not wait for any of an earlier claim."""
        earlier = self._earlier(chunk)
        if any(by_mail is None and not ran_out for by_mail, ran_out in earlier):
            return frozenset()
        others = {key for by_mail, _ in earlier for keys in (by_mail or {}).values() for key in keys}
        free = {mail for mail in mails if others.isdisjoint(chunk.keys[mail])}
        if not free and any(ran_out for _, ran_out in earlier):
            raise EarlierRanOut
        return free

    @staticmethod
    def _earlier(chunk: Chunk) -> list[tuple[dict[str, list[int]] | None, bool]]:
        """What the mails of earlier claims depend on, and whether the claim has run out."""
        ran_out = ExpressionWrapper(Q(until__lt=Now()), BooleanField())
        return list(Claim.objects.filter(pk__lt=chunk.claim).order_by("pk").values_list("keys", ran_out))

    def confirm(self, chunk: Chunk) -> None:
        """Within the transaction that acts: hold the claim until it ends. Raises ClaimLost."""
        mine = Claim.objects.select_for_update().filter(pk=chunk.claim, holder=self._holder)
        if not mine.values_list("pk"):
            raise ClaimLost

    def done(self, chunk: Chunk, mails: Set[int]) -> None:
        """Within that transaction: nobody need wait for these any more."""
        self._save(chunk, without=mails)

    def _save(self, chunk: Chunk, without: Set[int] = frozenset()) -> None:
        keys = {str(mail): sorted(keys) for mail, keys in chunk.keys.items() if mail not in without}
        mine = Claim.objects.filter(pk=chunk.claim, holder=self._holder)
        if not mine.update(keys=keys, until=_until()):
            raise ClaimLost

    def give_back(self, chunk: Chunk) -> None:
        """The claim ends. What of it is still due keeps its place, as a claim that has run out."""
        self._held.discard(chunk.claim)
        mine = Claim.objects.filter(pk=chunk.claim, holder=self._holder)
        if due(ReceivedMail.objects.filter(pk__in=[mail.pk for mail in chunk.mails])).exists():
            mine.update(until=Now())
        else:
            mine.delete()

    def lost(self) -> bool:
        """Renew what is held, now and then; whether a part of it has been taken over."""
        if time.monotonic() - self._renewed < RENEW_SECONDS:
            return False
        self._renewed = time.monotonic()
        return Claim.objects.filter(holder=self._holder).update(until=_until()) < len(self._held)


def claims_here() -> Alone | Claims:
    """What the database of this installation needs."""
    return Alone() if config().embedded else Claims(_THIS_PROCESS)


def open_claims() -> "QuerySet[Claim]":
    """Those that nobody else may take over yet."""
    return Claim.objects.filter(until__gte=Now())


def _until() -> Combinable:
    return Now() + dt.timedelta(seconds=CLAIM_SECONDS)


def _lock() -> None:
    """One worker at a time until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TAKING])
