"""Keeps the timers of work in step with what happens to it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import QuerySet

from mailcall.desk import events
from mailcall.desk.agreements import Agreements, Terms, any_agreements, parent_of
from mailcall.desk.clock_lines import Before, line, met_line, what_became
from mailcall.desk.models import Call, ClockStep, Measure, Request, State, Task, TaskState, Timer
from mailcall.desk.timing import Timing

Thing = Call | Request | Task


def on_events(happened: Sequence[events.Event]) -> None:
    """Follow what happens to calls."""
    if not any_agreements():
        return
    calls = {event.call.pk: (event.call, event.entry.at) for event in happened}
    sync_all(calls.values())
    for event in happened:
        if isinstance(event, events.ReplyWritten) and event.author:
            note_answer(event.call, (address for _, address in (*event.to, *event.cc)), event.entry.at)


def on_work_events(happened: Sequence[events.WorkEvent]) -> None:
    """Follow what happens to requests and tasks."""
    things: dict[tuple[str, int], tuple[Thing, dt.datetime]] = {}
    for event in happened:
        thing: Thing | None = None
        if isinstance(event, events.RequestEvent):
            thing = event.request
        elif isinstance(event, events.TaskEvent):
            thing = event.task
        if thing is not None:
            things[type(thing).__name__, thing.pk] = thing, event.entry.at
    if things and any_agreements():
        sync_all(things.values())


def note_answer(thing: Thing, addresses: Iterable[str], now: dt.datetime) -> None:
    """An analyst wrote to these: where the User is among them, the response target is met."""
    if not any_agreements():
        return
    if parent_of(thing).user.email not in {address.casefold() for address in addresses}:
        return
    timing = Timing()
    for timer in _timers(type(thing), [thing.pk]).filter(measure=Measure.RESPONSE, met_at__isnull=True):
        timing.hold(timer, now)
        timer.met_at = now
        timing.keep(timer, None)
        timing.lines.append(met_line(timer, now, "The User was answered."))
    timing.write()


def take_answer_back(thing: Thing, written_at: dt.datetime, now: dt.datetime) -> None:
    """What was written then never left: the response target that it met is to be met again."""
    if has_ended(thing):
        return
    timing = Timing()
    for timer in _timers(type(thing), [thing.pk]).filter(measure=Measure.RESPONSE, met_at=written_at):
        timer.met_at = None
        timing.keep(timer, written_at if is_running(thing) else None)
        timing.lines.append(line(timer, ClockStep.RESUMED, now, "The answer was taken back."))
    timing.write()


def sync(thing: Thing, now: dt.datetime) -> None:
    """Bring the timers of a thing in step with it as it is now. It is locked by the caller."""
    sync_all([(thing, now)])


def sync_all(things: Iterable[tuple[Thing, dt.datetime]]) -> None:
    """The same for several, none of them twice, with as many queries as for one."""
    things = list(things)
    if not things:
        return
    known, timing = Agreements(), Timing()
    timers = _timers_of([thing for thing, _ in things])
    for thing, now in things:
        own = timers[type(thing), thing.pk]
        for of_group in (False, True):
            for measure in Measure:
                terms = known.terms(thing, measure, of_group=of_group)
                timer = own.get((measure, of_group))
                if terms is not None:
                    _sync(timer or _new(thing, measure, terms), thing, terms, now, timing)
                elif timer is not None and timer.met_at is None:
                    timing.gone.append(timer)  # no agreement holds any more
    timing.write()


_ByMeasure = dict[tuple[str, bool], Timer]


def _timers_of(things: Sequence[Thing]) -> Mapping[tuple[type[Thing], int], _ByMeasure]:
    found: dict[tuple[type[Thing], int], _ByMeasure] = defaultdict(dict)
    for kind in {type(thing) for thing in things}:
        keys = [thing.pk for thing in things if type(thing) is kind]
        for timer in _timers(kind, keys):
            key = getattr(timer, f"{kind._meta.model_name}_id")
            found[kind, key][timer.measure, timer.of_group] = timer
    return found


def _timers(kind: type[Thing], keys: Sequence[int]) -> "QuerySet[Timer]":
    rows = Timer.objects.filter(**{f"{kind._meta.model_name}__in": keys})
    return rows.select_related("agreement__calendar").order_by("pk")


def _new(thing: Thing, measure: Measure, terms: Terms) -> Timer:
    return Timer(
        **{str(thing._meta.model_name): thing},
        measure=measure,
        of_group=terms.agreement.group_id is not None,
        agreement=terms.agreement,
        generation=0,
        allowed=0,
    )


def _sync(timer: Timer, thing: Thing, terms: Terms, now: dt.datetime, timing: Timing) -> None:
    """Have a timer run, stand or begin anew, unless it does what it should already."""
    ended, is_new = has_ended(thing), timer.pk is None
    if is_new and (ended or not has_begun(thing)):
        return
    met = timer.met_at
    if ended and met is None:
        met = now
    elif not ended and timer.measure == Measure.RESOLUTION:
        met = None
    runs = is_running(thing) and met is None
    same = timer.terms == terms.hash
    ran = timer.running_since is not None
    if same and runs == ran and met == timer.met_at:
        return
    anew = "" if same or met or is_new else terms.why_anew(timer)
    before = Before(is_new, ran, timer.met_at, anew)
    timing.hold(timer, now)
    timer.met_at = met
    timing.keep(timer, now if runs else None, None if same or met else terms)
    timing.lines += what_became(timer, thing, before, now)


def has_ended(thing: Thing) -> bool:
    """Whether nothing is to be done about it any more."""
    if isinstance(thing, Call):
        return thing.state != State.OPEN
    return thing.has_ended


def has_begun(thing: Thing) -> bool:
    """Whether its time is measured: that of a task that waits for others is not yet."""
    return not isinstance(thing, Task) or thing.state != TaskState.WAITING


def is_running(thing: Thing) -> bool:
    """Whether somebody is to work on it now; a task is worked on while its call is put aside."""
    if isinstance(thing, Task):
        return thing.state == TaskState.OPEN
    if isinstance(thing, Call):
        return thing.state == State.OPEN and not thing.pause
    return not thing.has_ended
