"""Mails above an account's size limit: header journalled, sender told, body left alone."""

from pathlib import Path

import pytest

from desks import AUTHENTICATED, Desk, mail
from mailcall.desk.models import Call
from mailcall.inbound.collect import collect
from mailcall.inbound.explain import explain_mail, explain_raw
from mailcall.inbound.models import MB, IncomingAccount, KeptMail, ReceivedMail
from mailcall.mailbox.interface import MOST_HEADER
from mailcall.outbound.models import Delivery, Message
from servers.account import Account

LIMIT = 1  # MB
BIG = "All work and no play.\n" * 60_000


def big(*arguments: str, **more: object) -> bytes:
    return mail(*arguments, text=BIG, **more)


ON_SERVERS = [pytest.param(name, marks=pytest.mark.servers) for name in ("imap", "pop3")]


@pytest.fixture(params=["maildir", *ON_SERVERS])
def desk(desk: Desk, request: pytest.FixtureRequest) -> Desk:
    """The small desk, whose account takes mails up to the limit, by each protocol."""
    desk.account.size_limit, desk.account.protocol = LIMIT, request.param
    if request.param != "maildir":
        dovecot = request.getfixturevalue("dovecot")
        mailbox = Account(dovecot, dovecot.new_user())
        desk.account.server, desk.account.login, desk.account.password = "localhost", mailbox.user, "secret"
        desk.account.port = dovecot.imaps_port if request.param == "imap" else dovecot.pop3s_port
        desk.account.ca_file = dovecot.ca_file
        desk.deliver = lambda raw, *_, **__: mailbox.deliver(raw.replace(b"\r\n", b"\n"))  # type: ignore[method-assign]
        desk.left = mailbox.mails  # type: ignore[attr-defined]
    else:
        desk.left = lambda folder="": files(desk.account, folder)  # type: ignore[attr-defined]
    desk.account.save()
    return desk


def files(account: IncomingAccount, folder: str) -> list[bytes]:
    base = Path(account.path) / (f".{folder}" if folder else "")
    return [file.read_bytes() for part in ("new", "cur") for file in sorted((base / part).glob("*"))]


def test_only_the_header_is_journalled_and_the_mail_is_left(desk: Desk) -> None:
    raw = big("ann@customer.example", "Pictures")
    desk.deliver(raw)
    desk.run()
    received = ReceivedMail.objects.get()
    assert received.header_only
    assert received.size > LIMIT * MB
    header = received.read_raw()
    assert b"Subject: Pictures" in header
    assert b"All work" not in header
    assert (received.outcome, received.subject) == ("rejected", "Pictures")
    assert received.reason.startswith("It is too big: it has 1.4 MB, and account Support takes at most 1 MB.")
    assert [step["rule"] for step in received.trace if step["fired"]] == ["too big"]
    assert Call.objects.count() == 0
    assert len(desk.left()) == 1
    assert b"All work" in desk.left()[0]


def test_the_sender_is_told_what_was_too_big_and_what_to_do(desk: Desk) -> None:
    desk.deliver(big("ann@customer.example", "Pictures", message_id="<big@customer.example>"))
    desk.run()
    (answer,) = desk.sent_to("ann@customer.example")
    text = answer.decode()
    assert "Subject: Not accepted: Pictures" in text
    assert "In-Reply-To: <big@customer.example>" in text
    assert "Auto-Submitted: auto-replied" in text
    assert "it has 1.4 MB" in text
    assert "at most 1 MB" in text
    assert Message.objects.get().call is None


def test_it_is_looked_at_once_and_others_come_as_ever(desk: Desk) -> None:
    desk.deliver(big())
    desk.run()
    desk.deliver(mail("ann@customer.example", "Small"))
    assert desk.run() == 1
    assert desk.run() == 0
    assert ReceivedMail.objects.count() == 2
    assert Call.objects.get().subject == "Small"
    assert len(desk.left()) == 1
    assert KeptMail.objects.count() == (desk.account.protocol == "pop3")


