"""What handing over to an SMTP server does, against a real Postfix."""

import uuid
from dataclasses import replace

import pytest

from mailcall.transport import open_transport
from mailcall.transport.interface import Envelope, Result, ServerTrouble, TransportSettings
from mailcall.transport.smtp import SmtpTransport
from servers.dovecot import Dovecot
from servers.fixtures import need_postfix, server_folder
from servers.postfix import Postfix

pytestmark = pytest.mark.servers

MAIL = b"From: desk@mail.example\r\nSubject: Printer\r\n\r\nIt is out.\r\n"


@pytest.fixture
def settings(postfix: Postfix, dovecot: Dovecot) -> TransportSettings:
    return TransportSettings(
        server="localhost",
        port=postfix.smtp_port,
        security="starttls",
        login=dovecot.new_user(),
        password="secret",
        ca_file=postfix.ca_file,
        timeout=10,
    )


@pytest.fixture
def make_server(dovecot: Dovecot):
    """A Postfix of one's own, for what the shared one does not do."""
    need_postfix()
    with server_folder() as folder:
        servers = []

        def make(**options):
            servers.append(Postfix(folder / str(len(servers)), dovecot=dovecot, **options).start())
            return servers[-1]

        yield make
        for server in servers:
            server.stop()


def somebody() -> str:
    return f"{uuid.uuid4().hex[:12]}@shop.example"


def body(mail: bytes) -> bytes:
    return mail.partition(b"\n\n")[2]


def trouble(settings: TransportSettings) -> ServerTrouble:
    with pytest.raises(ServerTrouble) as caught:
        SmtpTransport(settings).__enter__()
    return caught.value


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_a_mail_arrives_over_every_kind_of_connection(settings, postfix, security):
    port = postfix.smtps_port if security == "tls" else postfix.smtp_port
    to = somebody()
    with SmtpTransport(replace(settings, port=port, security=security)) as transport:
        (result,) = transport.send(Envelope("desk@mail.example", [to], MAIL))
    assert result.result is Result.SENT
    assert result.reply.startswith("250 2.0.0 Ok: queued as")
    (mail,) = postfix.mails(to, wait=1)
    assert body(mail) == b"It is out.\n"


@pytest.mark.parametrize("method", ["auto", "plain", "login", "cram-md5", "none"])
@pytest.mark.parametrize("security", ["starttls", "plain"])
def test_every_method_of_sign_in_works(settings, postfix, method, security):
    to = somebody()
    with SmtpTransport(replace(settings, auth_method=method, security=security)) as transport:
        transport.send(Envelope("", [to], MAIL))
    postfix.mails(to, wait=1)
    signed_in = [line for line in postfix.log.splitlines() if f"sasl_username={settings.login}" in line]
    assert len(signed_in) == (method != "none")
    if method == "auto":  # the password itself only where the connection is protected
        assert f"sasl_method={'PLAIN' if security == 'starttls' else 'CRAM-MD5'}" in signed_in[0]


def test_the_password_goes_to_nobody_where_the_server_offers_scram(settings):
    need_postfix()
    with server_folder() as folder, server_folder() as other:
        dovecot = Dovecot(folder, mechanisms="plain cram-md5 scram-sha-1 scram-sha-256")
        with dovecot, Postfix(other, dovecot=dovecot) as postfix:
            login = dovecot.new_user()
            own = replace(settings, port=postfix.smtp_port, login=login, ca_file=postfix.ca_file)
            for method, used in (("auto", "SCRAM-SHA-256"), ("scram-sha-1", "SCRAM-SHA-1")):
                with SmtpTransport(replace(own, auth_method=method)) as transport:
                    transport.send(Envelope("", [somebody()], MAIL))
                assert f"sasl_method={used}, sasl_username={login}" in postfix.log
            with pytest.raises(ServerTrouble, match="did not accept login and password"):
                SmtpTransport(replace(own, password="wrong")).__enter__()


