"""From the message table to an outgoing server, with every recipient's fate recorded."""

import datetime as dt
import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from mailcall import measures
from mailcall.checkpoints import checkpoint
from mailcall.keyring import KeyringError
from mailcall.message import envelope_tags, with_a_labels
from mailcall.outbound.choosing import has_waiting, nobodys
from mailcall.outbound.dkim import Signing
from mailcall.outbound.fates import GIVE_UP_AFTER, defer, doubt, given_up, hold, put_back, settle
from mailcall.outbound.groups import Waiting, record
from mailcall.outbound.heard import Heard
from mailcall.outbound.models import WAITING_STATES, Delivery, DeliveryState, Message, OutgoingServer
from mailcall.outbound.pacing import Pacing
from mailcall.outbound.render import REPLY_TO, render
from mailcall.outbound.telling_authors import tell_authors
from mailcall.outbound.threads import signing_keys
from mailcall.transport import open_transport
from mailcall.transport.interface import Envelope, RecipientResult, Result, ServerTrouble, Transport

log = structlog.get_logger("outbound.deliver")

BREAKER_SECONDS = (15, 60, 300, 900)
GOOD_EVERY = dt.timedelta(seconds=10)  # in a long run a server is noted as good so often


def deliver(server: OutgoingServer, *, stop: Callable[[], bool] = lambda: False) -> int:
    """Send all that is due through this server; how many recipients were tried. The caller works alone on it.

    1. What an earlier run left in `sending` becomes `sent` where the server's word was heard, `queued`
       where it was certainly not begun, else `unknown`: its bytes may have left.
    2. At most GROUP due deliveries are committed as `sending`.
    3. They are sent over one connection, a mail at a time; what is begun, and what the server takes, is
       noted at once.
    4. The results of the group are committed, and with them the next group as `sending`.

    Trouble with the server itself opens its breaker, puts back what was not begun and ends the run.
    """
    recover(server)
    if stop() or not has_waiting(server) or Pacing(server).room(timezone.now()) == 0:
        return 0
    run = _Run(server, stop)
    try:
        with (
            open_transport(server.protocol, server.transport_settings()) as transport,
            Heard(server) as heard,
        ):
            run.through(transport, heard)
    except (ServerTrouble, KeyringError) as trouble:
        _trip(server, trouble)
    return run.tried


def recover(server: OutgoingServer) -> None:
    """What a dead run left in `sending` may have been sent: `unknown`, resent once, then held.

    Unless the server was heard to take it: then it is `sent`. Or nothing of it left: then it waits as before.
    """
    now = timezone.now()
    mine = Q(server=server) | Q(server=None)  # None: it was deleted with mail in hand
    left = list(Delivery.unfinished().filter(mine, state=DeliveryState.SENDING).select_related("message"))
    if not left:
        return
    heard = Heard(server)
    for delivery in left:
        reply = heard.reply_to(delivery)
        if reply is not None:
            settle(delivery, RecipientResult(delivery.recipient, Result.SENT, reply), now)
        elif heard.never_began(delivery):
            put_back(delivery)
        else:
            doubt(delivery, now, "The service stopped while this was being sent.", pause=dt.timedelta())
    record(left)
    states = Counter(str(delivery.state) for delivery in left)
    log.warning("deliveries left by a stop", server=server.name, **states)


def has_work(server: OutgoingServer) -> bool:
    """Whether a run of `deliver` would find anything to do."""
    return Delivery.unfinished().filter(server=server, state=DeliveryState.SENDING).exists() or has_waiting(
        server
    )


