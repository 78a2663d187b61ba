"""From a mailbox to a call and an answer, in one process."""

from desks import Desk, mail
from mailcall.desk.models import Call
from mailcall.inbound.models import ReceivedMail
from mailcall.message import read_mail


def test_a_mail_becomes_a_call_and_is_acknowledged(desk: Desk) -> None:
    desk.deliver(mail())
    assert desk.run() == 1

    call = Call.objects.get()
    assert call.subject == "My laptop is dead"
    assert call.user == desk.ann
    assert call.logged_by == desk.bob
    received = ReceivedMail.objects.get()
    assert (received.state, received.outcome, received.call) == ("done", "logged", call)
    [sent] = desk.sent_to("ann@customer.example")
    answer = read_mail(sent)
    assert answer.subject == f"[Call {call.pk}] My laptop is dead"
    assert answer.in_reply_to == (received.message_id,)
    assert f"call {call.pk}" in answer.text