def test_a_password_with_any_characters_works(settings, dovecot):
    password = 'p"ä\\ß %s€'
    login = dovecot.add_user(f"odd-{uuid.uuid4().hex}@mail.example", password)
    for method in ("plain", "login", "cram-md5"):
        with SmtpTransport(replace(settings, login=login, password=password, auth_method=method)):
            pass


def test_many_mails_go_over_one_connection(settings, postfix):
    to = somebody()
    with SmtpTransport(settings) as transport:
        for number in range(30):
            mail = MAIL.replace(b"Printer", b"%d" % number)
            (result,) = transport.send(Envelope("desk@mail.example", [to], mail))
            assert result.result is Result.SENT
    assert len(postfix.mails(to, wait=30)) == 30
    assert postfix.log.count(f"sasl_username={settings.login}") == 30
    assert len([line for line in postfix.log.splitlines() if "mail=30" in line]) >= 1


@pytest.mark.parametrize("hide", ["", "pipelining"])
def test_many_mails_in_flight_go_to_whom_they_are_for(settings, make_server, hide):
    """Also to a server that hangs up on whoever says a word before its turn."""
    server = make_server(hide=hide, extra="smtpd_forbid_unauth_pipelining = yes")
    people = [somebody() for _ in range(40)]
    mails = [
        Envelope(
            "desk@mail.example", ["reject-me@shop.example"] * (number % 3 == 0) + [to], MAIL + to.encode()
        )
        for number, to in enumerate(people)
    ]
    with SmtpTransport(replace(settings, port=server.smtp_port, ca_file=server.ca_file)) as transport:
        results = list(transport.send_all(mails))
    assert [answer[-1].result for answer in results] == [Result.SENT] * 40
    assert [len(answer) for answer in results] == [2, 1, 1] * 13 + [2]
    for to in people:
        (mail,) = server.mails(to, wait=1)
        assert body(mail).endswith(to.encode() + b"\n")
    assert len([line for line in server.log.splitlines() if "data=40" in line]) == 1  # one connection


@pytest.mark.parametrize("hide", ["", "pipelining", "pipelining, 8bitmime, smtputf8, size, dsn"])
def test_one_bad_recipient_among_ten_stops_nobody(settings, make_server, hide):
    server = make_server(hide=hide)
    good = [somebody() for _ in range(8)]
    recipients = [*good[:4], "reject-me@shop.example", *good[4:], "defer-me@shop.example"]
    with SmtpTransport(replace(settings, port=server.smtp_port, ca_file=server.ca_file)) as transport:
        for count in (1, 2):  # the refusals leave the connection usable
            results = transport.send(Envelope("desk@mail.example", recipients, MAIL))
            assert [result.recipient for result in results] == recipients
            assert [result.result for result in results if result.recipient in good] == [Result.SENT] * 8
            assert results[4].result is Result.FAILED
            assert results[4].reply.startswith("550 5.1.1")
            assert results[9].result is Result.DEFERRED
            assert results[9].reply.startswith("451 4.7.1")
            assert all(len(server.mails(to, wait=count)) == count for to in good)


@pytest.mark.parametrize("hide", ["", "pipelining"])
def test_a_mail_that_nobody_may_get_is_followed_by_one_that_arrives(settings, make_server, hide):
    server = make_server(hide=hide)
    to = somebody()
    with SmtpTransport(replace(settings, port=server.smtp_port, ca_file=server.ca_file)) as transport:
        refused = transport.send(
            Envelope("", ["reject-1@a.example", "defer-2@a.example", "x@elsewhere.invalid"], MAIL)
        )
        assert [result.result for result in refused] == [Result.FAILED, Result.DEFERRED, Result.FAILED]
        (result,) = transport.send(Envelope("", [to], MAIL))
    assert result.result is Result.SENT
    assert len(server.mails(to, wait=1)) == 1


