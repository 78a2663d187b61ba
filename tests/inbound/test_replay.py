"""Mails that are worked on once more, as they came or edited; and what people do to held ones."""

import datetime as dt

import pytest
from django.utils import timezone

from desks import AUTHENTICATED, Desk, mail, put_in_state, reply_to, report
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Person, TimelineEntry
from mailcall.inbound import journal
from mailcall.inbound.explain import explain_mail
from mailcall.inbound.journal import HeldFilter
from mailcall.inbound.models import Confirmation, IncomingAccount, MailEdit, MailState, Outcome, ReceivedMail
from mailcall.inbound.replay import replay, why_not_replayed


def _replay(desk: Desk, row: ReceivedMail, **edit: object) -> ReceivedMail:
    """Replay a mail by the hand of Bob, and work on it."""
    replay(row, actor=desk.bob, now=timezone.now(), **edit)
    desk.run()
    row.refresh_from_db()
    return row


def _rejected(desk: Desk, **more: object) -> ReceivedMail:
    IncomingAccount.objects.update(reject_subjects="casino")
    row = desk.receive(mail(subject="A casino near you", **more))
    assert row.outcome == Outcome.REJECTED
    return row


def test_a_rejected_mail_is_replayed_by_the_desk_as_it_is_now(desk: Desk) -> None:
    row = _rejected(desk)
    IncomingAccount.objects.update(reject_subjects="")
    _replay(desk, row)
    assert row.outcome == Outcome.LOGGED
    [edit] = row.edits.all()
    assert edit.by == "Bob Baker"
    assert edit.old == "Rejected: Its subject is on the reject list: “casino”."


def test_an_edited_subject_is_what_is_read_and_the_bytes_stay(desk: Desk) -> None:
    row = _rejected(desk)
    before = row.read_raw()
    _replay(desk, row, subject="A casino-free subject? No: a printer")
    assert row.outcome == Outcome.REJECTED  # the word is still in it
    _replay(desk, row, subject="A printer")
    assert row.outcome == Outcome.LOGGED
    assert row.call.subject == row.subject == "A printer"
    assert row.read_raw() == before
    subjects = [(edit.old, edit.new) for edit in row.edits.filter(field="subject")]
    assert subjects == [
        ("A casino near you", "A casino-free subject? No: a printer"),
        ("A casino-free subject? No: a printer", "A printer"),
    ]


def test_an_edited_sender_is_whose_mail_it_is_and_proves_nothing(desk: Desk) -> None:
    IncomingAccount.objects.update(blocked_senders="@desk.example")
    row = desk.receive(mail("eve@desk.example", headers=AUTHENTICATED))
    assert row.evidence["authenticated"]
    IncomingAccount.objects.update(blocked_senders="")
    _replay(desk, row, sender="Ann@Customer.example")
    assert row.call.user == desk.ann
    assert row.from_address == "ann@customer.example"
    assert not row.evidence["authenticated"]
    entry = TimelineEntry.objects.get(call=row.call, channel="email")
    assert entry.proof == "address, sender edited by Bob Baker"
    assert any("edited its sender" in note for note in row.evidence["notes"])
    assert any("Before that its sender eve@desk.example was proved" in note for note in row.evidence["notes"])


def test_nobody_acts_in_an_analysts_name_by_editing_a_mail(desk: Desk) -> None:
    call = desk.receive(mail()).call
    row = _rejected(desk, sender="bob@desk.example", headers=AUTHENTICATED)
    _replay(desk, row, subject=f"CLOSE CALL {call.pk}")
    assert row.outcome == Outcome.REFUSED
    call.refresh_from_db()
    assert not call.is_closed


def test_our_own_id_in_an_edited_mail_is_no_proof(desk: Desk) -> None:
    call = desk.receive(mail()).call
    answered = desk.sent_to("ann@customer.example")[0]
    IncomingAccount.objects.update(reject_subjects="casino")
    raw = reply_to(answered, "eve@elsewhere.example").replace(b"Subject: Re:", b"Subject: casino")
    row = desk.receive(raw)
    assert row.outcome == Outcome.REJECTED
    _replay(desk, row, subject=f"CLOSE CALL {call.pk}", sender="ann@customer.example")
    assert row.outcome == Outcome.REFUSED
    call.refresh_from_db()
    assert not call.is_closed


