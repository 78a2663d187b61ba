"""Calls worked by subject line: what is done, what is refused, and what nobody may do."""

import pytest
from django.core.exceptions import ValidationError

from desks import AUTHENTICATED, Desk, mail, reply_to
from mailcall.desk.call_relations import merge
from mailcall.desk.locks import lock
from mailcall.desk.models import (
    Call,
    CallTemplate,
    Grant,
    Group,
    Membership,
    Partition,
    Person,
    PersonAddress,
    Role,
    TimelineEntry,
)
from mailcall.desk.work import by
from mailcall.message import read_mail

BOB, ANN = "bob@desk.example", "ann@customer.example"
ANN_AUTHENTICATED = "Authentication-Results: mx.desk.example; dmarc=pass header.from=customer.example\n"


@pytest.fixture
def call(desk: Desk) -> Call:
    """Ann's call."""
    desk.receive(mail(ANN, "My laptop is dead"))
    return Call.objects.get()


def command(sender: str, subject: str, text: str = "", *, headers: str = "", **more: object) -> bytes:
    return mail(sender, subject, text or "\n", headers=headers, **more)


def by_bob(subject: str, text: str = "", **more: object) -> bytes:
    return command(BOB, subject, text, headers=AUTHENTICATED, **more)


def said_on(call: Call) -> list[str]:
    return list(TimelineEntry.objects.filter(call=call).order_by("pk").values_list("text", flat=True))


def test_an_analyst_closes_a_call_by_subject_line(desk: Desk, call: Call) -> None:
    received = desk.receive(by_bob(f"CLOSE CALL {call.pk}: new battery", "It was the third one.\n"))
    call.refresh_from_db()
    assert call.state == "closed"
    assert (received.outcome, received.call) == ("commanded", call)
    assert received.reason.endswith(f"Call {call.pk}: It is closed.")
    assert said_on(call)[-2:] == ["Closed.", "new battery\n\nIt was the third one."]
    last = TimelineEntry.objects.filter(call=call).latest("pk")
    assert (last.actor, last.channel, last.proof) == (
        desk.bob,
        "email",
        "authenticated: dmarc=pass by mx.desk.example",
    )


def test_an_address_alone_closes_nothing_and_its_owner_is_asked(desk: Desk, call: Call) -> None:
    received = desk.receive(command(BOB, f"CLOSE CALL {call.pk}"))
    call.refresh_from_db()
    assert call.state == "open"
    assert received.outcome == "refused"
    assert "mail that your mail provider signs as yours" in received.reason
    assert received.confirmation.person == desk.bob


def test_a_user_closes_their_own_call_by_proof_or_by_an_answer_to_our_mail(desk: Desk, call: Call) -> None:
    desk.receive(command(ANN, f"CLOSE CALL {call.pk}"))
    call.refresh_from_db()
    assert call.state == "open"
    ours = desk.sent_to(ANN)[0]
    subject = b"Subject: Re: [Call %d] My laptop is dead" % call.pk
    answer = reply_to(ours, ANN).replace(subject, b"Subject: CLOSE CALL %d" % call.pk)
    received = desk.receive(answer)
    call.refresh_from_db()
    assert (call.state, received.outcome) == ("closed", "commanded")


def proved(sender: str) -> str:
    domain = sender.rpartition("@")[2]
    return f"Authentication-Results: mx.desk.example; dmarc=pass header.from={domain}\n"


def test_who_has_left_changes_nothing_not_even_their_own_call(desk: Desk, call: Call) -> None:
    desk.ann.active = False
    desk.ann.save()
    for subject in ("CLOSE CALL {}", "UPDATE CALL {}: more", "STATUS CALL {}"):
        received = desk.receive(command(ANN, subject.format(call.pk), headers=proved(ANN)))
        assert received.outcome == "refused"
    call.refresh_from_db()
    assert (call.state, call.version) == ("open", 1)


