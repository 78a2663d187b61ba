"""Rules c and d: which mail belongs to a call that is there already, and what it may do there."""

import datetime as dt

import pytest
from django.utils import timezone

from desks import AUTHENTICATED, Desk, mail, reply_to
from mailcall.desk import people
from mailcall.desk.calls import close
from mailcall.desk.models import Call, Channel, Person
from mailcall.message import body_marker, make_token, read_mail, reply_address
from mailcall.message.thread_ids import Target, message_id
from mailcall.outbound.models import Delivery
from mailcall.outbound.threads import signing_keys, token_of

ANN, BOB, CARL = "ann@customer.example", "bob@desk.example", "carl@customer.example"


@pytest.fixture
def call(desk: Desk) -> Call:
    """A call of Ann's that was acknowledged to her."""
    received = desk.receive(mail(message_id="<first@customer.example>"))
    return received.call


def acknowledgement(desk: Desk) -> bytes:
    return desk.sent_to(ANN)[0]


def token(call: Call) -> str:
    return make_token(Target("call", call.pk), signing_keys())


def close_days_ago(call: Call, days: float) -> None:
    close(call, actor=None, channel=Channel.PAGE)
    Call.objects.filter(pk=call.pk).update(closed_at=timezone.now() - dt.timedelta(days=days))


# ---- c: our signature


def test_in_reply_to_our_mail_updates_its_call(desk: Desk, call: Call) -> None:
    ours = read_mail(acknowledgement(desk)).message_id
    received = desk.receive(mail(subject="quite another subject", in_reply_to=ours))
    assert (received.outcome, received.call) == ("updated", call)
    assert received.trace[-1]["rule"] == "reply to ours"
    assert "In-Reply-To" in received.trace[-1]["saw"]


def test_our_id_in_references_only_is_enough(desk: Desk, call: Call) -> None:
    ours = read_mail(acknowledgement(desk)).message_id
    received = desk.receive(mail(references=("<x@y.example>", ours, "<z@y.example>")))
    assert (received.outcome, received.call) == ("updated", call)


def test_a_signed_reply_address_is_enough(desk: Desk, call: Call) -> None:
    received = desk.receive(mail(to=reply_address("support@desk.example", token(call))))
    assert (received.outcome, received.call) == ("updated", call)


def test_a_body_marker_is_enough(desk: Desk, call: Call) -> None:
    received = desk.receive(mail(text=f"No.\n\n> {body_marker(token(call))}\n"))
    assert (received.outcome, received.call) == ("updated", call)


def test_a_token_signed_with_a_key_rotated_since_still_counts(desk: Desk, call: Call) -> None:
    from mailcall import keyring
    from mailcall.config import config

    before = token(call)
    keyring.add_key(config().keys_path)
    assert desk.receive(mail(in_reply_to=message_id(before, "desk.example"))).call == call
    assert desk.receive(mail(in_reply_to=message_id(token(call), "desk.example"))).call == call


@pytest.mark.parametrize(
    "tamper",
    [
        lambda t, n: t.replace(f"c{n}.", f"c{n + 1}."),
        lambda t, n: t.replace(f"c{n}.", f"r{n}."),
        lambda t, n: t[:-1] + ("a" if t[-1] != "a" else "b"),
        lambda t, n: t[:-4],
        lambda t, n: t.replace(".", "..", 1),
    ],
    ids=["other call", "other kind", "other signature", "cut", "broken"],
)
def test_a_tampered_token_finds_nothing(desk: Desk, call: Call, tamper: object) -> None:
    Call.objects.create(partition=desk.partition, subject="Another's", user=desk.bob)
    wrong = tamper(token(call), call.pk)
    raw = mail(text=f"[mc.{wrong}]\n", in_reply_to=f"<mc.{wrong}@desk.example>")
    received = desk.receive(raw.replace(b"To: support@", f"To: support+mc.{wrong}@".encode()))
    assert received.outcome == "logged"
    assert not received.call.links.exists()


def test_a_signed_token_of_a_call_that_is_gone_logs_a_new_one(desk: Desk) -> None:
    gone = make_token(Target("call", 4711), signing_keys())
    received = desk.receive(mail(in_reply_to=message_id(gone, "desk.example")))
    assert received.outcome == "logged"
    assert "what that names does not exist" in str(received.trace)


