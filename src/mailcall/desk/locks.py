"""Who works on a call, so that two don't at the same time without knowing; mail is never kept out by it."""

import datetime as dt

from django.utils import timezone

from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, CallLock, Channel
from mailcall.desk.work import Deed, work_on

LASTS = dt.timedelta(minutes=15)  # without renewal


def lock(call: Call, deed: Deed, *, take_over: bool = False) -> CallLock:
    """Say that the actor works on a call; who does already renews. With `take_over` it passes from another.

    Raises Refused when somebody else works on it. Taking over leaves an entry; the rest is no change.
    """
    actor = deed.words.actor
    if actor is None or not actor.is_analyst:
        raise Refused("Only an Analyst can lock a call.")
    with work_on(call, deed) as work:
        held = holder(work.the_call, deed.now)
        if held and held.person_id == actor.pk:
            held.expires_at = deed.now + LASTS
            held.save(update_fields=["expires_at"])
            return held
        if held and not take_over:
            raise Refused(f"{held}. Take it over, or wait until they are done.")
        if held:
            work.tell(work.the_call, f"Taken over from {held.person}, who worked on it")
        values = {"person": actor, "since": deed.now, "expires_at": deed.now + LASTS}
        return CallLock.objects.update_or_create(call=work.the_call, defaults=values)[0]


def renew(call: Call, deed: Deed) -> CallLock:
    """Keep the actor's lock for longer. Raises Refused when it ended, or passed to somebody else."""
    with work_on(call, deed) as work:
        held = holder(work.the_call, deed.now)
        if held is None:
            raise Refused(f"Nobody works on {call} any more. Lock it again.")
        if deed.words.actor is None or held.person_id != deed.words.actor.pk:
            raise Refused(f"{held}, no longer you.")
        held.expires_at = deed.now + LASTS
        held.save(update_fields=["expires_at"])
    return held


def unlock(call: Call, deed: Deed) -> None:
    """Say that the actor works on it no more. Doing it again is no error, nor when somebody took over."""
    CallLock.objects.filter(call=call, person=deed.words.actor).delete()


def holder(call: Call, now: dt.datetime | None = None) -> CallLock | None:
    """The lock of whoever works on a call, if anybody does. One query."""
    held = CallLock.objects.filter(call=call, expires_at__gt=now or timezone.now())
    return held.select_related("person", "call").first()


def refuse_if_held(call: Call, deed: Deed) -> None:
    """Raise Refused when somebody else works on it. What comes by mail, or by itself, is never refused."""
    actor = deed.words.actor
    if actor is None or deed.words.channel == Channel.EMAIL:
        return
    held = holder(call, deed.now)
    if held and held.person_id != actor.pk:
        raise Refused(f"{held}. Take it over, or wait until they are done.")
