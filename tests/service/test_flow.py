"""The whole way on real servers: Dovecot, the service in its own process, Postfix."""

import json
import signal

import pytest

from desks import mail
from installations import Installation
from mailcall.message import read_mail
from servers.dovecot import Dovecot
from servers.postfix import Postfix

pytestmark = pytest.mark.servers


def test_a_mail_in_dovecot_is_a_call_and_its_acknowledgement_comes_through_postfix(
    installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    installed.start()
    installed.wait(lambda: "service started" in installed.tail(), "the start")
    dovecot.deliver(installed.mailbox, mail("flow@customer.example", "Größe passt nicht 🙂"))
    installed.wait(lambda: installed.settled(1), "the mail")

    [call] = installed.rows("calls")
    assert call["subject"] == "Größe passt nicht 🙂"
    assert call["user"] == "flow@customer.example"
    assert dovecot.mails(installed.mailbox) == []
    [sent] = postfix.mails("flow@customer.example", wait=1)
    answer = read_mail(sent)
    assert answer.subject == f"[Call {call['number']}] Größe passt nicht 🙂"
    told = postfix.mails("team@desk.example", wait=1)  # the group is in charge of it, as in other tests
    assert answer.subject in {read_mail(raw).subject for raw in told}
    messages = {message["message_id"]: message for message in installed.rows("messages")}
    assert len(messages) == 2
    assert messages[answer.message_id]["deliveries"][0]["state"] == "sent"

    [received] = installed.rows("mails")
    lines = [json.loads(line) for line in installed.log.read_text().splitlines() if line.startswith("{")]
    one = [line["event"] for line in lines if line.get("correlation_id") == received["correlation_id"]]
    assert one == ["mail journalled", "mail done", "delivery", "delivery"]


def test_sigterm_stops_it_within_ten_seconds(installed: Installation) -> None:
    installed.start()
    installed.wait(lambda: "service started" in installed.tail(), "the start")
    assert installed.end(signal.SIGTERM) < 10
    assert "service stopped" in installed.tail()
