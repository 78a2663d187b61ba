"""`mailcall trial`: which past mail an account would decide otherwise under other rules. Changes nothing."""

import datetime as dt
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from mailcall.cli.progress import progress
from mailcall.cli.ready import ready

if TYPE_CHECKING:
    from mailcall.inbound.models import IncomingAccount
    from mailcall.inbound.trial import Otherwise, Rules, Trial, Tried


def _pairs(_ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> list[tuple[str, str]]:
    pairs = [tuple(part.strip() for part in one.partition("=")[::2]) for one in given]
    if wrong := [one for one, pair in zip(given, pairs, strict=True) if not all(pair)]:
        example = "CLOSE=FINISH" if param.name == "words" else "close=authenticated"
        raise click.BadParameter(f"“{wrong[0]}” must look like {example}.")
    return [(name, value) for name, value in pairs]


@click.command()
@click.argument("account")
@click.option("--reject", "reject", multiple=True, metavar="TEXT", help="Reject subjects that contain it.")
@click.option("--accept", "accept", multiple=True, metavar="TEXT", help="Take it off the reject list.")
@click.option("--automatic/--no-automatic", default=None, help="Reject subjects that machines write.")
@click.option(
    "--known-people/--everybody", "known", default=None, help="Log calls for people on record only."
)
@click.option("--word", "words", multiple=True, callback=_pairs, help="A further word: CLOSE=FINISH.")
@click.option("--language", "languages", multiple=True, help="Words of this language, besides: de.")
@click.option(
    "--proof", "proofs", multiple=True, callback=_pairs, help="The least proof: close=authenticated."
)
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="How far back.")
@click.option("--seconds", type=click.IntRange(1), help="How long at most; what is left is told.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def trial(  # noqa: PLR0917  # click hands them over by name
    account: str,
    reject: tuple[str, ...],
    accept: tuple[str, ...],
    automatic: bool | None,
    known: bool | None,
    words: list[tuple[str, str]],
    languages: tuple[str, ...],
    proofs: list[tuple[str, str]],
    days: int,
    seconds: int | None,
    as_json: bool,
) -> None:
    """Try other rules for ACCOUNT on the mail of the last month, and list what they would decide otherwise.

    Each mail is decided against today's desk, with today's rules and with the changed ones. Nothing changes;
    the desk file, or the page of the trial, switches rules on.
    """
    ready()
    from django.core.exceptions import ValidationError
    from django.utils import timezone

    from mailcall.inbound.models import IncomingAccount
    from mailcall.inbound.trial import Rules, Trial

    rows = IncomingAccount.objects.select_related("template__partition", "default_logging_analyst")
    found = rows.filter(name=account).first()
    if found is None:
        raise click.ClickException(f"There is no account named {account}.")
    old = Rules.of(found)
    rules = replace(
        old,
        reject_subjects=_lines(old.reject_subjects, reject, accept),
        reject_automatic_subjects=old.reject_automatic_subjects if automatic is None else automatic,
        known_people_only=old.known_people_only if known is None else known,
        words=_with_words(old, words),
        word_languages=" ".join(dict.fromkeys([*old.word_languages.split(), *languages])),
        proofs={**old.proofs, **dict(proofs)},
    )
    if rules == old:
        raise click.UsageError("Say what is to be changed, such as --reject TEXT.")
    try:
        changed = rules.on(found)
    except ValidationError as error:
        raise click.ClickException(" ".join(error.messages)) from None
    now = timezone.now()
    tried = _run(Trial(found, changed, now - dt.timedelta(days=days), now), seconds)
    if as_json:
        click.echo(json.dumps(asdict(tried), default=str, ensure_ascii=False))
    else:
        _print(found, tried)


def _lines(old: str, more: Iterable[str], less: Iterable[str]) -> str:
    gone = {text.strip().casefold() for text in less}
    lines = [line.strip() for line in (*old.splitlines(), *more)]
    return "\n".join(dict.fromkeys(line for line in lines if line and line.casefold() not in gone))


def _with_words(old: "Rules", more: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    words = {keyword: list(spellings) for keyword, spellings in old.words.items()}
    for keyword, word in more:
        words.setdefault(keyword.upper(), []).append(word)
    return words


def _run(trial: "Trial", seconds: int | None) -> "Tried":
    from mailcall.inbound.trial import total

    until = time.monotonic() + (seconds or float("inf"))
    with progress("Trying", trial.count()) as told:

        def watched() -> Any:
            for part in trial.parts():
                told(part.looked)
                yield part

        return total(watched(), lambda: time.monotonic() > until)


def _print(account: "IncomingAccount", tried: "Tried") -> None:
    for one in tried.otherwise:
        _print_one(one)
    count = len(tried.otherwise)
    click.echo(
        f"{count} of {tried.looked} mails of {account.name} would be decided otherwise; "
        f"{tried.read} had to be read."
    )
    for mail, why in tried.unread:
        click.echo(f"Not looked at: mail {mail}. {why}")
    if tried.below:
        click.echo(f"The time was over: mails before number {tried.below} were not looked at.")


def _print_one(one: "Otherwise") -> None:
    subject = "".join(filter(str.isprintable, one.subject)) or "(no subject)"
    click.echo(click.style(f"{one.mail}  {subject}", bold=True) + f"  from {one.sender or 'nobody'}")
    for said, fate in (("today", one.before), ("then ", one.after)):
        told = " ".join((fate.reason, *fate.told))
        click.echo(f"    {said}  {fate.outcome.label}, by the rule “{fate.rule}”: {told}")
