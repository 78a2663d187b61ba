"""From the message table to a server: what becomes of each recipient, and of a server in trouble."""

import datetime as dt
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator

import pytest
from django.db import OperationalError
from django.utils import timezone

from desks import Desk, mail, put_in_state
from mailcall.desk.calls import write_reply
from mailcall.desk.errors import Refused
from mailcall.desk.models import Channel, Partition
from mailcall.outbound import deliver as room
from mailcall.outbound import operations
from mailcall.outbound.deliver import deliver, has_work
from mailcall.outbound.models import Delivery, Message, OutgoingServer
from mailcall.outbound.returned import Returned, note_returned
from mailcall.transport.interface import Envelope, RecipientResult, Result, ServerTrouble

REPLIES = {
    "sent": "250 2.0.0 Ok",
    "deferred": "451 4.7.1 Later",
    "failed": "550 5.1.1 User unknown",
    "unknown": "The connection was lost after the mail.",
}


class ScriptedTransport:
    """Answers by a script: a result for each recipient, `trouble`, or `crash`; `sent` if there is none."""

    def __init__(self) -> None:
        self.script: dict[str, str] = {}
        self.taken: list[tuple[str, Envelope]] = []
        self.refuses: str = ""
        self.before_send: Callable[[], None] = lambda: None
        self.ahead = 0  # how many more mails it has made while it sends one
        self.server = ""

    def __enter__(self) -> "ScriptedTransport":
        if self.refuses:
            raise ServerTrouble(self.refuses)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send_all(self, envelopes: Iterable[Envelope]) -> Generator[list[RecipientResult], None, None]:
        coming = iter(envelopes)
        made = list(itertools.islice(coming, 1 + self.ahead))
        while made:
            yield self.send(made.pop(0))
            made += itertools.islice(coming, 1)

    def send(self, envelope: Envelope) -> list[RecipientResult]:
        self.before_send()
        self.taken.append((self.server, envelope))
        words = [self.script.get(recipient, "sent") for recipient in envelope.recipients]
        if "trouble" in words:
            raise ServerTrouble("The server closed the connection.")
        if "crash" in words:
            raise RuntimeError("a bug in the transport")
        return [
            RecipientResult(recipient, Result(word), REPLIES[word])
            for recipient, word in zip(envelope.recipients, words, strict=True)
        ]

    def recipients(self) -> list[str]:
        return [recipient for _, envelope in self.taken for recipient in envelope.recipients]


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedTransport]:
    double = ScriptedTransport()

    def open_transport(_protocol: str, settings: object) -> ScriptedTransport:
        double.server = settings.path
        return double

    monkeypatch.setattr(room, "open_transport", open_transport)
    return double


def address(name: str) -> str:
    return f"{name}@customer.example"


@pytest.fixture
def write(desk: Desk) -> Callable[..., list[Delivery]]:
    """Puts a mail to these people into the message table; its deliveries."""
    desk.receive(mail(headers="Auto-Submitted: auto-generated\n"))
    from mailcall.desk.models import Call

    call = Call.objects.get()

    def write(*names: str) -> list[Delivery]:
        write_reply(
            call,
            author=desk.bob,
            text="Hello.",
            to=[("", address(name)) for name in names],
            cc=[],
            channel=Channel.PAGE,
        )
        return list(Message.objects.latest("pk").deliveries.order_by("pk"))

    return write


def states() -> dict[str, str]:
    return {d.recipient.partition("@")[0]: d.state for d in Delivery.objects.all()}


def later(**ago: float) -> None:
    """Let so much time pass for all deliveries."""
    passed = dt.timedelta(**ago)
    for delivery in Delivery.objects.all():
        delivery.created_at -= passed
        delivery.due_at = delivery.due_at and delivery.due_at - passed
        delivery.save()


