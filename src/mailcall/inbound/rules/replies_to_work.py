"""Mails that belong to a request or a task: words for it, or the decision that an approval mail asks for."""

from mailcall.desk.models import Request, Right
from mailcall.desk.people import may_take_part
from mailcall.grammar import Parsed, decision_line
from mailcall.inbound.decision import Action, Decision, Facts, Verdict, WorkFact
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.log import log_call, proof_of, sender_name, why_no_answer, why_not_logged
from mailcall.inbound.rules.senders import shared_address, whose


def belongs_to_work(reading: Reading, facts: Facts, work: WorkFact, saw: str) -> Verdict:
    """Update it, or decide the approval that it answers, if the sender takes part; else log a call."""
    sender = facts.sender
    takes_part = [one for one in facts.senders if one.pk in work.people and may_take_part(one)]
    if not takes_part and not facts.may_as_analyst(Right.UPDATE, work.partition):
        who = f"{reading.sender or 'Its sender'} takes no part in it."
        if why_not_logged(reading, facts):
            return Verdict(f"{saw} {who}")
        decision = log_call(reading, facts, f"It names {work.name}, but its sender takes no part there.")
        return Verdict(f"{saw} {who} {whose(reading, facts).explained}", decision)
    actor = takes_part[0] if takes_part else sender
    who = f"{reading.sender} is {actor}{', who takes part' if takes_part else ', an Analyst'}."
    decided = None if reading.mail.automatic else decision_line(reading.mail.reply_text, facts.account.words)
    kind = "request" if isinstance(work.target, Request) else "task"
    named = ("approval", (work.approval.pk,)) if work.approval else (kind, (work.target.pk,))
    if work.approval and decided:
        text = "\n\n".join(filter(None, (decided.reason, decided.rest)))
        command = Parsed(decided.action, *named, text=text)
        said = f"Its first line decides: {decided.action}."
    else:
        command = Parsed("update", *named)
        said = "Its first line is no decision." if work.approval else ""
    deciding = command.action != "update"
    no_answer = why_no_answer(reading, facts)
    decision = Decision(
        Action.COMMAND,
        f"It decides {work.name}: {command.action}." if deciding else f"It updates {work.name}.",
        sender=actor,
        sender_name=sender_name(reading),
        proof=proof_of(reading),
        command=command,
        quiet=not deciding,
        said_all=deciding,
        answer=not no_answer,
        no_answer=no_answer,
    )
    return Verdict(" ".join(filter(None, (saw, who + shared_address(facts), said))), decision)
