"""No automatic reply is taken for a person, and no person for an automatic reply."""

import pytest

from mailcall.message import Kind, read_mail

from .machines import receipts, replies
from .people import near_misses

REPLIES = dict(replies())
RECEIPTS = dict(receipts())
PEOPLE = dict(near_misses())


def test_the_set_is_large_enough_and_no_two_of_it_are_the_same() -> None:
    automatic = [*REPLIES.values(), *RECEIPTS.values()]
    assert len(set(automatic)) == len(automatic) >= 200
    assert len({name.rpartition(", ")[2] for name in REPLIES}) >= 20
    assert len(set(PEOPLE.values())) == len(PEOPLE) >= 100


@pytest.mark.parametrize("name", REPLIES)
def test_an_automatic_reply_is_known(name: str) -> None:
    mail = read_mail(REPLIES[name])
    assert (mail.kind, mail.auto_generated) == (Kind.AUTO_REPLY, True)
    assert mail.kind_reason


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_receipt_is_known(name: str) -> None:
    assert read_mail(RECEIPTS[name]).kind is Kind.READ_RECEIPT


@pytest.mark.parametrize("name", PEOPLE)
def test_a_persons_mail_is_a_persons(name: str) -> None:
    mail = read_mail(PEOPLE[name])
    assert (mail.kind, mail.kind_reason, mail.bounce) == (Kind.NORMAL, "", None)
    assert not mail.auto_generated or mail.is_list