def test_each_recipient_has_a_fate_of_its_own(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    write("ann", "ben", "cat", "dan")
    transport.script = {address("ben"): "deferred", address("cat"): "failed", address("dan"): "unknown"}
    assert deliver(desk.server) == 4
    assert states() == {"ann": "sent", "ben": "deferred", "cat": "failed", "dan": "unknown"}
    assert {d.reply for d in Delivery.objects.all()} == set(REPLIES.values())
    assert [bool(d.finished_at) for d in Delivery.objects.all()] == [True, False, True, False]
    assert len(transport.taken) == 1  # one mail, four recipients


def test_what_has_ended_is_never_sent_again(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    write("ann", "ben")
    transport.script = {address("ben"): "failed"}
    deliver(desk.server)
    later(days=30)
    assert deliver(desk.server) == 0
    assert not has_work(desk.server)
    assert len(transport.taken) == 1


def test_a_deferred_delivery_backs_off_for_days_then_fails(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    [delivery] = write("ann")
    transport.script = {address("ann"): "deferred"}
    pauses = []
    for _ in range(50):
        deliver(desk.server)
        delivery.refresh_from_db()
        if delivery.state != "deferred":
            break
        assert deliver(desk.server) == 0  # not before it is due
        pause = delivery.due_at - timezone.now()
        pauses.append(round(pause.total_seconds() / 60))
        later(seconds=pause.total_seconds() + 1)
    assert pauses[:9] == [1, 5, 15, 30, 60, 120, 240, 480, 720]
    assert set(pauses[9:]) == {720}
    assert 5 * 24 * 60 <= sum(pauses) < 6 * 24 * 60
    assert delivery.state == "failed"
    assert delivery.reply == "Given up after 5 days. The last word was: 451 4.7.1 Later"


def test_a_mail_released_late_is_still_tried_for_a_while(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    [delivery] = write("ann")
    later(days=6)
    transport.script = {address("ann"): "deferred"}
    deliver(desk.server)
    delivery.refresh_from_db()
    assert delivery.state == "deferred"


def test_an_unknown_fate_is_resent_once_as_the_same_mail_then_held(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    [delivery] = write("ann")
    transport.script = {address("ann"): "unknown"}
    deliver(desk.server)
    assert deliver(desk.server) == 0  # a pause first
    later(minutes=3)
    assert deliver(desk.server) == 1
    (_, first), (_, second) = transport.taken
    assert first.mail == second.mail
    assert delivery.message.message_id.encode() in second.mail
    assert states() == {"ann": "held"}
    later(days=1)
    assert deliver(desk.server) == 0
    delivery.refresh_from_db()
    assert delivery.reply.endswith("It was resent once already; a person must decide.")


def test_what_a_stopped_run_left_in_sending_becomes_unknown_and_is_sent_once_more(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    [delivery] = write("ann")
    put_in_state(Delivery.objects.all(), "sending", server=desk.server, attempts=1)
    room.recover(desk.server)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.unknowns) == ("unknown", 1)
    deliver(desk.server)
    assert states() == {"ann": "sent"}
    assert len(transport.taken) == 1


def test_what_a_deleted_server_left_in_sending_is_found(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    write("ann")
    put_in_state(Delivery.objects.all(), "sending", server=None)
    deliver(desk.server)
    assert states() == {"ann": "sent"}


def test_two_stops_in_the_middle_hold_it(desk: Desk, write: Callable) -> None:
    write("ann")
    for _ in range(2):
        put_in_state(Delivery.objects.all(), "sending", server=desk.server)
        room.recover(desk.server)
    assert states() == {"ann": "held"}


@pytest.mark.parametrize("ahead", [0, 2])
def test_trouble_with_the_server_trips_its_breaker_and_only_the_mail_in_hand_backs_off(
    desk: Desk, transport: ScriptedTransport, write: Callable, ahead: int
) -> None:
    transport.ahead = ahead
    write("ann")
    write("ben")
    write("cat")
    transport.script = {address("ben"): "trouble"}
    deliver(desk.server)
    assert states() == {"ann": "sent", "ben": "deferred", "cat": "queued"}
    attempts = {d.recipient: d.attempts for d in Delivery.objects.all()}
    assert attempts == {address("ann"): 1, address("ben"): 1, address("cat"): 0}
    desk.server.refresh_from_db()
    assert desk.server.last_error == "The server closed the connection."
    assert desk.server.breaker_until > timezone.now()
    assert deliver(desk.server) == 0  # the breaker is open
    OutgoingServer.objects.update(breaker_until=timezone.now())
    desk.server.refresh_from_db()
    assert deliver(desk.server) == 1
    assert states()["cat"] == "sent"
    desk.server.refresh_from_db()
    assert (desk.server.breaker_failures, desk.server.last_error) == (0, "")


@pytest.mark.parametrize("in_connection", [True, False])
def test_a_server_that_stays_in_trouble_is_left_alone_ever_longer(
    desk: Desk, transport: ScriptedTransport, write: Callable, in_connection: bool
) -> None:
    """Also one that greets us every time and then refuses every mail."""
    if in_connection:
        transport.refuses = "The server can't be reached."
    pauses = []
    for number in range(5):
        write(f"p{number}")
        transport.script[address(f"p{number}")] = "trouble"
        Delivery.objects.filter(state="deferred").update(due_at=timezone.now() + dt.timedelta(days=1))
        deliver(desk.server)
        desk.server.refresh_from_db()
        pauses.append(round((desk.server.breaker_until - timezone.now()).total_seconds()))
        desk.server.breaker_until = None
        desk.server.save()
    assert pauses == [15, 60, 300, 900, 900]
    if in_connection:
        assert {(d.state, d.attempts) for d in Delivery.objects.all()} == {("queued", 0)}


@pytest.mark.parametrize("ahead", [0, 2])
def test_a_bug_leaves_only_the_mail_in_hand_unknown(
    desk: Desk, transport: ScriptedTransport, write: Callable, ahead: int
) -> None:
    transport.ahead = ahead
    write("ann")
    write("ben")
    write("cat")
    transport.script = {address("ben"): "crash"}
    with pytest.raises(RuntimeError):
        deliver(desk.server)
    assert states() == {"ann": "sent", "ben": "sending", "cat": "queued"}
    transport.script = {}
    deliver(desk.server)
    assert set(states().values()) == {"sent"}
    assert Delivery.objects.get(recipient=address("cat")).unknowns == 0


def test_a_mail_that_cannot_be_made_is_held_and_the_next_is_sent(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    [bad], [_] = write("ann"), write("ben")
    Message.objects.filter(pk=bad.message_id).update(type_code=9999)
    deliver(desk.server)
    assert states() == {"ann": "held", "ben": "sent"}
    bad.refresh_from_db()
    assert bad.reply.startswith("The mail can't be made: ")


@pytest.mark.parametrize("ahead", [0, 2])
def test_stopping_ends_after_the_mail_in_hand(
    desk: Desk, transport: ScriptedTransport, write: Callable, ahead: int
) -> None:
    transport.ahead = ahead
    write("ann")
    write("ben")
    stop: list[bool] = []
    transport.before_send = lambda: stop.append(True)
    deliver(desk.server, stop=lambda: bool(stop))
    assert states() == {"ann": "sent", "ben": "queued"}
    assert Delivery.objects.get(recipient=address("ben")).attempts == 0


def test_many_mails_go_in_small_groups_over_one_connection(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    for number in range(45):
        write(f"p{number}")
    most: list[int] = []
    transport.before_send = lambda: most.append(Delivery.objects.filter(state="sending").count())
    assert deliver(desk.server) == 45
    assert max(most) == 20
    assert transport.recipients() == [address(f"p{number}") for number in range(45)]


def test_what_was_tried_before_goes_ahead_of_a_flood(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    for number in range(30):
        write(f"p{number}")
    write("ann")
    put_in_state(Delivery.objects.filter(recipient=address("ann")), "deferred", due_at=timezone.now())
    deliver(desk.server)
    assert transport.recipients()[0] == address("ann")


def test_what_is_cancelled_in_the_midst_of_a_run_is_not_sent(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    for number in range(45):
        write(f"p{number}")
    last = Delivery.objects.latest("pk")
    transport.before_send = lambda: put_in_state(Delivery.objects.filter(pk=last.pk), "cancelled")
    assert deliver(desk.server) == 44
    assert states()["p44"] == "cancelled"
    assert last.recipient not in transport.recipients()


def test_what_a_person_has_sent_again_in_the_midst_of_a_run_is_recorded(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    """The counts of a delivery that was looked up early are those of the moment it is taken."""
    for number in range(45):
        write(f"p{number}")
    last = Delivery.objects.latest("pk")
    Delivery.objects.filter(pk=last.pk).update(attempts=3)
    transport.before_send = lambda: Delivery.objects.filter(pk=last.pk, state="queued").update(attempts=0)
    assert deliver(desk.server) == 45
    last.refresh_from_db()
    assert (last.state, last.attempts) == ("sent", 1)


def test_a_database_that_breaks_while_a_mail_is_made_loses_no_result(
    desk: Desk, transport: ScriptedTransport, write: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport.ahead = 1
    [_], [_], [broken] = write("ann"), write("ben"), write("cat")

    def render(message: Message, **_: object) -> bytes:
        if message.pk == broken.message_id:
            raise OperationalError("disk I/O error")
        return b"mail"

    monkeypatch.setattr(room, "render", render)
    with pytest.raises(OperationalError):
        deliver(desk.server)
    assert states() == {"ann": "sent", "ben": "sent", "cat": "queued"}


# ---- several servers


def test_mail_goes_to_the_next_server_while_the_first_is_in_trouble(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    second = OutgoingServer.objects.create(name="Second", protocol="maildir", path="second", priority=20)
    write("ann")
    assert not has_work(second)
    assert deliver(second) == 0
    OutgoingServer.objects.filter(pk=desk.server.pk).update(
        breaker_until=timezone.now() + dt.timedelta(minutes=1)
    )
    desk.server.refresh_from_db()
    assert deliver(desk.server) == 0
    assert deliver(second) == 1
    assert [name for name, _ in transport.taken] == ["second"]


def test_an_inactive_server_sends_nothing(desk: Desk, transport: ScriptedTransport, write: Callable) -> None:
    write("ann")
    OutgoingServer.objects.update(active=False)
    desk.server.refresh_from_db()
    assert deliver(desk.server) == 0
    assert states() == {"ann": "queued"}


def test_a_server_of_another_partition_sends_nothing(
    desk: Desk, transport: ScriptedTransport, write: Callable
) -> None:
    write("ann")
    other = Partition.objects.create(name="HR", address="hr@desk.example")
    OutgoingServer.objects.update(partition=other)
    desk.server.refresh_from_db()
    assert deliver(desk.server) == 0


# ---- what a person does


@pytest.mark.parametrize("state", ["deferred", "failed", "held", "unknown", "bounced", "cancelled"])
def test_a_person_sends_it_again(
    desk: Desk, transport: ScriptedTransport, write: Callable, state: str
) -> None:
    [delivery] = write("ann")
    put_in_state(
        Delivery.objects.all(), state, attempts=9, unknowns=2, due_at=timezone.now() + dt.timedelta(days=1)
    )
    operations.retry(delivery)
    assert deliver(desk.server) == 1
    assert states() == {"ann": "sent"}


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "withheld"])
def test_what_is_on_its_way_or_there_is_not_sent_again(write: Callable, state: str) -> None:
    [delivery] = write("ann")
    put_in_state(Delivery.objects.all(), state)
    with pytest.raises(Refused, match=f"can't be sent again while it is {state}"):
        operations.retry(delivery)


@pytest.mark.parametrize("state", ["queued", "deferred", "held", "unknown", "withheld"])
def test_a_person_cancels_it(desk: Desk, transport: ScriptedTransport, write: Callable, state: str) -> None:
    [delivery] = write("ann")
    put_in_state(Delivery.objects.all(), state)
    operations.cancel(delivery)
    assert deliver(desk.server) == 0
    assert states() == {"ann": "cancelled"}


@pytest.mark.parametrize("state", ["sending", "sent", "failed", "bounced"])
def test_it_is_too_late_to_cancel(write: Callable, state: str) -> None:
    [delivery] = write("ann")
    put_in_state(Delivery.objects.all(), state)
    with pytest.raises(Refused, match=f"can't be cancelled any more: it is {state}"):
        operations.cancel(delivery)


def test_a_report_that_overtakes_the_result_of_its_group_has_the_last_word(
    desk: Desk, transport: ScriptedTransport, write: Callable[..., list[Delivery]]
) -> None:
    [delivery] = write("ann")
    transport.before_send = lambda: note_returned(
        Returned(((address("ann"), "5.1.1 nobody"),), delivery=delivery.pk)
    )
    deliver(desk.server)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reply) == ("bounced", "5.1.1 nobody")


def test_an_internationalised_domain_leaves_in_its_ascii_form(
    desk: Desk, transport: ScriptedTransport, write: Callable[..., list[Delivery]]
) -> None:
    Partition.objects.update(address="hilfe@bücher.example")
    [delivery] = write("ann")
    Delivery.objects.filter(pk=delivery.pk).update(recipient="ann@müller.example")
    deliver(desk.server)
    delivery.refresh_from_db()
    assert delivery.state == "sent"
    [(_, envelope)] = transport.taken
    assert envelope.sender == "hilfe@xn--bcher-kva.example"
    assert list(envelope.recipients) == ["ann@xn--mller-kva.example"]
    assert envelope.mail.isascii()


def test_mail_fails_when_no_server_could_be_used_for_five_days(
    desk: Desk, transport: ScriptedTransport, write: Callable[..., list[Delivery]]
) -> None:
    old, fresh = write("old", "fresh")
    long_ago = timezone.now() - dt.timedelta(days=6)
    Delivery.objects.filter(pk=old.pk).update(created_at=long_ago)
    transport.refuses = "Nothing answers."
    OutgoingServer.objects.update(last_good_at=timezone.now())
    desk.server.refresh_from_db()
    deliver(desk.server)
    old.refresh_from_db()
    assert old.state == "queued"  # the server was good a moment ago

    OutgoingServer.objects.update(last_good_at=long_ago, breaker_until=None)
    desk.server.refresh_from_db()
    deliver(desk.server)
    old.refresh_from_db()
    fresh.refresh_from_db()
    assert (old.state, fresh.state) == ("failed", "queued")
    assert old.reply == "Given up after 5 days. The last word was: Nothing answers."
