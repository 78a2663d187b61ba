"""Approving and rejecting by mail: with the token of the mail that asked, or by an authenticated sender."""

from mailcall.desk import approvals
from mailcall.desk.delegations import approval_of
from mailcall.desk.errors import Refused
from mailcall.desk.models import Approval, ApprovalState, Person, Task
from mailcall.desk.people import may_take_part
from mailcall.desk.work_states import Verb, how_it_stands
from mailcall.inbound.commands.asking import Asking, Did, ShortOfProof
from mailcall.inbound.commands.work import fact_for
from mailcall.inbound.decision import WorkFact
from mailcall.inbound.proofs import Level, level_of
from mailcall.outbound import tokens
from mailcall.outbound.models import Token

VERBS = {"approve": Verb.APPROVE, "reject": Verb.REJECT}
DONE = {Verb.APPROVE: "approved", Verb.REJECT: "rejected"}


def decide(asking: Asking, number: int) -> Did:
    """Give or refuse an approval. Raises Refused, and ShortOfProof."""
    verb = VERBS[asking.command.action]
    fact = fact_for(asking, number)
    if fact.approval and fact.approval.state != ApprovalState.WAITING:
        raise Refused(f"{how_it_stands(fact.approval)}: nothing is left to decide.")
    level = level_of(asking.command.action, asking.facts.account.proofs)
    carried = _carried(asking, fact, number) if level is Level.TOKEN and not asking.confirmed else None
    if carried:
        person, approval = carried.person, carried.approval
        if why := tokens.use(carried.text, person, approval, asking.now):
            raise ShortOfProof(level, why, fact.target)
        proof = "token of the approval mail"
    else:
        person, approval = _own(asking, fact, number)
        proof = asking.shown().proof_for(level)
        if not proof:
            raise ShortOfProof(level, _why_no_token(asking, person, approval), fact.target)
    entry = approvals.decide(approval, verb, asking.by(person).deed(proof))
    approval.refresh_from_db()
    approval.task.refresh_from_db()
    task = approval.task
    what = f"You have {DONE[verb]} {task} ({task.title})"
    ended = f" It is {task.get_state_display()} now." if task.has_ended else " Others are still asked."
    return Did(f"{what}.{ended}", task, entry)


def _own(asking: Asking, fact: WorkFact, number: int) -> tuple[Person, Approval]:
    """The sender, and the approval that they mean. Raises Refused."""
    person = asking.sender
    assert person is not None  # the rule sees to it
    if asking.command.object == "approval":
        if fact.approval is None:
            raise Refused(f"There is no approval {number} that you take part in.")
        return person, fact.approval
    assert isinstance(fact.target, Task)
    return person, approval_of(fact.target, person, asking.now)


def _carried(asking: Asking, fact: WorkFact, number: int) -> Token | None:
    """A token in the mail that counts for what it names, of one of the people at this address."""
    for text in _tokens_of(asking):
        token = tokens.find(text)
        if token is None or token.person not in asking.facts.senders:
            continue
        person = next(one for one in asking.facts.senders if one.pk == token.person_id)
        named = token.approval_id if asking.command.object == "approval" else token.approval.task_id
        counts = not tokens.check(text, token.person, token.approval, asking.now)
        if named == number and may_take_part(person) and counts:
            return token
    return None


def _why_no_token(asking: Asking, person: Person, approval: Approval) -> str:
    """Why a token that the mail carries does not count; empty without one."""
    return next((tokens.check(text, person, approval, asking.now) for text in _tokens_of(asking)), "")


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
