"""Changed agreements and calendars: what is kept of it, what it would do, and that open work follows."""

import datetime as dt

import pytest
from django.db import OperationalError

from desk.offices import Office, step
from desk.test_service_levels import agreed, fresh, logged, timer, told
from mailcall.desk import recomputing
from mailcall.desk.agreeing import (
    Author,
    Level,
    ask_to_recompute,
    changing,
    last_change,
    remove,
    set_levels,
    set_targets,
)
from mailcall.desk.call_handling import suspend
from mailcall.desk.due import escalate
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Agreement,
    BusinessCalendar,
    Call,
    EscalationLevel,
    Measure,
    Recompute,
    ServiceLevelChange,
    Timer,
)
from mailcall.desk.previewing import effects_of
from mailcall.desk.recomputing import recompute
from mailcall.service.duties import Duties

ANN = Author(None, "Ann")


@pytest.fixture
def agreement(office: Office) -> Agreement:
    """For all calls: 1 h to answer and 8 h to resolve."""
    calendar = BusinessCalendar.objects.create(name="Berlin", time_zone="Europe/Berlin")
    return agreed("Standard", calendar)


def shorter(agreement: Agreement) -> None:
    """Two hours to resolve, instead of eight."""
    set_targets(agreement, [{"priority": 3, "response_minutes": 60, "resolution_minutes": 120}])


def test_who_changed_what_is_kept(office: Office, agreement: Agreement) -> None:
    assert last_change(agreement) == 0
    with changing(agreement, Author(office.ann, "Ann")):
        shorter(agreement)
        set_levels(agreement, [Level(Measure.RESOLUTION, None, -30, "entity, group")])
        agreement.people.add(office.bob)
    change = ServiceLevelChange.objects.get()
    assert (change.pk, change.by, change.by_name) == (last_change(agreement), office.ann, "Ann")
    assert change.text == (
        "people: Bob instead of none; "
        "response of priority 1: none instead of 30m; resolution of priority 1: none instead of 4h; "
        "resolution of priority 3: 2h instead of 8h; "
        "level 1 of resolution: 30m before, tells whoever is in charge of it, the group that it is for "
        "instead of 50%, tells whoever is in charge of it; "
        "level 2 of resolution: none instead of 1h before, tells whoever is in charge of it; "
        "level 3 of resolution: none instead of 2h after, tells whoever is in charge of it."
    )


def test_a_change_that_changes_nothing_leaves_no_trace(office: Office, agreement: Agreement) -> None:
    with changing(agreement, ANN):
        agreement.save()
    assert not ServiceLevelChange.objects.exists()
    assert not Recompute.objects.exists()


def test_open_work_follows_a_changed_agreement_within_the_next_round(
    office: Office, agreement: Agreement
) -> None:
    call, other = logged(office), logged(office)
    done = logged(office)
    Call.objects.filter(pk=done.pk).update(state="closed")
    office.pass_hours(1)
    with changing(agreement, ANN):
        shorter(agreement)
    duties = Duties()
    duties.do(office.now, lambda: False)
    duties.escalate(office.now, lambda: False)
    assert [f"{timer(each).due_at:%a %H:%M}" for each in (call, other)] == ["Mon 11:00"] * 2
    assert f"{timer(done).due_at:%a %H:%M}" == "Tue 08:00"
    assert told(call)[-2:] == [
        "Began anew: Standard was changed.",
        "Escalated: Escalated at level 2 of the resolution target of Standard, "
        "together with 1 that was overdue, too.",
    ]
    assert not Recompute.objects.exists()
    assert recompute(office.now) == 0


def test_requests_tasks_and_what_had_no_clock_follow_too(office: Office) -> None:
    request = office.request(step("a"))
    calendar = BusinessCalendar.objects.create(name="Berlin", time_zone="Europe/Berlin")
    agreed("Requests", calendar, covers="request")
    agreed("Tasks", calendar, covers="task")
    ask_to_recompute()
    assert recompute(office.now) == 2
    assert Timer.objects.filter(request=request).count() == 2
    assert Timer.objects.filter(task__request=request).count() == 2


