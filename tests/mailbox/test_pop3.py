"""What collecting from a POP3 server does, against a real Dovecot and a real Cyrus."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailcall.mailbox import connecting
from mailcall.mailbox import pop3 as pop3_module
from mailcall.mailbox.interface import BIG, Disposal, MailboxError, Security
from mailcall.mailbox.pop3 import Pop3Mailbox
from servers.account import MAIL, Pop3Account
from servers.certificates import make_certificates
from servers.cyrus import Cyrus
from servers.dovecot import Dovecot
from servers.fixtures import need_dovecot, server_folder

pytestmark = pytest.mark.servers


@pytest.fixture
def account(server: Dovecot | Cyrus) -> Pop3Account:
    return Pop3Account(server, server.new_user())


@pytest.fixture
def on_dovecot(dovecot: Dovecot) -> Pop3Account:
    return Pop3Account(dovecot, dovecot.new_user())


@pytest.fixture
def make_server() -> Iterator[Callable[..., Pop3Account]]:
    """A Dovecot of one's own, for what the shared one does not do."""
    need_dovecot()
    with server_folder() as folder:
        servers = []

        def make(**options):
            server = Dovecot(folder / str(len(servers)), **options)
            servers.append(server.start())
            return Pop3Account(server, server.new_user())

        yield make
        for server in servers:
            server.stop()


@pytest.mark.parametrize("security", Security)
def test_a_mail_comes_byte_for_byte_over_every_kind_of_connection(account, collect, security):
    raw = b"Subject: \xff\xfe \0 bytes\r\n\r\n.\r\n..\r\n.x\r\n+OK\r\n-ERR\r\nlone \r CR\r\n\r\n"
    if isinstance(account.server, Cyrus):  # which takes no such mails
        raw = raw.replace(b"\0", b"").replace(b"lone \r", b"no lone")
    account.deliver(raw)
    changes = {} if security is Security.TLS else {"security": security}
    with account.open(**changes) as mailbox:
        (mail,) = collect(mailbox)
    assert mail.raw == raw
    assert mail.size == len(raw)
    assert mail.file is None


@pytest.mark.parametrize("method", ["auto", "plain", "login", "cram-md5"])
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.PLAIN])
def test_every_method_of_sign_in_works(account, method, security):
    if method == "cram-md5" and isinstance(account.server, Cyrus):
        pytest.skip("Cyrus is set up without the passwords that this needs")
    with account.open(auth_method=method, security=security) as mailbox:
        assert mailbox.list() == []


@pytest.fixture
def overheard(monkeypatch):
    """As if the server were another machine."""
    monkeypatch.setattr(connecting, "_is_loopback", lambda _: False)


def test_apop_works(make_server):
    account = make_server(mechanisms="apop plain")
    with account.open(auth_method="apop", security=Security.PLAIN) as mailbox:
        assert mailbox.list() == []
    assert "method=APOP" in account.server.log


@pytest.mark.usefixtures("overheard")
def test_the_password_goes_to_nobody_where_the_server_offers_scram(make_server):
    account = make_server(mechanisms="plain cram-md5 scram-sha-1 scram-sha-256")
    for method, used in (("auto", "SCRAM-SHA-256"), ("scram-sha-1", "SCRAM-SHA-1")):
        with account.open(auth_method=method, security=Security.PLAIN) as mailbox:
            assert mailbox.list() == []
        assert f"method={used}," in account.server.log
    with pytest.raises(MailboxError, match="did not accept login and password"):
        account.open(password="wrong").__enter__()


@pytest.mark.usefixtures("overheard")
@pytest.mark.parametrize("digest", ["APOP", "CRAM-MD5"])
def test_the_password_is_not_sent_readable_where_a_digest_does(make_server, digest):
    account = make_server(mechanisms=f"plain login {digest.lower()}")
    with account.open(security=Security.PLAIN):
        assert f"method={digest}" in account.server.log
    with account.open(security=Security.STARTTLS):  # within TLS the server needs no readable password
        assert "method=PLAIN" in account.server.log


@pytest.mark.usefixtures("overheard")
def test_the_password_is_sent_readable_only_if_the_method_is_named(make_server):
    account = make_server(mechanisms="plain login")
    with pytest.raises(MailboxError, match="readable for all on the way"):
        account.open(security=Security.PLAIN).__enter__()
    assert "Login:" not in account.server.log
    for method in ("plain", "login"):
        with account.open(security=Security.PLAIN, auth_method=method) as mailbox:
            assert mailbox.list() == []


def test_where_only_sasl_login_works_it_signs_in_by_that(make_server):
    account = make_server(mechanisms="login")
    with account.open(auth_method="login") as mailbox:
        assert mailbox.list() == []


