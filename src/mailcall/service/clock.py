"""The machine's clock, watched: one that is set back must not make waiting mails wait for hours."""

import datetime as dt

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from mailcall.config import config
from mailcall.inbound.models import MailState, ReceivedMail
from mailcall.outbound.models import WAITING_STATES, Delivery, OutgoingServer, Pace
from mailcall.service.models import Clock

log = structlog.get_logger("service.clock")

TOLERANCE = dt.timedelta(seconds=30)
GAP = dt.timedelta(minutes=5)  # in which nobody is at work


def watch() -> str:
    """Remember this moment; if it lies before the last one, move what waits, and say so in a sentence.

    Several machines have several clocks, which differ: there nothing is moved.
    """
    if not config().embedded:
        return ""
    now = timezone.now()
    with transaction.atomic():
        clock = Clock.objects.order_by("pk").first() or Clock(seen_at=now)
        back = clock.seen_at - now
        if back > TOLERANCE:
            _move_back(back)
            clock.note = (
                f"The clock was set back by {back} (from {clock.seen_at:%Y-%m-%d %H:%M:%S} "
                f"to {now:%Y-%m-%d %H:%M:%S} UTC); what was waiting for its time has been moved along."
            )
            log.warning("clock set back", sentence=clock.note)
        else:
            clock.note = ""
        clock.seen_at = now
        clock.save()
    return clock.note


def at_work_since(now: dt.datetime) -> dt.datetime:
    """Since when some of several workers has been at work, which says so by asking this now and then."""
    clock = Clock.objects.order_by("pk").first() or Clock()
    if clock.began_at is None or now - clock.seen_at > GAP:
        clock.began_at = now
    clock.seen_at = now
    clock.save()
    return clock.began_at


def _move_back(by: dt.timedelta) -> None:
    ReceivedMail.not_done().filter(state=MailState.NEW, due_at__isnull=False).update(due_at=F("due_at") - by)
    waiting = Delivery.unfinished().filter(state__in=WAITING_STATES, due_at__isnull=False)
    waiting.update(due_at=F("due_at") - by)
    OutgoingServer.objects.filter(breaker_until__isnull=False).update(breaker_until=F("breaker_until") - by)
    Pace.objects.update(at=F("at") - by, put_off_until=F("put_off_until") - by)
