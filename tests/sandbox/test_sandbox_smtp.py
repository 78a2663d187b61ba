"""The sandbox takes any mail, keeps it safely, and lets nothing out of its folder."""

import os
import smtplib
import socket
import threading
from pathlib import Path
from unittest.mock import patch

import pytest

from mailcall.sandbox import maildirs
from mailcall.sandbox.smtp import SIZE_LIMIT, SandboxError, SandboxServer

MAIL = b"From: ann@customer.example\r\nTo: support@desk.example\r\nSubject: Hello\r\n\r\nHi.\r\n"


@pytest.fixture
def client(server: SandboxServer) -> smtplib.SMTP:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=20) as connection:
        connection.ehlo()
        yield connection


def test_every_recipient_gets_a_copy_of_their_own(client: smtplib.SMTP, mail_dir: Path) -> None:
    client.sendmail("ann@customer.example", ["support@desk.example", "Bob@Desk.Example"], MAIL)
    assert [box.address for box in sorted(maildirs.mailboxes(mail_dir), key=lambda box: box.address)] == [
        "bob@desk.example",
        "support@desk.example",
    ]
    stored = maildirs.mails(mail_dir, "BOB@desk.example")[0].path.read_bytes()
    assert stored.startswith(
        b"Return-Path: <ann@customer.example>\r\nDelivered-To: Bob@Desk.Example\r\nReceived:"
    )
    assert stored.endswith(MAIL)


def test_an_answer_to_an_address_with_a_token_reaches_its_mailbox(
    client: smtplib.SMTP, mail_dir: Path
) -> None:
    client.sendmail("ann@customer.example", ["support+ok.k3j2h4g5@desk.example", "+x@desk.example"], MAIL)
    assert len(maildirs.mails(mail_dir, "support@desk.example")) == 1
    assert len(maildirs.mails(mail_dir, "+x@desk.example")) == 1


def test_nothing_vouches_for_the_sender(client: smtplib.SMTP, mail_dir: Path) -> None:
    client.sendmail("ann@customer.example", ["support@desk.example"], MAIL)
    assert (
        b"Authentication-Results" not in maildirs.mails(mail_dir, "support@desk.example")[0].path.read_bytes()
    )


def test_a_bounce_has_an_empty_return_path(client: smtplib.SMTP, mail_dir: Path) -> None:
    client.sendmail("", ["ann@customer.example"], MAIL)
    assert (
        maildirs.mails(mail_dir, "ann@customer.example")[0]
        .path.read_bytes()
        .startswith(b"Return-Path: <>\r\n")
    )


def test_addresses_and_text_may_be_in_any_script(client: smtplib.SMTP, mail_dir: Path) -> None:
    mail = "Subject: Grüße\r\n\r\n今日は\r\n".encode()
    client.sendmail("jürgen@kunde.example", ["支援@desk.example"], mail, ["SMTPUTF8", "BODY=8BITMIME"])
    stored = maildirs.mails(mail_dir, "支援@desk.example")[0].path.read_bytes()
    assert stored.endswith(mail)
    assert "jürgen@kunde.example".encode() in stored


def test_dots_and_long_lines_come_through_unchanged(client: smtplib.SMTP, mail_dir: Path) -> None:
    mail = b"Subject: x\r\n\r\n.\r\n..\r\n" + b"y" * 50_000 + b"\r\n"
    client.sendmail("ann@customer.example", ["support@desk.example"], mail)
    assert maildirs.mails(mail_dir, "support@desk.example")[0].path.read_bytes().endswith(mail)


