"""A closed call goes, or what was said on it; mail that names it later makes a new call."""

import datetime as dt

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from desks import AUTHENTICATED, Desk, mail, put_in_state, reply_to
from mailcall.desk.calls import add_note, close, reopen
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Attachment,
    Call,
    CallLink,
    Channel,
    Content,
    Participant,
    Partition,
    RemovedCall,
    TimelineEntry,
)
from mailcall.desk.models.calls import content_name
from mailcall.desk.tasks import close_task, log_task
from mailcall.desk.work import by
from mailcall.desk.workflows import Step
from mailcall.inbound.models import ReceivedMail
from mailcall.message.composing import Draft, compose
from mailcall.message.mail import Attachment as MailAttachment
from mailcall.message.mail import Mailbox
from mailcall.outbound.models import Delivery, DeliveryState, Message
from mailcall.retention.models import Removal
from mailcall.retention.running import run_rule
from retention.conftest import applied, closed_call, grow_old, make_old, rule

ANN = "ann@customer.example"
EVERYTHING = (
    Call,
    TimelineEntry,
    Attachment,
    Content,
    Participant,
    CallLink,
    ReceivedMail,
    Message,
    Delivery,
    RemovedCall,
)


def rows() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in EVERYTHING]


def everything_said() -> str:
    """All texts of the tables, to look for what must not be there."""
    return repr(rows())


def with_a_file(data: bytes, subject: str = "A picture") -> bytes:
    return compose(
        Draft(
            from_=Mailbox("Ann Archer", ANN),
            to=(Mailbox("", "support@desk.example"),),
            cc=(Mailbox("", "carl@customer.example"),),
            subject=subject,
            text="See the file.\n",
            html="",
            message_id=f"<{len(data)}.{subject.replace(' ', '')}@customer.example>",
            in_reply_to="",
            references=(),
            date=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
            auto_submitted="",
            attachments=(MailAttachment("x.bin", "application/octet-stream", data, "", False, ""),),
        )
    )


def test_a_deleted_call_leaves_only_its_number(desk: Desk) -> None:
    call = closed_call(desk, subject="My secret")
    counts = applied("closed_calls", how="delete").counts
    assert counts["calls deleted"] == 1
    for model in (Call, TimelineEntry, Participant, Message, Delivery):
        assert not model.objects.exists()
    assert RemovedCall.objects.get().number == call.pk
    stub = ReceivedMail.objects.get()
    assert stub.outcome == "logged"
    assert stub.identity
    assert "secret" not in everything_said()
    assert ANN not in everything_said()


@pytest.mark.parametrize("how", ["delete", "anonymize"])
def test_what_was_sent_about_the_tasks_of_a_call_goes_with_it(desk: Desk, how: str) -> None:
    call = desk.receive(mail(subject="My secret")).call
    task = log_task(call, Step(title="Look", key="look", analyst=desk.bob), by(desk.bob, Channel.PAGE))
    close_task(task, by(desk.bob, Channel.PAGE))
    close(call, actor=desk.bob, channel=Channel.PAGE)
    desk.run()
    grow_old()
    assert "secret" in repr(list(Message.objects.filter(type_code=3001).values()))
    applied("closed_calls", how=how)
    assert "secret" not in repr(list(Message.objects.values()))
    assert bool(Message.objects.exists()) == (how == "anonymize")


def test_an_anonymized_call_keeps_number_state_and_dates(desk: Desk) -> None:
    desk.receive(mail(subject="My secret", name="Ann Archer"))
    before = closed_call(desk, subject="My secret", cc=("carl@customer.example",))
    assert applied("closed_calls").counts["calls anonymized"] == 1
    after = Call.objects.get(pk=before.pk)
    assert (after.state, after.opened_at, after.closed_at) == (
        before.state,
        before.opened_at,
        before.closed_at,
    )
    assert (after.type, after.priority, after.group) == (before.type, before.priority, before.group)
    assert after.user.name == "Removed person"
    assert after.subject == "(removed)"
    assert not after.participants.exists()
    assert {entry.text for entry in after.timeline.all()} == {"(removed)"}
    assert "Bob Baker" in {entry.actor_name for entry in after.timeline.all()}  # of the desk
    assert {message.data_removed_at is None for message in after.messages.all()} == {False}
    assert "carl" not in everything_said()
    assert Call.objects.exclude(pk=before.pk).get().subject == "My secret"  # it is open


def test_nothing_can_be_done_to_an_anonymized_call(desk: Desk) -> None:
    call = closed_call(desk)
    applied("closed_calls")
    for change in (
        lambda: reopen(call, actor=desk.bob, channel=Channel.PAGE),
        lambda: add_note(call, actor=desk.bob, text="x", channel=Channel.PAGE),
    ):
        with pytest.raises(Refused, match=r"Call \d+ was anonymized on .* Nothing can be added to it."):
            change()


