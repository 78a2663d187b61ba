"""Who may do what in which partition: everything for analysts without a role, else what their roles give.

What Users may do with their own calls is a setting of the partition; what they may log, of the request type.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mailcall.desk.delegations import is_active
from mailcall.desk.models import Grant, Partition, Person, Right

__all__ = ["MEANINGS", "Right", "Rights", "may", "partitions_of", "rights_of", "rights_of_many", "why_not"]

# What each right lets people do, in the words that follow "may".
MEANINGS: Mapping[Right, str] = {
    Right.VIEW: "see what is in {}",
    Right.UPDATE: "add to calls, requests and tasks of {}, or change them",
    Right.CLOSE: "resolve, close or merge calls, requests and tasks of {}",
    Right.REOPEN: "reopen calls of {}",
    Right.FORWARD: "forward work of {}",
    Right.TAKE: "take work of {}",
    Right.LOG_CALL: "log calls in {} on a page",
    Right.LOG_REQUEST: "log requests in {} that Users can't log",
    Right.LOG_TASK: "log tasks in {}",
    Right.MAIL: "retry, discard or release mail of {}",
    Right.ADMINISTER: "change people, groups, organisations and roles of {}",
}
# What nobody has just for being an analyst: who may change addresses and roles could act in any name.
ONLY_GIVEN = frozenset({Right.ADMINISTER})
_OF_ANALYSTS = frozenset(Right) - ONLY_GIVEN
_OF_USERS = frozenset({Right.VIEW, Right.UPDATE})


@dataclass(frozen=True, slots=True)
class Rights:
    """What one person may do as an analyst; of partition None: in all of them."""

    person: Person
    given: Mapping[int | None, frozenset[str]] = field(default_factory=dict)
    roles: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether they can act as an analyst at all."""
        return self.person.is_analyst and is_active(self.person)

    def has(self, right: Right, partition: Partition | int | None) -> bool:
        """Whether they have a right in a partition; with None, in all."""
        if not self.active:
            return False
        if not self.roles:
            return right in _OF_ANALYSTS
        key = partition.pk if isinstance(partition, Partition) else partition
        return right in self.given.get(None, ()) or (key is not None and right in self.given.get(key, ()))

    def partitions(self, right: Right) -> frozenset[int] | None:
        """The keys of the partitions in which they have a right; None is all."""
        if self.has(right, None):
            return None
        if not self.active:
            return frozenset()
        return frozenset(key for key, rights in self.given.items() if key is not None and right in rights)


def rights_of(person: Person) -> Rights:
    """What a person may do. One query, and for who is no analyst none."""
    return rights_of_many([person])[person.pk]


def rights_of_many(persons: Collection[Person]) -> dict[int, Rights]:
    """What each of these may do, by their keys; one query for all."""
    analysts = [person.pk for person in persons if person.is_analyst]
    given: dict[int, dict[int | None, frozenset[str]]] = defaultdict(dict)
    roles: dict[int, list[str]] = defaultdict(list)
    for person, partition, role, rights in _grants(analysts):
        given[person][partition] = given[person].get(partition, frozenset()) | frozenset(rights)
        if role not in roles[person]:
            roles[person].append(role)
    return {one.pk: Rights(one, given[one.pk], tuple(roles[one.pk])) for one in persons}


def may(person: Person, right: Right, partition: Partition | None, *, own: bool = False) -> bool:
    """Whether somebody may do something in a partition, or with None in all; `own`: with their own call."""
    return not why_not(person, right, partition, own=own)


def why_not(
    person: Person,
    right: Right,
    partition: Partition | None,
    *,
    own: bool = False,
    rights: Rights | None = None,
) -> str:
    """Why somebody may not do that, in a sentence; empty if they may. `rights` saves asking for them."""
    if not is_active(person):
        return _why_inactive(person)
    if own and person.is_user and partition and _lets_users(partition, right):
        return ""
    if not person.is_analyst:
        if own and partition and right in {Right.CLOSE, Right.REOPEN}:
            return f"{partition} lets no User {right.value} a call."
        return f"Only analysts may {_meaning(right, partition)}, and {person} is none."
    rights = rights or rights_of(person)
    return "" if rights.has(right, partition) else _why_not_given(rights, right, partition)


def partitions_of(person: Person) -> frozenset[int] | None:
    """The keys of the partitions whose work somebody may see as an analyst; None is all."""
    return rights_of(person).partitions(Right.VIEW)


def _lets_users(partition: Partition, right: Right) -> bool:
    """Whether Users may do this with their own calls."""
    if right == Right.CLOSE:
        return partition.users_may_close
    if right == Right.REOPEN:
        return partition.users_may_reopen
    return right in _OF_USERS


def _why_inactive(person: Person) -> str:
    if not person.active:
        return f"{person} has left, so nothing can be done in their name."
    return f"{person} is neither a User nor an Analyst of this desk."


def _why_not_given(rights: Rights, right: Right, partition: Partition | None) -> str:
    what = _meaning(right, partition)
    if not rights.roles:
        return f"{rights.person} has no role that lets them {what}."
    whose = (
        f"role {rights.roles[0]} doesn't"
        if len(rights.roles) == 1
        else "roles " + ", ".join(rights.roles) + " don't"
    )
    return f"{rights.person} may not {what}: the {whose} let them."


def _meaning(right: Right, partition: Partition | None) -> str:
    return MEANINGS[right].format(partition or "all partitions")


def _grants(analysts: Collection[int]) -> list[tuple[int, int | None, str, list[str]]]:
    """(person, partition, role, rights) of these analysts, their own grants and those of their groups."""
    if not analysts:
        return []
    own = Grant.objects.filter(person__in=analysts).order_by()
    columns = ("partition", "role__name", "role__rights")
    of_groups = Grant.objects.filter(group__membership__person__in=analysts).order_by()
    rows = own.values_list("person", *columns).union(
        of_groups.values_list("group__membership__person", *columns), all=True
    )
    return [(person, partition, role, rights) for person, partition, role, rights in rows]
