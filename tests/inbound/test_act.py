"""From the journal to the desk: chunks, failures, and the processes that die."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from desks import Desk, mail, put_in_state
from harm import harming
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call
from mailcall.inbound import act, apply, journal, reader_process, readers
from mailcall.inbound.act import act_on_next
from mailcall.inbound.collect import collect
from mailcall.inbound.models import ReceivedMail
from mailcall.inbound.readers import Readers
from mailcall.outbound.models import Message

PEOPLE = [f"p{number}@customer.example" for number in range(5)]


@pytest.fixture
def journalled(desk: Desk) -> list[ReceivedMail]:
    """Five mails of five people that were collected, the third with the subject `poison`."""
    for number, sender in enumerate(PEOPLE):
        desk.deliver(mail(sender, "poison" if number == 2 else f"Matter {number}"))
    collect(desk.account)
    return list(ReceivedMail.objects.order_by("pk"))


def state(mails: list[ReceivedMail]) -> list[str]:
    for received in mails:
        received.refresh_from_db()
    return [received.state for received in mails]


def wait_for_back_off() -> None:
    ReceivedMail.objects.filter(state="new").update(due_at=timezone.now() - dt.timedelta(seconds=1))


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> dict:
    """Makes acting on the mail with the subject `poison` fail, for as long as it is on."""
    switch = {"on": True, "error": ValueError("it is poison")}
    healthy = apply.change_for

    def failing(received: object, reading: object, *rest: object) -> object:
        if switch["on"] and reading.mail.subject == "poison":
            raise switch["error"]
        return healthy(received, reading, *rest)

    monkeypatch.setattr(apply, "change_for", failing)
    return switch


def test_a_chunk_is_one_transaction_of_all_its_mails(journalled: list) -> None:
    assert act_on_next() == 5
    assert state(journalled) == ["done"] * 5
    assert Call.objects.count() == 5
    assert act_on_next() == 0


def test_a_mail_that_was_dealt_with_elsewhere_meanwhile_is_left_alone(
    journalled: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = act._keep_files

    def meanwhile(items: list) -> None:
        put_in_state(ReceivedMail.objects.filter(pk=journalled[2].pk), "done", outcome="discarded")
        healthy(items)

    monkeypatch.setattr(act, "_keep_files", meanwhile)
    assert act_on_next() == 5
    assert state(journalled) == ["done"] * 5
    assert [mail.outcome for mail in journalled].count("discarded") == 1
    assert Call.objects.count() == 4


def test_one_failing_mail_never_stops_the_others(journalled: list, poison: dict) -> None:
    assert act_on_next() == 5
    assert state(journalled) == ["done", "done", "new", "done", "done"]
    assert Call.objects.count() == Message.objects.count() == 4
    assert journalled[2].error == "ValueError: it is poison"
    assert journalled[2].due_at > timezone.now()
    assert act_on_next() == 0  # it waits


def test_a_failing_mail_backs_off_and_is_held_after_three_attempts(journalled: list, poison: dict) -> None:
    pauses = []
    for _ in range(3):
        before = timezone.now()
        act_on_next()
        after = timezone.now()
        [received] = ReceivedMail.objects.exclude(state="done")
        if received.due_at:
            pauses.append([(received.due_at - at).total_seconds() for at in (before, after)])
        wait_for_back_off()
    assert (received.state, received.attempts, received.due_at) == ("held", 3, None)
    for (since_before, since_after), seconds in zip(pauses, (10, 60), strict=True):
        assert since_after <= seconds <= since_before
    assert act_on_next() == 0


@pytest.fixture
def held(journalled: list, poison: dict) -> ReceivedMail:
    for _ in range(3):
        act_on_next()
        wait_for_back_off()
    return ReceivedMail.objects.get(state="held")


def test_retrying_all_that_is_held_does_it(held: ReceivedMail, poison: dict) -> None:
    poison["on"] = False
    assert journal.retry_all() == 1
    assert act_on_next() == 1
    held.refresh_from_db()
    assert (held.state, held.outcome, held.error, held.attempts) == ("done", "logged", "", 1)


def test_a_held_mail_that_fails_again_has_three_attempts_again(held: ReceivedMail) -> None:
    journal.retry(held)
    act_on_next()
    held.refresh_from_db()
    assert (held.state, held.attempts) == ("new", 1)


def test_a_held_mail_is_discarded_with_a_reason_and_kept(desk: Desk, held: ReceivedMail) -> None:
    with pytest.raises(Refused, match="needs a reason"):
        journal.discard(held, actor=desk.bob, reason=" ")
    journal.discard(held, actor=desk.bob, reason="spam")
    held.refresh_from_db()
    assert (held.state, held.outcome, held.reason) == ("done", "discarded", "Discarded by Bob Baker: spam")
    assert b"poison" in held.read_raw()
    for operation in (journal.retry, lambda m: journal.discard(m, actor=None, reason="x")):
        with pytest.raises(Refused):
            operation(held)


def test_a_mail_that_is_done_is_not_done_again(journalled: list) -> None:
    act_on_next()
    with pytest.raises(Refused, match="is done"):
        journal.retry(journalled[0])
    assert journal.retry_all() == 0


@pytest.fixture
def harmed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Has readers do to themselves what the subject `poison` shall mean."""
    spool = tmp_path / "spool"
    spool.mkdir()
    pool = Readers(2, spool)
    monkeypatch.setattr(readers, "SECONDS", 1.0)
    monkeypatch.setattr(act, "readers", lambda: pool)
    yield lambda order: monkeypatch.setenv("PYTHONPATH", harming(tmp_path / "harm", poison=order))
    pool.close()


