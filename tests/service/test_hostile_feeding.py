"""Between a mail server and our LMTP listener, a proxy that plays faults: accepted is kept, and kept once."""

import contextlib
import smtplib
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from desks import mail
from feeding import fed_installation
from installations import Installation
from servers.fixtures import need_postfix, server_folder
from servers.postfix import Postfix
from servers.process import answers, free_ports, wait_for
from servers.proxy import (
    Cut,
    Exchange,
    Fault,
    Proxy,
    at,
    drop_after,
    drop_before,
    drop_midway,
    goes_after,
    on,
    pass_on,
    says,
    says_instead,
    stall,
)

pytestmark = pytest.mark.servers

SUPPORT, JOBS = "support@desk.example", "jobs@desk.example"  # two accounts, of two partitions
BIG = 300_000


@dataclass
class Feeding:
    """A running installation whose listener is behind the proxy."""

    installed: Installation
    proxy: Proxy
    made: list[bytes] = field(default_factory=list)

    def mail(self, size: int = 10) -> bytes:
        name = uuid.uuid4().hex[:12]
        self.made.append(mail(subject=name, text="x" * size + "\n.\n..\n", message_id=f"<{name}@k.example>"))
        return self.made[-1]

    def hand_over(self, raw: bytes, fault: Fault = pass_on, *, timeout: float = 20) -> set[str]:
        """As a mail server does; which of the two recipients it takes for accepted."""
        self.proxy.fault = fault
        accepted: set[str] = set()
        with contextlib.suppress(OSError, smtplib.SMTPException):  # the rest is handed over again
            accepted.update(handed_over(self.proxy.port, raw, timeout))
        self.proxy.fault = pass_on
        return accepted

    def journalled(self, raw: bytes) -> int:
        """For how many of the two accounts."""
        size = len(b"Return-Path: <ann@k.example>\r\n" + raw)
        return self.installed.count(f"select count(*) from inbound_receivedmail where size = {size}")

    def check(self, fault: Fault, *, timeout: float = 20) -> None:
        """A mail of a size of its own comes with the fault, and then again, as one that was not accepted."""
        raw = self.mail(size=1000 + len(self.made))
        accepted = self.hand_over(raw, fault, timeout=timeout)
        assert len(accepted) <= self.journalled(raw)
        self.assert_kept_once(raw)

    def assert_kept_once(self, raw: bytes) -> None:
        """However often it comes."""
        assert self.hand_over(raw) == {SUPPORT, JOBS}
        assert self.journalled(raw) == 2


def handed_over(port: int, raw: bytes, timeout: float) -> Iterator[str]:
    """The recipients that are accepted, one by one (RFC 2033 4.2), which smtplib does not wait for."""
    with contextlib.closing(smtplib.LMTP("127.0.0.1", port, timeout=timeout)) as client:
        client.ehlo()
        client.mail("ann@k.example")
        taken = [recipient for recipient in (SUPPORT, JOBS) if client.rcpt(recipient)[0] == 250]
        if client.docmd("DATA")[0] == 354:
            client.send(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            yield from (recipient for recipient in taken if client.getreply()[0] == 250)
        client.docmd("QUIT")


@pytest.fixture(scope="module")
def feeding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feeding]:
    (port,) = free_ports(1)
    with fed_installation(tmp_path_factory.mktemp("fed")) as installed:
        installed.environment["MAILCALL_LMTP_LISTEN"] = f"127.0.0.1:{port}"
        installed.start()
        installed.wait(lambda: answers(port), "the listener")
        with Proxy("lmtp", port) as proxy:
            yield Feeding(installed, proxy)
        assert "Traceback" not in installed.log.read_text()


def closing(exchange: Exchange) -> None:
    """What a listener says that stops."""
    exchange.say(b"421 4.3.2 Closing\r\n")
    raise Cut


FAULTS = {
    "lost before": drop_before,
    "lost after": drop_after,
    "lost midway": drop_midway,
    "421": closing,
    "refused": says(b"451 4.3.0 Later\r\n"),
    "nonsense": says_instead(b"\0\xff what?\r\n"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_was_accepted_at_any_command_is_kept_once(feeding: Feeding, fault: Fault) -> None:
    feeding.proxy.heard.clear()
    assert feeding.hand_over(feeding.mail()) == {SUPPORT, JOBS}
    for number in range(feeding.proxy.heard.index("CONTENT") + 2):
        feeding.check(at(number, fault), timeout=1)


def test_an_answer_that_never_comes_leaves_the_mail_with_its_giver_and_us(feeding: Feeding) -> None:
    feeding.check(on("CONTENT", stall), timeout=0.5)


@pytest.mark.parametrize("count", [0, 1, 100, BIG])
def test_half_a_mail_is_not_kept(feeding: Feeding, count: int) -> None:
    raw = feeding.mail(2 * BIG + count)
    before = feeding.installed.count("select count(*) from inbound_receivedmail")
    assert feeding.hand_over(raw, on("DATA", goes_after(count))) == set()
    assert feeding.installed.count("select count(*) from inbound_receivedmail") == before
    feeding.assert_kept_once(raw)


def test_postfix_hands_over_again_what_it_did_not_hear_of_and_it_is_one_call(feeding: Feeding) -> None:
    need_postfix()
    faults = [drop_before, drop_after, drop_midway, closing, says(b"451 4.3.0 Later\r\n"), stall]
    with server_folder() as folder:
        transports = f"/@desk[.]example$/ lmtp:inet:127.0.0.1:{feeding.proxy.port}\n"
        # not patient: a lost answer is one of half a second, and a server that failed is tried at once
        extra = (
            "lmtp_tls_security_level = none\nlmtp_data_done_timeout = 1s\ntransport_retry_time = 1s\n"
            "lmtp_destination_concurrency_failed_cohort_limit = 0\nminimal_backoff_time = 1s\n"
        )
        with Postfix(folder, extra=extra, transports=transports) as postfix:
            names = [f"postfix-{number}" for number in range(len(faults))]
            feeding.proxy.fault = on("CONTENT", one_after_the_other(faults))
            with smtplib.SMTP("127.0.0.1", postfix.smtp_port) as client:
                for number, name in enumerate(names):
                    text = "x" * (BIG if number % 3 == 1 else 10)
                    client.sendmail(
                        "ann@k.example", [SUPPORT], mail(subject=name, text=text, message_id=f"<{name}@k>")
                    )
            assert wait_for(lambda: emptied(postfix), 60, pause=0.5), postfix.log[-3000:]
            assert postfix.log.count("status=deferred") >= len(faults)
            assert "status=bounced" not in postfix.log
    calls = "select count(*) from desk_call where subject like 'postfix-%'"
    feeding.installed.wait(lambda: feeding.installed.count(calls) >= len(names), "the calls")
    time.sleep(0.5)
    assert feeding.installed.count(calls) == len(names)


def one_after_the_other(faults: list[Fault]) -> Fault:
    """Each fault once, and then none."""
    left = iter(faults)

    def fault(exchange: Exchange) -> None:
        next(left, pass_on)(exchange)

    return fault


def emptied(postfix: Postfix) -> bool:
    """Whether the queue is empty; what was deferred is tried again at once."""
    postfix.flush()
    return postfix.queued == 0
