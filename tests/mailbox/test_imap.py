"""What collecting from an IMAP server does, against a real Dovecot and a real Cyrus."""

import logging
import threading
import time
from dataclasses import replace

import pytest

from mailcall.mailbox import batches, open_mailbox
from mailcall.mailbox import imap as imap_module
from mailcall.mailbox.imap import ImapMailbox
from mailcall.mailbox.interface import BATCH_MAILS, BIG, Disposal, Listed, MailboxError, Security
from servers.account import MAIL, Account
from servers.cyrus import Cyrus
from servers.dovecot import Dovecot
from servers.fixtures import need_dovecot, server_folder

pytestmark = pytest.mark.servers


@pytest.fixture
def make_server():
    """A Dovecot of one's own, for what the shared one does not do."""
    need_dovecot()
    with server_folder() as folder:
        servers = []

        def make(**options):
            server = Dovecot(folder / str(len(servers)), **options)
            servers.append(server.start())
            return Account(server, server.new_user())

        yield make
        for server in servers:
            server.stop()


@pytest.mark.parametrize("security", Security)
def test_a_mail_comes_byte_for_byte_over_every_kind_of_connection(account, collect, security):
    raw = b"Subject: \xff\xfe bytes\r\n\r\n.\r\n)\r\n* 1 FETCH (UID 9)\r\n\r\n"
    account.deliver(raw)
    changes = {} if security is Security.TLS else {"security": security}
    with account.open(**changes) as mailbox:
        (mail,) = collect(mailbox)
    assert mail.raw == raw
    assert mail.size == len(raw)
    assert mail.arrived is not None
    assert mail.arrived.tzinfo is not None


@pytest.mark.parametrize("method", ["auto", "plain", "login", "cram-md5"])
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.PLAIN])
def test_every_method_of_sign_in_works(account, method, security):
    if method == "cram-md5" and isinstance(account.server, Cyrus):
        pytest.skip("Cyrus is set up without the passwords that this needs")
    with account.open(auth_method=method, security=security) as mailbox:
        assert mailbox.list() == []


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.PLAIN])
@pytest.mark.parametrize("method", ["auto", "scram-sha-256", "scram-sha-1"])
def test_the_password_goes_to_nobody_where_the_server_offers_scram(make_server, method, security):
    account = make_server(mechanisms="plain cram-md5 scram-sha-1 scram-sha-256")
    with account.open(auth_method=method, security=security) as mailbox:
        assert mailbox.list() == []
    used = "SCRAM-SHA-1" if method == "scram-sha-1" else "SCRAM-SHA-256"
    assert f"method={used}," in account.server.log
    with pytest.raises(MailboxError, match="did not accept login and password"):
        account.open(auth_method=method, security=security, password="wrong").__enter__()


def test_a_password_with_any_characters_works(dovecot):
    password = 'p"ä\\ß %s€'
    user = dovecot.add_user(f"odd-{time.time_ns()}@mail.example", password)
    for method in ("plain", "login", "cram-md5"):
        with Account(dovecot, user).open(password=password, auth_method=method) as mailbox:
            assert mailbox.list() == []


def test_the_identity_names_server_login_folder_and_lasting_numbers(account):
    account.deliver(MAIL, MAIL)
    with account.open(server="LOCALHOST") as mailbox:
        first, second = mailbox.list()
        with account.open() as again:
            assert [mail.identity for mail in again.list()] == [first.identity, second.identity]
        with account.open(security=Security.STARTTLS) as other_port:
            assert [mail.identity for mail in other_port.list()] == [first.identity, second.identity]
    start = f"imap:{account.user}@localhost/INBOX/"
    assert first.identity.startswith(start)
    assert first.identity.endswith("/1")
    assert second.identity.endswith("/2")


def test_mails_come_in_order_of_arrival_with_their_sizes(account, collect):
    mails = [b"Subject: %d\r\n\r\n" % number + b"x" * number + b"\r\n" for number in range(120)]
    account.deliver(*mails)
    with account.open() as mailbox:
        assert [mail.size for mail in mailbox.list()] == [len(mail) for mail in mails]
        assert [mail.raw for mail in collect(mailbox)] == mails


def test_reading_leaves_a_mail_unread_and_where_it_is(on_dovecot, collect):
    (file,) = on_dovecot.deliver(MAIL)
    with on_dovecot.open(disposal=Disposal.KEEP) as mailbox:
        collect(mailbox)
    assert file.exists()


