"""Mailboxes that break off, fall silent or talk nonsense: each mail is journalled once, and none stays."""

import threading

import pytest

from hostile_mailboxes import IMPATIENT, MAILS, Mailboxes, impatient, mailboxes, protocol, server
from mailcall.mailbox import open_mailbox
from mailcall.mailbox.interface import MailboxError
from servers.proxy import Fault, drop_after, drop_before, drop_midway, endless, on, says_instead, stall

pytestmark = pytest.mark.servers
__all__ = ["impatient", "mailboxes", "protocol", "server"]

long = pytest.mark.long
LOST = {"before": drop_before, "after": drop_after, "midway": drop_midway}
IMAP_NONSENSE = [
    b"\0\xff\xfe nonsense\r\n",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\r\n",
    pytest.param(b"* BYE\r\n", marks=long),
    pytest.param(b"+ go on\r\n", marks=long),
    b"{tag}\r\n",
    b"{tag} MAYBE\r\n",
    b"{tag} OK done\r\n",
    b"{tag} OK done\r\n{tag} OK done\r\n",
    b"* OK [UIDVALIDITY " + b"7" * 5000 + b"] now\r\n{tag} OK done\r\n",
    b"* SEARCH one 2.5 -3 \xb2\r\n{tag} OK done\r\n",
    b"* SEARCH " + b"7" * 5000 + b"\r\n{tag} OK done\r\n",
    b"* " + b"7" * 5000 + b" EXISTS\r\n{tag} OK done\r\n",
    b"* 1 FETCH (UID " + b"7" * 5000 + b" RFC822.SIZE " + b"7" * 5000 + b")\r\n{tag} OK done\r\n",
    b"* 1 FETCH (UID 987654 BODY[] {3}\r\nabc)\r\n{tag} OK done\r\n",
    b"* 1 FETCH (UID 987654 BODY[] {" + b"7" * 5000 + b"}\r\n",
]
POP3_NONSENSE = [
    b"\0\xff\xfe nonsense\r\n",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\r\n",
    pytest.param(b"+OK\r\n", marks=long),
    b"+ go on\r\n",
    b"-ERR\r\n",
    b"-ERR [" + b"X" * 5000 + b"] no\r\n",
    b"-OK\r\n",
]
POP3_NONSENSE_LISTINGS = [
    b"+OK\r\n.\r\n",
    b"+OK\r\n\r\n.\r\n",
    b"+OK\r\n1 " + b"7" * 5000 + b"\r\n.\r\n",
    b"+OK\r\n" + b"7" * 5000 + b" 1\r\n.\r\n",
    b"+OK\r\n-1 -1\r\n0 0\r\n.\r\n",
    b"+OK\r\n1 \xb2\r\n.\r\n",
]


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_connection_lost_at_any_command_loses_no_mail(mailboxes: Mailboxes, fault: Fault) -> None:
    mailboxes.check_each_command(fault)


@pytest.mark.parametrize("server", ["cyrus"], indirect=True)
def test_an_answer_lost_at_any_command_of_another_server_loses_no_mail(mailboxes: Mailboxes) -> None:
    mailboxes.check_each_command(drop_after)


def test_a_server_that_falls_silent_at_any_command_loses_no_mail(mailboxes: Mailboxes) -> None:
    mailboxes.check_each_command(stall, timeout=IMPATIENT)


@pytest.mark.parametrize("protocol", ["imap"], indirect=True)
@pytest.mark.parametrize("words", IMAP_NONSENSE)
def test_nonsense_at_any_command_of_imap_loses_no_mail(mailboxes: Mailboxes, words: bytes) -> None:
    mailboxes.check_each_command(says_instead(words), timeout=IMPATIENT)


@pytest.mark.parametrize("protocol", ["pop3"], indirect=True)
@pytest.mark.parametrize("words", POP3_NONSENSE)
def test_nonsense_at_any_command_of_pop3_loses_no_mail(mailboxes: Mailboxes, words: bytes) -> None:
    mailboxes.check_each_command(says_instead(words), timeout=IMPATIENT)


@pytest.mark.parametrize("protocol", ["pop3"], indirect=True)
@pytest.mark.parametrize("words", POP3_NONSENSE_LISTINGS)
def test_nonsense_in_a_listing_of_pop3_loses_no_mail(mailboxes: Mailboxes, words: bytes) -> None:
    for verb in ("LIST", "UIDL", "CAPA"):
        mailboxes.fill()
        mailboxes.collect(on(verb, says_instead(words)), timeout=IMPATIENT)
        mailboxes.assert_all_is_well()


@pytest.mark.parametrize("verb", ["GREETING", "LIST", "RETR", "UID SEARCH", "UID FETCH", "QUIT", "LOGOUT"])
def test_a_line_without_an_end_is_given_up(mailboxes: Mailboxes, verb: str) -> None:
    mailboxes.fill()
    mailboxes.collect(on(verb, endless))
    mailboxes.assert_all_is_well()


@pytest.mark.parametrize("protocol", ["imap"], indirect=True)
def test_a_connection_lost_while_waiting_is_a_trouble_that_mends_itself(mailboxes: Mailboxes) -> None:
    mailboxes.account.refresh_from_db()
    with open_mailbox("imap", mailboxes.account.mailbox_settings()) as mailbox:
        threading.Timer(0.2, lambda: [mailboxes.server.deliver(mailboxes.user, raw) for raw in MAILS]).start()
        assert mailbox.wait(20)
        assert len(mailbox.list()) > 0
        mailbox.wait(0)
        threading.Timer(0.2, mailboxes.proxy.cut).start()
        with pytest.raises(MailboxError) as caught:
            while True:
                mailbox.wait(20)
        assert caught.value.temporary
    mailboxes.assert_all_is_well()
