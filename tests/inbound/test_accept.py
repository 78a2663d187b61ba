"""Mail that is handed over: safe when it is accepted, and one mail however often it is handed over."""

from pathlib import Path

import pytest
from django.db import DatabaseError

from desks import Desk, mail
from mailcall.config import config
from mailcall.desk.models import Call, Partition
from mailcall.inbound import accept as room
from mailcall.inbound.accept import Arriving, NotAccepted, Recipients, SwitchedOff, account_named
from mailcall.inbound.models import FED, IncomingAccount, ReceivedMail
from mailcall.mailbox.interface import BIG

BIG_MAIL = mail(text="x" * BIG)


def hand_over(account: object, raw: bytes, piece: int = 10_000) -> bool:
    """Whether it was new."""
    with Arriving() as arriving:
        for at in range(0, len(raw), piece):
            arriving.write(raw[at : at + piece])
        return room.accept(account, arriving) is not None


def spooled() -> list[Path]:
    return [path for path in (config().spool_dir / "fed").rglob("*") if path.is_file()]


@pytest.mark.parametrize("raw", [mail(), BIG_MAIL], ids=["small", "big"])
def test_a_mail_handed_over_again_is_one_mail(desk: Desk, raw: bytes) -> None:
    assert [hand_over(desk.account, raw) for _ in range(3)] == [True, False, False]
    row = ReceivedMail.objects.get()
    assert row.read_raw() == raw
    assert (row.size, row.identity) == (len(raw), f"fed:{row.sha256}")
    assert (row.raw is None) == (len(raw) > BIG)
    assert spooled() == []
    desk.run()
    assert Call.objects.count() == 1


def test_a_mail_for_two_accounts_is_kept_for_each(desk: Desk) -> None:
    other = desk.add_account("other", "other@desk.example")
    with Arriving() as arriving:
        arriving.write(BIG_MAIL)
        assert room.accept(desk.account, arriving)
        assert room.accept(other, arriving)
    assert [row.read_raw() for row in ReceivedMail.objects.all()] == [BIG_MAIL, BIG_MAIL]


def test_of_two_that_hand_it_over_at_once_one_is_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hand_over(desk.account, mail(message_id="<same@k.example>")) is True
    raw = ReceivedMail.objects.get().read_raw()
    answers = iter([set(), {ReceivedMail.objects.get().identity}])
    monkeypatch.setattr(room, "journalled", lambda *_: next(answers))
    assert hand_over(desk.account, raw) is False
    assert ReceivedMail.objects.count() == 1


def test_what_the_database_refuses_otherwise_is_no_known_mail(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "journal_row", lambda *_: ReceivedMail(account=desk.account))
    with pytest.raises(DatabaseError):
        hand_over(desk.account, mail())


@pytest.mark.parametrize("where", ["accept.received", "accept.kept", "accept.journalled"])
@pytest.mark.parametrize("raw", [mail(), BIG_MAIL], ids=["small", "big"])
def test_a_mail_killed_anywhere_and_handed_over_again_is_logged_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str, raw: bytes
) -> None:
    class Killed(BaseException):
        pass

    def kill(name: str) -> None:
        if name == where:
            raise Killed

    monkeypatch.setattr(room, "checkpoint", kill)
    with pytest.raises(Killed):
        hand_over(desk.account, raw)
    monkeypatch.undo()
    assert hand_over(desk.account, raw) is (where != "accept.journalled")
    desk.run()
    assert (ReceivedMail.objects.count(), Call.objects.count()) == (1, 1)
    assert ReceivedMail.objects.get().read_raw() == raw


def test_a_mail_that_was_not_complete_leaves_nothing(desk: Desk) -> None:
    with Arriving() as arriving:
        arriving.write(BIG_MAIL)
        assert len(spooled()) == 1
    assert spooled() == []
    assert ReceivedMail.objects.count() == 0


@pytest.mark.parametrize(
    "address", ["support@desk.example", "Support@DESK.example", "support+printer@desk.example"]
)
def test_an_account_is_found_by_its_address(desk: Desk, address: str) -> None:
    assert Recipients().account(address) == desk.account


def test_an_address_that_has_a_plus_itself_comes_before_a_tag(desk: Desk) -> None:
    tagged = desk.add_account("tagged", "support+hr@desk.example")
    assert Recipients().account("support+hr@desk.example") == tagged
    assert Recipients().account("support+it@desk.example") == desk.account


def test_an_account_without_a_mailbox_comes_before_one_with_the_same_address(desk: Desk) -> None:
    fed = desk.add_account("fed", "support@desk.example")
    IncomingAccount.objects.filter(pk=fed.pk).update(protocol=FED)
    assert Recipients().account("support@desk.example") == fed


def test_a_partitions_address_leads_to_its_only_account(desk: Desk) -> None:
    hr = Partition.objects.create(name="HR", address="people@desk.example")
    account = desk.add_account("hr", "jobs@desk.example", partition=hr)
    assert Recipients().account("people+x@desk.example") == account
    second = desk.add_account("hr2", "second@desk.example")
    IncomingAccount.objects.filter(pk=second.pk).update(template=account.template)
    with pytest.raises(NotAccepted, match=r"More than one account is for people@desk\.example\."):
        Recipients().account("people@desk.example")


@pytest.mark.parametrize(
    "address", ["nobody@desk.example", "support@elsewhere.example", "support", "", "@", "+@"]
)
def test_an_unknown_address_leads_nowhere(desk: Desk, address: str) -> None:
    with pytest.raises(NotAccepted) as refused:
        Recipients().account(address)
    assert not isinstance(refused.value, SwitchedOff)


def test_an_account_that_is_switched_off_is_told_from_an_unknown_one(desk: Desk) -> None:
    IncomingAccount.objects.update(active=False)
    for ask in (lambda: Recipients().account("support@desk.example"), lambda: account_named("Support")):
        with pytest.raises(SwitchedOff, match=r"The account Support is switched off\."):
            ask()
