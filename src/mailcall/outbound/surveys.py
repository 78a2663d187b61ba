"""Surveys by mail: some time after a call is closed its User is asked how content they are, on a page."""

import datetime as dt
from collections.abc import Iterator

from django.core import signing
from django.utils import timezone

from mailcall.desk.events import Origin
from mailcall.desk.models import Call, Person, TimelineEntry
from mailcall.outbound.instructions import Instruction
from mailcall.outbound.message_types import CALL_SURVEY
from mailcall.outbound.models import (
    WAITING_STATES,
    Delivery,
    DeliveryState,
    NotificationSettings,
    OccasionSetting,
)
from mailcall.outbound.recipients import excused, mailboxes
from mailcall.outbound.unsubscribing import READER, is_unsubscribed

SURVEY = "survey"  # in a message's data: the key of whom it asks
LASTS = dt.timedelta(days=60)
_SALT = "mailcall.outbound.survey"


def survey(call: Call, entry: TimelineEntry, origin: Origin) -> Iterator[Instruction]:
    """Ask the User later, where the partition does so."""
    if not OccasionSetting.objects.filter(type_code=CALL_SURVEY.code, active=True).exists():
        return  # as on most desks, to which this costs no more
    settings = NotificationSettings.objects.filter(partition=call.partition_id).first()
    hours = (settings or NotificationSettings()).survey_after_hours
    wants_none = is_unsubscribed(call.user_id, CALL_SURVEY)
    yield Instruction(
        CALL_SURVEY,
        call,
        entry,
        origin,
        to=excused(mailboxes([call.user]), "They unsubscribed.") if wants_none else mailboxes([call.user]),
        data={SURVEY: call.user_id, READER: call.user_id},
        due_at=timezone.now() + dt.timedelta(hours=hours),
        why="The call was closed, and its User is asked how content they are.",
    )


def take_back(call: Call) -> None:
    """Ask nobody about a call that is open again."""
    waiting = Delivery.unfinished().filter(
        message__call=call, message__type_code=CALL_SURVEY.code, state__in=WAITING_STATES
    )
    reply = "Taken back, since the call is open again."
    waiting.update(state=DeliveryState.CANCELLED, finished_at=timezone.now(), reply=reply, due_at=None)


def token_for(call: int, person: int) -> str:
    """What stands in for a sign-in on the page of a survey, for this call and person alone."""
    return signing.dumps([call, person], salt=_SALT)


def asked_by(token: str) -> tuple[Call, Person] | None:
    """Whom a token asks about what; None for what is no token, or too old, or of what was removed."""
    try:
        call, person = signing.loads(token, salt=_SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError):
        return None
    found = Call.objects.select_related("partition", "user").filter(pk=call, anonymized_at=None).first()
    if found is None or found.user_id != person or not found.user.email:
        return None
    return found, found.user
