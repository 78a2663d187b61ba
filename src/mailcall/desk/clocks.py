"""Keeps the timers of work in step with what happens to it, and fires their clocks."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from mailcall.desk import events
from mailcall.desk.agreements import Agreements, Terms, any_agreements, parent_of
from mailcall.desk.models import (
    Call,
    Clock,
    ClockLine,
    ClockStep,
    Measure,
    Request,
    State,
    Task,
    TaskState,
    Timer,
)
from mailcall.desk.work import Work

_SECOND = dt.timedelta(seconds=1)

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
    if not any_agreements():
        return
    things: dict[tuple[str, int], tuple[Thing, dt.datetime]] = {}
    for event in happened:
        thing: Thing | None = None
        if isinstance(event, events.RequestEvent):
            thing = event.request
        elif isinstance(event, events.TaskEvent):
            thing = event.task
        if thing is not None:
            things[type(thing).__name__, thing.pk] = thing, event.entry.at
    sync_all(things.values())


def note_answer(thing: Thing, addresses: Iterable[str], now: dt.datetime) -> None:
    """An analyst wrote to these: where the User is among them, the response target is met."""
    if not any_agreements():
        return
    if parent_of(thing).user.email not in {address.casefold() for address in addresses}:
        return
    known = Agreements()
    lines = []
    for timer in _timers(thing).filter(measure=Measure.RESPONSE, met_at__isnull=True):
        _hold(timer, known, now)
        timer.met_at = now
        _stand(timer)
        lines.append(_met(timer, now, "The User was answered."))
    ClockLine.objects.bulk_create(lines)


def sync(thing: Thing, now: dt.datetime) -> None:
    """Bring the timers of a thing in step with it as it is now. It is locked by the caller."""
    sync_all([(thing, now)])


def fire(work: Work, clock: Clock) -> None:
    """Tell of a clock that is due, and of the highest alone of those of its timer that are."""
    timer, on = clock.timer, _target(work, clock.timer)
    due = list(timer.clocks.filter(generation=timer.generation, due_at__lte=work.now).select_related("level"))
    # Of a level at the very target, the breach is the higher.
    highest = max(due, key=lambda each: (each.offset, not each.number, each.number))
    for each in due:
        each.due_at, each.fired_at = None, work.now
        each.told_by = None if each is highest else highest
    Clock.objects.bulk_update(due, ["due_at", "fired_at", "told_by"])
    if any(each.number == 0 for each in due):
        timer.breached_at = work.now
        timer.save(update_fields=["breached_at"])
    measure = timer.get_measure_display().lower()
    level = highest.level
    if level is None:
        what = f"The {measure} target of {timer.agreement} was breached"
    else:
        what = f"Escalated at level {level.number} of the {measure} target of {timer.agreement}"
    late = f", together with {len(due) - 1} that were overdue, too" if len(due) > 1 else ""
    entry = work.follow(on, f"{what}{late}.")
    step = ClockStep.BREACHED if any(each.number == 0 for each in due) else ClockStep.ESCALATED
    line = _line(timer, step, work.now, f"{what}{late}.")
    line.used = max(line.used, highest.offset)
    line.save()
    if level is None:
        work.happened(events.Breached(entry, work.deed.origin, on, timer))
    else:
        work.happened(events.Escalated(entry, work.deed.origin, on, timer, level))


def _target(work: Work, timer: Timer) -> Thing:
    if timer.task_id is not None:
        return work.task(timer.task_id)
    return work.the_request if timer.request_id is not None else work.the_call


def sync_all(things: Iterable[tuple[Thing, dt.datetime]]) -> None:
    """The same for several, with the agreements read once."""
    known = Agreements()
    lines: list[ClockLine] = []
    for thing, now in things:
        timers = {(timer.measure, timer.of_group): timer for timer in _timers(thing)}
        for of_group in (False, True):
            for measure in Measure:
                terms = known.terms(thing, measure, of_group=of_group)
                timer = timers.get((measure, of_group))
                if terms is not None:
                    timer = timer or _new(thing, measure, terms, of_group=of_group)
                    lines += _sync(timer, thing, terms, known, now)
                elif timer is not None and timer.met_at is None:
                    timer.delete()  # no agreement holds any more
    ClockLine.objects.bulk_create(lines)


def _timers(thing: Thing) -> QuerySet[Timer]:
    rows = Timer.objects.filter(**{str(thing._meta.model_name): thing.pk})
    return rows.select_related("agreement__calendar")


def _new(thing: Thing, measure: Measure, terms: Terms, *, of_group: bool) -> Timer:
    return Timer(
        **{str(thing._meta.model_name): thing},
        measure=measure,
        of_group=of_group,
        agreement=terms.agreement,
        generation=0,
        allowed=0,
    )


def _sync(
    timer: Timer, thing: Thing, terms: Terms, known: Agreements, now: dt.datetime
) -> Iterable[ClockLine]:
    """Have a timer run, stand or begin anew, unless it does what it should already. What became of it."""
    ended, runs = _has_ended(thing), is_running(thing)
    if timer._state.adding and not runs:
        return ()
    met = timer.met_at
    if ended and met is None:
        met = now
    elif not ended and timer.measure == Measure.RESOLUTION:
        met = None
    should_run = runs and met is None
    same = timer.terms == terms.hash
    before = _Before(timer._state.adding, timer.running_since is not None, timer.met_at)
    if same and should_run == before.ran and met == before.met_at:
        return ()
    anew = "" if same or met or before.is_new else terms.why_anew(timer)
    _hold(timer, known, now)
    timer.met_at = met
    if not same and met is None:
        _take_terms(timer, terms)
    if should_run:
        _run(timer, terms, known, now)
    else:
        _stand(timer)
    return _what_became(timer, thing, before, anew, now)


@dataclass(frozen=True, slots=True)
class _Before:
    """How a timer was before it was brought in step."""

    is_new: bool
    ran: bool
    met_at: dt.datetime | None


def _what_became(
    timer: Timer, thing: Thing, before: _Before, anew: str, now: dt.datetime
) -> Iterator[ClockLine]:
    """The lines that tell of it; `anew` is why it has other terms."""
    runs = timer.running_since is not None
    if before.is_new:
        yield _line(timer, ClockStep.STARTED, now, timer.why)
    elif anew:
        yield _line(timer, ClockStep.ANEW, now, anew)
    if timer.met_at and not before.met_at:
        yield _met(timer, now, f"{thing} is {thing.get_state_display().lower()}.")
    elif before.met_at and not timer.met_at:
        yield _line(timer, ClockStep.RESUMED, now, f"{thing} is open again.")
    elif before.ran and not runs:
        yield _line(timer, ClockStep.PAUSED, now, _why_it_stands(thing))
    elif runs and not before.ran and not before.is_new:
        yield _line(timer, ClockStep.RESUMED, now)


def _take_terms(timer: Timer, terms: Terms) -> None:
    """Begin a new generation, whose levels are all to come; the time that was used stays used."""
    timer.agreement, timer.why, timer.terms = terms.agreement, terms.why, terms.hash
    timer.priority = terms.priority
    timer.allowed = terms.allowed // _SECOND
    timer.generation += 1
    timer.breached_at = None
    timer.save()
    timer.clocks.filter(fired_at__isnull=True).delete()
    Clock.objects.bulk_create(
        Clock(
            timer=timer,
            level=moment.level,
            number=moment.number,
            generation=timer.generation,
            offset=moment.offset // _SECOND,
        )
        for moment in terms.moments
    )


def _run(timer: Timer, terms: Terms, known: Agreements, now: dt.datetime) -> None:
    hours = known.hours(terms.agreement)
    timer.running_since = now
    if timer.breached_at is None:
        timer.due_at = hours.add(now, (timer.allowed - timer.used) * _SECOND)
    timer.save()
    clocks = list(timer.clocks.filter(fired_at__isnull=True, generation=timer.generation))
    for clock in clocks:
        clock.due_at = hours.add(now, (clock.offset - timer.used) * _SECOND)
    Clock.objects.bulk_update(clocks, ["due_at"])


def _stand(timer: Timer) -> None:
    timer.running_since = None
    if timer.breached_at is None:
        timer.due_at = None
    timer.save()
    timer.clocks.filter(due_at__isnull=False).update(due_at=None)


def _hold(timer: Timer, known: Agreements, now: dt.datetime) -> None:
    """Count what was used since it ran, on the calendar by which it did."""
    if timer.running_since is not None:
        ran = known.hours(timer.agreement).working_time(timer.running_since, now)
        timer.used += round(ran / _SECOND)
        timer.running_since = None


def _line(timer: Timer, step: ClockStep, now: dt.datetime, why: str = "") -> ClockLine:
    used, due_at = timer.used, timer.due_at if timer.running_since else None
    return ClockLine(timer=timer, at=now, step=step, why=why[:300], used=used, due_at=due_at)


def _met(timer: Timer, now: dt.datetime, why: str) -> ClockLine:
    return _line(timer, ClockStep.LATE if timer.used > timer.allowed else ClockStep.MET, now, why)


def _why_it_stands(thing: Thing) -> str:
    if isinstance(thing, Call) and thing.pause:
        until = f" until {thing.resume_at:%Y-%m-%d %H:%M} UTC" if thing.resume_at else ""
        return f"{thing} is {thing.get_pause_display().lower()}{until}."
    return f"{thing} is {thing.get_state_display().lower()}."


def _has_ended(thing: Thing) -> bool:
    if isinstance(thing, Call):
        return thing.state != State.OPEN
    return thing.has_ended


def is_running(thing: Thing) -> bool:
    """Whether somebody is to work on it now."""
    if isinstance(thing, Task):
        return thing.state == TaskState.OPEN
    if isinstance(thing, Call):
        return thing.state == State.OPEN and not thing.pause
    return not thing.has_ended
