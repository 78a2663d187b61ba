"""Why did it do that? Asking changes nothing."""

from desks import Desk, mail
from inbound.hand_made import facts, reading
from mailcall.desk.models import Call, Person
from mailcall.inbound.explain import compare, explain_mail, explain_raw, rehearse
from mailcall.inbound.models import Outcome, ReceivedMail
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


def test_a_command_is_rehearsed_and_nothing_of_it_stays(desk: Desk) -> None:
    from desks import AUTHENTICATED
    from mailcall.outbound.models import Message

    call = desk.receive(mail()).call
    before = Message.objects.count()
    raw = mail("bob@desk.example", f"CLOSE CALL {call.pk}, 4711", headers=AUTHENTICATED)
    explained = explain_raw(raw, desk.account)
    outcome, steps = rehearse(ReceivedMail(account=desk.account), explained)
    assert outcome == Outcome.COMMANDED
    assert [(step.rule, step.fired) for step in steps] == [(f"Call {call.pk}", True), ("Call 4711", False)]
    call.refresh_from_db()
    assert not call.is_closed
    assert Message.objects.count() == before


def test_what_was_done_is_seen_beside_what_would_be(desk: Desk) -> None:
    received = desk.receive(mail())
    desk.account.blocked_senders = "@customer.example"
    desk.account.save()
    received.refresh_from_db()
    explained = explain_mail(received)
    assert rehearse(received, explained) == (Outcome.REJECTED, ())
    rows = {row.rule: row for row in compare(received.trace, explained.decided.trace)}
    assert rows["blocked sender"].differs
    assert rows["log a call"].differs
    assert rows["log a call"].today is None
    assert not rows["own mail"].differs
    assert not rows["own mail"].reworded


def test_a_trace_of_another_time_is_compared_as_far_as_it_goes() -> None:
    [row] = compare([{"rule": "gone", "fired": "yes", "saw": 5}], [])
    assert (row.rule, row.then.saw, row.differs) == ("gone", "5", False)
    assert compare([], []) == []
