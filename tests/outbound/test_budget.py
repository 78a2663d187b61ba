"""The budget of answers: how every mail loop ends, and what a person may do about it."""

import datetime as dt
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from desks import AUTHENTICATED, Desk, mail, reply_to, report
from mailcall.config import config
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Person
from mailcall.message import read_mail
from mailcall.outbound import budget, echoes, operations
from mailcall.outbound.models import Delivery

ANN = "ann@customer.example"


def test_the_sixth_answer_in_an_hour_is_withheld_with_its_reason(desk: Desk) -> None:
    for number in range(6):
        desk.receive(mail(subject=f"Matter {number}"))
    assert Call.objects.count() == 6
    assert len(desk.sent_to(ANN)) == 5
    withheld = Delivery.objects.get(state="withheld")
    assert withheld.reply == (
        "Withheld: ann@customer.example got 5 answers within an hour, which is the budget for one sender."
    )
    assert withheld.message.call.subject == "Matter 5"


def test_six_mails_in_one_chunk_are_answered_as_often(desk: Desk) -> None:
    for number in range(6):
        desk.deliver(mail(subject=f"Matter {number}"))
    desk.run()
    assert len(desk.sent_to(ANN)) == 5


def test_a_withheld_answer_is_sent_when_a_person_releases_it(desk: Desk) -> None:
    for number in range(6):
        desk.receive(mail(subject=f"Matter {number}"))
    withheld = Delivery.objects.get(state="withheld")
    operations.release(withheld)
    assert withheld.reply.startswith("Released. It had been withheld: ann@customer.example got 5 answers")
    desk.run()
    assert len(desk.sent_to(ANN)) == 6


def test_only_a_withheld_answer_can_be_released(desk: Desk) -> None:
    desk.receive(mail())
    with pytest.raises(Refused, match="Only a withheld or held mail is released; it is sent"):
        operations.release(Delivery.objects.get())


def test_after_an_hour_answers_are_given_again(desk: Desk) -> None:
    for number in range(6):
        desk.receive(mail(subject=f"Matter {number}"))
    Delivery.objects.update(created_at=timezone.now() - dt.timedelta(minutes=61))
    desk.receive(mail(subject="Matter 7"))
    assert len(desk.sent_to(ANN)) == 6


def test_one_senders_budget_is_not_anothers(desk: Desk) -> None:
    for number in range(6):
        desk.receive(mail(subject=f"Matter {number}"))
    desk.receive(mail("carl@customer.example"))
    assert len(desk.sent_to("carl@customer.example")) == 1


def test_a_call_has_a_budget_of_its_own() -> None:
    spent = budget.Budget()
    answers = [spent.take(f"p{number}@x.example", 7) for number in range(21)]
    assert answers[:20] == [""] * 20
    assert answers[20] == (
        "Withheld: call 7 caused 20 answers within a day, which is the budget for one call."
    )


def test_two_robots_that_answer_everything_end(desk: Desk) -> None:
    """A robot that knows no thread: each answer of ours brings a new mail, and that a new call."""
    Person.objects.create(name="Robot", email="robot@machine.example")
    desk.deliver(mail("robot@machine.example", "Ticket received"))
    for _ in range(20):
        before = len(desk.sent_to("robot@machine.example"))
        desk.run()
        for sent in desk.sent_to("robot@machine.example")[before:]:
            desk.deliver(mail("robot@machine.example", f"Ticket received: {read_mail(sent).message_id[:9]}"))
        if not list((desk.folder / "support" / "new").iterdir()):
            break
    assert len(desk.sent_to("robot@machine.example")) == 5
    assert Call.objects.count() == 6


def test_a_robot_that_keeps_the_thread_is_answered_once(desk: Desk) -> None:
    desk.receive(mail("robot@machine.example"))
    [sent] = desk.sent_to("robot@machine.example")
    for _ in range(3):
        assert desk.receive(reply_to(sent, "robot@machine.example")).outcome == "updated"
    assert len(desk.sent_to("robot@machine.example")) == 1


def test_an_address_that_bounced_is_not_answered_until_a_mail_goes_through(desk: Desk) -> None:
    desk.receive(mail())
    desk.receive(report(read_mail(desk.sent_to(ANN)[0]).message_id, ANN, status="5.2.2"))
    desk.receive(mail(subject="Again"))
    withheld = Delivery.objects.get(state="withheld")
    assert withheld.reply == "Withheld: the last mail to ann@customer.example came back."
    operations.release(withheld)
    desk.run()
    desk.receive(mail(subject="And again"))
    assert len(desk.sent_to(ANN)) == 3


def test_the_desk_does_not_answer_itself(desk: Desk) -> None:
    for sender in ("support@desk.example", "support+x@desk.example", "Support@Desk.example"):
        assert desk.receive(mail(sender)).outcome == "logged"
    assert not Delivery.objects.exists()