def test_a_password_with_any_characters_works(dovecot):
    password = 'p"ä\\ß %s€ '
    user = dovecot.add_user(f"odd-{time.time_ns()}@mail.example", password.strip())
    for method in ("plain", "login", "cram-md5"):
        with Pop3Account(dovecot, user).open(password=password.strip(), auth_method=method) as mailbox:
            assert mailbox.list() == []


def test_a_login_can_not_become_a_command(make_server):
    account = make_server(mechanisms="plain")
    account.deliver(MAIL)
    for name in ("login", "password"):
        with pytest.raises(MailboxError, match="line breaks"):
            account.open(**{name: "a\r\nDELE 1", "auth_method": "login"}).__enter__()


def test_the_identity_names_server_login_uidl_and_bytes(account, collect):
    account.deliver(MAIL, MAIL + b"more\r\n")
    with account.open(server="LOCALHOST") as mailbox:
        assert all(mail.identity is None for mail in mailbox.list())
        first, second = [mail.identity for mail in collect(mailbox)]
    with account.open(security=Security.STARTTLS) as again:
        assert [mail.identity for mail in collect(again)] == [first, second]
    start, uidl, digest = first.split("/")
    assert start == f"pop3:{account.user}@localhost"
    assert uidl
    assert len(digest) == 64
    assert len(first) <= 700


def test_mails_come_in_order_of_arrival_with_their_sizes(account, collect):
    mails = [b"Subject: %d\r\n\r\n" % number + b"x" * number + b"\r\n" for number in range(120)]
    account.deliver(*mails)
    with account.open() as mailbox:
        assert [mail.size for mail in mailbox.list()] == [len(mail) for mail in mails]
        assert [mail.raw for mail in collect(mailbox)] == mails


def test_a_mail_above_the_batch_is_streamed_to_a_file(account, collect, tmp_path):
    big = b"Subject: big\r\n\r\n" + b".123456789abcdef" * (20 * 65536) + b"\r\n.\r\n"
    account.deliver(MAIL, big, MAIL)
    with account.open() as mailbox:
        first, second, third = collect(mailbox)
    assert first.raw == third.raw == MAIL
    assert second.raw is None
    assert second.size == len(big) > BIG
    assert second.file.parent == tmp_path
    assert second.file.read_bytes() == big
    assert second.identity.rpartition("/")[0] != first.identity.rpartition("/")[0]


def test_a_mail_is_gone_only_after_the_session_ended_well(account, collect):
    account.deliver(MAIL, MAIL, MAIL)
    with account.open() as mailbox:
        first, second, _ = collect(mailbox)
        mailbox.dispose([first.key, second.key])
        assert len(account.mails()) == 3
    assert len(account.mails()) == 1


def test_a_session_that_was_dropped_deleted_nothing_and_lists_the_same_mails(account, collect):
    account.deliver(MAIL, MAIL)
    mailbox = account.open().__enter__()
    before = collect(mailbox)
    mailbox.dispose([mail.key for mail in before])
    mailbox._session.hang_up()
    with account.open() as again:
        assert [mail.identity for mail in collect(again)] == [mail.identity for mail in before]


def test_deleting_twice_is_no_error(account, collect):
    account.deliver(MAIL, MAIL)
    with account.open() as mailbox:
        first, second = collect(mailbox)
        mailbox.dispose([first.key])
        mailbox.dispose([first.key, first.key, "999999", second.key])
        mailbox.dispose([first.key, second.key])
    assert account.mails() == []


def test_a_mail_is_not_deleted_by_its_name_alone(account, collect):
    account.deliver(MAIL, MAIL)
    with account.open() as mailbox:
        mailbox.dispose([mail.key for mail in mailbox.list()])
    assert len(account.mails()) == 2
    with account.open() as mailbox:
        keys = [mail.key for mail in collect(mailbox)]
        mailbox.list()
        mailbox.dispose(keys)  # of the listing before
    assert len(account.mails()) == 2


def test_listing_again_shows_what_came_meanwhile(account, collect):
    account.deliver(MAIL)
    with account.open() as mailbox:
        mailbox.dispose([mail.key for mail in collect(mailbox)])
        account.deliver(MAIL + b"second\r\n")
        (new,) = collect(mailbox)
    assert new.raw == MAIL + b"second\r\n"


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_the_session_is_opened_again_after_so_many_deletions(account, tmp_path, limit):
    mails = [MAIL + b"%d\r\n" % number for number in range(7)]
    account.deliver(*mails)
    before, got, most = account.server.logins(account.user), [], 0
    with account.open(session_limit=limit) as mailbox:
        listed = mailbox.list()
        for first in range(0, 7, min(limit, 3)):
            batch = list(mailbox.fetch(listed[first : first + min(limit, 3)], tmp_path))
            got += [mail.raw for mail in batch]
            mailbox.dispose([mail.key for mail in batch])
            most = max(most, len(mailbox._deleted))
    assert got == mails
    assert most <= limit
    assert account.mails() == []
    assert account.server.logins(account.user) - before == {1: 7, 2: 4, 3: 3, 7: 1, 100: 1}[limit]


