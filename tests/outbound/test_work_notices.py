"""Who hears of what happens to requests and tasks."""

import pytest

from desk.offices import Office, approval, asked, step, task
from mailcall.desk import closing
from mailcall.desk.approvals import decide
from mailcall.desk.due import remind_due, time_out_due
from mailcall.desk.handling import forward, update
from mailcall.desk.models import Call, Membership, Person, Request
from mailcall.desk.requests import cancel_request, close_request, log_request
from mailcall.desk.tasks import close_task, log_task, reopen_task
from mailcall.desk.work_states import Verb
from mailcall.desk.workflows import Step, set_workflow
from mailcall.grammar import parse
from mailcall.outbound.models import Message
from outbound.told import forget, mailed, mails, told, told_anything

UMA, ANN, BOB, BUYERS = (
    "uma@customer.example",
    "ann@desk.example",
    "bob@desk.example",
    "buyers@desk.example",
)


@pytest.fixture
def office(db: None) -> Office:
    office = Office.open()
    office.group.addresses = BUYERS
    office.group.save()
    return office


@pytest.fixture
def request_(office: Office) -> Request:
    """With one plain task, of Bob's; what it caused is forgotten."""
    request = office.request(step("order", analyst=office.bob))
    forget()
    return request


def test_a_logged_request_is_told_to_its_user_and_its_first_task_to_who_does_it(office: Office) -> None:
    request = office.request(step("order", analyst=office.bob), step("set up", "order", group=office.group))
    assert told_anything() == {2001: [UMA], 3001: [BOB]}
    [logged] = mails(2001)
    assert logged.subject == f"[Request {request.pk}] A laptop"
    assert f"your request is logged: it is request {request.pk}" in logged.text
    [opened] = mails(3001)
    assert opened.subject == f"[Task {task(request, 'order').pk}] Order (A laptop)"
    close_task(task(request, "order"), office.deed(office.bob))
    assert told(3001) == [BOB, BUYERS]


def test_a_request_logged_for_somebody_says_by_whom(office: Office) -> None:
    set_workflow(office.type, [step("order", analyst=office.bob)])
    log_request(office.type, user=office.uma, subject="A laptop", deed=mailed(office.bob))
    assert "Bob logged a request for you" in mails(2001)[0].text


def test_who_logs_a_request_by_mail_gets_its_answer_alone(office: Office) -> None:
    set_workflow(office.type, [step("order", analyst=office.bob)])
    log_request(office.type, user=office.uma, subject="A laptop", deed=mailed(office.uma))
    assert told_anything() == {3001: [BOB]}


def test_mail_on_a_request_is_told_to_who_is_in_charge(office: Office, request_: Request) -> None:
    update(request_, mailed(office.uma, "In black, please."))
    assert told_anything() == {}
    Request.objects.update(analyst=office.ann)
    update(request_, mailed(office.uma, "In black, please."))
    assert told_anything() == {2002: [ANN]}
    assert "In black, please." in mails(2002)[0].text
    update(request_, mailed(office.ann, "Black it is."))
    update(request_, office.deed(office.bob, "On the page."))
    assert told(2002) == [ANN]


def test_mail_on_a_task_is_told_to_who_does_it_else_to_whose_request_it_is(
    office: Office, request_: Request
) -> None:
    order = task(request_, "order")
    update(order, mailed(office.ann, "Take two."))
    assert told_anything() == {3002: [BOB]}
    order.analyst = None
    order.save()
    Request.objects.update(group=office.group)
    update(order, mailed(office.ann, "Take two."))
    assert told(3002) == [BOB, BUYERS]


def test_forwarded_work_is_told_to_whom_it_is_for_now(office: Office, request_: Request) -> None:
    forward(request_, office.deed(office.ann, "Yours."), group=office.group)
    forward(task(request_, "order"), office.deed(office.bob, "Yours."), analyst=office.ann)
    assert told_anything() == {2003: [BUYERS], 3003: [ANN]}
    assert "Bob forwarded task" in mails(3003)[0].text


def test_the_user_hears_how_a_request_ended(office: Office, request_: Request) -> None:
    close_task(task(request_, "order"), office.deed(office.bob, "Here it is."))
    assert told_anything() == {2004: [UMA]}
    assert "your request is done." in mails(2004)[0].text
    assert mails(2004)[0].subject == f"[Request {request_.pk}] A laptop"
    forget()
    reopen_task(task(request_, "order"), office.deed(office.ann))
    assert told_anything() == {2005: [UMA], 3001: [BOB]}
    forget()
    cancel_request(request_, office.deed(office.ann))
    assert told_anything() == {2004: [UMA]}
    assert "your request was cancelled." in mails(2004)[0].text


