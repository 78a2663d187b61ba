"""What people do to a request: log it, close it when nothing is left, cancel it with all that is left."""

from django.db import transaction

from mailcall.desk import events
from mailcall.desk.advancing import advance, withdraw_waiting
from mailcall.desk.delegations import is_active
from mailcall.desk.errors import Refused
from mailcall.desk.models import (
    Channel,
    Person,
    Request,
    RequestType,
    RequestTypeStep,
    Task,
    TaskState,
    TimelineEntry,
    WhoLogs,
)
from mailcall.desk.tasks import new_task
from mailcall.desk.work import Deed, Work, work_on
from mailcall.desk.work_states import Verb


def log_request(
    request_type: RequestType, *, user: Person, subject: str, deed: Deed, logged_by: Person | None = None
) -> Request:
    """Begin a piece of work for a User: all its tasks are there at once, and the first ones open.

    Raises Refused when who logs it may not, or requests of that type can't be logged.
    """
    if not subject.strip():
        raise Refused("A request needs a subject.")
    if not is_active(user):
        raise Refused(f"{user} can't have requests on this desk.")
    current = RequestType.objects.filter(pk=request_type.pk).first()
    if current is None or not current.active:
        raise Refused(f"Requests of the type “{request_type}” can't be logged any more.")
    _refuse_logging(current, deed)
    with transaction.atomic():
        request = Request.objects.create(
            partition_id=current.partition_id,
            type=current,
            subject=subject.strip()[:500],
            user=user,
            logged_by=logged_by,
            group_id=current.group_id,
            analyst_id=current.analyst_id,
            priority=current.priority,
            opened_at=deed.now,
            updated_at=deed.now,
        )
        with work_on(request, deed) as work:
            request = work.the_request
            steps = RequestTypeStep.objects.filter(request_type=current, retired=False)
            presets = steps.select_related("group", "analyst")
            work.add_tasks([_task_of(step, request) for step in presets])
            entry = work.tell(request, "Logged")
            work.happened(events.RequestLogged(entry, deed.origin, request))
            advance(work)
    return request


def close_request(request: Request, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """Close a request of which no task is left. One with tasks closes by itself with the last of them.

    Raises Refused while tasks are open: closing must not be a way around an approval.
    """
    with work_on(request, deed, version) as work:
        request = work.the_request
        if left := [task for task in work.tasks if not task.has_ended]:
            names = ", ".join(f"{task} ({task.get_state_display().lower()})" for task in left)
            raise Refused(f"{request} can't be closed while tasks are left: {names}. End them, or cancel it.")
        return _end(work, Verb.CLOSE, "Closed")


def cancel_request(request: Request, deed: Deed, *, version: int | None = None) -> TimelineEntry:
    """End a request with all that is left of it undone. Raises Refused when it has ended."""
    with work_on(request, deed, version) as work:
        request = work.the_request
        entry = _end(work, Verb.CANCEL, "Cancelled")
        for task in work.tasks:
            if task.has_ended:
                continue
            was_open = task.state == TaskState.OPEN
            work.move(task, Verb.CANCEL, by=work.actor)
            undone = work.follow(task, f"Cancelled with {request}.")
            if was_open:
                withdraw_waiting(work, task, undone, f"{request} was cancelled.")
                work.happened(events.TaskClosed(undone, deed.origin, task))
    return entry


def _end(work: Work, verb: Verb, sentence: str) -> TimelineEntry:
    request = work.the_request
    work.move(request, verb, by=work.actor)
    entry = work.tell(request, sentence)
    work.happened(events.RequestClosed(entry, work.deed.origin, request))
    return entry


def _refuse_logging(request_type: RequestType, deed: Deed) -> None:
    """By mail and on pages the type says who may log it; the command line is the administrator's."""
    who_may = {Channel.EMAIL: request_type.logged_by_mail, Channel.PAGE: request_type.logged_on_page}
    rule = who_may.get(Channel(deed.words.channel))
    actor = deed.words.actor
    if rule and (actor is None or not is_active(actor)):
        raise Refused(f"Only people whom this desk knows can log requests of the type “{request_type}”.")
    if rule == WhoLogs.ANALYSTS and not (actor and actor.is_analyst):
        raise Refused(f"Only analysts can log requests of the type “{request_type}” this way.")


def _task_of(step: RequestTypeStep, request: Request) -> Task:
    """The task of a step. A plain one that is for nobody in particular is for whom the request is for."""
    task = new_task(step, request=request, call=None, now=request.opened_at)
    task.step = step
    if not (task.is_approval or task.group_id or task.analyst_id):
        task.group_id, task.analyst_id = request.group_id, request.analyst_id
    return task