def test_a_mail_fetched_in_an_earlier_session_is_left_for_the_next_listing(account, tmp_path):
    account.deliver(MAIL, MAIL + b"x\r\n", MAIL + b"y\r\n")
    with account.open(session_limit=1) as mailbox:
        listed = mailbox.list()
        early = [mail.key for mail in mailbox.fetch(listed, tmp_path)]
        mailbox.dispose(early[:1])
        list(mailbox.fetch(listed[1:2], tmp_path))  # in a new session
        mailbox.dispose(early)
    assert account.mails() == [MAIL + b"y\r\n"]


def test_a_long_mailbox_is_listed_in_portions(account, collect, monkeypatch):
    monkeypatch.setattr(pop3_module, "LIST_MAILS", 10)
    account.deliver(*[MAIL + b"%d\r\n" % number for number in range(25)])
    portions = []
    with account.open() as mailbox:
        while mails := collect(mailbox):
            portions.append(len(mails))
            mailbox.dispose([mail.key for mail in mails])
    assert portions == [10, 10, 5]
    assert account.mails() == []


def test_moving_is_refused_before_anything_happens(account):
    with pytest.raises(MailboxError, match="no folders to move mail to") as caught:
        account.open(disposal=Disposal.MOVE, move_to="Done").__enter__()
    assert caught.value.temporary is False


def test_kept_mails_are_not_listed_again(account, collect):
    account.deliver(MAIL, MAIL + b"x\r\n")
    with account.open(disposal=Disposal.KEEP) as mailbox:
        first, second = mailbox.list()
        assert first.kept_as != second.kept_as
        assert mailbox.high_water.split(":")[1] == "0"
        mailbox.dispose([second.key])
        assert mailbox.high_water.split(":")[1] == "0"
        mailbox.dispose([first.key])
        mark = mailbox.high_water
        assert mark.split(":")[1] == "2"
        assert mailbox.list() == []
    with account.open(disposal=Disposal.KEEP, high_water=mark) as mailbox:
        assert mailbox.list() == []
        assert mailbox.high_water == mark
    account.deliver(MAIL + b"y\r\n")
    with account.open(disposal=Disposal.KEEP, high_water=mark, server="LocalHost") as mailbox:
        (new,) = collect(mailbox)
        assert new.raw == MAIL + b"y\r\n"
    assert len(account.mails()) == 3


def test_a_mark_means_nothing_once_somebody_deleted_below_it(account, collect):
    account.deliver(*[MAIL + b"%d\r\n" % number for number in range(4)])
    with account.open(disposal=Disposal.KEEP) as mailbox:
        names = {mail.kept_as for mail in mailbox.list()}
        mailbox.dispose([mail.key for mail in mailbox.list()])
        mark = mailbox.high_water
    with account.open() as somebody_else:
        mails = collect(somebody_else)
        somebody_else.dispose([mails[1].key])
    with account.open(disposal=Disposal.KEEP, high_water=mark) as mailbox:
        left = mailbox.list()
        assert len(left) == 3
        assert {mail.kept_as for mail in left} < names
        mailbox.dispose([mail.key for mail in left])
        assert mailbox.high_water != mark
        assert mailbox.list() == []


def test_a_mark_left_by_keeping_hides_nothing_from_deleting(account, collect):
    account.deliver(MAIL)
    with account.open(disposal=Disposal.KEEP) as mailbox:
        mailbox.dispose([mail.key for mail in mailbox.list()])
        mark = mailbox.high_water
    with account.open(high_water=mark) as mailbox:
        mailbox.dispose([mail.key for mail in collect(mailbox)])
        assert mailbox.high_water == ""
    assert account.mails() == []


@pytest.mark.parametrize("mark", ["1:1", "rubbish", "1:", ":", "99999999999:5", "::", "a:b:c"])
def test_a_mark_of_another_form_means_nothing(account, mark):
    account.deliver(MAIL)
    with account.open(disposal=Disposal.KEEP, high_water=mark) as mailbox:
        assert len(mailbox.list()) == 1


