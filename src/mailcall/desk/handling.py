"""What people do to calls, requests and tasks alike: add words, and hand them to a group or an analyst."""

from mailcall.desk import events
from mailcall.desk.call_work import call_work
from mailcall.desk.delegations import is_active
from mailcall.desk.errors import Refused
from mailcall.desk.models import Call, Group, Person, Request, Task, TimelineEntry
from mailcall.desk.work import Deed, Work, work_on
from mailcall.desk.work_states import how_it_stands


def update(target: Request | Task, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Add what somebody said, also when the work has ended, so that nothing said is lost.

    Raises Refused when it is empty.
    """
    words = deed.words
    if not (deed.text or words.quoted_text.strip() or words.html.strip() or words.files):
        raise Refused("An update needs some text.")
    with work_on(target, deed, version) as work:
        current = _current(work, target)
        entry = work.tell(current, "")
        if isinstance(current, Request):
            work.happened(events.RequestUpdated(entry, deed.origin, current))
        else:
            work.happened(events.TaskUpdated(entry, deed.origin, current))
    return entry


def forward(
    target: Call | Request | Task,
    deed: Deed,
    *,
    group: Group | None = None,
    analyst: Person | None = None,
    tell: bool | None = None,
    version: int | None = None,
) -> TimelineEntry:
    """Hand work to a group, to an analyst, or to an analyst in a group. Raises Refused.

    An analyst alone keeps the group if they are in it. Who hands it to themself takes it. Approvals can't be
    handed on: they are delegated.
    `tell` says whether they are told, where whoever does it was asked.
    """
    if group is None and analyst is None:
        raise Refused("Say to which group or analyst it goes.")
    if analyst and not (analyst.is_analyst and is_active(analyst)):
        raise Refused(f"{analyst} is no active Analyst.")
    if group and analyst and not _is_in(analyst, group):
        raise Refused(f"{analyst} is not in the group {group}.")
    changing = (
        call_work(target, deed, version) if isinstance(target, Call) else work_on(target, deed, version)
    )
    with changing as work:
        current = work.the_call if isinstance(target, Call) else _current(work, target)
        _refuse_forwarding(current)
        if group is None and analyst and current.group and _is_in(analyst, current.group):
            group = current.group
        if (current.group, current.analyst) == (group, analyst):
            raise Refused(f"{current} is there already.")
        takes = analyst is not None and analyst == deed.words.actor and group in {None, current.group}
        current.group, current.analyst = group, analyst
        whom = ", ".join(str(holder) for holder in (group, analyst) if holder)
        entry = work.tell(current, "Taken" if takes else f"Forwarded to {whom}")
        if isinstance(current, Call):
            work.happened(events.CallForwarded(current, entry, deed.origin, tell))
        elif isinstance(current, Request):
            work.happened(events.RequestForwarded(entry, deed.origin, current, tell))
        else:
            work.happened(events.TaskForwarded(entry, deed.origin, current, tell))
    return entry


def _refuse_forwarding(current: Call | Request | Task) -> None:
    if isinstance(current, Call):
        if current.is_closed:
            raise Refused(f"{current} is closed, so it can't be forwarded. Reopen it first.")
        return
    if isinstance(current, Task) and current.is_approval:
        raise Refused(f"{current} is an approval, which its approvers decide, or their delegates.")
    if current.has_ended:
        raise Refused(f"{how_it_stands(current)}, so it can't be forwarded.")


def _current(work: Work, target: Request | Task) -> Request | Task:
    return work.task(target.pk) if isinstance(target, Task) else work.the_request


def _is_in(analyst: Person, group: Group) -> bool:
    return group.members.filter(pk=analyst.pk).exists()
