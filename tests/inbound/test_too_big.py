"""The rule for mails above the size limit, and what comes back on the answers that it gives."""

import pytest

from desks import Desk, mail, reply_to, report
from inbound.hand_made import KEYS, facts
from mailcall.inbound.decision import Action
from mailcall.inbound.models import ReceivedMail
from mailcall.inbound.reading import Arrival, Reading, read
from mailcall.inbound.rules import decide
from mailcall.inbound.rules.rejected import TooBig, megabytes
from mailcall.message import Trust, read_mail
from mailcall.outbound.models import Delivery, Message

ANN = "ann@customer.example"
MB = 1024 * 1024


def header_of(raw: bytes, size: int = 60 * MB) -> Reading:
    """The header of a mail of that size, read."""
    header = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    return read(header, Trust(verify_dkim=False), KEYS, Arrival(whole_size=size))


def test_a_mail_that_is_here_whole_is_none_of_its_business() -> None:
    verdict = TooBig().check(read(mail(), Trust(verify_dkim=False), KEYS), facts(size_limit=1))
    assert (verdict.decision, verdict.saw) == (None, "All of it was fetched.")


def test_it_rejects_and_answers_what_is_too_big() -> None:
    decided = decide(header_of(mail(ANN)), facts(size_limit=50)).decision
    assert (decided.action, decided.answer, decided.no_answer) == (Action.REJECT, True, "")
    assert decided.reason == (
        "It is too big: it has 60.0 MB, and account Support takes at most 50 MB. Only its header was fetched."
    )


def test_it_says_so_when_the_limit_is_gone_by_now() -> None:
    assert "takes any size by now" in decide(header_of(mail(ANN)), facts()).decision.reason


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (mail(""), "no From"),
        (mail("support@desk.example"), "is an address of this desk"),
        (mail(ANN, headers="Auto-Submitted: auto-generated\n"), "The mail is automatic"),
        (mail(ANN, headers="List-Id: <list.example>\n"), "The mail is automatic"),
    ],
)
def test_whoever_is_never_answered_is_not_answered_here(raw: bytes, why: str) -> None:
    decision = decide(header_of(raw), facts(size_limit=50)).decision
    assert (decision.action, decision.answer) == (Action.REJECT, False)
    assert why.lower() in decision.no_answer.lower()


def test_a_reply_that_is_too_big_does_not_update_its_call(desk: Desk) -> None:
    desk.receive(mail(ANN))
    [sent] = desk.sent_to(ANN)
    desk.account.size_limit = 1
    desk.account.save()
    received = desk.receive(reply_to(sent, ANN, "x" * 79 + "\n" + "All work and no play.\n" * 60_000))
    assert (received.outcome, received.call) == ("rejected", None)
    assert len(desk.sent_to(ANN)) == 2


@pytest.mark.parametrize(
    ("size", "shown"), [(1, "0.1"), (MB, "1.0"), (MB + 1, "1.1"), (1500 * MB, "1,500.0")]
)
def test_what_is_above_a_limit_never_looks_as_if_it_fitted(size: int, shown: str) -> None:
    assert megabytes(size) == shown


@pytest.fixture
def told(desk: Desk) -> bytes:
    """The answer to a mail that was too big."""
    desk.account.size_limit = 1
    desk.account.save()
    desk.receive(mail(ANN, "Pictures", text="All work and no play.\n" * 60_000))
    [sent] = desk.sent_to(ANN)
    return sent


def test_the_answer_come_back_is_known_as_our_own(desk: Desk, told: bytes) -> None:
    received = desk.receive(told)
    assert (received.outcome, received.reason) == ("rejected", "It is our own mail come back.")


def test_what_a_person_answers_to_it_is_a_new_call(desk: Desk, told: bytes) -> None:
    received = desk.receive(reply_to(told, ANN, "They are at https://files.example/1\n"))
    assert received.outcome == "logged"
    assert received.call.subject == "Not accepted: Pictures"


def test_a_delivery_report_about_it_marks_its_delivery(desk: Desk, told: bytes) -> None:
    desk.receive(report(read_mail(told).message_id, ANN))
    assert Delivery.objects.get().state == "bounced"
    desk.receive(mail(ANN, "More", text="All work and no play.\n" * 60_000))
    assert Delivery.objects.latest("pk").state == "withheld"


def test_a_person_who_gets_no_mail_gets_none_of_these(desk: Desk) -> None:
    desk.ann.available_recipient = False
    desk.ann.save()
    desk.account.size_limit = 1
    desk.account.save()
    desk.receive(mail(ANN, text="All work and no play.\n" * 60_000))
    assert ReceivedMail.objects.get().outcome == "rejected"
    assert Message.objects.count() == 0
