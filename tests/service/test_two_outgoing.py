"""Two outgoing servers, real ones behind a proxy each: when one fails, mail goes by the other, and once."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from desks import Desk
from mailcall.outbound.deliver import deliver
from mailcall.outbound.models import Delivery, OutgoingServer
from outbound.leaving import queue
from servers.dovecot import Dovecot
from servers.postfix import Postfix
from servers.process import wait_for
from servers.proxy import Fault, Proxy, drop_after, drop_before, on, pass_on, says, stall

pytestmark = pytest.mark.servers
MAILS = 5


@dataclass
class Pair:
    """The first server, whose turn it is, and the second."""

    desk: Desk
    postfix: Postfix
    proxies: tuple[Proxy, Proxy]
    addresses: list[str] = field(default_factory=list)

    def write(self, *names: str) -> None:
        for name in names:
            self.addresses.append(f"{name}-{uuid.uuid4().hex[:10]}@shop.example")
            queue(self.desk, self.addresses[-1])

    def play(self, first: Fault = pass_on, second: Fault = pass_on) -> None:
        """A run of each, one after the other, with these faults."""
        for server, proxy, fault in zip(
            OutgoingServer.objects.order_by("priority"), self.proxies, (first, second), strict=True
        ):
            proxy.fault = fault
            deliver(server)
            proxy.fault = pass_on

    def fates(self) -> list[tuple[str, str]]:
        rows = Delivery.objects.order_by("pk").values_list("state", "server__name")
        return [(state, name if state == "sent" else "") for state, name in rows]

    def copies(self) -> list[int]:
        wait_for(lambda: self.postfix.queued == 0, 20)
        return [len(self.postfix.mails(address)) for address in self.addresses]


@pytest.fixture
def pair(desk: Desk, postfix: Postfix, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    settings = OutgoingServer.transport_settings

    def changed(self: OutgoingServer) -> object:
        return replace(settings(self), timeout=2.0, data_timeout=2.0, helo="desk.example")

    monkeypatch.setattr(OutgoingServer, "transport_settings", changed)
    with Proxy("smtp", postfix.smtp_port) as one, Proxy("smtp", postfix.smtp_port) as two:
        OutgoingServer.objects.all().delete()
        for priority, (name, proxy) in enumerate((("first", one), ("second", two))):
            OutgoingServer.objects.create(
                name=name,
                server="localhost",
                port=proxy.port,
                security="plain",
                login=dovecot.new_user(),
                password="secret",
                priority=priority,
            )
        yield Pair(desk, postfix, (one, two))


def after(count: int, verb: str, fault: Fault) -> Fault:
    """The fault at a command once it was heard so often before, and from then on for good."""
    heard = 0

    def chosen(exchange: object) -> None:
        nonlocal heard
        heard += exchange.verb == verb
        (fault if heard > count else pass_on)(exchange)

    return chosen


def test_as_long_as_the_first_works_all_goes_by_it(pair: Pair) -> None:
    pair.write(*"abcde")
    pair.play()
    assert pair.fates() == [("sent", "first")] * MAILS
    assert pair.copies() == [1] * MAILS


def test_one_killed_in_mid_session_leaves_the_rest_to_the_other(pair: Pair) -> None:
    pair.write(*"abcde")
    pair.play(first=after(2, "MAIL", drop_before))
    fates = pair.fates()
    assert fates[:2] == [("sent", "first")] * 2
    assert fates[2] == ("deferred", "")  # in hand: it may be what the server can't bear
    assert fates[3:] == [("sent", "second")] * 2
    Delivery.objects.update(due_at=None)
    pair.play(first=drop_before)
    assert pair.fates()[2] == ("sent", "second")
    assert pair.copies() == [1] * MAILS


def test_one_that_is_too_slow_is_left_alone_for_a_while(pair: Pair) -> None:
    pair.write(*"abc")
    pair.play(first=on("EHLO", stall))
    assert pair.fates() == [("sent", "second")] * 3
    first = OutgoingServer.objects.get(name="first")
    assert first.breaker_until
    assert "did not answer within 2 seconds" in first.last_error
    assert pair.copies() == [1] * 3


def test_a_recipient_that_one_refuses_is_refused_and_not_tried_by_the_other(pair: Pair) -> None:
    """Who is refused for good at one server would only be refused again, and the next is not held up."""
    pair.write("a", "reject", "b")
    pair.play()
    assert pair.fates() == [("sent", "first"), ("failed", ""), ("sent", "first")]
    assert pair.copies() == [1, 0, 1]


def test_a_refusal_for_now_is_tried_again_by_whichever_server_works_then(pair: Pair) -> None:
    pair.write("a")
    pair.play(first=on("RCPT", says(b"451 4.7.1 Later\r\n")))
    assert pair.fates() == [("deferred", "")]
    Delivery.objects.update(due_at=None)
    pair.play(first=drop_before)
    assert pair.fates() == [("sent", "second")]
    assert pair.copies() == [1]


def test_one_that_loses_the_answer_to_data_makes_unknowns_that_are_sent_once_more(pair: Pair) -> None:
    pair.write("a", "b")
    pair.play(first=on("CONTENT", drop_after, times=1))
    assert pair.fates() == [("unknown", ""), ("sent", "first")]
    Delivery.objects.update(due_at=None)
    pair.play()
    assert pair.fates() == [("sent", "first"), ("sent", "first")]
    assert Delivery.objects.order_by("pk")[0].unknowns == 1
    assert pair.copies() == [2, 1]  # never more surplus copies than unknowns
