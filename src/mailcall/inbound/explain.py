"""Why a mail was decided as it was, and how today's desk would decide it. Changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from mailcall.config import config
from mailcall.inbound.arrivals import arrivals_of
from mailcall.inbound.commands import Asking, run
from mailcall.inbound.decision import OUTCOMES, Action, Decided, Facts, Step
from mailcall.inbound.facts import gather, own_addresses
from mailcall.inbound.models import IncomingAccount, Outcome, ReceivedMail
from mailcall.inbound.readers import read_apart
from mailcall.inbound.reading import Arrival, Reading
from mailcall.inbound.rules import decide
from mailcall.outbound.threads import signing_keys


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision against the live desk, and what it is made from."""

    account: IncomingAccount
    reading: Reading
    decided: Decided
    facts: Facts


def explain_raw(raw: bytes, account: IncomingAccount, mail: ReceivedMail | None = None) -> Explanation:
    """How the desk, as it is now, decides these bytes on this account; `mail` if they came already.

    They are read as the service reads them. Raises Unreadable with what it would say, and OSError.
    """
    if mail:
        [arrival] = arrivals_of([mail])
    else:
        too_big = 0 < account.most_bytes < len(raw)
        arrival = Arrival(whole_size=len(raw) if too_big else 0, antivirus=config().antivirus_daemon)
    own = own_addresses()
    reading = read_apart(raw, account.trust(own), signing_keys(), arrival)
    with transaction.atomic():
        known = gather([(account, mail.pk if mail else None, reading)], own, timezone.now())
    facts = known.facts(account, reading)
    return Explanation(account, reading, decide(reading, facts), facts)


def explain_mail(mail: ReceivedMail) -> Explanation:
    """How the desk would decide a mail of the journal today."""
    return explain_raw(mail.read_raw(), mail.account, mail)


def rehearse(mail: ReceivedMail, explained: Explanation) -> tuple[Outcome, tuple[Step, ...]]:
    """What would become of a mail today, and a step for each part of its command.

    A command is run as it would be, in a transaction that is taken back.
    """
    decision = explained.decided.decision
    if decision.action is not Action.COMMAND:
        return OUTCOMES[decision.action], ()
    with transaction.atomic():
        ran = run(Asking(mail, explained.reading, decision, explained.facts, timezone.now()))
        transaction.set_rollback(True)
    return ran.outcome, ran.steps


@dataclass(frozen=True, slots=True)
class Compared:
    """One rule, then and today; None where it was not asked."""

    letter: str
    rule: str
    then: Step | None
    today: Step | None

    @property
    def differs(self) -> bool:
        """Whether it decides otherwise."""
        return _fired(self.then) != _fired(self.today)

    @property
    def reworded(self) -> bool:
        """Whether it saw something else, or was asked only once."""
        return (self.then and self.then.saw) != (self.today and self.today.saw)


def compare(then: Sequence[Mapping[str, object]], today: Sequence[Step]) -> list[Compared]:
    """A journalled trace beside today's, rule by rule, in today's order, and then what is asked no more."""
    before = {step.rule: step for step in map(_step, then)}
    now = {step.rule: step for step in today}
    rules = [*now, *(rule for rule in before if rule not in now)]
    return [
        Compared((now.get(rule) or before[rule]).letter, rule, before.get(rule), now.get(rule))
        for rule in rules
    ]


def _step(values: Mapping[str, object]) -> Step:
    text = {name: str(values.get(name, "")) for name in ("letter", "rule", "saw")}
    return Step(text["letter"], text["rule"], values.get("fired") is True, text["saw"])


def _fired(step: Step | None) -> bool:
    return bool(step and step.fired)