def test_a_stranger_with_our_id_logs_a_call_and_the_link_is_proposed(desk: Desk, call: Call) -> None:
    received = desk.receive(reply_to(acknowledgement(desk), "eve@evil.example"))
    assert received.outcome == "logged"
    assert received.call != call
    [link] = received.call.links.all()
    assert (link.earlier, link.state) == (call, "proposed")
    assert call.timeline.count() == 1
    assert not call.participants.exists()


def test_a_reply_says_only_what_is_new(desk: Desk, call: Call) -> None:
    said = "On Sun, 22 Nov 2026 at 10:00, IT Support <support@desk.example> wrote:"
    text = f"It works again.\n\n{said}\n> thank you for writing\n"
    entry = desk.receive(reply_to(acknowledgement(desk), ANN, text)).entry
    assert entry.text.strip() == "It works again."
    assert "thank you for writing" in entry.quoted_text


# ---- d: a mail that belongs here


def test_a_reference_to_a_mail_we_received_updates_its_call(desk: Desk, call: Call) -> None:
    received = desk.receive(mail(in_reply_to="<first@customer.example>"))
    assert (received.outcome, received.call) == ("updated", call)
    assert received.trace[-1]["letter"] == "d"


@pytest.mark.parametrize("tag", ["[Call {}]", "[call #{}]", "Re: AW: [CALL {}] laptop"])
def test_a_tag_in_the_subject_updates_its_call(desk: Desk, call: Call, tag: str) -> None:
    received = desk.receive(mail(subject=tag.format(call.pk)))
    assert (received.outcome, received.call) == ("updated", call)


@pytest.mark.parametrize("subject", ["[Call 999999]", "[Request {}]", "[Task {}]", "Call {}", "[Call 0{}]"])
def test_a_tag_of_nothing_here_logs_a_call_without_links(desk: Desk, call: Call, subject: str) -> None:
    received = desk.receive(mail(subject=subject.format(call.pk)))
    assert received.outcome == "logged"
    assert not received.call.links.exists()


@pytest.mark.parametrize("how", [{"subject": "[Call {}]"}, {"references": ("<first@customer.example>",)}])
def test_a_strangers_reference_or_tag_only_proposes_a_link(desk: Desk, call: Call, how: dict) -> None:
    how = {name: value.format(call.pk) if name == "subject" else value for name, value in how.items()}
    received = desk.receive(mail(CARL, **how))
    assert received.outcome == "logged"
    [link] = received.call.links.all()
    assert (link.earlier, link.state) == (call, "proposed")
    assert "matches nobody" in received.trace[-1]["saw"]  # the sender table is in the trace here too


def test_a_participant_updates_by_tag(desk: Desk, call: Call) -> None:
    desk.receive(mail(subject=f"[Call {call.pk}]", cc=(CARL,)))
    assert desk.receive(mail(CARL, f"[Call {call.pk}]")).outcome == "updated"


def test_two_from_addresses_take_part_in_nothing(desk: Desk, call: Call) -> None:
    raw = mail(subject=f"[Call {call.pk}]").replace(b"From: ann@", b"From: eve@evil.example, ann@")
    received = desk.receive(raw)
    assert received.outcome == "logged"
    assert received.call != call


# ---- analysts


def test_an_authenticated_analysts_reply_goes_on_to_the_user(desk: Desk, call: Call) -> None:
    received = desk.receive(reply_to(acknowledgement(desk), BOB, "Try again.\n", headers=AUTHENTICATED))
    assert received.outcome == "updated"
    assert received.entry.proof == "authenticated: dmarc=pass by mx.desk.example"
    assert not received.entry.internal
    _, passed_on = desk.sent_to(ANN)
    read = read_mail(passed_on)
    assert "Try again." in read.text
    assert "Auto-Submitted" not in passed_on.decode()
    assert read.in_reply_to
    assert token_of(read.message_id).startswith(f"c{call.pk}.")


