"""One change of a call, from its lock to its events, unless somebody else works on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from mailcall.desk.errors import Refused
from mailcall.desk.locks import refuse_if_held
from mailcall.desk.models import Call
from mailcall.desk.work import Deed, Work, locked_call, work_on


@contextmanager
def call_work(call: Call, deed: Deed, version: int | None = None) -> Iterator[Work]:
    """Lock a call for a change; write all of it in the end.

    Raises Refused as `work_on` does, and when somebody else works on the call, or it was merged into another.
    """
    with work_on(call, deed, version) as work:
        _refuse_change(work.the_call, deed)
        yield work


@contextmanager
def two_calls_work(call: Call, other: Call, deed: Deed) -> Iterator[tuple[Work, Call]]:
    """Lock two calls for a change of the first that the other has a part in; both must be changeable."""
    if call.pk == other.pk:
        raise Refused(f"{call} and {other} are the same.")
    with transaction.atomic():
        # In one order, so that two changes never wait for each other.
        first, second = (locked_call(one) for one in sorted((call, other), key=lambda one: one.pk))
        other = second if other.pk == second.pk else first
        _refuse_change(other, deed)
        with call_work(call, deed) as work:
            yield work, other


def _refuse_change(call: Call, deed: Deed) -> None:
    if call.merged_into_id:
        raise Refused(f"{call} was merged into Call {call.merged_into_id}, where it goes on.")
    refuse_if_held(call, deed)
