"""Requests, tasks and approvals worked by subject line and by answers to approval mails."""

import datetime as dt

import pytest
from django.utils import timezone

from desks import Desk, mail
from mailcall.desk.delegations import delegate
from mailcall.desk.models import (
    Approval,
    Condition,
    Grant,
    Person,
    PersonAddress,
    Request,
    RequestType,
    Role,
    Task,
    TaskKind,
)
from mailcall.desk.requests import log_request
from mailcall.desk.work import by
from mailcall.desk.workflows import Step, set_workflow
from mailcall.inbound.models import Confirmation
from mailcall.outbound import tokens
from mailcall.outbound.models import Message, Token
from mailcall.outbound.threads import new_message_id, signing_keys

ANN, BOB = "ann@customer.example", "bob@desk.example"
FROM_CUSTOMER = "Authentication-Results: mx.desk.example; dmarc=pass header.from=customer.example\n"


@pytest.fixture
def mia(desk: Desk) -> Person:
    """Ann's manager, a User who is asked to approve."""
    return Person.objects.create(name="Mia Moss", email="mia@customer.example")


@pytest.fixture
def kind(desk: Desk, mia: Person) -> RequestType:
    """A request type: Mia approves, then Bob orders."""
    kind = RequestType.objects.create(name="New laptop", partition=desk.partition)
    ask = Step(title="Approve", key="ask", kind=TaskKind.USER_APPROVAL, approvers=(mia,))
    order = Step(title="Order", key="order", after=("ask",), condition=Condition.APPROVED, analyst=desk.bob)
    set_workflow(kind, [ask, order])
    return kind


@pytest.fixture
def request_(desk: Desk, kind: RequestType) -> Request:
    """Ann's request."""
    return log_request(kind, user=desk.ann, subject="For a new starter", deed=by(desk.ann, "page"))


@pytest.fixture
def approval(request_: Request) -> Approval:
    return Approval.objects.get()


def send(desk: Desk, sender: str, subject: str, text: str = "\n", *, proved: bool = False, **more: object):
    domain = sender.rpartition("@")[2]
    proof = f"Authentication-Results: mx.desk.example; dmarc=pass header.from={domain}\n" if proved else ""
    return desk.receive(mail(sender, subject, text, headers=proof, **more))


def state(row: Approval | Task | Request) -> str:
    row.refresh_from_db()
    return str(row.state)


def token_for(approval: Approval, person: Person) -> str:
    return tokens.give(approval, person, timezone.now()).text


def test_a_user_logs_a_request_by_mail(desk: Desk, kind: RequestType) -> None:
    received = send(desk, ANN, "LOG REQUEST new LAPTOP: for Ann Bell", "She starts in May.\n", proved=True)
    made = Request.objects.get()
    assert (made.subject, made.user, received.request) == ("for Ann Bell", desk.ann, made)
    assert received.outcome == "commanded"
    assert made.timeline.latest("pk").text == "for Ann Bell\n\nShe starts in May."


@pytest.mark.parametrize(
    ("subject", "proved", "why"),
    [
        ("LOG REQUEST New laptop: x", False, "your mail provider signs"),
        ("LOG REQUEST New house: x", True, "There is no request type “New house”. There are: New laptop."),
    ],
)
def test_no_request_is_logged_without_proof_or_of_no_type(
    desk: Desk, kind: RequestType, subject: str, proved: bool, why: str
) -> None:
    received = send(desk, ANN, subject, proved=proved)
    assert (received.outcome, Request.objects.count()) == ("refused", 0)
    assert why in received.reason


def test_a_request_type_of_analysts_is_not_for_users(desk: Desk, kind: RequestType) -> None:
    kind.logged_by_mail = "analysts"
    kind.save()
    assert send(desk, ANN, "LOG REQUEST New laptop: x", proved=True).outcome == "refused"
    assert send(desk, BOB, "LOG REQUEST New laptop: x", proved=True).outcome == "commanded"


def test_an_analyst_adds_a_task_to_a_request_and_to_a_call(desk: Desk, request_: Request) -> None:
    send(desk, BOB, f"LOG TASK ON REQUEST {request_.pk}: order the licences", proved=True)
    call = desk.receive(mail(ANN)).call
    received = send(desk, BOB, f"LOG TASK ON CALL {call.pk}: look at the fan", proved=True)
    titles = list(Task.objects.order_by("pk").values_list("title", flat=True))
    assert titles[-2:] == ["order the licences", "look at the fan"]
    assert received.task.call == call
    assert send(desk, ANN, f"LOG TASK ON CALL {call.pk}: mine", proved=True).outcome == "refused"


