"""What is answered to commands: read from the mailbox of who asked."""

import pytest

from desks import AUTHENTICATED, Desk, mail, reply_to
from mailcall.desk.models import Call, Grant, Partition, Person, Request, RequestType, Right, Role
from mailcall.desk.requests import log_request
from mailcall.desk.work import by
from mailcall.grammar import parse
from mailcall.inbound.models import ReceivedMail
from mailcall.message import read_mail
from mailcall.message.mail import Mail

ANN, BOB = "ann@customer.example", "bob@desk.example"


@pytest.fixture
def call(desk: Desk) -> Call:
    desk.receive(mail(ANN, "My laptop is dead"))
    return Call.objects.get()


def ask(desk: Desk, sender: str, subject: str, text: str = "\n", **more: object) -> ReceivedMail:
    headers = AUTHENTICATED if sender == BOB else ""
    return desk.receive(mail(sender, subject, text, headers=headers, **more))


def answers_to(desk: Desk, address: str) -> list[Mail]:
    """What they were sent as answers to commands, oldest first."""
    openings = ("Done", "Not done", "Partly done", "Answer", "Was it you?")
    mails = [read_mail(raw) for raw in desk.sent_to(address)]
    return [one for one in mails if one.subject.startswith(openings)]


def test_each_number_is_answered_with_what_became_of_it(desk: Desk, call: Call) -> None:
    received = ask(desk, BOB, f"CLOSE CALL {call.pk}, 99: done")
    [answer] = answers_to(desk, BOB)
    assert answer.subject == f"Partly done: CLOSE CALL {call.pk}, 99: done"
    assert f"+ Call {call.pk}: It is closed.\n  http" in answer.text
    assert "- Call 99: There is no call 99 that you take part in." in answer.text
    assert "This is how it is written:\n\n    CLOSE (CALL / TASK / REQUEST) number" in answer.text
    assert answer.in_reply_to == (received.message_id,)
    assert not parse(answer.subject).is_command
    assert answer.kind != "normal" or answer.auto_generated


def test_who_is_asked_whether_it_was_them_is_told_what_was_asked(desk: Desk, call: Call) -> None:
    ask(desk, ANN, f"CLOSE CALL {call.pk}")
    [answer] = answers_to(desk, ANN)
    assert answer.subject == f"Was it you? CLOSE CALL {call.pk}"
    assert "/confirm/" in answer.text
    assert "this was not done" in answer.text


def test_the_page_that_shows_the_mail_does_not_show_the_secret(desk: Desk, call: Call) -> None:
    from mailcall.outbound.models import Message
    from mailcall.outbound.render import render, shown

    ask(desk, ANN, f"CLOSE CALL {call.pk}")
    message = Message.objects.latest("pk")
    secret = read_mail(render(message)).text.partition("/confirm/")[2].partition("/")[0]
    assert len(secret) == 24
    assert secret not in shown(message).decode()
    assert secret not in str(message.data)


def test_a_summary_lists_what_is_theirs_and_nothing_else(desk: Desk, call: Call) -> None:
    desk.receive(mail("eve@other.example", "Secret plans"))
    desk.receive(mail(ANN, "Keyboard <b>broken</b>"))
    ask(desk, ANN, "CALL SUMMARY")
    [answer] = answers_to(desk, ANN)
    assert answer.subject == "Answer: CALL SUMMARY"
    assert "Your open calls" in answer.text
    assert "My laptop is dead" in answer.text
    assert "Keyboard <b>broken</b>" in answer.text
    assert "Keyboard &lt;b&gt;broken&lt;/b&gt;" in answer.html
    assert "Secret plans" not in answer.text + answer.html


def test_only_analysts_get_links_to_pages_which_are_for_analysts_only(desk: Desk, call: Call) -> None:
    for subject in ("CALL SUMMARY", f"STATUS CALL {call.pk}", f"CLOSE COL {call.pk}"):
        ask(desk, ANN, subject)
    assert len(answers_to(desk, ANN)) == 3
    assert not any("/calls/" in answer.html + answer.text for answer in answers_to(desk, ANN))
    Call.objects.update(analyst=desk.bob)
    for subject in ("CALL SUMMARY", f"STATUS CALL {call.pk}"):
        ask(desk, BOB, subject)
    assert all(f"/calls/{call.pk}/" in answer.html for answer in answers_to(desk, BOB)[-2:])


def test_an_analyst_gets_no_link_to_what_their_roles_do_not_let_them_see(desk: Desk, call: Call) -> None:
    elsewhere = Partition.objects.create(name="Elsewhere", address="elsewhere@desk.example")
    role = Role.objects.create(name="Elsewhere only", rights=[Right.VIEW])
    Grant.objects.create(role=role, person=desk.bob, partition=elsewhere)
    Call.objects.update(user=desk.bob)
    ask(desk, BOB, "CALL SUMMARY")
    ask(desk, BOB, f"STATUS CALL {call.pk}")
    assert "My laptop is dead" in answers_to(desk, BOB)[-2].text
    assert not any("/calls/" in answer.html + answer.text for answer in answers_to(desk, BOB)[-2:])


@pytest.mark.parametrize("number", [2**63, 10**40])
def test_of_a_number_that_no_call_can_have_there_is_no_call(desk: Desk, call: Call, number: int) -> None:
    for thing in ("CALL", "TASK"):
        received = ask(desk, ANN, f"UPDATE {thing} {number}: more")
        assert (received.outcome, received.call) == ("refused", None)
        assert f"There is no {thing.lower()} {number} that you take part in." in received.reason
    assert Call.objects.count() == 1


