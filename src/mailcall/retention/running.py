"""Runs what removes, for show or for good, and keeps the audit.

A preview does in earnest what the run would do, a batch at a time, and takes each back: it can't differ.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from mailcall.checkpoints import checkpoint
from mailcall.retention.models import Removal, RetentionRule, Run, RunState
from mailcall.retention.removing import Removed, ranges
from mailcall.retention.rules import RuleTask, Task
from mailcall.retention.stored_files import has_loose_files, remove_loose_files

log = structlog.get_logger("retention")

SERVICE = "the Messaging Service"
EXAMPLES = 5  # of each kind, told of a run


@dataclass(slots=True)
class Report:
    """What a run did, or would do, with the first few keys of each kind."""

    run: Run
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[int | str]] = field(default_factory=dict)


def run(task: Task, *, apply: bool, by: str, stop: Callable[[], bool] = lambda: False) -> Report:
    """Remove what this task finds, or only say what it would; the audit has it either way.

    1. What an earlier run left as running died: it is noted as stopped.
    2. Each batch is one transaction, and what it removed is noted in the same one. A preview takes it back.
    3. Files that were let go are removed from the storage.

    The caller works alone. Whatever goes wrong is noted, and raised. Begun anew, it goes on where it was.
    """
    Run.objects.filter(state=RunState.RUNNING).update(state=RunState.STOPPED)
    made = Run.objects.create(title=task.title, settings=task.settings, preview=not apply, by=by[:200])
    report = Report(made)
    try:
        stopped = _batches(task, report, stop)
        if apply:
            report.run.counts["files removed from the storage"] = remove_loose_files(timezone.now(), stop)
    except BaseException as error:
        why = str(error).partition("\n")[0]  # PostgreSQL names values on the lines behind
        _end(report, RunState.FAILED, f"{type(error).__name__}: {why}")
        raise
    _end(report, RunState.STOPPED if stopped else RunState.DONE)
    return report


def run_rule(
    rule: RetentionRule, *, apply: bool, by: str, stop: Callable[[], bool] = lambda: False
) -> Report:
    """Run one rule; what a person saw of it allows the service to heed it."""
    report = run(RuleTask(rule, timezone.now()), apply=apply, by=by, stop=stop)
    if report.run.state == RunState.DONE:
        RetentionRule.objects.filter(pk=rule.pk).update(previewed_as=rule.settings)
    return report


def _batches(task: Task, report: Report, stop: Callable[[], bool]) -> bool:
    """Do each batch; whether it was stopped before the last."""
    for batch in task.batches():
        if stop():
            return True
        removed = Removed()
        with transaction.atomic():
            batch(removed)
            _note(report.run, removed)
            checkpoint("retention.removed")
            if report.run.preview:
                transaction.set_rollback(True)
        checkpoint("retention.committed")
        report.counts += removed.counts
        for what, keys in removed.keys.items():
            shown = report.examples.setdefault(what, [])
            shown += keys[: EXAMPLES - len(shown)]
    return False


def _note(run: Run, removed: Removed) -> None:
    Removal.objects.bulk_create(
        Removal(run=run, what=what, count=count, keys=ranges(removed.keys.get(what, [])))
        for what, count in removed.counts.items()
    )


def _end(report: Report, state: RunState, error: str = "") -> None:
    """Note how it ended; the counts of one that died are those of its removals."""
    made = report.run
    made.state, made.error, made.ended_at = state, error[:2000], timezone.now()
    made.counts = {**made.counts, **report.counts}
    made.save(update_fields=["state", "error", "ended_at", "counts"])
    event = "removal previewed" if made.preview else "removal"
    log.info(event, run=made.pk, title=made.title, by=made.by, state=str(state), counts=made.counts)


def due_rules(now: dt.datetime, hour: int) -> list[RetentionRule]:
    """The rules that the service is to run now: active, previewed, and not run or changed since the hour."""
    local = timezone.localtime(now)
    moment = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    if moment > local:
        moment -= dt.timedelta(days=1)
    rules = RetentionRule.objects.filter(active=True).select_related("partition").order_by("pk")
    return [
        rule
        for rule in rules
        if rule.was_previewed and max(rule.changed_at, rule.last_run_at or rule.changed_at) < moment
    ]


def has_work(now: dt.datetime, hour: int) -> bool:
    """Whether `work` would find anything to do."""
    return has_loose_files(now) or bool(due_rules(now, hour))


def work(now: dt.datetime, hour: int, stop: Callable[[], bool]) -> None:
    """Run all rules that are due, and remove files that wait for it. The caller works alone.

    A rule that fails is noted and logged, and tried again with the next day. Trouble with the database is
    raised: then it is tried again soon.
    """
    for rule in due_rules(now, hour):
        if stop():
            return
        try:
            report = run_rule(rule, apply=True, by=SERVICE, stop=stop)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("retention rule failed", rule=rule.name, error=str(error))
        else:
            if report.run.state == RunState.STOPPED:
                return
        RetentionRule.objects.filter(pk=rule.pk).update(last_run_at=timezone.now())
    remove_loose_files(now, stop)
