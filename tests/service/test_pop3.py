"""The whole way of mail that is collected by POP3, whose deletions count only once the session ended well."""

import pytest

from desks import mail
from installations import DESK, Installation
from servers.dovecot import Dovecot
from servers.postfix import Postfix
from service.balance import assert_exactly_once
from service.flows import Flow, IntoMailbox

pytestmark = pytest.mark.servers


def use_pop3(installed: Installation, dovecot: Dovecot, postfix: Postfix, **changes: object) -> None:
    """Have the installation's account collected by POP3, every second."""
    more = "".join(f"\n    {name}: {value}" for name, value in {"check_interval": 1, **changes}.items())
    text = DESK.format(
        imap_port=dovecot.pop3s_port,
        user=installed.mailbox,
        ca_file=dovecot.ca_file,
        smtp_port=postfix.smtp_port,
        smtp_ca=postfix.ca_file,
    )
    text = text.replace("protocol: imap", f"protocol: pop3{more}")
    installed.load(text, IMAP_PASSWORD="secret")


@pytest.mark.parametrize("step", ["collect.fetched", "collect.journalled", "collect.disposed", "act.applied"])
def test_killed_before_the_session_ended_every_mail_has_one_outcome(
    step: str, installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    use_pop3(installed, dovecot, postfix)
    flow = Flow(f"pop3-{step.replace('.', '-')}", IntoMailbox(dovecot, installed.mailbox))
    flow.feed(10)
    installed.start(kill_at=step)
    assert installed.process
    assert installed.process.wait(60) == -9, installed.tail()
    installed.process = None
    journalled = installed.count("select count(*) from inbound_receivedmail")
    if step in {"collect.journalled", "collect.disposed"}:
        assert journalled == len(dovecot.mails(installed.mailbox)) == 10

    flow.feed(3)
    installed.start()
    installed.wait(lambda: installed.settled(len(flow.sent)), "all mails")
    installed.wait(lambda: dovecot.mails(installed.mailbox) == [], "the last deletion")
    installed.end()
    assert_exactly_once(installed, flow, postfix)


def test_kept_mails_come_once_and_again_under_delete_not_at_all(
    installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    use_pop3(installed, dovecot, postfix, disposal="keep")
    for number in range(3):
        dovecot.deliver(installed.mailbox, mail(f"kept{number}@k.example", f"Kept {number}"))
    for _ in range(2):
        installed.cli("collect", "--once", "--account", "Support")
    assert installed.count("select count(*) from inbound_receivedmail") == 3
    assert installed.count("select count(*) from inbound_keptmail") == 3
    assert len(dovecot.mails(installed.mailbox)) == 3

    use_pop3(installed, dovecot, postfix, disposal="delete")
    installed.cli("collect", "--once", "--account", "Support")
    assert installed.count("select count(*) from inbound_receivedmail") == 3
    assert dovecot.mails(installed.mailbox) == []


def test_the_session_limit_is_kept_on_the_whole_way(
    installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    use_pop3(installed, dovecot, postfix, session_limit=3)
    for number in range(7):
        dovecot.deliver(installed.mailbox, mail(f"limit{number}@k.example", f"Limited {number}"))
    before = dovecot.log.count(f"Login: user=<{installed.mailbox}>")
    installed.cli("collect", "--once", "--account", "Support")
    assert installed.count("select count(*) from inbound_receivedmail") == 7
    assert dovecot.mails(installed.mailbox) == []
    assert dovecot.log.count(f"Login: user=<{installed.mailbox}>") == before + 3


def test_checking_the_account_says_that_it_is_collected_by_the_clock(
    installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    use_pop3(installed, dovecot, postfix)
    assert "account Support: signed in, 0 mails to collect, checked by the clock only" in installed.cli(
        "check"
    )


def test_moving_is_refused_with_the_line_of_the_desk_file(
    installed: Installation, dovecot: Dovecot, postfix: Postfix
) -> None:
    file = installed.folder / "desk.yaml"
    text = file.read_text().replace("protocol: imap", "protocol: pop3\n    disposal: move\n    move_to: Done")
    file.write_text(text)
    said = installed.cli("load", str(file), status=1, IMAP_PASSWORD="secret")
    assert said.count("POP3 has no folders") == 1, said
