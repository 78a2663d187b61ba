"""What people do to one call: what is refused, and what the timeline says of it."""

from collections.abc import Callable

import pytest

from desks import Desk, mail
from mailcall.desk import calls
from mailcall.desk.changes import new_file
from mailcall.desk.errors import Refused
from mailcall.desk.models import Attachment, Call, CallLink, Channel, Content, LinkState


@pytest.fixture
def call(desk: Desk) -> Call:
    return desk.receive(mail(cc=("carl@customer.example",))).call


def last(call: Call) -> tuple[str, str, str, str, str, bool]:
    entry = call.timeline.last()
    return entry.kind, entry.actor_name, entry.channel, entry.proof, entry.text, entry.internal


def test_a_note(desk: Desk, call: Call) -> None:
    calls.add_note(call, actor=desk.bob, text="  Ask Cy.  ", channel=Channel.PAGE)
    assert last(call) == ("note", "Bob Baker", "page", "signed in", "Ask Cy.", True)


def test_a_note_by_nobody_is_mailcalls(call: Call) -> None:
    calls.add_note(call, actor=None, text="Tidied.", channel=Channel.SYSTEM)
    assert last(call) == ("note", "Mailcall", "system", "", "Tidied.", True)


def test_closing_and_reopening(desk: Desk, call: Call) -> None:
    calls.close(call, actor=desk.bob, channel=Channel.PAGE, comment=" Mended. ")
    call.refresh_from_db()
    assert call.is_closed
    assert call.closed_at is not None
    assert last(call)[4] == "Closed: Mended."
    calls.reopen(call, actor=desk.bob, channel=Channel.COMMAND_LINE)
    call.refresh_from_db()
    assert (call.state, call.closed_at, call.version) == ("open", None, 3)
    assert last(call)[2:5] == ("cli", "", "Reopened.")


def test_what_is_closed_is_not_closed_and_what_is_open_not_opened(desk: Desk, call: Call) -> None:
    with pytest.raises(Refused, match=f"Call {call.pk} is open already"):
        calls.reopen(call, actor=desk.bob, channel=Channel.PAGE)
    calls.close(call, actor=desk.bob, channel=Channel.PAGE)
    with pytest.raises(Refused, match=f"Call {call.pk} is closed already"):
        calls.close(call, actor=desk.bob, channel=Channel.PAGE)
    assert call.timeline.count() == 2


@pytest.mark.parametrize("operation", [calls.close, calls.reopen])
def test_a_decision_on_an_old_version_is_refused(desk: Desk, call: Call, operation: Callable) -> None:
    if operation is calls.reopen:
        calls.close(call, actor=desk.bob, channel=Channel.PAGE)
    version = Call.objects.get(pk=call.pk).version
    calls.add_note(call, actor=desk.bob, text="Meanwhile", channel=Channel.PAGE)
    with pytest.raises(Refused, match="changed while you looked at it"):
        operation(call, actor=desk.bob, channel=Channel.PAGE, version=version)
    operation(call, actor=desk.bob, channel=Channel.PAGE, version=version + 1)


def test_a_mail_that_came_meanwhile_is_such_a_change(desk: Desk, call: Call) -> None:
    version = call.version
    desk.receive(mail(subject=f"[Call {call.pk}] wait"))
    with pytest.raises(Refused, match="changed while you looked"):
        calls.close(call, actor=desk.bob, channel=Channel.PAGE, version=version)


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_empty_words_are_refused(desk: Desk, call: Call, text: str) -> None:
    with pytest.raises(Refused, match="A note needs some text"):
        calls.add_note(call, actor=desk.bob, text=text, channel=Channel.PAGE)
    with pytest.raises(Refused, match="A reply needs some text"):
        calls.write_reply(
            call, author=desk.bob, text=text, to=[("", "a@b.example")], cc=[], channel=Channel.PAGE
        )
    assert call.timeline.count() == 1


def test_a_reply_to_nobody_is_refused(desk: Desk, call: Call) -> None:
    with pytest.raises(Refused, match="at least one recipient"):
        calls.write_reply(
            call, author=desk.bob, text="Hi", to=[], cc=[("", "a@b.example")], channel=Channel.PAGE
        )


def test_a_reply_with_files_stores_the_same_bytes_once(desk: Desk, call: Call) -> None:
    small, big = (
        new_file("a.txt", "text/plain", b"abc"),
        new_file("b.bin", "x/y", b"z" * (Content.IN_ROW + 1)),
    )
    for _ in range(2):
        calls.write_reply(
            call,
            author=desk.bob,
            text="See here.",
            to=[("Ann", "ann@customer.example")],
            cc=[],
            channel=Channel.PAGE,
            files=(small, big, small),
        )
    assert last(call)[:3] == ("mail_out", "Bob Baker", "page")
    assert not last(call)[5]
    assert Content.objects.count() == 2
    assert Attachment.objects.count() == 6
    assert {a.content.read() for a in Attachment.objects.all()} == {b"abc", b"z" * (Content.IN_ROW + 1)}


def test_participants_come_and_go(desk: Desk, call: Call) -> None:
    dan = calls.add_participant(call, address=" Dan@Customer.example ", name="Dan", actor=desk.bob)
    assert (dan.address, dan.reason) == ("dan@customer.example", "added by Bob Baker")
    assert last(call)[4] == "dan@customer.example takes part now."
    with pytest.raises(Refused, match="takes part already"):
        calls.add_participant(call, address="DAN@customer.example", name="", actor=desk.bob)
    calls.remove_participant(dan, actor=desk.bob)
    assert last(call)[4] == "dan@customer.example takes part no more."
    assert desk.receive(mail("dan@customer.example", f"[Call {call.pk}]")).outcome == "logged"


@pytest.mark.parametrize("address", ["", " ", "dan", "@"])
def test_what_is_no_address_does_not_take_part(desk: Desk, call: Call, address: str) -> None:
    with pytest.raises(Refused, match="is no address"):
        calls.add_participant(call, address=address, name="", actor=desk.bob)
    assert call.timeline.count() == 1


def test_the_user_takes_part_always(desk: Desk, call: Call) -> None:
    with pytest.raises(Refused, match="takes part always"):
        calls.add_participant(call, address="Ann@customer.example", name="", actor=desk.bob)
    row = call.participants.create(address="ann@customer.example", reason="an old row")
    with pytest.raises(Refused, match="takes part always"):
        calls.remove_participant(row, actor=desk.bob)


@pytest.mark.parametrize(
    ("decide", "state", "sentence"),
    [
        (calls.accept_link, LinkState.ACCEPTED, "Linked to call {}."),
        (calls.dismiss_link, LinkState.DISMISSED, "Not linked to call {}."),
    ],
)
def test_a_proposed_link_is_decided_once(
    desk: Desk, call: Call, decide: Callable, state: str, sentence: str
) -> None:
    later = desk.receive(mail("eve@evil.example", f"[Call {call.pk}]")).call
    link = CallLink.objects.get()
    decide(link, actor=desk.bob)
    link.refresh_from_db()
    assert link.state == state
    assert last(later)[1:5] == ("Bob Baker", "page", "signed in", sentence.format(call.pk))
    for again in (calls.accept_link, calls.dismiss_link):
        with pytest.raises(Refused, match="decided already"):
            again(link, actor=desk.bob)


def test_a_mail_in_the_timeline_says_who_how_and_on_what_proof(desk: Desk, call: Call) -> None:
    assert last(call)[:4] == ("mail_in", "ann@customer.example", "email", "address")
