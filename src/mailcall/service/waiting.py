"""How long mailboxes and mail have waited: the same for the alarms and for Prometheus."""

import datetime as dt

from mailcall.config import config
from mailcall.inbound.models import IncomingAccount

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