def test_a_mail_that_cannot_be_read_fails_alone(journalled: list, harmed: Callable) -> None:
    harmed("Fail, reader")
    act_on_next()
    assert state(journalled) == ["done", "done", "new", "done", "done"]
    assert journalled[2].error == "It can't be read: RecursionError: too deep"


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("Die, reader", "Reading it ended the process that read it (signal 11)."),
        ("Compute, reader", "Reading it took more than 1 seconds."),
    ],
)
def test_a_mail_that_ends_or_outlasts_its_readers_is_held_and_the_others_done(
    order: str, said: str, journalled: list, harmed: Callable
) -> None:
    harmed(order)
    assert act_on_next() == 5
    assert state(journalled) == ["done", "done", "held", "done", "done"]
    assert journalled[2].error == said
    assert Call.objects.count() == 4


def test_readers_that_cannot_be_started_are_no_mails_fault(
    journalled: list, harmed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken, pytest.raises(OSError, match="could not be started"):
        broken.setattr(reader_process.sys, "executable", "/bin/false")
        act_on_next()
    assert {received.attempts for received in ReceivedMail.objects.all()} == {0}
    act_on_next()
    assert state(journalled) == ["done"] * 5


def test_a_mail_whose_file_is_missing_is_held_and_the_others_done(journalled: list) -> None:
    ReceivedMail.objects.filter(pk=journalled[2].pk).update(raw=None)
    for _ in range(3):
        act_on_next()
        wait_for_back_off()
    assert state(journalled) == ["done", "done", "held", "done", "done"]


def test_what_fails_after_the_outcome_was_written_is_not_taken_for_done(
    journalled: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(name: str) -> None:
        if name == "act.applied":
            raise ValueError("undone at the last moment")

    monkeypatch.setattr(apply, "checkpoint", failing)
    act_on_next()
    assert state(journalled) == ["new"] * 5
    assert not Call.objects.exists()
    monkeypatch.undo()
    wait_for_back_off()
    while act_on_next():
        pass
    assert state(journalled) == ["done"] * 5
    assert {received.error for received in journalled} == {""}


def test_reading_ahead_gives_what_one_chunk_after_the_other_gives(
    journalled: list, monkeypatch: pytest.MonkeyPatch, poison: dict
) -> None:
    monkeypatch.setattr(act, "CHUNK", 2)
    assert list(act.act_on_all()) == [2, 2, 1]
    assert state(journalled) == ["done", "done", "new", "done", "done"]
    assert [received.attempts for received in journalled] == [1] * 5
    assert [call.subject for call in Call.objects.order_by("pk")] == [f"Matter {n}" for n in (0, 1, 3, 4)]


def test_what_was_read_ahead_counts_as_not_tried_when_work_ends(
    journalled: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act, "CHUNK", 2)
    chunks = act.act_on_all()
    assert next(chunks) == 2
    chunks.close()
    assert state(journalled) == ["done", "done", "new", "new", "new"]
    assert [received.attempts for received in journalled] == [1, 1, 0, 0, 0]


def test_what_is_read_ahead_is_not_counted_while_a_mail_is_acted_on_that_may_stop_the_service(
    journalled: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    ReceivedMail.objects.filter(pk=journalled[0].pk).update(attempts=act.MOST_ATTEMPTS)
    chunks = act.act_on_all()
    assert next(chunks) == 1
    assert ReceivedMail.objects.filter(state="new", attempts=0).count() == 4
    assert list(chunks) == [4]


def test_a_mail_at_which_the_service_stops_again_and_again_is_held(journalled: list) -> None:
    ReceivedMail.objects.filter(pk=journalled[2].pk).update(attempts=act.MOST_STOPS)
    while act_on_next():
        pass
    assert state(journalled) == ["done", "done", "held", "done", "done"]
    assert journalled[2].error == "Mailcall stopped 20 times while this mail was in hand."


@pytest.mark.parametrize("where", ["act.read", "act.applied"])
def test_kills_from_outside_hold_no_mail(
    journalled: list, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    class Killed(BaseException):
        pass

    def kill(name: str) -> None:
        if name == where:
            raise Killed

    monkeypatch.setattr(act, "checkpoint", kill)
    monkeypatch.setattr(apply, "checkpoint", kill)
    monkeypatch.setattr(act, "_uncount", lambda mails: None)  # a killed process takes nothing back
    for _ in range(6):
        with pytest.raises(Killed):
            act_on_next()
    monkeypatch.undo()
    while act_on_next():
        pass
    assert state(journalled) == ["done"] * 5
    assert Call.objects.count() == Message.objects.count() == 5


@pytest.mark.parametrize("error", [OperationalError("database is locked"), OSError(28, "No space left")])
def test_trouble_with_the_machine_is_not_the_mails_fault(
    journalled: list, poison: dict, error: Exception
) -> None:
    poison["error"] = error
    for _ in range(5):
        with pytest.raises(type(error)):
            act_on_next()
    assert {received.attempts for received in ReceivedMail.objects.exclude(state="done")} == {0}
    poison["on"] = False
    while act_on_next():
        pass
    assert state(journalled) == ["done"] * 5
    assert Call.objects.count() == 5


def test_trouble_with_the_machine_does_not_excuse_a_mail_that_failed_before_it(
    journalled: list, poison: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = apply.change_for

    def and_then_the_disk(received: object, reading: object, *rest: object) -> object:
        if reading.mail.subject == "Matter 4":
            raise OSError(28, "No space left")
        return failing(received, reading, *rest)

    put_in_state(ReceivedMail.objects.filter(pk=journalled[0].pk), "done", outcome="discarded")
    monkeypatch.setattr(apply, "change_for", and_then_the_disk)
    with pytest.raises(OSError, match="No space"):
        act_on_next()
    assert state(journalled) == ["done", "done", "new", "done", "new"]
    assert [received.attempts for received in journalled[2:]] == [1, 1, 0]


def test_stopping_leaves_the_rest_untried(journalled: list) -> None:
    assert act_on_next(stop=lambda: True) == 5
    assert state(journalled) == ["new"] * 5
    assert {received.attempts for received in journalled} == {0}


def test_big_mails_do_not_fill_the_memory(journalled: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act, "CHUNK_BYTES", journalled[0].size + journalled[1].size)
    assert act_on_next() == 2
    monkeypatch.setattr(act, "CHUNK_BYTES", 1)
    assert [act_on_next() for _ in range(4)] == [1, 1, 1, 0]
