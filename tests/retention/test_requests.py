"""A closed request goes with its tasks and approvals, or what was said on it."""

import datetime as dt

import pytest
from django.utils import timezone

from desk.offices import USER_APPROVAL, Office, approval, asked, step, task
from desks import put_in_state
from mailcall.desk.approvals import decide
from mailcall.desk.errors import Refused
from mailcall.desk.handling import update
from mailcall.desk.models import Approval, Request, Task, TimelineEntry
from mailcall.desk.work_states import Verb
from mailcall.outbound.models import Delivery, Message, Token
from mailcall.retention.running import run_rule
from retention.conftest import applied, rule

EVERYTHING = (Request, Task, Approval, TimelineEntry, Message, Delivery, Token)


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


@pytest.fixture
def request_closed(office: Office) -> Request:
    """A request of Uma's on which a secret was told everywhere, closed a year ago."""
    made = office.request(
        approval("ask", by=(office.ann,)), step("sign", kind=USER_APPROVAL, approvers=(office.ulf,))
    )
    update(made, office.deed(office.uma, "The secret is blue."))
    for key, person in (("ask", office.ann), ("sign", office.ulf)):
        update(task(made, key), office.deed(office.ann, "A secret of the task."))
        decide(asked(task(made, key), person), Verb.APPROVE, office.deed(person, "No secret kept me."))
    Message.objects.update(created_at=timezone.now())
    Request.objects.update(subject="A secret laptop", closed_at=timezone.now() - dt.timedelta(days=365))
    put_in_state(Delivery.objects.all(), "sent")
    made.refresh_from_db()
    assert made.has_ended
    return made


def rows() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in EVERYTHING]


def test_a_deleted_request_leaves_nothing(request_closed: Request) -> None:
    counts = applied("closed_requests", how="delete").counts
    assert counts["requests deleted"] == 1
    assert rows() == [[]] * len(EVERYTHING)


def test_an_anonymized_request_keeps_number_states_and_who_of_the_desk_approved(
    office: Office, request_closed: Request
) -> None:
    assert applied("closed_requests").counts["requests anonymized"] == 1
    kept = Request.objects.get()
    assert (kept.pk, kept.state, str(kept.user)) == (
        request_closed.pk,
        request_closed.state,
        "Removed person",
    )
    assert [(each.person, each.state) for each in Approval.objects.all()] == [(office.ann, "approved")]
    assert "secret" not in repr(rows())
    assert "customer.example" not in repr(rows())
    with pytest.raises(Refused, match="was removed on"):
        update(kept, office.deed(office.ann, "More."))


@pytest.mark.parametrize("how", ["delete", "anonymize"])
def test_a_preview_of_requests_tells_exactly_what_the_run_does(request_closed: Request, how: str) -> None:
    made, before = rule("closed_requests", how=how), rows()
    preview = run_rule(made, apply=False, by="a test")
    assert rows() == before
    assert preview.counts == run_rule(made, apply=True, by="a test").counts
    assert not run_rule(made, apply=True, by="a test").counts


def test_what_is_open_young_of_another_partition_or_has_mail_on_its_way_stays(
    office: Office, request_closed: Request
) -> None:
    assert not applied("closed_requests", days=400, name="Later").counts
    put_in_state(Delivery.objects.all(), "queued")
    assert not applied("closed_requests", name="On its way").counts
    put_in_state(Delivery.objects.all(), "sent")
    Request.objects.update(state="open", closed_at=None)
    assert not applied("closed_requests", name="Open").counts
