"""Calls worked by subject line: what is done, what is refused, and what nobody may do."""

import pytest

from desks import AUTHENTICATED, Desk, mail, reply_to
from mailcall.desk.models import Call, TimelineEntry

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
    assert "authenticated sender" in received.reason
    assert received.confirmation.person == desk.bob


def test_a_user_closes_their_own_call_by_proof_or_by_an_answer_to_our_mail(desk: Desk, call: Call) -> None:
    desk.receive(command(ANN, f"CLOSE CALL {call.pk}"))
    call.refresh_from_db()
    assert call.state == "open"
    ours = desk.sent_to(ANN)[0]
    answer = reply_to(ours, ANN).replace(b"Subject: Re: [Call 1] My laptop is dead", b"Subject: CLOSE CALL 1")
    received = desk.receive(answer)
    call.refresh_from_db()
    assert (call.state, received.outcome) == ("closed", "commanded")
