"""A mailbox of a real server behind a proxy that plays faults, collected in this process."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from desks import Desk, mail
from mailcall.inbound.collect import CollectFailed, collect
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from mailcall.mailbox.interface import BIG
from servers.cyrus import Cyrus
from servers.dovecot import Dovecot
from servers.proxy import Fault, Proxy, at, pass_on

MAILS = [
    mail(subject="One"),
    mail(subject="Two", text="Not\n.\n..\nthe end\n* 9 EXISTS\n+OK\n)\n"),
    mail(subject="Big", text=("All work and no play. " * 40 + "\n.\n") * (BIG // 800)),
    mail(subject="Four"),
]
IMPATIENT, PATIENT = 0.2, 20.0  # seconds that are waited for an answer


@dataclass
class Mailboxes:
    """A mailbox behind the proxy, filled again and again, and the account that collects it."""

    server: Dovecot | Cyrus
    proxy: Proxy
    account: IncomingAccount
    user: str

    def fill(self, *mails: bytes) -> None:
        """These mails in the mailbox, which was empty, and a journal that knows nothing."""
        for raw in mails or MAILS:
            self.server.deliver(self.user, raw)
        ReceivedMail.objects.all().delete()

    def change(self, **settings: object) -> None:
        """Other settings of the account."""
        IncomingAccount.objects.filter(pk=self.account.pk).update(**settings)

    def collect(self, fault: Fault = pass_on, *, timeout: float = PATIENT) -> str:
        """Check once with the fault; the sentence that the check ends with, if it fails."""
        self.account.refresh_from_db()
        self.account.timeout = timeout
        self.proxy.fault = fault
        try:
            collect(self.account)
        except CollectFailed as failed:
            sentence = str(failed)
        else:
            sentence = ""
        self.proxy.fault = pass_on
        self.account.refresh_from_db()
        assert sentence.removeprefix("Account Support: ") == self.account.last_error
        assert not sentence or is_clear(sentence), sentence
        return sentence

    def commands(self) -> range:
        """The numbers of what is said in a check that goes well, the greeting's included."""
        self.fill()
        self.proxy.heard.clear()
        assert self.collect() == ""
        self.assert_journalled_once()
        return range(len(self.proxy.heard))

    def check_each_command(self, *faults: Fault, timeout: float = PATIENT) -> None:
        """Each fault at each command of a check, and after each a check that goes well."""
        for number in self.commands():
            for fault in faults:
                self.fill()
                self.collect(at(number, fault), timeout=timeout)
                self.assert_all_is_well()

    def settle(self) -> None:
        """Check without a fault until all is well: a server may hold the lock of a session that broke off."""
        deadline = time.monotonic() + 20
        while sentence := self.collect():
            assert time.monotonic() < deadline, sentence
            time.sleep(0.05)

    def assert_journalled_once(self, *mails: bytes) -> None:
        """Nothing lost, nothing twice."""
        assert sorted(journal()) == sorted(mails or MAILS)

    def assert_all_is_well(self) -> None:
        """After the next check, the journal has each mail once, and the mailbox none."""
        self.settle()
        self.assert_journalled_once()
        assert self.server.mails(self.user) == []


def journal() -> list[bytes]:
    return [received.read_raw() for received in ReceivedMail.objects.all()]


def is_clear(sentence: str) -> bool:
    """One line for people: whole, not too long, with neither a secret nor the insides of a program."""
    inside = r"secret|c2VjcmV0|Traceback|Errno|Exception|\w+Error|b'|\n|[^\x20-\x7e]"
    return sentence.endswith(".") and len(sentence) < 500 and not re.search(inside, sentence)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an account's attribute `timeout` count, which is no setting."""
    settings = IncomingAccount.mailbox_settings
    monkeypatch.setattr(
        IncomingAccount,
        "mailbox_settings",
        lambda self: replace(settings(self), timeout=getattr(self, "timeout", PATIENT)),
    )


both_servers = pytest.mark.parametrize("server", ["dovecot", "cyrus"], indirect=True)


@pytest.fixture(params=["dovecot", pytest.param("cyrus", marks=pytest.mark.long)])
def server(request: pytest.FixtureRequest) -> Dovecot | Cyrus:
    """Dovecot, and in the long tests Cyrus; `both_servers` has both always."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["imap", "pop3"])
def protocol(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def mailboxes(protocol: str, server: Dovecot | Cyrus, desk: Desk, impatient: None) -> Iterator[Mailboxes]:
    with Proxy(protocol, server.imap_port if protocol == "imap" else server.pop3_port) as proxy:
        yield behind(proxy, server, desk, protocol)


def behind(proxy: Proxy, server: Dovecot | Cyrus, desk: Desk, protocol: str, **settings: object) -> Mailboxes:
    account, user = desk.account, server.new_user()
    given = {"protocol": protocol, "server": "localhost", "port": proxy.port, "security": "plain"}
    for name, value in {**given, "login": user, "password": "secret", **settings}.items():
        setattr(account, name, value)
    account.save()
    return Mailboxes(server, proxy, account, user)
