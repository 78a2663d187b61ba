"""Who hears of escalations and breaches."""

import datetime as dt

import pytest

from desk.offices import Office, step
from desk.test_service_levels import agreed, logged
from mailcall.desk.call_handling import suspend
from mailcall.desk.due import escalate
from mailcall.desk.models import (
    Agreement,
    BusinessCalendar,
    Call,
    Covers,
    EscalationLevel,
    IssueType,
    Measure,
)
from mailcall.outbound.models import Message, NotificationSettings
from outbound.test_telling import reasons, see_nothing
from outbound.told import forget, mails, told, told_anything

MONDAY_AT_THREE = dt.datetime(2026, 3, 2, 14, tzinfo=dt.UTC)
TUESDAY_AT_NINE = dt.datetime(2026, 3, 3, 8, tzinfo=dt.UTC)
NEXT_WEEK = dt.datetime(2026, 3, 9, 8, tzinfo=dt.UTC)


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


@pytest.fixture
def agreement(office: Office) -> Agreement:
    """8 h to resolve, from 8 to 17 in Berlin; told at half of it, an hour before, and 2 h after."""
    calendar = BusinessCalendar.objects.create(name="Berlin", time_zone="Europe/Berlin")
    agreement = agreed("Gold", calendar)
    agreement.targets.update(response_minutes=None)
    return agreement


@pytest.fixture
def call(office: Office, agreement: Agreement) -> Call:
    """Bob's, logged at 10:00 in Berlin on a Monday."""
    call = logged(office)
    Call.objects.filter(pk=call.pk).update(analyst=office.bob, group=office.group)
    forget()
    return call


def test_whoever_is_in_charge_hears_of_an_escalation_and_of_the_breach(office: Office, call: Call) -> None:
    escalate(MONDAY_AT_THREE)
    assert told_anything() == {6001: ["bob@desk.example"]}
    [mail] = mails(6001)
    assert mail.subject == f"[Call {call.pk}] Escalation: No light"
    assert "is escalated at level 1: its resolution target of Gold is to be met by" in mail.text
    assert "Tuesday, 3 March 2026 at 08:00 UTC" in mail.text
    assert "Gold is for everything." in mail.text
    escalate(TUESDAY_AT_NINE)
    assert "has breached its resolution target of Gold" in mails(6002)[0].text
    escalate(TUESDAY_AT_NINE)
    assert (len(mails(6001)), len(mails(6002))) == (1, 1)


def test_a_level_names_whom_it_tells_and_nobody_hears_twice(
    office: Office, agreement: Agreement, call: Call
) -> None:
    agreement.people.add(office.cy, office.bob)
    hardware = IssueType.objects.create(name="Hardware")
    hardware.analysts.add(office.ann)
    laptop = IssueType.objects.create(name="Laptop", parent=hardware)
    Call.objects.filter(pk=call.pk).update(issue_type=laptop)
    EscalationLevel.objects.update(tells="agreement, issue_type, entity")
    escalate(MONDAY_AT_THREE)
    assert sorted(told(6001)) == ["ann@desk.example", "bob@desk.example", "cy@desk.example"]


def test_who_may_not_see_the_work_is_not_told_though_an_agreement_names_them(
    office: Office, agreement: Agreement, call: Call
) -> None:
    agreement.people.add(office.cy)
    see_nothing(office.cy)
    EscalationLevel.objects.update(tells="agreement, entity")
    escalate(MONDAY_AT_THREE)
    assert told(6001) == ["bob@desk.example"]
    assert [who for who, _ in reasons()] == ["Cy"]


def test_a_group_is_told_by_its_delivery_table(office: Office, agreement: Agreement, call: Call) -> None:
    office.group.addresses = "buyers@desk.example"
    office.group.save()
    EscalationLevel.objects.update(tells="group")
    escalate(MONDAY_AT_THREE)
    assert told(6001) == ["buyers@desk.example"]


def test_after_an_outage_a_call_brings_one_mail_about_its_breach_to_all_whom_that_and_its_last_level_tell(
    office: Office, agreement: Agreement, call: Call
) -> None:
    agreement.people.add(office.cy)
    EscalationLevel.objects.filter(number=3).update(tells="agreement")
    escalate(NEXT_WEEK)
    assert told_anything() == {6002: ["bob@desk.example", "cy@desk.example"]}
    assert Message.objects.get().why == (
        "The resolution target of Gold was breached and came to level 3, which is told to entity, agreement."
    )


def test_the_notification_settings_decide(office: Office, call: Call) -> None:
    NotificationSettings.objects.create(partition=office.partition, email_at_escalation=False)
    escalate(NEXT_WEEK)
    assert told_anything() == {}


def test_a_suspended_call_wakes_nobody(office: Office, call: Call) -> None:
    suspend(call, office.deed(office.bob, "Uma is away."))
    forget()
    assert escalate(NEXT_WEEK) == 0
    assert not Message.objects.exists()


def test_it_is_told_in_the_language_of_who_reads_it(office: Office, call: Call) -> None:
    office.bob.language = "de"
    office.bob.save()
    escalate(TUESDAY_AT_NINE)
    [mail] = mails(6002)
    assert f"Frist verletzt: Meldung {call.pk}. Das Ziel von Gold (Lösung) war einzuhalten bis" in mail.text


def test_requests_and_tasks_are_told_of_too(office: Office, agreement: Agreement) -> None:
    for name, covers in (("Requests", Covers.REQUESTS), ("Tasks", Covers.TASKS)):
        agreed(name, agreement.calendar, covers=covers).targets.update(response_minutes=None)
    EscalationLevel.objects.filter(measure=Measure.RESOLUTION, number=1).update(tells="entity")
    request = office.request(step("order", analyst=office.bob))
    request.analyst = office.cy
    request.save()
    forget()
    escalate(MONDAY_AT_THREE)
    assert sorted(told(6001)) == ["bob@desk.example", "cy@desk.example"]
