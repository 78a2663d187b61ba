"""Mails of the journal that are worked on once more: as they came, or with another subject or sender.

The bytes stay as they came; an edit is a row of its own. A mail is acted on once: what did something can't be
replayed. The way is that of every mail, so that two workers never do it twice.
"""

import datetime as dt

from django.db import transaction

from mailcall.desk.errors import Refused
from mailcall.desk.models import Person
from mailcall.inbound.journal import record
from mailcall.inbound.models import Confirmation, Edited, MailState, Outcome, ReceivedMail
from mailcall.message import address_ok
from mailcall.nudges import nudge

NOTHING_DONE = frozenset({Outcome.REJECTED, Outcome.REFUSED, Outcome.DISCARDED})
MOST_SUBJECT = 500
REPLAYED = "Replayed"


def why_not_replayed(mail: ReceivedMail) -> str:  # noqa: PLR0911  one sentence each
    """Why a mail can't be worked on once more, in a sentence; empty when it can."""
    if mail.removal:
        return f"{mail.removal} So it can't be read once more."
    if mail.header_only:
        return f"Only the header of mail {mail.pk} was fetched, so there is nothing more to read."
    if mail.state == MailState.NEW:
        return f"Mail {mail.pk} is still to be worked on. Wait until that is done."
    if mail.state == MailState.HELD:
        return ""
    if mail.outcome == Outcome.DUPLICATE:
        return f"Mail {mail.pk} is the same as an earlier one, which was dealt with. Look at that one."
    if mail.outcome not in NOTHING_DONE or _touched(mail):
        return (
            f"Mail {mail.pk} did something already: {_done(mail)}. A mail never acts twice. Undo on the desk "
            "what it did, or log the matter anew."
        )
    if any(step.get("fired") and step.get("rule") == "delivery report" for step in _steps(mail)):
        return f"Mail {mail.pk} is a delivery report, and what it reports is noted already."
    if Confirmation.objects.filter(mail=mail, confirmed=True).exists():
        return f"What mail {mail.pk} asked was confirmed already."
    return ""


def replay(
    mail: ReceivedMail,
    *,
    actor: Person | None,
    now: dt.datetime,
    subject: str | None = None,
    sender: str | None = None,
    no_spam: bool = False,
) -> None:
    """Have a mail on which nothing was done decided and acted on again, by the desk as it is then.

    A subject or a sender that is given, and differs, is read in place of the mail's own, and nothing of the
    mail proves its sender any more. Raises Refused.
    """
    edits = _edits(mail, subject, sender, no_spam=no_spam)
    with transaction.atomic():
        current = ReceivedMail.objects.select_for_update(of=("self",)).defer("raw").get(pk=mail.pk)
        if why := why_not_replayed(current):
            raise Refused(why)
        # Who was asked whether a command is theirs would else confirm what is done on another way by then.
        Confirmation.objects.filter(mail=current, answered_at=None).delete()
        for field, (old, new) in edits.items():
            record({mail.pk: old}, actor, field, new)
        was = f"{_state(current)}: {current.reason or current.error}"
        record({mail.pk: was}, actor, Edited.OUTCOME, REPLAYED)
        changes = {"edited_at": now} if edits else {}
        ReceivedMail.objects.filter(pk=mail.pk).update(
            state=MailState.NEW,
            attempts=0,
            due_at=None,
            error="",
            outcome="",
            reason="",
            acted_at=None,
            **changes,
        )
    nudge("act")


def check_subject(subject: str) -> str:
    """The subject as it will be read. Raises Refused when it is none."""
    subject = " ".join(subject.split())
    if len(subject) > MOST_SUBJECT:
        raise Refused(f"A subject has at most {MOST_SUBJECT} characters.")
    if not subject.isprintable():
        raise Refused("A subject holds no control characters.")
    return subject


def check_sender(sender: str) -> str:
    """The address as it will be read. Raises Refused when it is none."""
    sender = sender.strip()
    if not address_ok(sender):
        raise Refused(f"“{sender}” is no email address.")
    return sender


def _edits(
    mail: ReceivedMail, subject: str | None, sender: str | None, *, no_spam: bool
) -> dict[Edited, tuple[str, str]]:
    """The old and the new value of each field that differs."""
    edits = {}
    if subject is not None and (new := check_subject(subject)) != mail.subject:
        edits[Edited.SUBJECT] = (mail.subject, new)
    if sender is not None and (new := check_sender(sender)).casefold() != mail.from_address:
        edits[Edited.SENDER] = (mail.from_address, new)
    if no_spam and (mark := mail.evidence.get("spam")):
        edits[Edited.SPAM] = (str(mark), "")
    return edits


def _touched(mail: ReceivedMail) -> bool:
    return any((mail.call_id, mail.request_id, mail.task_id, mail.entry_id))


def _done(mail: ReceivedMail) -> str:
    target = next(filter(None, (mail.call, mail.request, mail.task)), None)
    did = mail.get_outcome_display().lower()
    return f"{did} ({target})" if target else did


def _state(mail: ReceivedMail) -> str:
    return mail.get_outcome_display() if mail.outcome else mail.get_state_display()


def _steps(mail: ReceivedMail) -> list[dict[str, object]]:
    return [step for step in mail.trace if isinstance(step, dict)]