def test_the_user_hears_that_a_request_was_not_approved(office: Office) -> None:
    request = office.request(approval("sign-off", by=(office.ann,)))
    forget()
    decide(asked(task(request, "sign-off"), office.ann), Verb.REJECT, mailed(office.ann, "Too dear."))
    assert told(2004) == [UMA]
    assert "was not approved" in mails(2004)[0].text


def test_a_request_without_tasks_is_closed_to_its_user(office: Office) -> None:
    set_workflow(office.type, [])
    request = log_request(office.type, user=office.uma, subject="A laptop", deed=office.deed(office.uma))
    close_request(request, mailed(office.uma, "Found one."))
    assert told(2004) == []


def test_a_task_on_a_call_belongs_to_it(office: Office) -> None:
    call = Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
    made = log_task(call, step("bulb", analyst=office.bob), office.deed(office.ann))
    assert told_anything() == {3001: [BOB]}
    [mail] = mails(3001)
    assert f"Part of: call {call.pk}, No light" in mail.text
    message = Message.objects.get()
    assert (message.call, message.request, message.task) == (None, None, made)


def test_open_tasks_are_reminded_of_and_their_time_limit_is_told(office: Office) -> None:
    office.request(step("order", analyst=office.bob, reminder_hours=24, time_limit_hours=30))
    forget()
    office.pass_hours(31)
    remind_due(office.now)
    time_out_due(office.now)
    assert told_anything() == {3004: [BOB], 3005: [BOB]}
    assert mails(3004)[0].subject.startswith("[Task ")
    assert "] Reminder: Order (A laptop)" in mails(3004)[0].subject
    assert "The time limit of task" in mails(3005)[0].text


def test_an_approval_without_approvers_is_told_to_who_can_ask_somebody(office: Office) -> None:
    office.type.analyst = office.bob
    office.type.save()
    empty = office.group
    request = office.request(step("sign-off", kind="approval", approver_group=empty))
    forget()
    Membership.objects.all().delete()
    again = log_request(office.type, user=office.uma, subject="A laptop", deed=office.deed(office.uma))
    assert request.pk != again.pk
    assert told(3006) == [BOB]
    assert "there is nobody to ask" in mails(3006)[0].text


def test_work_that_waits_for_somebody_is_told_whatever_the_budget(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcall.outbound.echoes.ECHOES_A_DAY", 0)
    set_workflow(office.type, [step("order", analyst=office.bob), approval("ask", by=(office.ann,))])
    log_request(office.type, user=office.uma, subject="A laptop", deed=mailed(office.bob))
    states = dict(Message.objects.values_list("type_code", "deliveries__state"))
    assert states == {2001: "withheld", 4001: "queued"}


def test_work_without_users_or_analysts_to_reach_says_nothing(office: Office) -> None:
    Person.objects.update(available_recipient=False)
    request = office.request(step("order", analyst=office.bob), approval("ask", by=(office.ann,)))
    cancel_request(request, office.deed(office.ann))
    assert told_anything() == {}


@pytest.mark.parametrize(
    "words", ["Close call 12", "approve task 9", "HELP", "CLOSE COL 12", "Re: status call 1"]
)
def test_no_mail_of_ours_reads_as_a_command_nor_an_answer_to_it(office: Office, words: str) -> None:
    """Whatever a request, a task or a call is called."""
    set_workflow(
        office.type,
        [
            Step(title=words, key="do", analyst=office.bob, reminder_hours=1, time_limit_hours=2),
            Step(title=words, key="ask", kind="approval", approvers=(office.ann,), reminder_hours=1),
        ],
    )
    request = log_request(office.type, user=office.uma, subject=words, deed=office.deed(office.uma))
    office.pass_hours(3)
    remind_due(office.now)
    time_out_due(office.now)
    cancel_request(request, office.deed(office.bob))
    call = Call.objects.create(partition=office.partition, subject=words, user=office.uma)
    closing.close(call, office.deed(office.bob))
    assert set(told_anything()) == {1006, 2001, 2004, 3001, 3004, 3005, 4001, 4002, 4003}
    for message in Message.objects.all():
        for subject in (message.subject, f"Re: {message.subject}", f"AW: Re: {message.subject}"):
            assert parse(subject).is_free_text, subject
