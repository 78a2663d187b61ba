"""Outgoing servers that break off, refuse or fall silent: no mail is lost, and a copy too many is said."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from desks import Desk, mail, put_in_state
from hostile_mailboxes import IMPATIENT, PATIENT, is_clear
from mailcall.desk.calls import write_reply
from mailcall.desk.models import Call, Channel
from mailcall.outbound.deliver import deliver
from mailcall.outbound.models import WAITING_STATES, Delivery, OutgoingServer
from servers.certificates import make_certificates
from servers.dovecot import Dovecot
from servers.postfix import Postfix
from servers.process import wait_for
from servers.proxy import (
    Cut,
    Exchange,
    Fault,
    Proxy,
    at,
    drop_after,
    drop_before,
    drop_midway,
    endless,
    goes_after,
    on,
    pass_on,
    says,
    says_instead,
    stall,
)

pytestmark = pytest.mark.servers


@dataclass
class Outgoing:
    """The desk's only outgoing server, a Postfix behind the proxy, and mails that are to leave by it."""

    desk: Desk
    postfix: Postfix
    proxy: Proxy
    addresses: list[str] = field(default_factory=list)

    @property
    def server(self) -> OutgoingServer:
        return OutgoingServer.objects.get()

    def write(self, *names: str) -> None:
        """Put a mail to these people, of whom nobody has had any, into an empty message table."""
        Delivery.objects.all().delete()
        self.addresses = [f"{name}-{uuid.uuid4().hex[:10]}@shop.example" for name in names]
        write_reply(
            Call.objects.get(),
            author=self.desk.bob,
            text="Hello.\n.\n..\n",
            to=[("", address) for address in self.addresses],
            cc=[],
            channel=Channel.PAGE,
        )
        self.close_breaker()

    def deliver(self, fault: Fault = pass_on, *, timeout: float = PATIENT) -> dict[str, str]:
        """Send what is due, with the fault; the state of each recipient."""
        server = self.server
        server.timeout = timeout
        self.proxy.fault = fault
        deliver(server)
        self.proxy.fault = pass_on
        for sentence in (self.server.last_error, *Delivery.objects.values_list("reply", flat=True)):
            assert not sentence or is_clear(f"{sentence.rstrip('.')}."), sentence
        return self.states()

    def states(self) -> dict[str, str]:
        return {d.recipient.partition("-")[0]: str(d.state) for d in Delivery.objects.all()}

    def close_breaker(self) -> None:
        server = self.server
        server.close_breaker()
        server.save()

    def settle(self) -> None:
        """Send without a fault until nothing waits, as if the pauses were over."""
        for _ in range(4):
            self.close_breaker()
            Delivery.objects.update(due_at=None)
            self.deliver()
        assert not Delivery.objects.filter(state__in=WAITING_STATES).exists()

    def copies(self) -> dict[str, int]:
        """How many copies each recipient has, all with one Message-ID."""
        wait_for(lambda: self.postfix.queued == 0, 20)
        counts = {}
        for address in self.addresses:
            mails = self.postfix.mails(address)
            ids = {re.search(rb"(?im)^Message-ID: *(\S+)", raw)[1] for raw in mails}
            assert len(ids) <= 1
            counts[address.partition("-")[0]] = len(mails)
        return counts

    def assert_all_is_well(self) -> None:
        """Once the pauses are over everybody has the mail, and twice only where the table says so."""
        self.settle()
        assert set(self.states().values()) == {"sent"}
        unknowns = {d.recipient.partition("-")[0]: d.unknowns for d in Delivery.objects.all()}
        for name, count in self.copies().items():
            assert 1 <= count <= 1 + unknowns[name]

    def check_each_command(self, fault: Fault, *, timeout: float = PATIENT) -> None:
        """The fault at each command of a session that sends a mail to two."""
        self.write("ann", "ben")
        self.proxy.heard.clear()
        assert self.deliver() == {"ann": "sent", "ben": "sent"}
        for number in range(self.proxy.heard.index("CONTENT") + 2):
            self.write("ann", "ben")
            self.deliver(at(number, fault), timeout=timeout)
            self.assert_all_is_well()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a server's attribute `timeout` count, which is no setting."""
    settings = OutgoingServer.transport_settings

    def changed(self: OutgoingServer) -> object:
        timeout = getattr(self, "timeout", PATIENT)
        return replace(settings(self), timeout=timeout, data_timeout=timeout, helo="desk.example")

    monkeypatch.setattr(OutgoingServer, "transport_settings", changed)


