"""`mailcall explain`: a decision and its trace, against the live desk, changing nothing."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailcall.cli.ready import ready

if TYPE_CHECKING:
    from mailcall.inbound.decision import Step
    from mailcall.inbound.explain import Explanation
    from mailcall.inbound.models import IncomingAccount, Outcome, ReceivedMail
    from mailcall.outbound.explaining import Telling

    Rehearsed = tuple[Outcome, Sequence[Step]]


@click.command()
@click.argument("mail")
@click.option("--account", "name", help="The account that a file is taken to have come to.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def explain(mail: str, name: str | None, as_json: bool) -> None:
    """Say why MAIL was decided as it was, and how today's desk would decide it.

    MAIL is the number of a received mail, a Message-ID, or a file.
    """
    ready()
    from mailcall.inbound.explain import explain_mail, explain_raw, rehearse
    from mailcall.inbound.models import ReceivedMail
    from mailcall.inbound.reading import Unreadable

    received = _received(mail)
    if not received and not Path(mail).is_file():
        raise click.ClickException(f"{mail} is neither a received mail nor a file.")
    try:
        if received and received.removal:
            _without_source(received, as_json)
            return
        if received:
            explanation = explain_mail(received)
        else:
            explanation = explain_raw(Path(mail).read_bytes(), _account(name))
        rehearsed = rehearse(received or ReceivedMail(account=explanation.account), explanation)
    except (Unreadable, OSError) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(_as_dict(received, explanation, rehearsed), default=str, ensure_ascii=False))
    else:
        _print(received, explanation, rehearsed)


def _received(mail: str) -> "ReceivedMail | None":
    from mailcall.inbound.models import ReceivedMail

    rows = ReceivedMail.objects.select_related("account__template__partition", "call")
    if mail.isdigit() and len(mail) < 18:
        return rows.filter(pk=int(mail)).first()
    wanted = mail if mail.startswith("<") else f"<{mail}>"
    return rows.filter(message_id=wanted).order_by("pk").first()


def _account(name: str | None) -> "IncomingAccount":
    from mailcall.inbound.models import IncomingAccount

    accounts = IncomingAccount.objects.select_related("template__partition").order_by("pk")
    account = accounts.filter(name=name).first() if name else accounts.filter(active=True).first()
    if account is None:
        raise click.ClickException(
            f"There is no account named {name}." if name else "There is no active account; load one first."
        )
    return account


def _as_dict(received: "ReceivedMail | None", now: "Explanation", rehearsed: "Rehearsed") -> dict[str, Any]:
    decision, (outcome, steps) = now.decided.decision, rehearsed
    result: dict[str, Any] = {
        "account": now.account.name,
        "from": now.reading.sender,
        "subject": now.reading.mail.subject,
        "message_id": now.reading.mail.message_id,
        "kind": now.reading.mail.kind,
        "evidence": now.reading.evidence.as_dict(),
        "today": {
            "action": decision.action,
            "outcome": outcome,
            "call": decision.call.pk if decision.call else None,
            "reason": decision.reason,
            "proof": decision.proof,
            "answer": decision.answer,
            "no_answer": decision.no_answer,
            "trace": [step.as_dict() for step in (*now.decided.trace, *steps)],
        },
    }
    return result | (_decided(received) if received else {})


def _decided(received: "ReceivedMail") -> dict[str, Any]:
    return {
        "mail": received.pk,
        "state": received.state,
        "decided": {
            "outcome": received.outcome or None,
            "call": received.call_id,
            "reason": received.reason,
            "error": received.error or None,
            "trace": received.trace,
            "told": [telling.as_dict() for telling in _tellings(received)],
        },
    }


def _without_source(received: "ReceivedMail", as_json: bool) -> None:
    """What was decided, of a mail that can't be decided once more: its source was removed."""
    if as_json:
        click.echo(json.dumps(_decided(received) | {"removed": received.removal}, ensure_ascii=False))
        return
    click.secho(received.subject or "(no subject)", bold=True)
    _print_decided(received)
    click.echo()
    click.echo(f"{received.removal} How today's desk would decide it can't be told.")


def _print(received: "ReceivedMail | None", now: "Explanation", rehearsed: "Rehearsed") -> None:
    mail, evidence, decision = now.reading.mail, now.reading.evidence, now.decided.decision
    outcome, steps = rehearsed
    click.secho(mail.subject or "(no subject)", bold=True)
    click.echo(f"from {', '.join(map(str, mail.from_)) or 'nobody'}, to account {now.account.name}")
    click.echo(f"proof of the sender: {decision.proof or 'none needed'}")
    for note in filter(None, (evidence.problem, *evidence.notes)):
        click.echo(f"    {note}")
    if received:
        _print_decided(received)
    click.echo()
    click.secho(f"How today's desk would decide it: {outcome.label}", bold=True)
    click.echo(decision.reason)
    if decision.no_answer:
        click.echo(f"Not answered: {decision.no_answer}")
    _print_trace([step.as_dict() for step in (*now.decided.trace, *steps)])


def _print_decided(received: "ReceivedMail") -> None:
    click.echo()
    if received.state == "done":
        click.secho(f"What was decided: {received.get_outcome_display()}", bold=True)
        click.echo(received.reason)
        _print_trace(received.trace)
        for telling in _tellings(received):
            click.echo(f"  told {telling}" if telling.state != "not told" else f"  not  {telling}")
    else:
        click.secho(f"It is {received.get_state_display().lower()}.", bold=True)
        click.echo(received.error or "It has not been tried yet.")


def _tellings(received: "ReceivedMail") -> "list[Telling]":
    """Who was told of what the mail did, and who was not."""
    from mailcall.outbound.explaining import tellings
    from mailcall.outbound.models import Message

    entries = Message.objects.filter(correlation_id=received.correlation_id).exclude(entry=None)
    return tellings({*entries.values_list("entry", flat=True), *filter(None, [received.entry_id])})


def _print_trace(trace: list[dict[str, Any]]) -> None:
    for step in trace:
        mark = click.style("→", fg="green", bold=True) if step["fired"] else " "
        click.echo(f"  {mark} {step['letter']}  {step['rule']:<18} {step['saw']}")
