"""Rule b: the whole subject is a command, or nearly one."""

from dataclasses import dataclass, replace

from mailcall.desk.models import Person
from mailcall.desk.people import may_take_part
from mailcall.grammar import COMMANDS, Parsed
from mailcall.inbound.decision import Action, Decision, Facts, Verdict
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.log import (
    log_call,
    proof_of,
    refuse,
    sender_name,
    why_no_answer,
    why_not_logged,
)
from mailcall.inbound.rules.senders import shared_address, whose
from mailcall.message.subjects import strip_prefixes
from mailcall.message.thread_ids import without_tags


@dataclass(frozen=True)
class SubjectCommand:
    """A person's order; what it may do, and to what, is asked when it is run."""

    letter: str = "b"
    name: str = "subject command"
    description: str = "Runs the command that the whole subject is, or answers how it is written rightly."

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on a command of a person, and on a near miss that answers nothing."""
        parsed = facts.parsed
        if parsed.is_free_text:
            return Verdict("Its subject is no command.")
        said = f"Its subject reads as a command: {called(parsed)}."
        if not parsed.is_command:
            said = f"Its subject is nearly a command: {parsed.problem or parsed.suggestion}"
        if why := _why_none(reading, facts):
            return Verdict(f"{said} {why}")
        if not parsed.is_command:
            return _near_miss(reading, facts, said)
        if parsed.action == "log" and parsed.object == "call":
            return _log(reading, facts, said)
        return _command(reading, facts, said)


def called(parsed: Parsed) -> str:
    """A command in a few words: `close call 12, 13`."""
    if parsed.action == "help":
        return "list the commands"
    if parsed.action == "summary":
        return f"list {parsed.object}s ({parsed.scope})"
    action = "tell the status of" if parsed.action == "status" else parsed.action
    refs = ", ".join(map(str, parsed.refs))
    on = f"on {parsed.on}" if parsed.on else ""
    to = f"to {parsed.target}" if parsed.target else ""
    return " ".join(filter(None, (action, parsed.object, parsed.name, on, refs, to)))


def _why_none(reading: Reading, facts: Facts) -> str:
    """Why such a subject is no command in this mail, in a sentence; empty when it is one."""
    parsed, mail = facts.parsed, reading.mail
    if mail.automatic:
        return f"The mail is automatic ({mail.automatic_reason or mail.kind}), which runs no command."
    if not reading.sender:
        return f"Nobody is known to have sent it: {reading.evidence.problem}"
    if facts.is_own(reading.sender):
        return f"{reading.sender} is an address of this desk, which orders nothing."
    if parsed.action == "help" and (_is_text(mail.reply_text) or mail.attachments):
        return "There is more in the mail, so it asks for more than the list of commands."
    return _why_an_answer(reading, facts)


def _is_text(new: str) -> bool:
    """Whether somebody wrote more than a signature, with its delimiter (RFC 3676 4.3)."""
    first = next(filter(str.strip, new.splitlines()), "")
    return bool(first) and first.strip() != "--"


def _why_an_answer(reading: Reading, facts: Facts) -> str:
    """Why the subject belongs to the mail that this one answers; empty when it was written anew."""
    parsed, mail = facts.parsed, reading.mail
    if not (parsed.reply or mail.in_reply_to or mail.references):
        return ""
    if not parsed.is_command:
        return "But the mail is an answer."
    answered = mail.in_reply_to or mail.references[-1:]
    before = [facts.answered_subjects[i] for i in answered if facts.answered_subjects.get(i)]
    own = _bare(mail.subject, facts)
    if any(_bare(subject, facts) == own for subject in before):
        return "But it is the subject of the mail that it answers."
    if parsed.reply and not before:
        return "But the mail is an answer, and nothing shows that its subject was written anew."
    return ""


def _bare(subject: str, facts: Facts) -> str:
    text = without_tags(strip_prefixes(subject, facts.account.gateway_tags).text)
    return " ".join(text.casefold().split())


def _near_miss(reading: Reading, facts: Facts, said: str) -> Verdict:
    """Answer with the right spelling; from whoever is not only an Analyst it also logs a call.

    Who has left is told nothing, of this as of commands.
    """
    sender = facts.sender
    only_analyst = bool(sender and sender.is_analyst and not sender.is_user)
    why = f"It is nearly a command: {facts.parsed.problem or facts.parsed.suggestion}"
    if only_analyst or why_not_logged(reading, facts):
        decision = refuse(reading, facts, why)
    else:
        decision = replace(log_call(reading, facts, why), answer=False)  # the right spelling is the answer
        said = f"{said} {whose(reading, facts).explained}"
    decision = replace(decision, command=facts.parsed)
    if sender and not sender.active:
        decision = replace(decision, answer=False, no_answer=f"{sender} has left.")
    return Verdict(said, decision)


def _log(reading: Reading, facts: Facts, said: str) -> Verdict:
    if why := why_not_logged(reading, facts):
        return Verdict(f"{said} {why}", refuse(reading, facts, why))
    parsed = facts.parsed
    template = facts.templates.get(parsed.name.casefold()) if parsed.name else None
    subject = parsed.named_text if template else parsed.text
    because = f"It asks for a call{f' with template {template}' if template else ''}."
    decision = log_call(reading, facts, because)
    decision = replace(decision, template=template, subject=subject)
    return Verdict(f"{said} {whose(reading, facts).explained}", decision)


def _command(reading: Reading, facts: Facts, said: str) -> Verdict:
    parsed, sender = facts.parsed, facts.sender
    if sender is None and not (parsed.action == "update" and parsed.object == "call"):
        why = f"{reading.sender} is not on record at this desk, so it can't {_verb(parsed)} anything."
        return Verdict(f"{said} {why}", refuse(reading, facts, why))
    if sender and not may_take_part(sender):
        return _of_nobody(reading, facts, said, sender)
    who = f"{reading.sender} is {sender}." if sender else f"{reading.sender} is not on record."
    no_answer = why_no_answer(reading, facts)
    decision = Decision(
        Action.COMMAND,
        f"It asks to {called(parsed)}.",
        sender=sender,
        sender_name=sender_name(reading),
        proof=proof_of(reading),
        command=parsed,
        answer=not no_answer,
        no_answer=no_answer,
    )
    return Verdict(f"{said} {who}{shared_address(facts)} Proof: {decision.proof}.", decision)


def _of_nobody(reading: Reading, facts: Facts, said: str, sender: Person) -> Verdict:
    """Refuse what comes from who has left, who is not told, or from an address that nobody verified."""
    if not sender.active:
        why = f"{sender} has left, so nothing can be done in their name."
        decision = replace(refuse(reading, facts, why), answer=False, no_answer=why)
    else:
        why = f"Nobody has verified that {reading.sender} is an address of {sender}."
        decision = refuse(reading, facts, why)
    return Verdict(f"{said} {why}", decision)


def _verb(parsed: Parsed) -> str:
    """What the command does, as a verb of English: a summary and help are given."""
    verbs = {"summary": "list", "status": "ask about", "help": "run"}
    known = {command.action for command in COMMANDS}
    return verbs.get(parsed.action, parsed.action if parsed.action in known else "do")
