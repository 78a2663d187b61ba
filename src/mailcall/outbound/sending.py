"""Sends drafts: now, with some seconds to take it back, or by itself at a moment that its author chose.

What is to leave later stays a draft until then, so that its Date is that of its leaving, its timeline has no
mail that never left, and its author still may write when it leaves.
"""

import datetime as dt
from collections.abc import Callable

import structlog
from django.contrib.auth import get_user_model
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from mailcall.desk.delegations import is_active
from mailcall.desk.errors import Refused
from mailcall.desk.letters import take_back
from mailcall.desk.models import Channel, Person, Right
from mailcall.desk.rights import why_not
from mailcall.desk.work import by, work_on
from mailcall.outbound.addressing import Addressed, addressed
from mailcall.outbound.drafts import files_of, forget, locked, refuse_closed, untyped_before
from mailcall.outbound.letters import Letter, Written, check, write
from mailcall.outbound.models import Delivery, DeliveryState, Draft, Message, SenderKind
from mailcall.outbound.recipients import Work, kind_of, partition_of
from mailcall.outbound.snapshots import moment

log = structlog.get_logger("outbound.sending")

UNDO = dt.timedelta(seconds=15)
FARTHEST = dt.timedelta(days=366)
KEPT = dt.timedelta(hours=1)  # of a draft that was sent, or that nobody typed into for a day
UNTYPED = dt.timedelta(days=1)
_NOT_BEGUN = frozenset({DeliveryState.QUEUED, DeliveryState.HELD, DeliveryState.WITHHELD})
_NEVER = frozenset({DeliveryState.FAILED, DeliveryState.CANCELLED})  # such as to a suppressed address
TAKEN_BACK = "its author, who took it back before it left"


def send(draft: Draft, *, version: int | None = None) -> Written:
    """Send a draft; for UNDO it can be taken back. Raises Refused, and then it stays as it is.

    `version` is what its author saw when they sent it.
    """
    with transaction.atomic():
        draft = locked(draft)
        refuse_closed(draft)
        if version is not None and draft.version != version:
            raise Refused("This draft was changed in another tab or window. Look at it once more.")
        return _send(draft, timezone.now() + UNDO)


def _send(draft: Draft, due_at: dt.datetime | None) -> Written:
    """The caller has it locked, in a transaction."""
    letter = _letter(draft, addressed(draft), due_at)
    written = write(draft.about, letter, by(draft.author, Channel.PAGE))
    draft.sent_at, draft.send_at, draft.problem = timezone.now(), None, ""
    draft.message, draft.joined = written.message, written.joined
    draft.save(update_fields=["sent_at", "send_at", "problem", "message", "joined"])
    return written


def _letter(draft: Draft, readers: Addressed, due_at: dt.datetime | None) -> Letter:
    readers.refuse_unreachable()
    return Letter(
        sender=SenderKind(draft.sender),
        to=readers.to,
        cc=readers.cc,
        bcc=readers.bcc,
        subject=draft.subject,
        text=draft.text,
        files=tuple(files_of(draft)),
        answers=draft.answers,
        due_at=due_at,
    )


def undo(draft: Draft) -> Draft:
    """Take back a mail that has not left: it is a draft again, with all it had. Raises Refused."""
    with transaction.atomic():
        draft = locked(draft)
        if draft.sent_at is None:
            return draft  # taken back already
        message = draft.message
        if message is None or not _cancel(message):
            raise Refused("It is too late to take it back: the mail has left.")
        now = timezone.now()
        Message.objects.filter(pk=message.pk).update(data={}, data_removed_at=now, removed_by=TAKEN_BACK)
        if message.entry:
            deed = by(draft.author, Channel.PAGE, now=now)
            take_back(message.entry, deed, "Wrote a mail, and took it back before it left.", draft.joined)
        draft.sent_at, draft.message, draft.joined, draft.updated_at = None, None, [], now
        draft.version += 1
        draft.save(update_fields=["sent_at", "message", "joined", "updated_at", "version"])
    return draft


def in_hand(author: Person, about: Work) -> "QuerySet[Draft]":
    """What somebody writes about something, and the mails that they sent a moment ago and can take back."""
    recent = Q(sent_at__gt=timezone.now() - UNDO)
    rows = Draft.objects.filter(recent | (Q(sent_at=None) & ~Q(version=1)), author=author)
    return rows.filter(**{kind_of(about): about})