@pytest.mark.parametrize("hide", ["", "pipelining"])
def test_hundreds_of_recipients_each_get_their_answer(settings, make_server, hide):
    server = make_server(hide=hide, extra="smtpd_recipient_limit = 2000")
    recipients = [f"{'reject-' if number % 7 == 0 else ''}{number}@shop.example" for number in range(350)]
    with SmtpTransport(replace(settings, port=server.smtp_port, ca_file=server.ca_file)) as transport:
        results = transport.send(Envelope("", recipients, MAIL))
    assert [result.recipient for result in results] == recipients
    assert all(
        (result.result is Result.FAILED) is result.recipient.startswith("reject") for result in results
    )


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        (b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\nb", b".\n..\n.a\nb\n"),
        (b"Subject: x\n\n.\nbare\n", b".\nbare\n"),
        (b"Subject: x\r\n\r\na\r.\rb\r\n", b"a\n.\nb\n"),
        (b"Subject: x\r\n\r\n", b""),
    ],
)
def test_dots_and_line_ends_arrive_as_meant(settings, postfix, sent, arrives):
    to = somebody()
    with SmtpTransport(settings) as transport:
        transport.send(Envelope("", [to], sent))
    (mail,) = postfix.mails(to, wait=1)
    assert body(mail) == arrives


def test_no_second_mail_can_hide_in_a_mail(settings, postfix):
    """SMTP smuggling: a bare line end and a dot, then commands (RFC 5321 2.3.8)."""
    to, victim = somebody(), somebody()
    for end in (b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n"):
        hidden = b"MAIL FROM:<>\r\nRCPT TO:<" + victim.encode() + b">\r\nDATA\r\nSubject: x\r\n\r\nhidden\r\n"
        with SmtpTransport(settings) as transport:
            (result,) = transport.send(Envelope("", [to], b"Subject: x\r\n\r\nhello" + end + hidden))
            assert result.result is Result.SENT
    assert len(postfix.mails(to, wait=6)) == 6
    assert postfix.mails(victim) == []


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example>\r\nRCPT TO:<victim@shop.example",
        "a@b.example\nRSET",
        "a@b.example> SIZE=1",
        "<a@b.example>",
        "a b@b.example",
        "a\x00@b.example",
        "a\x85@b.example",
        "a\ud800@b.example",
        "no-domain",
        "@b.example",
        "",
        "a" * 250 + "@b.example",
    ],
)
def test_an_address_can_not_become_a_command(settings, postfix, address):
    to = somebody()
    with SmtpTransport(settings) as transport:
        bad, good = transport.send(Envelope("desk@mail.example", [address, to], MAIL))
        assert bad.recipient == address
        assert bad.result is Result.FAILED
        assert bad.reply.startswith("501 5.1.3")
        assert "\n" not in bad.reply
        assert good.result is Result.SENT
        if address:
            (result,) = transport.send(Envelope(address, [to], MAIL))
            assert result.result is Result.FAILED
            assert result.reply.startswith("501 5.1.7")
    assert len(postfix.mails(to, wait=1)) == 1
    assert postfix.mails("victim@shop.example") == []


def test_an_address_in_quotes_may_hold_a_space(settings):
    with SmtpTransport(settings) as transport:
        (result,) = transport.send(Envelope("", ['"a b"@shop.example'], MAIL))
    assert result.result is Result.SENT


def test_addresses_in_other_letters_arrive_where_the_server_can(settings, postfix):
    to = f"jürgen-{uuid.uuid4().hex[:8]}@bücher.example"
    with SmtpTransport(settings) as transport:
        (result,) = transport.send(Envelope("jürgen@bücher.example", [to], MAIL))
    assert result.result is Result.SENT
    assert len(postfix.mails(to, wait=1)) == 1


def test_addresses_in_other_letters_fail_alone_where_the_server_can_not(settings, make_server):
    server = make_server(hide="smtputf8")
    to = somebody()
    with SmtpTransport(replace(settings, port=server.smtp_port, ca_file=server.ca_file)) as transport:
        bad, good = transport.send(Envelope("", ["jürgen@shop.example", to], MAIL))
    assert (bad.result, good.result) == (Result.FAILED, Result.SENT)
    assert "has no SMTPUTF8" in bad.reply