def test_mail_on_a_call_is_passed_on_so_often_a_day_and_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends a loop of two robots of which neither says that it is one."""
    monkeypatch.setattr(echoes, "ECHOES_A_DAY", 3)
    desk.receive(mail(message_id="<first@customer.example>"))
    for number in range(5):
        desk.receive(mail(subject=f"Re: more {number}", in_reply_to="<first@customer.example>"))
    assert Call.objects.count() == 1
    withheld = Delivery.objects.filter(state="withheld")
    assert withheld.count() == 2
    assert "was passed on 3 times within a day" in withheld[0].reply
    operations.release(withheld[0])
    desk.run()
    assert Delivery.objects.filter(state="withheld").count() == 1


def test_a_flood_in_the_name_of_an_address_that_nobody_knows_causes_one_answer(desk: Desk) -> None:
    for number in range(12):
        desk.deliver(mail("victim@elsewhere.example", f"Matter {number}"))
    desk.run()
    desk.receive(mail("victim@elsewhere.example", "CALL SUMMARY"))
    desk.receive(mail("victim@elsewhere.example", "CLOSE CALL 1"))
    assert len(desk.sent_to("victim@elsewhere.example")) == 1
    assert Call.objects.count() == 12
    withheld = Delivery.objects.filter(state="withheld").first()
    assert withheld.reply == (
        "Withheld: victim@elsewhere.example is known by unproved mail alone, and got an answer within a day "
        "already, which is the budget for a stranger."
    )


def test_commands_of_an_address_that_nobody_knows_do_not_come_on_top(desk: Desk) -> None:
    for subject in ("HELP", "CALL SUMMARY", "CLOSE CALL 1", "CLOSE COL 1", "My laptop is dead"):
        desk.receive(mail("victim@elsewhere.example", subject, "\n"))
    assert len(desk.sent_to("victim@elsewhere.example")) == 1


def test_how_an_address_is_written_makes_no_other_stranger_of_it(desk: Desk) -> None:
    for sender in ("victim@elsewhere.example", "Victim@Elsewhere.example", "VICTIM@ELSEWHERE.EXAMPLE"):
        desk.receive(mail(sender, f"By {sender}"))
    assert Delivery.objects.exclude(state="withheld").count() == 1


def test_a_detail_behind_a_plus_makes_no_other_stranger_of_an_address(desk: Desk) -> None:
    for sender in ("victim+1@elsewhere.example", "victim@elsewhere.example", "victim+2@elsewhere.example"):
        desk.receive(mail(sender, f"By {sender}"))
        desk.receive(mail(sender, "CALL SUMMARY"))
    answered = Delivery.objects.filter(recipient__endswith="@elsewhere.example").exclude(state="withheld")
    assert [delivery.recipient for delivery in answered] == ["victim+1@elsewhere.example"]


def test_a_stranger_is_answered_again_the_next_day(desk: Desk) -> None:
    desk.receive(mail("new@elsewhere.example", "One"))
    Delivery.objects.update(created_at=timezone.now() - dt.timedelta(hours=23))
    desk.receive(mail("new@elsewhere.example", "Two"))
    assert len(desk.sent_to("new@elsewhere.example")) == 1
    Delivery.objects.update(created_at=timezone.now() - dt.timedelta(hours=25))
    desk.receive(mail("new@elsewhere.example", "Three"))
    assert len(desk.sent_to("new@elsewhere.example")) == 2


def test_a_stranger_whose_mail_proves_itself_is_answered_as_anybody(desk: Desk) -> None:
    for number in range(6):
        desk.receive(mail("new@desk.example", f"Matter {number}", headers=AUTHENTICATED))
    assert len(desk.sent_to("new@desk.example")) == 5


def test_many_new_senders_are_each_answered_once(desk: Desk) -> None:
    for number in range(8):
        desk.deliver(mail(f"new{number}@elsewhere.example"))
    desk.run()
    assert all(len(desk.sent_to(f"new{number}@elsewhere.example")) == 1 for number in range(8))


def test_a_forged_flood_of_commands_writes_to_the_one_in_whose_name_it_is_so_often(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "config", lambda: config().model_copy(update={"command_answers_an_hour": 3}))
    desk.receive(mail())
    call = Call.objects.get()
    for _ in range(5):
        desk.receive(mail(subject=f"CLOSE CALL {call.pk}"))
    assert len(desk.sent_to(ANN)) == 1 + 3
    assert Delivery.objects.filter(state="withheld")[0].reply == (
        "Withheld: ann@customer.example got 3 answers to commands within an hour, "
        "which is the budget for one sender."
    )
    call.refresh_from_db()
    assert call.state == "open"


def test_who_works_the_desk_by_mail_gets_thirty_answers_beside_the_acknowledgements(desk: Desk) -> None:
    for number in range(6):
        desk.deliver(mail(subject=f"Matter {number}"))
    for _ in range(31):
        desk.deliver(mail(subject="CALL SUMMARY"))
    desk.run()
    answers = [sent for sent in desk.sent_to(ANN) if b"Subject: Answer: CALL SUMMARY" in sent]
    assert len(answers) == 30
    assert len(desk.sent_to(ANN)) == 5 + 30


def test_the_last_answer_that_still_goes_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "config", lambda: config().model_copy(update={"command_answers_an_hour": 3}))
    for _ in range(4):
        desk.receive(mail(subject="CALL SUMMARY"))
    answers = [read_mail(sent) for sent in desk.sent_to(ANN)]
    assert [budget.LAST_ANSWER in answer.text for answer in answers] == [False, False, True]
    assert [budget.LAST_ANSWER in answer.html for answer in answers] == [False, False, True]


def test_asking_for_budgets_costs_the_same_for_one_address_and_for_many(db: None) -> None:
    def queries(addresses: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            budget.Budget.of(
                {f"p{n}@x.example" for n in range(addresses)},
                set(range(addresses)),
                timezone.now(),
                {f"p{n}@x.example" for n in range(addresses)},
            )
        return len(asked)

    assert queries(1) == queries(100) == 4


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, 1, 2]), st.booleans()), max_size=200)
)
def test_whatever_comes_nobody_gets_more_than_the_budget(asked: list[tuple[str, int | None, bool]]) -> None:
    spent, given_to, unknown, on_call = budget.Budget(), Counter(), Counter(), Counter()
    for address, call, known in asked:
        if not spent.take(address, call, known=known):
            given_to[address] += 1
            on_call[call] += call is not None
            unknown[address] += not known
    assert all(count <= 5 for count in given_to.values())
    assert all(count <= 1 for count in unknown.values())
    assert all(count <= 20 for count in on_call.values())
