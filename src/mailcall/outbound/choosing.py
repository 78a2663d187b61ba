"""Which outgoing server takes which mail."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from mailcall.outbound.models import WAITING_STATES, Delivery, DeliveryState, OutgoingServer

TRIED_STATES = tuple(state for state in WAITING_STATES if state != DeliveryState.QUEUED)


def usable(servers: Sequence[OutgoingServer], now: dt.datetime) -> list[OutgoingServer]:
    """The servers that may be used now, in the order in which mail goes to the first that takes it.

    Those come first that are for less mail: a partition's own, then those of sender domains, then those of
    urgent work; and of these the least priority.
    """
    return sorted(
        (s for s in servers if s.active and not (s.breaker_until and now < s.breaker_until)),
        key=lambda s: (
            s.partition_id is None,
            not s.sender_domains,
            s.call_priority or 99,
            s.priority,
            s.name,
        ),
    )


def servers_for(
    partition_id: int | None, servers: Sequence[OutgoingServer], now: dt.datetime
) -> list[OutgoingServer]:
    """The servers that may take a partition's mail now, the first of them first.

    Without a partition: those for the mail of any.
    """
    return [s for s in usable(servers, now) if s.partition_id in {None, partition_id}]


def waiting(server: OutgoingServer, now: dt.datetime) -> "list[QuerySet[Delivery]]":
    """What is due and this server's to send: what was tried or had to wait, then the new; none is a no.

    Each is read along the index of open deliveries, past nothing that is due later.
    """
    mine = taken_by(server, list(OutgoingServer.objects.filter(active=True)), now)
    if mine is None:
        return []
    due = Delivery.unfinished().filter(mine)
    return [
        due.filter(state__in=WAITING_STATES, due_at__lte=now).order_by("state", "due_at", "pk"),
        due.filter(state__in=TRIED_STATES, due_at=None).order_by("state", "pk"),
        due.filter(state=DeliveryState.QUEUED, due_at=None).order_by("pk"),
    ]


def taken_by(server: OutgoingServer, servers: Sequence[OutgoingServer], now: dt.datetime) -> Q | None:
    """Which deliveries are this server's now: those that it takes, and none before it. None: none are."""
    mine = _fits(server)
    for other in usable(servers, now):
        if other == server:
            return mine
        theirs = _fits(other)
        if not theirs:
            return None
        mine &= ~theirs
    return None


def nobodys(servers: Sequence[OutgoingServer], now: dt.datetime) -> Q | None:
    """The deliveries that no server may take now. None: there are none such."""
    left = Q()
    for server in usable(servers, now):
        theirs = _fits(server)
        if not theirs:
            return None
        left &= ~theirs
    return left


def has_waiting(server: OutgoingServer) -> bool:
    """Whether anything is due that is this server's to send."""
    return any(some.exists() for some in waiting(server, timezone.now()))


def _fits(server: OutgoingServer) -> Q:
    """The deliveries that it takes; an empty condition is all of them."""
    fits = Q()
    if server.partition_id:
        fits &= Q(partition=server.partition_id)
    if server.sender_domains:
        domains = Q()
        for domain in server.domains:
            domains |= Q(message__sender__1__iendswith=f"@{domain}")
        fits &= domains
    if limit := server.call_priority:
        fits &= (
            Q(message__call__priority__lte=limit)
            | Q(message__request__priority__lte=limit)
            | Q(message__task__request__priority__lte=limit)
            | Q(message__task__call__priority__lte=limit)
        )
    return fits
