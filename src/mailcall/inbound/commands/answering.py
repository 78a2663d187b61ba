"""What a sender is told of what became of a command, a refusal, or what was nearly one."""

from dataclasses import replace

from mailcall.desk.models import Call, Right
from mailcall.grammar import Parsed, command_of, right_syntax
from mailcall.inbound.changes import mail_origin
from mailcall.inbound.commands.asking import Asking
from mailcall.inbound.commands.running import Ran
from mailcall.inbound.decision import Decision, Facts
from mailcall.inbound.models import ReceivedMail
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.commands import called
from mailcall.outbound.answers import Answer, Result, Secret
from mailcall.outbound.snapshots import url_of

MOST_SAID = 1_000  # characters, in the mail that asks whether it was them


def answer_to_command(asking: Asking, ran: Ran, confirm: Secret | None = None) -> Answer | None:
    """The answer to a command that was run; None when its sender must not be told, or need not."""
    if asking.decision.quiet and ran.all_done:
        return None
    answer = _answer(asking.mail, asking.reading, asking.decision, asking.facts)
    if answer is None:
        return None
    calls = [target for target in ran.touched if isinstance(target, Call)]
    return replace(
        answer,
        results=ran.results,
        tables=ran.tables,
        help=ran.help,
        syntax=() if confirm or ran.all_done else _syntax(asking.command, asking.reading, asking.facts),
        confirm=confirm,
        data={"asked": called(asking.command), "said": asking.text[:MOST_SAID]} if confirm else {},
        call=calls[0] if len(ran.touched) == len(calls) == 1 else None,
    )


def answer_to_refused(
    mail: ReceivedMail, reading: Reading, decision: Decision, facts: Facts
) -> Answer | None:
    """The answer to what was refused as a whole, or was nearly a command and changed nothing."""
    answer = _answer(mail, reading, decision, facts)
    if answer is None:
        return None
    return replace(
        answer,
        sentence=decision.no_command,
        suggestion=decision.command.suggestion if decision.command else "",
        syntax=_syntax(decision.command, reading, facts) if decision.command else (),
    )


def answer_to_near_miss(
    mail: ReceivedMail, reading: Reading, decision: Decision, facts: Facts, call: Call
) -> Answer | None:
    """The answer to what was nearly a command and was logged as a call, so that nothing of it is lost."""
    answer = _answer(mail, reading, decision, facts)
    if answer is None or decision.command is None:
        return None
    url = url_of(call) if facts.may_as_analyst(Right.VIEW, call.partition) else ""
    return replace(
        answer,
        person=call.user,
        sentence="Your subject is nearly a command, but not written quite like one.",
        suggestion=decision.command.suggestion,
        results=[Result(str(call), True, "What you wrote was logged as this call.", url)],
        call=call,
    )


def _syntax(parsed: Parsed, reading: Reading, facts: Facts) -> tuple[str, ...]:
    if command_of(parsed.action, parsed.object) is None:
        return ()
    return right_syntax(parsed.action, facts.account.words, reading.mail.subject)


def _answer(mail: ReceivedMail, reading: Reading, decision: Decision, facts: Facts) -> Answer | None:
    """An answer with nothing in it yet; None for who must not be answered."""
    if decision.no_answer:
        return None
    return Answer(
        mail=mail.pk,
        correlation_id=mail.correlation_id,
        partition=facts.account.template.partition,
        origin=replace(mail_origin(reading, decision), answer=True),
        person=decision.sender,
        asked=reading.mail.subject,
    )