def test_a_mail_that_acted_is_never_replayed(desk: Desk) -> None:
    row = desk.receive(mail())
    with pytest.raises(Refused, match=r"did something already: logged a call \(Call \d+.*never acts twice"):
        replay(row, actor=desk.bob, now=timezone.now())
    assert not MailEdit.objects.exists()
    assert Call.objects.count() == 1


def test_two_who_replay_at_once_have_it_done_once(desk: Desk) -> None:
    row = _rejected(desk)
    IncomingAccount.objects.update(reject_subjects="")
    stale = ReceivedMail.objects.get(pk=row.pk)
    replay(row, actor=desk.bob, now=timezone.now())
    with pytest.raises(Refused, match="still to be worked on"):
        replay(stale, actor=desk.bob, now=timezone.now())
    desk.run()
    with pytest.raises(Refused, match="did something already"):
        replay(stale, actor=desk.bob, now=timezone.now())
    assert Call.objects.count() == 1


def test_a_copy_a_report_and_a_removed_mail_are_not_replayed(desk: Desk) -> None:
    raw = mail()
    desk.receive(raw)
    assert "same as an earlier one" in why_not_replayed(desk.receive(raw))
    told = desk.receive(report("<unknown@desk.example>", "ann@customer.example"))
    assert "is a delivery report" in why_not_replayed(told)
    row = _rejected(desk)
    row.raw_removed_at, row.removed_by = timezone.now(), "a rule"
    assert "was removed" in why_not_replayed(row)


def test_a_mail_of_which_only_the_header_is_here_is_not_replayed(desk: Desk) -> None:
    row = _rejected(desk)
    row.header_only = True
    assert "Only the header" in why_not_replayed(row)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        ({"subject": "x" * 501}, "at most 500"),
        ({"subject": "bell \a"}, "control characters"),
        ({"sender": "nobody"}, "is no email address"),
        ({"sender": "a@b.example, c@d.example"}, "is no email address"),
        ({"sender": ""}, "is no email address"),
    ],
)
def test_a_wrong_edit_is_refused_and_changes_nothing(desk: Desk, edit: dict, sentence: str) -> None:
    row = _rejected(desk)
    with pytest.raises(Refused, match=sentence):
        replay(row, actor=desk.bob, now=timezone.now(), **edit)
    row.refresh_from_db()
    assert row.outcome == Outcome.REJECTED
    assert not row.edits.exists()


def test_a_subject_of_several_lines_becomes_one(desk: Desk) -> None:
    row = _rejected(desk)
    _replay(desk, row, subject="A printer\r\nBcc: everybody")
    assert row.subject == "A printer Bcc: everybody"


def test_what_is_given_unchanged_is_no_edit(desk: Desk) -> None:
    row = _rejected(desk, headers=AUTHENTICATED, sender="bob@desk.example")
    IncomingAccount.objects.update(reject_subjects="")
    _replay(desk, row, subject=row.subject, sender="bob@desk.example")
    assert row.evidence["authenticated"]
    assert not row.edited_at


def test_a_person_says_that_a_mail_is_no_spam(desk: Desk) -> None:
    IncomingAccount.objects.update(spam_headers="X-Spam-Flag: YES")
    row = desk.receive(mail(headers="X-Spam-Flag: YES\n"))
    _replay(desk, row)
    assert row.outcome == Outcome.REJECTED
    _replay(desk, row, no_spam=True)
    assert row.outcome == Outcome.LOGGED
    assert any("Bob Baker says that it is no spam" in note for note in row.evidence["notes"])


def test_a_held_mail_that_nobody_could_read_is_edited_too(desk: Desk) -> None:
    desk.deliver(mail("eve@desk.example"))
    from mailcall.inbound.collect import collect

    collect(desk.account)
    put_in_state(ReceivedMail.objects, MailState.HELD, error="It broke.", attempts=3)
    row = ReceivedMail.objects.get()
    _replay(desk, row, sender="ann@customer.example")
    assert row.call.user == desk.ann