def test_a_mail_of_just_the_limit_comes_whole_and_one_byte_more_does_not(desk: Desk) -> None:
    start = b"From: ann@customer.example\nSubject: Exact\n\n"
    counted = len(start) + 1 + (0 if desk.account.protocol == "maildir" else 4)  # servers count CR LF
    for size in (LIMIT * MB, LIMIT * MB + 1):
        desk.deliver(start + b"x" * (size - counted) + b"\n")
    desk.run()
    sizes = ReceivedMail.objects.order_by("pk").values_list("size", "header_only")
    assert list(sizes) == [(LIMIT * MB, False), (LIMIT * MB + 1, True)]


def test_without_a_limit_any_size_comes_whole(desk: Desk) -> None:
    desk.account.size_limit = 0
    desk.account.save()
    desk.deliver(big())
    desk.run()
    assert Call.objects.count() == 1
    assert desk.left() == []


def test_a_kept_mailbox_keeps_it_too(desk: Desk) -> None:
    desk.account.disposal = "keep"
    desk.account.save()
    desk.deliver(big())
    desk.deliver(mail())
    assert desk.run() == 2
    assert desk.run() == 0
    assert len(desk.left()) == 2


def test_it_is_moved_where_a_folder_is_named(desk: Desk) -> None:
    if desk.account.protocol == "pop3":
        pytest.skip("POP3 has no folders")
    desk.account.move_to = "Too big"
    desk.account.save()
    desk.deliver(big())
    desk.deliver(mail())
    assert desk.run() == 2
    assert desk.left() == []
    assert len(desk.left("Too big")) == 1
    desk.account.disposal = "move"
    desk.account.save()
    desk.deliver(big())
    desk.run()
    assert len(desk.left("Too big")) == 2


def test_no_machine_is_answered(desk: Desk) -> None:
    desk.deliver(big("cron@customer.example", headers="Auto-Submitted: auto-generated\n"))
    desk.deliver(big("support@desk.example"))
    desk.deliver(big("ooo@customer.example", headers="Auto-Submitted: auto-replied\n"))
    desk.run()
    assert {mail.outcome for mail in ReceivedMail.objects.all()} == {"rejected"}
    assert ReceivedMail.objects.count() == 3
    assert Message.objects.count() == 0


def test_many_from_one_sender_are_answered_within_the_budget(desk: Desk) -> None:
    for number in range(7):
        desk.deliver(big("ann@customer.example", f"Pictures {number}"))
    desk.run()
    states = sorted(Delivery.objects.values_list("state", flat=True))
    assert states == ["sent"] * 5 + ["withheld"] * 2


def test_a_signature_over_a_body_that_is_not_here_proves_nothing(desk: Desk) -> None:
    signature = "DKIM-Signature: v=1; a=rsa-sha256; d=customer.example; s=k; h=from; bh=eA==; b=eA==\n"
    desk.deliver(big("ann@customer.example", headers=signature))
    desk.run()
    evidence = ReceivedMail.objects.get().evidence
    assert evidence["authenticated"] is False
    assert not any("body" in note for note in evidence["notes"])


def test_a_trusted_hosts_word_counts_since_it_is_in_the_header(desk: Desk) -> None:
    desk.deliver(big("bob@desk.example", headers=AUTHENTICATED))
    desk.run()
    assert ReceivedMail.objects.get().evidence["authenticated"] is True


def test_explaining_it_says_the_same_today(desk: Desk) -> None:
    desk.deliver(big())
    desk.run()
    received = ReceivedMail.objects.get()
    assert explain_mail(received).decided.decision.reason == received.reason
    assert explain_raw(big(), desk.account).decided.decision.reason.startswith("It is too big")


def test_an_endless_header_is_cut(desk: Desk) -> None:
    header, _, body = mail("ann@customer.example", "Endless").partition(b"\r\n\r\n")
    desk.deliver(header + (b"\r\nX-Long: " + b"x" * 900) * 2_000 + b"\r\n\r\n" + body)
    desk.run()
    received = ReceivedMail.objects.get()
    assert received.header_only
    assert len(received.read_raw()) <= MOST_HEADER
    assert received.outcome == "rejected"
    assert received.from_address == "ann@customer.example"


def test_a_changed_mind_about_the_limit_fetches_nothing_twice(desk: Desk) -> None:
    desk.deliver(big())
    desk.run()
    desk.account.refresh_from_db()
    desk.account.size_limit = 50
    desk.account.save()
    collect(desk.account)
    assert ReceivedMail.objects.filter(header_only=True).count() == 1
    assert len(desk.left()) == 1