def test_a_mail_above_the_batch_is_streamed_to_a_file(account, collect, tmp_path):
    big = b"Subject: big\r\n\r\n" + b"0123456789abcdef" * (20 * 65536) + b"\r\n"
    account.deliver(MAIL, big, MAIL)
    with account.open() as mailbox:
        first, second, third = collect(mailbox)
    assert first.raw == third.raw == MAIL
    assert second.raw is None
    assert second.size == len(big) > BIG
    assert second.file.parent == tmp_path
    assert second.file.read_bytes() == big


def test_a_mail_that_vanished_after_the_listing_is_left_out(account, tmp_path):
    account.deliver(MAIL, b"Subject: gone\r\n\r\n", MAIL)
    with account.open() as mailbox, account.open() as somebody_else:
        listed = mailbox.list()
        somebody_else.dispose([listed[1].key])
        assert [mail.key for mail in mailbox.fetch(listed, tmp_path)] == [listed[0].key, listed[2].key]


def test_deleting_twice_is_no_error(account):
    account.deliver(MAIL, MAIL)
    with account.open() as mailbox:
        first, second = mailbox.list()
        mailbox.dispose([first.key])
        mailbox.dispose([first.key])
        assert [mail.key for mail in mailbox.list()] == [second.key]
        mailbox.dispose([first.key, second.key, "999999"])
        assert mailbox.list() == []
    assert account.mails() == []


def test_mails_that_somebody_else_flagged_as_deleted_stay(account):
    account.deliver(MAIL, b"Subject: not ours\r\n\r\n")
    with account.open() as mailbox:
        ours, theirs = mailbox.list()
        mailbox._session.command(b"UID STORE", theirs.key.encode(), rb"+FLAGS (\Deleted)")
        mailbox.dispose([ours.key])
        answer = mailbox._session.command(b"UID SEARCH ALL")
    assert answer[-1].text == b"SEARCH " + theirs.key.encode()


@pytest.mark.parametrize("folder", ["Done", "Erledigt/Aufträge & mehr"])
def test_moving_makes_the_folder_that_is_missing(account, folder):
    account.deliver(MAIL, b"Subject: two\r\n\r\n")
    with account.open(disposal=Disposal.MOVE, move_to=folder) as mailbox:
        listed = mailbox.list()
        mailbox.dispose([listed[0].key])
        mailbox.dispose([listed[0].key, listed[1].key])
        assert mailbox.list() == []
    with account.open(folder=folder) as done:
        assert len(done.list()) == 2


def test_moving_without_a_folder_is_refused_before_anything_happens(account):
    with pytest.raises(MailboxError, match="no folder is named"):
        account.open(disposal=Disposal.MOVE).__enter__()


def test_without_move_a_mail_is_copied_and_then_deleted(make_server):
    account = make_server(capability="IMAP4rev1 UIDPLUS")
    account.deliver(MAIL, b"Subject: two\r\n\r\n")
    with account.open(disposal=Disposal.MOVE, move_to="Done") as mailbox:
        listed = mailbox.list()
        mailbox.dispose([mail.key for mail in listed])
        mailbox.dispose([mail.key for mail in listed])
        assert mailbox.list() == []
    with account.open(folder="Done") as done:
        assert len(done.list()) == 2


def test_without_uidplus_mails_are_flagged_only_and_the_log_says_so_once(make_server, caplog):
    account = make_server(capability="IMAP4rev1 IDLE")
    account.deliver(MAIL, MAIL)
    with caplog.at_level(logging.WARNING), account.open() as mailbox:
        first, second = mailbox.list()
        mailbox.dispose([first.key])
        mailbox.dispose([second.key])
        assert mailbox.list() == []
        assert len(mailbox._session.command(b"UID SEARCH ALL")[-1].text.split()) == 3
    assert len([record for record in caplog.records if "UIDPLUS" in record.message]) == 1


def test_kept_mails_are_not_listed_again(account):
    account.deliver(MAIL, MAIL)
    with account.open(disposal=Disposal.KEEP) as mailbox:
        first, second = mailbox.list()
        assert mailbox.high_water.endswith(":0")
        mailbox.dispose([first.key])
        assert [mail.key for mail in mailbox.list()] == [second.key]
        mark = mailbox.high_water
    with account.open(disposal=Disposal.KEEP, high_water=mark) as mailbox:
        assert [mail.key for mail in mailbox.list()] == [second.key]
        mailbox.dispose([second.key])
        assert mailbox.list() == []  # although `n:*` gives the last mail again
        account.deliver(MAIL)
        assert len(mailbox.list()) == 1
    assert len(account.mails()) == 3


def test_a_mark_left_by_keeping_hides_nothing_from_deleting(account):
    account.deliver(MAIL)
    with account.open(disposal=Disposal.KEEP) as mailbox:
        mailbox.dispose([mail.key for mail in mailbox.list()])
        mark = mailbox.high_water
    with account.open(high_water=mark) as mailbox:
        assert len(mailbox.list()) == 1


