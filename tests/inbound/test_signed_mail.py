"""An analyst's signed reply, all the way: Dovecot has the mail, dnsmasq the key, nobody's word counts."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from installations import DESK, Installation, installation
from message.signing import NAME, record, sign
from servers.dnsmasq import Dnsmasq
from servers.dovecot import Dovecot
from servers.fixtures import need_dnsmasq

pytestmark = pytest.mark.servers

REPORT = (
    b"From: Ann <ann@customer.example>\r\nSubject: Dead laptop\r\nMessage-ID: <1@customer.example>\r\n"
    b"\r\nIt is dead.\r\n"
)


@pytest.fixture
def installed(tmp_path: Path, dovecot: Dovecot) -> Iterator[Installation]:
    """An installation that collects from Dovecot, writes into a Maildir, and asks dnsmasq for keys."""
    need_dnsmasq()
    user = dovecot.new_user()
    (tmp_path / "out").mkdir()
    desk = DESK.partition("outgoing_servers:")[0].replace(
        "trusted_hosts: [mx.desk.example]", "trusted_hosts: []"
    )
    desk = desk.format(imap_port=dovecot.imaps_port, user=user, ca_file=dovecot.ca_file)
    desk += f"outgoing_servers:\n  - {{name: Out, protocol: maildir, path: {tmp_path / 'out'}}}\n"
    with (
        Dnsmasq(tmp_path / "dns", {NAME: [record()]}) as names,
        installation(tmp_path / "installation") as made,
    ):
        made.environment["MAILCALL_DNS_SERVERS"] = names.address
        made.load(desk, IMAP_PASSWORD="secret")
        made.mailbox = user  # type: ignore[attr-defined]
        made.out = tmp_path / "out"  # type: ignore[attr-defined]
        yield made


def work(made: Installation, dovecot: Dovecot, mail: bytes) -> dict:
    """Deliver a mail, let the service work once, and say how it was decided."""
    dovecot.deliver(made.mailbox, mail)
    made.cli("collect", "--once")
    made.cli("deliver", "--once")
    number = made.count("select max(id) from inbound_receivedmail")
    return json.loads(made.cli("explain", str(number), "--json"))


def reply(made: Installation, text: str) -> bytes:
    """Bob's answer to what the desk wrote to Ann, before it is signed."""
    (told,) = (made.out / "ann@customer.example" / "new").iterdir()
    ids = [line for line in told.read_text().splitlines() if line.lower().startswith("message-id:")]
    message_id = ids[0].partition(":")[2].strip()
    return (
        "From: Bob Baker <bob@desk.example>\r\nTo: support@desk.example\r\nSubject: Re: Dead laptop\r\n"
        f"Message-ID: <{len(text)}@desk.example>\r\nIn-Reply-To: {message_id}\r\n\r\n{text}\r\n"
    ).encode()


def test_an_analysts_signed_reply_goes_on_and_a_tampered_one_does_not(
    installed: Installation, dovecot: Dovecot
) -> None:
    work(installed, dovecot, REPORT)
    signed = sign(reply(installed, "Please press the button."))
    ann = installed.out / "ann@customer.example" / "new"  # type: ignore[attr-defined]
    before = len(list(ann.iterdir()))

    tampered = work(installed, dovecot, signed.replace(b"press the button", b"tell me your password"))
    assert not tampered["evidence"]["authenticated"]
    assert tampered["evidence"]["notes"] == [
        "DKIM signature of desk.example ignored (fail): the body was changed after it was signed."
    ]
    assert len(list(ann.iterdir())) == before

    genuine = work(installed, dovecot, signed)
    assert genuine["evidence"]["method"] == "dkim=pass for desk.example, verified here"
    assert len(list(ann.iterdir())) == before + 1
    assert "press the button" in max(ann.iterdir(), key=lambda file: file.stat().st_mtime_ns).read_text()
    text = installed.cli("explain", str(tampered["mail"]))
    assert "the body was changed after it was signed" in text
