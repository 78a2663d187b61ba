"""High-water marks: what they cover is done with, and costs nothing at the next check."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from desks import Desk
from mailcall.inbound import models
from mailcall.inbound.collect import collect
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from mailcall.mailbox import imap_wire, open_mailbox, pop3_wire
from mailcall.mailbox.imap import ImapMailbox
from mailcall.mailbox.imap_mark import MOST_OWED, Mark
from mailcall.mailbox.interface import Fetched
from mailcall.mailbox.pop3 import Pop3Mailbox
from servers.account import MAIL, Account
from servers.dovecot import Dovecot


def read_again(mark: Mark) -> Mark:
    return Mark(str(mark))


def test_nothing_is_covered_at_first():
    assert str(Mark()) == "0"
    assert Mark().new_among([3, 1, 2, 2]) == [1, 2, 3]


def test_a_refused_mail_is_owed_and_holds_nothing_up():
    mark = Mark()
    mark.listed([1, 2, 3])
    mark.tried([1, 2, 3])
    mark.stay([1, 3])
    assert str(mark) == "3:2"
    assert read_again(mark).new_among([1, 2, 3, 4]) == [2, 4]


def test_an_owed_mail_that_comes_or_goes_is_owed_no_more():
    came, gone = Mark("9:2,5"), Mark("9:2,5")
    came.listed(came.new_among([2, 5]))
    came.stay([5])
    assert str(came) == "9:2"
    gone.listed(gone.new_among([5]))
    assert str(gone) == "9:5"


def test_a_mail_that_was_not_asked_for_yet_holds_the_mark():
    mark = Mark()
    mark.listed([1, 2, 3])
    mark.stay([3])
    assert str(mark) == "0"
    assert mark.new_among([1, 2, 3]) == [1, 2]
    mark.stay([1])
    assert str(mark) == "1"
    mark.stay([2])
    assert str(mark) == "3"


def test_more_than_the_most_that_may_be_owed_hold_the_mark():
    refused = range(1, MOST_OWED + 100)
    mark = Mark()
    mark.listed([*refused, 9_000, 9_001])
    mark.tried([*refused, 9_000, 9_001])
    mark.stay([9_000, 9_001])
    assert str(mark) == "0"
    mark.gone(refused[:99])
    assert mark.after == 9_001
    assert len(mark.owed) == MOST_OWED


def test_what_is_deleted_raises_no_mark_and_what_is_left_behind_it_does():
    mark = Mark()
    mark.listed([1, 2, 3, 4])
    mark.tried([1, 2, 3, 4])
    mark.gone([1, 2, 4])
    assert str(mark) == "0"
    mark.stay([3])
    assert str(mark) == "3"


mails = st.sets(st.integers(1, 40))


@given(st.lists(st.tuples(mails, mails, mails, mails)))
def test_no_mail_is_ever_covered_before_it_is_done_with(rounds):
    """Each round: which mails come, and of those listed which stay, which go, and which are asked for."""
    mark, there, done, first = Mark(), set[int](), set[int](), 0
    for new, staying, going, tried in rounds:
        there |= {first + uid for uid in new}
        first += 40
        mark = read_again(mark)
        listed = mark.new_among(sorted(there))
        assert there - done <= set(listed)
        mark.listed(listed)
        mark.tried({uid for uid in listed if uid % 40 in tried})
        for uid in listed:
            if uid % 40 in staying:
                mark.stay([uid])
                done.add(uid)
            elif uid % 40 in going:
                mark.gone([uid])
                there.discard(uid)


class Traffic:
    """What went over the wire of each protocol, and what the database was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands = self.received = 0
        for wire in (imap_wire.Wire, pop3_wire.Wire):
            self._count(monkeypatch, wire, "_receive")
            self._count(monkeypatch, wire, "_send" if wire is imap_wire.Wire else "send")

    def _count(self, monkeypatch: pytest.MonkeyPatch, wire: type, name: str) -> None:
        method = getattr(wire, name)

        def counting(this: object, *arguments: object) -> object:
            if "send" in name:
                self.commands += 1
                return method(this, *arguments)
            before = len(this._buffer)
            got = method(this, *arguments)
            self.received += len(got) if got is not None else len(this._buffer) - before
            return got

        monkeypatch.setattr(wire, name, counting)

    def of_check(self, account: IncomingAccount) -> tuple[int, int, int]:
        """Commands, bytes received and queries of a check that finds nothing, as the one before it did."""
        account.refresh_from_db()
        assert collect(account) == 0
        self.commands = self.received = 0
        with CaptureQueriesContext(connection) as queries:
            assert collect(account) == 0
        return self.commands, self.received, len(queries)


@pytest.fixture
def traffic(monkeypatch: pytest.MonkeyPatch) -> Traffic:
    return Traffic(monkeypatch)


@pytest.fixture
def connected(desk: Desk, dovecot: Dovecot) -> Callable[..., Account]:
    """Has the small desk's account collected by a protocol from a mailbox of its own."""

    def connect(protocol: str, **settings: object) -> Account:
        mailbox = Account(dovecot, dovecot.new_user())
        port = dovecot.imaps_port if protocol == "imap" else dovecot.pop3s_port
        fields = {"protocol": protocol, "server": "localhost", "port": port, "login": mailbox.user}
        fields |= {"password": "secret", "ca_file": dovecot.ca_file, "high_water": {}, **settings}
        for name, value in fields.items():
            setattr(desk.account, name, value)
        desk.account.save()
        return mailbox

    return connect


