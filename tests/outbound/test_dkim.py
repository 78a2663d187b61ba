"""Our own mail signed by DKIM, as an independent verifier sees it."""

import datetime as dt
from pathlib import Path

import dkim
import pytest
from click.testing import CliRunner

from desks import Desk
from mailcall.cli.dkim import dkim as command
from mailcall.database.fields import Secret
from mailcall.message.dkim import verify_dkim
from mailcall.message.dkim_signing import Signer, new_key, public_record, read_key
from mailcall.message.signed_headers import split_mail
from mailcall.outbound.deliver import deliver
from mailcall.outbound.models import Delivery, DkimKey, Message
from outbound.leaving import queue

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
MAIL = (
    b"From: IT <support@desk.example>\r\nTo: ann@customer.example\r\nSubject: =?utf-8?q?Gr=C3=BC?=\r\n"
    b" =?utf-8?q?=C3=9Fe?=\r\nMessage-ID: <a@desk.example>\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n"
    b"List-Unsubscribe: <https://desk.example/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"\r\nWords  and \t blanks. \r\n\r\n\r\n"
)


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def pem(request: pytest.FixtureRequest) -> str:
    return new_key(request.param)


def verified(raw: bytes, pem: str) -> bool:
    """As dkimpy judges it, which knows nothing of us."""
    record = public_record(pem).encode()
    verifier = dkim.DKIM(raw)
    try:
        return bool(verifier.verify(dnsfunc=lambda name, timeout=5: record))
    except dkim.ValidationError:
        return False


def test_others_verify_our_signature(pem: str) -> None:
    signed = Signer("desk.example", "mc1", read_key(pem)).sign(MAIL, NOW)
    assert signed.endswith(MAIL)
    assert all(len(line) < 100 for line in signed[: -len(MAIL)].split(b"\r\n"))
    assert verified(signed, pem)
    record = public_record(pem)
    [own] = verify_dkim(split_mail(signed), lambda _: record, NOW)
    assert (own.result, own.domain, own.selector) == ("pass", "desk.example", "mc1")


@pytest.mark.parametrize(
    ("change", "to"),
    [
        (b"Words", b"Swords"),
        (b"<https://desk.example/u>", b"<https://evil.example/u>"),
        (b"To: ann@", b"To: eve@"),
        (b"Subject:", b"Cc: eve@evil.example\r\nSubject:"),
        (b"From: IT", b"From: Eve <eve@evil.example>\r\nFrom: IT"),
    ],
)
def test_what_was_changed_no_longer_verifies(pem: str, change: bytes, to: bytes) -> None:
    signed = Signer("desk.example", "mc1", read_key(pem)).sign(MAIL, NOW)
    assert not verified(signed[: -len(MAIL)] + MAIL.replace(change, to), pem)


def test_the_same_mail_is_signed_with_the_same_bytes(pem: str) -> None:
    signer = Signer("desk.example", "mc1", read_key(pem))
    assert signer.sign(MAIL, NOW) == signer.sign(MAIL, NOW)


@pytest.mark.parametrize(
    "bad", ["", "nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_told_in_a_sentence(bad: str) -> None:
    with pytest.raises(ValueError, match="That is no private key"):
        read_key(bad)


def test_a_mail_is_signed_by_the_key_nearest_to_its_sender(desk: Desk, pem: str) -> None:
    for domain, active in (("desk.example", True), ("it.desk.example", True), ("shop.example", False)):
        DkimKey.objects.create(domain=domain, selector="mc1", private_key=pem, active=active)
    for number, sender in enumerate(
        ["a@desk.example", "a@IT.desk.example", "a@hr.desk.example", "a@shop.example", "a@notdesk.example"]
    ):
        queue(desk, f"p{number}@customer.example", sender=["", sender])
    deliver(desk.server)
    domains = []
    for number in range(5):
        [raw] = desk.sent_to(f"p{number}@customer.example")
        signed = raw.startswith(b"DKIM-Signature:")
        assert not signed or verified(raw, pem)
        domains.append(raw.partition(b" d=")[2].partition(b";")[0].decode() if signed else "")
    assert domains == ["desk.example", "it.desk.example", "desk.example", "", ""]


def test_a_mail_resent_is_the_same_mail(desk: Desk, pem: str) -> None:
    DkimKey.objects.create(domain="desk.example", selector="mc1", private_key=pem, active=True)
    queue(desk, "ann@customer.example")
    deliver(desk.server)
    Delivery.objects.update(state="unknown", finished_at=None)
    deliver(desk.server)
    first, second = desk.sent_to("ann@customer.example")
    assert first == second
    assert Message.objects.count() == 1


def test_a_key_is_made_published_switched_on_and_off(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    published: dict[str, str] = {}
    monkeypatch.setattr("mailcall.cli.dkim.ready", lambda: None)
    monkeypatch.setattr("mailcall.inbound.dns.key_lookup", lambda: lambda name: published.get(name, ""))

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(command, arguments)
        return done.exit_code, " ".join(done.output.split())

    assert "There is no DKIM key" in run("show")[1]
    assert run("create", "no domain") == (1, "Error: “no domain” is no domain.")
    assert "is no selector" in run("create", "desk.example", "--selector", "a b")[1]
    bad = tmp_path / "key.pem"
    bad.write_text("nonsense")
    assert "That is no private key" in run("create", "desk.example", "--file", str(bad))[1]
    code, said = run("create", "Desk.example", "--selector", "one")
    assert code == 0
    assert 'one._domainkey.desk.example (not in use) TXT "v=DKIM1; k=rsa; p=' in said
    assert "choose another" in run("create", "desk.example", "--selector", "one")[1]
    key = DkimKey.objects.get()
    assert "PRIVATE" not in str(DkimKey.objects.values_list("private_key", flat=True)[0])
    assert "DNS has no record" in run("on", "desk.example", "one")[1]
    published[key.record_name] = "v=DKIM1; k=rsa; p=AAAA"
    assert "DNS has another record" in run("on", "desk.example", "one")[1]
    published[key.record_name] = key.record
    assert run("on", "desk.example", "one")[0] == 0
    run("create", "desk.example", "--selector", "two", "--type", "ed25519")
    assert run("on", "desk.example", "two", "--unchecked")[0] == 0
    assert dict(DkimKey.objects.values_list("selector", "active")) == {"one": False, "two": True}
    assert "It is in use" in run("remove", "desk.example", "two")[1]
    assert run("off", "desk.example", "two")[0] == run("remove", "desk.example", "two")[0] == 0
    assert "There is no key two" in run("off", "desk.example", "two")[1]


def test_a_key_that_can_not_be_read_stops_the_run_before_a_mail_is_taken(desk: Desk, pem: str) -> None:
    key = DkimKey.objects.create(domain="desk.example", selector="mc1", private_key=pem, active=True)
    DkimKey.objects.filter(pk=key.pk).update(private_key=Secret("nonsense"))
    queue(desk, "ann@customer.example")
    assert deliver(desk.server) == 0
    assert Delivery.objects.get().state == "queued"
    desk.server.refresh_from_db()
    assert desk.server.last_error
