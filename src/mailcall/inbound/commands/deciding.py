"""Approving and rejecting by mail: with the token of the mail that asked, or by an authenticated sender."""

from mailcall.desk import approvals
from mailcall.desk.delegations import approval_of
from mailcall.desk.errors import Refused
from mailcall.desk.models import Approval, Person, Task
from mailcall.desk.work_states import Verb
from mailcall.inbound.commands.asking import Asking, Did, ShortOfProof
from mailcall.inbound.commands.work import fact_for
from mailcall.inbound.proofs import Level, level_of
from mailcall.outbound import tokens

VERBS = {"approve": Verb.APPROVE, "reject": Verb.REJECT}
DONE = {Verb.APPROVE: "approved", Verb.REJECT: "rejected"}


def decide(asking: Asking, number: int) -> Did:
    """Give or refuse an approval. Raises Refused, and ShortOfProof."""
    verb = VERBS[asking.command.action]
    person, approval = _whose(asking, number)
    proof = _proof(asking, person, approval)
    asking = asking.by(person)
    entry = approvals.decide(approval, verb, asking.deed(proof))
    approval.task.refresh_from_db()
    approval.refresh_from_db()
    task = approval.task
    what = f"You have {DONE[verb]} {task} ({task.title})"
    ended = f" It is {task.get_state_display()} now." if task.has_ended else " Others are still asked."
    return Did(f"{what}.{ended}", task, entry)


def _whose(asking: Asking, number: int) -> tuple[Person, Approval]:
    """Who decides which approval: with a token, the one of those at this address to whom it was sent."""
    fact = fact_for(asking, number)
    person = asking.sender
    assert person is not None  # the rule sees to it
    if asking.command.object == "approval":
        if fact.approval is None:
            raise Refused(f"There is no approval {number} that you take part in.")
        approval = fact.approval
    else:
        for one in _tokens_of(asking):
            found = tokens.find(one)
            if found and found.approval.task_id == number and found.person in asking.facts.senders:
                return found.person, found.approval
        assert isinstance(fact.target, Task)
        approval = approval_of(fact.target, person, asking.now)
    for one in _tokens_of(asking):
        found = tokens.find(one)
        if found and found.approval_id == approval.pk and found.person in asking.facts.senders:
            return found.person, approval
    return person, approval


def _proof(asking: Asking, person: Person, approval: Approval) -> str:
    """What counts for the decision of this person; a token that counts is used up. Raises ShortOfProof."""
    action = asking.command.action
    level = level_of(action, asking.facts.account.proofs)
    if proof := asking.shown().proof_for(level):
        return proof
    why = ""
    if level is Level.TOKEN:
        for text in _tokens_of(asking):
            why = tokens.use(text, person, approval, asking.now)
            if not why:
                return "token of the approval mail"
    raise ShortOfProof(level, why)


def _tokens_of(asking: Asking) -> list[str]:
    """The tokens that a mail carries: in its subject, the addresses it went to, its text.

    None count in one that a person edited: whoever holds the mail would hold the decision.
    """
    if asking.reading.evidence.edited:
        return []
    mail = asking.reading.mail
    addresses = [box.address for box in (*mail.to, *mail.cc)]
    found = [
        asking.command.token,
        *tokens.in_subject(mail.subject),
        *tokens.in_addresses(addresses),
        *tokens.in_text(mail.text),
    ]
    return list(dict.fromkeys(text.lower() for text in found if text))
