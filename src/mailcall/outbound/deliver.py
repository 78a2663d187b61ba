"""From the message table to an outgoing server, with every recipient's fate recorded."""

import datetime as dt
import itertools
from collections.abc import Callable, Mapping, Sequence

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from mailcall import measures
from mailcall.checkpoints import checkpoint
from mailcall.database.rows import update_rows
from mailcall.desk.models import Partition
from mailcall.keyring import KeyringError
from mailcall.message import with_a_labels
from mailcall.outbound.heard import Heard
from mailcall.outbound.models import WAITING_STATES, Delivery, DeliveryState, OutgoingServer
from mailcall.outbound.render import render
from mailcall.transport import open_transport
from mailcall.transport.interface import Envelope, RecipientResult, Result, ServerTrouble, Transport

log = structlog.get_logger("outbound.deliver")

GROUP = 20
BACK_OFF_MINUTES = (1, 5, 15, 30, 60, 120, 240, 480, 720)  # then every 12 hours
GIVE_UP_AFTER = dt.timedelta(days=5)
BREAKER_SECONDS = (15, 60, 300, 900)
UNKNOWN_PAUSE = dt.timedelta(minutes=2)
RESENDS_OF_UNKNOWN = 1


def deliver(server: OutgoingServer, *, stop: Callable[[], bool] = lambda: False) -> int:
    """Send all that is due through this server; how many recipients were tried. The caller works alone on it.

    1. What an earlier run left in `sending` becomes `sent` where the server's word was heard, else
       `unknown`: its bytes may have left.
    2. At most GROUP due deliveries are committed as `sending`.
    3. They are sent over one connection, a mail at a time; what the server takes is noted at once.
    4. The results of the group are committed. Then the next group.

    Trouble with the server itself opens its breaker, puts back what was not begun and ends the run.
    """
    recover(server)
    tried = 0
    if stop() or not _waiting(server, timezone.now()).exists():
        return tried
    try:
        with open_transport(server.protocol, server.transport_settings()) as transport:
            while not stop():
                group = _take(server)
                if not group:
                    break
                checkpoint("deliver.leased")
                tried += len(group)
                _send_group(server, transport, group, stop)
                _good(server)
    except (ServerTrouble, KeyringError) as trouble:
        _trip(server, trouble)
    return tried


def recover(server: OutgoingServer) -> None:
    """What a dead run left in `sending` may have been sent: `unknown`, resent once, then held.

    Unless the server was heard to take it: then it is `sent`.
    """
    now = timezone.now()
    mine = Q(server=server) | Q(server=None)  # None: it was deleted with mail in hand
    left = list(Delivery.objects.filter(mine, state=DeliveryState.SENDING).select_related("message"))
    if not left:
        return
    heard = Heard(server)
    for delivery in left:
        reply = heard.reply_to(delivery)
        if reply is None:
            _unknown(delivery, now, "The service stopped while this was being sent.", pause=dt.timedelta())
        else:
            _record(delivery, RecipientResult(delivery.recipient, Result.SENT, reply), now)
    _save(left, {delivery.pk: delivery.attempts for delivery in left})
    unknown = sum(delivery.state != DeliveryState.SENT for delivery in left)
    log.warning("deliveries left by a stop", server=server.name, unknown=unknown, sent=len(left) - unknown)


def servers_for(
    partition_id: int, servers: Sequence[OutgoingServer], now: dt.datetime
) -> list[OutgoingServer]:
    """The servers that may take a partition's mail now, the partition's own first, then by priority."""
    usable = [
        s
        for s in servers
        if s.active
        and s.partition_id in {None, partition_id}
        and not (s.breaker_until and now < s.breaker_until)
    ]
    return sorted(usable, key=lambda s: (s.partition_id is None, s.priority, s.name))


def has_work(server: OutgoingServer) -> bool:
    """Whether a run of `deliver` would find anything to do."""
    return (
        Delivery.objects.filter(server=server, state=DeliveryState.SENDING).exists()
        or _waiting(server, timezone.now()).exists()
    )


def _waiting(server: OutgoingServer, now: dt.datetime) -> "QuerySet[Delivery]":
    servers = list(OutgoingServer.objects.filter(active=True))
    mine = [
        partition
        for partition in Partition.objects.values_list("pk", flat=True)
        if servers_for(partition, servers, now)[:1] == [server]
    ]
    return (
        Delivery.objects.filter(state__in=WAITING_STATES, partition__in=mine)
        .filter(Q(due_at=None) | Q(due_at__lte=now))
        .order_by("pk")
    )


def _take(server: OutgoingServer) -> list[Delivery]:
    Heard(server).begin()
    with transaction.atomic():
        waiting = _waiting(server, timezone.now()).select_for_update(of=("self",), skip_locked=True)
        group = list(waiting.select_related("message")[:GROUP])
        for delivery in group:
            delivery.state = DeliveryState.SENDING
            delivery.server = server
            delivery.attempts += 1
        update_rows(group, ["state", "server", "attempts"])
    return group


def _send_group(
    server: OutgoingServer, transport: Transport, group: list[Delivery], stop: Callable[[], bool]
) -> None:
    untouched = list(group)
    taken = {delivery.pk: delivery.attempts for delivery in group}
    try:
        for _, same in itertools.groupby(group, key=lambda delivery: delivery.message_id):
            if stop():
                break
            in_hand = list(same)
            mail = _make(in_hand)
            del untouched[: len(in_hand)]
            if mail is not None:
                _send(server, transport, in_hand, mail)
                checkpoint("deliver.sent")
    finally:
        # Whatever stops the group, only the mail in hand may have left: the rest goes back as it was.
        _put_back(untouched)
        _save(group, taken)
        checkpoint("deliver.recorded")


