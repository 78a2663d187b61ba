"""Runs go on where they were stopped, once a day and alone, and the audit knows of each."""

import datetime as dt
import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, default_storage
from django.utils import timezone

from desks import Desk, mail
from mailcall.config import config
from mailcall.desk.models.calls import content_name, keep_file, store_file
from mailcall.inbound.models import ReceivedMail
from mailcall.retention import running, stored_files
from mailcall.retention.models import LooseFile, Removal, RetentionRule, Run
from mailcall.retention.removing import ranges
from mailcall.retention.running import due_rules, run_rule, work
from mailcall.service.jobs import Jobs
from mailcall.service.locks import alone
from retention.conftest import applied, grow_old, make_old, rule

SHA = "ab" * 32


class Killed(BaseException):
    """The process died here."""


def die_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def checkpoint(passed: str) -> None:
        if passed == name:
            raise Killed

    monkeypatch.setattr(running, "checkpoint", checkpoint)


@pytest.mark.parametrize(("name", "left"), [("retention.removed", 5), ("retention.committed", 3)])
def test_a_run_that_died_goes_on_with_the_next_and_the_audit_lost_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, left: int
) -> None:
    monkeypatch.setattr("mailcall.retention.rules.BATCH", 2)
    monkeypatch.setattr("mailcall.retention.rules.pages.__defaults__", (2,))
    for _ in range(5):
        desk.deliver(mail())
    desk.run()
    grow_old()
    made = rule("raw_mail")
    with monkeypatch.context() as patch:
        die_at(name, patch)
        with pytest.raises(Killed):
            run_rule(made, apply=True, by="a test")
    assert ReceivedMail.objects.exclude(raw=None).count() == left
    Run.objects.update(state="running", ended_at=None)  # a dead process says nothing any more
    run_rule(made, apply=True, by="a test")
    assert [run.state for run in Run.objects.order_by("pk")] == ["stopped", "done"]
    assert not ReceivedMail.objects.exclude(raw=None).exists()
    noted = [removal.count for removal in Removal.objects.filter(what="sources")]
    assert sum(noted) == 5


def test_a_run_that_fails_is_in_the_audit_with_its_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such luck")

    desk.receive(mail())
    grow_old()
    monkeypatch.setattr("mailcall.retention.rules.remove_sources", broken)
    with pytest.raises(ValueError, match="luck"):
        applied("raw_mail")
    run = Run.objects.get()
    assert (run.state, run.error) == ("failed", "ValueError: no such luck")
    assert run.ended_at


def test_the_service_heeds_a_rule_once_a_day_and_only_an_active_one_that_was_previewed(desk: Desk) -> None:
    made = rule("raw_mail")
    noon = timezone.now().replace(hour=12, minute=0)
    RetentionRule.objects.update(changed_at=noon - dt.timedelta(days=2))
    assert not due_rules(noon, 3)
    RetentionRule.objects.update(active=True)
    assert not due_rules(noon, 3)
    run_rule(made, apply=False, by="a test")
    assert due_rules(noon, 3) == [made]
    RetentionRule.objects.update(last_run_at=noon.replace(hour=2))
    assert due_rules(noon, 3) == [made]
    RetentionRule.objects.update(last_run_at=noon.replace(hour=4))
    assert not due_rules(noon, 3)
    assert not due_rules(noon.replace(hour=2) + dt.timedelta(days=1), 3)
    assert due_rules(noon.replace(hour=3) + dt.timedelta(days=1), 3) == [made]


def test_the_job_removes_what_is_due_and_then_nothing_more_until_tomorrow(desk: Desk) -> None:
    desk.receive(mail())
    grow_old()
    made = rule("raw_mail", active=True)
    run_rule(made, apply=False, by="a test")
    RetentionRule.objects.update(changed_at=timezone.now() - dt.timedelta(days=2))
    jobs = Jobs(lambda *_: None, lambda: False)
    with alone("retention"):
        jobs.retention()  # somebody else is at it
    assert ReceivedMail.objects.exclude(raw=None).exists()
    jobs.retention()
    jobs.retention()
    assert not ReceivedMail.objects.exclude(raw=None).exists()
    assert [run.by for run in Run.objects.filter(preview=False)] == ["the Messaging Service"]


