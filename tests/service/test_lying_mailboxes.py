"""Mailboxes that lie, refuse, change underneath, or show a bad certificate: each mail is journalled once."""

import imaplib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from desks import Desk, mail
from hostile_mailboxes import (
    IMPATIENT,
    MAILS,
    Mailboxes,
    behind,
    both_servers,
    impatient,
    journal,
    mailboxes,
    protocol,
    server,
)
from mailcall.desk.models import Call
from mailcall.inbound.act import act_on_next
from mailcall.inbound.models import IncomingAccount, ReceivedMail
from servers.certificates import make_certificates
from servers.cyrus import Cyrus
from servers.dovecot import Dovecot
from servers.process import HOST
from servers.proxy import Cut, Exchange, Fault, Proxy, changes, on, pass_on, says

pytestmark = pytest.mark.servers
__all__ = ["impatient", "mailboxes", "protocol", "server"]

imap = pytest.mark.parametrize("protocol", ["imap"], indirect=True)
pop3 = pytest.mark.parametrize("protocol", ["pop3"], indirect=True)


def with_numbers(pattern: bytes, change: Callable[[int], int]) -> Fault:
    """The server's answer, with the number changed that stands for `#` in the pattern."""
    before, after = pattern.split(b"#")
    found = re.compile(b"(" + before + rb")(\d+)(?=" + after + b")")
    return changes(lambda answer: found.sub(lambda m: m[1] + b"%d" % max(0, change(int(m[2]))), answer))


@imap
@pytest.mark.parametrize("by", [-10_000, -2, -1, 1, 2, 3, 40, 10**15])
def test_a_literal_of_another_size_than_it_says_is_no_mail(mailboxes: Mailboxes, by: int) -> None:
    mailboxes.fill()
    lie = with_numbers(rb"BODY\[\] \{#\}", lambda size: size + by)
    assert mailboxes.collect(on("UID FETCH", lie), timeout=IMPATIENT)
    assert journal() == []
    mailboxes.assert_all_is_well()


@pytest.mark.parametrize("size", [0, 1, 20_000_000, 10**19])
def test_sizes_in_the_listing_that_are_wrong_change_nothing(mailboxes: Mailboxes, size: int) -> None:
    mailboxes.fill()
    by_imap = on("UID FETCH", with_numbers(rb"RFC822\.SIZE #\D", lambda _: size))
    by_pop3 = on("LIST", with_numbers(rb"\n\d+ #\r", lambda _: size))
    assert mailboxes.collect(by_imap if mailboxes.account.protocol == "imap" else by_pop3) == ""
    mailboxes.assert_journalled_once()
    mailboxes.assert_all_is_well()


@pytest.mark.parametrize("size", [10**10, 10**18 - 1])
def test_a_mail_that_only_claims_to_be_too_big_is_not_lost(mailboxes: Mailboxes, size: int) -> None:
    mailboxes.fill()
    by_imap = on("UID FETCH", with_numbers(rb"RFC822\.SIZE #\D", lambda _: size))
    by_pop3 = on("LIST", with_numbers(rb"\n\d+ #\r", lambda _: size))
    assert mailboxes.collect(by_imap if mailboxes.account.protocol == "imap" else by_pop3) == ""
    assert ReceivedMail.objects.count() == len(MAILS)
    assert len(mailboxes.server.mails(mailboxes.user)) == len(MAILS)


@pop3
@pytest.mark.parametrize("more", [b"5 10", b"99 10", b"0 10", b"1 10"])
def test_a_listing_of_mails_that_are_not_there_hides_no_other(mailboxes: Mailboxes, more: bytes) -> None:
    mailboxes.fill()
    mailboxes.collect(on("LIST", changes(lambda answer: answer[:-3] + more + b"\r\n.\r\n")))
    mailboxes.assert_journalled_once()
    mailboxes.assert_all_is_well()


REFUSALS = {
    ("imap", "UID STORE"): b"{tag} NO [NOPERM] not yours\r\n",
    ("imap", "UID EXPUNGE"): b"{tag} NO [NOPERM] not yours\r\n",
    ("imap", "UID MOVE"): b"{tag} NO [OVERQUOTA] no room\r\n",
    ("pop3", "DELE"): b"-ERR not yours\r\n",
    ("pop3", "QUIT"): b"-ERR some deleted messages not removed\r\n",
}


@both_servers
@pytest.mark.parametrize(("protocol", "verb"), REFUSALS, indirect=["protocol"])
def test_a_server_that_does_not_delete_keeps_back_no_new_mail(mailboxes: Mailboxes, verb: str) -> None:
    if verb == "UID MOVE":
        mailboxes.change(disposal="move", move_to="Done")
    elif mailboxes.account.protocol == "imap":
        mailboxes.change(session_limit=2)  # several batches
    mailboxes.fill()
    refusal = on(verb, says(REFUSALS[mailboxes.account.protocol, verb]))
    new = mail(subject="Came meanwhile")
    assert mailboxes.collect(refusal)
    mailboxes.assert_journalled_once()
    mailboxes.server.deliver(mailboxes.user, new)
    for _ in range(2):
        told = mailboxes.collect(refusal)
        assert told or verb == "UID EXPUNGE"  # what is flagged as deleted is not asked for again
        mailboxes.assert_journalled_once(*MAILS, new)
    mailboxes.settle()
    mailboxes.assert_journalled_once(*MAILS, new)
    assert mailboxes.server.mails(mailboxes.user) == []