def test_an_authenticated_approver_approves_and_the_next_task_opens(
    desk: Desk, request_: Request, approval: Approval, mia: Person
) -> None:
    received = send(desk, mia.email, f"APPROVE APPROVAL {approval.pk}: go on", proved=True)
    assert state(approval) == "approved"
    assert approval.comment == "go on"
    assert received.outcome == "commanded"
    assert state(request_.tasks.get(title="Order")) == "open"


@pytest.mark.parametrize("place", ["subject", "address", "body"])
def test_a_token_is_proof_for_a_decision_wherever_it_stands(
    desk: Desk, approval: Approval, mia: Person, place: str
) -> None:
    token = token_for(approval, mia)
    number = approval.task_id
    match place:
        case "subject":
            send(desk, mia.email, f"APPROVE TASK {number} [{token}]")
        case "address":
            send(desk, mia.email, f"APPROVE TASK {number}", to=f"support+ok.{token}@desk.example")
        case "body":
            send(desk, mia.email, f"APPROVE TASK {number}", f"\n> [ok.{token}]\n")
    assert state(approval) == "approved"
    assert approval.proof == "token of the approval mail"


def test_a_rejection_needs_a_reason_and_leaves_the_token_unused_without(
    desk: Desk, approval: Approval, mia: Person
) -> None:
    token = token_for(approval, mia)
    received = send(desk, mia.email, f"REJECT APPROVAL {approval.pk} [{token}]")
    assert (received.outcome, state(approval)) == ("refused", "waiting")
    assert "a rejection needs a reason" in received.reason
    send(desk, mia.email, f"REJECT APPROVAL {approval.pk} [{token}]: over budget")
    assert (state(approval), approval.comment) == ("rejected", "over budget")


def answering(approval: Approval) -> dict:
    """What makes a mail an answer to an approval mail."""
    ours = new_message_id(approval.pk, "support@desk.example", signing_keys(), "approval")
    return {"in_reply_to": ours, "references": (ours,)}


def test_the_first_line_of_an_answer_to_an_approval_mail_decides(
    desk: Desk, approval: Approval, mia: Person
) -> None:
    token = token_for(approval, mia)
    received = send(
        desk,
        mia.email,
        "Re: [Task 1] Approval wanted",
        "Rejected: too dear\n\nAsk again in May.\n\n> On Monday we wrote:\n> REJECTED or APPROVED\n",
        to=f"support+ok.{token}@desk.example",
        **answering(approval),
    )
    assert received.outcome == "commanded"
    assert (state(approval), approval.comment) == ("rejected", "too dear\n\nAsk again in May.")


@pytest.mark.parametrize(
    "line", ["Approved, but not before May", "yes", "I have not approved this", "> Approved"]
)
def test_what_only_resembles_a_decision_is_a_comment(
    desk: Desk, approval: Approval, mia: Person, line: str
) -> None:
    token = token_for(approval, mia)
    received = send(
        desk,
        mia.email,
        "Re: Approval wanted",
        f"{line}\n",
        to=f"support+ok.{token}@desk.example",
        proved=True,
        **answering(approval),
    )
    assert state(approval) == "waiting"
    assert received.task == approval.task


# ---- what may not change anything


def test_an_address_alone_decides_nothing(desk: Desk, approval: Approval, mia: Person) -> None:
    received = send(desk, mia.email, f"APPROVE APPROVAL {approval.pk}")
    assert (state(approval), received.outcome) == ("waiting", "refused")
    assert received.confirmation.person == mia


def test_a_token_counts_only_from_the_person_it_was_sent_to(
    desk: Desk, approval: Approval, mia: Person
) -> None:
    token = token_for(approval, mia)
    for thief in (ANN, BOB, "stranger@evil.example", "mia@customer.example.evil.example"):
        send(desk, thief, f"APPROVE APPROVAL {approval.pk} [{token}]", proved=True)
        assert state(approval) == "waiting"
    assert tokens.check(token, mia, approval, timezone.now()) == ""


def test_a_token_is_used_once_and_never_for_another_decision(
    desk: Desk, kind: RequestType, approval: Approval, mia: Person
) -> None:
    token = token_for(approval, mia)
    send(desk, mia.email, f"APPROVE APPROVAL {approval.pk} [{token}]")
    log_request(kind, user=desk.ann, subject="Another", deed=by(desk.ann, "page"))
    other = Approval.objects.latest("pk")
    received = send(desk, mia.email, f"APPROVE APPROVAL {other.pk} [{token}]")
    assert (state(other), received.outcome) == ("waiting", "refused")
    again = send(desk, mia.email, f"REJECT APPROVAL {approval.pk} [{token}]: no, wait")
    assert (state(approval), again.outcome) == ("approved", "refused")
    assert "nothing is left to decide" in again.reason
    assert not Confirmation.objects.filter(mail=again).exists()
    assert token not in str(list(Message.objects.values_list("subject", "data")))


