"""Approval mails: whom they go to, what they carry, and what others see of them."""

import datetime as dt
from urllib.parse import unquote

import pytest
from django.test import Client

from desk.offices import START, Office, approval, asked, step, task
from mailcall.desk.approvals import ask, decide, withdraw
from mailcall.desk.delegations import delegate
from mailcall.desk.due import remind_due
from mailcall.desk.errors import Refused
from mailcall.desk.models import Approval, Call, Partition, Person, Request, RequestType
from mailcall.desk.requests import cancel_request, log_request
from mailcall.desk.tasks import log_task
from mailcall.desk.work_states import Verb
from mailcall.desk.workflows import set_workflow
from mailcall.grammar import parse
from mailcall.message import read_mail
from mailcall.message.thread_ids import Target, find_ours
from mailcall.outbound import tokens
from mailcall.outbound.models import Message, Token
from mailcall.outbound.render import draft_of, render, shown
from mailcall.outbound.threads import signing_keys
from mailcall.web.logins import set_password
from outbound.told import forget, mailed, mails, told, told_anything

UMA, ANN, BOB, CY = "uma@customer.example", "ann@desk.example", "bob@desk.example", "cy@desk.example"
WEEK = dt.timedelta(days=7)


@pytest.fixture
def office(db: None) -> Office:
    return Office.open()


@pytest.fixture
def wanted(office: Office) -> Approval:
    """Ann alone is asked."""
    request = office.request(approval("sign-off", by=(office.ann,), time_limit_hours=48))
    return asked(task(request, "sign-off"), office.ann)


def the_message(person: Person) -> Message:
    """The mail that asks this person."""
    [message] = [m for m in Message.objects.filter(type_code=4001) if m.to[0][1] == person.email]
    return message


def stand_in(office: Office, person: Person, to: Person, **more: object) -> None:
    given = {"starts_at": START, "ends_at": START + WEEK, "made_by": person, "now": START} | more
    delegate(person, to, **given)


def test_each_person_is_asked_with_a_token_of_their_own(office: Office) -> None:
    request = office.request(approval("sign-off", by=(office.ann, office.bob)))
    assert told(4001) == [ANN, BOB]
    for person in (office.ann, office.bob):
        one = asked(task(request, "sign-off"), person)
        mail = read_mail(render(the_message(person)))
        [text] = tokens.in_addresses(box.address for box in mail.reply_to)
        assert tokens.check(text, person, one, START) == ""


def test_the_mail_tells_what_to_decide_and_how(office: Office) -> None:
    set_workflow(office.type, [approval("sign-off", by=(office.ann,), time_limit_hours=48)])
    deed = mailed(office.uma, "The old one is slow.", now=office.now)
    request = log_request(office.type, user=office.uma, subject="A laptop", deed=deed)
    one = asked(task(request, "sign-off"), office.ann)
    message = the_message(office.ann)
    mail = read_mail(render(message))
    assert mail.subject == f"[Task {one.task_id}] Your decision, please: Sign-off (A laptop)"
    for part in (mail.text, mail.html):
        assert "Ann" in part
        assert f"request {request.pk}" in part
        assert "Uma" in part
        assert "The old one is slow." in part
        assert "Wednesday, 4 March 2026 at 09:00 UTC" in part
    assert "Answer this mail with APPROVED or REJECTED: reason on the first line." in mail.text
    text = Token.objects.get().text
    assert f"/decide/{text}/" in mail.text
    assert f"/decide/{text}/" in mail.html
    assert b"Auto-Submitted: auto-generated" in render(message)


def test_what_is_said_on_the_page_is_told_too(office: Office) -> None:
    set_workflow(office.type, [approval("sign-off", by=(office.ann,))])
    deed = office.deed(office.bob, "Costs: 900.")
    log_request(office.type, user=office.uma, subject="A laptop", deed=deed)
    [mail] = mails(4001)
    assert "\n> Costs: 900.\n" in mail.text
    assert "Asked by: Bob" in mail.text


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_its_links_open_mails_that_are_commands(office: Office, wanted: Approval, verb: str) -> None:
    message = the_message(office.ann)
    text = Token.objects.get().text
    mail = read_mail(render(message))
    [link] = [word.strip("<>") for word in mail.text.split() if word.startswith("<mailto:")][
        0 if verb == "approve" else 1 :
    ][:1]
    address, _, subject = link.removeprefix("mailto:").partition("?subject=")
    assert address == "it@desk.example"
    parsed = parse(unquote(subject))
    assert (parsed.action, parsed.object) == (verb, "approval")
    assert (parsed.refs, parsed.token) == ((wanted.pk,), text)
    assert link.replace("&", "&amp;") in mail.html


