"""Who may decide what, and in whose name: approvers, and delegates for a period and in a scope."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mailcall.desk import events
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Approval,
    ApprovalState,
    Channel,
    Delegation,
    Partition,
    Person,
    RequestType,
    Task,
    TaskKind,
    TaskState,
)
from mailcall.desk.work import by, work_on


def is_active(person: Person) -> bool:
    """Whether somebody can act at all: no template, not erased, has not left, is a User or an Analyst."""
    return (
        bool(person.email)
        and person.active
        and not person.is_template
        and (person.is_user or person.is_analyst)
    )


def may_approve(person: Person, kind: str) -> bool:
    """Whether somebody may decide tasks of this kind, for themself or for another."""
    role = person.is_user if kind == TaskKind.USER_APPROVAL else person.is_analyst
    return role and is_active(person)


def delegate(
    person: Person,
    to: Person,
    *,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    made_by: Person,
    partition: Partition | None = None,
    request_type: RequestType | None = None,
    now: dt.datetime | None = None,
) -> Delegation:
    """Let one person decide for another from `starts_at` until before `ends_at`. Raises Refused.

    In everything, or in one partition, or in requests of one type. Nobody makes themself a delegate. What
    waits for the person already is noted as theirs to decide, too, if it holds now.
    """
    now = now or timezone.now()
    if to.pk == person.pk:
        raise Refused(f"{person} needs no delegate to decide in their own name.")
    if made_by.pk == to.pk:
        raise Refused(f"Nobody can make themself a delegate: have {person} or an analyst name {to}.")
    if made_by.pk != person.pk and not (made_by.is_analyst and is_active(made_by)):
        raise Refused(f"Only {person} or an analyst can name a delegate of {person}.")
    if not is_active(to):
        raise Refused(f"{to} can't act on this desk, so they can't be a delegate.")
    if partition and request_type:
        raise Refused("A delegation is for a partition or for a request type, not for both.")
    if not starts_at < ends_at:
        raise Refused("A delegation must end after it starts.")
    if ends_at <= now:
        raise Refused("The period of this delegation is over already.")
    with transaction.atomic():
        waited = set(waiting_for(to, now).values_list("pk", flat=True))
        made = Delegation.objects.create(
            person=person,
            delegate=to,
            starts_at=starts_at,
            ends_at=ends_at,
            partition=partition,
            request_type=request_type,
            made_by=made_by,
            made_at=now,
        )
        for approval in waiting_for(to, now).exclude(pk__in=waited).select_related("task").order_by("pk"):
            _note(approval, made, now)
    return made


def _note(approval: Approval, made: Delegation, now: dt.datetime) -> None:
    with work_on(approval.task, by(made.made_by, Channel.PAGE, now=now)) as work:
        task = work.task(approval.task_id)
        until = f"{timezone.localtime(made.ends_at):%Y-%m-%d %H:%M}"
        sentence = f"{made.delegate} may decide {_lower(approval)} for {made.person} until {until}"
        entry = work.tell(task, sentence)
        origin = work.deed.origin
        work.happened(events.ApprovalDelegated(entry, origin, task, approval, made.delegate))


def revoke(delegation: Delegation, *, by: Person, now: dt.datetime | None = None) -> None:
    """End a delegation at once: both persons in it may, and analysts. Raises Refused, also if it is."""
    if by.pk not in (delegation.person_id, delegation.delegate_id) and not (by.is_analyst and is_active(by)):
        raise Refused(f"Only {delegation.person}, {delegation.delegate} or an analyst can revoke that.")
    with transaction.atomic():
        current = Delegation.objects.select_for_update().get(pk=delegation.pk)
        if current.revoked_at:
            at = timezone.localtime(current.revoked_at)
            raise Refused(f"That was revoked on {at:%Y-%m-%d at %H:%M} already.")
        current.revoked_at, current.revoked_by = now or timezone.now(), by
        current.save(update_fields=["revoked_at", "revoked_by"])


def standing(now: dt.datetime) -> QuerySet[Delegation]:
    """The delegations that hold now. A delegate's own delegates are not in them: no chain is followed."""
    return Delegation.objects.filter(starts_at__lte=now, ends_at__gt=now, revoked_at=None)


def standing_for(
    person: Person,
    delegate: Person,
    now: dt.datetime,
    partition: Partition,
    request_type: RequestType | None,
) -> Delegation | None:
    """The delegation by which `delegate` may decide for `person` in this now, or None."""
    held = standing(now).filter(_scope(partition, request_type), person=person, delegate=delegate)
    return held.select_related("person").order_by("-ends_at").first()


def delegates_of(
    people: Collection[Person],
    now: dt.datetime,
    partition: Partition,
    request_type: RequestType | None,
) -> dict[int, list[Person]]:
    """Who may decide for each of these now in this, by the key of the person; each once. One query."""
    held = standing(now).filter(_scope(partition, request_type), person__in=people)
    found: dict[int, list[Person]] = defaultdict(list)
    for delegation in held.select_related("delegate").order_by("pk"):
        if delegation.delegate not in found[delegation.person_id]:
            found[delegation.person_id].append(delegation.delegate)
    return found


def _scope(partition: Partition, request_type: RequestType | None) -> Q:
    """The delegations that hold in everything, or in this."""
    scope = Q(partition=None, request_type=None) | Q(partition=partition)
    return scope | Q(request_type=request_type) if request_type else scope


def waiting_for(person: Person, now: dt.datetime) -> QuerySet[Approval]:
    """The approvals that this person may give or refuse now: their own, and as a delegate."""
    if not is_active(person):
        return Approval.objects.none()
    partition = Q(partition=None) | Q(partition=OuterRef("task__request__partition"))
    partition |= Q(partition=OuterRef("task__call__partition"))
    of_type = Q(request_type=None) | Q(request_type=OuterRef("task__request__type"))
    delegated = standing(now).filter(partition, of_type, person=OuterRef("person"), delegate=person)
    kinds = [kind for kind in TaskKind if kind != TaskKind.PLAIN and may_approve(person, kind)]
    return Approval.objects.filter(
        Q(person=person) | Q(Exists(delegated)),
        state=ApprovalState.WAITING,
        task__state=TaskState.OPEN,
        task__kind__in=kinds,
    )


def approval_of(task: Task, person: Person, now: dt.datetime) -> Approval:
    """Which approval of a task this person means who names only the task. Raises Refused.

    Whoever is asked themself means their own, even when it is decided: to decide for others, too, they
    must say so by the number of that approval. So must a delegate of several.
    """
    own = Approval.objects.filter(task=task, person=person).first()
    if own:
        return own
    mine = list(waiting_for(person, now).filter(task=task).select_related("person").order_by("pk"))
    if not mine:
        raise Refused(
            f"{person} is not asked to approve {_lower(task)}, nor a delegate of anybody who still is."
        )
    if len(mine) > 1:
        choices = ", ".join(f"{_lower(approval)} for {approval.person}" for approval in mine)
        raise Refused(f"{person} can decide {_lower(task)} for several people; say for whom: {choices}.")
    return mine[0]


def name_of(delegation: Delegation | None) -> str:
    """What follows the name of who decided: for whom, and by which delegation."""
    if delegation is None:
        return ""
    until = timezone.localtime(delegation.ends_at)
    return f" for {delegation.person} as their delegate until {until:%Y-%m-%d %H:%M}"


def _lower(row: object) -> str:
    text = str(row)
    return text[:1].lower() + text[1:]