@pytest.fixture
def behind(desk: Desk, postfix: Postfix, dovecot: Dovecot, impatient: None) -> Callable[..., Outgoing]:
    """Has the desk send through a proxy, signed in."""
    desk.receive(mail(headers="Auto-Submitted: auto-generated\n"))

    def put(proxy: Proxy, **settings: object) -> Outgoing:
        given = {"protocol": "smtp", "server": "localhost", "port": proxy.port, "security": "plain"}
        login = {"login": dovecot.new_user(), "password": "secret"}
        for name, value in {**given, **login, **settings}.items():
            setattr(desk.server, name, value)
        desk.server.save()
        return Outgoing(desk, postfix, proxy)

    return put


@pytest.fixture
def outgoing(postfix: Postfix, behind: Callable[..., Outgoing]) -> Iterator[Outgoing]:
    with Proxy("smtp", postfix.smtp_port) as proxy:
        yield behind(proxy)


def closing(exchange: Exchange) -> None:
    """The server has no more time for us (RFC 5321 3.8)."""
    exchange.say(b"421 4.3.2 Service not available, closing transmission channel\r\n")
    raise Cut


LOST = {"before": drop_before, "after": drop_after, "midway": drop_midway, "421": closing}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_connection_lost_at_any_command_loses_no_mail(outgoing: Outgoing, fault: Fault) -> None:
    outgoing.check_each_command(fault)


def test_a_server_that_falls_silent_at_any_command_loses_no_mail(outgoing: Outgoing) -> None:
    outgoing.check_each_command(stall, timeout=IMPATIENT)


NONSENSE = [
    b"\0\xff\xfe nonsense\r\n",
    pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", marks=pytest.mark.long),
    pytest.param(b"\r\n", marks=pytest.mark.long),
    pytest.param(b"999 what?\r\n", marks=pytest.mark.long),
    pytest.param(b"25\r\n", marks=pytest.mark.long),
    b"250-" + b"x" * 10_000 + b"\r\n",
    b"250-no end\r\n" * 2_000,
    b"354\r\n",
]


@pytest.mark.parametrize("words", NONSENSE)
def test_nonsense_at_any_command_loses_no_mail(outgoing: Outgoing, words: bytes) -> None:
    outgoing.check_each_command(says_instead(words), timeout=IMPATIENT)


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "CONTENT"])
def test_a_line_without_an_end_is_given_up(outgoing: Outgoing, verb: str) -> None:
    outgoing.write("ann")
    outgoing.deliver(on(verb, endless))
    outgoing.assert_all_is_well()


@pytest.mark.parametrize("size", [b"7" * 5000, b"\xb2", b"-1", b"", b"0"])
def test_a_size_that_is_no_number_is_no_limit(outgoing: Outgoing, size: bytes) -> None:
    outgoing.write("ann")
    offer = b"250-me\r\n250-AUTH PLAIN\r\n250 SIZE " + size + b"\r\n"
    assert outgoing.deliver(on("EHLO", says_instead(offer))) == {"ann": "sent"}
    assert outgoing.copies() == {"ann": 1}


@pytest.mark.parametrize(("bad", "state"), [("reject", "failed"), ("defer", "deferred")])
def test_one_bad_recipient_among_ten_keeps_nobody_waiting(outgoing: Outgoing, bad: str, state: str) -> None:
    names = [f"n{number}" for number in range(9)]
    outgoing.write(*names[:4], bad, *names[4:])
    assert outgoing.deliver() == {**dict.fromkeys(names, "sent"), bad: state}
    assert outgoing.copies() == {**dict.fromkeys(names, 1), bad: 0}
    assert outgoing.server.breaker_failures == 0


