"""How long mailboxes and mail have waited: the same for the alarms and for Prometheus."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db.models import Min, QuerySet

from mailcall.config import config
from mailcall.inbound.models import IncomingAccount, MailState, ReceivedMail
from mailcall.outbound.models import WAITING_STATES, Delivery

if TYPE_CHECKING:
    Waiting = QuerySet[ReceivedMail] | QuerySet[Delivery]

PATIENCE = dt.timedelta(minutes=5)


def late_after(account: IncomingAccount) -> dt.timedelta:
    """How long an account may go without a good check: three intervals, and never less than PATIENCE."""
    return max(PATIENCE, dt.timedelta(seconds=3 * (account.check_interval or config().check_interval)))


def unchecked_since(account: IncomingAccount, now: dt.datetime) -> dt.datetime:
    """Since when its mailbox was not checked with success; one that was just added has its time to come."""
    return max(account.last_good_at or account.watched_since or now, account.watched_since or now)


def note_watched(now: dt.datetime) -> None:
    """Remember from when each account is to be checked; one that is switched off begins anew."""
    checked = IncomingAccount.to_collect()
    checked.filter(watched_since=None).update(watched_since=now)
    others = IncomingAccount.objects.filter(watched_since__isnull=False)
    others.exclude(pk__in=checked.values("pk")).update(watched_since=None)


def mail_overdue_since(now: dt.datetime) -> dt.datetime | None:
    """Since when the mail of the journal has been due that has been so longest."""
    return _overdue_since(ReceivedMail.not_done().filter(state=MailState.NEW), "received_at", now)


def delivery_overdue_since(now: dt.datetime) -> dt.datetime | None:
    """Since when the delivery has been due that has been so longest; one put off, since its time came."""
    return _overdue_since(Delivery.unfinished().filter(state__in=WAITING_STATES), "created_at", now)


def _overdue_since(rows: "Waiting", field: str, now: dt.datetime) -> dt.datetime | None:
    """Of what is due at once, since `field`; and of what was to wait, since its time came."""
    at_once = rows.filter(due_at=None).order_by("pk").values_list(field, flat=True).first()
    in_time = rows.filter(due_at__lte=now).order_by().aggregate(at=Min("due_at"))["at"]
    return min((at for at in (at_once, in_time) if at), default=None)
