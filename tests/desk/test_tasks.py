"""Single tasks: logged on requests and calls, closed, cancelled, opened again; reminders and time limits."""

import pytest
from django.db import IntegrityError, connection, transaction

from desk.offices import Office, approval, asked, said, states, step, task
from mailcall.desk import calls
from mailcall.desk.approvals import decide
from mailcall.desk.due import remind_due, time_out_due
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Channel, OnTimeLimit, Request, Task, TimelineEntry
from mailcall.desk.requests import cancel_request
from mailcall.desk.tasks import cancel_task, close_task, log_task, reopen_task
from mailcall.desk.work_states import Verb
from mailcall.desk.workflows import Step


@pytest.fixture
def call(office: Office) -> Call:
    return Call.objects.create(partition=office.partition, subject="It hums", user=office.uma)


def test_a_task_on_a_call(office: Office, call: Call) -> None:
    made = log_task(call, Step("Buy oil", group=office.group), office.deed(office.ann, "The good one"))
    made.refresh_from_db()
    assert (made.call, made.request, made.state, made.group) == (call, None, "open", office.group)
    assert (said(made), office.heard()) == ([f"Logged on {call}: The good one", "Opened."], ["TaskOpened"])
    close_task(made, office.deed(office.bob))
    made.refresh_from_db()
    assert (made.state, made.closed_by) == ("closed", office.bob)
    assert not call.timeline.exists()


def test_a_task_more_keeps_a_request_open_until_it_ended_too(office: Office) -> None:
    request = office.request(step("a"))
    more = log_task(request, Step("Buy a bag"), office.deed(office.ann))
    close_task(task(request, "a"), office.deed(office.ann))
    request.refresh_from_db()
    assert request.state == "open"
    close_task(more, office.deed(office.ann))
    request.refresh_from_db()
    assert request.state == "closed"


def test_an_approval_more_that_is_rejected_ends_the_request_so(office: Office) -> None:
    request = office.request(step("a"))
    more = log_task(request, approval("ask", by=(office.ann,)), office.deed(office.bob))
    close_task(task(request, "a"), office.deed(office.ann))
    decide(asked(more, office.ann), Verb.REJECT, office.deed(office.ann, "No"))
    request.refresh_from_db()
    assert request.state == "rejected"


def test_tasks_that_are_refused(office: Office, call: Call) -> None:
    deed = office.deed(office.ann)
    with pytest.raises(Refused, match="Each step needs a title"):
        log_task(call, Step(" "), deed)
    with pytest.raises(Refused, match="approval without approvers"):
        log_task(call, approval("ask", by=()), deed)
    request = office.request()
    cancel_request(request, deed)
    with pytest.raises(Refused, match=r"Request \d+ was cancelled on .* so no task can be logged on it"):
        log_task(request, Step("x"), deed)
    calls.close(call, actor=office.ann, channel=Channel.PAGE)
    with pytest.raises(Refused, match=rf"{call} is closed, so no task can be logged on it. Reopen it first"):
        log_task(call, Step("x"), deed)
    call.delete()
    with pytest.raises(Refused, match="does not exist"):
        log_task(Call(pk=999), Step("x"), deed)
    with pytest.raises(Refused, match="Task 999 does not exist"):
        close_task(Task(pk=999), deed)
    with pytest.raises(Refused, match="Request 999 does not exist"):
        cancel_request(Request(pk=999), deed)
    assert not Task.objects.exists()