@pytest.mark.parametrize("mark", ["1:1", "rubbish", "1:", ":", "99999999999:5", "::", "a:b:c"])
def test_a_mark_of_another_form_means_nothing(account, mark):
    account.deliver(MAIL)
    with account.open(disposal=Disposal.KEEP, high_water=mark) as mailbox:
        assert len(mailbox.list()) == 1


def test_a_mark_of_the_old_form_means_nothing_although_the_numbers_fit(account):
    account.deliver(MAIL)
    with account.open(disposal=Disposal.KEEP) as mailbox:
        mailbox.dispose([mail.key for mail in mailbox.list()])
        _, _, old = mailbox.high_water.partition(":")
    with account.open(disposal=Disposal.KEEP, high_water=old) as mailbox:
        assert len(mailbox.list()) == 1


def test_a_mark_holds_over_another_port_and_case_of_the_server(account):
    account.deliver(MAIL)
    with account.open(disposal=Disposal.KEEP) as mailbox:
        mailbox.dispose([mail.key for mail in mailbox.list()])
        mark = mailbox.high_water
    changes = {"server": "LocalHost", "security": Security.STARTTLS}
    with account.open(disposal=Disposal.KEEP, high_water=mark, **changes) as mailbox:
        assert mailbox.list() == []


def test_a_long_folder_is_listed_in_portions(account, monkeypatch):
    monkeypatch.setattr(imap_module, "LIST_MAILS", 10)
    account.deliver(*[MAIL] * 25)
    seen = []
    with account.open() as mailbox:
        while listed := mailbox.list():
            assert len(listed) <= 10
            seen += listed
            if len(seen) < 25:
                assert mailbox.wait(0)  # at once, since there are more
            mailbox.dispose([mail.key for mail in listed])
            if len(seen) == 25:
                break
    assert len({mail.identity for mail in seen}) == 25
    assert account.mails() == []


def test_the_session_is_opened_again_after_so_many_disposals(account):
    account.deliver(*[MAIL] * 6)
    before = account.server.logins(account.user)
    with account.open(session_limit=2) as mailbox:
        for mail in mailbox.list():
            mailbox.dispose([mail.key])
        assert mailbox.list() == []
    assert account.server.logins(account.user) == before + 4


@pytest.mark.parametrize("move_to", ["", "Done"])
def test_a_batch_above_the_limit_is_disposed_of_over_several_sessions(account, move_to):
    account.deliver(*[MAIL] * 7)
    before = account.server.logins(account.user)
    disposal = Disposal.MOVE if move_to else Disposal.DELETE
    with account.open(session_limit=3, disposal=disposal, move_to=move_to) as mailbox:
        mailbox.dispose([mail.key for mail in mailbox.list()])
        assert mailbox.list() == []
    assert account.server.logins(account.user) == before + 3
    if move_to:
        assert len(account.mails(folder=move_to)) == 7


def test_a_wrong_password_needs_a_person_and_is_not_repeated_in_the_error(on_dovecot):
    for method in ("plain", "login", "cram-md5"):
        with pytest.raises(MailboxError, match="did not accept login and password") as caught:
            on_dovecot.open(password="wrong-secret", auth_method=method).__enter__()
        assert caught.value.temporary is False
        assert "wrong-secret" not in str(caught.value) + repr(caught.value.__cause__)


def test_an_unknown_folder_needs_a_person(account):
    with pytest.raises(MailboxError, match="folder Nowhere") as caught:
        account.open(folder="Nowhere").__enter__()
    assert caught.value.temporary is False


def test_a_folder_name_can_not_become_a_command(account):
    account.deliver(MAIL)
    for name in ('x" NOOP', "x\r\nm9 DELETE INBOX", "x{3}\r\n"):
        with pytest.raises(MailboxError):
            account.open(folder=name).__enter__()
    assert len(account.mails()) == 1


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_an_untrusted_certificate_needs_a_person(account, security):
    changes = {} if security is Security.TLS else {"security": security}
    with pytest.raises(MailboxError, match=r"certificate .* can't be trusted") as caught:
        account.open(ca_file="", **changes).__enter__()
    assert caught.value.temporary is False


def test_a_certificate_for_another_name_needs_a_person(make_server):
    account = make_server(listen="127.0.0.3")
    with pytest.raises(MailboxError, match="can't be trusted"):
        account.open(server="127.0.0.3").__enter__()


