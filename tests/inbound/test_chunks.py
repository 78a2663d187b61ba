"""A chunk gives exactly what its mails give one by one, however they depend on each other."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desks import AUTHENTICATED, Desk, mail, make_desk, report
from inbound.busy_desks import number_from_one
from mailcall.desk.models import (
    Approval,
    Call,
    Condition,
    Participant,
    Person,
    Request,
    RequestType,
    Task,
    TaskKind,
    TimelineEntry,
)
from mailcall.desk.requests import log_request
from mailcall.desk.work import by
from mailcall.desk.workflows import Step, set_workflow
from mailcall.inbound import act
from mailcall.inbound.collect import collect
from mailcall.inbound.models import Confirmation, ReceivedMail
from mailcall.message import approval_tokens
from mailcall.outbound.models import Delivery, Message, Token
from mailcall.outbound.threads import new_message_id, signing_keys

SENDERS = ("ann@customer.example", "zoe@x.example", "yan@x.example", "bob@desk.example", "")
IDS = tuple(f"<m{number}@x.example>" for number in range(6))

mails = st.builds(
    dict,
    sender=st.sampled_from(SENDERS),
    subject=st.sampled_from(["Laptop", "Printer", "[Call 1]", "Re: [Call 2] Laptop", "[Call 3]"]),
    text=st.sampled_from(["One\n", "Two\n"]),
    message_id=st.sampled_from(IDS),
    in_reply_to=st.sampled_from(["", *IDS]),
    references=st.lists(st.sampled_from(IDS), max_size=2).map(tuple),
    cc=st.lists(st.sampled_from(SENDERS[:4]), max_size=1).map(tuple),
    headers=st.sampled_from(["", "", AUTHENTICATED, "Auto-Submitted: auto-generated\n"]),
)
PROVED = (
    "Authentication-Results: mx.desk.example; dmarc=pass header.from=customer.example\n",
    AUTHENTICATED,
)
ANSWERED, TOKEN = "<of the approval mail>", "aaaaaaaa" + "b" * 16  # stand for what only the desk can make
works = st.builds(
    dict,
    sender=st.sampled_from([*SENDERS[:4], "mia@customer.example"]),
    subject=st.sampled_from(
        [
            "CLOSE CALL 1",
            "CLOSE CALL 2, 1: done",
            "REOPEN CALL 1",
            "UPDATE CALL 1: more",
            "TAKE CALL 2",
            "LOG CALL Another",
            "LOG REQUEST New laptop: mine",
            "LOG TASK ON REQUEST 2: look",
            "LOG TASK ON CALL 1: look",
            "UPDATE REQUEST 1: in blue",
            "CLOSE TASK 2",
            "CLOSE TASK 3, 2",
            "APPROVE TASK 1",
            f"APPROVE APPROVAL 1 [{TOKEN}]",
            "REJECT TASK 1: too dear",
            "STATUS TASK 2",
            "CLOSE COL 1",
            "Re: [Request 2] New laptop",
            "Re: [Task 2] Order",
            "Re: [Task 1] Approval wanted",
        ]
    ),
    text=st.sampled_from(["\n", "Approved\n", "Rejected: no\n", f"Approved\n\n> [ok.{TOKEN}]\n", "Hello\n"]),
    in_reply_to=st.sampled_from(["", "", "", ANSWERED]),
    cc=st.lists(st.sampled_from(SENDERS[:4]), max_size=1).map(tuple),
    headers=st.sampled_from(["", *PROVED, *PROVED]),
)
MORE = ("copy", "report", "close")
sequences = st.lists(st.one_of(mails, mails, mails, st.sampled_from(MORE)), min_size=2, max_size=7)
# In them no mail names a call that another may log: as commands come last, their numbers may change places.
of_known_calls = mails.filter(lambda one: "[Call 3]" not in one["subject"])
mixed = st.lists(st.one_of(of_known_calls, works, works, st.sampled_from(MORE)), min_size=2, max_size=7)


def outcome(desk: Desk, raws: list[bytes], chunk: int) -> dict[str, list]:
    """What these mails make of the small desk, a chunk at a time; then all is undone."""
    for number, raw in enumerate(raws):
        desk.deliver(raw, f"{number}.test")
    collect(desk.account)
    ReceivedMail.objects.update(received_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    act.CHUNK = chunk
    while act.act_on_next():
        pass
    messages = Message.objects.order_by("call", "pk").values_list(
        "call", "type_code", "to", "subject", "data"
    )
    deliveries = Delivery.objects.order_by("message__call", "pk")
    return {
        "mails": list(
            ReceivedMail.objects.order_by("pk").values_list(
                "outcome", "call", "request", "task", "reason", "state"
            )
        ),
        "calls": list(Call.objects.order_by("pk").values_list("subject", "user__email", "state", "version")),
        "people": sorted(Person.objects.values_list("name", "email")),
        "entries": sorted(
            TimelineEntry.objects.values_list(
                "call", "kind", "actor_name", "text", "internal", "proof", "request", "task"
            ),
            key=str,
        ),
        "requests": list(Request.objects.order_by("pk").values_list("subject", "user", "state", "version")),
        "tasks": list(
            Task.objects.order_by("pk").values_list("title", "request", "call", "state", "version")
        ),
        "approvals": list(Approval.objects.order_by("pk").values_list("person", "state", "comment", "proof")),
        "confirmations": list(Confirmation.objects.order_by("pk").values_list("mail", "person", "refs")),
        "participants": sorted(Participant.objects.values_list("call", "address", "reason")),
        "links": sorted(
            (link.call_id, link.earlier_id, link.state)
            for call in Call.objects.all()
            for link in call.links.all()
        ),
        "messages": sorted(map(str, messages)),
        "deliveries": sorted(deliveries.values_list("message__call", "recipient", "state", "reply"), key=str),
    }


def fresh(raws: list[bytes], chunk: int, closed: bool) -> dict[str, list]:
    """The outcome on a new small desk with one call of Ann's, whose numbers begin at one."""
    with TemporaryDirectory() as folder, transaction.atomic():
        number_from_one()
        desk = make_desk(Path(folder))
        desk.receive(mail(message_id=IDS[0], cc=("yan@x.example",), subject="Base"))
        desk.receive(mail(message_id=IDS[1], in_reply_to=IDS[0], subject="Base"))
        desk.receive(mail(message_id="<other@x.example>", subject="Other"))
        _log_a_request(desk)
        if closed:
            Call.objects.update(state="closed", closed_at=dt.datetime.now(dt.UTC))
        token = Token.objects.earliest("pk")
        assert len(token.text) == len(TOKEN)
        answered = new_message_id(1, "support@desk.example", signing_keys(), "approval")
        made = [
            raw.replace(TOKEN.encode(), token.text.encode()).replace(ANSWERED.encode(), answered.encode())
            for raw in raws
        ]
        result = outcome(desk, made, chunk)
        transaction.set_rollback(True)
    return result