def test_an_agreement_that_is_switched_off_measures_open_work_no_more(
    office: Office, agreement: Agreement
) -> None:
    call = logged(office)
    with changing(agreement, ANN):
        agreement.active = False
        agreement.save()
    recompute(office.now)
    assert not Timer.objects.filter(call=call).exists()
    assert escalate(office.now + dt.timedelta(days=9)) == 0


def test_whoever_goes_on_after_a_kill_does_the_rest(
    office: Office, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recomputing, "CHUNK", 2)
    calls = [logged(office) for _ in range(5)]
    with changing(agreement, ANN):
        shorter(agreement)
    asked = iter((False, False, True))
    assert recompute(office.now, stop=lambda: next(asked)) == 4
    assert Recompute.objects.get(about="call").after == calls[3].pk
    assert recompute(office.now) == 1
    assert [timer(call).generation for call in calls] == [2] * 5


@pytest.mark.parametrize(("name", "generations"), [("due.done", [2, 2, 1, 1]), ("due.committed", [2] * 4)])
def test_killed_in_the_midst_of_a_chunk_nothing_is_half_done_and_nothing_twice(
    office: Office,
    agreement: Agreement,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    generations: list[int],
) -> None:
    class Killed(BaseException):
        """The process died here."""

    passed = []

    def checkpoint(here: str) -> None:
        passed.append(here)
        if passed.count(name) == 2:
            raise Killed

    monkeypatch.setattr(recomputing, "CHUNK", 2)
    calls = [logged(office) for _ in range(4)]
    with changing(agreement, ANN):
        shorter(agreement)
    with monkeypatch.context() as patch:
        patch.setattr(recomputing, "checkpoint", checkpoint)
        with pytest.raises(Killed):
            recompute(office.now)
    assert [timer(call).generation for call in calls] == generations
    recompute(office.now)
    assert [timer(call).generation for call in calls] == [2] * 4
    assert [told(call)[1:] for call in calls] == [["Began anew: Standard was changed."]] * 4


def test_a_change_meanwhile_begins_again(
    office: Office, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recomputing, "CHUNK", 2)
    calls = [logged(office) for _ in range(4)]
    ask_to_recompute()
    asked = iter((False, True))
    assert recompute(office.now, stop=lambda: next(asked)) == 2
    with changing(agreement, ANN):
        shorter(agreement)
    assert recompute(office.now) == 4
    assert [timer(call).allowed for call in calls] == [7200] * 4