def test_an_out_of_office_answer_decides_nothing(desk: Desk, approval: Approval, mia: Person) -> None:
    token = token_for(approval, mia)
    received = desk.receive(
        mail(
            mia.email,
            "Automatic reply: Approval wanted",
            "Approved\n\nI am away until Monday.\n",
            to=f"support+ok.{token}@desk.example",
            headers=FROM_CUSTOMER + "Auto-Submitted: auto-replied\n",
            **answering(approval),
        )
    )
    assert (received.outcome, state(approval)) == ("rejected", "waiting")


def test_a_forwarded_approval_mail_decides_nothing_for_who_got_it(
    desk: Desk, approval: Approval, mia: Person
) -> None:
    token = token_for(approval, mia)
    text = (
        f"Approved\n\n---------- Forwarded message ----------\nFrom: support@desk.example\n\n[ok.{token}]\n"
    )
    received = send(desk, ANN, f"Fwd: APPROVE APPROVAL {approval.pk} [{token}]", text, proved=True)
    assert state(approval) == "waiting"
    assert received.outcome == "logged"


def test_a_delegate_decides_until_the_period_ends(
    desk: Desk, kind: RequestType, approval: Approval, mia: Person
) -> None:
    dan = Person.objects.create(name="Dan Dell", email="dan@customer.example")
    now = timezone.now()
    held = delegate(mia, dan, starts_at=now, ends_at=now + dt.timedelta(days=1), made_by=mia)
    log_request(kind, user=desk.ann, subject="Another", deed=by(desk.ann, "page"))
    other = Approval.objects.latest("pk")
    send(desk, dan.email, f"APPROVE APPROVAL {approval.pk}", proved=True)
    assert (state(approval), approval.decided_by) == ("approved", dan)
    token = token_for(other, dan)
    type(held).objects.update(starts_at=now - dt.timedelta(days=2), ends_at=now - dt.timedelta(days=1))
    received = send(desk, dan.email, f"APPROVE APPROVAL {other.pk} [{token}]", proved=True)
    assert (state(other), received.outcome) == ("waiting", "refused")


def test_who_has_left_decides_nothing(desk: Desk, approval: Approval, mia: Person) -> None:
    token = token_for(approval, mia)
    mia.active = False
    mia.save()
    received = send(desk, mia.email, f"APPROVE APPROVAL {approval.pk} [{token}]", proved=True)
    assert (state(approval), received.outcome) == ("waiting", "refused")


def test_two_from_headers_order_nothing(desk: Desk, approval: Approval, mia: Person) -> None:
    raw = mail(mia.email, f"APPROVE APPROVAL {approval.pk}: x", "\n", headers=FROM_CUSTOMER)
    received = desk.receive(b"From: stranger@evil.example\r\n" + raw)
    assert state(approval) == "waiting"
    assert received.outcome == "logged"


@pytest.mark.parametrize(
    "headers",
    [
        "Reply-To: mia@customer.example\n",
        "Sender: mia@customer.example\n",
        "Authentication-Results: mx.evil.example; dmarc=pass header.from=customer.example\n",
        "Received: from x by y; Mon, 23 Nov 2026 00:00:00 +0000\n" + FROM_CUSTOMER,
    ],
)
def test_what_a_forger_writes_beside_from_proves_nothing(
    desk: Desk, approval: Approval, mia: Person, headers: str
) -> None:
    desk.receive(mail(mia.email, f"APPROVE APPROVAL {approval.pk}", "\n", headers=headers))
    assert state(approval) == "waiting"
    stranger = mail(
        "x@evil.example", f"APPROVE APPROVAL {approval.pk}", "\n", headers=headers, name=mia.email
    )
    desk.receive(stranger)
    assert state(approval) == "waiting"


def test_a_number_that_is_not_there_and_one_that_is_not_yours_are_refused_alike(
    desk: Desk, approval: Approval, mia: Person
) -> None:
    stranger = Person.objects.create(name="Sam", email="sam@other.example")
    for number in (approval.pk, 9999):
        received = send(desk, stranger.email, f"APPROVE APPROVAL {number}", proved=True)
        assert f"There is no approval {number} that you take part in." in received.reason


def test_each_of_several_numbers_is_done_or_refused_on_its_own(
    desk: Desk, kind: RequestType, approval: Approval, mia: Person
) -> None:
    log_request(kind, user=desk.ann, subject="Another", deed=by(desk.ann, "page"))
    other = Approval.objects.latest("pk")
    send(desk, mia.email, f"APPROVE APPROVAL {other.pk}", proved=True)
    received = send(desk, mia.email, f"APPROVE APPROVAL {approval.pk}, {other.pk}, 999", proved=True)
    assert received.outcome == "commanded"
    assert [step["fired"] for step in received.trace[-3:]] == [True, False, False]
    assert state(approval) == "approved"


