"""Brings open work in step with changed agreements and calendars, in chunks, until all of it is.

What is to be done stands in the table, with how far it came: whoever is killed, the next goes on from the
last chunk that was committed.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from mailcall.checkpoints import checkpoint
from mailcall.desk.clocks import Thing, sync_all
from mailcall.desk.models import Call, Covers, Recompute, Request, RequestState, State, Task
from mailcall.desk.models.work import UNENDED_STATES

CHUNK = 50
LONGEST_TURN = 5.0  # seconds, so that what else is due waits no longer

Failed = Callable[[Thing, Exception], None]


def recompute(
    now: dt.datetime, failed: Failed | None = None, stop: Callable[[], bool] = lambda: False
) -> int:
    """Go on with what is asked for, for some seconds; how many pieces of work were brought in step.

    What one raises is told to `failed`, and the next is done; without `failed`, and when the database is
    gone, it is raised.
    """
    until = time.monotonic() + LONGEST_TURN
    done = 0
    for asked in Recompute.objects.order_by("pk"):
        for chunk in _chunks(asked):
            if stop() or time.monotonic() > until:
                return done
            if not _do(asked, chunk, now, failed):
                break  # asked for anew meanwhile, or another worker does it
            done += len(chunk)
        else:
            Recompute.objects.filter(pk=asked.pk, asked_at=asked.asked_at).delete()
    return done


def open_keys(about: str) -> list[int]:
    """The keys of all open work of a kind, in order, by the index of states."""
    return sorted(_open(about).order_by().values_list("pk", flat=True))


def open_work(about: str) -> "QuerySet[Any]":
    """Open work of a kind with all that terms follow from."""
    related = ("call__user", "request__user") if about == Covers.TASKS else ("user",)
    return _open(about).select_related(*related)


def _open(about: str) -> "QuerySet[Any]":
    match about:
        case Covers.CALLS:
            return Call.objects.filter(state=State.OPEN)
        case Covers.REQUESTS:
            return Request.objects.filter(state=RequestState.OPEN)
        case _:
            return Task.objects.filter(state__in=UNENDED_STATES)


def _chunks(asked: Recompute) -> Iterator[Sequence[int]]:
    keys = [key for key in open_keys(asked.about) if key > asked.after]
    for first in range(0, len(keys), CHUNK):
        yield keys[first : first + CHUNK]


def _do(asked: Recompute, keys: Sequence[int], now: dt.datetime, failed: Failed | None) -> bool:
    """One chunk in a transaction, one by one where it fails; whether it was still to be done here."""
    try:
        return _in_step(asked, keys, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if failed is None:
            raise
        if len(keys) > 1:
            return all(_do(asked, [key], now, failed) for key in keys)
        _pass_over(asked, keys[0], failed, error)
        return True


def _in_step(asked: Recompute, keys: Sequence[int], now: dt.datetime) -> bool:
    with transaction.atomic():
        rows = Recompute.objects.filter(pk=asked.pk, asked_at=asked.asked_at)
        skips = connection.features.has_select_for_update_skip_locked
        if not rows.select_for_update(skip_locked=skips).exists():
            return False
        things = _locked(asked.about, keys)
        sync_all([(thing, now) for thing in things])
        rows.update(after=keys[-1])
        checkpoint("due.done")
    checkpoint("due.committed")
    return True


def _locked(about: str, keys: Sequence[int]) -> list[Thing]:
    """Those of a chunk that are still open; requests are locked before their tasks, as everywhere."""
    if about == Covers.TASKS:
        of_tasks = Request.objects.filter(tasks__in=keys).order_by("pk")
        list(Request.objects.filter(pk__in=of_tasks.values("pk")).order_by("pk").select_for_update())
    return list(open_work(about).filter(pk__in=keys).order_by("pk").select_for_update(of=("self",)))


def _pass_over(asked: Recompute, key: int, failed: Failed, error: Exception) -> None:
    Recompute.objects.filter(pk=asked.pk, asked_at=asked.asked_at).update(after=key)
    thing = _open(asked.about).filter(pk=key).first()
    if thing is not None:
        failed(thing, error)
