"""When servers' certificates expire: seen at each connection, kept with account and server, told in time."""

import datetime as dt
import shutil
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from django.utils import timezone

from desks import Desk
from mailcall import certificates
from mailcall.inbound.models import IncomingAccount
from mailcall.mailbox import open_mailbox
from mailcall.outbound.models import OutgoingServer
from mailcall.service import alarms
from mailcall.service.certificates import remember
from mailcall.transport import open_transport
from servers.dovecot import Dovecot
from servers.postfix import Postfix

LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def ends_of(file: Path) -> dt.datetime:
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc


def told() -> list[str]:
    return [trouble.sentence for trouble in alarms._troubles(timezone.now(), timezone.now())]


@pytest.mark.servers
@pytest.mark.parametrize(
    ("protocol", "security", "port"),
    [
        ("imap", "tls", "imaps_port"),
        ("imap", "starttls", "imap_port"),
        ("pop3", "tls", "pop3s_port"),
        ("pop3", "starttls", "pop3_port"),
    ],
)
def test_a_mailboxs_certificate_is_kept_with_its_account(
    protocol: str, security: str, port: str, desk: Desk, dovecot: Dovecot
) -> None:
    account = desk.account
    account.protocol, account.security = protocol, security
    account.server, account.port = "localhost", getattr(dovecot, port)
    account.login, account.password, account.ca_file = dovecot.new_user(), "secret", dovecot.ca_file
    account.save()
    account.refresh_from_db()
    with open_mailbox(protocol, account.mailbox_settings()):
        pass
    remember()
    account.refresh_from_db()
    assert account.certificate_ends_at == ends_of(dovecot.certificates.certificate)


@pytest.mark.servers
@pytest.mark.parametrize(("security", "port"), [("tls", "smtps_port"), ("starttls", "smtp_port")])
def test_an_outgoing_servers_certificate_is_kept_with_it(
    security: str, port: str, desk: Desk, postfix: Postfix
) -> None:
    server = desk.server
    server.protocol, server.security = "smtp", security
    server.server, server.port, server.ca_file = "LocalHost", getattr(postfix, port), postfix.ca_file
    server.save()
    server.refresh_from_db()
    with open_transport("smtp", server.transport_settings()):
        pass
    remember()
    server.refresh_from_db()
    assert server.certificate_ends_at == ends_of(postfix.certificates.certificate)


@pytest.mark.servers
def test_an_unprotected_connection_tells_nothing(desk: Desk, postfix: Postfix) -> None:
    certificates.seen()
    desk.server.protocol, desk.server.security = "smtp", "plain"
    desk.server.server, desk.server.port = "localhost", postfix.smtp_port
    desk.server.save()
    desk.server.refresh_from_db()
    with open_transport("smtp", desk.server.transport_settings()):
        pass
    assert certificates.seen() == {}


def test_what_was_seen_elsewhere_changes_no_row(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    IncomingAccount.objects.update(server="mail.example", port=993, certificate_ends_at=LONG_AGO)
    for place in (("mail.example", 143), ("other.example", 993)):
        monkeypatch.setitem(certificates._seen, place, timezone.now())
    remember()
    assert IncomingAccount.objects.get().certificate_ends_at == LONG_AGO


def test_a_certificate_is_an_alarm_14_days_before_it_expires_and_after(desk: Desk) -> None:
    now = timezone.now()
    IncomingAccount.objects.update(certificate_ends_at=now + dt.timedelta(days=15), last_good_at=now)
    assert told() == []
    IncomingAccount.objects.update(certificate_ends_at=now + dt.timedelta(days=13))
    OutgoingServer.objects.update(certificate_ends_at=LONG_AGO)
    incoming, outgoing = told()
    assert incoming.startswith("The certificate of the mail server of account Support, as it was last seen, ")
    assert " expires on " in incoming
    assert outgoing.endswith("outgoing server Out, as it was last seen, expired on 2026-01-01 at 00:00 UTC.")
    IncomingAccount.objects.update(security="plain")
    OutgoingServer.objects.update(active=False)
    assert told() == []


def test_a_server_without_a_certificate_is_no_alarm(desk: Desk) -> None:
    IncomingAccount.objects.update(last_good_at=timezone.now())
    assert told() == []


@pytest.mark.parametrize("name", ["münchen.example", "MÜNCHEN.example", "xn--mnchen-3ya.example"])
def test_a_server_is_known_however_its_name_is_written(name: str) -> None:
    assert certificates.place(name, 993) == ("xn--mnchen-3ya.example", 993)
    assert certificates.place("." * 70, 993) == ("." * 70, 993)


def test_another_file_of_authorities_counts_at_once(tmp_path: Path, postfix: Postfix) -> None:
    authorities = tmp_path / "ca.pem"
    shutil.copy(postfix.ca_file, authorities)
    first = certificates.context(str(authorities))
    assert certificates.context(str(authorities)) is first
    authorities.write_text("none\n")
    with pytest.raises(ssl.SSLError):
        certificates.context(str(authorities))
    authorities.unlink()
    with pytest.raises(FileNotFoundError):
        certificates.context(str(authorities))
    shutil.copy(postfix.ca_file, authorities)
    assert certificates.context(str(authorities)) is not first


def test_the_systems_authorities_are_read_once() -> None:
    assert certificates.context("") is certificates.context("")
