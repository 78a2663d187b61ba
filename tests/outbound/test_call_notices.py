"""Who hears of what happens to a call, and who did it themselves and needs no mail."""

import datetime as dt

import pytest

from desk.offices import Office
from mailcall.desk import call_handling, calls, closing
from mailcall.desk.call_relations import merge
from mailcall.desk.due import close_resolved, resume_deferred
from mailcall.desk.handling import forward
from mailcall.desk.models import Call, Channel, ClosureMethod, Group, Membership, Person
from mailcall.desk.state_names import rename_state
from outbound.told import forget, mailed, mails, told, told_anything

UMA, ANN, BOB, CY = "uma@customer.example", "ann@desk.example", "bob@desk.example", "cy@desk.example"


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


@pytest.fixture
def call(office: Office) -> Call:
    return Call.objects.create(
        partition=office.partition, subject="No light", user=office.uma, analyst=office.ann
    )


def test_the_analyst_hears_of_anothers_note_alone(office: Office, call: Call) -> None:
    calls.add_note(call, actor=office.bob, text="It is the bulb.", channel=Channel.PAGE)
    assert told_anything() == {1003: [ANN]}
    [mail] = mails(1003)
    assert "Bob added a note to call" in mail.text
    assert "It is the bulb." in mail.text
    forget()
    calls.add_note(call, actor=office.ann, text="I know.", channel=Channel.PAGE)
    assert told_anything() == {}


def test_a_group_is_not_told_of_its_own_notes(office: Office, call: Call) -> None:
    office.group.addresses = "buyers@desk.example"
    office.group.save()
    Call.objects.update(analyst=None, group=office.group)
    calls.add_note(call, actor=office.bob, text="It is the bulb.", channel=Channel.PAGE)
    assert told_anything() == {}


def test_a_forwarded_call_is_told_to_whom_it_is_for_now(office: Office, call: Call) -> None:
    forward(call, office.deed(office.ann, "Yours, I think."), analyst=office.bob)
    assert told_anything() == {1005: [BOB]}
    [mail] = mails(1005)
    assert mail.subject == f"[Call {call.pk}] No light"
    assert f"Ann forwarded call {call.pk} to Bob." in mail.text
    assert "Yours, I think." in mail.text
    assert "Forwarded to Bob:" not in mail.text


@pytest.mark.parametrize(
    ("addresses", "email_analysts", "goes_to"),
    [
        ("buyers@desk.example", False, ["buyers@desk.example"]),
        ("buyers@desk.example", True, ["buyers@desk.example", BOB]),
        ("", True, [BOB]),
        ("", False, []),
    ],
)
def test_a_call_forwarded_to_a_group_goes_by_its_delivery_table_but_not_to_the_forwarder(
    office: Office, call: Call, addresses: str, email_analysts: bool, goes_to: list[str]
) -> None:
    office.group.addresses, office.group.email_analysts = addresses, email_analysts
    office.group.save()
    forward(call, office.deed(office.ann), group=office.group)
    assert told(1005) == goes_to


def test_whoever_takes_a_call_is_not_told(office: Office, call: Call) -> None:
    call_handling.take(call, mailed(office.bob))
    assert told_anything() == {}


def test_the_user_hears_that_a_call_is_closed_and_open_again(office: Office, call: Call) -> None:
    closing.close(call, office.deed(office.bob, "New bulb."))
    assert told_anything() == {1006: [UMA]}
    [mail] = mails(1006)
    assert "your call is closed." in mail.text
    assert "within 14 days" in mail.text
    assert "New bulb." not in mail.text  # it was said among analysts
    assert "https://" not in mail.text  # Users can't open the desk's pages
    forget()
    closing.reopen(call, office.deed(office.bob))
    assert told_anything() == {1007: [UMA, ANN]}


def test_an_unresolved_call_is_not_called_solved(office: Office, call: Call) -> None:
    closing.resolve(call, office.deed(office.bob), solved=False)
    [mail] = mails(1006)
    assert "your call is closed, though it could not be solved." in mail.text


def test_words_for_the_user_are_told(office: Office, call: Call) -> None:
    closing.close(call, mailed(office.bob, "A new bulb is in.", internal=False))
    [mail] = mails(1006)
    assert "A new bulb is in." in mail.text