@pytest.mark.parametrize("how", ["delete", "anonymize"])
def test_an_answer_to_a_removed_call_makes_a_new_one_and_the_trace_says_why(desk: Desk, how: str) -> None:
    call = closed_call(desk)
    acknowledgement = desk.sent_to(ANN)[0]
    applied("closed_calls", how=how)
    received = desk.receive(reply_to(acknowledgement, ANN))
    assert received.outcome == "logged"
    assert received.call_id > call.pk
    saw = next(step["saw"] for step in received.trace if step["rule"] == "reply to ours")
    done = {"delete": "deleted", "anonymize": "anonymized"}[how]
    assert f"Call {call.pk} was {done} on" in saw
    assert "the retention rule “Old closed_calls”" in saw


def test_a_tag_of_a_removed_call_makes_a_new_one_too(desk: Desk) -> None:
    call = closed_call(desk)
    applied("closed_calls", how="delete")
    received = desk.receive(mail("bob@desk.example", f"[Call {call.pk}] done", headers=AUTHENTICATED))
    assert received.outcome == "logged"
    assert any(f"Call {call.pk} was deleted" in step["saw"] for step in received.trace)


def test_a_number_is_never_given_again(desk: Desk) -> None:
    call = closed_call(desk)
    applied("closed_calls", how="delete")
    assert not Call.objects.exists()
    assert desk.receive(mail()).call_id > call.pk


def test_a_call_stays_as_long_as_a_reply_would_open_it_again(desk: Desk) -> None:
    Partition.objects.update(reopen_days=500)
    closed_call(desk)
    assert not applied("closed_calls", how="delete").counts


@pytest.mark.parametrize("state", ["queued", "sending", "deferred", "unknown", "held"])
def test_a_call_with_a_mail_on_its_way_stays(desk: Desk, state: str) -> None:
    closed_call(desk)
    put_in_state(Delivery.objects.all(), state)
    made = rule("closed_calls", how="delete")
    assert not run_rule(made, apply=True, by="a test").counts
    put_in_state(Delivery.objects.all(), DeliveryState.SENT)
    assert run_rule(made, apply=True, by="a test").counts["calls deleted"] == 1


def test_calls_of_other_partitions_and_young_ones_stay(desk: Desk) -> None:
    other = Partition.objects.create(name="HR", address="hr@desk.example")
    closed_call(desk)
    assert not applied("closed_calls", partition=other).counts
    Call.objects.update(closed_at=timezone.now() - dt.timedelta(days=29))
    assert not applied("closed_calls", name="Another").counts


@pytest.mark.parametrize("how", ["delete", "anonymize"])
def test_files_go_unless_another_call_has_the_same(desk: Desk, how: str) -> None:
    big, small = b"B" * 100_000, b"s" * 1_000
    for data in (big, small):
        call = desk.receive(with_a_file(data)).call
        Call.objects.filter(pk=call.pk).update(
            state="closed", closed_at=timezone.now() - dt.timedelta(days=99)
        )
    open_call = desk.receive(with_a_file(small, "Once more")).call
    file = content_name(Content.objects.get(size=100_000).sha256)
    make_old(file)
    grow_old()
    counts = applied("closed_calls", how=how).counts
    assert counts["attachments"] == 2
    assert counts["files"] == 1
    assert not default_storage.exists(file)
    assert Content.objects.get().size == 1_000
    assert open_call.timeline.first().attachments.get().content.read() == small


@pytest.mark.parametrize("how", ["delete", "anonymize"])
def test_a_preview_tells_exactly_what_the_run_does(desk: Desk, how: str) -> None:
    for number in range(3):
        desk.deliver(with_a_file(b"B" * (70_000 + number), f"Call {number}"))
    desk.run()
    Call.objects.update(state="closed", closed_at=timezone.now())
    grow_old()
    made = rule("closed_calls", how=how)
    before = rows()
    preview = run_rule(made, apply=False, by="a test")
    assert rows() == before
    assert preview.counts == run_rule(made, apply=True, by="a test").counts
    assert not run_rule(made, apply=True, by="a test").counts


def test_the_audit_says_what_went_without_saying_whose_it_was(desk: Desk) -> None:
    call = closed_call(desk, subject="My secret")
    report = applied("closed_calls", how="delete")
    told = {removal.what: removal.keys for removal in Removal.objects.filter(run=report.run)}
    assert told["calls deleted"] == str(call.pk)
    assert told["received mails"]
    assert report.run.counts["calls deleted"] == 1
    assert report.run.by == "a test"
    audit = repr(list(Removal.objects.values())) + repr(report.run.__dict__)
    assert ANN not in audit
    assert "secret" not in audit
