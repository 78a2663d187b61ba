"""From the journal to the desk, chunk by chunk: read, decide, act, and never the same mail twice."""

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import structlog
from django.db.models import F, QuerySet

from mailcall.checkpoints import checkpoint
from mailcall.desk.models.calls import keep_file
from mailcall.inbound.apply import Item, apply_together
from mailcall.inbound.arrivals import arrivals_of
from mailcall.inbound.attempts import MOST_ATTEMPTS, due, fail, hold, postpone, take_back
from mailcall.inbound.claims import LOOK_SECONDS, Alone, Chunk, ClaimLost, Claims, EarlierRanOut, claims_here
from mailcall.inbound.dependence import keys_of_all
from mailcall.inbound.facts import own_addresses
from mailcall.inbound.models import IncomingAccount, MailState, ReceivedMail, Unscanned
from mailcall.inbound.orders import Order
from mailcall.inbound.readers import Result, Unread, order_for, readers
from mailcall.inbound.reading import Reading
from mailcall.inbound.sources import forget, sources_of
from mailcall.outbound.threads import signing_keys

log = structlog.get_logger("inbound.act")

CHUNK = 100
CHUNK_BYTES = 4 * 1024 * 1024  # so that memory is bounded whatever came; a bigger mail goes alone
NEEDED = (  # of a row; all else is written only
    "account_id",
    "correlation_id",
    "received_at",
    "size",
    "sha256",
    "header_only",
    "evidence",
    "state",
    "attempts",
    "edited_at",
)
MOST_STOPS = 20  # of the service while a mail was in hand

Results = list[tuple[int, Result]]


@dataclass(slots=True)
class _InHand:
    """A chunk being read; `untried` are mails whose attempt is counted, and that were not acted on yet."""

    chunk: Chunk
    results: Generator[Results, None, None]
    untried: dict[int, ReceivedMail] = field(default_factory=dict)

    @property
    def mails(self) -> list[ReceivedMail]:
        """All mails of the chunk."""
        return self.chunk.mails


def act_on_next(*, stop: Callable[[], bool] = lambda: False) -> int:
    """Act on the next chunk of the journal; how many mails were in it."""
    with closing(act_on_all(stop=stop, ahead=False)) as chunks:
        return next(chunks, 0)


def act_on_all(*, stop: Callable[[], bool] = lambda: False, ahead: bool = True) -> Generator[int, None, None]:
    """Act on the journal until nothing is due; how many mails each chunk had.

    The caller works alone in this process, and alone at all on the embedded database.

    1. Each mail is read, in other processes. Then its attempt is counted and committed: what stops the
       service from here on may be its doing. One that can't be read fails alone; one that ends or outlasts
       its readers is held.
    2. Big attachments of those read go into the file storage, so that no transaction waits for the disk.
    3. The readers are given the next chunk (`ahead`), so that they work while this one is acted on.
    4. All that do not depend on what another worker has in hand are decided and acted on in one transaction.
    5. When a transaction fails, its mails are done again, one by one; what fails then waits, or is held.

    Trouble with the machine itself (database, disk) is not the mail's fault: it is raised, and the
    attempt does not count.
    """
    run = _Run(claims_here(), stop, ahead)
    try:
        yield from run.chunks()
    except ClaimLost:
        log.warning("claim lost", sentence="Another worker has taken these mails over.")
    except EarlierRanOut:
        pass  # the next run takes that over first
    finally:
        run.end()


