"""How often a mail was tried, and what becomes of one that fails: it waits a while, then it is held."""

import datetime as dt
from collections.abc import Mapping

import structlog
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from mailcall import measures
from mailcall.inbound.models import MailState, ReceivedMail

log = structlog.get_logger("inbound.act")

MOST_ATTEMPTS = 3
POSTPONED_SECONDS = 30
BACK_OFF_SECONDS = (10, 60)  # after the first and the second attempt


def due(mails: "QuerySet[ReceivedMail]") -> "QuerySet[ReceivedMail]":
    """Those of these that wait, and whose time has come."""
    now = timezone.now()
    return mails.filter(Q(due_at=None) | Q(due_at__lte=now), state=MailState.NEW, acted_at=None)


def take_back(mails: Mapping[int, ReceivedMail]) -> None:
    """Take back the attempt of mails that were not tried after all."""
    if mails:
        ReceivedMail.objects.filter(pk__in=mails, attempts__gt=0).update(attempts=F("attempts") - 1)


def fail(mail: ReceivedMail, error: str) -> None:
    """A mail that failed waits a while; after MOST_ATTEMPTS it is held for a person."""
    measures.MAILS_FAILED.inc()
    mail.refresh_from_db(fields=["attempts"])
    mail.error = error[:2000]
    mail.state = MailState.NEW  # an attempt that was undone may have left it as done, here in memory
    if mail.attempts >= MOST_ATTEMPTS:
        hold(mail, error)
        return
    pause = BACK_OFF_SECONDS[max(mail.attempts, 1) - 1]
    mail.due_at = timezone.now() + dt.timedelta(seconds=pause)
    _save_if_waiting(mail)


def postpone(mail: ReceivedMail, why: str) -> None:
    """What a mail needs is away, which is not its fault: it waits, however long, and no attempt counts."""
    mail.due_at, mail.error = timezone.now() + dt.timedelta(seconds=POSTPONED_SECONDS), why[:2000]
    _save_if_waiting(mail)
    log.warning("mail waits", correlation_id=mail.correlation_id, mail=mail.pk, error=mail.error)


def hold(mail: ReceivedMail, error: str) -> None:
    """Leave a mail to a person, with the reason."""
    mail.state, mail.due_at, mail.error = MailState.HELD, None, error[:2000]
    _save_if_waiting(mail)
    log.error("mail held", correlation_id=mail.correlation_id, mail=mail.pk, error=mail.error)


def _save_if_waiting(mail: ReceivedMail) -> None:
    """Whoever dealt with it meanwhile has the last word."""
    rows = ReceivedMail.objects.filter(pk=mail.pk, state=MailState.NEW)
    rows.update(state=mail.state, due_at=mail.due_at, error=mail.error)
