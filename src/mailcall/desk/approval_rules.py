"""When the outcome of an approval by several people is certain."""

from collections.abc import Sequence

from mailcall.desk.models import ApprovalRule, ApprovalState
from mailcall.desk.work_states import Verb


def outcome(rule: str, needed: int | None, states: Sequence[str]) -> Verb | None:
    """APPROVE or REJECT as soon as those who have not answered can't change it; None until then.

    Withdrawn approvals don't count. While fewer are asked than must approve, nothing is certain: a person
    must ask others.
    """
    if not enough_asked(rule, needed, states):
        return None
    approved, waiting = states.count(ApprovalState.APPROVED), states.count(ApprovalState.WAITING)
    enough = how_many(rule, needed, _asked(states))
    if approved >= enough:
        return Verb.APPROVE
    return Verb.REJECT if approved + waiting < enough else None


def enough_asked(rule: str, needed: int | None, states: Sequence[str]) -> bool:
    """Whether those who are asked could approve at all."""
    asked = _asked(states)
    return asked > 0 and asked >= how_many(rule, needed, asked)


def _asked(states: Sequence[str]) -> int:
    return len(states) - states.count(ApprovalState.WITHDRAWN)


def how_many(rule: str, needed: int | None, asked: int) -> int:
    """How many must approve of so many who are asked."""
    if rule == ApprovalRule.ALL:
        return asked
    return 1 if rule == ApprovalRule.ANY else needed or 1


def in_words(rule: str, needed: int | None, asked: int) -> str:
    """How many must approve, for people."""
    if asked == 1:
        return "who must approve"
    if rule == ApprovalRule.ALL:
        return "all of whom must approve"
    return f"{how_many(rule, needed, asked)} of whom must approve"
