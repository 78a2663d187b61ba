"""Answers as mails: what they say, whom they reach, and that nothing a stranger writes breaks out of them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk.offices import Office
from mailcall.desk.models import Call
from mailcall.grammar import help_rows, parse
from mailcall.message import Mail
from mailcall.outbound.answers import Answer, Result, Row, Secret, Table, send_answers
from mailcall.outbound.models import Delivery, Message
from mailcall.outbound.origin import MailOrigin
from mailcall.outbound.text_tables import text_table
from outbound.told import mails, told, told_anything

ANSWERED, TO_CONFIRM = 5001, 5002
DONE = Result("Call 12", True, "It is closed.", "https://desk.example/calls/12/")
REFUSED = Result("Call 13", False, "It is closed already.")
ODD = "x\r\nBcc: eve@evil.example\r\n\r\n<script>alert('1')</script> \u202egpj.exe"


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


def answer(office: Office, asked: str = "CLOSE CALL 12, 13", **more: object) -> Answer:
    """An answer to Uma, who wrote from another address than that on record."""
    origin = {"sender_name": "Uma", "sender_address": "uma@home.example", "answer": True}
    origin |= {key: more.pop(key) for key in list(more) if key in {"sender_address", "answer", "known"}}
    asked_by = MailOrigin(message_id="<in@home.example>", references=("<before@home.example>",), **origin)
    return Answer(1, "0" * 32, office.partition, asked_by, more.pop("person", office.uma), asked, **more)


def sent(*answers: Answer, code: int = ANSWERED) -> Mail:
    """The first of the mails that these become."""
    send_answers(answers)
    return mails(code)[0]


@pytest.mark.parametrize(
    ("results", "subject"),
    [
        ([DONE], "Done: CLOSE CALL 12, 13"),
        ([DONE, REFUSED], "Partly done: CLOSE CALL 12, 13"),
        ([REFUSED], "Not done: CLOSE CALL 12, 13"),
    ],
)
def test_the_subject_says_how_it_went_and_is_no_command(
    office: Office, results: list[Result], subject: str
) -> None:
    mail = sent(answer(office, results=results))
    assert mail.subject == subject
    assert not parse(mail.subject).is_command


def test_each_result_is_told_with_its_link(office: Office) -> None:
    mail = sent(answer(office, results=[DONE, REFUSED], syntax=["CLOSE CALL number"]))
    assert "+ Call 12: It is closed.\n  https://desk.example/calls/12/" in mail.text
    assert "- Call 13: It is closed already." in mail.text
    assert "CLOSE CALL number" in mail.text
    assert 'href="https://desk.example/calls/12/"' in mail.html


def test_an_answer_stands_in_the_thread_of_what_it_answers(office: Office) -> None:
    mail = sent(answer(office, results=[DONE]))
    assert mail.in_reply_to == ("<in@home.example>",)
    assert mail.references == ("<before@home.example>", "<in@home.example>")


def test_an_answer_goes_to_the_address_on_record_and_not_to_that_in_from(office: Office) -> None:
    send_answers([answer(office, results=[DONE])])
    assert told(ANSWERED) == [office.uma.email]


def test_who_is_not_on_record_is_answered_where_they_wrote_from(office: Office) -> None:
    send_answers([answer(office, person=None, sentence="You are not on record.", known=False)])
    assert told(ANSWERED) == ["uma@home.example"]


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c", "a b@x.example", "a@x.example\r\nBcc: b@x.example"]
)
def test_an_address_that_mail_cannot_go_to_is_not_answered(office: Office, address: str) -> None:
    send_answers([answer(office, person=None, sender_address=address, results=[DONE])])
    assert told_anything() == {}


def test_mail_that_must_not_be_answered_is_not(office: Office) -> None:
    send_answers([answer(office, answer=False, results=[DONE])])
    office.ulf.available_recipient = False
    send_answers([answer(office, person=office.ulf, results=[DONE])])
    send_answers([])
    assert told_anything() == {}


def test_who_may_not_have_asked_gets_a_page_to_say_so(office: Office) -> None:
    secret = Secret("abcdefghijkl", 1, office.uma.pk)
    mail = sent(answer(office, results=[REFUSED], confirm=secret), code=TO_CONFIRM)
    assert mail.subject == "Was it you? CLOSE CALL 12, 13"
    assert "this was not done" in mail.text
    assert "/confirm/" in mail.text
    assert "/confirm/" in mail.html
    assert "<form" not in mail.html


def test_help_has_a_line_and_an_example_for_each_command(office: Office) -> None:
    rows = help_rows()
    mail = sent(answer(office, "HELP", help=rows))
    assert mail.subject == "Answer: HELP"
    for row in rows:
        assert row.syntax in mail.text
        assert row.example in mail.text


def test_a_near_miss_is_told_the_right_spelling(office: Office) -> None:
    mail = sent(answer(office, "CLOSE COL 12", sentence="Nearly a command.", suggestion="CLOSE CALL 12"))
    assert "Did you mean this?" in mail.text
    assert "    CLOSE CALL 12" in mail.text


def test_nothing_that_a_stranger_writes_breaks_out(office: Office) -> None:
    office.uma.name = ODD[:100]
    row = Row((ODD, ODD), "https://desk.example/calls/1/")
    table = Table(ODD, ("Call", "Subject"), (row,))
    mail = sent(
        answer(office, ODD, sentence=ODD, suggestion=ODD, results=[Result(ODD, True, ODD)], tables=[table])
    )
    assert "<script" not in mail.html
    assert "\u202e" not in mail.subject
    assert mail.subject.startswith("Answer: ")
    assert "\n" not in mail.subject
    assert [box.address for box in mail.to] == [office.uma.email]
    assert mail.cc == ()
    assert list(Delivery.objects.values_list("recipient", flat=True)) == [office.uma.email]


def test_nothing_turns_the_direction_of_what_stands_in_a_list(office: Office) -> None:
    office.uma.name = "Uma \u202egpj"
    table = Table("Your open calls", ("Call", "Subject"), (Row(("1", "gnp.\u202eexe\u200b")),))
    mail = sent(answer(office, "CALL SUMMARY", tables=[table]))
    for form in (mail.text, mail.html):
        assert "gnp.exe" in form
        assert "\u202e" not in form


def test_a_table_without_rows_says_so_and_a_long_one_how_much_is_left(office: Office) -> None:
    empty = Table("Your open calls", ("Call", "Subject"))
    cut = Table("Your open requests", ("Request", "Subject"), (Row(("7", "A laptop"), "https://d/7/"),), 41)
    mail = sent(answer(office, "SUMMARY CALLS", tables=[empty, cut]))
    for form in (mail.text, mail.html):
        assert "There are none." in form
        assert "And 41 more." in form
        assert "https://d/7/" in form


def test_columns_of_a_table_stand_below_each_other_in_the_text() -> None:
    rows = (
        Row(("1", "short", "Open")),
        Row(("1000", "漢字かな", "Closed")),
        Row(("2", "e\u0301" * 5, "Open")),
    )
    lines = text_table(Table("", ("Call", "Subject", "State"), rows)).splitlines()
    assert lines == [
        "Call  Subject   State",
        "----  --------  ------",
        "1     short     Open",
        "1000  漢字かな  Closed",
        "2     e\u0301e\u0301e\u0301e\u0301e\u0301     Open",
    ]


@given(st.lists(st.tuples(st.text(max_size=120), st.text(max_size=120)), max_size=8))
def test_a_row_is_one_line_whatever_is_in_it(cells: list[tuple[str, str]]) -> None:
    table = Table("", ("Call", "Subject"), tuple(Row(pair) for pair in cells))
    assert len(text_table(table).split("\n")) == 2 + len(cells)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.text(max_size=300))
def test_no_subject_makes_an_answer_that_is_a_command_or_cannot_be_sent(office: Office, asked: str) -> None:
    Message.objects.all().delete()
    mail = sent(answer(office, asked.replace("\0", ""), results=[DONE]))
    assert mail.subject.startswith("Done: ")
    assert not parse(mail.subject).is_command


def test_an_answer_about_one_call_is_among_its_messages_and_counts_on_it(office: Office) -> None:
    call = Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
    for number in range(1, 22):
        writer = MailOrigin("", f"p{number}@x.example", "<in@x.example>", (), answer=True)
        send_answers([Answer(number, "0" * 32, office.partition, writer, None, "UPDATE CALL 1", call=call)])
    assert Message.objects.filter(call=call).count() == 21
    withheld = Delivery.objects.get(state="withheld")
    assert withheld.reply.endswith("which is the budget for one call.")