@pytest.mark.servers
def test_a_check_of_1000_kept_mails_costs_what_one_of_none_does_by_imap(
    desk: Desk, connected: Callable[..., Account], traffic: Traffic
) -> None:
    mailbox = connected("imap", disposal="keep")
    none = traffic.of_check(desk.account)
    mailbox.deliver(*[MAIL + b"%d\r\n" % number for number in range(1_000)])
    assert collect(desk.account) == 1_000
    commands, received, queries = traffic.of_check(desk.account)
    assert (commands, queries) == (none[0], none[2])
    assert received < none[1] + 100


@pytest.mark.servers
def test_mails_that_are_never_handed_over_cost_only_themselves(
    desk: Desk, connected: Callable[..., Account], traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = ImapMailbox._fetch

    def refusing(self: ImapMailbox, uids: Sequence[int], *rest: object) -> dict[int, Fetched]:
        return {uid: mail for uid, mail in fetch(self, uids, *rest).items() if uid not in {1, 500}}

    monkeypatch.setattr(ImapMailbox, "_fetch", refusing)
    mailbox = connected("imap", disposal="keep")
    mailbox.deliver(*[MAIL + b"%d\r\n" % number for number in range(1_000)])
    assert collect(desk.account) == 998
    commands, received, queries = traffic.of_check(desk.account)
    assert commands < 14
    assert received < 4_000
    assert queries < 12
    monkeypatch.undo()
    assert collect(desk.account) == 2
    assert desk.account.high_water["INBOX"].endswith(":1000")


@pytest.mark.servers
def test_a_check_of_kept_mails_asks_the_database_nothing_of_them_by_pop3(
    desk: Desk, connected: Callable[..., Account], traffic: Traffic
) -> None:
    mailbox = connected("pop3", disposal="keep")
    none = traffic.of_check(desk.account)
    mailbox.deliver(*[MAIL + b"%d\r\n" % number for number in range(1_000)])
    assert collect(desk.account) == 1_000
    commands, received, queries = traffic.of_check(desk.account)
    assert (commands, queries) == (none[0], none[2])
    assert received < none[1] + 1_000 * 40  # the two listings, which POP3 can't do without


@pytest.mark.servers
def test_a_mail_that_pop3_never_hands_over_costs_only_itself(
    desk: Desk, connected: Callable[..., Account], traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = Pop3Mailbox._receive

    def refusing(self: Pop3Mailbox, key: str, got: dict[str, Fetched], spool: Path) -> object:
        refused = receive(self, key, got, spool)
        if self._entries[key].number in {1, 250}:
            del got[key]
        return refused

    monkeypatch.setattr(Pop3Mailbox, "_receive", refusing)
    mailbox = connected("pop3", disposal="keep")
    mailbox.deliver(*[MAIL + b"%d\r\n" % number for number in range(500)])
    assert collect(desk.account) == 498
    _, _, queries = traffic.of_check(desk.account)
    assert queries < 14
    mark = IncomingAccount.objects.get().high_water
    assert mark[""].endswith(":1,250")
    monkeypatch.undo()
    assert collect(desk.account) == 2
    assert ReceivedMail.objects.count() == 500


@pytest.mark.servers
@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_mails_that_are_too_big_and_left_cost_nothing_from_the_second_check_on(
    desk: Desk,
    connected: Callable[..., Account],
    traffic: Traffic,
    protocol: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "MB", 1024)
    mailbox = connected(protocol, size_limit=1)
    none = traffic.of_check(desk.account)
    mails = [MAIL + b"%d\r\n" % number for number in range(300)]
    mailbox.deliver(*[mail + b"x" * 2_000 if number % 3 else mail for number, mail in enumerate(mails)])
    assert collect(desk.account) == 300
    assert len(mailbox.mails()) == 200
    commands, received, queries = traffic.of_check(desk.account)
    assert (commands, queries) == (none[0], none[2])
    assert received < none[1] + (100 if protocol == "imap" else 200 * 40)
    mailbox.deliver(MAIL)
    assert collect(desk.account) == 1
    assert len(mailbox.mails()) == 200


def test_a_maildir_of_1000_kept_mails_is_not_looked_through(desk: Desk, traffic: Traffic) -> None:
    desk.account.disposal = "keep"
    desk.account.save()
    none = traffic.of_check(desk.account)
    for number in range(1_000):
        desk.deliver(MAIL + b"%d\r\n" % number)
    assert collect(desk.account) == 1_000
    assert traffic.of_check(desk.account) == none


@pytest.mark.long
@pytest.mark.servers
@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_a_mailbox_of_100000_kept_mails(
    desk: Desk, connected: Callable[..., Account], traffic: Traffic, protocol: str
) -> None:
    mailbox = connected(protocol, disposal="keep")
    none = traffic.of_check(desk.account)
    for _ in range(10):
        (first,) = mailbox.deliver(MAIL)
        for number in range(1, 10_000):  # a file may have 65,000 names
            os.link(first, first.parent / f"{time.time_ns()}.{number}.test")
    with open_mailbox(protocol, desk.account.mailboxes()[0]) as session:
        while listed := session.list():
            session.dispose([mail.key for mail in listed])
        desk.account.high_water = {desk.account.folders[0]: session.high_water}
    desk.account.save()
    commands, received, queries = traffic.of_check(desk.account)
    assert (commands, queries) == (none[0], none[2])
    assert received < none[1] + (100 if protocol == "imap" else 100_000 * 40)
