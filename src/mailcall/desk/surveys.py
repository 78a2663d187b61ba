"""Surveys: what the User of a closed call says of how it was worked."""

from django.db import transaction
from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Channel, EntryKind, Person, Survey, TimelineEntry
from mailcall.desk.models.surveys import BEST, WORST

LONGEST_COMMENT = 5_000


def answer(call: Call, person: Person, rating: int, comment: str) -> Survey:
    """Keep what somebody says of a call, and note it on its timeline; a later word takes the place of it.

    Raises Refused for what is no rating, and for a call whose words were removed.
    """
    comment = comment.strip()[:LONGEST_COMMENT]
    if not WORST <= rating <= BEST:
        raise Refused(f"A rating is a number from {WORST} to {BEST}.")
    with transaction.atomic():
        call = Call.objects.select_for_update().get(pk=call.pk)
        if call.anonymized_at or call.user_id != person.pk:
            raise Refused(f"{call} is not theirs any more.")
        said = {"rating": rating, "comment": comment, "answered_at": timezone.now()}
        before = Survey.objects.filter(call=call, person=person).first()
        if before and (before.rating, before.comment) == (rating, comment):
            return before
        survey, _ = Survey.objects.update_or_create(call=call, person=person, defaults=said)
        TimelineEntry.objects.create(
            call=call,
            kind=EntryKind.STATE,
            actor=person,
            actor_name=str(person),
            channel=Channel.PAGE,
            proof="by the link of the survey",
            internal=True,
            text=f"Content: {rating} of {BEST}" + (f": {comment}" if comment else ""),
        )
    return survey