class _Run:
    """One way through the journal, with a chunk in hand and perhaps the next one being read."""

    def __init__(self, claims: Alone | Claims, stop: Callable[[], bool], ahead: bool) -> None:
        self._claims = claims
        self._asked_to_stop = stop
        self._ahead = ahead
        self._now: _InHand | None = None
        self._next: _InHand | None = None

    def _stop(self) -> bool:
        return self._asked_to_stop() or self._claims.lost()

    def chunks(self) -> Iterator[int]:
        """Act on chunk after chunk, and tell how many mails each had."""
        self._now = self._begin()
        while self._now:
            for results in self._now.results:
                checkpoint("act.read")
                self._act_on_read(self._now, results)
            self._finish(self._now)
            yield len(self._now.mails)
            self._now, self._next = self._next, None
            if not self._now and not self._stop():
                self._now = self._begin()

    def _begin(self, *, further: bool = False) -> _InHand | None:
        """Have the reading of the next chunk begin; None when nothing is due."""
        chunk = self._claims.take(_choose, further=further)
        if not chunk:
            return None
        try:
            return _InHand(chunk, readers().read(_orders(chunk.mails), self._stop))
        except OSError:  # such as a file storage that is away
            forget(chunk.mails)
            self._claims.give_back(chunk)
            raise

    def _act_on_read(self, hand: _InHand, results: Results) -> None:
        read = {
            hand.mails[n].pk: (hand.mails[n].account, result)
            for n, result in results
            if isinstance(result, Reading)
        }
        while not self._claims.tell(hand.chunk, lambda: keys_of_all(read)):
            if self._stop():
                return
            time.sleep(LOOK_SECONDS)
        _count(hand, [hand.mails[position] for position, _ in results])
        checkpoint("act.counted")
        left = _items(hand, [(hand.mails[position], result) for position, result in results])
        _keep_files(left)
        checkpoint("act.kept")
        if self._ahead and readers().finished and not self._stop():
            next(hand.results, None)  # which ends it
            self._next = self._begin(further=True)
        for item in self._act_on(hand.chunk, left):
            del hand.untried[item.mail.pk]

    def _act_on(self, chunk: Chunk, left: Sequence[Item]) -> Iterator[Item]:
        """Act on these, and tell each that was tried."""
        singly = 0  # how many of those left are to be done one by one
        while left and not self._stop():
            free = self._claims.free(chunk, [item.mail.pk for item in left])
            ready = [item for item in left if item.mail.pk in free]
            if not ready:
                time.sleep(LOOK_SECONDS)
                continue
            chosen = ready[: 1 if singly else len(ready)]
            done = chosen[: apply_together(chosen, chunk, self._claims)]
            singly = max(singly - 1, 0) if done else len(chosen)
            yield from done
            for item in done:
                chunk.keys.pop(item.mail.pk, None)
            tried = {item.mail.pk for item in done}
            left = [item for item in left if item.mail.pk not in tried]

    def _finish(self, hand: _InHand) -> None:
        _uncount(hand)
        forget(hand.mails)
        self._claims.give_back(hand.chunk)

    def end(self) -> None:
        """Give back what was begun, as far as the database can be reached."""
        with ExitStack() as ending:
            ending.callback(readers().drop)
            for hand in filter(None, (self._now, self._next)):
                ending.callback(self._finish, hand)
                ending.callback(hand.results.close)


def has_work() -> bool:
    """Whether a mail waits that is due."""
    return due(ReceivedMail.objects.all()).exists()


def _choose(candidates: "QuerySet[ReceivedMail]") -> list[ReceivedMail]:
    """The oldest due ones of these; one alone if it was tried often: it may stop the service."""
    mails = list(due(candidates).only(*NEEDED).order_by("pk")[:CHUNK])
    accounts = IncomingAccount.objects.select_related(
        "template__partition", "template__group", "template__analyst", "default_logging_analyst"
    )
    by_key = accounts.in_bulk({mail.account_id for mail in mails})
    for mail in mails:
        mail.account = by_key[mail.account_id]
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
        order_for(source, mail.size, trust[mail.account_id], keys, arrival)
        for mail, source, arrival in zip(chunk, sources_of(chunk), arrivals_of(chunk), strict=True)
    ]


def _count(hand: _InHand, mails: Sequence[ReceivedMail]) -> None:
    """Count an attempt of each."""
    ReceivedMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(attempts=F("attempts") + 1)
    hand.untried |= {mail.pk: mail for mail in mails}


def _uncount(hand: _InHand) -> None:
    """Take back the attempt of mails that were not tried after all."""
    take_back(hand.untried)
    hand.untried = {}


def _items(hand: _InHand, results: Sequence[tuple[ReceivedMail, Result]]) -> list[Item]:
    """Those to act on; the others fail alone, are held, or wait for the antivirus daemon."""
    items = []
    for mail, result in results:
        if isinstance(result, Reading) and _waits(mail, result) and result.daemon_away:
            postpone(mail, result.evidence.unscanned)  # its attempt will be taken back
        elif isinstance(result, Reading) and not _waits(mail, result):
            items.append(Item(mail, result))
        else:
            del hand.untried[mail.pk]
            _fail(mail, result)
    return items


def _waits(mail: ReceivedMail, reading: Reading) -> bool:
    """Whether it is not to be acted on before somebody has looked for viruses."""
    return bool(reading.evidence.unscanned) and mail.account.unscanned == Unscanned.WAIT


def _fail(mail: ReceivedMail, result: Result) -> None:
    if isinstance(result, Unread) and result.deadly:
        hold(mail, result.why)
        return
    why = f"It can't be read: {result.why}" if isinstance(result, Unread) else result.evidence.unscanned
    log.error("mail failed", correlation_id=mail.correlation_id, mail=mail.pk, error=why)
    fail(mail, why)


def _keep_files(items: Sequence[Item]) -> None:
    """Move big attachments into the file storage, where they do no harm if the mail is rejected."""
    for item in items:
        for attachment in item.reading.mail.attachments:
            if attachment.file:
                keep_file(attachment.sha256, attachment.file)
