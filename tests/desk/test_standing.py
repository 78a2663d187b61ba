"""How targets stand: time left, near or over, what comes next, and the most pressing one in lists."""

import datetime as dt

import pytest
from django.test.utils import CaptureQueriesContext

from desk.offices import Office, step
from desk.test_service_levels import agreed, fresh, logged
from mailcall.desk import closing
from mailcall.desk.call_handling import defer
from mailcall.desk.due import escalate
from mailcall.desk.models import Agreement, BusinessCalendar, Call, Person
from mailcall.desk.standing import most_pressing, standings
from mailcall.desk.summaries import summary


@pytest.fixture
def agreement(office: Office) -> Agreement:
    """For all calls: 1 h to answer and 8 h to resolve."""
    calendar = BusinessCalendar.objects.create(name="Berlin", time_zone="Europe/Berlin")
    return agreed("Standard", calendar)


def stand(call: Call, now: dt.datetime) -> list[tuple[str, int, int | None]]:
    """In one word, the minutes left, and the number of the level that comes next, by target."""
    return [(one.stand, one.left // 60, one.next and one.next.number) for one in standings(call, now)]


def test_a_target_runs_comes_near_and_is_breached(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    assert stand(call, office.now) == [("runs", 60, 0), ("runs", 480, 1)]
    assert stand(call, office.now + dt.timedelta(minutes=45)) == [("near", 15, 0), ("runs", 435, 1)]
    later = office.now + dt.timedelta(hours=5)
    escalate(later)
    assert stand(call, later) == [("breached", -240, None), ("runs", 180, 2)]
    escalate(office.now + dt.timedelta(days=2))
    assert [one[0] for one in stand(call, office.now + dt.timedelta(days=2))] == ["breached", "breached"]


def test_while_it_is_deferred_it_says_since_when_and_why(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    office.pass_hours(2)
    until = office.now + dt.timedelta(days=1)
    defer(call, office.deed(office.bob, "Until the bulb is here."), until=until)
    response, resolution = standings(fresh(call), office.now + dt.timedelta(hours=9))
    # What is over stays over, also while the clock stands.
    assert (response.stand, resolution.stand, resolution.left) == ("breached", "paused", 6 * 3600)
    assert resolution.next is None
    assert resolution.paused is not None
    assert resolution.paused.at == office.now
    assert resolution.paused.why == f"{call} is deferred until 2026-03-03 11:00 UTC."


def test_what_is_done_was_met_or_too_late(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    office.pass_hours(2)
    closing.resolve(call, office.deed(office.bob, "A new bulb."))
    assert stand(fresh(call), office.now) == [("late", -60, None), ("met", 360, None)]
    assert most_pressing([call], office.now).by_key == {}


def test_lists_show_what_is_due_first_by_one_query_more(office: Office, agreement: Agreement) -> None:
    calls = [logged(office) for _ in range(12)]
    few, many = queries(calls[:2], office.now), queries(calls, office.now)
    assert few == many == 2
    found = most_pressing(calls, office.now)
    assert found.measured
    assert {one.timer.measure for one in found.by_key.values()} == {"response"}
    assert found.seen != most_pressing(calls, office.now + dt.timedelta(minutes=50)).seen


def queries(calls: list[Call], now: dt.datetime) -> int:
    from django.db import connection

    with CaptureQueriesContext(
        connection,
    ) as captured:
        most_pressing(calls, now)
    return len(captured)


def test_a_desk_without_agreements_measures_nothing(office: Office) -> None:
    call = Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
    assert not most_pressing([call], office.now).measured
    assert standings(call, office.now) == []


def test_summaries_tell_analysts_when_things_are_due_and_users_not(
    office: Office, agreement: Agreement
) -> None:
    agreed("Requests", agreement.calendar, covers="request")
    agreed("Tasks", agreement.calendar, covers="task")
    call = logged(office)
    Call.objects.filter(pk=call.pk).update(analyst=office.ann)
    Person.objects.filter(pk=office.ann.pk).update(is_user=True)
    office.request(step("a", analyst=office.ann))

    def cell(person: Person, about: str, column: str) -> str | None:
        listing = summary(person, about, "open")[-1]
        if column not in listing.columns:
            return None
        return listing.lines[0].cells[listing.columns.index(column)]

    assert cell(office.ann, "call", "Due") == "2026-03-02 10:00, breached"
    assert cell(office.ann, "task", "Target") == "2026-03-02 10:00, breached"
    assert cell(office.uma, "call", "Due") is None
    assert cell(office.uma, "request", "Due") is None
    assert all(
        len(line.cells) == len(listing.columns)
        for person in (office.ann, office.uma)
        for about in ("call", "request", "task")
        for listing in summary(person, about, "open")
        for line in listing.lines
    )
