"""Why did it do that? Asking changes nothing."""

from desks import Desk, mail
from inbound.hand_made import facts, reading
from mailcall.desk.models import Call, Person
from mailcall.inbound.explain import explain_mail, explain_raw
from mailcall.inbound.rules import RULES, decide


def test_the_rules_are_asked_in_the_order_of_the_grammar() -> None:
    letters = [rule.letter for rule in RULES]
    assert letters == sorted(letters)
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.description.endswith(".") for rule in RULES)


def test_the_trace_names_each_rule_that_was_asked_and_the_last_fired() -> None:
    decided = decide(reading(mail()), facts())
    assert [step.rule for step in decided.trace] == [rule.name for rule in RULES]
    assert [step.fired for step in decided.trace] == [False] * (len(RULES) - 1) + [True]
    assert all(step.saw for step in decided.trace)


def test_the_same_facts_decide_the_same() -> None:
    raw, given = mail(), facts()
    assert decide(reading(raw), given) == decide(reading(raw), given)


def test_explaining_changes_nothing(desk: Desk) -> None:
    explanation = explain_raw(mail("zoe@customer.example"), desk.account)
    assert explanation.decided.decision.action == "log"
    assert not Call.objects.exists()
    assert not Person.objects.filter(email="zoe@customer.example").exists()


def test_a_mail_of_the_journal_is_explained_as_it_was_decided(desk: Desk) -> None:
    received = desk.receive(mail())
    decided = explain_mail(received).decided
    assert decided.decision.reason == received.reason
    assert [step.as_dict() for step in decided.trace] == received.trace


def test_it_is_explained_with_the_evidence_of_its_arrival(desk: Desk) -> None:
    from desks import AUTHENTICATED

    received = desk.receive(mail("bob@desk.example", headers=AUTHENTICATED))
    desk.account.trusted_hosts = ""
    desk.account.save()
    assert explain_mail(received).decided.decision.proof == "authenticated: dmarc=pass by mx.desk.example"


def test_today_it_would_be_rejected(desk: Desk) -> None:
    received = desk.receive(mail())
    desk.account.blocked_senders = "@customer.example"
    desk.account.save()
    received.refresh_from_db()
    assert explain_mail(received).decided.decision.action == "reject"