@pytest.mark.parametrize(
    "address",
    [
        "../../etc/passwd@x.example",
        "a/b@x.example",
        "/etc@x.example",
        ".hidden@x.example",
        "..",
        "a\\b@x.example",
        "a\x01b@x.example",
        "a\u202eb@x.example",
        "x" * 190 + "@long.example",
        "ü" * 100 + "@x.example",
    ],
)
def test_an_address_that_can_be_no_folder_is_refused_for_good(
    client: smtplib.SMTP, mail_dir: Path, address: str
) -> None:
    client.command_encoding = "utf-8"
    client.docmd("MAIL", "FROM:<ann@customer.example> SMTPUTF8")
    code, reply = client.docmd("RCPT", f"TO:<{address}>")
    assert code in {501, 553}, reply  # 501: not even an address
    assert list(mail_dir.iterdir()) == []


@pytest.mark.parametrize("address", ["../x", "a/b", "", ".", "..", "a\x00b", "a\nb", "x" * 201, "\u202e"])
def test_no_folder_is_ever_made_outside(tmp_path: Path, address: str) -> None:
    with pytest.raises(maildirs.UnfitAddressError):
        maildirs.deliver(tmp_path, address, MAIL)
    assert list(tmp_path.iterdir()) == []


def test_one_refused_recipient_does_not_stop_the_others(client: smtplib.SMTP, mail_dir: Path) -> None:
    refused = client.sendmail("ann@customer.example", ["../x@y.example", "bob@desk.example"], MAIL)
    assert refused["../x@y.example"][0] == 553
    assert len(maildirs.mails(mail_dir, "bob@desk.example")) == 1


def test_a_mail_beyond_the_limit_is_refused(client: smtplib.SMTP, mail_dir: Path) -> None:
    assert int(client.esmtp_features["size"]) == SIZE_LIMIT
    with pytest.raises(smtplib.SMTPResponseException) as refused:
        client.sendmail("ann@customer.example", ["bob@desk.example"], b"x: y\r\n\r\n" + b"z" * SIZE_LIMIT)
    assert refused.value.smtp_code == 552
    assert maildirs.mails(mail_dir, "bob@desk.example") == []


def test_a_full_disk_is_a_temporary_error_and_leaves_nothing_half(
    client: smtplib.SMTP, mail_dir: Path
) -> None:
    with (
        patch("mailcall.sandbox.maildirs.os.fsync", side_effect=OSError(28, "No space left on device")),
        pytest.raises(smtplib.SMTPDataError) as refused,
    ):
        client.sendmail("ann@customer.example", ["bob@desk.example"], MAIL)
    assert refused.value.smtp_code == 451
    assert [path for path in (mail_dir / "bob@desk.example").rglob("*") if path.is_file()] == []


def test_a_mail_is_on_the_disk_before_it_is_answered_for(client: smtplib.SMTP, mail_dir: Path) -> None:
    synced: list[int] = []
    real = os.fsync
    with patch("mailcall.sandbox.maildirs.os.fsync", side_effect=lambda fd: (synced.append(fd), real(fd))):
        client.sendmail("ann@customer.example", ["bob@desk.example"], MAIL)
    assert len(synced) >= 2  # the file, and the folder that names it


def test_many_at_once_all_arrive(server: SandboxServer, mail_dir: Path) -> None:
    def send_ten() -> None:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=30) as connection:
            for _ in range(10):
                connection.sendmail("ann@customer.example", ["support@desk.example"], MAIL)

    threads = [threading.Thread(target=send_ten) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(maildirs.mails(mail_dir, "support@desk.example")) == 80


def test_a_taken_port_is_told_in_one_sentence(server: SandboxServer, tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as refused:
        SandboxServer(tmp_path, "127.0.0.1", server.port).start()
    assert str(refused.value).startswith(f"Port {server.port} on 127.0.0.1 is taken by another program")


def test_it_stops_and_starts_again_on_its_port(tmp_path: Path) -> None:
    first = SandboxServer(tmp_path, "127.0.0.1", 0)
    first.start()
    with smtplib.SMTP("127.0.0.1", first.port, timeout=20) as connection:
        connection.noop()
        first.stop()
    first.stop()
    again = SandboxServer(tmp_path, "127.0.0.1", first.port)
    again.start()
    again.stop()
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", first.port), timeout=2):
        pass
