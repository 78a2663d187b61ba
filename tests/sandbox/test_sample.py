"""The sample desk: made once, continued ever after."""

from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import authenticate

from mailcall.desk.models import Group, Partition, Person
from mailcall.inbound.models import IncomingAccount
from mailcall.message import Kind, read_mail
from mailcall.outbound.models import OutgoingServer
from mailcall.sandbox import maildirs
from mailcall.sandbox.sample import SIGN_INS, prepare
from mailcall.sandbox.smtp import SandboxServer

pytestmark = pytest.mark.django_db


def test_the_first_run_makes_a_desk_that_is_not_empty(server: SandboxServer, mail_dir: Path) -> None:
    assert prepare(mail_dir, "127.0.0.1", server.port) is True
    assert set(Partition.objects.values_list("name", flat=True)) == {"IT", "HR"}
    assert {"Service Desk", "Network"} <= set(Group.objects.values_list("name", flat=True))
    assert Person.objects.filter(is_user=False, is_analyst=False).exists()
    assert OutgoingServer.objects.get().port == server.port
    account = IncomingAccount.objects.get(name="Support mailbox")
    assert Path(account.path) == mail_dir / "support@demo.example"
    reads = [read_mail(each.path.read_bytes()) for each in maildirs.mails(mail_dir, "support@demo.example")]
    assert len(reads) == 5
    assert sum(each.kind is Kind.AUTO_REPLY for each in reads) == 1
    assert sum(each.is_list for each in reads) == 1
    assert any("Grüße" in each.text for each in reads)
    assert any({file.inline for file in each.attachments} == {True, False} for each in reads)
    assert not any(each.defects for each in reads)


def test_the_next_run_keeps_what_was_changed_and_follows_the_port(
    server: SandboxServer, mail_dir: Path
) -> None:
    prepare(mail_dir, "127.0.0.1", server.port)
    Partition.objects.filter(name="IT").update(sender_name="The IT crowd")
    count = sum(box.count for box in maildirs.mailboxes(mail_dir))
    assert prepare(mail_dir, "127.0.0.1", 4321) is False
    assert OutgoingServer.objects.get().port == 4321
    assert Partition.objects.get(name="IT").sender_name == "The IT crowd"
    assert sum(box.count for box in maildirs.mailboxes(mail_dir)) == count


def test_a_deleted_account_stays_deleted(server: SandboxServer, mail_dir: Path) -> None:
    prepare(mail_dir, "127.0.0.1", server.port)
    IncomingAccount.objects.filter(name="HR mailbox").delete()
    assert prepare(mail_dir, "127.0.0.1", server.port) is False
    assert IncomingAccount.objects.count() == 1


def test_a_first_run_that_was_cut_short_is_taken_up_again(mail_dir: Path) -> None:
    from mailcall.sandbox.letters import LetterError

    with pytest.raises(LetterError):
        prepare(mail_dir, "127.0.0.1", 1)
    server = SandboxServer(mail_dir, "127.0.0.1", 0)
    server.start()
    try:
        assert prepare(mail_dir, "127.0.0.1", server.port) is True
    finally:
        server.stop()


def test_everybody_that_the_sign_in_page_offers_can_sign_in(
    server: SandboxServer, mail_dir: Path, rf
) -> None:
    prepare(mail_dir, "127.0.0.1", server.port)
    offered = apps.get_app_config("sandbox").sign_ins
    assert list(offered) == list(SIGN_INS)
    logins = [authenticate(rf.post("/"), username=email, password=word) for _, email, word in offered]
    assert [login.person.is_analyst for login in logins] == [True, True, True, False]
    assert [login.is_superuser for login in logins] == [False, False, True, False]


def test_a_user_is_asked_to_approve_a_request(server: SandboxServer, mail_dir: Path) -> None:
    from mailcall.desk.models import Approval

    prepare(mail_dir, "127.0.0.1", server.port)
    approval = Approval.objects.get()
    assert (approval.person.name, approval.state) == ("Marcus Webb", "waiting")
    assert [task.state for task in approval.task.request.tasks.all()] == ["open", *["waiting"] * 4]
    prepare(mail_dir, "127.0.0.1", server.port)
    assert Approval.objects.count() == 1