def test_an_address_that_nobody_verified_changes_nothing_by_command(desk: Desk, call: Call) -> None:
    for person in (desk.ann, desk.bob):
        PersonAddress.objects.create(person=person, address=f"{person.pk}@home.example")
        for subject in ("CLOSE CALL {}", "TAKE CALL {}"):
            sender = f"{person.pk}@home.example"
            received = desk.receive(command(sender, subject.format(call.pk), headers=proved(sender)))
            assert received.outcome == "refused"
    call.refresh_from_db()
    assert (call.state, call.analyst) == ("open", None)


def test_a_user_closes_no_call_where_the_partition_does_not_let_them(desk: Desk, call: Call) -> None:
    Partition.objects.update(users_may_close=False, users_may_reopen=False)
    received = desk.receive(command(ANN, f"CLOSE CALL {call.pk}", headers=proved(ANN)))
    assert "does not let Users close calls" in received.reason
    desk.receive(by_bob(f"CLOSE CALL {call.pk}"))
    received = desk.receive(command(ANN, f"REOPEN CALL {call.pk}", headers=proved(ANN)))
    assert "does not let Users reopen calls" in received.reason


def test_a_role_limits_what_an_analyst_does_by_mail(desk: Desk, call: Call) -> None:
    role = Role.objects.create(name="Reader", rights=["view", "update"])
    Grant.objects.create(role=role, person=desk.bob)
    assert desk.receive(by_bob(f"UPDATE CALL {call.pk}: seen")).outcome == "commanded"
    received = desk.receive(by_bob(f"CLOSE CALL {call.pk}"))
    assert (received.outcome, "the role Reader doesn't let them" in received.reason) == ("refused", True)


@pytest.mark.parametrize("rights", [["view"], []])
def test_a_role_limits_what_an_analyst_says_by_answers_and_tags(
    desk: Desk, call: Call, rights: list[str]
) -> None:
    hr = Partition.objects.create(name="HR", address="hr@desk.example")
    Grant.objects.create(role=Role.objects.create(name="Reader", rights=rights), person=desk.bob)
    all_in_hr = Role.objects.create(name="All", rights=["view", "update", "reopen"])
    Grant.objects.create(role=all_in_hr, person=desk.bob, partition=hr)
    received = desk.receive(by_bob(f"Re: [Call {call.pk}] My laptop is dead", "Hello Ann\n"))
    assert (received.outcome, "no right to change" in str(received.trace)) == ("logged", True)
    assert len(said_on(call)) == 1


def test_an_analysts_answer_opens_a_call_only_with_the_right_to_that(desk: Desk, call: Call) -> None:
    desk.receive(by_bob(f"CLOSE CALL {call.pk}"))
    Grant.objects.create(role=Role.objects.create(name="Writer", rights=["view", "update"]), person=desk.bob)
    desk.receive(by_bob(f"Re: [Call {call.pk}] My laptop is dead", "One more thing\n"))
    call.refresh_from_db()
    assert (call.state, said_on(call)[-1]) == ("closed", "One more thing")


def test_who_has_left_is_told_nothing(desk: Desk, call: Call) -> None:
    desk.ann.active = False
    desk.ann.save()
    before = len(desk.sent_to(ANN))
    for subject in ("SUMMARY CALLS", "HELP", f"STATUS CALL {call.pk}"):
        assert desk.receive(command(ANN, subject)).outcome == "refused"
    assert len(desk.sent_to(ANN)) == before


def test_who_has_left_is_not_told_how_a_command_is_written(desk: Desk, call: Call) -> None:
    Person.objects.update(active=False)
    for sender, outcome in ((BOB, "refused"), (ANN, "logged")):
        received = desk.receive(command(sender, f"CLOSE COL {call.pk}", headers=proved(sender)))
        assert received.outcome == outcome
        assert not any(b"Not done" in sent for sent in desk.sent_to(sender))


def test_who_joins_by_a_command_takes_part_in_the_next_mail_of_its_chunk(desk: Desk, call: Call) -> None:
    desk.deliver(command(ANN, f"UPDATE CALL {call.pk}: ask Carl", cc=("carl@customer.example",)))
    desk.deliver(mail("carl@customer.example", f"Re: [Call {call.pk}] My laptop is dead", "It is mine\n"))
    assert desk.run() == 2
    assert said_on(call)[-1] == "It is mine"


