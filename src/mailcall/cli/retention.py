"""`mailcall retention` and `mailcall erase`: what the desk keeps no longer. Nothing goes without --apply."""

import getpass
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mailcall.cli.ready import ready

if TYPE_CHECKING:
    from mailcall.retention.models import RetentionRule
    from mailcall.retention.running import Report

_apply = click.option("--apply", "apply", is_flag=True, help="Really remove it; else it is only shown.")
_yes = click.option("--yes", is_flag=True, help="Don't ask whether to.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def retention() -> None:
    """What is removed with time, by the rules that the desk file sets."""


@retention.command()
@_json
def rules(as_json: bool) -> None:
    """List the rules, and whether the service heeds them."""
    ready()
    from mailcall.retention.models import RetentionRule

    found = RetentionRule.objects.select_related("partition")
    if as_json:
        for rule in found:
            line = {
                "name": rule.name,
                "active": rule.active,
                "state": rule.state,
                "removes": rule.removes,
                "after_days": rule.after_days,
                "partition": rule.partition.name if rule.partition else None,
                "how": rule.how,
                "last_run_at": rule.last_run_at,
            }
            click.echo(json.dumps(line, default=str, ensure_ascii=False))
        return
    for rule in found:
        click.secho(rule.name, bold=True)
        last = f", last run on {rule.last_run_at:%Y-%m-%d}" if rule.last_run_at else ""
        click.echo(f"  {rule.sentence}\n  State: {rule.state}{last}.")
    if not found:
        click.echo("There are no rules: everything is kept. `mailcall load` sets them.")


@retention.command()
@click.argument("names", metavar="[RULE]...", nargs=-1)
@_apply
@_yes
def run(names: tuple[str, ...], apply: bool, yes: bool) -> None:
    """Show what rules would remove now (all of them, if none is named); with --apply, remove it.

    The service runs a rule only once somebody saw here what it does.
    """
    ready()
    from mailcall.retention.running import run_rule

    for rule in _rules(names):
        with _alone() as lost:
            click.secho(f"{rule.name}: {rule.sentence}", bold=True)
            report = run_rule(rule, apply=False, by=_who(), stop=lost)
            _print(report, "would go")
            if apply and (not report.counts or _is_sure(yes)):  # files of an earlier run may be left
                _print(run_rule(rule, apply=True, by=_who(), stop=lost), "gone")
    if not apply:
        click.echo("Nothing was changed; --apply removes it.")


@retention.command()
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most.")
@_json
def audit(limit: int, as_json: bool) -> None:
    """List what was removed, newest first: who had it done, when, by which rule, and how much."""
    ready()
    from mailcall.retention.models import Removal, Run

    for run in Run.objects.order_by("-pk")[:limit]:
        removed = Removal.objects.filter(run=run).order_by("pk")
        if as_json:
            line = {
                "run": run.pk,
                "title": run.title,
                "settings": run.settings,
                "preview": run.preview,
                "by": run.by,
                "started_at": run.started_at,
                "ended_at": run.ended_at,
                "state": run.state,
                "error": run.error or None,
                "counts": run.counts,
                "removed": [{"at": r.at, "what": r.what, "count": r.count, "keys": r.keys} for r in removed],
            }
            click.echo(json.dumps(line, default=str, ensure_ascii=False))
            continue
        kind = "preview" if run.preview else "run"
        click.secho(f"{run.started_at:%Y-%m-%d %H:%M} UTC  {run.title}", bold=True)
        click.echo(f"  {kind} {run.pk} by {run.by}: {run.get_state_display().lower()}. {run.error}".rstrip())
        click.echo(f"  {_counted(run.counts)}")


@retention.command()
@click.argument("words", nargs=-1, required=True)
def find(words: tuple[str, ...]) -> None:
    """List every place where any of these words stands, such as a name or an address."""
    ready()
    _print_mentions(words)


@click.command()
@click.argument("person")
@click.option("--even-open", is_flag=True, help="Also if calls of theirs are open.")
@_apply
@_yes
def erase(person: str, even_open: bool, apply: bool, yes: bool) -> None:
    """Show what would go of PERSON, an address or a person's number; with --apply, erase it.

    Calls keep number, state and dates. Where the name or the address still stands is listed at the end:
    what others wrote is for a person to look at.
    """
    ready()
    from django.utils import timezone

    from mailcall.desk.errors import Refused
    from mailcall.retention.erasing import Erasure
    from mailcall.retention.people import refuse_what_must_wait, subject_of
    from mailcall.retention.removing import Stamp
    from mailcall.retention.running import run as run_task

    try:
        subject = subject_of(person)
        with _alone() as lost:
            refuse_what_must_wait(subject, even_open=even_open)
            names = ", ".join(f"{each.name} ({each.pk})" for each in subject.persons) or "nobody on record"
            click.secho(f"{subject.address or 'no address'}: {names}", bold=True)
            erasure = Erasure(subject, Stamp(timezone.now(), "the erasure of a person"))
            _print(run_task(erasure, apply=False, by=_who(), stop=lost), "would go")
            if not apply:
                click.echo("Nothing was changed; --apply erases it.")
            elif _is_sure(yes):
                _print(run_task(erasure, apply=True, by=_who(), stop=lost), "gone")
                click.echo(f"Looking for what others wrote of {', '.join(subject.words)}:")
                _print_mentions(subject.words)
    except Refused as refusal:
        raise click.ClickException(str(refusal)) from None


def _rules(names: Iterable[str]) -> "list[RetentionRule]":
    from mailcall.desk_file.problems import did_you_mean
    from mailcall.retention.models import RetentionRule

    rules = {rule.name: rule for rule in RetentionRule.objects.select_related("partition")}
    for name in names:
        if name not in rules:
            raise click.ClickException(f"There is no rule `{name}`.{did_you_mean(name, rules)}")
    if not rules:
        raise click.ClickException("There are no rules: everything is kept. `mailcall load` sets them.")
    return [rules[name] for name in names] or list(rules.values())


@contextmanager
def _alone() -> Iterator[Callable[[], bool]]:
    """Nobody else removes anything meanwhile; gives what says whether that may be so no longer."""
    from mailcall.service.locks import Busy, alone

    try:
        with alone("retention") as lost:
            yield lost
    except Busy as error:
        raise click.ClickException(str(error)) from None


def _who() -> str:
    return f"{getpass.getuser()}, on the command line"


def _is_sure(yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.ClickException("Say --yes to remove it without being asked.")
    return click.confirm("Remove it? There is no way back.")


def _print(report: "Report", how: str) -> None:
    for what, count in report.counts.items():
        some = ", ".join(str(key) for key in report.examples.get(what, []))
        more = ", ..." if count > len(report.examples.get(what, [])) and some else ""
        click.echo(f"  {count:>9,} {what} {how}" + (f": {some}{more}" if some else ""))
    if not report.counts:
        click.echo("  nothing")
    if report.run.state == "stopped":
        raise click.ClickException("It was stopped, since another process took over. Run it again.")


def _print_mentions(words: Iterable[str]) -> None:
    from mailcall.retention.mentions import mentions

    count = 0
    for mention in mentions(list(words)):
        count += 1
        click.echo(f"  {mention}")
    click.echo(
        f"{count} places. Not looked into: sources of received mail, but for those held; attached files; "
        "log files; backups."
    )


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count) or "nothing"
