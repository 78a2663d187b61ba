"""When the outcome of an approval by several people is certain."""

from collections import Counter
from collections.abc import Iterable

from mailcall.desk.models import ApprovalRule, ApprovalState
from mailcall.desk.work_states import Verb


def outcome(rule: str, needed: int | None, states: Iterable[str]) -> Verb | None:
    """APPROVE or REJECT as soon as those who have not answered can't change it; None until then.

    Withdrawn approvals don't count. While fewer are asked than must approve, nothing is certain: a person
    must ask others.
    """
    count = Counter(states)
    approved, waiting = count[ApprovalState.APPROVED], count[ApprovalState.WAITING]
    asked = approved + waiting + count[ApprovalState.REJECTED]
    enough = how_many(rule, needed, asked)
    if asked == 0 or asked < enough:
        return None
    if approved >= enough:
        return Verb.APPROVE
    return Verb.REJECT if approved + waiting < enough else None


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