def test_a_file_that_is_no_authority_needs_a_person(account, tmp_path):
    (tmp_path / "empty.pem").write_text("nothing")
    for path in ("empty.pem", "missing.pem"):
        with pytest.raises(MailboxError, match="no certification authority") as caught:
            account.open(ca_file=str(tmp_path / path)).__enter__()
        assert caught.value.temporary is False


def test_tls_on_a_port_without_tls_says_what_to_check(account):
    with pytest.raises(MailboxError, match="port and security belong together") as caught:
        account.open(port=account.server.imap_port).__enter__()
    assert caught.value.temporary is False


def test_a_server_that_takes_no_password_unprotected_says_what_to_choose(make_server):
    account = make_server(disable_plaintext=True, mechanisms="plain login", listen="127.0.0.2")
    with pytest.raises(MailboxError, match="choose TLS or STARTTLS") as caught:
        account.open(server="127.0.0.2", security=Security.PLAIN).__enter__()
    assert caught.value.temporary is False
    with account.open(server="127.0.0.2", security=Security.STARTTLS) as mailbox:
        assert mailbox.list() == []


def test_without_starttls_nothing_goes_on_unprotected(make_server):
    account = make_server(ssl=False)
    with pytest.raises(MailboxError, match="does not offer STARTTLS") as caught:
        account.open(security=Security.STARTTLS).__enter__()
    assert caught.value.temporary is False


def test_a_method_that_is_not_offered_is_named(make_server):
    account = make_server(mechanisms="plain")
    with pytest.raises(MailboxError, match="no sign-in by cram-md5; it offers login, plain"):
        account.open(auth_method="cram-md5").__enter__()


def test_idle_is_woken_by_a_new_mail(account):
    with account.open() as mailbox:
        assert mailbox.can_push
        mailbox.list()
        threading.Timer(0.2, account.deliver, [MAIL]).start()
        start = time.monotonic()
        assert mailbox.wait(20)
        assert time.monotonic() - start < 5
        assert len(mailbox.list()) == 1


def test_a_mail_between_the_listing_and_the_waiting_is_told_at_once(account):
    with account.open() as mailbox:
        mailbox.list()
        account.deliver(MAIL)
        start = time.monotonic()
        assert mailbox.wait(20)
        assert time.monotonic() - start < 2


def test_a_wait_that_nothing_ends_is_over_in_time_and_idle_is_renewed(account, monkeypatch):
    monkeypatch.setattr(imap_module, "IDLE_SECONDS", 0.1)
    with account.open() as mailbox:
        account.deliver(MAIL)
        mailbox.dispose([mail.key for mail in mailbox.list()])
        start = time.monotonic()
        assert mailbox.wait(0.5) is False
        assert 0.5 <= time.monotonic() - start < 2
        assert mailbox.list() == []


@pytest.mark.parametrize("capability", ["", "IMAP4rev1 UIDPLUS MOVE"])
def test_a_wait_is_interrupted_from_another_thread(make_server, capability):
    with make_server(capability=capability).open() as mailbox:
        assert mailbox.can_push is (not capability)
        threading.Timer(0.2, mailbox.interrupt).start()
        start = time.monotonic()
        assert mailbox.wait(20) is False
        assert time.monotonic() - start < 2
        mailbox.interrupt()  # before the wait: not forgotten
        assert mailbox.wait(20) is False
        assert mailbox.wait(0.2) is False
    mailbox.interrupt()  # after the end: no error


def test_a_server_that_stops_during_idle_is_a_temporary_trouble(make_server):
    account = make_server()
    with account.open() as mailbox:
        threading.Timer(0.3, account.server.stop).start()
        with pytest.raises(MailboxError) as caught:
            mailbox.wait(20)
        assert caught.value.temporary


def test_batches_are_bounded_by_number_and_bytes():
    listed = [
        Listed(str(number), None, size) for number, size in enumerate([1] * 250 + [9_000_000] * 3 + [BIG + 1])
    ]
    made = list(batches(listed))
    assert [mail for batch in made for mail in batch] == listed
    assert all(len(batch) <= BATCH_MAILS for batch in made)
    assert [len(batch) for batch in made] == [100, 100, 50, 1, 1, 1, 1]
    assert list(batches([])) == []
    assert len(list(batches([replace(mail, size=None) for mail in listed]))) == 3


def test_an_unknown_protocol_is_refused_with_the_ones_there_are(account):
    assert isinstance(open_mailbox("imap", account.settings()), ImapMailbox)
    with pytest.raises(MailboxError, match="choose imap or pop3 or maildir"):
        open_mailbox("carrier-pigeon", account.settings())


def test_the_settings_show_no_password(account):
    assert "secret" not in repr(account.settings())
