"""A person is erased from requests, tasks, approvals, delegations and what was sent about them."""

import datetime as dt

import pytest
from django.utils import timezone

from desk.offices import USER_APPROVAL, Office, approval, asked, step, task
from desks import put_in_state
from mailcall.desk.approvals import decide
from mailcall.desk.delegations import delegate
from mailcall.desk.errors import Refused
from mailcall.desk.handling import update
from mailcall.desk.models import Approval, Call, Delegation, Person, Request, RequestTypeStep
from mailcall.desk.tasks import log_task
from mailcall.desk.work_states import Verb
from mailcall.desk.workflows import Step, set_workflow
from mailcall.outbound.models import Delivery, Message, Token
from retention.test_erasing import erase, where

UMA = "uma@customer.example"
ANN = "ann@desk.example"


@pytest.fixture
def office(db: None) -> Office:
    """An office in which Uma logged a request, and Ulf and Ann approved it; its workflow was changed."""
    office = Office.open()
    for person in (office.uma, office.ulf, office.ann, office.bob):
        Person.objects.filter(pk=person.pk).update(name=f"{person.name} Underhill")
        person.refresh_from_db()
    now = timezone.now()
    delegate(
        office.ulf,
        office.uma,
        starts_at=now,
        ends_at=now + dt.timedelta(days=30),
        made_by=office.ulf,
    )
    made = office.request(
        step("sign", kind=USER_APPROVAL, approvers=(office.ulf,)), approval("ask", by=(office.ann,))
    )
    Request.objects.update(subject="A secret laptop of Uma Underhill")
    made.refresh_from_db()
    update(made, office.deed(office.uma, "The secret is blue."))
    update(made, office.deed(office.bob, "Bob noted this."))
    decide(asked(task(made, "sign"), office.ulf), Verb.APPROVE, office.deed(office.ulf, "Ulf likes it."))
    decide(asked(task(made, "ask"), office.ann), Verb.APPROVE, office.deed(office.ann, "Ann likes it."))
    set_workflow(office.type, [step("buy")])
    put_in_state(Delivery.objects.all(), "sent")
    return office


def test_nothing_of_a_user_is_left_in_their_requests(office: Office) -> None:
    erase(UMA)
    assert where("secret") == []
    assert where("uma underhill") == []
    assert where(UMA) == []
    request = Request.objects.get()
    assert (request.state, str(request.user)) == ("closed", f"Erased person {office.uma.pk}")
    texts = " ".join(entry.text for entry in request.timeline.all())
    assert "Bob noted this." in texts
    assert not Delegation.objects.exists()
    assert Approval.objects.get(person=office.ulf).comment == "Ulf likes it."


@pytest.mark.parametrize(("who", "said"), [("ulf", "Ulf likes"), ("ann", "Ann likes")])
def test_what_an_erased_approver_decided_stays_without_name_and_comment(
    office: Office, who: str, said: str
) -> None:
    person = getattr(office, who)
    states = list(Approval.objects.order_by("pk").values_list("person", "state", "decided_at"))
    email = person.email
    erase(email)
    assert states == list(Approval.objects.order_by("pk").values_list("person", "state", "decided_at"))
    assert where(f"{who} underhill") == []
    assert where(email) == []
    assert Approval.objects.get(person=person).comment == "(removed)"
    assert not Token.objects.filter(person=person).exists()


def test_tasks_of_their_calls_say_nothing_of_them_either(office: Office) -> None:
    call = Call.objects.create(partition=office.partition, user=office.uma, subject="A secret call")
    made = log_task(call, Step("Look", kind=USER_APPROVAL, approvers=(office.ulf,)), office.deed(office.ann))
    update(made, office.deed(office.uma, "A secret of the task."))
    decide(asked(made, office.ulf), Verb.APPROVE, office.deed(office.ulf))
    Call.objects.update(state="closed", closed_at=timezone.now())
    put_in_state(Delivery.objects.all(), "sent")
    preview = erase(UMA, apply=False)
    assert preview.counts == erase(UMA).counts
    assert where("secret") == []
    assert where("uma underhill") == []


def test_a_preview_counts_what_the_erasure_does_and_changes_nothing(office: Office) -> None:
    preview = erase(UMA, apply=False)
    assert where("uma underhill")
    assert preview.counts == erase(UMA).counts
    assert (preview.counts["requests"], preview.counts["delegations"]) == (1, 1)


def test_who_is_still_needed_is_not_erased(office: Office) -> None:
    made = office.request(step("sign", kind=USER_APPROVAL, approvers=(office.ulf,)), step("do"))
    put_in_state(Delivery.objects.all(), "sent")
    with pytest.raises(Refused, match=f"These requests of theirs are open: {made.pk}. Close them"):
        erase(UMA)
    with pytest.raises(Refused, match=r"These approvals wait for them: \d+\. Have them decided"):
        erase("ulf@customer.example")
    with pytest.raises(Refused, match="They approve the step “Sign” of the request type New laptop"):
        erase("ulf@customer.example", even_open=True)
    set_workflow(office.type, [step("buy")])
    erase("ulf@customer.example", even_open=True)
    assert not RequestTypeStep.objects.filter(approvers=office.ulf).exists()


def test_mail_on_its_way_about_their_request_is_waited_for(office: Office) -> None:
    message = Message.objects.filter(request__isnull=False).first()
    Delivery.objects.filter(message=message).update(state="queued", finished_at=None)
    with pytest.raises(Refused, match="is on its way or held"):
        erase(UMA)