def test_an_answer_that_only_refers_keeps_the_subject_of_what_it_answers(desk: Desk, call: Call) -> None:
    first = desk.receive(by_bob(f"UPDATE CALL {call.pk}: one"))
    received = desk.receive(by_bob(f"UPDATE CALL {call.pk}: one", "Two.\n", references=(first.message_id,)))
    assert received.outcome == "updated"


def test_a_call_that_somebody_works_on_is_left_alone_and_keeps_what_was_said(desk: Desk, call: Call) -> None:
    cy = Person.objects.create(name="Cy Cole", email="cy@desk.example", is_user=False, is_analyst=True)
    lock(call, by(cy, "page"))
    for subject in ("CLOSE", "TAKE"):
        received = desk.receive(by_bob(f"{subject} CALL {call.pk}", "It was the fan.\n"))
        assert (received.outcome, "Cy Cole works on" in received.reason) == ("refused", True)
        assert said_on(call)[-1] == "It was the fan."
    received = desk.receive(by_bob(f"FORWARD CALL {call.pk} TO cy@desk.example"))
    assert received.outcome == "refused"
    call.refresh_from_db()
    assert (call.state, call.analyst) == ("open", None)


@pytest.mark.parametrize("method", ["immediate", "rules", "comments"])
def test_an_analyst_closes_the_way_the_partition_closes(desk: Desk, call: Call, method: str) -> None:
    closers = Group.objects.create(name="Closers")
    Partition.objects.update(closure_method=method, closure_group=closers)
    received = desk.receive(by_bob(f"CLOSE CALL {call.pk}: done"))
    call.refresh_from_db()
    became = {"immediate": "closed", "rules": "resolved", "comments": "open"}
    assert call.state == became[method]
    assert received.outcome == ("refused" if method == "comments" else "commanded")
    Membership.objects.create(group=closers, person=desk.bob)
    desk.receive(by_bob(f"CLOSE CALL {call.pk}: checked"))
    call.refresh_from_db()
    assert call.state == "closed" or method == "immediate"


def test_a_call_is_forwarded_by_name_or_address_and_never_by_a_guess(desk: Desk, call: Call) -> None:
    Group.objects.create(name="Network")
    for number in (1, 2):
        Person.objects.create(name="Cy Cole", email=f"cy{number}@desk.example", is_analyst=True)
    desk.receive(by_bob(f"FORWARD CALL {call.pk} TO network: the switch"))
    call.refresh_from_db()
    assert str(call.group) == "Network"
    received = desk.receive(by_bob(f"FORWARD CALL {call.pk} TO Cy Cole"))
    assert "names several: cy1@desk.example, cy2@desk.example" in received.reason
    received = desk.receive(by_bob(f"FORWARD CALL {call.pk} TO Nobody"))
    assert "There is no group or analyst “Nobody”." in received.reason
    desk.receive(by_bob(f"FORWARD CALL {call.pk} TO CY2@desk.example"))
    call.refresh_from_db()
    assert call.analyst.email == "cy2@desk.example"


def test_a_call_is_logged_with_a_template_that_is_named_and_else_with_all_words(desk: Desk) -> None:
    template = CallTemplate.objects.create(name="New starter", partition=desk.partition, priority=1)
    first = desk.receive(command(ANN, "LOG CALL new starter: Ann Bell begins on Monday")).call
    assert (first.subject, first.template, first.priority) == ("Ann Bell begins on Monday", template, 1)
    second = desk.receive(command(ANN, "LOG CALL Old starter: has left")).call
    assert (second.subject, second.template) == ("Old starter: has left", desk.template)


def test_an_update_of_a_merged_call_goes_on_in_the_other(desk: Desk, call: Call) -> None:
    other = desk.receive(mail(ANN, "The same laptop")).call
    merge(call, other, by(desk.bob, "page"))
    received = desk.receive(command(ANN, f"UPDATE CALL {call.pk}: and the dock"))
    assert received.call == other
    assert said_on(other)[-1] == "and the dock"