def test_a_stop_of_the_service_leaves_the_rest_to_the_next_start(desk: Desk) -> None:
    desk.receive(mail())
    grow_old()
    made = rule("raw_mail", active=True)
    run_rule(made, apply=False, by="a test")
    RetentionRule.objects.update(changed_at=timezone.now() - dt.timedelta(days=2))
    asked = iter([False])
    work(timezone.now(), 3, lambda: next(asked, True))
    assert Run.objects.get(preview=False).state == "stopped"
    assert due_rules(timezone.now(), 3)


def test_a_rule_that_fails_hinders_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.receive(mail())
    grow_old()
    for removes in ("raw_mail", "sent_messages"):
        run_rule(rule(removes, active=True), apply=False, by="a test")
    RetentionRule.objects.update(changed_at=timezone.now() - dt.timedelta(days=2))
    monkeypatch.setattr("mailcall.retention.rules.remove_sources", None)
    work(timezone.now(), 3, lambda: False)
    states = Run.objects.filter(preview=False).order_by("pk").values_list("state", flat=True)
    assert list(states) == ["failed", "done"]
    assert not due_rules(timezone.now(), 3)


def test_files_that_nothing_names_go_and_all_others_stay(desk: Desk) -> None:
    received = desk.receive(mail(text="x" * 400_000))
    store_file(SHA, b"left by a process that died")
    half, again = f"ab/ab/.{SHA}.{'0' * 32}", f"ab/ab/{SHA}_abcdefg"
    for name in (half, again, "ab/ab/not-ours.txt"):
        default_storage.save(name, ContentFile(b"x"))
    young = content_name("cd" * 32)
    store_file("cd" * 32, b"just kept, its row is to come")
    for name in (content_name(SHA), half, again, "ab/ab/not-ours.txt", content_name(received.sha256)):
        make_old(name, 9)
    made = rule("orphaned_files", 2)
    preview = run_rule(made, apply=False, by="a test")
    assert default_storage.exists(content_name(SHA))
    real = run_rule(made, apply=True, by="a test")
    assert preview.counts == real.counts == {"files": 3}
    for name in (content_name(SHA), half, again):
        assert not default_storage.exists(name)
    for name in (young, "ab/ab/not-ours.txt", content_name(received.sha256)):
        assert default_storage.exists(name)
    default_storage.delete("ab/ab/not-ours.txt")
    default_storage.delete(young)


def test_the_same_bytes_kept_again_just_then_are_not_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raw = mail(text="y" * 400_000)
    first = desk.receive(raw)
    make_old(content_name(first.sha256), 9)
    grow_old()

    def comes_again(_: str) -> None:
        spooled = tmp_path / "again"
        spooled.write_bytes(raw)
        keep_file(first.sha256, spooled)

    monkeypatch.setattr("mailcall.database.unused_files.checkpoint", comes_again)
    applied("raw_mail")
    with default_storage.open(content_name(first.sha256)) as file:
        assert file.read() == raw


def test_a_storage_that_never_held_a_file_has_none_to_remove(tmp_path: Path) -> None:
    assert list(stored_files.old_names(FileSystemStorage(tmp_path / "files"), timezone.now())) == []


@pytest.mark.django_db(transaction=True)
def test_what_dead_processes_left_in_the_spool_goes_with_a_run_and_not_with_a_preview() -> None:
    spool = config().spool_dir / "7"
    spool.mkdir(parents=True, exist_ok=True)
    old, young = spool / "old", spool / "young"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    made = rule("orphaned_files", 1)
    assert run_rule(made, apply=False, by="a test").counts["files of the spool"] == 1
    assert old.exists()
    run_rule(made, apply=True, by="a test")
    assert not old.exists()
    assert young.exists()


def test_in_a_storage_that_is_no_folder_files_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_files, "default_storage", InMemoryStorage())
    LooseFile.objects.create(name=content_name(SHA))
    assert stored_files.remove_loose_files(timezone.now()) == 0
    assert not stored_files.has_loose_files(timezone.now())
    assert LooseFile.objects.exists()


def test_keys_are_noted_as_ranges() -> None:
    assert ranges([7, 1, 2, 3]) == "1-3, 7"
    assert ranges(["b", "a"]) == "b a"
    assert ranges([]) == ""