def test_its_subject_and_its_answers_are_no_commands(office: Office, wanted: Approval) -> None:
    for message in Message.objects.all():
        for subject in (message.subject, f"Re: {message.subject}"):
            parsed = parse(subject)
            assert (parsed.action, parsed.suggestion) == ("log", "")


def test_an_answer_is_known_by_its_signed_id_and_marker(office: Office, wanted: Approval) -> None:
    message = the_message(office.ann)
    mail = read_mail(render(message))
    quoted = read_mail(b"From: a@b.example\r\n\r\n" + mail.text.encode())
    targets = [found.target for found in find_ours(quoted, signing_keys())]
    assert targets == [Target("approval", wanted.pk)]
    assert message.message_id.startswith(f"<mc.a{wanted.pk}.")


def test_the_token_stands_where_the_partition_wants_it(office: Office) -> None:
    for place in ("reply_to", "subject", "body"):
        Partition.objects.update(token_in=place)
        forget()
        office.request(approval("sign-off", by=(office.ann,)))
        [message] = Message.objects.filter(type_code=4001)
        text = Token.objects.latest("pk").text
        mail = read_mail(render(message))
        assert [box.address for box in mail.reply_to] == (
            [f"it+ok.{text}@desk.example"] if place == "reply_to" else []
        )
        assert tokens.in_subject(mail.subject) == ([text] if place == "subject" else [])
        assert mail.subject.endswith(f" [{text}]") == (place == "subject")
        assert tokens.in_text(mail.text) == ([text] if place == "body" else [])
        assert tokens.in_text(mail.html) == ([text] if place == "body" else [])


@pytest.mark.parametrize("length", [36, 37])
def test_an_address_without_room_has_the_token_in_the_body_and_says_why(office: Office, length: int) -> None:
    """What stands before the @ has at most 64 characters (RFC 5321 4.5.3.1.1)."""
    address = "i" * length + "@desk.example"
    Partition.objects.update(address=address)
    office.request(approval("sign-off", by=(office.ann,)))
    message = the_message(office.ann)
    mail = read_mail(render(message))
    fits = length == 36
    assert bool(mail.reply_to) == fits
    assert bool(tokens.in_text(mail.text)) == (not fits)
    assert (f"in the body, since {address} has no room for it" in message.why) == (not fits)


def test_the_same_row_gives_the_same_bytes(office: Office, wanted: Approval) -> None:
    message = the_message(office.ann)
    first = render(message)
    Partition.objects.update(token_in="subject", address="other@desk.example")
    Person.objects.update(name="Somebody else")
    assert render(Message.objects.get(pk=message.pk)) == first


@pytest.mark.parametrize("place", ["reply_to", "subject", "body"])
def test_others_see_the_mail_without_its_token(office: Office, place: str) -> None:
    Partition.objects.update(token_in=place)
    office.request(approval("sign-off", by=(office.ann,)))
    message = the_message(office.ann)
    text = Token.objects.get().text
    draft = draft_of(message)
    seen = read_mail(shown(message))
    for part in (
        shown(message).decode(),
        *(draft.subject, draft.text, draft.html, str(draft.reply_to)),
        *(seen.subject, seen.text, seen.html, str(seen.reply_to)),
        *(str(message.data), message.subject, message.why, message.message_id),
    ):
        assert text not in part
        assert text[8:] not in part
    assert "/decide/hidden/" in seen.text


def test_a_mail_whose_approval_was_removed_is_not_sent(office: Office, wanted: Approval) -> None:
    message = the_message(office.ann)
    Request.objects.all().delete()
    message.refresh_from_db()
    with pytest.raises(Refused, match="The approval that it asks for was removed"):
        render(message)
    assert "/decide/hidden/" in draft_of(message).text


def test_active_delegates_are_asked_each_with_their_own_token(office: Office) -> None:
    stand_in(office, office.ann, office.bob)
    stand_in(office, office.ann, office.cy, starts_at=START + WEEK, ends_at=START + 2 * WEEK)
    request = office.request(approval("sign-off", by=(office.ann,)))
    one = asked(task(request, "sign-off"), office.ann)
    assert told(4001) == [ANN, BOB]
    mail = read_mail(render(the_message(office.bob)))
    assert "Ann is asked to approve this, and you may decide as their" in mail.text
    [text] = tokens.in_addresses(box.address for box in mail.reply_to)
    assert tokens.check(text, office.bob, one, START) == ""
    assert "somebody else" in tokens.check(text, office.ann, one, START)


