"""What commands do to calls."""

import copy
import datetime as dt

from mailcall.desk import closing, events
from mailcall.desk.call_relations import survivor_of
from mailcall.desk.changes import Changes, UpdateCall
from mailcall.desk.errors import Refused
from mailcall.desk.locks import holder
from mailcall.desk.models import Call, ClosureMethod, Right, State
from mailcall.desk.people import may_take_part
from mailcall.desk.rights import why_not
from mailcall.desk.work import locked_call
from mailcall.inbound.changes import origin_of, participants_of
from mailcall.inbound.commands.asking import Asking, Did
from mailcall.inbound.rules.replies import takes_part


def call_for(asking: Asking, number: int) -> Call:
    """A call that the sender takes part in, or may see as an Analyst; it is locked. Raises Refused.

    What is not theirs and what does not exist are refused in the same words.
    """
    if number in asking.facts.removed_calls:
        raise Refused(asking.facts.removed_calls[number])
    call = asking.facts.calls.get(number)
    sender = asking.sender
    if call:
        part, _ = takes_part(asking.reading, asking.facts, call)
        takes_own_part = _is_own(asking, call) or (part and not (sender and sender.is_analyst))
        if takes_own_part or (sender and not why_not(sender, Right.VIEW, call.partition)):
            return call
    raise Refused(f"There is no call {number} that you take part in.")


def update(asking: Asking, number: int) -> Did:
    """Add what was said: of an Analyst as an internal note, of others so that all may read it."""
    call = call_for(asking, number)
    if call.merged_into_id:
        call = locked_call(survivor_of(call))
    analyst = is_analysts(asking, call)
    if analyst:
        asking.need(Right.UPDATE, call.partition)
    proof = asking.proof("update", call)
    if not (asking.text or asking.reading.mail.attachments or asking.reading.mail.html.strip()):
        raise Refused("An update needs some text.")
    reopen = not analyst and _reopens(asking, call)
    entry = add_words(asking, call, proof, internal=analyst, reopen=reopen).entry
    sentence = "Your note was added." if analyst else "What you wrote was added."
    return Did(f"{sentence} It is open again." if reopen else sentence, call, entry)


def close(asking: Asking, number: int) -> Did:
    """Close it, or have it wait for its closure: by its User where the partition lets them, or an Analyst."""
    call = call_for(asking, number)
    own = _is_own(asking, call)
    if own and not call.partition.users_may_close:
        raise Refused(f"{call.partition} does not let Users close calls. Answer that it is solved instead.")
    if not own:
        asking.need(Right.CLOSE, call.partition)
    proof = asking.proof("close own" if own else "close", call)
    if kept := kept_by_another(asking, call, proof, "closed"):
        return kept
    deed = asking.deed(proof, internal=not own)
    by_rules = call.partition.closure_method == ClosureMethod.RULES and call.state == State.OPEN
    if own or (not by_rules and closing.may_close(call.partition, asking.analyst)):
        return Did("It is closed.", call, closing.close(call, deed))
    if call.partition.closure_method == ClosureMethod.COMMENTS:
        raise Refused(
            f"{call.partition} has calls closed by {call.partition.closure_group}: forward it to one of them "
            "with what was done."
        )
    entry = closing.resolve(call, deed)
    return Did("It is resolved, and waits to be closed.", call, entry)


def reopen(asking: Asking, number: int) -> Did:
    """Open it again: by its User while the partition lets them, or an Analyst."""
    call = call_for(asking, number)
    own = _is_own(asking, call)
    if own and not call.partition.users_may_reopen:
        raise Refused(f"{call.partition} does not let Users reopen calls. Log a new one instead.")
    if own and call.is_closed:
        _refuse_late(asking, call)
    if not own:
        asking.need(Right.REOPEN, call.partition)
    proof = asking.proof("reopen own" if own else "reopen", call)
    if kept := kept_by_another(asking, call, proof, "reopened"):
        return kept
    return Did("It is open again.", call, closing.reopen(call, asking.deed(proof, internal=not own)))


def add_words(asking: Asking, call: Call, proof: str, *, internal: bool, reopen: bool = False) -> Did:
    """Add the words of the mail to a call, and have it told."""
    call = copy.copy(call)  # what others decide by stays as it was, should this be undone
    changes = Changes(asking.now)
    participants = [] if internal else participants_of(asking.reading, asking.facts, call.user.email)
    [became] = changes.apply(
        [
            UpdateCall(
                call=call,
                words=asking.words(proof, internal=internal),
                origin=origin_of(asking.mail, asking.reading, asking.decision),
                participants=participants,
                reopen=reopen,
            )
        ]
    )
    changes.write()
    events.publish(became.happened)
    return Did("", call, became.entry)


def is_analysts(asking: Asking, call: Call) -> bool:
    """Whether an Analyst asks who is not the call's own User."""
    return bool(asking.sender and asking.sender.is_analyst) and not _is_own(asking, call)


def _is_own(asking: Asking, call: Call) -> bool:
    sender = asking.sender
    return sender is not None and sender.pk == call.user_id and may_take_part(sender)


def _reopens(asking: Asking, call: Call) -> bool:
    """Whether words of a participant open it again. Raises Refused when it was closed too long ago."""
    if call.is_closed:
        _refuse_late(asking, call)
    return call.is_closed or call.state == State.RESOLVED


def _refuse_late(asking: Asking, call: Call) -> None:
    days = call.partition.reopen_days
    closed_at = call.closed_at or call.updated_at
    if asking.now - closed_at > dt.timedelta(days=days):
        raise Refused(
            f"It was closed on {closed_at:%Y-%m-%d}, which is more than {days} days ago. Write with any "
            "other subject, and a new call is logged."
        )


def kept_by_another(asking: Asking, call: Call, proof: str, what: str) -> Did | None:
    """Leave a call alone that somebody else works on, but keep what was said; None when nobody does."""
    held = holder(call, asking.now)
    if held is None or (asking.sender and held.person_id == asking.sender.pk):
        return None
    sentence = f"{held}, so it was not {what}."
    if not asking.text:
        return Did(f"{sentence} Ask again later.", call, done=False)
    internal = is_analysts(asking, call)
    entry = add_words(asking, call, proof, internal=internal).entry
    return Did(f"{sentence} What you wrote was added to it. Ask again later.", call, entry, done=False)
