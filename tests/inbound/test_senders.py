"""Whose mail it is: the documented sender table, row by row."""

import pytest
from django.core.exceptions import ValidationError

from desks import Desk, mail
from inbound.hand_made import facts, person, reading
from mailcall.desk.models import Call, Organisation, Person
from mailcall.desk.people import add_address, set_domains
from mailcall.inbound.rules import decide

ANN = "ann@customer.example"
DEFAULT = person(9, "dora@desk.example", user=False, analyst=True)

NOBODY: tuple[Person, ...] = ()
USER = (person(1, ANN),)
ANALYST = (person(2, ANN, user=False, analyst=True),)
BOTH = (person(3, ANN, user=True, analyst=True),)


@pytest.mark.parametrize(
    ("senders", "linked", "user", "logged_by"),
    [
        (NOBODY, False, None, DEFAULT),
        (NOBODY, True, None, DEFAULT),
        (USER, False, USER[0], DEFAULT),
        (USER, True, USER[0], DEFAULT),
        (ANALYST, True, ANALYST[0], ANALYST[0]),
        (BOTH, True, BOTH[0], BOTH[0]),
        (ANALYST, False, ANALYST[0], DEFAULT),
        (BOTH, False, BOTH[0], DEFAULT),
    ],
)
def test_the_sender_table(
    senders: tuple[Person, ...], linked: bool, user: Person | None, logged_by: Person
) -> None:
    given = facts(senders=senders, use_linked_analyst=linked, default_logging_analyst=DEFAULT)
    decision = decide(reading(mail(ANN)), given).decision
    assert (decision.action, decision.user, decision.logged_by) == ("log", user, logged_by)


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("senders", [NOBODY, USER, ANALYST, BOTH])
def test_without_a_default_logging_analyst_the_sender_logs(senders: tuple[Person, ...], linked: bool) -> None:
    decision = decide(reading(mail(ANN)), facts(senders=senders, use_linked_analyst=linked)).decision
    sender = senders[0] if senders else None
    assert (decision.user, decision.logged_by) == (sender, sender)


def test_of_several_persons_with_one_address_the_first_record_wins_and_the_trace_says_so() -> None:
    decided = decide(reading(mail(ANN)), facts(senders=(*USER, *ANALYST)))
    assert decided.decision.user == USER[0]
    assert "2 persons share that address; the first record, Person 1, wins." in decided.trace[-1].saw


def test_a_stranger_becomes_a_user_named_as_in_from(desk: Desk) -> None:
    desk.receive(mail("Zoe.New@Customer.example", name="Zoë New"))
    zoe = Person.objects.get(email="zoe.new@customer.example")
    assert (zoe.name, zoe.is_user, zoe.is_analyst) == ("Zoë New", True, False)
    call = Call.objects.get()
    assert (call.user, call.logged_by) == (zoe, desk.bob)


def test_without_a_default_a_stranger_logs_their_own_call(desk: Desk) -> None:
    desk.account.default_logging_analyst = None
    desk.account.save()
    desk.receive(mail("zoe@customer.example"))
    call = Call.objects.get()
    assert call.user.email == "zoe@customer.example"
    assert call.logged_by == call.user


def test_a_stranger_who_writes_twice_is_one_person(desk: Desk) -> None:
    desk.deliver(mail("zoe@customer.example", "One"))
    desk.deliver(mail("ZOE@customer.example", "Two"))
    desk.run()
    assert Person.objects.filter(email="zoe@customer.example").count() == 1
    assert Call.objects.count() == 2


def test_two_records_with_one_address_the_elder_is_the_user(desk: Desk) -> None:
    Person.objects.create(name="Ann again", email="ANN@customer.example", is_analyst=True)
    received = desk.receive(mail(ANN))
    assert received.call.user == desk.ann
    assert "2 persons share that address" in str(received.trace)


def test_a_template_person_is_never_the_sender(desk: Desk) -> None:
    Person.objects.create(name="Pattern", email="pat@customer.example", is_template=True)
    received = desk.receive(mail("pat@customer.example", name="Pat"))
    assert not received.call.user.is_template
    assert received.call.user.name == "Pat"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"is_analyst": True, "is_template": True}, "is a template person and can't log calls"),
        ({"is_analyst": False}, "is not an Analyst"),
    ],
)
def test_who_cannot_be_the_default_logging_analyst(desk: Desk, fields: dict, sentence: str) -> None:
    desk.account.default_logging_analyst = Person.objects.create(
        name="Tim", email="tim@desk.example", **fields
    )
    with pytest.raises(ValidationError, match=sentence):
        desk.account.full_clean()


def unverified(one: Person) -> Person:
    one.address_verified = False
    return one


def gone(one: Person) -> Person:
    one.active = False
    return one


@pytest.mark.parametrize(
    ("sender", "sentence"),
    [
        (unverified(person(4, ANN, analyst=True)), f"{ANN} is an address of Person 4 that nobody verified."),
        (gone(person(5, ANN, analyst=True)), f"{ANN} is the address of Person 5, who has left."),
    ],
)
def test_who_left_or_writes_from_an_unverified_address_logs_calls_but_as_no_analyst(
    sender: Person, sentence: str
) -> None:
    given = facts(senders=(sender,), use_linked_analyst=True, default_logging_analyst=DEFAULT)
    decided = decide(reading(mail(ANN)), given)
    assert (decided.decision.user, decided.decision.logged_by) == (sender, DEFAULT)
    assert any(sentence in step.saw for step in decided.trace)


def test_mail_from_a_further_address_is_its_persons(desk: Desk) -> None:
    add_address(desk.ann, "ann@home.example", by=None)
    received = desk.receive(mail("ann@home.example"))
    assert received.call.user == desk.ann
    assert not Person.objects.filter(email="ann@home.example").exists()


def test_a_new_user_belongs_to_the_organisation_of_their_domain(desk: Desk) -> None:
    organisation = Organisation.objects.create(name="Customer Ltd")
    set_domains(organisation, ["customer.example"])
    for sender, belongs_to in (("new@customer.example", organisation), ("x@sub.customer.example", None)):
        assert desk.receive(mail(sender)).call.user.organisation == belongs_to