def test_tasks_and_requests_are_updated_taken_forwarded_and_closed(
    desk: Desk, request_: Request, approval: Approval, mia: Person
) -> None:
    send(desk, ANN, f"UPDATE REQUEST {request_.pk}: with a bag", proved=True)
    assert request_.timeline.latest("pk").internal is False
    send(desk, mia.email, f"UPDATE APPROVAL {approval.pk}: I am thinking")
    assert approval.task.timeline.latest("pk").text == "I am thinking"
    send(desk, mia.email, f"APPROVE APPROVAL {approval.pk}", proved=True)
    order = request_.tasks.get(title="Order")
    cy = Person.objects.create(name="Cy Cole", email="cy@desk.example", is_user=False, is_analyst=True)
    send(desk, BOB, f"FORWARD TASK {order.pk} TO cy@desk.example: you know them", proved=True)
    order.refresh_from_db()
    assert order.analyst == cy
    send(desk, BOB, f"TAKE TASK {order.pk}", proved=True)
    order.refresh_from_db()
    assert order.analyst == desk.bob
    received = send(desk, BOB, f"CLOSE TASK {order.pk}: ordered", proved=True)
    assert (state(order), received.task) == ("closed", order)
    assert state(request_) == "closed"


def test_only_people_who_take_part_and_analysts_update(desk: Desk, request_: Request) -> None:
    Person.objects.create(name="Sam", email="sam@other.example")
    received = send(desk, "sam@other.example", f"UPDATE REQUEST {request_.pk}: hello", proved=True)
    assert received.outcome == "refused"
    tagged = send(desk, "sam@other.example", f"Re: [Request {request_.pk}] New laptop", "hello\n")
    assert (tagged.outcome, tagged.request) == ("logged", None)
    mine = send(desk, ANN, f"Re: [Request {request_.pk}] New laptop", "In blue, please.\n")
    assert (mine.outcome, mine.request) == ("commanded", request_)


@pytest.mark.parametrize("proved", [True, False])
def test_a_dead_token_chooses_nobody_in_whose_name_it_is_decided(
    desk: Desk, approval: Approval, mia: Person, *, proved: bool
) -> None:
    PersonAddress.objects.create(person=mia, address=ANN, verified_at=timezone.now())
    token = token_for(approval, mia)
    Token.objects.update(expires_at=timezone.now())
    received = send(desk, ANN, f"APPROVE TASK {approval.task_id} [{token}]", proved=proved)
    assert (state(approval), received.outcome) == ("waiting", "refused")


def test_a_living_token_decides_for_whom_it_was_sent_to_of_those_who_share_the_address(
    desk: Desk, approval: Approval, mia: Person
) -> None:
    PersonAddress.objects.create(person=mia, address=ANN, verified_at=timezone.now())
    send(desk, ANN, f"APPROVE TASK {approval.task_id} [{token_for(approval, mia)}]")
    assert (state(approval), approval.decided_by) == ("approved", mia)
    assert approval.proof == "token of the approval mail"


def test_decisions_of_one_chunk_are_taken_in_the_order_in_which_they_came(
    desk: Desk, approval: Approval, mia: Person
) -> None:
    desk.deliver(mail(mia.email, f"REJECT TASK {approval.task_id}: too dear", "\n", headers=FROM_CUSTOMER))
    desk.deliver(
        mail(mia.email, "Re: Approval wanted", "Approved\n", headers=FROM_CUSTOMER, **answering(approval))
    )
    assert desk.run() == 2
    assert state(approval) == "rejected"


def test_an_analyst_without_the_right_adds_nothing_to_a_request_and_nothing_is_lost(
    desk: Desk, request_: Request
) -> None:
    Grant.objects.create(role=Role.objects.create(name="Reader", rights=["view"]), person=desk.bob)
    approval = Approval.objects.get()
    received = send(desk, BOB, f"Re: [Request {request_.pk}] New laptop", "In blue\n", proved=True)
    assert (received.outcome, received.call is not None) == ("logged", True)
    assert state(approval) == "waiting"


@pytest.mark.parametrize(
    "sender",
    ["mia@custorner.example", "mia@customer.example.evil.example", "mia@cust\u043emer.example"],
)
def test_a_domain_that_looks_alike_and_a_name_that_shows_the_address_decide_nothing(
    desk: Desk, approval: Approval, mia: Person, sender: str
) -> None:
    token = token_for(approval, mia)
    domain = sender.rpartition("@")[2].encode("idna").decode()
    proof = f"Authentication-Results: mx.desk.example; dmarc=pass header.from={domain}\n"
    raw = mail(sender, f"APPROVE APPROVAL {approval.pk} [{token}]", "\n", headers=proof, name=mia.email)
    desk.receive(raw)
    assert state(approval) == "waiting"
