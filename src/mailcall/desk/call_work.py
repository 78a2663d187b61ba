"""One change of a call, from its lock to its events, unless somebody else works on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from mailcall.desk.locks import refuse_if_held
from mailcall.desk.models import Call
from mailcall.desk.work import Deed, Work, work_on


@contextmanager
def call_work(call: Call, deed: Deed, version: int | None = None) -> Iterator[Work]:
    """Lock a call for a change; write all of it in the end.

    Raises Refused as `work_on` does, and when somebody else works on the call.
    """
    with work_on(call, deed, version) as work:
        refuse_if_held(work.the_call, deed)
        yield work