@imap
def test_a_farewell_between_two_mails_is_said_and_both_come_later(mailboxes: Mailboxes) -> None:
    def farewell(exchange: Exchange) -> None:
        answer = exchange.ask()
        if b"BODY[]" not in answer:
            exchange.say(answer)
            return
        exchange.say(answer[: answer.index(b"\r\n* 2 FETCH")] + b"\r\n* BYE Going down for a while\r\n")
        raise Cut

    mailboxes.fill()
    assert "Going down for a while" in mailboxes.collect(on("UID FETCH", farewell))
    assert journal() == []
    mailboxes.assert_all_is_well()


POOR = changes(lambda answer: re.sub(rb" (MOVE|UIDPLUS|IDLE|ESEARCH|SASL-IR|LITERAL\+)\b", b"", answer))


@both_servers
@imap
@pytest.mark.parametrize("disposal", ["delete", "move"])
def test_without_move_uidplus_and_idle_each_mail_comes_once(mailboxes: Mailboxes, disposal: str) -> None:
    mailboxes.change(disposal=disposal, move_to="Done")
    mailboxes.fill()
    mailboxes.proxy.heard.clear()
    for _ in range(3):
        assert mailboxes.collect(on("CAPABILITY", POOR)) == ""
    mailboxes.assert_journalled_once()
    assert mailboxes.server.mails(mailboxes.user) == []
    assert not {"UID MOVE", "UID EXPUNGE", "EXPUNGE", "IDLE"} & set(mailboxes.proxy.heard)
    if disposal == "move":
        assert len(mailboxes.server.mails(mailboxes.user, "Done")) == len(MAILS)


@imap
def test_a_folder_that_was_rebuilt_gives_kept_mails_again_and_no_second_call(
    mailboxes: Mailboxes, desk: Desk
) -> None:
    mailboxes.change(disposal="keep")
    mailboxes.fill()
    assert mailboxes.collect() == ""
    for _ in range(2):
        rebuilt = with_numbers(rb"\[UIDVALIDITY #\]", lambda validity: validity + 1)
        assert mailboxes.collect(on("EXAMINE", rebuilt)) == ""
    assert ReceivedMail.objects.count() == 2 * len(MAILS)
    while act_on_next():
        pass
    assert Call.objects.count() == len(MAILS)


def deleting(mailboxes: Mailboxes, number: int) -> Callable[[], None]:
    """Another client's deleting of a mail, which can be done once."""

    def delete() -> None:
        with imaplib.IMAP4(HOST, mailboxes.server.imap_port) as client:
            client.login(mailboxes.user, "secret")
            client.select()
            client.store(str(number), "+FLAGS", r"(\Deleted)")
            client.expunge()
            done.append(True)

    done: list[bool] = []
    return lambda: None if done else delete()


@both_servers
@pytest.mark.parametrize(
    ("protocol", "verb"),
    [
        *[("imap", verb) for verb in ("UID SEARCH", "UID FETCH", "UID STORE", "UID EXPUNGE")],
        *[("pop3", verb) for verb in ("LIST", "RETR", "DELE", "QUIT")],
    ],
    indirect=["protocol"],
)
def test_a_mail_that_another_client_deletes_meanwhile_hides_no_other(mailboxes: Mailboxes, verb: str) -> None:
    if isinstance(mailboxes.server, Cyrus) and mailboxes.account.protocol == "pop3":
        pytest.skip("while a POP3 session is open, Cyrus lets nobody else delete (RFC 1939 4)")
    mailboxes.fill()
    delete = deleting(mailboxes, 2)

    def meanwhile(exchange: Exchange) -> None:
        delete()
        pass_on(exchange)

    mailboxes.collect(on(verb, meanwhile))
    mailboxes.settle()
    others = [raw for raw in MAILS if raw != MAILS[1]]
    mailboxes.assert_journalled_once(*(MAILS if MAILS[1] in journal() else others))
    assert mailboxes.server.mails(mailboxes.user) == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("bad", ["expired", "wrong name", "unknown authority"])
def test_a_bad_certificate_is_said_and_no_password_is_sent(
    security: str,
    bad: str,
    protocol: str,
    server: Dovecot | Cyrus,
    desk: Desk,
    impatient: None,
    tmp_path: Path,
) -> None:
    name = "elsewhere.example" if bad == "wrong name" else "localhost"
    shown = make_certificates(tmp_path / "shown", expired=bad == "expired", name=name)
    trusted = make_certificates(tmp_path / "other") if bad == "unknown authority" else shown
    port = server.imap_port if protocol == "imap" else server.pop3_port
    with Proxy(protocol, port, certificates=shown, tls=security == "tls") as proxy:
        hostile = behind(proxy, server, desk, protocol, security=security, ca_file=str(trusted.ca))
        hostile.fill()
        assert "can't be trusted" in hostile.collect()
        assert not {"LOGIN", "AUTHENTICATE", "AUTH", "USER", "PASS"} & set(proxy.heard)
    good = make_certificates(tmp_path / "good")
    with Proxy(protocol, port, certificates=good, tls=security == "tls") as proxy:
        IncomingAccount.objects.update(port=proxy.port, ca_file=str(good.ca))
        hostile.proxy = proxy
        hostile.assert_all_is_well()