def test_a_summary_of_a_stranger_is_refused_once_a_day(desk: Desk, call: Call) -> None:
    for _ in range(3):
        received = ask(desk, "eve@other.example", "CALL SUMMARY")
    assert received.outcome == "refused"
    [answer] = answers_to(desk, "eve@other.example")
    assert "eve@other.example is not on record at this desk" in answer.text
    assert not Person.objects.filter(email="eve@other.example").exists()


def test_tasks_and_approvals_are_listed_together(desk: Desk) -> None:
    ask(desk, BOB, "SUMMARY TASKS")
    ask(desk, BOB, "APPROVAL SUMMARY")
    first, second = answers_to(desk, BOB)
    for answer in (first, second):
        assert "Approvals that wait for you" in answer.text
        assert "Your open tasks" in answer.text


def test_the_groups_of_an_analyst_are_listed_and_a_user_has_none(desk: Desk, call: Call) -> None:
    ask(desk, BOB, "CALL SUMMARY GROUP")
    assert "My laptop is dead" in answers_to(desk, BOB)[0].text
    received = ask(desk, ANN, "CALL SUMMARY GROUP")
    assert "Only Analysts have groups." in received.reason


def test_a_status_tells_where_a_call_stands_and_nothing_internal(desk: Desk, call: Call) -> None:
    ask(desk, BOB, f"UPDATE CALL {call.pk}: the User is difficult")
    ask(desk, ANN, f"STATUS CALL {call.pk}")
    [answer] = answers_to(desk, ANN)
    assert "Open, with Service Desk." in answer.text
    assert "It no longer starts." in answer.text
    assert "difficult" not in answer.text + answer.html


def test_help_lists_the_commands_when_nothing_else_is_in_the_mail(desk: Desk, call: Call) -> None:
    ask(desk, ANN, "help")
    [answer] = answers_to(desk, ANN)
    assert "CLOSE (CALL / TASK / REQUEST) number, ... [: text]" in answer.text
    assert "FORWARD" not in answer.text
    assert "LOG TASK" not in answer.text
    assert ask(desk, ANN, "help", "-- \nAnn Archer\n").outcome == "commanded"
    received = ask(desk, ANN, "Help", "my laptop is on fire\n")
    assert received.outcome == "logged"


def test_a_near_miss_is_logged_and_answered_with_the_right_spelling(desk: Desk, call: Call) -> None:
    received = ask(desk, ANN, f"CLOSE COL {call.pk}", "works again\n")
    assert received.outcome == "logged"
    [answer] = answers_to(desk, ANN)
    assert answer.subject == f"Not done: CLOSE COL {call.pk}"
    assert f"CLOSE CALL {call.pk}" in answer.text
    assert f"+ Call {received.call_id}: What you wrote was logged as this call." in answer.text
    assert len(desk.sent_to(ANN)) == 2  # no acknowledgement beside it
    by_bob = ask(desk, BOB, f"CLOSE COL {call.pk}")
    assert by_bob.outcome == "refused"
    assert f"CLOSE CALL {call.pk}" in answers_to(desk, BOB)[0].text


def test_an_answer_to_an_answer_is_no_command_and_runs_nothing_again(desk: Desk, call: Call) -> None:
    ask(desk, BOB, f"CLOSE CALL {call.pk}")
    raw = desk.sent_to(BOB)[-1]
    received = desk.receive(reply_to(raw, BOB, "Thank you.\n", headers=AUTHENTICATED))
    assert received.outcome in {"logged", "updated"}


def test_automatic_mail_with_the_subject_of_a_command_runs_nothing_and_is_not_answered(
    desk: Desk, call: Call
) -> None:
    headers = AUTHENTICATED + "Auto-Submitted: auto-generated\n"
    received = desk.receive(mail(BOB, f"CLOSE CALL {call.pk}", headers=headers))
    call.refresh_from_db()
    assert (call.state, received.outcome) == ("open", "logged")
    assert answers_to(desk, BOB) == []


def test_a_summary_of_requests_has_the_users_own(desk: Desk) -> None:
    kind = RequestType.objects.create(name="New laptop", partition=desk.partition)
    log_request(kind, user=desk.ann, subject="For Ann Bell", deed=by(desk.ann, "page"))
    assert Request.objects.get()
    ask(desk, ANN, "REQUEST SUMMARY ALL")
    assert "For Ann Bell" in answers_to(desk, ANN)[0].text


def test_what_stands_in_a_subject_cannot_break_out_of_the_answer(desk: Desk, call: Call) -> None:
    subject = "CLOSE CALL 99: <script>alert(1)</script>"
    ask(desk, BOB, subject)
    [answer] = answers_to(desk, BOB)
    assert "<script>" not in answer.html
    assert answer.subject == f"Not done: {subject}"


def test_who_writes_english_is_answered_in_english_words_and_told_the_others_besides(
    desk: Desk, call: Call
) -> None:
    type(desk.account).objects.update(word_languages="de")
    ask(desk, ANN, "CLOSE COL 12")
    ask(desk, ANN, "UPDATE CALL 99: more")
    ask(desk, ANN, "ERGÄNZE MELDUNG 99: mehr")
    near, english, german = (answer.text for answer in answers_to(desk, ANN))
    assert "    CLOSE CALL 12" in near
    first, second = "    UPDATE (CALL / REQUEST / TASK", "    ERGÄNZEN (MELDUNG / AUFTRAG / AUFGABE"
    assert -1 < english.find(first) < english.find(second)
    assert -1 < german.find(second) < german.find(first)
