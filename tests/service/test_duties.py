"""What the clock brings, as the service does it: each once, one that fails alone, killed in the midst."""

import datetime as dt

import pytest
from django.db import OperationalError
from prometheus_client import REGISTRY

from desk.offices import Office, approval, states, step, task
from mailcall.desk import due
from mailcall.desk.models import OnTimeLimit, Request, Task
from mailcall.service.duties import Duties
from mailcall.service.metrics import Tables


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


@pytest.fixture
def overdue(office: Office) -> list[Request]:
    """Three requests with a task whose time limit has passed, the first of them longest."""
    made = []
    for _ in range(3):
        made.append(office.request(step("a", time_limit_hours=8, reminder_hours=10)))
        office.pass_hours(0.1)
    office.pass_hours(9)
    return made


def do(duties: Duties, now: dt.datetime) -> None:
    duties.do(now, lambda: False)


def timed_out(requests: list[Request]) -> list[int]:
    return [task(each, "a").timeline.filter(text="Its time limit passed.").count() for each in requests]


def counted(name: str, what: str) -> float:
    return REGISTRY.get_sample_value(f"mailcall_due_{name}_total", {"what": what}) or 0.0


def fails_for(broken: Task, monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[int]:
    """Have whatever is done to a task's time limit fail; the tasks at which it was tried."""
    tried = []

    def time_out(work: object, current: Task) -> None:
        tried.append(current.pk)
        if current.pk == broken.pk:
            raise error
        due._time_out(work, current)

    duty = due.Duty("time out", Task, "time_out_at", due._each("time_out_at", time_out))
    monkeypatch.setattr("mailcall.service.duties.DUTIES", (duty,))
    return tried


def test_a_round_does_all_four_and_the_next_has_nothing_left(office: Office) -> None:
    request = office.request(
        approval("a", by=(office.ann,), reminder_hours=4, time_limit_hours=24),
        approval("b", by=(office.bob,), time_limit_hours=8, on_time_limit=OnTimeLimit.REJECTED),
    )
    office.pass_hours(9)
    before = counted("done", "remind"), counted("done", "time out")
    duties = Duties()
    do(duties, office.now)
    do(duties, office.now)
    assert states(request)["b"] == "rejected"
    assert (counted("done", "remind") - before[0], counted("done", "time out") - before[1]) == (1, 1)


def test_one_that_fails_stops_no_other_and_is_tried_again_later_and_later_still(
    office: Office, overdue: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = task(overdue[0], "a")
    tried = fails_for(broken, monkeypatch, ValueError("no such luck"))
    duties, before = Duties(), counted("failed", "time out")
    do(duties, office.now)
    assert timed_out(overdue) == [0, 1, 1]
    seconds = [s for s in range(30, 400, 30) if do_and_see(duties, office, s, tried)]
    assert seconds == [60, 180]
    assert counted("failed", "time out") - before == 3
    tried.clear()
    for hours in range(1, 13):
        do(duties, office.now + dt.timedelta(hours=hours))
    assert len(tried) == 12  # an hour between them at most
    monkeypatch.undo()
    do(duties, office.now + dt.timedelta(days=9))
    assert timed_out(overdue) == [1, 1, 1]
    assert duties._failed == {}


def do_and_see(duties: Duties, office: Office, seconds: int, tried: list[int]) -> bool:
    """Whether anything was tried so many seconds later."""
    tried.clear()
    do(duties, office.now + dt.timedelta(seconds=seconds))
    return bool(tried)


def test_more_that_fail_than_one_look_finds_hold_up_nothing(
    office: Office, overdue: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "AT_ONCE", 1)
    fails_for(task(overdue[0], "a"), monkeypatch, ValueError("no such luck"))
    Task.objects.update(time_out_at=office.now)  # all at one moment
    duties = Duties()
    do(duties, office.now)
    do(duties, office.now)
    assert timed_out(overdue) == [0, 1, 1]


def test_a_database_that_is_gone_is_nobodys_fault(
    office: Office, overdue: list[Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = fails_for(task(overdue[1], "a"), monkeypatch, OperationalError("gone"))
    duties = Duties()
    with pytest.raises(OperationalError):
        do(duties, office.now)
    assert (len(tried), duties._failed) == (2, {})
    monkeypatch.undo()
    do(duties, office.now)
    assert timed_out(overdue) == [1, 1, 1]


@pytest.mark.parametrize(("name", "left"), [("due.done", [1, 0, 0]), ("due.committed", [1, 1, 0])])
def test_killed_in_the_midst_the_next_round_does_the_rest_and_nothing_twice(
    office: Office, overdue: list[Request], monkeypatch: pytest.MonkeyPatch, name: str, left: list[int]
) -> None:
    class Killed(BaseException):
        """The process died here."""

    passed = []

    def checkpoint(here: str) -> None:
        passed.append(here)
        if passed.count(name) == 2:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(due, "checkpoint", checkpoint)
        with pytest.raises(Killed):
            due.time_out_due(office.now)
    assert timed_out(overdue) == left
    do(Duties(), office.now)
    assert timed_out(overdue) == [1, 1, 1]


def test_a_service_that_stops_does_what_it_has_in_hand_and_no_more(
    office: Office, overdue: list[Request]
) -> None:
    asked = iter([False, True, True, True, True, True, True, True, True])
    duties = Duties()
    duties.do(office.now, lambda: next(asked))
    assert sum(timed_out(overdue)) <= 1
    do(duties, office.now)
    assert timed_out(overdue) == [1, 1, 1]


def test_a_task_that_ended_meanwhile_is_left_alone(office: Office, overdue: list[Request]) -> None:
    stale = task(overdue[0], "a")
    Task.objects.filter(pk=stale.pk).update(time_out_at=None)
    assert due.TIME_OUT.do([stale], office.now) == 0
    assert timed_out(overdue)[0] == 0


def test_prometheus_is_told_for_how_long_what_is_due_has_waited(
    office: Office, overdue: list[Request]
) -> None:
    [gauge] = [gauge for gauge in Tables().collect() if gauge.name == "mailcall_due_overdue_seconds"]
    found = {sample.labels["what"]: sample.value for sample in gauge.samples}
    assert set(found) == {"remind", "time out", "close", "resume", "escalate"}
    assert found["time out"] > 0 == found["close"]
