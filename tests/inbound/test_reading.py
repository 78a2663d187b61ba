"""From raw bytes to what deciding needs, where that is not plain."""

import pytest

from desks import Desk, mail
from mailcall.desk.models import Call, Person
from mailcall.inbound.models import ReceivedMail
from mailcall.inbound.reading import Unreadable, read
from mailcall.message import Trust
from mailcall.outbound.threads import new_message_id


def test_a_mail_that_our_reader_fails_at_is_not_taken_for_an_empty_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("mailcall.message.reading.classify", fail)
    with pytest.raises(Unreadable, match=r"^Mailcall's own reader failed at this mail \(RecursionError"):
        read(mail("ann@customer.example", "A question"), Trust(), [])


def test_an_international_address_is_one_person_however_it_is_written(desk: Desk) -> None:
    for number, domain in enumerate(("bücher.example", "xn--bcher-kva.example", "BÜCHER.example")):
        desk.deliver(f"From: Ann@{domain}\r\nSubject: Matter {number}\r\n\r\nhi {number}".encode())
    desk.run()
    assert Call.objects.count() == 3
    assert Person.objects.filter(email="ann@xn--bcher-kva.example").count() == 1
    assert not Person.objects.filter(email__contains="cher.example").exists()


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("hilfe@bücher.example", "xn--bcher-kva.example"),
        ("help@Desk.example", "desk.example"),
        ("help@no domain", "localhost"),
        ("", "localhost"),
    ],
)
def test_our_message_ids_are_ascii_whatever_the_address(address: str, domain: str) -> None:
    assert new_message_id(7, address, [bytes(32)]).endswith(f"@{domain}>")


def test_a_partition_with_an_international_address_answers(desk: Desk) -> None:
    partition = desk.account.template.partition
    partition.address = "hilfe@bücher.example"
    partition.save()
    desk.deliver(mail("ann@customer.example", "A question"))
    desk.run()
    assert ReceivedMail.objects.get().outcome == "logged"
    assert b"@xn--bcher-kva.example" in desk.sent_to("ann@customer.example")[0]