@pytest.mark.parametrize(
    "subject",
    [
        "CLOSE CALL 9223372036854775807",
        "CLOSE CALL 0",
        "CLOSE CALL " + ", ".join(map(str, range(1, 51))),
        "CLOSE CALL 1: \x00\u202e" + "x" * 3000,
        "FORWARD CALL 1 TO " + "%" * 300,
        "LOG REQUEST \U0001f4a9",
        "LOG TASK ON REQUEST 99999999999: x",
        "UPDATE APPROVAL 12345678901234567: x",
        "STATUS TASK 4, 5, 6",
        "SUMMARY TASKS GROUP",
    ],
)
def test_no_command_stops_at_odd_input(desk: Desk, call: Call, subject: str) -> None:
    received = desk.receive(by_bob(subject))
    assert received.state == "done"


def test_a_forward_of_a_command_runs_nothing(desk: Desk, call: Call) -> None:
    received = desk.receive(by_bob(f"Fwd: CLOSE CALL {call.pk}"))
    call.refresh_from_db()
    assert (call.state, received.outcome) == ("open", "logged")


def test_the_words_of_an_account_are_commands_there(desk: Desk, call: Call) -> None:
    desk.account.words, desk.account.word_languages = {"CLOSE": ["finish"]}, "de"
    desk.account.full_clean()
    desk.account.save()
    desk.receive(by_bob(f"FINISH CALL {call.pk}"))
    call.refresh_from_db()
    assert call.state == "closed"
    desk.account.words = {"CLOSE": ["reopen"]}
    with pytest.raises(ValidationError, match="stands for"):
        desk.account.full_clean()


@pytest.mark.parametrize(
    ("proofs", "says"),
    [
        ({"approve": "address"}, "is no proof for “approve”"),
        ({"dance": "address"}, "is no action"),
        (["close"], "levels by action"),
    ],
)
def test_a_proof_that_makes_no_sense_is_refused(desk: Desk, proofs: object, says: str) -> None:
    desk.account.proofs = proofs
    with pytest.raises(ValidationError, match=says):
        desk.account.full_clean()


def test_an_account_sets_how_much_proof_is_enough(desk: Desk, call: Call) -> None:
    desk.account.proofs = {"close own": "address", "update": "authenticated"}
    desk.account.save()
    assert desk.receive(command(ANN, f"UPDATE CALL {call.pk}: more")).outcome == "refused"
    assert desk.receive(command(ANN, f"CLOSE CALL {call.pk}")).outcome == "commanded"


def test_known_people_only_log_calls_where_the_account_says_so(desk: Desk) -> None:
    desk.account.known_people_only = True
    desk.account.save()
    refused = desk.receive(mail("eve@stranger.example", "Buy this"))
    assert (refused.outcome, Call.objects.count()) == ("refused", 0)
    assert "for people on record here" in read_mail(desk.sent_to("eve@stranger.example")[0]).text
    assert desk.receive(mail(ANN)).outcome == "logged"


def test_the_same_command_twice_runs_once(desk: Desk, call: Call) -> None:
    raw = by_bob(f"UPDATE CALL {call.pk}: once")
    assert [desk.receive(raw).outcome, desk.receive(raw).outcome] == ["commanded", "duplicate"]
    assert said_on(call).count("once") == 1


def test_commands_and_replies_of_one_chunk_keep_the_order_in_which_they_came(desk: Desk, call: Call) -> None:
    ours = desk.sent_to(ANN)[0]
    desk.deliver(reply_to(ours, ANN, "first\n"))
    desk.deliver(by_bob(f"CLOSE CALL {call.pk}: second"))
    desk.deliver(reply_to(ours, ANN, "third\n"))
    desk.deliver(by_bob(f"UPDATE CALL {call.pk}: fourth"))
    desk.deliver(mail("new@customer.example", "Another matter"))
    assert desk.run() == 5
    said = [text for text in said_on(call) if text in {"first", "second", "third", "fourth"}]
    assert said == ["first", "second", "third", "fourth"]
    call.refresh_from_db()
    assert call.state == "open"