@pytest.mark.parametrize("scope", ["partition", "type", "other partition", "other type"])
def test_delegates_are_asked_in_their_scope_alone(office: Office, scope: str) -> None:
    hr = Partition.objects.create(name="HR", address="hr@desk.example")
    other = RequestType.objects.create(name="A chair", partition=office.partition)
    given = {
        "partition": {"partition": office.partition},
        "type": {"request_type": office.type},
        "other partition": {"partition": hr},
        "other type": {"request_type": other},
    }
    stand_in(office, office.ann, office.bob, **given[scope])
    office.request(approval("sign-off", by=(office.ann,)))
    assert told(4001) == ([ANN] if scope.startswith("other") else [ANN, BOB])


def test_a_user_is_no_delegate_for_analysts(office: Office) -> None:
    stand_in(office, office.ann, office.uma)
    office.request(approval("sign-off", by=(office.ann,)))
    assert told(4001) == [ANN]


@pytest.mark.parametrize(
    "away", [{"available_recipient": False}, {"active": False}, {"is_analyst": False, "is_user": True}]
)
def test_who_is_away_gets_no_token_but_their_delegate_does(office: Office, away: dict) -> None:
    stand_in(office, office.ann, office.bob)
    set_workflow(office.type, [approval("sign-off", by=(office.ann,))])
    request = log_request(office.type, user=office.uma, subject="A laptop", deed=office.deed(office.uma))
    Person.objects.filter(pk=office.ann.pk).update(**away)
    forget()
    Token.objects.all().delete()
    again = log_request(office.type, user=office.uma, subject="Another", deed=office.deed(office.uma))
    assert again.pk != request.pk
    assert ANN not in told(4001)
    assert not Token.objects.filter(person=office.ann).exists()


def test_a_reminder_asks_again_with_a_token_of_its_own(office: Office) -> None:
    request = office.request(approval("sign-off", by=(office.ann, office.bob), reminder_hours=24))
    one = asked(task(request, "sign-off"), office.ann)
    decide(asked(task(request, "sign-off"), office.bob), Verb.APPROVE, office.deed(office.bob))
    office.pass_hours(25)
    remind_due(office.now)
    assert told(4002) == [ANN]
    [mail] = mails(4002)
    assert "] Reminder: your decision, please: Sign-off (A laptop)" in mail.subject
    assert "this still waits for your decision" in mail.text
    [text] = tokens.in_addresses(box.address for box in mail.reply_to)
    assert tokens.check(text, office.ann, one, office.now) == ""
    assert Token.objects.filter(approval=one, revoked_at=None).count() == 2


def test_who_was_asked_hears_that_nothing_is_left(office: Office) -> None:
    stand_in(office, office.bob, office.cy)
    request = office.request(approval("sign-off", by=(office.ann, office.bob), rule="any"))
    decide(asked(task(request, "sign-off"), office.ann), Verb.APPROVE, mailed(office.ann))
    assert told(4003) == [BOB, CY]
    mine, delegates = mails(4003)
    assert f"Task {task(request, 'sign-off').pk} was approved." in mine.text
    assert "nothing is left for you to decide here." in mine.text
    assert "nor for Bob." in delegates.text


def test_a_cancelled_request_tells_those_who_were_asked(office: Office) -> None:
    request = office.request(approval("sign-off", by=(office.ann,)))
    cancel_request(request, office.deed(office.bob))
    assert told(4003) == [ANN]


def test_who_is_asked_later_is_asked_by_mail_and_who_is_spared_is_told(office: Office) -> None:
    request = office.request(approval("sign-off", by=(office.ann,)))
    sign_off = task(request, "sign-off")
    ask(sign_off, office.bob, office.deed(office.ann))
    assert told(4001) == [ANN, BOB]
    withdraw(asked(sign_off, office.ann), office.deed(office.bob, "On holiday."))
    assert told(4003) == [ANN]
    assert "On holiday." in mails(4003)[0].text


