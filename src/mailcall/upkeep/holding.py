"""What waited when a backup was made is held in the restored desk, until a person lets it go.

It may have been sent, or acted on, after the backup: whoever got an answer then must not get it again by a
machine's decision.
"""

from django.db.models import QuerySet
from django.utils import timezone

from mailcall.inbound.models import MailState, ReceivedMail
from mailcall.outbound.models import Delivery, DeliveryState

WAITED = (DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.SENDING, DeliveryState.UNKNOWN)
ON_ITS_WAY = (
    "Held by a restore: it was on its way when the backup was made, and may have been sent since. "
    "`mailcall release` sends all such mail."
)
NOT_ACTED_ON = (
    "Held by a restore: it had not been acted on when the backup was made, and may have been answered since. "
    "`mailcall release` has all such mail acted on."
)


def statements() -> tuple[str, str]:
    """SQL that holds what waits, with literals, for a database that is only being restored."""
    waited = ", ".join(f"'{state.value}'" for state in WAITED)
    return (
        f"UPDATE {Delivery._meta.db_table} SET state = '{DeliveryState.HELD.value}', due_at = NULL, "  # noqa: S608
        f"reply = '{ON_ITS_WAY}' WHERE state IN ({waited})",
        f"UPDATE {ReceivedMail._meta.db_table} SET state = '{MailState.HELD.value}', due_at = NULL, "  # noqa: S608
        f"error = '{NOT_ACTED_ON}' WHERE state = '{MailState.NEW.value}'",
    )


def release(*, cancel: bool) -> tuple[int, int]:
    """Send or cancel those deliveries, and have those mails acted on; how many of each."""
    if cancel:
        count = _deliveries().update(state=DeliveryState.CANCELLED, finished_at=timezone.now())
    else:
        count = _deliveries().update(state=DeliveryState.QUEUED, attempts=0, unknowns=0, reply="")
    return count, _mails().update(state=MailState.NEW, attempts=0, error="")


def _deliveries() -> "QuerySet[Delivery]":
    return Delivery.unfinished().filter(state=DeliveryState.HELD, reply=ON_ITS_WAY)


def _mails() -> "QuerySet[ReceivedMail]":
    return ReceivedMail.not_done().filter(state=MailState.HELD, error=NOT_ACTED_ON)