def test_an_edit_counts_for_what_would_happen_today(desk: Desk) -> None:
    row = _rejected(desk)
    replay(row, actor=desk.bob, now=timezone.now(), subject="A printer")
    row = ReceivedMail.objects.select_related("account__template__partition").get(pk=row.pk)
    explained = explain_mail(row)
    assert explained.reading.mail.subject == "A printer"
    assert explained.decided.decision.action == "log"


def test_a_confirmation_that_waits_ends_with_the_replay(desk: Desk) -> None:
    call = desk.receive(mail()).call
    row = desk.receive(mail(subject=f"CLOSE CALL {call.pk}"))
    assert row.outcome == Outcome.REFUSED
    assert row.confirmation.answered_at is None
    _replay(desk, row, subject="Please close my call")
    assert row.outcome == Outcome.LOGGED
    assert not Confirmation.objects.exists()


# Held mail


@pytest.fixture
def held(desk: Desk) -> list[ReceivedMail]:
    """Two held mails of different causes, senders and ages."""
    for sender in ("ann@customer.example", "eve@elsewhere.example"):
        desk.receive(mail(sender))
    put_in_state(ReceivedMail.objects, MailState.HELD, outcome="", call=None, entry=None, reason="")
    first, second = ReceivedMail.objects.order_by("pk")
    old = timezone.now() - dt.timedelta(hours=5)
    ReceivedMail.objects.filter(pk=first.pk).update(error="Reading it took too long.", received_at=old)
    ReceivedMail.objects.filter(pk=second.pk).update(error="The disk is full.")
    Call.objects.all().delete()
    return [first, second]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (HeldFilter(), [0, 1]),
        (HeldFilter(cause="DISK"), [1]),
        (HeldFilter(sender="customer.example"), [0]),
        (HeldFilter(hours=4), [0]),
        (HeldFilter(hours=4, cause="disk"), []),
        (HeldFilter(account=999), []),
    ],
)
def test_held_mails_are_retried_by_what_is_asked_of_them(
    desk: Desk, held: list[ReceivedMail], asked: HeldFilter, found: list[int]
) -> None:
    mails = asked.of(journal.held(), timezone.now())
    assert journal.retry_all(mails, actor=desk.bob) == len(found)
    waiting = set(ReceivedMail.objects.filter(state=MailState.NEW).values_list("pk", flat=True))
    assert waiting == {held[n].pk for n in found}
    assert {edit.mail_id for edit in MailEdit.objects.all()} == waiting
    assert all(edit.old.startswith("Held: ") for edit in MailEdit.objects.all())


def test_a_discard_is_taken_back_and_both_are_recorded(desk: Desk, held: list[ReceivedMail]) -> None:
    row = ReceivedMail.objects.get(pk=held[0].pk)
    journal.discard(row, actor=desk.bob, reason="Only an advertisement.")
    row.refresh_from_db()
    journal.undo_discard(row, actor=Person.objects.get(pk=desk.bob.pk))
    row.refresh_from_db()
    assert (row.state, row.outcome, row.acted_at) == (MailState.HELD, "", None)
    assert row.error == "Reading it took too long."
    assert [(edit.old, edit.new) for edit in row.edits.all()] == [
        ("Held: Reading it took too long.", "Discarded by Bob Baker: Only an advertisement."),
        ("Discarded by Bob Baker: Only an advertisement.", "Held again"),
    ]
    with pytest.raises(Refused, match="is not discarded"):
        journal.undo_discard(row, actor=desk.bob)


def test_a_discarded_mail_whose_source_went_stays_discarded(desk: Desk, held: list[ReceivedMail]) -> None:
    row = ReceivedMail.objects.get(pk=held[0].pk)
    journal.discard(row, actor=desk.bob, reason="Only an advertisement.")
    ReceivedMail.objects.update(raw_removed_at=timezone.now(), removed_by="a rule")
    row.refresh_from_db()
    with pytest.raises(Refused, match="was removed"):
        journal.undo_discard(row, actor=desk.bob)
