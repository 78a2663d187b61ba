"""Commands that were short of proof: whoever they were asked in the name of says whether they were theirs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction
from django.db.models import QuerySet

from mailcall.database.fields import ring
from mailcall.desk.delegations import is_active
from mailcall.desk.errors import Refused
from mailcall.desk.models import Person
from mailcall.inbound.commands.asking import Asking
from mailcall.inbound.commands.running import CHANGES_NOTHING, run
from mailcall.inbound.decision import Action
from mailcall.inbound.explain import explain_mail
from mailcall.inbound.models import Confirmation, Outcome, ReceivedMail
from mailcall.inbound.rules.commands import called
from mailcall.message import approval_tokens
from mailcall.outbound.answers import CONFIRMATION, Secret

LASTS = dt.timedelta(days=7)
MOST_SAID = 5_000  # characters


def ask(asking: Asking, short: Mapping[int, str]) -> Secret | None:
    """Have the person on record asked about what was short of proof, by number; what the mail to them needs.

    Nobody is asked who can't act, nor about what would change nothing.
    """
    person = asking.sender
    if not short or person is None or not is_active(person) or asking.command.action in CHANGES_NOTHING:
        return None
    values = {
        "person": person,
        "nonce": approval_tokens.new_nonce(),
        "refs": [ref for ref in short if ref],
        "made_at": asking.now,
        "expires_at": asking.now + LASTS,
        "command": {**_told(asking), "about": list(short.values())},
        "answered_at": None,
        "confirmed": None,
        "results": [],
    }
    wait, _ = Confirmation.objects.update_or_create(mail=asking.mail, defaults=values)
    return Secret(wait.nonce, wait.pk, wait.person_id)


def _told(asking: Asking) -> dict[str, str]:
    """What is asked and said, as the person is shown it, and as it must still be when they confirm it."""
    return {"asked": called(asking.command), "said": asking.text[:MOST_SAID]}


def token_of(wait: Confirmation) -> str:
    """The secret that only the mail to the person on record carries."""
    return approval_tokens.make(wait.nonce, wait.pk, wait.person_id, ring().derived(CONFIRMATION))


def find(text: str) -> Confirmation | None:
    """What waits under a token, whatever became of it."""
    nonce = approval_tokens.nonce_of(text)
    keys = ring().derived(CONFIRMATION)
    for wait in Confirmation.objects.filter(nonce=nonce).select_related("mail__account", "person"):
        if nonce and approval_tokens.is_signed(text, wait.pk, wait.person_id, keys):
            return wait
    return None


def waiting_for_word(person: Person | None, now: dt.datetime) -> "QuerySet[Confirmation]":
    """What waits until a person says whether it is theirs."""
    return Confirmation.objects.filter(person=person, answered_at=None, expires_at__gt=now)


def why_not(wait: Confirmation, now: dt.datetime) -> str:
    """Why it can't be answered any more, in a sentence; empty while it can."""
    if wait.answered_at:
        said = "confirmed" if wait.confirmed else "disowned"
        return f"It was {said} on {wait.answered_at:%Y-%m-%d at %H:%M} UTC already."
    if wait.expires_at <= now:
        return f"It could be confirmed until {wait.expires_at:%Y-%m-%d}. Write the mail again."
    if not is_active(wait.person):
        return f"{wait.person} can't act on this desk any more."
    return ""


def confirm(wait: Confirmation, *, now: dt.datetime, how: str = "by token") -> list[str]:
    """Do what was asked; a sentence on each part of it. Raises Refused when that can't be any more.

    It is decided anew, by the desk as it is now: what was refused then for other reasons stays refused.
    """
    with transaction.atomic():
        wait = _locked(wait, now)
        asking = _asked(wait, now, how)
        ran = run(asking)
        wait.answered_at, wait.confirmed = now, True
        wait.results = ran.sentences
        wait.save(update_fields=["answered_at", "confirmed", "results"])
        if ran.anything_done:
            mail = wait.mail
            ran.link(mail)
            mail.outcome = Outcome.COMMANDED
            mail.reason = f"{mail.reason} Confirmed by {wait.person} on {now:%Y-%m-%d at %H:%M} UTC."
            mail.save(update_fields=["outcome", "reason", "call", "request", "task", "entry"])
    return list(wait.results)


def disown(wait: Confirmation, *, now: dt.datetime) -> None:
    """Note that the person did not write that mail; it stays without effect. Raises Refused."""
    with transaction.atomic():
        wait = _locked(wait, now)
        wait.answered_at, wait.confirmed = now, False
        wait.save(update_fields=["answered_at", "confirmed"])
        mail = wait.mail
        mail.reason = f"{mail.reason} {wait.person} says that they did not write it."
        mail.save(update_fields=["reason"])


def _locked(wait: Confirmation, now: dt.datetime) -> Confirmation:
    """It as it is now, locked after its mail, as whoever works on the mail once more does. Raises Refused."""
    ReceivedMail.objects.select_for_update().filter(pk=wait.mail_id).values_list("pk").first()
    rows = Confirmation.objects.select_for_update(of=("self",)).select_related("mail__account", "person")
    current = rows.filter(pk=wait.pk).first()
    if current is None:
        raise Refused("That mail was worked on once more since.")
    if why := why_not(current, now):
        raise Refused(why)
    return current


def _asked(wait: Confirmation, now: dt.datetime, how: str) -> Asking:
    """The command of the mail, decided again, with the word of its person as proof. Raises Refused."""
    mail: ReceivedMail = wait.mail
    try:
        explained = explain_mail(mail)
    except OSError as error:
        raise Refused(f"The mail can't be read any more: {error}") from error
    decision = explained.decided.decision
    if decision.action is not Action.COMMAND or decision.command is None:
        raise Refused(f"This desk would decide that mail otherwise now: {decision.reason}")
    person = Person.objects.get(pk=wait.person_id)
    decision = replace(decision, sender=person)
    asking = Asking(mail, explained.reading, decision, explained.facts, now, how, frozenset(wait.refs))
    if any(wait.command.get(name) != told for name, told in _told(asking).items()):
        raise Refused(f"This desk reads that mail otherwise now: {called(asking.command)}. Write it again.")
    return asking
