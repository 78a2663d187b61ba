"""Agreements on service: which one holds, how its clocks run and stand, and what they bring."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from desk.offices import Office, said, step
from mailcall.desk import calls, closing, firing
from mailcall.desk.call_handling import defer, resume, suspend
from mailcall.desk.changes import Changes, LogCall, Words
from mailcall.desk.clocks import sync, sync_all
from mailcall.desk.due import ESCALATE, escalate, first_due_at
from mailcall.desk.events import new_origin
from mailcall.desk.handling import forward
from mailcall.desk.letters import enter_letter, letter, take_back
from mailcall.desk.models import (
    Agreement,
    BusinessCalendar,
    Call,
    CallTemplate,
    Channel,
    Clock,
    Covers,
    EntryKind,
    EscalationLevel,
    IssueType,
    Measure,
    Organisation,
    Pause,
    Target,
    Timer,
)
from mailcall.desk.priorities import set_issue_type, set_priority
from mailcall.desk.tasks import close_task, log_task


@pytest.fixture
def agreement(office: Office) -> Agreement:
    """For all calls, in Berlin from 8 to 17: 1 h to answer and 8 h to resolve, or half of that."""
    calendar = BusinessCalendar.objects.create(name="Berlin", time_zone="Europe/Berlin")
    return agreed("Standard", calendar)


def agreed(name: str, calendar: BusinessCalendar, **more: object) -> Agreement:
    agreement = Agreement.objects.create(name=name, calendar=calendar, **more)
    Target.objects.create(agreement=agreement, priority=3, response_minutes=60, resolution_minutes=480)
    Target.objects.create(agreement=agreement, priority=1, response_minutes=30, resolution_minutes=240)
    levels = ((1, 50, None), (2, None, -60), (3, None, 120))
    for number, percent, minutes in levels:
        EscalationLevel.objects.create(
            agreement=agreement,
            measure=Measure.RESOLUTION,
            number=number,
            percent=percent,
            minutes=minutes,
        )
    return agreement


def logged(office: Office) -> Call:
    """A call of Uma's, logged at 10:00 in Berlin, a Monday; nothing closed that week."""
    call = Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
    Call.objects.filter(pk=call.pk).update(opened_at=office.now)
    sync(call, office.now)
    return call


def timer(call: Call, measure: Measure = Measure.RESOLUTION, **more: object) -> Timer:
    return Timer.objects.get(call=call, measure=measure, **more)


def due(call: Call, measure: Measure = Measure.RESOLUTION) -> dict[int, str]:
    """When each level is due, by UTC; 0 is the breach."""
    rows = Clock.objects.filter(timer__call=call, timer__measure=measure, due_at__isnull=False)
    return {row.number: f"{row.due_at:%a %H:%M}" for row in rows.order_by("number")}


def fresh(call: Call) -> Call:
    return Call.objects.get(pk=call.pk)