def test_an_analysts_reply_that_the_user_got_already_is_not_sent_to_them_twice(
    desk: Desk, call: Call
) -> None:
    raw = reply_to(acknowledgement(desk), BOB, "Try again.\n", headers=AUTHENTICATED, cc=(ANN,))
    received = desk.receive(raw)
    assert (received.outcome, received.entry.internal) == ("updated", False)
    assert "has it already" in received.reason
    assert len(desk.sent_to(ANN)) == 1


@pytest.mark.parametrize(
    "headers",
    [
        "",
        "Authentication-Results: mx.evil.example; dmarc=pass header.from=desk.example\n",
        "Authentication-Results: mx.desk.example; dmarc=fail header.from=desk.example\n",
        "Authentication-Results: mx.desk.example; dmarc=pass header.from=evil.example\n",
    ],
    ids=["none", "untrusted host", "fail", "other domain"],
)
def test_an_unproven_analysts_reply_is_an_internal_note(desk: Desk, call: Call, headers: str) -> None:
    received = desk.receive(
        reply_to(
            acknowledgement(desk), BOB, "Give them the key.\n", headers=headers, cc=("eve@evil.example",)
        )
    )
    assert (received.outcome, received.entry.internal) == ("updated", True)
    assert "internal note" in received.reason
    assert len(desk.sent_to(ANN)) == 1
    assert not call.participants.exists()  # a forged analyst brings nobody in


def test_an_unproven_analyst_does_not_reopen_a_call(desk: Desk, call: Call) -> None:
    close_days_ago(call, 1)
    received = desk.receive(reply_to(acknowledgement(desk), BOB, "Oh.\n"))
    assert (received.outcome, received.entry.internal) == ("updated", True)
    call.refresh_from_db()
    assert call.is_closed


def test_an_analysts_reply_to_a_user_who_cannot_be_written_to_is_a_note(desk: Desk, call: Call) -> None:
    Person.objects.filter(pk=desk.ann.pk).update(available_recipient=False)
    received = desk.receive(reply_to(acknowledgement(desk), BOB, headers=AUTHENTICATED))
    assert received.entry.internal
    assert "mail can't be sent to Ann Archer" in received.reason
    assert len(desk.sent_to(ANN)) == 1


def test_an_analyst_who_is_the_user_is_not_written_to(desk: Desk) -> None:
    received = desk.receive(mail(BOB, headers=AUTHENTICATED))
    [sent] = desk.sent_to(BOB)
    again = desk.receive(reply_to(sent, BOB, headers=AUTHENTICATED))
    assert (again.outcome, again.call, again.entry.internal) == ("updated", received.call, False)
    assert len(desk.sent_to(BOB)) == 1


# ---- automatic mail that is no reply


def test_automatic_mail_logs_and_is_not_answered(desk: Desk) -> None:
    received = desk.receive(mail(headers="Auto-Submitted: auto-generated\n"))
    assert received.outcome == "logged"
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: auto-generated\n", "Precedence: bulk\n", "List-Id: <l.x>\n"]
)
def test_automatic_mail_updates_and_brings_nobody_in(desk: Desk, call: Call, header: str) -> None:
    received = desk.receive(reply_to(acknowledgement(desk), ANN, headers=header, cc=(CARL,)))
    assert (received.outcome, received.call) == ("updated", call)
    assert not call.participants.exists()
    assert len(desk.sent_to(ANN)) == 1


@pytest.mark.parametrize("days", [0, 13, 100])
def test_automatic_mail_never_reopens(desk: Desk, call: Call, days: int) -> None:
    close_days_ago(call, days)
    received = desk.receive(reply_to(acknowledgement(desk), ANN, headers="Auto-Submitted: auto-generated\n"))
    assert (received.outcome, received.call) == ("updated", call)
    call.refresh_from_db()
    assert call.is_closed


def test_an_analysts_automatic_mail_does_not_go_on(desk: Desk, call: Call) -> None:
    headers = AUTHENTICATED + "Auto-Submitted: auto-generated\n"
    received = desk.receive(reply_to(acknowledgement(desk), BOB, headers=headers))
    assert received.entry.internal
    assert "no person wrote it" in received.reason
    assert len(desk.sent_to(ANN)) == 1


