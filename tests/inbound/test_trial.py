"""Rules tried on past mail: what they would decide otherwise, without a change of anything."""

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from desks import AUTHENTICATED, Desk, mail, put_in_state, reply_to
from mailcall.desk.models import Call, Person
from mailcall.inbound.models import IncomingAccount, MailState, Outcome, ReceivedMail
from mailcall.inbound.trial import Rules, Trial, Tried, first_since, total
from mailcall.outbound.models import Message


def _try(desk: Desk, **changes: object) -> Tried:
    """Try some rules on all mail of the small desk."""
    desk.account.refresh_from_db()
    now = timezone.now()
    changed = replace(Rules.of(desk.account), **changes).on(desk.account)
    return total(Trial(desk.account, changed, now - dt.timedelta(days=30), now).parts())


def _subjects(tried: Tried) -> set[str]:
    return {one.subject for one in tried.otherwise}


def test_an_entry_of_the_reject_list_tells_which_mails_it_would_have_kept_out(desk: Desk) -> None:
    for subject in ("Casino night", "My laptop is dead", "RE: AW: casino", "Lunch"):
        desk.receive(mail(subject=subject))
    tried = _try(desk, reject_subjects="CASINO\nlottery")
    assert _subjects(tried) == {"Casino night", "RE: AW: casino"}
    assert (tried.looked, tried.read, tried.below) == (4, 2, None)
    one = tried.otherwise[0]
    assert (one.before.outcome, one.before.rule) == (Outcome.LOGGED, "log a call")
    assert (one.after.outcome, one.after.rule) == (Outcome.REJECTED, "rejected subject")
    assert "CASINO" in one.after.reason


def test_an_entry_that_goes_lets_mails_in(desk: Desk) -> None:
    IncomingAccount.objects.update(reject_subjects="casino")
    desk.receive(mail(subject="Casino night"))
    [one] = _try(desk, reject_subjects="").otherwise
    assert (one.before.outcome, one.after.outcome) == (Outcome.REJECTED, Outcome.LOGGED)


def test_a_trial_changes_nothing(desk: Desk) -> None:
    call = desk.receive(mail()).call
    desk.receive(mail("bob@desk.example", f"FINISH CALL {call.pk}", headers=AUTHENTICATED))
    before = [(row.pk, row.state, row.outcome, row.trace) for row in ReceivedMail.objects.all()]
    sent = Message.objects.count()
    assert _try(desk, words={"CLOSE": ["FINISH"]}, reject_subjects="laptop").otherwise
    assert before == [(row.pk, row.state, row.outcome, row.trace) for row in ReceivedMail.objects.all()]
    assert Message.objects.count() == sent
    assert IncomingAccount.objects.get().words == {}
    assert not any(call.is_closed for call in Call.objects.all())


def test_words_make_commands_of_mails_that_logged_calls(desk: Desk) -> None:
    call = desk.receive(mail()).call
    subject = f"FINISH CALL {call.pk}"
    desk.receive(mail("bob@desk.example", subject, headers=AUTHENTICATED))
    desk.receive(mail("bob@desk.example", f"{subject} ", text="Forged.\n"))
    tried = _try(desk, words={"CLOSE": ["FINISH"]})
    assert [one.before.outcome for one in tried.otherwise] == [Outcome.LOGGED, Outcome.LOGGED]
    forged, proved = tried.otherwise
    assert (proved.after.outcome, proved.after.rule) == (Outcome.COMMANDED, "subject command")
    assert forged.after.outcome == Outcome.REFUSED
    assert "It needs mail that your mail provider signs as yours" in forged.after.told[0]


def test_a_language_brings_its_words(desk: Desk) -> None:
    call = desk.receive(mail()).call
    desk.receive(mail("bob@desk.example", f"Call {call.pk} schließen bitte", headers=AUTHENTICATED))
    desk.receive(mail("bob@desk.example", f"SCHLIESSEN CALL {call.pk}", headers=AUTHENTICATED))
    tried = _try(desk, word_languages="de")
    assert all(one.before != one.after for one in tried.otherwise)


def test_known_people_only_keeps_strangers_out(desk: Desk) -> None:
    desk.receive(mail("ann@customer.example", "Of Ann"))
    desk.receive(mail("zoe@elsewhere.example", "Of Zoe"))
    Person.objects.filter(email="zoe@elsewhere.example").update(email="zoe@home.example")
    desk.receive(mail("", "Of nobody"))
    tried = _try(desk, known_people_only=True)
    assert _subjects(tried) == {"Of Zoe", "Of nobody"}
    assert all(one.after.outcome == Outcome.REFUSED for one in tried.otherwise)


def test_automatic_subjects_are_told_by_the_subject_alone(desk: Desk) -> None:
    desk.receive(mail(subject="Read receipt: the minutes"))
    desk.receive(mail(subject="I read the receipt"))
    tried = _try(desk, reject_automatic_subjects=True)
    assert _subjects(tried) == {"Read receipt: the minutes"}
    assert tried.read == 1


