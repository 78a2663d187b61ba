"""Rule e: anything else logs a call."""

from dataclasses import dataclass

from mailcall.desk.models import Call, LinkState
from mailcall.inbound.decision import Action, Decision, Facts, Original, Verdict
from mailcall.inbound.proofs import ASKED_FOR, Level, level_of, shown_by
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.senders import whose

Link = tuple[Call, LinkState, str]


@dataclass(frozen=True)
class LogCall:
    """The last rule: it always fires."""

    letter: str = "e"
    name: str = "log a call"
    description: str = "Logs a call with the account's template."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Always fire."""
        if why := why_not_logged(reading, facts):
            return Verdict(why, refuse(reading, facts, why))
        decision = log_call(reading, facts, "It is a new matter.")
        return Verdict(whose(reading, facts).explained, decision)


def why_not_logged(reading: Reading, facts: Facts) -> str:
    """Why the sender may not log a call; empty when they may."""
    if facts.account.known_people_only and facts.sender is None:
        who = reading.sender or "the sender of this mail"
        return f"Calls are logged for people on record here, and {who} is not."
    level = level_of("log call", facts.account.proofs)
    if level is not Level.ADDRESS and not shown_by(reading).proof_for(level):
        return f"To log a call, this desk needs {ASKED_FOR[level]}."
    return ""


def refuse(reading: Reading, facts: Facts, reason: str) -> Decision:
    """The decision that nothing is done, of which the sender is told."""
    no_answer = why_no_answer(reading, facts)
    return Decision(
        Action.REFUSE,
        f"{reason} Nothing was changed.",
        sender=facts.sender,
        sender_name=sender_name(reading),
        proof=proof_of(reading),
        answer=not no_answer,
        no_answer=no_answer,
        no_command=reason,
    )


def log_call(reading: Reading, facts: Facts, because: str, links: tuple[Link, ...] = ()) -> Decision:
    """The decision to log a call, for the User and by the analyst of the sender table."""
    found = whose(reading, facts)
    no_answer = why_no_answer(reading, facts)
    if found.original:
        because += f" {found.original.forwarded_by} forwarded it for {found.user or found.original.address}."
    return Decision(
        Action.LOG,
        f"{because} It logs a call with template {facts.account.template}.",
        sender=facts.sender,
        sender_name=_writer_name(found.original) if found.original else sender_name(reading),
        user=found.user,
        original=found.original,
        subject=found.original.subject if found.original else None,
        logged_by=found.logged_by,
        proof=proof_of(reading),
        links=links,
        answer=not no_answer,
        no_answer=no_answer,
    )


def why_no_answer(reading: Reading, facts: Facts) -> str:
    """Why the sender must not be answered; empty when they may be."""
    if not reading.sender:
        return reading.evidence.problem
    if facts.is_own(reading.sender):
        return f"{reading.sender} is an address of this desk."
    if reading.mail.automatic:
        return f"The mail is automatic ({reading.mail.automatic_reason or reading.mail.kind})."
    return ""


def proof_of(reading: Reading) -> str:
    """What shows that the sender is who From says, for the timeline."""
    if reading.evidence.authenticated:
        return f"authenticated: {reading.evidence.method}"
    return ", ".join(filter(None, ("address" if reading.sender else "none", reading.evidence.edited)))


def _writer_name(original: Original) -> str:
    """Who wrote a forwarded mail, and who forwarded it, for the timeline."""
    name = original.name[:100] or original.address.partition("@")[0]
    return f"{name}, forwarded by {original.forwarded_by} <{original.address}>"[:300]


def sender_name(reading: Reading) -> str:
    """The sender as written in From, for the timeline."""
    return ", ".join(str(mailbox) for mailbox in reading.mail.from_)[:300] or "(no sender)"