def _log_a_request(desk: Desk) -> None:
    """Ann's first, which Mia approves; then Bob orders."""
    mia = Person.objects.create(name="Mia Moss", email="mia@customer.example")
    kind = RequestType.objects.create(name="New laptop", partition=desk.partition)
    ask = Step(title="Approve", key="ask", kind=TaskKind.USER_APPROVAL, approvers=(mia,))
    order = Step(title="Order", key="order", after=("ask",), condition=Condition.APPROVED, analyst=desk.bob)
    set_workflow(kind, [ask, order])
    log_request(kind, user=desk.ann, subject="For a new starter", deed=by(desk.ann, "page"))


def both(*raws: bytes, closed: bool = False) -> dict[str, list]:
    before, now = act.CHUNK, timezone.now()  # it stands still, as answers tell of it
    try:
        with (
            patch.object(approval_tokens, "new_nonce", lambda: "abcdefgh"),
            patch.object(timezone, "now", lambda: now),
        ):
            together, singly = fresh(list(raws), 100, closed), fresh(list(raws), 1, closed)
    finally:
        act.CHUNK = before
    assert sorted(_logged(together)) == sorted(_logged(singly))
    if _logged(together) != _logged(singly):
        return together  # their numbers changed places, so nothing can be compared as it is
    for what, rows in singly.items():
        assert together[what] == rows, what
    return together


def _logged(result: dict[str, list]) -> list[int]:
    """The places of the mails that logged calls, in the order of the calls' numbers; each is in both."""
    return [
        place for _, place in sorted((m[1], n) for n, m in enumerate(result["mails"]) if m[0] == "logged")
    ]