def test_a_long_mailbox_that_is_kept_is_listed_in_portions(account, monkeypatch):
    monkeypatch.setattr(pop3_module, "LIST_MAILS", 10)
    account.deliver(*[MAIL + b"%d\r\n" % number for number in range(25)])
    portions = []
    with account.open(disposal=Disposal.KEEP) as mailbox:
        while listed := mailbox.list():
            portions.append(len(listed))
            mailbox.dispose([mail.key for mail in listed])
        assert mailbox.high_water.split(":")[1] == "25"
    assert portions == [10, 10, 5]


def test_a_mail_that_can_not_be_read_keeps_no_later_portion_back(account, monkeypatch):
    monkeypatch.setattr(pop3_module, "LIST_MAILS", 10)
    account.deliver(*[MAIL + b"%d\r\n" % number for number in range(25)])
    seen = []
    with account.open(disposal=Disposal.KEEP) as mailbox:
        for _ in range(4):
            listed = mailbox.list()
            seen += [mail.kept_as for mail in listed[1:]]
            mailbox.dispose([mail.key for mail in listed[1:]])
        assert len(set(seen)) == len(seen) == 24
        assert mailbox.high_water.split(":")[1] == "0"
        assert len(mailbox.list()) == 1


def test_when_nothing_of_a_full_portion_can_be_disposed_of_it_says_so(account, monkeypatch):
    monkeypatch.setattr(pop3_module, "LIST_MAILS", 10)
    account.deliver(*[MAIL] * 11)
    with account.open() as mailbox:
        mailbox.list()
        with pytest.raises(MailboxError, match="None of the first 10 mails"):
            mailbox.list()


def test_a_wrong_password_needs_a_person_and_is_not_repeated_in_the_error(on_dovecot):
    for method in ("plain", "login", "cram-md5"):
        with pytest.raises(MailboxError, match="did not accept login and password") as caught:
            on_dovecot.open(password="wrong-secret", auth_method=method).__enter__()
        assert caught.value.temporary is False
        assert "wrong-secret" not in str(caught.value) + repr(caught.value.__cause__)


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


def test_an_expired_certificate_needs_a_person(make_server, tmp_path):
    account = make_server(certificates=make_certificates(tmp_path, expired=True))
    for changes in ({}, {"security": Security.STARTTLS}):
        with pytest.raises(MailboxError, match=r"can't be trusted .*expired") as caught:
            account.open(**changes).__enter__()
        assert caught.value.temporary is False


def test_tls_on_a_port_without_tls_says_what_to_check(account):
    with pytest.raises(MailboxError, match="port and security belong together") as caught:
        account.open(port=account.server.pop3_port).__enter__()
    assert caught.value.temporary is False


def test_a_server_that_takes_no_password_unprotected_says_what_to_choose(make_server):
    account = make_server(disable_plaintext=True, mechanisms="plain login", listen="127.0.0.2")
    with pytest.raises(MailboxError, match="choose TLS or STARTTLS") as caught:
        account.open(server="127.0.0.2", security=Security.PLAIN).__enter__()
    assert caught.value.temporary is False
    with account.open(server="127.0.0.2", security=Security.STARTTLS) as mailbox:
        assert mailbox.list() == []


def test_without_stls_nothing_goes_on_unprotected(make_server):
    account = make_server(ssl=False)
    with pytest.raises(MailboxError, match="does not offer STARTTLS") as caught:
        account.open(security=Security.STARTTLS).__enter__()
    assert caught.value.temporary is False


def test_a_method_that_is_not_offered_is_named(make_server):
    account = make_server(mechanisms="plain")
    with pytest.raises(MailboxError, match="no sign-in by cram-md5; it offers login, plain"):
        account.open(auth_method="cram-md5").__enter__()


def test_a_wait_is_interrupted_from_another_thread(account):
    with account.open() as mailbox:
        assert mailbox.can_push is False
        threading.Timer(0.2, mailbox.interrupt).start()
        assert mailbox.wait(20) is False
        mailbox.interrupt()  # before the wait: not forgotten
        assert mailbox.wait(20) is False
        assert mailbox.wait(0.1) is False
    mailbox.interrupt()  # after the end: no error


def test_nothing_is_done_with_a_mailbox_that_is_not_open(account):
    with pytest.raises(MailboxError, match="is not open"):
        Pop3Mailbox(account.settings()).list()


def test_an_unwanted_mail_leaves_no_file(account, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(pop3_module, "BIG", 10)
    account.deliver(MAIL, MAIL)
    with account.open() as mailbox:
        mails = mailbox.fetch(mailbox.list(), tmp_path)
        first = next(mails)
        mails.close()
        assert list(tmp_path.iterdir()) == [first.file]
