"""What people do to mails of the journal: retry what is held, discard it with a reason."""

from django.db.models import QuerySet
from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.desk.models import Person
from mailcall.inbound.models import MailState, Outcome, ReceivedMail
from mailcall.nudges import nudge


def retry(mail: ReceivedMail) -> None:
    """Have a held or waiting mail acted on again, now. Raises Refused when it is done."""
    if not _to_new(ReceivedMail.objects.filter(pk=mail.pk)):
        raise Refused(f"Mail {mail.pk} is done; only a held mail can be tried again.")


def retry_all() -> int:
    """Have all held mails acted on again; how many."""
    return _to_new(ReceivedMail.not_done().filter(state=MailState.HELD))


def discard(mail: ReceivedMail, *, actor: Person | None, reason: str) -> None:
    """Say that a held mail needs nothing more; its raw source stays. Raises Refused."""
    if not reason.strip():
        raise Refused("Discarding a mail needs a reason.")
    who = actor or "an administrator"
    changed = ReceivedMail.objects.filter(pk=mail.pk, state=MailState.HELD).update(
        state=MailState.DONE,
        outcome=Outcome.DISCARDED,
        reason=f"Discarded by {who}: {reason.strip()}",
        acted_at=timezone.now(),
    )
    if not changed:
        raise Refused(f"Mail {mail.pk} is not held, so it can't be discarded.")


def _to_new(mails: "QuerySet[ReceivedMail]") -> int:
    count = mails.exclude(state=MailState.DONE).update(state=MailState.NEW, attempts=0, due_at=None)
    nudge("act")
    return count