class _Run:
    """One run through one server, group by group."""

    def __init__(self, server: OutgoingServer, stop: Callable[[], bool]) -> None:
        self.tried = 0
        self._server = server
        self._stop = stop
        self._waiting = Waiting(server)
        self._unanswered: deque[list[Delivery]] = deque()  # mails that the transport took, the first in hand
        self._broken: Exception | None = None
        self._signing = Signing()
        self._keys = signing_keys() if server.envelope_tags else ()

    def through(self, transport: Transport, heard: Heard) -> None:
        """Send until nothing is due. Raises ServerTrouble, and trouble of the database."""
        group = self._next([], heard)
        while group:
            self.tried += len(group)
            checkpoint("deliver.leased")
            self._send(group, transport, heard)
            group = self._next(group, heard)

    def _next(self, done: list[Delivery], heard: Heard) -> list[Delivery]:
        """Record what became of a group and take the next, in one commit: each waits for the disk."""
        self._signing.refresh()
        with transaction.atomic():
            if done:
                record(done)
                _good(self._server)
            group = [] if self._stop() else self._waiting.take()
        if done:
            checkpoint("deliver.recorded")
        heard.took(group)
        return group

    def _send(self, group: list[Delivery], transport: Transport, heard: Heard) -> None:
        try:
            with closing(transport.send_all(self._mails(group, heard))) as answers:
                for results in answers:
                    self._note(self._unanswered.popleft(), results, heard)
                    checkpoint("deliver.sent")
                    if self._stop():
                        break
                    if self._unanswered:
                        heard.begin(self._unanswered[0])
            if self._broken:
                raise self._broken  # noqa: TRY301  the same must be done as for any other trouble
        except BaseException as trouble:
            in_hand = self._unanswered[0] if self._unanswered else []
            if isinstance(trouble, ServerTrouble):
                # The mail in hand may be what the server can't bear, so it alone backs off.
                for delivery in in_hand:
                    defer(delivery, timezone.now(), str(trouble))
                self._tell(in_hand)
            # Whatever stops the group, only the mail in hand may have left: the rest goes back as it was.
            _put_back([delivery for delivery in group if delivery not in in_hand])
            record(group)
            checkpoint("deliver.recorded")
            raise
        _put_back(group)

    def _mails(self, group: list[Delivery], heard: Heard) -> Iterator[Envelope]:
        """The mails of a group, made when the transport asks for them. Never raises, as it must not."""
        for _, same in itertools.groupby(group, key=lambda delivery: delivery.message_id):
            deliveries = list(same)
            if self._stop():
                return
            try:
                mail = _make(deliveries, self._signing, self._server.pager_encoding)
            except (OperationalError, InterfaceError) as error:
                self._broken = error
                return
            if mail is not None:
                yield from self._envelopes(deliveries, mail, heard)

    def _envelopes(self, deliveries: list[Delivery], mail: bytes, heard: Heard) -> Iterator[Envelope]:
        """One for all recipients of a mail, or for each one with the tag by which its report finds it."""
        sender = with_a_labels(_returned_to(deliveries[0].message))
        if not self._server.envelope_tags:
            self._wait_for(deliveries, heard)
            yield Envelope(sender, [with_a_labels(d.recipient) for d in deliveries], mail)
            return
        for delivery in deliveries:
            self._wait_for([delivery], heard)
            tagged = envelope_tags.tagged(sender, delivery.pk, self._keys)
            yield Envelope(tagged, [with_a_labels(delivery.recipient)], mail)

    def _wait_for(self, deliveries: list[Delivery], heard: Heard) -> None:
        """The transport takes a mail. Only of the one in hand, the first of them, anything may leave."""
        self._unanswered.append(deliveries)
        if len(self._unanswered) == 1:
            heard.begin(deliveries)

    def _note(self, deliveries: Sequence[Delivery], results: Sequence[RecipientResult], heard: Heard) -> None:
        by_recipient = {result.recipient: result for result in results}
        for delivery in deliveries:
            settle(delivery, by_recipient[with_a_labels(delivery.recipient)], timezone.now())
        heard.sent([delivery for delivery in deliveries if delivery.state == DeliveryState.SENT])
        self._tell(deliveries)

    def _tell(self, deliveries: Sequence[Delivery]) -> None:
        """Count these tries, and say in the log what became of each."""
        for delivery in deliveries:
            measures.DELIVERIES.labels(self._server.name, delivery.state).inc()
            if delivery.finished_at and delivery.state == DeliveryState.SENT:
                waited = delivery.finished_at - delivery.created_at
                measures.DELIVERY_SECONDS.observe(waited.total_seconds())
            log.info(
                "delivery",
                correlation_id=delivery.message.correlation_id,
                message=delivery.message_id,
                call=delivery.message.call_id,
                recipient=delivery.recipient,
                server=self._server.name,
                state=str(delivery.state),
                reply=delivery.reply,
            )


def _returned_to(message: Message) -> str:
    """Where reports about it go: to the desk, also of a mail from an analyst's own address."""
    _, address = message.data.get(REPLY_TO) or message.sender
    local, at, domain = str(address).rpartition("@")
    return local.partition("+mc.")[0] + at + domain


def _put_back(group: Sequence[Delivery]) -> None:
    for delivery in group:
        if delivery.state == DeliveryState.SENDING:
            put_back(delivery)


def _make(deliveries: Sequence[Delivery], signing: Signing, pager_encoding: str) -> bytes | None:
    """The mail; None, and its deliveries held, when it can't be made. Trouble of the database is raised."""
    message = deliveries[0].message
    try:
        mail = render(message, pager_encoding=pager_encoding)
        return signing.sign(mail, message.sender[1], message.created_at)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # one mail that can't be made must not stop the next
        for delivery in deliveries:
            hold(delivery, f"The mail can't be made: {error}")
        log.exception("mail can't be made", message=message.pk, correlation_id=message.correlation_id)
        return None


def _good(server: OutgoingServer) -> None:
    """It took a whole group; a mere connection does not close the breaker."""
    now = timezone.now()
    if server.breaker_failures or not server.last_good_at or now - server.last_good_at > GOOD_EVERY:
        server.close_breaker()
        server.last_good_at = now
        server.save(update_fields=[*OutgoingServer.BREAKER, "last_good_at"])


def _trip(server: OutgoingServer, trouble: Exception) -> None:
    pause = BREAKER_SECONDS[min(server.breaker_failures, len(BREAKER_SECONDS) - 1)]
    server.breaker_failures += 1
    server.breaker_until = timezone.now() + dt.timedelta(seconds=pause)
    server.last_error = str(trouble)
    server.save(update_fields=OutgoingServer.BREAKER)
    _give_up(server, trouble)
    log.warning("server can't be used", server=server.name, error=str(trouble), again_in_seconds=pause)


def _give_up(server: OutgoingServer, trouble: Exception) -> None:
    """Mail that waited GIVE_UP_AFTER fails, once no server that may take it was good for as long."""
    now = timezone.now()
    limit = now - GIVE_UP_AFTER
    if server.last_good_at and server.last_good_at > limit:
        return
    servers = list(OutgoingServer.objects.filter(active=True))
    lost = nobodys(servers, now)
    if lost is None:
        return
    waited = Delivery.unfinished().filter(lost, state__in=WAITING_STATES, created_at__lt=limit)
    reply = given_up(str(trouble))
    failed = {"state": DeliveryState.FAILED, "finished_at": now, "due_at": None, "reply": reply}
    with transaction.atomic():
        by_hand = list(waited.filter(automatic=False).select_related("message"))
        count = waited.update(**failed)
        for delivery in by_hand:
            delivery.reply = reply
        tell_authors(by_hand)
    if count:
        log.error("deliveries given up", server=server.name, count=count, error=str(trouble))