def _cancel(message: Message) -> bool:
    """Cancel all deliveries of a message; whether none of them was begun. Nobody leases them meanwhile."""
    rows = list(Delivery.objects.select_for_update().filter(message=message).order_by("pk"))
    if any(row.attempts or row.state not in {*_NOT_BEGUN, *_NEVER} for row in rows):
        return False
    waiting = Delivery.objects.filter(pk__in=[row.pk for row in rows if row.state in _NOT_BEGUN])
    return bool(waiting.update(state=DeliveryState.CANCELLED, due_at=None, finished_at=timezone.now()))


def schedule(draft: Draft, at: dt.datetime, *, version: int | None = None) -> Draft:
    """Have a draft leave by itself then, or at another moment than before. Raises Refused.

    All that could be wrong with it is said now, not when nobody is there.
    """
    now = timezone.now()
    if at <= now:
        raise Refused(f"{moment(at, draft.author)} is past. Give a moment that is still to come.")
    if at > now + FARTHEST:
        raise Refused("That is more than a year ahead. Give a moment that is nearer.")
    with transaction.atomic():
        draft = locked(draft)
        if draft.sent_at:
            raise Refused("This mail was sent.")
        if version is not None and draft.version != version:
            raise Refused("This draft was changed in another tab or window. Look at it once more.")
        check(draft.about, _letter(draft, addressed(draft), None), draft.author)
        draft.send_at, draft.problem = at, ""
        draft.version += 1
        draft.save(update_fields=["send_at", "problem", "version"])
    return draft


def stop_sending(draft: Draft) -> Draft:
    """Have it not leave by itself: it can be written on again. Raises Refused when it has left."""
    with transaction.atomic():
        draft = locked(draft)
        if draft.sent_at:
            raise Refused("It is too late: the mail was sent.")
        draft.send_at = None
        draft.version += 1
        draft.save(update_fields=["send_at", "version"])
    return draft


def send_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Send the drafts whose moment has come, and throw away what is of no more use; how many were sent.

    One that can't be sent says why, to its author and in the timeline, and is a draft again.
    """
    now, sent = timezone.now(), 0
    due = Draft.objects.filter(send_at__lte=now, sent_at=None).order_by("send_at", "pk")
    for key in due.values_list("pk", flat=True):
        if stop():
            return sent
        sent += _send_if_due(key, now)
    if not stop():
        forget(Draft.objects.filter(sent_at__lt=now - KEPT))
        forget(untyped_before(now - UNTYPED))
    return sent


def _send_if_due(key: int, now: dt.datetime) -> bool:
    try:
        with transaction.atomic():
            rows = Draft.objects.select_for_update(of=("self",), skip_locked=True).select_related("author")
            draft = rows.filter(pk=key, send_at__lte=now, sent_at=None).first()
            if draft is None:
                return False
            _refuse_who_may_not(draft.author, draft.about)
            _send(draft, None)
    except Refused as refusal:
        _give_up(key, str(refusal))
        return False
    except (OperationalError, InterfaceError):  # the others would fail, too
        raise
    except Exception:  # one that can't be made must not stop the next
        log.exception("planned mail can't be made", draft=key)
        _give_up(key, "It can't be made into a mail.")
        return False
    return True


def _refuse_who_may_not(author: Person, about: Work) -> None:
    """Raise Refused unless whoever wrote it may still write."""
    if is_active(author) and get_user_model()._default_manager.filter(
        person=author, is_superuser=True, is_active=True
    ):
        return
    if sentence := why_not(author, Right.UPDATE, partition_of(about)):
        raise Refused(sentence)


def _give_up(key: int, sentence: str) -> None:
    with transaction.atomic():
        draft = Draft.objects.select_related("author").get(pk=key)
        Draft.objects.filter(pk=key).update(send_at=None, problem=sentence[:500])
        log.warning("planned mail not sent", draft=key, problem=sentence)
        try:
            with transaction.atomic(), work_on(draft.about, by(None, Channel.SYSTEM)) as work:
                target = work.task(draft.about.pk) if draft.task_id else work.request or work.the_call
                work.follow(target, f"A mail that {draft.author} had planned was not sent: {sentence}")
        except Refused:
            pass  # it is gone, or nothing can be added to it