# ---- closed calls


@pytest.mark.parametrize(("partition_days", "after"), [(14, 13.9), (14, 0), (3, 2.9), (100, 99)])
def test_a_reply_within_the_days_reopens(desk: Desk, call: Call, partition_days: int, after: float) -> None:
    desk.partition.reopen_days = partition_days
    desk.partition.save()
    close_days_ago(call, after)
    received = desk.receive(reply_to(acknowledgement(desk), ANN))
    assert (received.outcome, received.call) == ("updated", call)
    call.refresh_from_db()
    assert (call.state, call.closed_at) == ("open", None)
    assert [e.kind for e in call.timeline.all()][-2:] == ["state", "mail_in"]
    assert "opens the call again" in received.reason


@pytest.mark.parametrize(("partition_days", "after"), [(14, 14.1), (3, 3.1), (0, 0.1)])
def test_a_later_reply_logs_a_linked_call(desk: Desk, call: Call, partition_days: int, after: float) -> None:
    desk.partition.reopen_days = partition_days
    desk.partition.save()
    close_days_ago(call, after)
    received = desk.receive(reply_to(acknowledgement(desk), ANN))
    assert received.outcome == "logged"
    [link] = received.call.links.all()
    assert (link.earlier, link.state) == (call, "accepted")
    call.refresh_from_db()
    assert call.is_closed


# ---- participants


def participants(call: Call) -> set[str]:
    return set(call.participants.values_list("address", flat=True))


def test_to_and_cc_of_a_new_call_take_part_but_never_the_desk_itself(desk: Desk) -> None:
    desk.add_account("Second", "IT@desk.example")
    received = desk.receive(
        mail(
            cc=(
                "Carl@Customer.example",
                "support+mc.x@desk.example",
                "it@desk.example",
                ANN,
                "SUPPORT@desk.example",
            )
        )
    )
    assert participants(received.call) == {CARL}


def test_a_participants_cc_takes_part_too(desk: Desk, call: Call) -> None:
    desk.receive(reply_to(acknowledgement(desk), ANN, cc=(CARL,)))
    desk.receive(mail(CARL, f"[Call {call.pk}]", cc=("dan@customer.example", ANN)))
    assert participants(call) == {CARL, "dan@customer.example"}


def test_a_strangers_cc_takes_no_part_in_the_call_they_named(desk: Desk, call: Call) -> None:
    desk.receive(mail("eve@evil.example", f"[Call {call.pk}]", cc=("mallory@evil.example",)))
    assert participants(call) == set()


def test_what_is_no_address_takes_no_part(desk: Desk) -> None:
    raw = mail().replace(
        b"To: support@desk.example", b"To: support@desk.example, x y z, <@>, a@b@c, <ok@x.example>"
    )
    assert participants(desk.receive(raw).call) == {"ok@x.example"}


# ---- further addresses, and who has left


def test_a_user_takes_part_by_a_verified_further_address_and_by_no_other(desk: Desk, call: Call) -> None:
    person = Person.objects.get(email=ANN)
    row = people.add_address(person, "ann@home.example", by=None)
    answer = reply_to(acknowledgement(desk), "ann@home.example", "From home.\n")
    assert desk.receive(answer).call != call
    people.verify_address(row, by=None, how="a test")
    received = desk.receive(reply_to(acknowledgement(desk), "ann@home.example", "From home again.\n"))
    assert (received.call, received.entry.actor) == (call, person)


def test_an_analyst_updates_no_call_from_an_unverified_address(desk: Desk, call: Call) -> None:
    people.add_address(desk.bob, "bob@home.example", by=None)
    received = desk.receive(reply_to(acknowledgement(desk), "bob@home.example", "I am Bob.\n"))
    assert received.call != call


def test_who_has_left_updates_nothing_by_mail_and_loses_no_word(desk: Desk, call: Call) -> None:
    for person in (Person.objects.get(email=ANN), desk.bob):
        people.leave(person, by=None)
        received = desk.receive(reply_to(acknowledgement(desk), person.email, "Still here.\n"))
        assert received.call != call
        assert received.entry.text.strip() == "Still here."
        assert "has left" in str(received.trace)