def test_one_that_fails_stops_no_other(
    office: Office, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [logged(office) for _ in range(3)]
    with changing(agreement, ANN):
        shorter(agreement)
    real = recomputing.sync_all

    def fails_for_one(things: list[tuple[Call, dt.datetime]]) -> None:
        if any(thing == calls[1] for thing, _ in things):
            raise ValueError("no such luck")
        real(things)

    monkeypatch.setattr(recomputing, "sync_all", fails_for_one)
    failed = []
    assert recompute(office.now, lambda thing, error: failed.append((thing, str(error)))) == 3
    assert failed == [(calls[1], "no such luck")]
    assert [timer(call).generation for call in calls] == [2, 1, 2]
    assert not Recompute.objects.exists()


def test_a_database_that_is_gone_loses_nothing_of_it(
    office: Office, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged(office)
    ask_to_recompute()

    def gone(things: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(recomputing, "sync_all", gone)
    with pytest.raises(OperationalError):
        recompute(office.now, lambda thing, error: None)
    assert Recompute.objects.filter(after=0).count() == 3


def test_a_preview_says_what_a_change_would_do_and_changes_nothing(
    office: Office, agreement: Agreement
) -> None:
    calls = [logged(office) for _ in range(3)]
    office.pass_hours(3)  # 13:00 in Berlin: 3 of 8 h are used
    suspend(fresh(calls[2]), office.deed(office.bob, "Uma is away."))
    before = list(Timer.objects.order_by("pk").values())
    effects = effects_of(lambda: shorter(agreement), office.now)
    assert list(Timer.objects.order_by("pk").values()) == before
    assert not Recompute.objects.exists()
    assert (effects.looked_at, effects.left_out) == (3, 0)
    assert (effects.moved, effects.anew, effects.begun, effects.ended) == (2, 1, 0, 0)
    # Of 2 h instead of 8, 3 h are used: breached, with the levels of 50 % and of an hour before.
    assert (effects.breached, effects.fired, effects.told) == (2, 4, 2)
    assert [(move.thing, f"{move.old:%a %H:%M}", move.new) for move in effects.moves] == [
        (call, "Tue 08:00", office.now) for call in calls[:2]
    ]


def test_a_preview_is_what_saving_does(office: Office, agreement: Agreement) -> None:
    calls = [logged(office) for _ in range(2)]
    office.pass_hours(1)

    def closed_on_fridays_and_tuesdays() -> None:
        calendar = BusinessCalendar.objects.get()
        calendar.friday = calendar.tuesday = "closed"
        calendar.save()

    effects = effects_of(closed_on_fridays_and_tuesdays, office.now)
    promised = {(move.thing.pk, move.measure): move.new for move in effects.moves}
    closed_on_fridays_and_tuesdays()
    ask_to_recompute()
    recompute(office.now)
    assert {key: timer(Call(pk=key[0]), key[1]).due_at for key in promised} == promised
    assert len(promised) == len(calls)  # the hour to answer is over on the same Monday, whatever comes later
    assert effects.anew == len(calls)


def test_a_preview_counts_what_would_begin_also_where_it_stands(office: Office) -> None:
    call = Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
    suspend(call, office.deed(office.bob, "Uma is away."))
    office.request(step("a"), step("b", "a"))
    calendar = BusinessCalendar.objects.create(name="Always", saturday="00:00-24:00")

    def agree() -> None:
        agreed("Calls", calendar)
        agreed("Tasks", calendar, covers="task")

    effects = effects_of(agree, office.now)
    assert (effects.looked_at, effects.begun) == (4, 4)  # two of the call, two of the task that has begun
    assert [move.new is None for move in effects.moves] == [False, False, True, True]
    assert not Agreement.objects.exists()


def test_a_preview_of_an_end_lists_what_is_measured_no_more(office: Office, agreement: Agreement) -> None:
    logged(office)
    effects = effects_of(agreement.delete, office.now)
    assert (effects.ended, [move.ends for move in effects.moves]) == (2, [True, True])
    assert Agreement.objects.exists()


def test_more_open_work_than_is_looked_at_is_counted(
    office: Office, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcall.desk.previewing.MOST_LOOKED_AT", 3)
    monkeypatch.setattr("mailcall.desk.previewing.AT_ONCE", 2)
    monkeypatch.setattr("mailcall.desk.previewing.MOST_LISTED", 1)
    for _ in range(5):
        logged(office)
    effects = effects_of(lambda: shorter(agreement), office.now)
    assert (effects.looked_at, effects.left_out, effects.moved, len(effects.moves)) == (3, 2, 3, 1)


def test_a_calendar_in_use_stays(office: Office, agreement: Agreement) -> None:
    with pytest.raises(Refused, match="Berlin is the calendar of Standard"):
        remove(agreement.calendar, ANN)


def test_an_agreement_that_measured_much_is_switched_off_rather(
    office: Office, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcall.desk.agreeing.MOST_REMOVED", 1)
    logged(office)
    with pytest.raises(Refused, match="Switch it off instead"):
        remove(agreement, ANN)


def test_what_is_removed_leaves_a_trace(office: Office, agreement: Agreement) -> None:
    call = logged(office)
    calendar = agreement.calendar
    remove(agreement, ANN)
    remove(calendar, ANN)
    assert [str(change) for change in ServiceLevelChange.objects.all()] == [
        "Berlin: Removed.",
        "Standard: Removed.",
    ]
    assert not Timer.objects.filter(call=call).exists()
    assert not EscalationLevel.objects.exists()