def made_of(sequence: Sequence[dict | str]) -> list[bytes]:
    raws: list[bytes] = []
    for item in sequence:
        if isinstance(item, dict):
            raws.append(mail(**item))
        elif item == "copy" and raws:
            raws.append(raws[-1])
        elif item == "report":
            raws.append(report("<unknown@x.example>", "zoe@x.example"))
    return raws


@pytest.mark.django_db
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequence=sequences, closed=st.booleans())
def test_a_chunk_gives_what_one_by_one_gives(sequence: list, closed: bool) -> None:
    both(*made_of(sequence), closed=closed)


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequence=mixed, closed=st.booleans())
def test_a_chunk_with_commands_gives_what_one_by_one_gives(sequence: list, closed: bool) -> None:
    both(*made_of(sequence), closed=closed)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.django_db
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequence=sequences | mixed, closed=st.booleans())
def test_a_chunk_of_any_mails_gives_what_one_by_one_gives(sequence: list, closed: bool) -> None:
    both(*made_of(sequence), closed=closed)


@pytest.mark.django_db
def test_two_mails_of_unknown_senders_share_one_record() -> None:
    people = both(mail(""), mail(""))["people"]
    assert [name for name, email in people if not email] == ["Unknown sender"]


@pytest.mark.django_db
def test_who_is_brought_in_by_one_mail_takes_part_in_the_next() -> None:
    """Both name the call, but by different mails of it."""
    result = both(
        mail(in_reply_to=IDS[0], cc=("zoe@x.example",)),
        mail("zoe@x.example", in_reply_to=IDS[1]),
    )
    assert [row[0] for row in result["mails"]][-2:] == ["updated", "updated"]


@pytest.mark.django_db
def test_a_closed_call_is_opened_once() -> None:
    result = both(mail(in_reply_to=IDS[0]), mail("yan@x.example", in_reply_to=IDS[1]), closed=True)
    assert [row[1] for row in result["entries"] if row[0]].count("state") == 1


@pytest.mark.django_db
def test_a_tag_may_name_a_call_that_the_mail_before_logs() -> None:
    result = both(mail("zoe@x.example", "New", cc=("yan@x.example",)), mail("yan@x.example", "[Call 3]"))
    assert [row[:2] for row in result["mails"]][-2:] == [("logged", 3), ("updated", 3)]


@pytest.mark.django_db
def test_a_stranger_orders_nothing_as_the_person_that_their_next_mail_makes_them() -> None:
    result = both(mail("zoe@x.example", "STATUS CALL 1", "\n"), mail("zoe@x.example", "New"))
    assert "zoe@x.example is not on record" in result["mails"][-2][4]
    states = {row[0]: row[2] for row in result["deliveries"] if row[1] == "zoe@x.example"}
    assert states == {None: "queued", 3: "withheld"}


@pytest.mark.django_db
def test_words_on_a_request_find_it_when_the_mail_before_logs_it() -> None:
    result = both(
        mail(subject="LOG REQUEST New laptop: mine", headers=PROVED[0]),
        mail(subject="Re: [Request 2] New laptop", text="In blue\n"),
        mail(subject="UPDATE REQUEST 2: with a bag"),
    )
    assert [row[:3] for row in result["mails"]][-3:] == [("commanded", None, 2)] * 3


@pytest.mark.django_db
def test_an_answer_under_the_subject_of_a_command_is_none_when_both_come_at_once() -> None:
    subject = "UPDATE CALL 1: one"
    result = both(
        mail(subject=subject, message_id=IDS[3]), mail(subject=subject, text="Two\n", in_reply_to=IDS[3])
    )
    assert [row[0] for row in result["mails"]][-2:] == ["commanded", "updated"]


@pytest.mark.django_db
def test_nobody_is_asked_about_a_decision_that_the_mail_before_took() -> None:
    proved = mail("mia@customer.example", "APPROVE TASK 1", "\n", headers=PROVED[0])
    result = both(proved, mail("mia@customer.example", "APPROVE APPROVAL 1", "\n"))
    assert (result["mails"][-1][0], result["confirmations"]) == ("refused", [])