def test_nobody_whom_no_mail_asked_is_told_that_it_is_over(office: Office) -> None:
    Person.objects.filter(pk=office.ann.pk).update(available_recipient=False)
    office.ann.refresh_from_db()
    request = office.request(approval("sign-off", by=(office.ann,)))
    cancel_request(request, office.deed(office.bob))
    assert told(4003) == []


def test_whoever_a_delegate_decided_for_is_told(office: Office) -> None:
    stand_in(office, office.ann, office.bob)
    request = office.request(approval("sign-off", by=(office.ann,)))
    decide(
        asked(task(request, "sign-off"), office.ann), Verb.REJECT, mailed(office.bob, "Too dear.", now=START)
    )
    assert told(4004) == [ANN]
    [mail] = mails(4004)
    assert "Bob rejected this for you, as your delegate." in mail.text
    assert "Too dear." in mail.text


def test_who_decides_themself_needs_no_mail_about_it(office: Office, wanted: Approval) -> None:
    forget()
    decide(wanted, Verb.APPROVE, office.deed(office.ann))
    assert told_anything() == {2004: [UMA]}


def test_a_task_of_a_call_is_approved_by_mail_as_well(office: Office) -> None:
    call = Call.objects.create(partition=office.partition, subject="No light", user=office.uma)
    made = log_task(call, approval("bulb", by=(office.ann,)), office.deed(office.bob, "A new one: 3 EUR."))
    [mail] = mails(4001)
    assert f"Part of: call {call.pk}, No light" in mail.text
    assert "A new one: 3 EUR." in mail.text
    assert Message.objects.get().task == made


def test_hostile_words_stay_words(office: Office) -> None:
    """What a request says can neither add headers nor links of its own to the mail."""
    set_workflow(office.type, [approval("sign-off", by=(office.ann,))])
    hostile = '<a href="https://evil.example">Approve</a>\r\nBcc: eve@evil.example'
    deed = office.deed(office.uma, hostile)
    log_request(office.type, user=office.uma, subject=hostile, deed=deed)
    [message] = Message.objects.filter(type_code=4001)
    mail = read_mail(render(message))
    assert '<a href="https://evil.example"' not in mail.html
    assert "\n> Bcc: eve@evil.example\n" in mail.text
    assert "\nBcc:" not in mail.text
    assert b"\nBcc:" not in render(message).partition(b"\r\n\r\n")[0]


def test_steps_that_are_for_later_ask_nobody(office: Office) -> None:
    office.request(step("order", analyst=office.bob), approval("sign-off", "order", by=(office.ann,)))
    assert told(4001) == []


@pytest.mark.parametrize("place", ["reply_to", "subject", "body"])
def test_no_page_shows_an_analyst_the_token_of_another(office: Office, client: Client, place: str) -> None:
    Partition.objects.update(token_in=place)
    office.request(approval("sign-off", by=(office.ann,)))
    message = the_message(office.ann)
    text = Token.objects.get().text
    account = set_password(office.bob, "correct horse battery")
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    seen = [client.get("/messages/")]
    seen += [
        client.get(f"/messages/{message.pk}/{page}") for page in ("", "as-sent/", "raw/", "raw/?download=1")
    ]
    for answer in seen:
        assert answer.status_code == 200
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert text[8:] not in content.decode()
        assert text[8:] not in str(answer.headers)


def test_a_delegate_named_later_learns_what_waits_already_and_can_decide_it(
    office: Office, wanted: Approval
) -> None:
    forget()
    period = {"starts_at": START, "ends_at": START + WEEK, "made_by": office.ann, "now": office.now}
    delegate(office.ann, office.bob, **period)
    assert told_anything() == {4006: [BOB]}
    [mail] = mails(4006)
    assert mail.subject.startswith(f"[Task {wanted.task_id}] You may decide this:")
    assert "Ann is asked to approve this, and you may decide as their" in mail.text
    entry = wanted.task.timeline.latest("pk")
    assert entry.text.startswith(f"Bob may decide approval {wanted.pk} for Ann until ")
    delegate(office.ann, office.bob, **period)  # they may already
    assert told(4006) == [BOB]
    decide(wanted, Verb.APPROVE, office.deed(office.bob))
    wanted.refresh_from_db()
    assert wanted.state == "approved"


def test_a_delegate_to_come_is_not_told_yet(office: Office, wanted: Approval) -> None:
    forget()
    later = {"starts_at": START + WEEK, "ends_at": START + 2 * WEEK}
    delegate(office.ann, office.bob, made_by=office.ann, now=office.now, **later)
    assert told_anything() == {}
