"""What the tests of the desk share."""

from collections.abc import Iterator

import pytest

from desk.offices import Office
from mailcall.desk import events


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    """An office that hears of whatever happens to its work."""
    office = Office.open()
    listener = office.happened.extend
    events.subscribe_to_work(listener)
    yield office
    events._work_listeners.remove(listener)
