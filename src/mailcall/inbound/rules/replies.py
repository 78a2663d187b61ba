"""Rules c and d: mails that belong to a call, a request or a task that is there already."""

import datetime as dt
from dataclasses import dataclass, replace

from mailcall.desk.models import Call, LinkState, Right, State
from mailcall.desk.people import may_act_as_analyst, may_take_part
from mailcall.inbound.decision import Action, Decision, Facts, Verdict
from mailcall.inbound.reading import Reading
from mailcall.inbound.rules.log import log_call, proof_of, sender_name, why_no_answer
from mailcall.inbound.rules.rejected import same_mail
from mailcall.inbound.rules.replies_to_work import belongs_to_work
from mailcall.inbound.rules.senders import shared_address, whose
from mailcall.message import address_ok
from mailcall.message.thread_ids import tags_in_subject


@dataclass(frozen=True)
class ReplyToOurs:
    """Our signature finds the call; it never makes the sender a participant."""

    letter: str = "c"
    name: str = "reply to ours"
    description: str = (
        "Updates the call, request or task of our signed Message-ID, reply address or body marker, if the "
        "sender takes part, or decides the approval that it asks for."
    )

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on the strongest of our signatures whose call exists."""
        for found in reading.found:
            target = found.target
            call = facts.calls.get(target.number) if target.kind == "call" else None
            if call:
                return _belongs(reading, facts, call, f"Our signature in {found.where} names call {call.pk}.")
            if work := facts.work.get((target.kind, target.number)):
                saw = f"Our signature in {found.where} names {work.name}."
                return belongs_to_work(reading, facts, work, saw)
        for found in reading.found:
            if found.target.kind == "call" and found.target.number in facts.removed_calls:
                return Verdict(
                    f"Our signature is in {found.where}. {facts.removed_calls[found.target.number]}"
                )
        if reading.found:
            return Verdict("It carries our signature, but what that names does not exist.")
        return Verdict("It carries no signature of ours.")


@dataclass(frozen=True)
class BelongsHere:
    """A mail that we received before, or a tag in the subject, names the call."""

    letter: str = "d"
    name: str = "belongs here"
    description: str = (
        "Updates the call of a mail that it refers to, or what a tag such as [Call 1042] names, if the "
        "sender takes part."
    )

    def check(self, reading: Reading, facts: Facts) -> Verdict:
        """Fire on the nearest reference first, then on the tag."""
        mail = reading.mail
        for reference in (*mail.in_reply_to, *reversed(mail.references)):
            call = facts.calls.get(facts.referenced.get(reference, 0))
            if call:
                return _belongs(
                    reading, facts, call, f"It refers to {reference}, which came in on call {call.pk}."
                )
        for tag in tags_in_subject(mail.subject):
            call = facts.calls.get(tag.number) if tag.kind == "call" else None
            if call:
                return _belongs(reading, facts, call, f"Its subject carries the tag of call {call.pk}.")
            if work := facts.work.get((tag.kind, tag.number)):
                return belongs_to_work(reading, facts, work, f"Its subject carries the tag of {work.name}.")
        for tag in tags_in_subject(mail.subject):
            if tag.kind == "call" and tag.number in facts.removed_calls:
                return Verdict(f"Its subject carries a tag. {facts.removed_calls[tag.number]}")
        return Verdict("It refers to no mail that we received and carries no tag.")


def _belongs(reading: Reading, facts: Facts, call: Call, saw: str) -> Verdict:
    if call.pk in facts.same_mail_on:
        earlier = facts.same_mail_on[call.pk]
        return Verdict(f"{saw} Mail {earlier} is the same.", same_mail(reading, facts, earlier, call))
    part, taking = takes_part(reading, facts, call)
    if not part:
        decision = log_call(
            reading,
            facts,
            f"It names call {call.pk}, but its sender does not take part there, so the link is proposed.",
            ((call, LinkState.PROPOSED, f"{saw} {taking}"),),
        )
        return Verdict(f"{saw} {taking} {whose(reading, facts).explained}", decision)
    decision = _update(reading, facts, call)
    stays = reading.mail.automatic or decision.internal or call.merged_into_id
    if stays or not _may_reopen(reading, facts, call):
        return Verdict(f"{saw} {taking}{shared_address(facts)}", decision)
    if call.is_closed:
        days = call.partition.reopen_days
        closed_at = call.closed_at or call.updated_at
        if facts.now - closed_at > dt.timedelta(days=days):
            decision = log_call(
                reading,
                facts,
                f"Call {call.pk} was closed more than {days} days ago.",
                ((call, LinkState.ACCEPTED, f"A late reply to call {call.pk}."),),
            )
            since = f"It is closed since {closed_at:%Y-%m-%d}."
            return Verdict(f"{saw} {taking} {since} {whose(reading, facts).explained}", decision)
        decision = _reopening(decision)
    elif call.state == State.RESOLVED:
        decision = _reopening(decision)
    return Verdict(f"{saw} {taking}{shared_address(facts)}", decision)


def _may_reopen(reading: Reading, facts: Facts, call: Call) -> bool:
    """Whether the words of the sender open it again: those of an Analyst only with the right to that."""
    theirs = is_its_user(reading, facts, call) or reading.sender in facts.participants.get(call.pk, ())
    return theirs or facts.may_as_analyst(Right.REOPEN, call.partition)


def _reopening(decision: Decision) -> Decision:
    return replace(decision, reopen=True, reason=f"{decision.reason} It opens the call again.")


def takes_part(reading: Reading, facts: Facts, call: Call) -> tuple[bool, str]:
    """Whether the sender may update the call, and the sentence that says so."""
    if not reading.sender:
        return False, reading.evidence.problem
    if facts.sender and not facts.sender.active:
        return False, f"{facts.sender} has left, so {reading.sender} takes part in nothing."
    if is_its_user(reading, facts, call):
        return True, f"{reading.sender} is its User."
    if reading.sender in facts.participants.get(call.pk, frozenset()):
        return True, f"{reading.sender} takes part in it."
    may = facts.may_as_analyst(Right.UPDATE, call.partition)
    if not may and facts.sender and may_act_as_analyst(facts.sender):
        return False, f"{facts.sender} has no right to change what is in {call.partition}."
    return may, f"{reading.sender} {f'is the Analyst {facts.sender}' if may else 'takes no part in it'}."


def is_its_user(reading: Reading, facts: Facts, call: Call) -> bool:
    """Whether the sender is the User of the call, by the address on record or a verified further one."""
    if reading.sender == call.user.email:
        return True
    return bool(facts.sender and facts.sender.pk == call.user_id and may_take_part(facts.sender))


def _update(reading: Reading, facts: Facts, call: Call) -> Decision:
    analyst = bool(facts.sender and may_act_as_analyst(facts.sender)) and not is_its_user(
        reading, facts, call
    )
    note = _why_a_note(reading, call) if analyst else ""
    went = call.user.email in {mailbox.address.casefold() for mailbox in (*reading.mail.to, *reading.mail.cc)}
    pass_on = analyst and not note and not went
    reason = f"It updates call {call.pk}"
    if analyst and not note and went:
        reason += f"; {call.user} has it already, as one of its recipients"
    elif pass_on:
        reason += f"; as an analyst's reply it goes on to {call.user}"
    elif note:
        reason += f"; it is kept as an internal note, since {note}"
    return Decision(
        Action.UPDATE,
        reason + ".",
        call=call,
        sender=facts.sender,
        sender_name=sender_name(reading),
        proof=proof_of(reading),
        pass_on=pass_on,
        internal=analyst and bool(note),
        no_answer=why_no_answer(reading, facts) or "An update is acknowledged to nobody.",
    )


def _why_a_note(reading: Reading, call: Call) -> str:
    """Why what an analyst wrote does not go on to the User; empty when it does."""
    if reading.mail.automatic:
        return "no person wrote it"
    if not reading.evidence.authenticated:
        return (
            f"nothing but the address shows that {reading.sender} wrote it, and what goes on to {call.user} "
            "needs proof: a DKIM signature of their domain, or the word of a server that is trusted"
        )
    if not (call.user.available_recipient and address_ok(call.user.email)):
        return f"mail can't be sent to {call.user}"
    return ""