def test_a_level_of_proof_that_rises_refuses_what_only_an_address_shows(desk: Desk) -> None:
    desk.receive(mail("bob@desk.example", "STATUS CALL 1"))
    desk.receive(mail("bob@desk.example", "CALL SUMMARY", headers=AUTHENTICATED))
    desk.receive(mail("bob@desk.example", "CALL SUMMARY ALL"))
    tried = _try(desk, proofs={"summary": "authenticated"})
    assert _subjects(tried) == {"CALL SUMMARY ALL"}
    assert tried.read == 2
    [one] = tried.otherwise
    assert (one.before.outcome, one.after.outcome) == (Outcome.COMMANDED, Outcome.REFUSED)


def test_calls_that_need_proof_are_found_among_all_mail(desk: Desk) -> None:
    desk.receive(mail("bob@desk.example", "Proved", headers=AUTHENTICATED))
    first = desk.receive(mail("ann@customer.example", "Only an address"))
    desk.receive(reply_to(desk.sent_to("ann@customer.example")[0], "ann@customer.example"))
    tried = _try(desk, proofs={"log call": "authenticated"})
    assert [one.mail for one in tried.otherwise] == [first.pk]


def test_the_same_rules_read_nothing(desk: Desk) -> None:
    desk.receive(mail())
    tried = _try(desk)
    assert (tried.looked, tried.read, tried.otherwise) == (1, 0, [])


def test_what_can_not_be_read_is_told(desk: Desk) -> None:
    gone = desk.receive(mail(subject="casino, gone"))
    broken = desk.receive(mail(subject="casino, broken"))
    desk.receive(mail(subject="casino, there"))
    ReceivedMail.objects.filter(pk=gone.pk).update(
        raw=None, raw_removed_at=timezone.now(), removed_by="a rule"
    )
    put_in_state(ReceivedMail.objects.filter(pk=broken.pk), MailState.HELD)
    tried = _try(desk, reject_subjects="casino")
    assert _subjects(tried) == {"casino, there"}
    assert tried.unread == [(gone.pk, "Its source was removed.")]
    assert tried.looked == 2


def test_only_the_mails_of_the_account_and_of_the_time_are_looked_at(desk: Desk) -> None:
    other = desk.add_account("other", "other@desk.example")
    desk.receive(mail(subject="casino elsewhere"), account=other)
    old = desk.receive(mail(subject="casino long ago"))
    long_ago = timezone.now() - dt.timedelta(days=40)
    ReceivedMail.objects.filter(pk__lte=old.pk).update(received_at=long_ago)
    desk.receive(mail(subject="casino"))
    tried = _try(desk, reject_subjects="casino")
    assert (_subjects(tried), tried.looked) == ({"casino"}, 1)


def test_it_goes_on_where_it_left_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailcall.inbound.trial.CHUNK", 2)
    monkeypatch.setattr("mailcall.inbound.trial.WINDOW", 4)
    for number in range(9):
        desk.receive(mail(subject=f"{'casino' if number % 2 else 'work'} {number}"))
    changed = replace(Rules.of(desk.account), reject_subjects="casino").on(desk.account)
    trial = Trial(desk.account, changed, timezone.now() - dt.timedelta(days=1), timezone.now())
    seen, looked, below = [], 0, None
    for _ in itertools.count():
        part = next(trial.parts(below))
        seen += [one.mail for one in part.otherwise]
        looked += part.looked
        below = part.below
        if below is None:
            break
    whole = total(trial.parts())
    assert seen == [one.mail for one in whole.otherwise] == sorted(seen, reverse=True)
    assert (len(seen), looked, whole.looked) == (4, 9, 9)
    assert total(trial.parts(), until=lambda: True).below


def test_an_empty_journal_is_tried_as_well(desk: Desk) -> None:
    assert _try(desk, reject_subjects="x") == Tried()
    assert first_since(timezone.now()) is None


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"words": {"CLOSE": ["REOPEN"]}}, "words"),
        ({"words": {"NOSUCH": ["X"]}}, "words"),
        ({"words": ["CLOSE"]}, "words"),
        ({"word_languages": "xx"}, "word_languages"),
        ({"proofs": {"close": "nothing"}}, "proofs"),
        ({"proofs": {"explode": "address"}}, "proofs"),
    ],
)
def test_rules_that_can_not_be_are_refused_with_the_field(desk: Desk, changes: dict, where: str) -> None:
    with pytest.raises(ValidationError) as refused:
        replace(Rules.of(desk.account), **changes).on(desk.account)
    assert where in refused.value.message_dict
    with pytest.raises(ValidationError):
        replace(Rules.of(desk.account), **changes).save(desk.account)
    assert IncomingAccount.objects.get().words == {}


def test_rules_as_tried_are_saved_and_nothing_else_of_the_account(desk: Desk) -> None:
    IncomingAccount.objects.update(last_error="Meanwhile.")
    Rules(reject_subjects="casino", proofs={"close": "authenticated"}).save(desk.account)
    saved = IncomingAccount.objects.get()
    assert (saved.reject_subjects, saved.proofs) == ("casino", {"close": "authenticated"})
    assert saved.last_error == "Meanwhile."