def test_a_lost_answer_to_a_mail_makes_one_copy_too_many_and_then_asks_a_person(outgoing: Outgoing) -> None:
    outgoing.write("ann", "reject")
    assert outgoing.deliver(on("CONTENT", drop_after)) == {"ann": "unknown", "reject": "failed"}
    assert outgoing.deliver() == {"ann": "unknown", "reject": "failed"}  # not before its pause is over
    Delivery.objects.update(due_at=None)
    assert outgoing.deliver(on("CONTENT", drop_after)) == {"ann": "held", "reject": "failed"}
    Delivery.objects.update(due_at=None)
    assert outgoing.deliver() == {"ann": "held", "reject": "failed"}
    assert outgoing.copies() == {"ann": 2, "reject": 0}


def test_a_mail_that_breaks_off_in_its_middle_comes_once(outgoing: Outgoing) -> None:
    outgoing.write("ann", "ben")
    outgoing.deliver(on("DATA", goes_after(100)))
    outgoing.settle()
    assert outgoing.copies() == {"ann": 1, "ben": 1}


def test_a_connection_that_is_closed_between_two_mails_is_opened_again(outgoing: Outgoing) -> None:
    outgoing.write("ann")
    put_in_state(Delivery.objects.all(), "held")
    first = list(Delivery.objects.all())
    outgoing.write("ben")
    Delivery.objects.bulk_create(first)
    put_in_state(Delivery.objects.all(), "queued")
    seen: list[str] = []

    def second_closes(exchange: Exchange) -> None:
        seen.append(exchange.verb)
        (closing if exchange.verb == "MAIL" and seen.count("MAIL") == 2 else pass_on)(exchange)

    assert outgoing.deliver(second_closes) == {"ann": "sent", "ben": "sent"}
    assert seen.count("GREETING") == 2
    assert outgoing.server.breaker_failures == 0


@pytest.mark.parametrize(
    ("verb", "words"), [("MAIL", b"550 5.7.1 Not you\r\n"), ("AUTH", b"535 5.7.8 secret is wrong\r\n")]
)
def test_a_server_that_refuses_us_opens_its_breaker_and_nobodys_mail_fails(
    outgoing: Outgoing, verb: str, words: bytes
) -> None:
    outgoing.write("ann", "ben")
    refused = on(verb, says(words))
    assert set(outgoing.deliver(refused).values()) <= {"deferred", "queued"}
    server = outgoing.server
    assert server.breaker_failures == 1
    assert server.breaker_until
    before = outgoing.proxy.sessions
    outgoing.deliver(refused)
    assert outgoing.proxy.sessions == before  # the breaker is open
    outgoing.settle()
    assert outgoing.copies() == {"ann": 1, "ben": 1}


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("bad", ["expired", "wrong name", "unknown authority"])
def test_a_bad_certificate_is_said_and_no_password_is_sent(
    security: str, bad: str, behind: Callable[..., Outgoing], postfix: Postfix, tmp_path: Path
) -> None:
    name = "elsewhere.example" if bad == "wrong name" else "localhost"
    shown = make_certificates(tmp_path / "shown", expired=bad == "expired", name=name)
    trusted = make_certificates(tmp_path / "other") if bad == "unknown authority" else shown
    tls = security == "tls"
    with Proxy("smtp", postfix.smtp_port, certificates=shown, tls=tls) as proxy:
        outgoing = behind(proxy, security=security, ca_file=str(trusted.ca))
        outgoing.write("ann")
        outgoing.deliver()
        assert "can't be trusted" in outgoing.server.last_error
        assert not {"AUTH", "MAIL"} & set(proxy.heard)
    good = make_certificates(tmp_path / "good")
    with Proxy("smtp", postfix.smtp_port, certificates=good, tls=tls) as proxy:
        OutgoingServer.objects.update(port=proxy.port, ca_file=str(good.ca))
        outgoing.proxy = proxy
        outgoing.settle()
        assert outgoing.copies() == {"ann": 1}