def test_a_task_is_of_a_request_or_a_call_and_an_entry_on_one_thing(office: Office, call: Call) -> None:
    request = office.request()
    made = log_task(call, Step("x"), office.deed(office.ann))
    for row in (
        Task(title="neither"),
        Task(title="both", call=call, request=request),
        TimelineEntry(kind="note", channel="page"),
        TimelineEntry(kind="note", channel="page", call=call, task=made),
        TimelineEntry(kind="note", channel="page", request=request, task=made),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()
    assert str(made.timeline.first()) == f"State on {made}"


def test_what_is_closed_stays_so_and_says_by_whom(office: Office) -> None:
    request = office.request(step("a"), step("b"))
    close_task(task(request, "a"), office.deed(office.ann))
    cancel_task(task(request, "b"), office.deed(office.ann))
    with pytest.raises(Refused, match=r"Task \d+ was closed on .* by Ann, so it can't be closed"):
        close_task(task(request, "a"), office.deed(office.bob))
    with pytest.raises(Refused, match=r"Task \d+ was cancelled on .* by Ann, so it can't be reopened"):
        reopen_task(task(request, "b"), office.deed(office.bob))
    assert said(task(request, "a")) == ["Opened.", "Closed."]


def test_a_closed_task_is_opened_again_with_its_request(office: Office) -> None:
    request = office.request(step("a", reminder_hours=2))
    close_task(task(request, "a"), office.deed(office.ann))
    reopen_task(task(request, "a"), office.deed(office.bob, "It hums again"))
    a = task(request, "a")
    request.refresh_from_db()
    assert (a.state, a.closed_at, request.state, request.closed_at) == ("open", None, "open", None)
    assert a.remind_at is not None
    assert said(a)[-1] == "Reopened: It hums again"
    assert said(request)[-1] == f"Reopened, since {a} is open again."
    close_task(a, office.deed(office.bob))
    request.refresh_from_db()
    assert request.state == "closed"


def test_a_task_is_not_opened_again_when_what_follows_has_begun(office: Office) -> None:
    request = office.request(step("a"), step("b"), step("c", "a", "b"))
    close_task(task(request, "a"), office.deed(office.ann))
    reopen_task(task(request, "a"), office.deed(office.ann))
    close_task(task(request, "a"), office.deed(office.ann))
    close_task(task(request, "b"), office.deed(office.ann))
    with pytest.raises(Refused, match=rf"{task(request, 'c')} follows .* and has begun"):
        reopen_task(task(request, "a"), office.deed(office.ann))


def test_what_was_decided_is_not_opened_again(office: Office) -> None:
    request = office.request(approval("ask", by=(office.ann,)))
    decide(asked(task(request, "ask"), office.ann), Verb.APPROVE, office.deed(office.ann))
    with pytest.raises(Refused, match=r"was approved on .* so it can't be reopened"):
        reopen_task(task(request, "ask"), office.deed(office.ann))


def test_a_task_of_a_closed_call_is_not_opened_again(office: Office, call: Call) -> None:
    made = log_task(call, Step("x"), office.deed(office.ann))
    close_task(made, office.deed(office.ann))
    calls.close(call, actor=office.ann, channel=Channel.PAGE)
    with pytest.raises(Refused, match="Reopen the call first"):
        reopen_task(made, office.deed(office.ann))


def test_people_are_reminded_each_interval_and_once_after_a_long_silence(office: Office) -> None:
    request = office.request(approval("ask", by=(office.ann, office.bob), reminder_hours=24))
    decide(asked(task(request, "ask"), office.ann), Verb.APPROVE, office.deed(office.ann))
    office.heard()
    assert remind_due(office.now) == 0
    office.pass_hours(24)
    assert remind_due(office.now) == 1
    assert (remind_due(office.now), office.heard()) == (0, ["ApprovalReminderDue"])
    assert said(task(request, "ask"))[-1] == "Reminded Bob."
    assert asked(task(request, "ask"), office.bob).reminded_at == office.now
    office.pass_hours(24 * 30)
    assert (remind_due(office.now), remind_due(office.now), len(office.heard())) == (1, 0, 1)


def test_nobody_is_reminded_of_what_has_ended_or_waits(office: Office) -> None:
    request = office.request(step("a", reminder_hours=1), step("b", "a", reminder_hours=1))
    office.pass_hours(2)
    assert remind_due(office.now) == 1
    assert said(task(request, "a"))[-1] == "Reminded nobody, since it is for nobody."
    cancel_request(request, office.deed(office.ann))
    office.pass_hours(2)
    assert remind_due(office.now) == 0


def test_a_time_limit_that_passes_is_told_of_once_and_the_task_stays_open(office: Office) -> None:
    request = office.request(step("a", time_limit_hours=8, analyst=office.cy))
    office.heard()
    office.pass_hours(8)
    assert (time_out_due(office.now), time_out_due(office.now)) == (1, 0)
    assert (office.heard(), states(request)) == (["TimeLimitPassed"], {"a": "open"})
    assert said(task(request, "a"))[-1] == "Its time limit passed."
    close_task(task(request, "a"), office.deed(office.cy))


def test_an_approval_can_be_rejected_by_the_passing_of_its_time(office: Office) -> None:
    request = office.request(
        approval("ask", by=(office.ann,), time_limit_hours=8, on_time_limit=OnTimeLimit.REJECTED)
    )
    office.heard()
    office.pass_hours(7.9)
    assert time_out_due(office.now) == 0
    office.pass_hours(0.2)
    assert time_out_due(office.now) == 1
    request.refresh_from_db()
    assert (states(request), request.state, request.closed_by) == ({"ask": "rejected"}, "rejected", None)
    assert office.heard() == ["ApprovalWithdrawn", "TaskClosed", "RequestClosed", "TimeLimitPassed"]
    entry = task(request, "ask").timeline.latest("pk")
    assert (entry.text, entry.actor_name, entry.channel) == (
        "Closed-Rejected, since its time limit passed.",
        "Mailcall",
        "system",
    )
    with pytest.raises(Refused, match=r"was withdrawn on .* \(Task \d+ was rejected\)"):
        decide(asked(task(request, "ask"), office.ann), Verb.APPROVE, office.deed(office.ann))


def test_the_time_begins_when_a_task_opens(office: Office) -> None:
    request = office.request(step("a"), step("b", "a", time_limit_hours=8))
    office.pass_hours(100)
    assert time_out_due(office.now) == 0
    close_task(task(request, "a"), office.deed(office.ann))
    office.pass_hours(8)
    assert time_out_due(office.now) == 1


def test_what_is_due_is_found_by_indexes_that_have_only_what_is_to_come(office: Office) -> None:
    request = office.request()
    Task.objects.bulk_create(Task(request=request, title="x") for _ in range(3_000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE desk_task")
    due = Task.objects.filter(time_out_at__lte=office.now).order_by("time_out_at")
    assert "tasks_to_time_out" in due.explain()
    reminders = Task.objects.filter(remind_at__lte=office.now).order_by("remind_at")
    assert "tasks_to_remind_of" in reminders.explain()
