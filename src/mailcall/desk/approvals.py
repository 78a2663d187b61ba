"""Deciding approvals: by those who are asked or their delegates, until the outcome of the task is certain."""

from dataclasses import replace

from mailcall.desk import events
from mailcall.desk.advancing import end_task
from mailcall.desk.approval_rules import enough_asked, outcome
from mailcall.desk.delegations import is_active, may_approve, name_of, standing_for
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Approval,
    ApprovalState,
    Channel,
    Delegation,
    Person,
    Task,
    TaskKind,
    TaskState,
    TimelineEntry,
)
from mailcall.desk.work import Deed, Work, work_on
from mailcall.desk.work_states import Verb, how_it_stands


def decide(approval: Approval, verb: Verb, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Give an approval (APPROVE) or refuse it (REJECT), with the words as comment; `version` is the task's.

    The comment is for whoever wanted the approval, too: it is not internal.

    Raises Refused when who does it is neither asked nor a delegate now, when it is decided, withdrawn or
    closed, and when it is refused without a reason.
    """
    if verb not in (Verb.APPROVE, Verb.REJECT):
        raise ValueError(verb)
    deed = replace(deed, words=replace(deed.words, internal=False))
    with work_on(approval.task, deed, version) as work:
        task = work.task(approval.task_id)
        current = _current(work, task, approval)
        delegation = _right_to_decide(work, task, current)
        _refuse_unless_open(task, current)
        if verb is Verb.REJECT and not deed.text:
            raise Refused(f"To reject {approval}, say why: a rejection needs a reason.")
        work.move(current, verb, by=work.actor)
        current.comment, current.proof = deed.text, deed.words.proof[:200]
        entry = work.tell(task, f"{verb.capitalize()} by {work.actor}{name_of(delegation)}")
        work.happened(events.ApprovalDecided(entry, deed.origin, task, current))
        _settle(work, task)
    return entry


def withdraw(approval: Approval, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Have one person need not decide. Raises Refused, also when that alone would decide the task."""
    with work_on(approval.task, deed, version) as work:
        task = work.task(approval.task_id)
        current = _current(work, task, approval)
        _refuse_unless_open(task, current)
        work.move(current, Verb.WITHDRAW, by=work.actor)
        _refuse_to_leave_out(work, task, current.person)
        current.comment = deed.text
        entry = work.tell(task, f"{current.person} need not approve any more")
        work.happened(events.ApprovalWithdrawn(entry, deed.origin, task, current))
    return entry


def ask(task: Task, person: Person, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Ask one person more to approve an open task. Raises Refused."""
    with work_on(task, deed, version) as work:
        task = work.task(task.pk)
        if not task.is_approval:
            raise Refused(f"{task} is a plain task, which nobody approves.")
        if task.state != TaskState.OPEN:
            raise Refused(f"{how_it_stands(task)}, so nobody can be asked about it.")
        if not may_approve(person, task.kind):
            role = "User" if task.kind == TaskKind.USER_APPROVAL else "Analyst"
            raise Refused(f"{person} is no active {role}, so they can't approve {task}.")
        if any(approval.person_id == person.pk for approval in work.approvals(task)):
            raise Refused(f"{person} was asked about {task} already.")
        [approval] = work.add_approvals(task, [person])
        entry = work.tell(task, f"Asked {person}, too")
        work.happened(events.ApprovalWanted(entry, deed.origin, task, approval))
    return entry


def _current(work: Work, task: Task, approval: Approval) -> Approval:
    for current in work.approvals(task):
        if current.pk == approval.pk:
            return current
    raise Refused(f"{approval} does not exist.")


def _right_to_decide(work: Work, task: Task, approval: Approval) -> Delegation | None:
    """By which delegation the actor may decide; None when it is their own. Raises Refused."""
    actor = work.actor and Person.objects.filter(pk=work.actor.pk).first()  # as they are now
    if actor is None or not is_active(actor):
        who = work.deed.words.actor_name or "Nobody"
        raise Refused(f"{who} can't act on this desk, so they can't decide {approval}.")
    by_user = task.kind == TaskKind.USER_APPROVAL
    if by_user and work.deed.words.channel not in (Channel.EMAIL, Channel.PAGE):
        raise Refused("A User Approval Task is decided by mail or on a page, and nowhere else.")
    delegation = None
    if actor.pk != approval.person_id:
        request = work.request
        delegation = standing_for(
            approval.person, actor, work.now, work.partition, request.type if request else None
        )
        if delegation is None:
            raise Refused(f"Only {approval.person}, or a delegate of theirs, can decide {approval}.")
    if not may_approve(actor, task.kind):
        raise Refused(f"{actor} is no {'User' if by_user else 'Analyst'}, so they can't decide {approval}.")
    return delegation


def _refuse_unless_open(task: Task, approval: Approval) -> None:
    if approval.state != ApprovalState.WAITING:
        on_behalf = ""
        if approval.state != ApprovalState.WITHDRAWN and approval.decided_by_id != approval.person_id:
            on_behalf = f" for {approval.person}"
        why = ""
        if approval.state == ApprovalState.WITHDRAWN and approval.comment:
            why = f" ({approval.comment.rstrip('.')})"
        raise Refused(f"{how_it_stands(approval)}{on_behalf}{why}: nothing is left to decide.")
    if task.state != TaskState.OPEN:
        raise Refused(f"{how_it_stands(task)}: nothing is left to decide.")


def _refuse_to_leave_out(work: Work, task: Task, person: Person) -> None:
    """Raise Refused when leaving somebody out decides the task, or leaves too few to decide it."""
    if _outcome(work, task):
        why = f"{task} would be decided at once by what others said"
    elif not enough_asked(task.rule, task.needed, _answers(work, task)):
        why = f"too few are left to decide {task}"
    else:
        return
    raise Refused(f"Without {person}, {why}: have somebody else asked first, or cancel the task.")


def _settle(work: Work, task: Task) -> None:
    """End the task if its outcome is certain."""
    verb = _outcome(work, task)
    if verb is None:
        return
    states = _answers(work, task)
    said, asked = states.count(verb), len(states) - states.count(ApprovalState.WITHDRAWN)
    entry = work.follow(task, f"Closed-{verb.capitalize()}: {said} of {asked} {verb}.")
    end_task(work, task, verb, entry)


def _outcome(work: Work, task: Task) -> Verb | None:
    return outcome(task.rule, task.needed, _answers(work, task))


def _answers(work: Work, task: Task) -> list[str]:
    return [approval.state for approval in work.approvals(task)]