def _put_back(group: Sequence[Delivery]) -> None:
    for delivery in group:
        delivery.state = DeliveryState.QUEUED
        delivery.attempts -= 1


def _make(deliveries: Sequence[Delivery]) -> bytes | None:
    """The mail; None, and its deliveries held, when it can't be made. Trouble of the database is raised."""
    message = deliveries[0].message
    try:
        return render(message)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # one mail that can't be made must not stop the next
        for delivery in deliveries:
            delivery.state = DeliveryState.HELD
            delivery.reply = f"The mail can't be made: {error}"
        log.exception("mail can't be made", message=message.pk, correlation_id=message.correlation_id)
        return None


def _send(server: OutgoingServer, transport: Transport, deliveries: Sequence[Delivery], mail: bytes) -> None:
    message = deliveries[0].message
    try:
        results = transport.send(
            Envelope(with_a_labels(message.sender[1]), [with_a_labels(d.recipient) for d in deliveries], mail)
        )
    except ServerTrouble as trouble:
        # The mail in hand may be what the server can't bear, so it alone backs off.
        for delivery in deliveries:
            _defer(delivery, timezone.now(), str(trouble))
        raise
    by_recipient = {result.recipient: result for result in results}
    for delivery in deliveries:
        _record(delivery, by_recipient[with_a_labels(delivery.recipient)], timezone.now())
    Heard(server).sent([delivery for delivery in deliveries if delivery.state == DeliveryState.SENT])
    for delivery in deliveries:
        measures.DELIVERIES.labels(server.name, delivery.state).inc()
        if delivery.finished_at and delivery.state == DeliveryState.SENT:
            waited = delivery.finished_at - delivery.created_at
            measures.DELIVERY_SECONDS.observe(waited.total_seconds())
        log.info(
            "delivery",
            correlation_id=message.correlation_id,
            message=message.pk,
            call=message.call_id,
            recipient=delivery.recipient,
            server=server.name,
            state=str(delivery.state),
            reply=delivery.reply,
        )


def _record(delivery: Delivery, result: RecipientResult, now: dt.datetime) -> None:
    delivery.due_at = None
    match result.result:
        case Result.SENT:
            delivery.state, delivery.reply, delivery.finished_at = DeliveryState.SENT, result.reply, now
        case Result.FAILED:
            delivery.state, delivery.reply, delivery.finished_at = DeliveryState.FAILED, result.reply, now
        case Result.DEFERRED:
            _defer(delivery, now, result.reply)
        case Result.UNKNOWN:
            _unknown(delivery, now, result.reply, pause=UNKNOWN_PAUSE)


def _defer(delivery: Delivery, now: dt.datetime, reply: str) -> None:
    """Later, with growing pauses, until it is older than GIVE_UP_AFTER and has been tried at each pause.

    Age alone does not end it: a person may have released it late, or its server may have been down.
    """
    delivery.reply = reply
    if now - delivery.created_at > GIVE_UP_AFTER and delivery.attempts > len(BACK_OFF_MINUTES):
        delivery.state, delivery.finished_at = DeliveryState.FAILED, now
        delivery.reply = f"Given up after {GIVE_UP_AFTER.days} days. The last word was: {reply}"
        return
    delivery.state = DeliveryState.DEFERRED
    step = min(max(delivery.attempts, 1), len(BACK_OFF_MINUTES)) - 1
    delivery.due_at = now + dt.timedelta(minutes=BACK_OFF_MINUTES[step])


def _unknown(delivery: Delivery, now: dt.datetime, reply: str, *, pause: dt.timedelta) -> None:
    delivery.unknowns += 1
    delivery.reply = reply
    if delivery.unknowns > RESENDS_OF_UNKNOWN:
        delivery.state = DeliveryState.HELD
        delivery.reply = f"{reply} It was resent once already; a person must decide."
        delivery.due_at = None
        return
    delivery.state = DeliveryState.UNKNOWN
    delivery.due_at = now + pause if pause else None


def _save(group: Sequence[Delivery], taken: Mapping[int, int]) -> None:
    """Record what became of a group. `taken`: how often each had been tried when it was taken.

    A report that overtook this has the last word. So has whoever took over meanwhile, unless all that it
    knows is that it knows nothing.
    """
    fields = ["state", "server", "attempts", "unknowns", "due_at", "reply", "finished_at"]
    with transaction.atomic():
        rows = Delivery.objects.select_for_update().filter(pk__in=taken).order_by("pk")
        now = {pk: (state, attempts) for pk, state, attempts in rows.values_list("pk", "state", "attempts")}
        update_rows([d for d in group if _is_ours(d, *now[d.pk], taken[d.pk])], fields)


def _is_ours(delivery: Delivery, state: str, attempts: int, taken: int) -> bool:
    if attempts != taken:
        return False
    return state == DeliveryState.SENDING or (
        state == DeliveryState.UNKNOWN and delivery.state == DeliveryState.SENT
    )


def _good(server: OutgoingServer) -> None:
    """It took a whole group; a mere connection does not close the breaker."""
    server.close_breaker()
    server.last_good_at = timezone.now()
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
    lost = [p for p in Partition.objects.values_list("pk", flat=True) if not servers_for(p, servers, now)]
    waited = Delivery.objects.filter(state__in=WAITING_STATES, created_at__lt=limit, partition__in=lost)
    reply = f"Given up after {GIVE_UP_AFTER.days} days. The last word was: {trouble}"
    count = waited.update(state=DeliveryState.FAILED, finished_at=now, due_at=None, reply=reply)
    if count:
        log.error("deliveries given up", server=server.name, count=count, error=str(trouble))