def test_clocks_are_set_in_working_time_when_a_call_is_logged(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    # 8 h from Monday 10:00 in Berlin, where work is from 8 to 17: until Tuesday 9:00, 8:00 by UTC.
    assert due(call) == {0: "Tue 08:00", 1: "Mon 13:00", 2: "Mon 16:00", 3: "Tue 10:00"}
    assert due(call, Measure.RESPONSE) == {0: "Mon 10:00"}
    assert timer(call).why == "Standard is for everything."


def test_a_call_that_is_logged_by_a_change_has_clocks(office: Office, agreement: Agreement) -> None:
    template = CallTemplate.objects.create(name="Plain", partition=office.partition)
    changes = Changes(office.now)
    words = Words(EntryKind.MAIL_IN, office.uma, "Uma", Channel.EMAIL, text="It is dark.")
    [applied] = changes.apply([LogCall(template, "No light", office.uma, None, words, new_origin())])
    changes.write()
    from mailcall.desk import events

    events.publish(applied.happened)
    assert due(applied.entry.call)[0] == "Tue 08:00"


def test_a_desk_without_agreements_has_no_timers(office: Office) -> None:
    call = logged(office)
    set_priority(call, office.deed(office.bob), 1)
    assert not Timer.objects.exists()
    assert first_due_at(ESCALATE) is None


def test_each_level_fires_once_at_its_moment(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    Timer.objects.filter(measure=Measure.RESPONSE).delete()
    days = ((2, 13), (2, 16), (3, 8), (3, 10))
    moments = [dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC) for day, hour in days]
    for moment in moments:
        assert first_due_at(ESCALATE) == moment
        assert escalate(moment - dt.timedelta(seconds=1)) == 0
        assert (escalate(moment), escalate(moment)) == (1, 0)
    assert said(call) == [
        "Escalated at level 1 of the resolution target of Standard.",
        "Escalated at level 2 of the resolution target of Standard.",
        "The resolution target of Standard was breached.",
        "Escalated at level 3 of the resolution target of Standard.",
    ]
    assert office.heard() == ["Escalated", "Escalated", "Breached", "Escalated"]
    assert timer(call).breached_at == moments[2]


def test_overdue_levels_collapse_into_the_highest(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    Timer.objects.filter(measure=Measure.RESPONSE).delete()
    assert escalate(office.now + dt.timedelta(days=9)) == 1
    assert said(call) == [
        "The resolution target of Standard was breached, and escalated at level 3, "
        "together with 2 that were overdue, too."
    ]
    assert office.heard() == ["Breached"]
    assert Clock.objects.filter(told_by__number=3).count() == 3
    assert timer(call).breached_at is not None


def test_a_pause_stops_the_clock_and_what_was_used_stays_used(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    office.pass_hours(2)
    suspend(call, office.deed(office.bob, "Uma is away."))
    assert (due(call), timer(call).used, timer(call).running_since) == ({}, 7200, None)
    office.pass_hours(48)  # Wednesday, 12:00 in Berlin
    resume(call, office.deed(office.bob))
    assert due(call) == {0: "Thu 08:00", 1: "Wed 13:00", 2: "Wed 16:00", 3: "Thu 10:00"}
    assert timer(call).generation == 1


def test_what_fired_before_a_pause_fires_no_more(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    office.pass_hours(4.5)
    assert escalate(office.now) == 2  # level 1, and the response
    defer(call, office.deed(office.bob, "Later."), until=office.now + dt.timedelta(days=1))
    resume(call, office.deed(office.bob))
    assert 1 not in due(call)
    assert escalate(office.now) == 0


def test_another_priority_begins_another_generation(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    office.pass_hours(1)
    set_priority(call, office.deed(office.bob), 1)
    assert due(call) == {0: "Mon 13:00", 1: "Mon 11:00", 2: "Mon 12:00", 3: "Mon 15:00"}
    assert timer(call).generation == 2
    set_priority(call, office.deed(office.bob), 2)  # for which nothing was agreed
    assert not Timer.objects.exists()


def test_the_first_answer_to_the_user_meets_the_response_target(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    calls.write_reply(
        call,
        author=office.bob,
        text="Who?",
        to=[("Ulf", "ulf@customer.example")],
        cc=[],
        channel=Channel.PAGE,
    )
    assert timer(call, Measure.RESPONSE).met_at is None
    calls.write_reply(
        call,
        author=office.bob,
        text="Soon.",
        to=[("Uma", "Uma@customer.example")],
        cc=[],
        channel=Channel.PAGE,
    )
    assert timer(call, Measure.RESPONSE).met_at is not None
    assert due(call, Measure.RESPONSE) == {}
    assert timer(call).met_at is None


def test_closing_meets_both_and_reopening_lets_the_resolution_run_on(
    office: Office, agreement: Agreement
) -> None:
    call = logged(office)
    office.pass_hours(1)
    closing.close(call, office.deed(office.bob))
    assert not Clock.objects.filter(due_at__isnull=False).exists()
    assert Timer.objects.filter(met_at=office.now).count() == 2
    office.pass_hours(1)
    closing.reopen(fresh(call), office.deed(office.bob))
    assert due(call)[0] == "Tue 09:00"
    assert timer(call).met_at is None
    assert timer(call, Measure.RESPONSE).met_at is not None


def test_the_most_specific_agreement_holds_and_says_why(office: Office, agreement: Agreement) -> None:
    acme = Organisation.objects.create(name="ACME")
    hardware = IssueType.objects.create(name="Hardware")
    laptop = IssueType.objects.create(name="Laptop", parent=hardware)
    agreed("Ours", agreement.calendar, partition=office.partition)
    call = logged(office)
    assert timer(call).agreement.name == "Ours"
    agreed("Theirs", agreement.calendar, organisation=acme)
    office.uma.organisation = acme
    office.uma.save()
    sync(fresh(call), office.now)
    assert timer(call).agreement.name == "Theirs"
    agreed("Things", agreement.calendar, issue_type=hardware)
    set_issue_type(call, office.deed(office.bob), laptop)
    assert timer(call).why == (
        "Things is for the issue type Hardware, more specific than Standard, Ours, Theirs, or older."
    )


def test_a_group_has_an_agreement_of_its_own_besides(office: Office, agreement: Agreement) -> None:
    agreed("Buyers' own", agreement.calendar, group=office.group)
    call = logged(office)
    assert not Timer.objects.filter(of_group=True).exists()
    forward(call, office.deed(office.cy), group=office.group)
    assert timer(call, of_group=True).agreement.name == "Buyers' own"
    forward(call, office.deed(office.cy), analyst=office.cy)
    assert timer(call).agreement.name == "Standard"
    assert not Timer.objects.filter(of_group=True).exists()


def test_requests_and_tasks_have_clocks_too(office: Office, agreement: Agreement) -> None:
    agreed("Requests", agreement.calendar, covers=Covers.REQUESTS)
    agreed("Tasks", agreement.calendar, covers=Covers.TASKS)
    request = office.request(step("order"), step("set-up", "order"))
    order, set_up = request.tasks.order_by("pk")
    measured = Timer.objects.filter(measure=Measure.RESOLUTION, met_at__isnull=True)
    assert {each.on for each in measured.all()} == {request, order}
    office.pass_hours(4)
    assert escalate(office.now) == 4
    close_task(order, office.deed(office.bob))
    assert {each.on for each in measured.all()} == {request, set_up}
    close_task(set_up, office.deed(office.bob))
    assert not measured.all().exists()
    assert not Clock.objects.filter(due_at__isnull=False).exists()


def test_a_calendar_that_can_not_be_is_refused(office: Office) -> None:
    calendar = BusinessCalendar(
        name="Bad", time_zone="Mars/Base", monday="8-5", days="tomorrow", country="Atlantis"
    )
    with pytest.raises(ValidationError) as caught:
        calendar.full_clean()
    assert set(caught.value.message_dict) >= {"time_zone", "monday", "days", "country"}


def told(call: Call, measure: Measure = Measure.RESOLUTION) -> list[str]:
    """The timeline of a clock."""
    return [str(line) for line in timer(call, measure).lines.all()]


def test_the_timeline_of_a_clock_tells_what_became_of_it_and_why(
    office: Office, agreement: Agreement
) -> None:
    call = logged(office)
    office.pass_hours(2)
    suspend(call, office.deed(office.bob, "Uma is away."))
    office.pass_hours(1)
    resume(fresh(call), office.deed(office.bob))
    set_priority(fresh(call), office.deed(office.bob), 1)
    escalate(office.now + dt.timedelta(days=2))
    office.pass_hours(72)
    closing.resolve(fresh(call), office.deed(office.bob, "A new bulb."))
    assert told(call) == [
        "Started: Standard is for everything.",
        f"Paused: {call} is suspended.",
        "Resumed",
        "Began anew: The priority is 1 instead of 3.",
        "Breached: The resolution target of Standard was breached, and escalated at level 3, "
        "together with 2 that were overdue, too.",
        f"Done too late: {call} is closed.",
    ]
    lines = list(timer(call).lines.all())
    assert [line.used for line in lines[:4]] == [0, 7200, 7200, 7200]
    assert f"{lines[2].due_at:%a %H:%M}" == "Tue 09:00"


def test_a_changed_calendar_is_told_as_such(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    agreement.calendar.friday = "closed"
    agreement.calendar.save()
    sync(fresh(call), office.now)
    agreement.levels.filter(number=3).delete()
    sync(fresh(call), office.now)
    assert told(call)[1:] == [
        "Began anew: The calendar Berlin was changed.",
        "Began anew: Standard was changed.",
    ]


def test_a_call_that_is_put_aside_from_the_start_has_a_clock_that_stands(
    office: Office, agreement: Agreement
) -> None:
    call = Call.objects.create(
        partition=office.partition, subject="No light", user=office.uma, pause=Pause.SUSPENDED
    )
    sync(call, office.now)
    assert (due(call), timer(call).running_since, timer(call).due_at) == ({}, None, None)
    assert told(call) == ["Started: Standard is for everything.", f"Paused: {call} is suspended."]
    office.pass_hours(1)
    resume(fresh(call), office.deed(office.bob))
    assert due(call)[0] == "Tue 09:00"


def test_the_task_of_a_call_runs_on_while_the_call_is_put_aside(office: Office, agreement: Agreement) -> None:
    agreed("Tasks", agreement.calendar, covers=Covers.TASKS)
    call = logged(office)
    task = log_task(call, step("order"), office.deed(office.bob))
    suspend(call, office.deed(office.bob, "Waiting for the bulb."))
    assert timer(call).running_since is None
    assert Timer.objects.get(task=task, measure=Measure.RESOLUTION).running_since == office.now


def test_what_a_removed_level_brought_stays_told_and_no_more_comes_of_it(
    office: Office, agreement: Agreement
) -> None:
    call = logged(office)
    office.pass_hours(4.5)
    escalate(office.now)
    removed = agreement.levels.filter(number__in=(1, 2))
    removed.delete()
    assert Clock.objects.filter(timer=timer(call), number=1, fired_at__isnull=False).exists()
    before = said(call)
    office.pass_hours(2)  # level 2 is due, and what was changed has not been followed yet
    assert escalate(office.now) == 0
    assert said(call) == before
    sync(fresh(call), office.now)
    assert set(due(call)) == {0, 3}


def test_a_breach_is_told_as_one_also_when_a_level_is_due_with_it(
    office: Office, agreement: Agreement
) -> None:
    EscalationLevel.objects.filter(number=3).update(minutes=0)
    call = logged(office)
    Timer.objects.filter(measure=Measure.RESPONSE).delete()
    office.pass_hours(8)  # levels 1 and 2
    escalate(office.now)
    escalate(office.now + dt.timedelta(hours=15))
    assert said(call)[1:] == ["The resolution target of Standard was breached, and escalated at level 3."]
    assert office.heard()[-1] == "Breached"


def test_an_answer_that_is_taken_back_before_it_leaves_meets_nothing(
    office: Office, agreement: Agreement
) -> None:
    call = logged(office)
    office.pass_hours(0.25)
    entry, joined = enter_letter(
        call, letter(office.deed(office.bob, "Soon.")), [("Uma", "uma@customer.example")]
    )
    assert timer(call, Measure.RESPONSE).met_at == office.now
    office.pass_hours(10 / 3600)
    take_back(entry, office.deed(office.bob), "Wrote a mail, and took it back.", joined)
    assert timer(call, Measure.RESPONSE).met_at is None
    assert due(call, Measure.RESPONSE) == {0: "Mon 10:00"}
    assert told(call, Measure.RESPONSE)[1:] == [
        "Met: The User was answered.",
        "Resumed: The answer was taken back.",
    ]


def test_one_clock_that_fails_holds_up_no_other(
    office: Office, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    Target.objects.update(response_minutes=None)
    calls = [logged(office) for _ in range(5)]
    bad, failed = calls[2], []
    whole = firing._highest

    def highest(due: list[Clock], *rest: object) -> object:
        if due[0].timer.call_id == bad.pk:
            raise ValueError("bad")
        return whole(due, *rest)

    monkeypatch.setattr(firing, "_highest", highest)
    office.pass_hours(4)
    assert escalate(office.now, lambda row, error: failed.append((row.timer.call_id, str(error)))) == 4
    assert failed == [(bad.pk, "bad")]
    assert [len(said(call)) for call in calls] == [1, 1, 0, 1, 1]


def test_bringing_many_calls_in_step_takes_as_many_queries_as_one(
    office: Office, agreement: Agreement
) -> None:
    def queries(calls: list[Call]) -> int:
        with CaptureQueriesContext(connection) as captured:
            sync_all([(call, office.now) for call in calls])
        return len(captured)

    def new(number: int) -> list[Call]:
        return [
            Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
            for _ in range(number)
        ]

    few, many = new(2), new(30)
    queries(new(1))
    assert queries(many) == queries(few)
    for changes in ({"pause": Pause.SUSPENDED}, {"pause": ""}, {"priority": 1}, {"priority": 2}):
        for group in (few, many):
            for call in group:
                vars(call).update(changes)
        assert queries(many) <= queries(few) + 1  # what is removed is, by the hundred
        assert queries(many) <= 7  # what is in step is only read
    assert not Timer.objects.filter(call__in=many).exists()


def test_firing_many_clocks_takes_as_many_queries_as_few(office: Office, agreement: Agreement) -> None:
    def fired(number: int) -> int:
        for _ in range(number):
            logged(office)
        with CaptureQueriesContext(connection) as captured:
            assert escalate(office.now + dt.timedelta(hours=4)) == 2 * number
        return len(captured)

    fired(1)
    assert fired(30) == fired(3)
