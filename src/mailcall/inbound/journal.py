"""What people do to mails of the journal: retry what is held, discard it with a reason, take that back."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.desk.models import Person
from mailcall.inbound.models import Edited, MailEdit, MailState, Outcome, ReceivedMail
from mailcall.nudges import nudge

TRIED_AGAIN = "Tried again"
HELD_AGAIN = "Held again"


@dataclass(frozen=True, slots=True)
class HeldFilter:
    """Which held mails are meant; what is empty restricts nothing. `hours` is the least age."""

    account: int | None = None
    cause: str = ""
    sender: str = ""
    hours: int = 0

    def of(self, mails: "QuerySet[ReceivedMail]", now: dt.datetime) -> "QuerySet[ReceivedMail]":
        """Those of these held mails."""
        if self.account is not None:
            mails = mails.filter(account=self.account)
        if self.cause:
            mails = mails.filter(error__icontains=self.cause)
        if self.sender:
            mails = mails.filter(from_address__icontains=self.sender)
        if self.hours:
            mails = mails.filter(received_at__lte=now - dt.timedelta(hours=self.hours))
        return mails


def held() -> "QuerySet[ReceivedMail]":
    """All held mails."""
    return ReceivedMail.not_done().filter(state=MailState.HELD)


def retry(mail: ReceivedMail, *, actor: Person | None = None) -> None:
    """Have a held or waiting mail acted on again, now. Raises Refused when it is done."""
    if not _to_new(ReceivedMail.objects.filter(pk=mail.pk), actor):
        raise Refused(f"Mail {mail.pk} is done; only a held mail can be tried again.")


def retry_all(mails: "QuerySet[ReceivedMail] | None" = None, *, actor: Person | None = None) -> int:
    """Have held mails acted on again, all or those of these; how many."""
    return _to_new(held() if mails is None else mails, actor)


def discard(mail: ReceivedMail, *, actor: Person | None, reason: str) -> None:
    """Say that a held mail needs nothing more; its raw source stays. Raises Refused."""
    if not reason.strip():
        raise Refused("Discarding a mail needs a reason.")
    said = f"Discarded by {name_of(actor)}: {reason.strip()}"
    with transaction.atomic():
        changed = ReceivedMail.objects.filter(pk=mail.pk, state=MailState.HELD).update(
            state=MailState.DONE, outcome=Outcome.DISCARDED, reason=said, acted_at=timezone.now()
        )
        if not changed:
            raise Refused(f"Mail {mail.pk} is not held, so it can't be discarded.")
        record({mail.pk: f"Held: {mail.error}"}, actor, Edited.OUTCOME, said)


def undo_discard(mail: ReceivedMail, *, actor: Person | None) -> None:
    """Have a discarded mail held again, with the cause that it had. Raises Refused."""
    if mail.removal:
        raise Refused(f"{mail.removal} So it can't be held again.")
    discarded = ReceivedMail.objects.filter(pk=mail.pk, outcome=Outcome.DISCARDED, raw_removed_at=None)
    with transaction.atomic():
        if not discarded.update(state=MailState.HELD, outcome="", reason="", acted_at=None):
            raise Refused(f"Mail {mail.pk} is not discarded.")
        record({mail.pk: mail.reason}, actor, Edited.OUTCOME, HELD_AGAIN)


def record(old: Mapping[int, str], actor: Person | None, field: Edited, new: str) -> None:
    """Keep who changed what of mails; `old` is what each had before."""
    by = name_of(actor)
    MailEdit.objects.bulk_create(
        MailEdit(mail_id=mail, by=by, person=actor, field=field, old=was, new=new)
        for mail, was in old.items()
    )


def name_of(actor: Person | None) -> str:
    """Whose hand it is, for people; None is a sign-in, or a shell, that belongs to nobody."""
    return str(actor)[:200] if actor else "an administrator"


def _to_new(mails: "QuerySet[ReceivedMail]", actor: Person | None) -> int:
    with transaction.atomic():
        rows = mails.exclude(state=MailState.DONE).select_for_update(of=("self",)).order_by("pk")
        found = list(rows.values_list("pk", "state", "error"))
        keys = [pk for pk, _, _ in found]
        ReceivedMail.objects.filter(pk__in=keys).update(state=MailState.NEW, attempts=0, due_at=None)
        were_held = {pk: f"Held: {error}" for pk, state, error in found if state == MailState.HELD}
        record(were_held, actor, Edited.OUTCOME, TRIED_AGAIN)
    nudge("act")
    return len(found)