def test_eight_bit_text_arrives_as_it_is(settings, postfix):
    to = somebody()
    mail = (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + "ä€\r\n".encode()
    )
    with SmtpTransport(settings) as transport:
        transport.send(Envelope("", [to], mail))
    (arrived,) = postfix.mails(to, wait=1)
    assert body(arrived) == "ä€\n".encode()


def test_a_mail_above_the_servers_limit_fails_and_the_next_arrives(settings, make_server):
    to = somebody()
    for hide in ("", "size"):  # announced, or found out only by sending
        server = make_server(size_limit=100_000, hide=hide)
        with SmtpTransport(replace(settings, port=server.smtp_port, ca_file=server.ca_file)) as transport:
            (result,) = transport.send(Envelope("", [to], MAIL + b"0123456789\r\n" * 100_000))
            assert result.result is Result.FAILED
            assert result.reply.startswith("552 5.3.4")
            (result,) = transport.send(Envelope("", [to], MAIL))
            assert result.result is Result.SENT


def test_a_big_mail_arrives(settings, postfix):
    to = somebody()
    mail = MAIL + b"0123456789abcdef\r\n" * 1_200_000
    with SmtpTransport(settings) as transport:
        (result,) = transport.send(Envelope("", [to], mail))
    assert result.result is Result.SENT
    (arrived,) = postfix.mails(to, wait=1)
    assert body(arrived) == body(mail.replace(b"\r\n", b"\n"))


def test_a_sender_that_the_server_refuses_is_the_servers_trouble(settings, postfix):
    to = somebody()
    with SmtpTransport(settings) as transport:
        with pytest.raises(ServerTrouble, match="refuses the sender: 550 5.7.1") as caught:  # noqa: RUF043
            transport.send(Envelope("refused-1@shop.example", [to], MAIL))
        assert caught.value.temporary is False
        (result,) = transport.send(Envelope("", [to], MAIL))  # the connection is still good
        assert result.result is Result.SENT


def test_a_wrong_password_needs_a_person_and_is_not_repeated_in_the_error(settings):
    for method in ("plain", "login", "cram-md5"):
        told = trouble(replace(settings, password="wrong-secret", auth_method=method))
        assert "did not accept login and password" in str(told)
        assert told.temporary is False
        assert "wrong-secret" not in str(told) + repr(told.__cause__)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_an_untrusted_certificate_needs_a_person(settings, postfix, security):
    port = postfix.smtps_port if security == "tls" else postfix.smtp_port
    told = trouble(replace(settings, ca_file="", security=security, port=port))
    assert "can't be trusted" in str(told)
    assert told.temporary is False


def test_a_file_that_is_no_authority_needs_a_person(settings):
    assert trouble(replace(settings, ca_file="/nowhere.pem")).temporary is False


def test_tls_on_a_port_without_tls_says_what_to_check(settings):
    told = trouble(replace(settings, security="tls"))
    assert "port and security belong together" in str(told)
    assert told.temporary is False


def test_without_starttls_nothing_goes_on_unprotected(settings, make_server):
    server = make_server(hide="starttls")
    told = trouble(replace(settings, port=server.smtp_port))
    assert "does not offer STARTTLS" in str(told)
    assert told.temporary is False


def test_a_method_that_is_not_offered_is_named(settings, make_server):
    server = make_server(hide="auth")
    told = trouble(replace(settings, port=server.smtp_port, ca_file=server.ca_file))
    assert "offers no sign-in by password; it offers none" in str(told)


def test_an_unknown_protocol_is_refused_with_the_ones_there_are(settings):
    assert isinstance(open_transport("smtp", settings), SmtpTransport)
    with pytest.raises(ServerTrouble, match="choose smtp or maildir"):
        open_transport("carrier-pigeon", settings)


def test_the_settings_show_no_password_and_the_envelope_no_mail(settings):
    assert "secret" not in repr(settings)
    assert "It is out" not in repr(Envelope("", ["a@b.example"], MAIL))