def test_who_closes_their_own_call_by_mail_gets_its_answer_alone(office: Office, call: Call) -> None:
    closing.close(call, mailed(office.uma, "It works."))
    assert told_anything() == {}
    closing.reopen(call, mailed(office.uma, "No, it does not."))
    assert told_anything() == {1007: [ANN]}
    assert "No, it does not." in mails(1007)[0].text


@pytest.mark.parametrize("away", [{"available_recipient": False}, {"active": False}])
def test_an_unavailable_user_is_told_nothing(office: Office, call: Call, away: dict) -> None:
    Person.objects.filter(pk=office.uma.pk).update(**away)
    closing.close(call, office.deed(office.bob))
    assert told_anything() == {}


def test_a_resolved_call_is_told_to_the_user_and_to_its_closers(office: Office, call: Call) -> None:
    closers = Group.objects.create(name="Closers", email_analysts=True)
    Membership.objects.create(group=closers, person=office.cy)
    closing.set_closure(office.partition, ClosureMethod.RULES, group=closers, warning_hours="24")
    closing.resolve(call, office.deed(office.bob, "New bulb."))
    assert told_anything() == {1008: [UMA], 1009: [CY]}
    assert "we close the call after 72 hours" in mails(1008)[0].text
    assert "New bulb." in mails(1009)[0].text
    forget()
    close_resolved(office.now + dt.timedelta(hours=49))
    assert told_anything() == {1010: [UMA]}
    assert "we will close it on Thursday, 5 March 2026 at 09:00 UTC" in mails(1010)[0].text
    forget()
    close_resolved(office.now + dt.timedelta(hours=73))
    assert told_anything() == {1006: [UMA]}


def test_the_user_reads_times_by_their_own_clock(office: Office, call: Call) -> None:
    Person.objects.filter(pk=office.uma.pk).update(time_zone="Asia/Tokyo")
    closing.set_closure(office.partition, ClosureMethod.RULES, warning_hours="24")
    closing.resolve(call, office.deed(office.bob))
    close_resolved(office.now + dt.timedelta(hours=49))
    assert "Thursday, 5 March 2026 at 18:00 JST" in mails(1010)[0].text


def test_what_could_not_be_solved_is_for_its_closers_first(office: Office, call: Call) -> None:
    closing.set_closure(office.partition, ClosureMethod.COMMENTS)
    closing.resolve(call, office.deed(office.bob, "I give up."), solved=False, analyst=office.cy)
    assert told_anything() == {1009: [CY]}
    assert "Bob could not resolve call" in mails(1009)[0].text


def test_the_user_hears_where_a_merged_call_goes_on(office: Office, call: Call) -> None:
    other = Call.objects.create(partition=office.partition, subject="Dark", user=office.ulf)
    merge(call, other, office.deed(office.bob))
    assert told_anything() == {1011: [UMA]}
    assert f"goes on as call {other.pk}" in mails(1011)[0].text


def test_a_deferred_call_that_comes_back_is_told_to_its_analyst(office: Office, call: Call) -> None:
    until = office.now + dt.timedelta(days=1)
    call_handling.defer(call, office.deed(office.ann, "Until the bulb is here."), until=until)
    assert told_anything() == {}
    resume_deferred(until)
    assert told_anything() == {1012: [ANN]}


def test_a_renamed_state_is_told_by_its_name(office: Office, call: Call) -> None:
    rename_state(call.state, "In the works")
    forward(call, office.deed(office.ann), analyst=office.bob)
    assert "State: In the works" in mails(1005)[0].text


def test_a_notice_that_mail_causes_too_often_is_withheld(
    office: Office, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailcall.outbound.echoes.ECHOES_A_DAY", 1)
    forward(call, mailed(office.ann), analyst=office.bob)
    forward(call, mailed(office.bob), analyst=office.ann)
    from mailcall.outbound.models import Delivery

    first, second = Delivery.objects.order_by("pk")
    assert (first.state, second.state) == ("queued", "withheld")
    assert second.reply.startswith(f"Withheld: mail on call {call.pk} was passed on 1 times")
