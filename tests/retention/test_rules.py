"""What a rule removes, what it leaves, and that a preview tells exactly that."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.utils import timezone

from desks import Desk, mail, put_in_state, report
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call
from mailcall.inbound import journal
from mailcall.inbound.act import act_on_next
from mailcall.inbound.collect import collect
from mailcall.inbound.models import MailState, ReceivedMail, SourceRemoved
from mailcall.outbound import operations
from mailcall.outbound.models import Delivery, DeliveryState, DigestItem, Message, Notice
from mailcall.outbound.render import render
from mailcall.retention.models import LooseFile, Removal
from mailcall.retention.running import run_rule
from retention.conftest import BIG, applied, file_of, grow_old, make_old, rule


def test_the_source_of_old_mail_goes_and_the_rest_stays(desk: Desk) -> None:
    received = desk.receive(mail(subject="Old"))
    grow_old()
    assert applied("raw_mail").counts["sources"] == 1
    received.refresh_from_db()
    assert received.raw is None
    assert received.subject == "Old"
    assert received.trace
    assert received.sha256
    with pytest.raises(SourceRemoved, match=r"source was removed on .* by the retention rule “Old raw_mail”"):
        received.read_raw()
    assert received.call.timeline.first().text


def test_young_mail_and_mail_that_waits_or_is_held_keeps_its_source(desk: Desk) -> None:
    young = desk.receive(mail())
    for state in (MailState.NEW, MailState.HELD):
        desk.deliver(mail())
        collect(desk.account)
        ReceivedMail.objects.filter(acted_at=None, state=MailState.NEW).update(
            state=state, received_at=timezone.now() - dt.timedelta(days=999)
        )
    assert not applied("raw_mail").counts
    assert ReceivedMail.objects.exclude(raw=None).count() == 3
    assert young.read_raw()


def test_a_held_mail_is_retried_as_ever_after_the_rules_ran(desk: Desk) -> None:
    desk.deliver(mail())
    collect(desk.account)
    put_in_state(ReceivedMail.objects.all(), MailState.HELD)
    for removes in ("raw_mail", "rejected_mail"):
        applied(removes)
    journal.retry_all()
    assert act_on_next() == 1
    assert ReceivedMail.objects.get().outcome == "logged"


def test_a_rule_of_a_partition_leaves_the_others_alone(desk: Desk) -> None:
    from mailcall.desk.models import Partition

    other = Partition.objects.create(name="HR", address="hr@desk.example")
    account = desk.add_account("HR", "hr@desk.example", partition=other)
    desk.deliver(mail(to="hr@desk.example"), account=account)
    desk.receive(mail())
    grow_old()
    assert applied("raw_mail", partition=other).counts["sources"] == 1
    assert ReceivedMail.objects.get(raw=None).account == account


def test_a_rejected_mail_goes_but_does_not_come_again_from_a_mailbox_that_keeps_it(desk: Desk) -> None:
    desk.account.disposal = "keep"
    desk.account.save()
    received = desk.receive(report("<none@desk.example>", "ann@customer.example"))
    assert received.outcome == "rejected"
    grow_old()
    assert applied("rejected_mail").counts["received mails"] == 1
    stub = ReceivedMail.objects.get()
    assert (stub.subject, stub.from_address, stub.message_id, stub.trace, stub.raw) == ("", "", "", [], None)
    assert stub.outcome == "rejected"
    assert stub.removal.startswith("All that it said was removed on")
    assert desk.run() == 0
    assert ReceivedMail.objects.count() == 1


def test_mail_that_changed_a_call_is_not_taken_for_rejected(desk: Desk) -> None:
    desk.receive(mail())
    grow_old()
    assert not applied("rejected_mail").counts


def test_what_a_sent_message_said_goes_and_it_can_not_be_sent_again(desk: Desk) -> None:
    desk.receive(mail())
    grow_old()
    put_in_state(Delivery.objects.all(), DeliveryState.BOUNCED)
    count = Message.objects.count()
    assert applied("sent_messages").counts["messages"] == count
    message = Message.objects.first()
    assert message.data == {}
    with pytest.raises(Refused, match="What it said was removed on"):
        render(message)
    with pytest.raises(Refused, match="What it said was removed on"):
        operations.retry(message.deliveries.first())


@pytest.mark.parametrize("state", ["queued", "sending", "deferred", "unknown", "held"])
def test_a_message_that_is_on_its_way_or_held_keeps_what_it_says(desk: Desk, state: str) -> None:
    desk.receive(mail())
    grow_old()
    put_in_state(Delivery.objects.all(), state)
    assert not applied("sent_messages").counts


def test_old_notices_and_lines_of_digests_go_and_newer_ones_stay(desk: Desk) -> None:
    past = timezone.now() - dt.timedelta(days=99)
    call = Call.objects.create(partition=desk.partition, subject="x", user=desk.ann)
    about = {"type_code": 1003, "partition": desk.partition, "call": call, "subject": "x"}
    for at in (past, timezone.now()):
        Notice.objects.create(person=desk.bob, created_at=at, **about)
        DigestItem.objects.create(address="b@x.example", due_at=at, sent_at=at, created_at=at, **about)
    DigestItem.objects.create(address="b@x.example", due_at=past, created_at=past, **about)  # not sent yet
    assert applied("notices").counts == {"notices": 1, "lines of digests": 1}
    assert (Notice.objects.count(), DigestItem.objects.count()) == (1, 2)


def test_old_sign_ins_and_sessions_go(desk: Desk) -> None:
    from axes.models import AccessFailureLog, AccessLog

    past = timezone.now() - dt.timedelta(days=40)
    for model in (AccessLog, AccessFailureLog):
        for _ in range(2):
            model.objects.create(username="ann@customer.example", ip_address="192.0.2.1")
        model.objects.filter(pk=model.objects.first().pk).update(attempt_time=past)
    Session.objects.create(session_key="secret", session_data="x", expire_date=past)
    counts = applied("sign_ins").counts
    assert counts == {"sign-ins": 1, "failed sign-ins": 1, "sessions": 1}
    assert "secret" not in " ".join(Removal.objects.values_list("keys", flat=True))


def test_a_big_source_goes_with_its_file_unless_another_mail_has_the_same(desk: Desk) -> None:
    raw = mail(text=BIG * 4_000)
    first = desk.receive(raw)
    second = desk.receive(raw)
    assert second.outcome == "duplicate"
    make_old(file_of(first))
    ReceivedMail.objects.filter(pk=first.pk).update(acted_at=timezone.now() - dt.timedelta(days=99))
    assert "files" not in applied("raw_mail").counts
    assert second.read_raw() == raw
    grow_old()
    done = run_rule(rule("raw_mail", name="Again"), apply=True, by="a test")
    assert done.counts["files"] == 1
    assert not default_storage.exists(file_of(first))
    assert not LooseFile.objects.exists()


def test_a_file_that_was_kept_again_today_stays_until_it_is_certain_that_nothing_names_it(desk: Desk) -> None:
    received = desk.receive(mail(text=BIG * 4_000))
    grow_old()  # its file is new: the same bytes may just be coming in once more
    applied("raw_mail")
    assert default_storage.exists(file_of(received))
    assert LooseFile.objects.get().name == file_of(received)


@pytest.mark.parametrize("removes", ["raw_mail", "rejected_mail", "sent_messages"])
def test_a_preview_tells_exactly_what_the_run_does_and_changes_nothing(desk: Desk, removes: str) -> None:
    for number in range(7):
        desk.deliver(mail(text=f"Mail {number}\n" + BIG * (4_000 if number == 3 else 1)))
        desk.deliver(report(f"<none{number}@desk.example>", "x@y.example"))
    desk.run()
    grow_old()
    made = rule(removes)
    before = [list(model.objects.order_by("pk").values()) for model in (ReceivedMail, Message, LooseFile)]
    preview = run_rule(made, apply=False, by="a test")
    assert before == [list(m.objects.order_by("pk").values()) for m in (ReceivedMail, Message, LooseFile)]
    assert not Removal.objects.exists()
    real = run_rule(made, apply=True, by="a test")
    assert preview.counts == real.counts
    assert sum(real.counts.values())
    assert preview.examples == real.examples
    assert not run_rule(made, apply=True, by="a test").counts


@pytest.mark.parametrize("removes", ["sign_ins", "orphaned_files"])
def test_a_rule_for_what_has_no_partition_takes_none(desk: Desk, removes: str) -> None:
    with pytest.raises(ValidationError, match="for the whole desk: leave it out"):
        rule(removes, partition=desk.partition).full_clean()


def test_a_rule_of_no_days_is_refused(desk: Desk) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        rule("raw_mail", 0).full_clean()


def test_there_is_no_rule_by_itself(db: None) -> None:
    from mailcall.retention.models import RetentionRule

    assert not RetentionRule.objects.exists()
